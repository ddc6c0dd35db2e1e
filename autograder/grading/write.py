"""nbgrader's pipeline in one pass: its own steps on one open gradebook, a notebook written once, one commit.

`Autograde` opens the gradebook nine times a submission, commits for every cell, and reads, validates and writes the
notebook twice over. Where a class's settings change nothing of that order, this does the same in a fraction of the time;
rows and files are equal (a test holds the two together). Everywhere else nbgrader's converter does it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.preprocessors import CheckCellMetadata, Execute, OverwriteCells, SaveAutoGrades
from nbgrader.utils import parse_utc
from traitlets.utils.importstring import import_item

from autograder.grading.classroom import Classroom
from autograder.grading.exporter import SubmissionExporter
from autograder.grading.prepare import Assignment, Prepared

__all__ = ["can_write", "write"]


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


def write(room: Classroom, converter: Autograde, task: Assignment, ready: Prepared, done: NotebookNode) -> None:
    """Put ``done``, the executed notebook of a submission, into ``autograded`` and its grades into the gradebook."""
    resources = {
        "nbgrader": {
            "student": ready.student,
            "assignment": task.name,
            "notebook": task.notebook,
            "db_url": room.db_url,
        }
    }
    when = {"timestamp": parse_utc(ready.timestamp)} if ready.timestamp else {}
    with Gradebook(room.db_url, room.course_id) as book:
        with _one_commit(book):
            book.update_or_create_student(ready.student)
            book.update_or_create_submission(task.name, ready.student, **when)
            notebook = _cell_by_cell(OverwriteCells, converter, book, done, resources)
        for step in map(_class_of, converter.autograde_preprocessors):
            if issubclass(step, Execute | CheckCellMetadata):
                continue  # it has been run, and its marks are those of the source
            if step is SaveAutoGrades:
                with _one_commit(book):
                    _cell_by_cell(step, converter, book, notebook, resources)
            else:
                notebook, resources = step(parent=converter)(notebook, resources)
    _place(room.autograded / ready.student / task.name, converter, task, ready, notebook)


def _class_of(step: Any) -> Any:
    return import_item(step) if isinstance(step, str) else step


def _cell_by_cell(step: Any, converter: Autograde, book: Gradebook, notebook: NotebookNode, resources: Any) -> Any:
    """What ``step`` does to each cell, on the gradebook that is open already."""
    one = step(parent=converter)
    one.gradebook = book
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
