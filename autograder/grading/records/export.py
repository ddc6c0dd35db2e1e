"""What leaves the gradebook: feedback pages by nbgrader, and a table of grades in which no zero is silent."""

from __future__ import annotations

import errno
import glob
import os
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.converters import GenerateAssignment
from traitlets.config import Config

from autograder.commands import commands_on_path
from autograder.converter import converter_of, reason
from autograder.files import write_whole
from autograder.grading.assignments import name_of
from autograder.grading.records import shown
from autograder.grading.records.classroom import Classroom, open_classroom
from autograder.grading.records.full_disk import disk_said
from autograder.grading.records.recorded import read_records
from autograder.grading.records.roster import Person, read_roster
from autograder.grading.records.total import read_held
from autograder.grading.records.waiting import on_stderr, wait_for_gradebook
from autograder.grading.records.whole_pages import WholePages, aside
from autograder.grading.submissions.learners import entries
from autograder.grading.submissions.state import State
from autograder.spreadsheet import as_table

__all__ = ["COLUMNS", "export", "feedback", "release_own", "rows"]

# nbgrader's own columns in its own order, then ours.
COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score", "status", "automatic", "by_hand", "extra"),
    "hand_in",  # which one counts, where the best of several does
)


def feedback(chapter: str, root: Path, student: str | None = None) -> Path:
    """Have nbgrader write the feedback pages of ``chapter``, or of another assignment, or of one ``student``; return the folder that holds them.

    Raises ``ValueError`` where nothing is graded that a page could be of, ``RuntimeError`` when nbgrader could not.
    """
    room, config = open_classroom(root)
    config = Config(config)
    config.merge(shown.settings())
    name = name_of(chapter, root)
    wait_for_gradebook(room.db_url, on_stderr)
    with Gradebook(room.db_url, room.course_id) as gradebook:
        read_held(gradebook, name, student)
    if not any(room.autograded.glob(f"{glob.escape(student) if student else '*'}/{name}/*.ipynb")):
        whose = f" by {student!r}" if student else ""
        raise ValueError(f"nothing{whose} is graded of {name}; grade it first: python -m autograder grade {name}")
    converter = converter_of(WholePages, config, name, student or "*")
    pages = room.root / converter.coursedir.feedback_directory
    try:
        with aside(pages):
            why = reason(converter)
    except OSError as error:
        why = f"{pages}: {error.strerror}"
    if why:
        full = f". {disk_said(pages)}" if os.strerror(errno.ENOSPC) in why else ""
        raise RuntimeError(f"nbgrader could not write feedback: {why}{full}. A page that was there stays as it was")
    return pages


def release_own(name: str, root: Path) -> Path:
    """Have nbgrader make the assignment ``name``, which is no chapter, ready to hand out; return the folder that holds it.

    What was made before is made anew. Raises ``RuntimeError`` with nbgrader's reason where it could not.
    """
    room, config = open_classroom(root)
    converter = converter_of(GenerateAssignment, config, name)
    with commands_on_path():
        why = reason(converter)
    if why:
        raise RuntimeError(f"nbgrader could not make {name} ready: {why}")
    return room.root / converter.coursedir.release_directory / name


def export(root: Path, path: Path | None = None) -> Path:
    """Write the grades of all assignments and students to the CSV file ``path``, ``classroom/grades.csv`` by default."""
    room, _ = open_classroom(root)
    path = path or room.root / "classroom" / "grades.csv"
    table = as_table([COLUMNS, *([one.get(column) for column in COLUMNS] for one in rows(room))])
    write_whole(path, table.encode())
    return path


def rows(room: Classroom) -> list[dict[str, Any]]:
    """A row for each assignment and student, as nbgrader's exporter has it, with the submission's status and its parts.

    Who has a folder and is not in the gradebook has rows, too.
    """
    found = []
    wait_for_gradebook(room.db_url, on_stderr)
    with Gradebook(room.db_url, room.course_id) as gradebook:
        people = read_roster(gradebook, room.added).people
        strangers = [one.name for one in entries(room.submitted) if not one.note and one.name not in people]
        everybody = [*people.values(), *map(Person, sorted(strangers))]
        for assignment in gradebook.assignments:
            records = read_records(room, assignment.name)
            held, ungraded = read_held(gradebook, assignment.name)
            for one in everybody:
                submission = held.get(one.id)
                total = (submission or ungraded).total
                found.append(
                    {
                        "assignment": assignment.name,
                        "duedate": assignment.duedate,
                        "timestamp": submission.timestamp if submission else None,
                        "student_id": one.id,
                        "last_name": one.last_name or None,
                        "first_name": one.first_name or None,
                        "email": one.email or None,
                        "raw_score": total.raw,
                        "late_submission_penalty": total.late,
                        "score": total.points,
                        "max_score": total.of,
                        "status": _status(records.get(one.id)) if submission else State.MISSING.value,
                        "automatic": total.automatic,
                        "by_hand": total.by_hand,
                        "extra": total.extra,
                        "hand_in": (records.get(one.id) or {}).get("hand_in") if submission else None,
                    }
                )
    return found


def _status(record: dict[str, Any] | None) -> str:
    """What our record says; a submission that only nbgrader has graded is graded."""
    return str(record["status"]) if record is not None else "graded by nbgrader alone"
