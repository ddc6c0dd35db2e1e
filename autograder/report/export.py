"""The class as a table for spreadsheets: a row a learner, and no text in it that a spreadsheet would run."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.report.learner import Learner, Parts
from autograder.report.numbers import exercise_names
from autograder.spreadsheet import as_table

__all__ = ["as_csv"]

_PARTS = ("automatic", "by hand", "extra", "late")


def as_csv(learners: Sequence[Learner], order: Sequence[str] = ()) -> str:
    """The table: student, status, points, of, the parts of the points, then for each exercise its points and its status.

    A cell is empty where a submission does not have that exercise, and where a row is no learner's.

    >>> print(as_csv([Learner("=1+1", "missing", "", 0.0, 2.0, ())]), end="")
    "student","status","points","of","automatic","by hand","extra","late"
    "'=1+1","missing",0,2,0,0,0,0
    """
    names = exercise_names(learners, order)
    columns = [f"{name} {what}" for name in names for what in ("points", "status")]
    rows: list[list[str | float]] = [["student", "status", "points", "of", *_PARTS, *columns]]
    for one in learners:
        parts = one.parts or Parts(one.points)
        numbers = (one.points, one.of, parts.automatic, parts.by_hand, parts.extra, parts.late)
        cells: list[str | float] = [one.student, one.status]
        cells += [""] * len(numbers) if one.status == "nobody's" else map(_number, numbers)
        for name in names:
            answer = one.answer(name)
            cells += ["", ""] if answer is None else [_number(answer.points), answer.status]
        rows.append(cells)
    return as_table(rows)


def _number(value: float) -> float:
    """Points as people write them: whole ones without a fraction, others without the dust of binary fractions."""
    rounded = round(value, 9)
    return int(rounded) if rounded == int(rounded) else rounded
