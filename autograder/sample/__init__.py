"""The demo's class and the benchmark."""
