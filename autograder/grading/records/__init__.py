"""TRUSTED: the only writer of grades, nbgrader's gradebook and folders, feedback and exports."""
