"""A check's points: the exercise, the source's cell and what was handed out have to say the same, or nothing is graded."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.grading.submissions.prepare import Assignment
from autograder.observing.exercise import find

__all__ = ["agree_on_points"]


def agree_on_points(task: Assignment, handed_out: Mapping[str, float] | None = None) -> None:
    """Nothing, where they agree; ``handed_out`` are the gradebook's points by cell, where it is asked.

    Raises ``ValueError`` that says how to make the notebook anew, or how to let the gradebook know.
    """
    for name, check in task.source.checks.items():
        exercise, own = find(check.exercise), task.source.points.get(name, 0.0)
        if own != exercise.points:
            raise ValueError(
                f"the cell {name} of {task.name} is worth {own:g} points, and its exercise {exercise.id} has "
                f"{exercise.points:g}, by which answers are judged. Set the exercise's points in the lesson's exercises, "
                f"make the notebook anew and hand it out: python -m autograder build {task.name}, then "
                f"python -m autograder release {task.name}"
            )
    for name, points in task.source.points.items() if handed_out is not None else ():
        if handed_out is not None and name in handed_out and handed_out[name] != points:
            raise ValueError(
                f"the cell {name} of {task.name} is worth {points:g} points, and was handed out with "
                f"{handed_out[name]:g}; let the gradebook know: python -m autograder release {task.name}"
            )
