"""Why a learner's submission earned what it earned, worked out from what was seen of it: nothing is run for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from autograder.grading.records.classroom import open_classroom
from autograder.grading.records.hand_ins import handed_in, result_of
from autograder.grading.records.record import Recorder
from autograder.grading.records.recorded import held_of
from autograder.grading.records.total import Held, Row, as_words
from autograder.grading.submissions.learners import entries
from autograder.grading.submissions.prepare import Prepared, prepare_all
from autograder.grading.submissions.verdicts import Result
from autograder.grading.submissions.why import Why, why
from autograder.judging.reference import PUBLIC
from course.chapters import find_chapter

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True)
class Explanation:
    """A submission's exercises, each with its reasons, and what is said of the whole and of each ``written`` answer."""

    student: str
    chapter: str
    reference: str
    note: str
    recorded: str
    exercises: tuple[Why, ...]
    written: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        """What the checks give."""
        return round(sum(one.decided.verdict.score for one in self.exercises), 2)

    @property
    def of(self) -> float:
        """What they could give."""
        return sum(one.exercise.points for one in self.exercises)


def explain(student: str, chapter: str, root: Path, exercise: str | None = None) -> Explanation:
    """Why ``student`` earned what they earned in ``chapter`` of the class at ``root``, in one ``exercise`` or in all.

    What a person reads is named as its cell is.

    Raises ``ValueError`` for who handed in nothing that can be read, for work that was not seen by the checks as they are, and
    for an exercise that the chapter has not.
    """
    room, config = open_classroom(root)
    name = find_chapter(chapter).slug
    task = room.assignment(name)
    held = held_of(room, name).get(student, Held(()))
    if student not in {one.name for one in entries(task.submitted)}:
        raise ValueError(
            f"nobody called {student!r} has handed in; it is the name of a folder in {task.submitted.name}{_kept(held)}"
        )
    tries = handed_in(room, task, next(prepare_all(task, student)))
    for key in tries.unseen():
        if (seen := room.store.get(key)) is None:
            raise ValueError(
                f"{student}'s work of {name} was not run with the checks as they are; grade it first: "
                f"python -m autograder grade {name} --student {student}"
            )
        tries.seen[key] = seen
    several = len(tries.tries) > 1
    worth = Recorder(room, config, task, writes=False).points if several else _checks_give
    ready, outcome = tries.chosen(task, partial(result_of, task), worth)
    if ready.job is None or outcome is None:
        why_not = f"{ready.state.value}. {ready.note.rstrip('.')}{_kept(held)}"
        raise ValueError(f"{student} handed in no {name} that could be explained: {why_not}")
    found = why(task, ready, outcome)
    written = tuple(row for row in held.rows if row.name not in task.source.checks)
    if exercise is not None:
        known = [*(one.exercise.id for one in found), *(row.name for row in written)]
        if exercise not in known:
            raise ValueError(f"{name} has no exercise {exercise!r}; it has {', '.join(known)}")
        found = tuple(one for one in found if one.exercise.id == exercise)
        written = tuple(row for row in written if row.name == exercise)
    total = held.total
    recorded = "nothing is recorded yet"
    if held.rows:
        recorded = f"{total.points:g} of {total.of:g} points are recorded"
        recorded += f" ({words})" if (words := as_words(total)) else ""
    folder = room.reference(name)
    reference = "the public reference" if folder == PUBLIC else "a private reference"
    return Explanation(student, name, reference, ready.note, recorded, found, tuple(map(_of_written, written)))


def _kept(held: Held) -> str:
    """What the gradebook keeps all the same, in words; nothing where that is no points."""
    total = held.total
    return f"; the gradebook holds {total.points:g} of {total.of:g} points" if total.points else ""


def _of_written(row: Row) -> str:
    """What is held of an answer that a person reads.

    >>> _of_written(Row("reflection", 5)), _of_written(Row("reflection", 5, by_hand=4.5))
    ('reflection: not read yet, 0 of 5 points', 'reflection: read by a person, 4.5 of 5 points')
    """
    if row.by_hand is not None:
        how = "read by a person"
    else:
        how = "not read yet" if row.auto is None else "left as it was handed out"
    return f"{row.name}: {how}, {row.score:g} of {row.of:g} points"


def _checks_give(ready: Prepared, result: Result) -> float:
    return result.points
