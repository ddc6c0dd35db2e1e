"""What is recorded of a class, read back: the gradebook's points, and the results that were kept beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from autograder.grading.records.classroom import Classroom, open_classroom
from autograder.grading.records.roster import read_roster
from autograder.grading.records.total import Held, json_of, read_held, with_total
from autograder.grading.records.waiting import Tell, on_stderr, wait_for_gradebook
from autograder.grading.submissions.prepare import prepare_all
from autograder.grading.submissions.verdicts import not_run
from course.chapters import find_chapter

__all__ = ["held_of", "marker_at", "read_records", "recorded"]


def held_of(room: Classroom, name: str) -> dict[str, Held]:
    """What the gradebook holds of the assignment ``name`` now, by student."""
    with Gradebook(room.db_url, room.course_id) as gradebook:
        return read_held(gradebook, name)[0]


def marker_at(path: Path) -> dict[str, Any] | None:
    """What is noted at ``path`` of a recorded submission; ``None`` where nothing is, or nobody can read it."""
    try:
        return dict(json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def read_records(room: Classroom, name: str) -> dict[str, dict[str, Any]]:
    """The results that are recorded of the assignment ``name``, as `Result.as_json` has them, by student."""
    found = {}
    for path in sorted(room.records(name).glob("*.json")):
        try:
            result = dict((marker_at(path) or {})["result"])
            found[str(result["student"])] = result
        except (ValueError, KeyError, TypeError):
            continue  # unfinished: the next `grade` writes it
    return found


def recorded(chapter: str, root: Path, tell: Tell = on_stderr) -> list[dict[str, Any]]:
    """The results of ``chapter`` in the class at ``root``, as `with_total` has them, by learner.

    Raises ``ValueError`` when nothing is recorded yet.
    """
    room, _ = open_classroom(root)
    name = find_chapter(chapter).slug
    found = read_records(room, name)
    if not found:
        raise ValueError(f"nothing is recorded of {name}; grade it first: python -m autograder grade {name}")
    task = room.assignment(name)
    wait_for_gradebook(room.db_url, tell)
    with Gradebook(room.db_url, room.course_id) as gradebook:
        held, ungraded = read_held(gradebook, name)
        roster = read_roster(gradebook, room.added)
    for ready in prepare_all(task, roster=roster.people):
        if ready.nothing_handed_in:
            found.setdefault(ready.student, json_of(not_run(task, ready)))
    return [with_total(found[one], held.get(one, ungraded)) for one in sorted(found, key=roster.in_order)]
