"""Tables for spreadsheets: one rule for every CSV file, so that no text of a stranger's runs as a formula in any of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from autograder.plain import plain

__all__ = ["as_table", "harmless"]

# What begins with one of these is a formula to one spreadsheet or another, the wide forms among them.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def as_table(rows: Iterable[Sequence[object]]) -> str:
    """``rows`` as CSV: numbers bare, everything else quoted and `harmless`, nothing where there is ``None``.

    All text is quoted, so that no separator in a name begins a new cell, whichever separator a spreadsheet expects.

    >>> print(as_table([["student", "points"], ["=1+1", 2.5], ["ada", None]]), end="")
    "student","points"
    "'=1+1",2.5
    "ada",""
    """
    text = io.StringIO()
    table = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    table.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> str | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return "" if value is None else harmless(str(value))


def harmless(text: str) -> str:
    """``text`` as a spreadsheet shows it and never runs it: with an apostrophe before what would begin a formula.

    >>> harmless("=cmd()"), harmless("ada"), harmless(" -1")
    ("'=cmd()", 'ada', "' -1")
    """
    shown = plain(text)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown
