"""Runs beside the learner's code, in their notebook and in the sandbox. It looks, and never judges."""
