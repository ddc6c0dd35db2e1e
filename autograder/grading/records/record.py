"""The single writer: takes results through nbgrader's own pipeline into ``autograded`` and the gradebook.

A marker says what is recorded of each submission. It is taken away before anything is written and put in place when all
is, so that a run that was killed anywhere is made whole by the next one, and what is recorded already is left alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.utils import parse_utc
from traitlets.config import Config

from autograder.files import write_whole
from autograder.grading.records import extensions, own_way
from autograder.grading.records.basis import basis_of, is_same_work, work_of
from autograder.grading.records.broken_book import said_of
from autograder.grading.records.changes import Change, change_of
from autograder.grading.records.classroom import Classroom
from autograder.grading.records.fingerprint import fingerprint, made_of
from autograder.grading.records.full_disk import DiskFull, is_full
from autograder.grading.records.late import LateRule
from autograder.grading.records.one_pass import Writer, can_write
from autograder.grading.records.points import agree_on_points
from autograder.grading.records.recorded import marker_at
from autograder.grading.records.roster import Roster, keep_added, read_roster
from autograder.grading.records.total import Held, json_of, read_held
from autograder.grading.records.waiting import GradebookLocked, Tell, is_locked, on_stderr, wait_for_gradebook
from autograder.grading.submissions.learners import entries
from autograder.grading.submissions.prepare import Assignment, Prepared
from autograder.grading.submissions.verdicts import Result

__all__ = ["NotRecorded", "Recorder"]


_ROUNDING = 1e-6  # points: SQLite and Python add them up in another order


class NotRecorded(RuntimeError):
    """nbgrader's pipeline did not take a result; the message says which and why."""


