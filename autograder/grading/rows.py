"""What `grade` has found, a row a learner: every state in words, the points that count, and remarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograder.grading.records.total import as_words
from autograder.grading.submissions.state import State
from autograder.grading.submissions.verdicts import Result
from autograder.grading.table import Table

if TYPE_CHECKING:
    from autograder.grading.grade import GradeResult

__all__ = ["table_of"]


def table_of(result: GradeResult) -> Table:
    """``result`` as a table: a row a learner, every state in words, and what was run and recorded."""
    rows = []
    for one, whole in zip(result.submissions, result.counted(), strict=True):
        total = result.total(one.student)
        nothing = one.state in (State.UNREADABLE, State.MISSING, State.NOBODYS) and not total.points
        points = "–" if nothing else f"{total.points:g}"
        person = result.roster.people.get(one.student)
        who = f"{one.student} ({person.name})" if person is not None and person.name else one.student
        told = [*(["not in the gradebook's list"] if result.is_stranger(one) else []), *filter(None, [as_words(total)])]
        remarks = "; ".join([*told, *_remarks(one, str(whole["note"]))])
        rows.append((who, one.state.value, points, f"{total.of:g}", remarks))
    counts = {state: sum(one.state is state for one in result.submissions) for state in State}
    return Table(
        f"{result.chapter}: a dry run, nothing is written" if result.dry_run else result.chapter,
        tuple(rows),
        ", ".join(f"{number} {state}" for state, number in counts.items() if number) or "no submissions",
        tuple(result.problems),
    )


def _remarks(one: Result, note: str) -> list[str]:
    """A word on the submission, and the misconceptions that its answers show."""
    known = [done.verdict for done in one.exercises.values() if done.verdict.misconception]
    return [*filter(None, [note]), *(f"{verdict.exercise}: {verdict.misconception}" for verdict in known)]
