"""The one total of a submission, with its parts: every table, page and file that shows points takes them from here.

nbgrader keeps the parts: what a check gave, what a person gave instead, extra credit, and a penalty for being late. Points
given by hand stand in the place of the check's own. A total is never below 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from nbgrader.api import Grade, Gradebook, MissingEntry, SubmittedAssignment, SubmittedNotebook

from autograder.grading.submissions.state import State
from autograder.grading.submissions.verdicts import Result

__all__ = ["NOTHING_TO_READ", "Held", "Row", "Total", "as_words", "json_of", "read_held", "total_of", "with_total"]

NOTHING_TO_READ = (State.MISSING, State.UNREADABLE, State.NOBODYS)
_DIGITS = 9  # points are thirds and quarters, added up in floating point


@dataclass(frozen=True)
class Row:
    """What the gradebook holds of one graded cell: its points, the check's score, a person's, and extra credit."""

    name: str
    of: float
    auto: float | None = None
    by_hand: float | None = None
    extra: float | None = None

    @property
    def score(self) -> float:
        """What counts, as nbgrader has it.

        >>> Row("check_relu", 2, auto=2.0).score, Row("check_relu", 2, 2.0, by_hand=1.5, extra=0.25).score
        (2.0, 1.75)
        >>> Row("essay", 3, extra=1.0).score  # nobody has graded it yet
        0.0
        """
        counts = self.auto if self.by_hand is None else self.by_hand
        return 0.0 if counts is None else counts + (self.extra or 0.0)

    @property
    def outweighs(self) -> bool:
        """Whether a person's score stands in the place of another that the check gave."""
        return self.by_hand is not None and self.auto is not None and self.by_hand != self.auto


@dataclass(frozen=True)
class Total:
    """The points of a submission, ``of`` so many: automatic, by hand and extra together, and what being late takes away.

    >>> Total(of=22, automatic=18.0, by_hand=1.5, extra=0.5, late=5.0).points
    15.0
    """

    of: float
    automatic: float = 0.0
    by_hand: float = 0.0
    extra: float = 0.0
    late: float = 0.0

    @property
    def raw(self) -> float:
        """The points without a penalty."""
        return round(self.automatic + self.by_hand + self.extra, _DIGITS)

    @property
    def points(self) -> float:
        """What counts."""
        return round(max(0.0, self.raw - self.late), _DIGITS)


@dataclass(frozen=True)
class Held:
    """What the gradebook holds of one submission: its cells, the ``penalty`` as it was recorded, and times in UTC.

    ``due`` is the learner's own date, an extension with it.
    """

    rows: tuple[Row, ...]
    penalty: float = 0.0
    timestamp: datetime | None = None
    due: datetime | None = None
    recorded: bool = False  # whether it has a row for each cell

    @property
    def seconds_late(self) -> float:
        """How late it is by today's due date, as nbgrader counts."""
        if self.timestamp is None or self.due is None:
            return 0.0
        return max(0.0, (self.timestamp - self.due).total_seconds())

    @property
    def total(self) -> Total:
        """Its total."""
        return total_of(self.rows, self.penalty)

    @property
    def graded(self) -> bool:
        """Whether any check has given a score."""
        return any(row.auto is not None for row in self.rows)

    def unread(self, status: str) -> tuple[str, ...]:
        """The answers that a person has still to read, in a submission with this ``status``: until then they count nothing.

        >>> held = Held((Row("check_relu", 2, auto=2.0), Row("reflection", 5)), recorded=True)
        >>> held.unread("graded"), held.unread("unreadable")
        (('reflection',), ())
        """
        if not self.recorded or status in NOTHING_TO_READ:
            return ()
        return tuple(row.name for row in self.rows if row.auto is None and row.by_hand is None)

    def row(self, name: str) -> Row | None:
        """What is held of the cell ``name``."""
        return next((one for one in self.rows if one.name == name), None)

    def judged(self, scores: Mapping[str, float]) -> Held:
        """The same where the checks give these ``scores`` by cell; what people gave stays."""
        return replace(self, rows=tuple(replace(one, auto=scores.get(one.name, one.auto)) for one in self.rows))


def total_of(rows: Iterable[Row], penalty: float = 0.0) -> Total:
    """The total of graded cells; a ``penalty`` takes no more than there is.

    >>> total_of([Row("a", 2, auto=2.0), Row("b", 3, auto=1.0, by_hand=2.5)], penalty=9).late
    4.5
    """
    rows = tuple(rows)
    automatic = sum(row.auto for row in rows if row.by_hand is None and row.auto is not None)
    by_hand = sum(row.by_hand for row in rows if row.by_hand is not None)
    extra = sum(row.extra or 0.0 for row in rows if row.by_hand is not None or row.auto is not None)
    parts = (round(float(part), _DIGITS) for part in (automatic, by_hand, extra))
    whole = Total(float(sum(row.of for row in rows)), *parts)
    return replace(whole, late=round(min(max(0.0, penalty), max(0.0, whole.raw)), _DIGITS))


