"""TRUSTED: what keeps the inside in."""
