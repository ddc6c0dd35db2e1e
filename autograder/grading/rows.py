"""What `grade` has found, a row a learner: every state in words, the points that count, and remarks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from autograder.grading.records.total import as_words
from autograder.grading.submissions.state import State
from autograder.grading.submissions.verdicts import Result
from autograder.grading.table import Table

if TYPE_CHECKING:
    from autograder.grading.grade import GradeResult

__all__ = ["counted", "points_said", "table_of"]


def table_of(result: GradeResult) -> Table:
    """``result`` as a table: a row a learner, every state in words, and what was run and recorded."""
    rows = []
    for one, whole in zip(result.submissions, result.counted(), strict=True):
        total = result.total(one.student)
        person = result.roster.people.get(one.student)
        who = f"{one.student} ({person.name})" if person is not None and person.name else one.student
        told = [*(["not in the gradebook's list"] if result.is_stranger(one) else []), *filter(None, [as_words(total)])]
        remarks = "; ".join([*told, *_remarks(one, str(whole["note"]))])
        rows.append((who, one.state.value, points_said(one.state, total.points), f"{total.of:g}", remarks))
    return Table(
        f"{result.chapter}: a dry run, nothing is written" if result.dry_run else result.chapter,
        tuple(rows),
        counted([one.state for one in result.submissions]),
        tuple(result.problems),
    )


def points_said(state: State, points: float) -> str:
    """The points as a table has them: none, and not 0, where nothing that counts was handed in.

    >>> points_said(State.GRADED, 0.0), points_said(State.MISSING, 0.0), points_said(State.MISSING, 2.5)
    ('0', '–', '2.5')
    """
    nothing = state in (State.UNREADABLE, State.MISSING, State.NOBODYS) and not points
    return "–" if nothing else f"{points:g}"


def counted(states: Sequence[State]) -> str:
    """How many submissions stand how.

    >>> counted([State.MISSING, State.GRADED, State.GRADED]), counted([])
    ('2 graded, 1 missing', 'no submissions')
    """
    numbers = {state: states.count(state) for state in State}
    return ", ".join(f"{number} {state}" for state, number in numbers.items() if number) or "no submissions"


def _remarks(one: Result, note: str) -> list[str]:
    """A word on the submission, and the misconceptions that its answers show."""
    known = [done.verdict for done in one.exercises.values() if done.verdict.misconception]
    return [*filter(None, [note]), *(f"{verdict.exercise}: {verdict.misconception}" for verdict in known)]
