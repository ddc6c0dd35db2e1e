"""From what lies in a class's folders to what is run: every submission becomes a job, or says why it is none."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.grading.slots.job import Cell, Job, Limits
from autograder.grading.slots.store import key_of
from autograder.grading.submissions.beside import files_beside
from autograder.grading.submissions.learners import Entry, cannot_be, entries
from autograder.grading.submissions.locate import Missing, is_there, locate, notebooks_in
from autograder.grading.submissions.looks import look_at
from autograder.grading.submissions.read import Unreadable, content_of, notebook_of
from autograder.grading.submissions.repair import Source, blank, repair, source_of
from autograder.grading.submissions.state import State
from autograder.grading.submissions.times import in_utc, parse_time, time_of
from autograder.grading.wire.cases import pack
from autograder.judging.reference import PUBLIC, Reference, load
from autograder.observing.exercise import Exercise, find
from course.chapters import CHAPTERS

__all__ = [
    "Assignment",
    "Prepared",
    "assignment",
    "job_of",
    "prepare",
    "prepare_all",
    "prepare_kept",
    "reference_folder",
    "state_of_nobody",
    "topic_of",
    "when_handed_in",
]

_LONGEST_TIME = 200  # bytes of timestamp.txt
_SHOWN = 40  # characters of it that are said again


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
    others: frozenset[str] = frozenset()  # the class's other assignments, by name

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        """What is checked in it, in order."""
        return tuple(find(check.exercise) for check in self.source.checks.values())

    @cached_property
    def cases(self) -> Mapping[str, bytes]:
        """What goes into the sandbox of each reference."""
        return {name: pack(reference.cases) for name, reference in self.references.items()}

    def elsewhere(self, home: Path) -> list[Path]:
        """The notebooks in a learner's folder ``home`` that may be meant where the chapter's own is not there."""
        wanted = home / self.name / f"{self.notebook}.ipynb"
        return notebooks_in(home, wanted, self.others) if self.topic else []


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
    nothing_handed_in: bool = False  # or nothing that belongs to a learner: it has a row, and no place in the gradebook
    hand_in: str = ""  # "1 of 2", where it was chosen among several
    works: str = ""  # the hash of all that it was chosen among
    latest: str = ""  # the hash of the latest of them
    look: str = ""  # how the learner's folder looked before it was read

    @cached_property
    def key(self) -> str:
        """Under which is kept what was seen of it, "" where there is nothing to run."""
        return "" if self.job is None else key_of(self.job)


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
            f"there is no {path.name} in {path.parent.name} of {source.name}; hand it out first: "
            f"python -m autograder release {name}"
        ) from None
    found = source_of(content)
    exercises = {check.exercise: find(check.exercise) for check in found.checks.values()}
    references = {one: load(exercise, reference or PUBLIC) for one, exercise in exercises.items()}
    beside = files_beside(folder)
    if beside.left_out:
        raise ValueError(f"{folder.name} of {source.name} holds more than a notebook may bring along: {beside.said}")
    others = frozenset({one.name for one in source.iterdir() if one.is_dir()} | {one.slug for one in CHAPTERS}) - {name}
    return Assignment(
        name, notebook, submitted, found, references, beside.files, limits or Limits(), topic_of(name), others
    )


def prepare_all(task: Assignment, student: str | None = None, roster: Collection[str] = ()) -> Iterator[Prepared]:
    """Every submission of ``task`` (of one ``student``) in the order of their names. A bad one never stops the others.

    A learner is who has a folder below ``submitted``, with or without this assignment in it, and who is in ``roster``.
    Whatever else lies there has its place in the list, too, with a word on what it is.
    """
    if student is not None and (reason := cannot_be(student)):
        raise ValueError(
            f"{student!r} is no learner's name: {reason}; it is the name of a folder in {task.submitted.name}"
        )
    found = {one.name: one for one in entries(task.submitted)}
    for name in [student] if student is not None else sorted({*found, *roster}):
        entry = found.get(name)
        if entry is None:  # whatever the gradebook calls a learner, no folder is looked for under that name
            note = "nothing was handed in"
            yield Prepared(name, blank(task.source, note), None, State.MISSING, note, nothing_handed_in=True)
        elif entry.note:
            yield _nobodys(task, entry)
        else:
            ready = prepare(task, name)
            yield replace(ready, note="; ".join(filter(None, [ready.note, entry.twin])))


def _nobodys(task: Assignment, entry: Entry) -> Prepared:
    note, state = entry.note, state_of_nobody(entry)
    return Prepared(entry.name, blank(task.source, note), None, state, note, nothing_handed_in=True)


def state_of_nobody(entry: Entry) -> State:
    """How stands what lies where learners have folders, and is none: a folder of an impossible name may be somebody's work."""
    return State.UNREADABLE if entry.is_folder and not entry.name.startswith(".") else State.NOBODYS


