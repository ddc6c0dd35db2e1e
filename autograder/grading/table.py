"""A table in a terminal: nothing that a stranger wrote is taken for markup. It knows nothing of grading, and imports little."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table as Drawn

__all__ = ["Table", "clean", "show"]


@dataclass(frozen=True)
class Table:
    """A class in words: learner, status, points, of how many, and remarks; the counts below, and what went wrong."""

    title: str
    rows: tuple[tuple[str, ...], ...]
    counted: str
    problems: tuple[str, ...] = ()

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Table:
        """The table that was kept as JSON; raises ``KeyError`` or ``TypeError`` where it is none."""
        rows = tuple(tuple(map(str, row)) for row in fields["rows"])
        return cls(str(fields["title"]), rows, str(fields["counted"]), tuple(map(str, fields["problems"])))


def show(table: Table, console: Console, done: str) -> None:
    """Print ``table``, with what was ``done`` for it behind the counts."""
    drawn = Drawn(title=table.title, title_justify="left", box=box.SIMPLE_HEAD)
    drawn.add_column("learner")
    drawn.add_column("status")
    drawn.add_column("points", justify="right")
    drawn.add_column("of", justify="right")
    drawn.add_column("remarks", overflow="fold")
    for row in table.rows:
        drawn.add_row(*map(_plain, row))
    console.print(drawn)
    console.print(f"{table.counted}; {done}", highlight=False)
    for problem in table.problems:
        console.print(_plain(problem), highlight=False)


def _plain(text: str) -> str:
    """``text`` of a stranger's for a terminal: no markup, no control characters."""
    return clean(text).replace("[", "\\[")


def clean(text: str) -> str:
    """``text`` of a stranger's without what is no letter to print.

    >>> clean("a\\x1b[2J")
    'a?[2J'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in text)
