"""The class as a table for spreadsheets: a row a learner, and no text in it that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from autograder.report.learner import Learner
from autograder.report.numbers import exercise_names
from autograder.report.plain import plain

__all__ = ["as_csv", "harmless"]

# What begins with one of these is a formula to one spreadsheet or another, the wide forms among them.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def as_csv(learners: Sequence[Learner], order: Sequence[str] = ()) -> str:
    """The table: student, status, points, of, then for each exercise its points and its status.

    All text is quoted, so that no separator in a name begins a new cell, whichever separator a spreadsheet expects.
    A cell is empty where a submission does not have that exercise.

    >>> print(as_csv([Learner("=1+1", "missing", "", 0.0, 2.0, ())]), end="")
    "student","status","points","of"
    "'=1+1","missing",0,2
    """
    names = exercise_names(learners, order)
    text = io.StringIO()
    table = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    columns = [harmless(f"{name} {what}") for name in names for what in ("points", "status")]
    table.writerow(["student", "status", "points", "of", *columns])
    for one in learners:
        cells: list[str | float] = [harmless(one.student), harmless(one.status), _number(one.points), _number(one.of)]
        for name in names:
            answer = one.answer(name)
            cells += ["", ""] if answer is None else [_number(answer.points), harmless(answer.status)]
        table.writerow(cells)
    return text.getvalue()


def harmless(text: str) -> str:
    """``text`` as a spreadsheet shows it and never runs it: with an apostrophe before what would begin a formula.

    >>> harmless("=cmd()"), harmless("ada"), harmless(" -1")
    ("'=cmd()", 'ada', "' -1")
    """
    shown = plain(text)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown


def _number(value: float) -> float:
    """Points as people write them: whole ones without a fraction, others without the dust of binary fractions."""
    rounded = round(value, 9)
    return int(rounded) if rounded == int(rounded) else rounded