def prepare(task: Assignment, student: str) -> Prepared:
    """One learner's submission of ``task``. Whatever is wrong with it is said in its state and note, never raised."""
    home = task.submitted / student
    folder, nothing = home / task.name, False
    look = look_at(home, task.name, task.elsewhere)
    try:
        nothing = not is_there(folder)
        found = locate(home, task.name, task.notebook, task.source, task.others)
        folder = found.path.parent
        notebook = repair(found.notebook, task.source)
        beside = files_beside(folder, task.limits.file_size, deep=folder != home).giving_way(task.files)
        when, doubt = when_handed_in(folder)
        note = "; ".join(filter(None, [found.remark, beside.said, doubt]))
        job = job_of(task, notebook, beside.files)
        return Prepared(student, notebook, job, note=note, files=beside.files, timestamp=when, look=look)
    except Missing as error:
        state, note = State.MISSING, str(error)
    except (FileNotFoundError, NotADirectoryError):
        state, note = State.MISSING, "it was taken away while it was read"
    except Unreadable as error:
        state, note, nothing = State.UNREADABLE, str(error), False
    except OSError as error:
        state, note, nothing = State.UNREADABLE, f"it cannot be read: {error.strerror or error}", False
    except Exception as error:  # what nobody thought of costs this submission, not the class
        state, note, nothing = State.UNREADABLE, f"this cannot be read as a notebook ({type(error).__name__})", False
    said = f"**This submission was not graded: {state}.** {note}"
    when = when_handed_in(folder)[0]
    return Prepared(student, blank(task.source, said), None, state, note, {}, when, nothing, look=look)


def prepare_kept(task: Assignment, student: str, folder: Path) -> Prepared:
    """What a learner handed in of ``task`` before, as it was kept in ``folder``."""
    try:
        notebook = repair(notebook_of((folder / f"{task.notebook}.ipynb").read_bytes()), task.source)
        beside = files_beside(folder, task.limits.file_size).giving_way(task.files)
    except (Unreadable, OSError) as error:
        said = f"what was kept in {folder.name} cannot be read: {error}"
        return Prepared(student, blank(task.source, said), None, State.UNREADABLE, said)
    job = job_of(task, notebook, beside.files)
    return Prepared(student, notebook, job, files=beside.files, timestamp=when_handed_in(folder)[0])


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


def when_handed_in(folder: Path) -> tuple[str, str]:
    """When this was handed in, if there is a sound note of it, in UTC for nbgrader; and what has to be said of the note."""
    path = folder / "timestamp.txt"
    try:
        content = content_of(path, _LONGEST_TIME)
        if content is None or len(content) > _LONGEST_TIME:
            return "", ""
        text = content.decode().strip()
    except (OSError, ValueError):
        return "", ""
    when, zone = time_of(text)
    if when is None:
        words = " ".join(text.split())[:_SHOWN]
        return "", f"timestamp.txt says {words!r}, which is no time: it is not counted as late" if words else ""
    said = (
        f"timestamp.txt names a zone that cannot be told, {zone[:_SHOWN]!r}: its time is taken for UTC" if zone else ""
    )
    return (text if text.endswith(" UTC") and parse_time(text) else in_utc(when)), said
