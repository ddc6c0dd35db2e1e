"""What `grade` has found, as a table in a terminal: a row a learner, every state in words, and nothing that a stranger wrote as markup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table

from autograder.grading.records.total import as_words
from autograder.grading.submissions.state import State
from autograder.grading.submissions.verdicts import Result

if TYPE_CHECKING:
    from autograder.grading.grade import GradeResult

__all__ = ["clean", "show"]


def show(result: GradeResult, console: Console) -> None:
    """Print ``result`` as a table: a row a learner, every state in words, and what was run and recorded."""
    title = f"{result.chapter}: a dry run, nothing is written" if result.dry_run else result.chapter
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("learner")
    table.add_column("status")
    table.add_column("points", justify="right")
    table.add_column("of", justify="right")
    table.add_column("remarks", overflow="fold")
    for one, whole in zip(result.submissions, result.counted(), strict=True):
        total = result.total(one.student)
        nothing = one.state in (State.UNREADABLE, State.MISSING, State.NOBODYS) and not total.points
        points = "–" if nothing else f"{total.points:g}"
        person = result.roster.people.get(one.student)
        who = f"{one.student} ({person.name})" if person is not None and person.name else one.student
        told = [*(["not in the gradebook's list"] if result.is_stranger(one) else []), *filter(None, [as_words(total)])]
        remarks = _plain("; ".join([*told, *_remarks(one, str(whole["note"]))]))
        table.add_row(_plain(who), one.state.value, points, f"{total.of:g}", remarks)
    console.print(table)
    counts = {state: sum(one.state is state for one in result.submissions) for state in State}
    counted = ", ".join(f"{number} {state}" for state, number in counts.items() if number) or "no submissions"
    console.print(
        f"{counted}; {result.executed} run, {result.recorded} recorded, {result.seconds:.1f} s", highlight=False
    )
    for problem in result.problems:
        console.print(_plain(problem), highlight=False)


def _remarks(one: Result, note: str) -> list[str]:
    """A word on the submission, and the misconceptions that its answers show."""
    known = [done.verdict for done in one.exercises.values() if done.verdict.misconception]
    return [*filter(None, [note]), *(f"{verdict.exercise}: {verdict.misconception}" for verdict in known)]


def _plain(text: str) -> str:
    """``text`` of a stranger's for a terminal: no markup, no control characters."""
    return clean(text).replace("[", "\\[")


def clean(text: str) -> str:
    """``text`` of a stranger's without what is no letter to print.

    >>> clean("a\\x1b[2J")
    'a?[2J'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in text)
