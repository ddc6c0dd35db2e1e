"""A learner's own notebooks: a working copy of the course, kept current, and the JupyterLab that opens it.

`marks` says what a released cell carries, `notebook` reads and writes a file, `merge` lays a newer chapter under somebody's
work, `update` does so with files, `copy` makes the working copy, `lab` opens it.
"""
