"""A command that runs an author's own code, and how it tells what that raises."""

from __future__ import annotations

import argparse
from collections.abc import Callable

__all__ = ["Run", "of_authors"]

Run = Callable[[argparse.Namespace], int]


def of_authors(run: Run) -> Run:
    """``run`` as a command that runs an author's own code: what that raises is told with the author's file and line."""

    def told(chosen: argparse.Namespace) -> int:
        from autograder.authoring.faults import told_where_it_is_an_authors

        with told_where_it_is_an_authors():
            return run(chosen)

    return told
