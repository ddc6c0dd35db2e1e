"""Why an answer earned what it earned: what was handed in, the verdict, every case that fails, and the sum of its points."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.grading.slots.job import Outcome
from autograder.grading.submissions.prepare import Assignment, Prepared
from autograder.grading.submissions.verdicts import Decided, answer_of, checks_in, decide_one, run_of
from autograder.judging.credit import credit, explained
from autograder.judging.judge import each_case
from autograder.judging.verdict import Status
from autograder.observing.codec import Raised
from autograder.observing.exercise import Exercise, find
from autograder.observing.observe import Run

__all__ = ["Case", "Why", "why"]

_BY_CASE = (Status.PARTLY, Status.WRONG, Status.CRASHED)


@dataclass(frozen=True)
class Case:
    """A case that fails: its name, what was tried in it, the aspects that do not hold, and the error that it ended in."""

    name: str
    tried: str
    fails: tuple[str, ...]
    raised: str = ""


@dataclass(frozen=True)
class Why:
    """One exercise of one submission. ``rule`` is the sum of its points in lines; ``cases`` of ``tried`` fail."""

    exercise: Exercise
    decided: Decided
    source: str
    tried: int
    cases: tuple[Case, ...]
    rule: tuple[str, ...]


def why(task: Assignment, ready: Prepared, outcome: Outcome) -> tuple[Why, ...]:
    """Each exercise of a submission, by what was seen of it; nothing is run."""
    assert ready.job is not None, "what is not run has nothing to explain"
    ran = {one.place: one for one in outcome.cells}
    found = []
    for place, _, check in checks_in(ready.notebook, task.source.checks):
        exercise, reference = find(check.exercise), task.references[check.exercise]
        decided = decide_one(task, ready.notebook, ready.job, ran, place, check)
        answer = answer_of(task, ready.notebook, place)
        source = ready.notebook.cells[answer].source if answer >= 0 else ""
        run = run_of(task, ready.job, ran, place, check)
        cases, rule = (
            _by_case(task, exercise, run, decided.verdict.score) if decided.verdict.status in _BY_CASE else ((), ())
        )
        found.append(Why(exercise, decided, source, len(reference.cases), cases, rule))
    return tuple(found)


def _by_case(
    task: Assignment, exercise: Exercise, run: Run | None, score: float
) -> tuple[tuple[Case, ...], tuple[str, ...]]:
    """The cases that fail, and the sum; none where the ``score`` follows another rule, which the verdict says."""
    if run is None or not run.attempted:
        return (), ()
    try:
        each = each_case(exercise, task.references[exercise.id], run)
        cases = tuple(
            Case(one.name, one.shown, fails, f"{seen.type}: {seen.message}" if isinstance(seen, Raised) else "")
            for one, fails, seen in each.fails
        )
        return cases, explained(exercise, each.held) if credit(exercise, each.held) == score else ()
    except Exception:  # what comes out of a sandbox may be anything; the verdict says that it could not be compared
        return (), ()
