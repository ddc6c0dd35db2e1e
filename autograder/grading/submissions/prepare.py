"""From what lies in a class's folders to what is run: every submission becomes a job, or says why it is none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.utils import parse_utc

from autograder.grading.slots.job import Cell, Job, Limits
from autograder.grading.submissions.read import Unreadable, bytes_of, files_beside, notebook_of
from autograder.grading.submissions.repair import Source, blank, repair, source_of
from autograder.grading.submissions.state import State
from autograder.grading.wire.cases import pack
from autograder.judging.reference import PUBLIC, Reference, load
from autograder.observing.exercise import Exercise, find
from course.chapters import CHAPTERS

__all__ = ["Assignment", "Prepared", "assignment", "job_of", "prepare", "prepare_all", "reference_folder", "topic_of"]

_STUDENT = re.compile(r"[^.+/\\][^+/\\]*")  # nbgrader takes no +, and what begins with a dot is no learner's


@dataclass(frozen=True)
class Assignment:
    """A notebook that a class hands in: its source, where submissions lie, and what answers are compared with.

    ``references`` holds what the judge knows, by exercise; it stays with the controller.
    """

    name: str
    notebook: str
    submitted: Path
    source: Source
    references: Mapping[str, Reference]
    files: Mapping[str, bytes] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    topic: str = ""

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        """What is checked in it, in order."""
        return tuple(find(check.exercise) for check in self.source.checks.values())

    @cached_property
    def cases(self) -> Mapping[str, bytes]:
        """What goes into the sandbox of each reference."""
        return {name: pack(reference.cases) for name, reference in self.references.items()}


@dataclass(frozen=True)
class Prepared:
    """One learner's submission: a repaired notebook and its job, or the state and the words of one that is not run."""

    student: str
    notebook: NotebookNode
    job: Job | None
    state: State = State.GRADED
    note: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    timestamp: str = ""
    nothing_handed_in: bool = False


def topic_of(name: str) -> str:
    """The topic of the chapter called ``name``; empty for an assignment that is none of ours."""
    return next((chapter.topic for chapter in CHAPTERS if chapter.slug == name), "")


def reference_folder(topic: str, root: Path) -> Path:
    """Where the reference of ``topic`` is: the class's own in ``classroom/reference`` if it is there, else the public one."""
    own = root / "classroom" / "reference"
    return own if (own / f"{topic}.safetensors").is_file() else PUBLIC


def assignment(
    name: str,
    source: Path,
    submitted: Path,
    reference: Path | None = None,
    limits: Limits | None = None,
    notebook: str | None = None,
) -> Assignment:
    """The assignment whose source notebook lies in the folder ``source / name``, and its submissions below ``submitted``.

    ``reference`` is the folder of reference tensors. Raises ``FileNotFoundError`` when there is no such source, and
    `ValueError` when it checks an exercise that there is not.
    """
    notebook = notebook or name
    folder = source / name
    path = folder / f"{notebook}.ipynb"
    try:
        content = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    except FileNotFoundError:
        raise FileNotFoundError(
            f"there is no {path.name} in {path.parent.name} of {source.name}; make it with: python -m autograder build"
        ) from None
    found = source_of(content)
    exercises = {check.exercise: find(check.exercise) for check in found.checks.values()}
    references = {one: load(exercise, reference or PUBLIC) for one, exercise in exercises.items()}
    files = files_beside(folder)
    return Assignment(name, notebook, submitted, found, references, files, limits or Limits(), topic_of(name))


def prepare_all(task: Assignment, student: str | None = None) -> Iterator[Prepared]:
    """Every submission of ``task`` (of one ``student``) in the order of their names. A bad one never stops the others.

    A learner is who has a folder below ``submitted``, with or without this assignment in it.
    """
    if student is not None:
        if not _STUDENT.fullmatch(student):
            raise ValueError(f"{student!r} is no learner's name; it is the name of a folder in {task.submitted.name}")
        yield prepare(task, student)
        return
    if not task.submitted.is_dir():
        return
    for folder in sorted(task.submitted.iterdir(), key=lambda one: one.name):
        if _STUDENT.fullmatch(folder.name) and folder.is_dir():
            yield prepare(task, folder.name)


def prepare(task: Assignment, student: str) -> Prepared:
    """One learner's submission of ``task``. Whatever is wrong with it is said in its state and note, never raised."""
    folder = task.submitted / student / task.name
    timestamp = _timestamp(folder)
    try:
        content = bytes_of(folder / f"{task.notebook}.ipynb", task.submitted)
        notebook = repair(notebook_of(content), task.source)
        files = files_beside(folder)
        return Prepared(student, notebook, job_of(task, notebook, files), files=files, timestamp=timestamp)
    except (FileNotFoundError, NotADirectoryError):
        state, note = State.MISSING, f"there is no {task.notebook}.ipynb among what was handed in"
        if others := sorted(path.name for path in folder.glob("*.ipynb")):
            note += f"; {', '.join(others[:3])} would have to be called that"
        elif not folder.exists():
            note = "nothing was handed in"
    except (Unreadable, OSError) as error:
        state, note = State.UNREADABLE, str(error)
    except Exception as error:  # what nobody thought of costs this submission, not the class
        state, note = State.UNREADABLE, f"this cannot be read as a notebook ({type(error).__name__})"
    said = f"**This submission was not graded: {state}.** {note}"
    nothing = not folder.exists() and not folder.is_symlink()
    return Prepared(student, blank(task.source, said), None, state, note, {}, timestamp, nothing)


def job_of(task: Assignment, notebook: NotebookNode, files: Mapping[str, bytes]) -> Job:
    """The job that runs a repaired ``notebook``. The source's files take the place of a learner's of the same name."""
    checks = task.source.checks
    cells = []
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        check = checks.get((cell.metadata.get("nbgrader") or {}).get("grade_id", ""))
        if check is None:
            cells.append(Cell(place, cell.source))
        else:
            cells.append(Cell(place, cell.source, check.exercise, check.answer))
    return Job(task.topic, tuple(cells), task.cases, task.limits, {**files, **task.files})


def _timestamp(folder: Path) -> str:
    """Nbgrader's note of when this was handed in, if there is a sound one."""
    path = folder / "timestamp.txt"
    try:
        if path.is_symlink() or path.stat().st_size > 200:
            return ""
        text = path.read_text(encoding="utf-8").strip()
        return text if text and parse_utc(text) else ""
    except Exception:  # what is no time has many ways to say so, and would end nbgrader's run
        return ""
