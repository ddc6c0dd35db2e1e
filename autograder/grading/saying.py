"""What a grading command says while it works, and to whom: lines for people, a bar that goes away, nothing of nbgrader's inside."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from rich.console import Console
from rich.progress import Progress
from sqlalchemy.exc import SAWarning

from autograder.grading.records.waiting import Tell, on_stderr

__all__ = ["bar_on", "quietly", "teller"]


def teller(console: Console | None) -> Tell:
    """Says a line on ``console``, or where no program reads results."""
    return on_stderr if console is None else partial(console.print, highlight=False, markup=False, soft_wrap=True)


def bar_on(console: Console | None) -> Progress:
    """A bar that shows how far it is, and nothing without a ``console``."""
    return Progress(console=console or Console(quiet=True), disable=console is None, transient=True)


@contextmanager
def quietly() -> Iterator[None]:
    """Nbgrader's gradebook makes SQLAlchemy warn of its own inner workings, on every submission."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        yield