class Recorder:
    """Records the results of one assignment, one after the other.

    ``tell`` is told, once, that it has to wait for the gradebook. ``writes`` is whether anything will be recorded. Raises
    ``ValueError`` where the assignment was never released, or its source is not what was released, and
    `GradebookLocked` where the gradebook stays locked.
    """

    def __init__(
        self, room: Classroom, config: Config, task: Assignment, tell: Tell = on_stderr, *, writes: bool = True
    ) -> None:
        self._room = room
        self._task = task
        self._config = config
        self._staging = room.results / "staging"
        self._tell = tell
        wait_for_gradebook(room.db_url, tell)
        self._dates = extensions.own_dates(room, task.name)
        self._held, self.ungraded, self.roster = _look(room, task, self._dates, writes=writes)
        self.basis = basis_of(task)
        self._exercises = {name: check.exercise for name, check in task.source.checks.items()}
        self._rule = LateRule(own_way.converter_in(self._staging, config, task.name))
        self._writer: Writer | None = None
        self.recorded = 0
        if writes:
            known = {one.name for one in entries(task.submitted) if not one.note}
            keep_added(room.added, self.roster, known)

    def has(self, student: str) -> bool:
        """Whether the gradebook holds a submission of this learner's, whatever lies in the folder now."""
        return student in self._held

    def foreseen(self, ready: Prepared, result: Result) -> Held:
        """What the gradebook will hold of a learner once ``result`` is recorded; of one without a submission, what it holds."""
        held = self._held_of(ready.student)
        if not ready.nothing_handed_in:
            held = held.judged({name: one.verdict.score for name, one in result.exercises.items()})
            held = replace(held, timestamp=parse_utc(ready.timestamp)) if ready.timestamp else held
        taken = self._taken(ready.student, held)
        return held if taken is None else replace(held, penalty=taken)

    def points(self, ready: Prepared, result: Result) -> float:
        """What would count once ``result`` is recorded, points by hand and the penalty too."""
        return self.foreseen(ready, result).total.points

    def change(self, ready: Prepared, result: Result) -> Change | None:
        """How a score changes by recording ``result`` although the work is as it was, and why; ``None`` where none does."""
        if ready.student not in self._held:
            return None
        marker = self._marker(ready.student)
        basis = self._basis_of(ready)
        if ready.nothing_handed_in:
            kept = dict((marker or {}).get("basis") or {})
            basis |= {name: kept[name] for name in ("work", "latest", "counts", "handed_in") if name in kept}
        now = self.foreseen(ready, result)
        return change_of(ready.student, self._held[ready.student], now, marker, basis, self._exercises)

    def is_again(self, ready: Prepared) -> bool:
        """Whether other work than this was recorded of the learner before."""
        before = (self._marker(ready.student) or {}).get("basis") or {}
        return bool(before) and not ready.nothing_handed_in and not is_same_work(before, self._basis_of(ready))

    def settle(self, student: str) -> bool:
        """Record what being late takes of a submission that is no longer in its folder. Whether it had to be."""
        held = self._held_of(student) if student in self._held else None
        if held is None or self._is_settled(student, held):
            return False
        wait_for_gradebook(self._room.db_url, self._tell)
        named = {"student": student, "assignment": self._task.name, "notebook": self._task.notebook}
        try:
            self._rule.write({**named, "db_url": self._room.db_url})
        except Exception as error:
            raise self._failed(student, error) from error
        self.recorded += 1
        return True

    def _held_of(self, student: str) -> Held:
        """What the gradebook holds of a learner, or would of one without a submission, by today's dates."""
        held = self._held.get(student, self.ungraded)
        return replace(held, due=extensions.whose_due(held.due, self.ungraded.due, self._dates.get(student)))

    def _taken(self, student: str, held: Held) -> float | None:
        """What being late takes today; ``None`` where only recording can tell."""
        if not self._rule.is_known:
            return held.penalty
        try:
            return self._rule.penalty(student, sum(row.score for row in held.rows), held.seconds_late)
        except Exception:  # a class's own rule: it is told when it is applied
            return None

    def _is_settled(self, student: str, held: Held) -> bool:
        taken = self._taken(student, held)
        return taken is not None and abs(taken - held.penalty) < _ROUNDING

    def _basis_of(self, ready: Prepared) -> dict[str, Any]:
        held = self._held_of(ready.student)
        when = parse_utc(ready.timestamp) if ready.timestamp else held.timestamp
        late = replace(held, timestamp=when).seconds_late
        work = work_of(self._task, ready)
        own = {"work": work, "latest": ready.latest or work, "handed_in": str(when or ""), "seconds_late": late}
        chosen = {"hand_in": ready.hand_in} if ready.hand_in else {}
        return {**self.basis, **own, "counts": self._room.counts, **chosen}

    def _marker(self, student: str) -> dict[str, Any] | None:
        return marker_at(self._room.record(self._task.name, student))

    def close(self) -> None:
        """Close the gradebook."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _open(self) -> Writer:
        if self._writer is None:
            self._writer = Writer(self._room, self._task, self._dates)
        return self._writer

    def record(self, ready: Prepared, result: Result, seen: str, done: Callable[[], NotebookNode]) -> bool:
        """Record ``result`` unless just that is recorded; whether it had to be. ``done`` makes the executed notebook.

        ``seen`` is the mark of what was seen, "" where it has none: with it, what is recorded already is told without making the
        notebook. What ``done`` makes is the recorder's: nbgrader's steps write to it.

        Raises `NotRecorded` when nbgrader does not take it.
        """
        path = self._room.record(self._task.name, ready.student)
        basis = self._basis_of(ready)
        marker = self._marker(ready.student)
        of = made_of(self.basis, ready, result, seen)
        notebook = cache(done)
        if marker is not None and self._is_recorded(marker, ready, result):
            unchanged = of and marker.get("made_of") == of
            if unchanged or marker["recorded"] == fingerprint(ready, notebook(), result.note):
                # The same score may stand on another basis, and the same work may have been copied here anew.
                kept = {**marker, "made_of": of, "look": ready.look, "basis": basis}
                if kept != marker:
                    write_whole(path, json.dumps(kept, indent=1).encode())
                return False
        mark = fingerprint(ready, notebook(), result.note)
        self._room.results.mkdir(parents=True, exist_ok=True)
        wait_for_gradebook(self._room.db_url, self._tell)
        path.unlink(missing_ok=True)
        self._take(ready, notebook())
        written = self._written(ready.student)
        told = {"recorded": mark, "made_of": of, "written": written, "look": ready.look}
        content = {**told, "result": json_of(result), "basis": basis}
        write_whole(path, json.dumps(content, indent=1).encode())
        self.recorded += 1
        return True

    def _is_recorded(self, marker: Mapping[str, Any], ready: Prepared, result: Result) -> bool:
        """Whether autograded notebook and gradebook, the penalty for being late too, say what is to be recorded."""
        try:
            if "recorded" not in marker or marker["written"] != self._written(ready.student):
                return False
        except (OSError, KeyError):
            return False
        held = self._held_of(ready.student) if ready.student in self._held else None
        rows = {row.name: row.auto for row in held.rows} if held is not None and held.recorded else {}
        if held is None or not self._is_settled(ready.student, held):
            return False
        return set(self._task.source.points) <= set(rows) and all(
            rows.get(name) == one.verdict.score for name, one in result.exercises.items()
        )

    def _written(self, student: str) -> str:
        path = self._room.autograded / student / self._task.name / f"{self._task.notebook}.ipynb"
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def _take(self, ready: Prepared, done: NotebookNode) -> None:
        """Have nbgrader's steps done: all in one pass where the class's settings allow it, else by nbgrader itself."""
        converter = own_way.converter_in(self._staging, self._config, self._task.name, ready.student)
        try:
            if can_write(converter):
                self._open().write(converter, ready, done)
                return
            works = {self._task.notebook: ready}
            why = own_way.take(converter, self._staging, self._task.name, works, own_way.replay_of(done))
        except Exception as error:  # a class's own steps, say: they cost this result alone
            raise self._failed(ready.student, error) from error
        if why:
            raise NotRecorded(f"nbgrader did not take the result of {ready.student}: {why}")

    def _failed(self, student: str, error: Exception) -> Exception:
        if is_full(error):
            return DiskFull()
        if is_locked(error):
            return GradebookLocked(f"the gradebook was locked while the result of {student} was written")
        said = said_of(error) or str(error)
        if isinstance(error, OSError) and error.strerror:  # of a folder that is removed only the last name is said
            name = error.filename if isinstance(error.filename, str) else ""
            said = f"{Path(self._room.autograded, student, self._task.name, name)}: {error.strerror}"
        return NotRecorded(f"the result of {student} could not be recorded: {said}")


def _look(
    room: Classroom, task: Assignment, dates: Mapping[str, datetime], *, writes: bool
) -> tuple[dict[str, Held], Held, Roster]:
    """What the gradebook holds of ``task``, by student, what it would hold of another, and who is in it, in one look.

    With ``writes`` the learners' own ``dates`` are told to it before.
    """
    with Gradebook(room.db_url, room.course_id) as gradebook:
        _as_released(gradebook, task)
        if writes and dates:
            extensions.apply(gradebook, task.name, dates)
        held, ungraded = read_held(gradebook, task.name)
        agree_on_points(task, {row.name: row.of for row in ungraded.rows})
        return held, ungraded, read_roster(gradebook, room.added)


def _as_released(gradebook: Gradebook, task: Assignment) -> None:
    try:
        cells = {cell.name: cell for cell in gradebook.find_notebook(task.notebook, task.name).source_cells}
    except MissingEntry:
        raise ValueError(
            f"the gradebook knows no {task.name}; hand it out first: python -m autograder release {task.name}"
        ) from None
    for name, marked in task.source.cells.items():
        if marked.locked and (name not in cells or cells[name].source != marked.source):
            raise ValueError(
                f"the cell {name} of {task.name} has changed since it was handed out; let the gradebook know: "
                f"python -m autograder release {task.name}"
            )
