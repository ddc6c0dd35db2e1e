"""All results of a chapter without grading anew: what is recorded, and those who handed in nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autograder.grading.classroom import open_classroom
from autograder.grading.prepare import prepare_all
from autograder.grading.record import read_records
from autograder.grading.verdicts import not_run
from course.chapters import find_chapter

__all__ = ["recorded"]


def recorded(chapter: str, root: Path) -> list[dict[str, Any]]:
    """The results of ``chapter`` in the class at ``root``, in the shape of `Result.as_json`, by learner.

    Raises ``ValueError`` when nothing is recorded yet.
    """
    room, _ = open_classroom(root)
    name = find_chapter(chapter).slug
    found = read_records(room, name)
    if not found:
        raise ValueError(f"nothing is recorded of {name}; grade it first: python -m autograder grade {name}")
    task = room.assignment(name)
    for ready in prepare_all(task):
        if ready.nothing_handed_in:
            found.setdefault(ready.student, not_run(task, ready).as_json())
    return [found[student] for student in sorted(found)]
