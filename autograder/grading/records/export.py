"""What leaves the gradebook: feedback pages by nbgrader, and a table of grades in which no zero is silent."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import capture_log
from traitlets.config import Config

from autograder.files import write_whole
from autograder.grading.records import shown
from autograder.grading.records.classroom import Classroom, open_classroom
from autograder.grading.records.record import read_records
from autograder.grading.records.waiting import on_stderr, wait_for_gradebook
from autograder.grading.submissions.state import State
from autograder.spreadsheet import as_table
from course.chapters import find_chapter

__all__ = ["COLUMNS", "export", "feedback", "rows"]

# nbgrader's own columns in its own order, then ours.
COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score", "status"),
)


def feedback(chapter: str, root: Path, student: str | None = None) -> Path:
    """Have nbgrader write the feedback pages of ``chapter``, or of one ``student``; return the folder that holds them.

    Raises ``RuntimeError`` when nbgrader could not.
    """
    room, config = open_classroom(root)
    config = Config(config)
    config.merge(shown.settings())
    config.CourseDirectory.assignment_id = find_chapter(chapter).slug
    config.CourseDirectory.student_id = student or "*"
    directory = CourseDirectory(config=config)
    converter = GenerateFeedback(coursedir=directory, config=config)
    converter.log = logging.Logger("autograder.feedback", logging.ERROR)
    converter.force = True
    told = capture_log(converter)
    if not told["success"]:
        raise RuntimeError(f"nbgrader could not write feedback: {(told.get('log') or told['error']).strip()}")
    return room.root / directory.feedback_directory


def export(root: Path, path: Path | None = None) -> Path:
    """Write the grades of all assignments and students to the CSV file ``path``, ``classroom/grades.csv`` by default."""
    room, _ = open_classroom(root)
    path = path or room.root / "classroom" / "grades.csv"
    table = as_table([COLUMNS, *([one.get(column) for column in COLUMNS] for one in rows(room))])
    write_whole(path, table.encode())
    return path


def rows(room: Classroom) -> list[dict[str, Any]]:
    """A row for each assignment and student, as nbgrader's exporter has it, with the submission's status."""
    found = []
    wait_for_gradebook(room.db_url, on_stderr)
    with Gradebook(room.db_url, room.course_id) as gradebook:
        for assignment in gradebook.assignments:
            records = read_records(room, assignment.name)
            for student in gradebook.students:
                one: dict[str, Any] = {
                    "assignment": assignment.name,
                    "duedate": assignment.duedate,
                    "student_id": student.id,
                    "last_name": student.last_name,
                    "first_name": student.first_name,
                    "email": student.email,
                    "max_score": assignment.max_score,
                }
                try:
                    submission = gradebook.find_submission(assignment.name, student.id)
                except MissingEntry:
                    found.append(one | {"score": 0.0, "raw_score": 0.0, "status": State.MISSING.value})
                    continue
                penalty = submission.late_submission_penalty
                one |= {"timestamp": submission.timestamp, "raw_score": submission.score}
                one |= {"late_submission_penalty": penalty, "score": max(0.0, submission.score - penalty)}
                found.append(one | {"status": _status(records.get(student.id))})
    return found


def _status(record: dict[str, Any] | None) -> str:
    """What our record says; a submission that only nbgrader has graded is graded."""
    return str(record["status"]) if record is not None else "graded by nbgrader alone"
