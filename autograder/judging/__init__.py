"""Data in, verdict out: runs where a learner checks and where a class is graded, and runs no learner's code."""
