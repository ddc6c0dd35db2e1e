"""Which folders run where. Staging copies them, the store hashes them, a learner's bundle is them, tests read them.

A new file is on the right side by lying in the right folder.
"""

from __future__ import annotations

__all__ = ["BESIDE", "DOOR", "LEARNERS", "SANDBOX", "SEEN_THROUGH"]

LEARNERS = ("observing", "judging", "learner")  # what a learner has on disk
BESIDE = ("observing", "grading/inside", "grading/wire")  # what decides what is seen: the store's key, with course/
SANDBOX = (*LEARNERS, "grading/inside", "grading/wire")  # what is staged into the sandbox

# Packages that change how an answer behaves, or how its outputs are written down: the store's key, too.
SEEN_THROUGH = ("torch", "numpy", "ipython", "matplotlib")

# The single files that any of them needs in order to be imported: they decide nothing.
DOOR = ("__init__.py", "addresses.py", "files.py", "importing.py", "printing.py", "grading/__init__.py")
