"""The class as a table for spreadsheets: a row a learner, and no text in it that a spreadsheet would run."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.report.learner import Learner
from autograder.report.numbers import exercise_names
from autograder.spreadsheet import as_table

__all__ = ["as_csv"]


def as_csv(learners: Sequence[Learner], order: Sequence[str] = ()) -> str:
    """The table: student, status, points, of, then for each exercise its points and its status.

    A cell is empty where a submission does not have that exercise.

    >>> print(as_csv([Learner("=1+1", "missing", "", 0.0, 2.0, ())]), end="")
    "student","status","points","of"
    "'=1+1","missing",0,2
    """
    names = exercise_names(learners, order)
    columns = [f"{name} {what}" for name in names for what in ("points", "status")]
    rows: list[list[str | float]] = [["student", "status", "points", "of", *columns]]
    for one in learners:
        cells: list[str | float] = [one.student, one.status, _number(one.points), _number(one.of)]
        for name in names:
            answer = one.answer(name)
            cells += ["", ""] if answer is None else [_number(answer.points), answer.status]
        rows.append(cells)
    return as_table(rows)


def _number(value: float) -> float:
    """Points as people write them: whole ones without a fraction, others without the dust of binary fractions."""
    rounded = round(value, 9)
    return int(rounded) if rounded == int(rounded) else rounded
