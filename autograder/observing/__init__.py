"""What runs beside a learner's code, in their notebook and in the sandbox: it looks, and never judges."""