def read_held(gradebook: Gradebook, assignment: str, student: str | None = None) -> tuple[dict[str, Held], Held]:
    """What an open ``gradebook`` holds of each submission of ``assignment`` by student, and what an ungraded one would be.

    With ``student`` only theirs is looked at.

    Raises `nbgrader.api.MissingEntry` for an assignment that it does not know.
    """
    try:
        task = gradebook.find_assignment(assignment)
    except MissingEntry:
        known = f"the gradebook knows no {assignment}; hand it out first: python -m autograder release {assignment}"
        raise MissingEntry(known) from None
    cells = {
        cell.id: Row(cell.name, float(cell.max_score or 0.0))
        for notebook in task.notebooks
        for cell in [*notebook.grade_cells, *notebook.task_cells]
    }
    ask = gradebook.db.query
    of_task = SubmittedAssignment.assignment_id == task.id
    if student is not None:
        of_task &= SubmittedAssignment.student_id == student
    rows: dict[str, dict[str, Row]] = {}
    graded = ask(
        SubmittedAssignment.student_id, Grade.cell_id, Grade.auto_score, Grade.manual_score, Grade.extra_credit
    )
    graded = graded.join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
    for student, cell, auto, by_hand, extra in graded.join(Grade, Grade.notebook_id == SubmittedNotebook.id).filter(
        of_task
    ):
        if cell in cells:
            one = replace(cells[cell], auto=auto, by_hand=by_hand, extra=extra)
            rows.setdefault(student, {})[cell] = one
    penalties: dict[str, float] = {}
    late = ask(SubmittedAssignment.student_id, SubmittedNotebook.late_submission_penalty)
    late = late.join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
    for student, penalty in late.filter(of_task):
        penalties[student] = penalties.get(student, 0.0) + (penalty or 0.0)
    held = {
        one.student_id: Held(
            tuple(rows.get(one.student_id, {}).get(cell, row) for cell, row in cells.items()),
            penalties.get(one.student_id, 0.0),
            one.timestamp,
            one.duedate,
            set(cells) <= set(rows.get(one.student_id, {})),
        )
        for one in ask(SubmittedAssignment).filter(of_task)
    }
    return held, Held(tuple(cells.values()), due=task.duedate)


def json_of(result: Result) -> dict[str, Any]:
    """A ``result`` as its own ``as_json`` has it, with the grade_id of each exercise's cell."""
    content = result.as_json()
    cells = zip(result.exercises, content["exercises"], strict=True)
    return {**content, "exercises": [{"cell": cell, **exercise} for cell, exercise in cells]}


def with_total(result: Mapping[str, Any], held: Held, *, again: bool = False) -> dict[str, Any]:
    """A ``result`` as `json_of` has it, with the total and its parts; each exercise with the points that count.

    Its note says where a person's score outweighs a check's, and what nobody has read yet; ``again`` is said of work handed in anew under such a score.
    """
    total = held.total
    parts = {part: value for part, value in asdict(total).items() if part != "of"}
    exercises = [_counted(one, held.row(str(one.get("cell", "")))) for one in result["exercises"]]
    waiting = (f"{name}: not read yet" for name in held.unread(str(result["status"])))
    note = "; ".join(filter(None, [str(result["note"] or ""), *_hands(held, again), *waiting]))
    counted = {"points": total.points, "of": total.of, "parts": parts, "exercises": exercises}
    return {**result, "note": note, **counted}


def _hands(held: Held, again: bool) -> list[str]:
    """Where a person's score stands in the place of a check's, or over work that is new."""
    said = []
    for row in held.rows:
        name = row.name.removeprefix("check_")
        if row.outweighs:
            said.append(f"{name}: {row.by_hand:g} by hand outweighs the check's {row.auto:g}")
        elif again and row.by_hand is not None:
            said.append(f"{name}: {row.by_hand:g} by hand stands")
    return [f"handed in again under a score given by hand: {said[0]}", *said[1:]] if again and said else said


def _counted(exercise: Mapping[str, Any], row: Row | None) -> dict[str, Any]:
    if row is None or (row.auto is None and row.by_hand is None):
        return {**exercise, "by_hand": None, "extra": None}
    counts = {"points": round(row.score, _DIGITS), "of": row.of}
    return {**exercise, **counts, "by_hand": row.by_hand, "extra": row.extra}


def as_words(total: Total) -> str:
    """The parts of ``total`` in words; nothing where it is automatic alone.

    >>> as_words(Total(22, automatic=18.0, by_hand=1.5, late=2.0))
    '18 automatic + 1.5 by hand − 2 late'
    >>> as_words(Total(22, automatic=18.0))
    ''
    """
    if not (total.by_hand or total.extra or total.late):
        return ""
    more = [("by hand", total.by_hand, "+"), ("extra", total.extra, "+"), ("late", total.late, "−")]
    said = [f"{sign if value > 0 else '−'} {abs(value):g} {name}" for name, value, sign in more if value]
    return " ".join([f"{total.automatic:g} automatic", *said])
