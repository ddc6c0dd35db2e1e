"""nbgrader's pipeline in one pass: its own steps on one open gradebook, a notebook written once, one commit.

`Autograde` opens the gradebook nine times a submission, commits for every cell, and reads, validates and writes the
notebook twice over. Where a class's settings change nothing of that order, this does the same in a fraction of the time;
rows and files are equal (a test holds the two together). Everywhere else nbgrader's converter does it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat.notebooknode import NotebookNode
from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    MissingEntry,
    SolutionCell,
    SourceCell,
    SubmittedNotebook,
    TaskCell,
)
from nbgrader.converters import Autograde
from nbgrader.preprocessors import AssignLatePenalties, CheckCellMetadata, Execute, OverwriteCells, SaveAutoGrades
from nbgrader.utils import parse_utc
from traitlets.utils.importstring import import_item

from autograder.grading.records.classroom import Classroom
from autograder.grading.records.extensions import apply
from autograder.grading.records.plugins import SubmissionExporter
from autograder.grading.submissions.prepare import Assignment, Prepared

__all__ = ["Writer", "can_write", "class_of"]

Row = TypeVar("Row")


def can_write(converter: Autograde) -> bool:
    """Whether ``converter``, made with a class's settings, does nothing before and after its steps that we do not know."""
    return (
        converter.sanitize_preprocessors == Autograde.sanitize_preprocessors.default()
        and converter.exporter_class in (SubmissionExporter, NotebookExporter)
        and converter.pre_convert_hook is None
        and converter.post_convert_hook is None
        and converter.create_student
        and not converter.exclude_overwriting
        and not converter.coursedir.groupshared
    )


class Writer:
    """Writes the results of one assignment through one open gradebook, until it is closed.

    What the gradebook knows of the assignment's cells is read once: it does not change while a class is graded.
    """

    def __init__(self, room: Classroom, task: Assignment, dates: Mapping[str, datetime] | None = None) -> None:
        self._room, self._task = room, task
        self._dates = dates or {}  # learners' own
        self._book = Gradebook(room.db_url, room.course_id)
        notebook = self._book.find_notebook(task.notebook, task.name).id

        def cells_of(kind: Any) -> list[Any]:
            return list(self._book.db.query(kind).filter(kind.notebook_id == notebook))

        tasks = cells_of(TaskCell)
        # Where a task and another cell have one name, nbgrader finds the other.
        graded = {one.name: one for one in [*tasks, *cells_of(GradeCell)]}
        self._cells = _Rows({one.name: one for one in cells_of(SourceCell)}, graded)
        self._commented = {one.name: one for one in [*tasks, *cells_of(SolutionCell)]}
        self._book.db.expunge_all()

    def close(self) -> None:
        """Close the gradebook."""
        self._book.close()

    def write(self, converter: Autograde, ready: Prepared, done: NotebookNode) -> None:
        """Put ``done``, the executed notebook of a submission, into ``autograded`` and its grades into the gradebook."""
        task, book = self._task, self._book
        resources = {
            "nbgrader": {
                "student": ready.student,
                "assignment": task.name,
                "notebook": task.notebook,
                "db_url": self._room.db_url,
            }
        }
        when = {"timestamp": parse_utc(ready.timestamp)} if ready.timestamp else {}
        try:
            with _one_commit(book):
                book.update_or_create_student(ready.student)
                submission = book.update_or_create_submission(task.name, ready.student, **when)
                apply(book, task.name, self._dates, [ready.student])
                late = submission.total_seconds_late > 0
                notebook = _cell_by_cell(OverwriteCells, converter, self._cells, done, resources)
            for step in map(class_of, converter.autograde_preprocessors):
                if issubclass(step, Execute | CheckCellMetadata):
                    continue  # it has been run, and its marks are those of the source
                if step is SaveAutoGrades:
                    with _one_commit(book):
                        _cell_by_cell(step, converter, self._rows(ready.student), notebook, resources)
                elif step is AssignLatePenalties and not late:
                    with _one_commit(book):
                        self._submitted(ready.student).late_submission_penalty = None
                else:
                    book.db.remove()  # it opens the gradebook itself
                    notebook, resources = step(parent=converter)(notebook, resources)
        finally:
            book.db.remove()
        _place(self._room.autograded / ready.student / task.name, converter, task, ready, notebook)

    def _submitted(self, student: str) -> SubmittedNotebook:
        return self._book.find_submission_notebook(self._task.notebook, self._task.name, student)

    def _rows(self, student: str) -> _Rows:
        submitted = self._submitted(student).id

        def by_cell(kind: Any) -> dict[str, Any]:
            return {one.cell_id: one for one in self._book.db.query(kind).filter(kind.notebook_id == submitted)}

        grades, comments = by_cell(Grade), by_cell(Comment)
        return replace(
            self._cells,
            grades={name: grades[cell.id] for name, cell in self._cells.graded.items() if cell.id in grades},
            comments={name: comments[cell.id] for name, cell in self._commented.items() if cell.id in comments},
        )


@dataclass(frozen=True)
class _Rows:
    """What a step asks the gradebook of one cell after the other, from rows that were read together."""

    source: Mapping[str, SourceCell]
    graded: Mapping[str, GradeCell | TaskCell]
    grades: Mapping[str, Grade] = field(default_factory=dict)
    comments: Mapping[str, Comment] = field(default_factory=dict)
    db: Any = field(default_factory=lambda: SimpleNamespace(commit=lambda: None))  # who asked commits, when all is done

    def find_source_cell(self, name: str, *where: str) -> SourceCell:
        return _found(self.source, name)

    def find_graded_cell(self, name: str, *where: str) -> GradeCell | TaskCell:
        return _found(self.graded, name)

    def find_grade(self, name: str, *where: str) -> Grade:
        return _found(self.grades, name)

    def find_comment(self, name: str, *where: str) -> Comment:
        return _found(self.comments, name)


def _found(rows: Mapping[str, Row], name: str) -> Row:
    if name not in rows:
        raise MissingEntry(f"No such cell: {name}")
    return rows[name]


def class_of(step: Any) -> Any:
    """The class of a step that a class's settings name, by its address or as it is."""
    return import_item(step) if isinstance(step, str) else step


def _cell_by_cell(step: Any, converter: Autograde, rows: _Rows, notebook: NotebookNode, resources: Any) -> Any:
    """What ``step`` does to each cell."""
    one = step(parent=converter)
    one.gradebook = rows
    named = resources["nbgrader"]
    one.notebook_id, one.assignment_id, one.student_id = named["notebook"], named["assignment"], named["student"]
    for place, cell in enumerate(notebook.cells):
        notebook.cells[place], _ = one.preprocess_cell(cell, resources, place)
    return notebook


@contextmanager
def _one_commit(book: Gradebook) -> Iterator[None]:
    """Let what nbgrader commits cell by cell become one transaction: whole, or not there."""
    book.db.commit = book.db.flush
    try:
        yield
    finally:
        del book.db.commit
    book.db.commit()


def _place(folder: Path, converter: Autograde, task: Assignment, ready: Prepared, notebook: NotebookNode) -> None:
    """The folder as nbgrader leaves it: the notebook and the other files, the source's in the place of a learner's."""
    if folder.exists():
        shutil.rmtree(folder)
    files = {**ready.files, **task.files}
    if ready.timestamp:
        files["timestamp.txt"] = ready.timestamp.encode()
    files[f"{task.notebook}.ipynb"] = (nbformat.writes(notebook).rstrip("\n") + "\n").encode()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(int(str(converter.permissions), 8))
