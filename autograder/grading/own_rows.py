"""What a class has handed in of an assignment that is no chapter, and the row of each learner in tables and reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from autograder.grading.assignments import notebooks_of
from autograder.grading.records.classroom import Classroom, Settings, open_classroom
from autograder.grading.records.recorded import marker_at
from autograder.grading.records.roster import read_roster
from autograder.grading.records.total import Held, as_words, read_held
from autograder.grading.records.waiting import on_stderr, wait_for_gradebook
from autograder.grading.submissions.learners import Entry, cannot_be, entries
from autograder.grading.submissions.locate import nothing_of
from autograder.grading.submissions.looks import look_at
from autograder.grading.submissions.prepare import Assignment, Prepared, prepare, state_of_nobody
from autograder.grading.submissions.state import State
from autograder.grading.submissions.verdicts import decide, not_run
from autograder.plain import plain

__all__ = ["Handed", "handed_in", "recorded_own", "rows_of", "state_of", "tasks_of"]

_WORST_FIRST = (State.OUT_OF_MEMORY, State.TIMED_OUT, State.CRASHED, State.UNREADABLE, State.MISSING)
_SHOWN = 3
_NOT_RECORDED = "it is not recorded; what the gradebook had before counts"


@dataclass
class Handed:
    """One learner's submission: each notebook that is there, and the keys of what still has to be seen of it.

    Where nothing can be graded, ``state`` and ``note`` say why; else ``note`` says what lies in the place of a missing notebook.
    """

    student: str
    ready: dict[str, Prepared]
    missing: tuple[str, ...]
    state: State = State.MISSING
    note: str = ""
    open: set[str] = field(default_factory=set)
    look: str = ""  # how their folder looked before it was read


def tasks_of(room: Classroom, name: str, settings: Settings) -> dict[str, Assignment]:
    """The assignment ``name``, a notebook at a time. Raises ``ValueError`` where it has none."""
    notebooks = notebooks_of(room.source, name)
    if not notebooks:
        raise ValueError(f"there is no notebook in {name} of {room.source.name}")
    return {notebook: room.assignment(name, notebook, settings) for notebook in notebooks}


def handed_in(room: Classroom, tasks: Mapping[str, Assignment], name: str, student: str | None) -> list[Handed]:
    """Everybody's submission, or one learner's; those who have a folder without it among them, and what is no learner's."""
    if student is not None and (reason := cannot_be(student)):
        raise ValueError(f"{student!r} is no learner's name: {reason}")
    there = [one for one in entries(room.submitted) if student in (None, one.name)]
    if student is not None and not there:
        raise ValueError(f"there is no folder {student} in {room.submitted.name}")
    return [_nobodys(tasks, one) if one.note else _handed_in(room, tasks, name, one) for one in there]


def _handed_in(room: Classroom, tasks: Mapping[str, Assignment], name: str, entry: Entry) -> Handed:
    home = room.submitted / entry.name
    look = look_at(home, name)  # before it is asked which notebooks there are: none may come in between unseen
    found = {path.stem for path in (home / name).glob("*.ipynb")}
    ready = {notebook: prepare(task, entry.name) for notebook, task in tasks.items() if notebook in found}
    missing = tuple(notebook for notebook in tasks if notebook not in found)
    if ready:
        others = sorted(found - set(tasks)) if missing else []
        instead = f"there is {', '.join(plain(f'{one}.ipynb') for one in others[:_SHOWN])}" if others else ""
        return Handed(entry.name, ready, missing, note="; ".join(filter(None, [instead, entry.twin])), look=look)
    first, task = next(iter(tasks.items()))
    wanted = f"{first}.ipynb" if len(tasks) == 1 else "notebook"
    try:
        note = str(nothing_of(home, name, wanted, task.others))
    except OSError as error:
        note = f"it cannot be looked at: {error.strerror}"
    return Handed(entry.name, {}, missing, note=note)


def _nobodys(tasks: Mapping[str, Assignment], entry: Entry) -> Handed:
    return Handed(entry.name, {}, tuple(tasks), state_of_nobody(entry), entry.note)


def recorded_own(name: str, root: Path) -> list[dict[str, Any]]:
    """What is recorded of the assignment ``name`` in the class at ``root``, by learner: who waits to be graded is left out.

    Of one who has handed in again and was not graded since, the state is that of the work that earned the points. Raises
    ``ValueError`` for nothing.
    """
    room, _ = open_classroom(root)
    if not any(room.records(name).glob("*.json")):
        raise ValueError(f"nothing is recorded of {name}; grade it first: python -m autograder grade {name}")
    wait_for_gradebook(room.db_url, on_stderr)
    tasks = tasks_of(room, name, room.settings(name))
    handed = handed_in(room, tasks, name, None)
    waiting = {one.student for one in handed if one.ready and not _is_recorded(room, name, one.student)}
    before = {one.student: _as_recorded(room, name, one) for one in handed if one.ready}
    rows = rows_of(room, name, tasks, handed, everybody=True)
    return [row | before.get(row["student"], {}) for row in rows if row["student"] not in waiting]


