"""Grading a whole class: fast, sandboxed, trusted, resumable."""
