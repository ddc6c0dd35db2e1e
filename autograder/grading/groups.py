"""Wrong answers of a class that no misconception explains, grouped by what was seen of them: nothing is run for it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.grading.records.classroom import open_classroom
from autograder.grading.submissions.prepare import Assignment, prepare_all
from autograder.grading.submissions.state import State
from autograder.grading.submissions.verdicts import answer_of, checks_in, decide_one, run_of
from autograder.judging.alike import Behaviour, behaviour_of, grouped
from autograder.judging.judgement import Finding
from autograder.judging.verdict import Status
from autograder.observing.exercise import find
from course.chapters import find_chapter

__all__ = ["Group", "Unexplained", "example_of", "groups", "groups_of"]

_WRONG = (Status.PARTLY, Status.WRONG, Status.CRASHED)


@dataclass(frozen=True)
class Unexplained:
    """One wrong answer that no misconception explains; ``finding`` is the smallest case that shows it, if one does."""

    exercise: str
    student: str
    source: str
    behaviour: Behaviour
    finding: Finding | None


@dataclass(frozen=True)
class Group:
    """Answers to ``exercise`` that behave alike, with one example of code and the smallest case that fails.

    ``number`` counts an exercise's groups from 1, the largest first. ``example`` names nobody, and is empty where no answer can
    be shown without. ``answer`` is what the check hands over of it: a name, or several in brackets.
    """

    exercise: str
    number: int
    students: tuple[str, ...]
    example: str
    finding: Finding | None
    answer: str = ""


def groups(chapter: str, root: Path) -> tuple[Group, ...]:
    """The groups of all exercises of ``chapter`` in the class at ``root``, the largest first.

    Work that the checks have not seen as it is now is in none of them. Raises ``ValueError`` for what is no chapter.
    """
    room, _ = open_classroom(root)
    task = room.assignment(find_chapter(chapter).slug)
    found: list[Unexplained] = []
    for ready in prepare_all(task):
        outcome = room.store.get(ready.key)
        if ready.job is None or outcome is None:
            continue
        ran = {one.place: one for one in outcome.cells}
        for place, _, check in checks_in(ready.notebook, task.source.checks):
            decided = decide_one(task, ready.notebook, ready.job, ran, place, check)
            run = run_of(task, ready.job, ran, place, check)
            verdict = decided.verdict
            # A cell that was stopped, or an answer that is no Python, has shown nothing that could be compared.
            if run is None or not run.attempted or verdict.status not in _WRONG or decided.state is not State.GRADED:
                continue
            if verdict.misconception:
                continue
            try:
                behaviour = behaviour_of(find(check.exercise), task.references[check.exercise], run)
            except (
                Exception
            ):  # what comes out of a sandbox may be anything; the verdict says that it cannot be compared
                continue
            answer = answer_of(task, ready.notebook, place)
            source = ready.notebook.cells[answer].source if answer >= 0 else ""
            found.append(Unexplained(check.exercise, ready.student, source, behaviour, verdict.finding))
    return groups_of(task, found)


def groups_of(task: Assignment, found: Iterable[Unexplained]) -> tuple[Group, ...]:
    """``found`` grouped by exercise and behaviour, the largest group first, then in the order of the exercises."""
    by_exercise: dict[str, list[Unexplained]] = {}
    for one in found:
        by_exercise.setdefault(one.exercise, []).append(one)
    answers = {check.exercise: check.answer for check in task.source.checks.values()}
    order = list(dict.fromkeys(check.exercise for check in task.source.checks.values()))
    all_groups = []
    for exercise in sorted(by_exercise, key=order.index):
        these = by_exercise[exercise]
        places = grouped(task.references[exercise], [one.behaviour for one in these])
        for number, group in enumerate(places, start=1):
            members = [these[place] for place in group]
            students = tuple(dict.fromkeys(one.student for one in members))
            finding = next((one.finding for one in members if one.finding), None)
            all_groups.append(Group(exercise, number, students, _example(members), finding, answers[exercise]))
    return tuple(sorted(all_groups, key=lambda one: (-len(one.students), order.index(one.exercise), one.number)))


def _example(members: Iterable[Unexplained]) -> str:
    """The shortest code of a group that can be shown without naming anybody."""
    shown = (example_of(one.source, one.student) for one in members)
    return min((code for code in shown if code), key=len, default="")


def example_of(source: str, student: str) -> str:
    """``source`` without comments and docstrings, where people sign; nothing where ``student`` still stands in it.

    >>> print(example_of('def relu(x):  # by ada' + chr(10) + '    "Ada\\'s."' + chr(10) + '    return -x', "ada"))
    def relu(x):
        return -x
    >>> example_of("made_by = 'Ada'", "ada"), example_of("no python here", "ada")
    ('', '')
    """
    try:
        tree = ast.parse(source)
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list):
                node.body = [one for one in body if not _only_text(one)] or [ast.Pass()]  # type: ignore[attr-defined]
        code = ast.unparse(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    return "" if re.search(rf"(?<![a-z0-9]){re.escape(student.casefold())}(?![a-z0-9])", code.casefold()) else code


def _only_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