def _as_recorded(room: Classroom, name: str, one: Handed) -> dict[str, str]:
    """The state and the note that are recorded of a learner whose folder looks otherwise now; nothing of any other."""
    marker = marker_at(room.record(name, one.student)) or {}
    if marker.get("look", one.look) == one.look:
        return {}
    return {word: str(marker["result"][word]) for word in ("status", "note")}


def _is_recorded(room: Classroom, name: str, student: str) -> bool:
    return room.record(name, student).is_file()


def rows_of(
    room: Classroom, name: str, tasks: Mapping[str, Assignment], handed: list[Handed], *, everybody: bool
) -> Iterator[dict[str, Any]]:
    """Each learner's row as reports take it: the state, the points that count with their parts, each graded cell."""
    with Gradebook(room.db_url, room.course_id) as gradebook:
        held, ungraded = read_held(gradebook, name)
        roster = read_roster(gradebook, room.added)
        cells = {one.student.id: _cells(one) for one in gradebook.find_assignment(name).submissions}
    known = {one.student: one for one in handed}
    people = {*known, *(roster.people if everybody else ())}
    for one in sorted(people, key=roster.in_order):
        state, note = state_of(room, tasks, known.get(one))
        if one in known and known[one].ready and not _is_recorded(room, name, one):
            note = "; ".join(filter(None, [_NOT_RECORDED, note]))
        yield _row(one, state, note, held.get(one, ungraded), cells.get(one, []))


def _row(student: str, state: State, note: str, held: Held, exercises: list[dict[str, Any]]) -> dict[str, Any]:
    total = held.total
    parts = {part: value for part, value in asdict(total).items() if part != "of"}
    about = {"student": student, "status": state.value, "note": note, "points": total.points, "of": total.of}
    return {**about, "parts": parts, "parts_said": as_words(total), "exercises": exercises}


def state_of(room: Classroom, tasks: Mapping[str, Assignment], one: Handed | None) -> tuple[State, str]:
    """How a submission stands: its worst notebook's state, and a word on each that has one."""
    if one is None:
        return State.MISSING, "nothing was handed in"
    if not one.ready:
        return one.state, one.note
    states, notes = [], [f"{notebook}.ipynb is missing" for notebook in one.missing]
    notes += [one.note] if one.note else []
    of_each = {}
    for notebook, ready in one.ready.items():
        task = tasks[notebook]
        outcome = room.store.get(ready.key)
        result = not_run(task, ready) if outcome is None else decide(task, ready, outcome)
        states.append(State.GRADED if result.state is State.NOT_ATTEMPTED else result.state)
        of_each[notebook] = result.note
    if len(of_each) > 1 and len(set(of_each.values())) == 1:  # it is about the folder, which they share
        notes += filter(None, set(of_each.values()))
    else:
        notes += [f"{notebook}: {note}" for notebook, note in of_each.items() if note]
    return next((worst for worst in _WORST_FIRST if worst in states), State.GRADED), "; ".join(notes)


def _cells(submission: Any) -> list[dict[str, Any]]:
    """Every graded cell of a submission in the gradebook, as an exercise of a report."""
    several = len(submission.notebooks) > 1
    found = []
    for notebook in sorted(submission.notebooks, key=lambda one: one.name):
        written = {one.name for one in notebook.notebook.solution_cells}
        for grade in notebook.grades:
            of, score = float(grade.max_score or 0.0), float(grade.score or 0.0)
            found.append(
                {
                    "exercise": f"{notebook.name}: {grade.name}" if several else grade.name,
                    "status": _status(grade, score, of, read=grade.name in written),
                    "points": score,
                    "of": of,
                    "misconception": "",
                    "by_hand": grade.manual_score,
                    "extra": grade.extra_credit,
                }
            )
    return found


def _status(grade: Any, score: float, of: float, *, read: bool) -> str:
    """How a graded cell stands. One that a person has to ``read`` has 0 from nbgrader where it is untouched."""
    if grade.manual_score is None and grade.needs_manual_grade:
        return "to be read"
    if grade.manual_score is None and read and grade.auto_score == 0:
        return "not attempted"
    return "solved" if score >= of else "partly right" if score > 0 else "not right yet"
