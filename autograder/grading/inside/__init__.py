"""UNTRUSTED: the sandbox's own processes. Nobody imports them; they are started by name."""
