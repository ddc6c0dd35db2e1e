"""Grading an assignment that is no chapter: any of nbgrader's, with one notebook or several, and files beside them.

Notebooks are repaired and run by the engine, several at a time, in the sandbox; nbgrader's own ``autograde`` then records
each submission from what was seen, so that its scores are those of stock nbgrader. A marker says what is recorded: what
has not changed is neither run nor recorded again.

Where a notebook asserts what it is graded by, the submission itself decides whether the assertion holds: that is known
of every grader that runs tests in the kernel of the work, and no sandbox changes it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from rich.console import Console
from traitlets.config import Config

from autograder.commands import commands_on_path
from autograder.files import write_whole
from autograder.grading.own_rows import Handed, handed_in, rows_of, state_of, tasks_of
from autograder.grading.records.classroom import Classroom, Settings, open_classroom
from autograder.grading.records.extensions import apply, due_of, own_dates
from autograder.grading.records.full_disk import DiskFull, disk_said, is_full
from autograder.grading.records.own_way import converter_in, take
from autograder.grading.records.plugins import SubmissionExporter, TrustedExecute, with_outputs
from autograder.grading.records.recorded import marker_at
from autograder.grading.records.roster import keep_added, read_roster
from autograder.grading.records.total import NOTHING_TO_READ, read_held
from autograder.grading.records.waiting import alone, on_stderr, wait_for_gradebook
from autograder.grading.rows import counted, points_said
from autograder.grading.saying import bar_on, quietly, teller
from autograder.grading.settings_files import settings_files
from autograder.grading.slots.engine import Engine, open_engine
from autograder.grading.slots.job import Job, Limits, Outcome
from autograder.grading.submissions.as_run import executed
from autograder.grading.submissions.prepare import Assignment, Prepared
from autograder.grading.submissions.state import State
from autograder.grading.submissions.verdicts import not_run
from autograder.grading.table import Table

__all__ = ["OwnResult", "grade_own"]

_FORM = b"4"  # of what is recorded: with another, everything is recorded anew, and nothing run


@dataclass(frozen=True)
class OwnResult:
    """What became of every submission, as reports take it, and what it took."""

    assignment: str
    submissions: tuple[Mapping[str, Any], ...]
    executed: int
    recorded: int
    seconds: float
    problems: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {**asdict(self), "submissions": list(self.submissions), "seconds": round(self.seconds, 3)}

    def table(self) -> Table:
        """A row a learner: the state in words, the points, and what is to be said."""
        rows, states = [], []
        for one in self.submissions:
            state = State(one["status"])
            states.append(state)
            unread = [cell["exercise"] for cell in one["exercises"] if cell["status"] == "to be read"]
            waiting = f"not read yet: {', '.join(unread)}" if unread and state not in NOTHING_TO_READ else ""
            remarks = "; ".join(filter(None, [str(one["note"]), str(one["parts_said"]), waiting]))
            rows.append(
                (str(one["student"]), state.value, points_said(state, one["points"]), f"{one['of']:g}", remarks)
            )
        return Table(self.assignment, tuple(rows), counted(states), self.problems)


def grade_own(
    name: str,
    root: Path,
    student: str | None = None,
    jobs: int | None = None,
    cluster: str | None = None,
    trust: bool = False,
    *,
    limits: Limits | None = None,
    engine: Engine | None = None,
    console: Console | None = None,
) -> OwnResult:
    """Grade the assignment ``name`` of the class in ``root``, or one ``student``'s, and record it in nbgrader's gradebook.

    The words are those of `autograder.grading.grade.grade`. Killed at any moment, it goes on where it was. Raises ``ValueError`` for an
    assignment that was not handed out, `engine.NoSandbox` where there is no sandbox, and `DiskFull`.
    """
    began = time.monotonic()
    room, config = open_classroom(root)
    tell = teller(console)
    opened: AbstractContextManager[Engine]
    opened = nullcontext(engine) if engine is not None else open_engine(jobs, cluster, sandboxed=not trust)
    run: _Run | None = None
    try:
        with commands_on_path(), quietly(), alone(room.results, tell), opened as runs:
            wait_for_gradebook(room.db_url, tell)
            settings = Settings(limits=limits)
            room.keep_settings(name, settings)
            run = _Run(room, config, name, settings, student)
            with bar_on(console) as bar:
                line = bar.add_task(name, total=len(run.handed))
                for key, outcome in runs(run.jobs()):
                    run.seen(key, outcome)
                    bar.update(line, completed=run.settled)
                run.settle()
            rows = tuple(rows_of(room, name, run.tasks, run.handed, everybody=student is None))
    except Exception as error:
        if not is_full(error):
            raise
        done = f"{run.settled} of {len(run.handed)} rows are done" if run is not None else "Nothing was begun"
        words = f"{disk_said(room.results)}. {done}; what was run and recorded is kept. Make room, and start again."
        raise DiskFull(words) from error
    return OwnResult(name, rows, run.executed, run.recorded, time.monotonic() - began, tuple(run.problems))


class _Run:
    """One run over a class: gives out jobs, keeps what was seen, and has nbgrader record whoever is whole."""

    def __init__(self, room: Classroom, config: Config, name: str, settings: Settings, student: str | None) -> None:
        self._room, self._config, self._name = room, config, name
        self._dates = _dates(room, name)
        self._settings = b"\n".join(path.read_bytes() for path in settings_files(room.root))
        self.tasks = tasks_of(room, name, settings)
        self.handed = handed_in(room, self.tasks, name, student)
        with Gradebook(room.db_url, room.course_id) as gradebook:
            roster = read_roster(gradebook, room.added)
        keep_added(room.added, roster, [one.student for one in self.handed if one.ready])
        self._waiting: dict[str, list[Handed]] = {}
        self._whole: list[Handed] = []
        self.executed = self.recorded = self.settled = 0
        self.problems: list[str] = []

    def jobs(self) -> Iterator[tuple[str, Job]]:
        """What has not been seen before."""
        for one in self.handed:
            jobs = {ready.key: ready.job for ready in one.ready.values() if ready.job is not None}
            one.open = {key for key in jobs if self._room.store.get(key) is None}
            if not one.open:
                self._whole.append(one)
            for key in sorted(one.open):
                if key in self._waiting:
                    self._waiting[key].append(one)
                else:
                    self._waiting[key] = [one]
                    yield key, jobs[key]

    def seen(self, key: str, outcome: Outcome) -> None:
        """Keep what was seen, and record whom it makes whole."""
        self._room.store.put(key, outcome)
        self.executed += 1
        for one in self._waiting.pop(key):
            one.open.discard(key)
            if not one.open:
                self._whole.append(one)
        self.settle()

    def settle(self) -> None:
        """Record all that are whole."""
        while self._whole:
            self._record(self._whole.pop(0))
            self.settled += 1

    def _record(self, one: Handed) -> None:
        if not one.ready:
            return
        path = self._room.record(self._name, one.student)
        mark, marker = self._fingerprint(one), marker_at(path) or {}
        if marker.get("recorded") == mark and marker.get("written") == self._written(one.student):
            if marker.get("look") != one.look:
                write_whole(path, json.dumps({**marker, "look": one.look}, indent=1).encode())
            return
        wait_for_gradebook(self._room.db_url, on_stderr)
        path.unlink(missing_ok=True)
        if why := self._take(one):
            self.problems.append(f"nbgrader did not take the submission of {one.student}: {why}")
            return
        state, note = state_of(self._room, self.tasks, one)
        result = {"student": one.student, "status": state.value, "note": note}
        content = {"recorded": mark, "written": self._written(one.student), "look": one.look, "result": result}
        write_whole(path, json.dumps(content, indent=1).encode())
        self.recorded += 1

    def _take(self, one: Handed) -> str:
        """Have nbgrader's own ``autograde`` take a submission: nothing where it did, else why it could not."""
        staging = self._room.results / "staging"
        converter = converter_in(staging, self._config, self._name, one.student)
        converter.exporter_class = SubmissionExporter
        return take(converter, staging, self._name, one.ready, _reading(self.tasks, one.ready))

    def _fingerprint(self, one: Handed) -> str:
        """The hash of all that is recorded of a learner: work, files, times and dates, and what it is graded by."""
        whole = hashlib.sha256(_FORM + self._settings)
        whole.update(json.dumps([self._dates.get(one.student, self._dates[""]), one.missing]).encode())
        for notebook, ready in sorted(one.ready.items()):
            key = ready.key or f"{ready.state}: {ready.note}"
            source = self._room.source / self._name / f"{notebook}.ipynb"
            whole.update(f"\n{notebook}\n{key}\n{ready.timestamp}\n".encode("utf-8", "replace"))
            whole.update(json.dumps(ready.notebook, sort_keys=True).encode() + source.read_bytes())
            for name, content in sorted(ready.files.items()):
                whole.update(f"\n{name}\n{hashlib.sha256(content).hexdigest()}".encode("utf-8", "replace"))
        return whole.hexdigest()

    def _written(self, student: str) -> list[Any]:
        """What the gradebook and the folder of graded work hold: the checks' scores, the penalty, the notebooks."""
        with Gradebook(self._room.db_url, self._room.course_id) as gradebook:
            held = read_held(gradebook, self._name, student)[0].get(student)
        folder = self._room.autograded / student / self._name
        there = sorted(path.name for path in folder.glob("*.ipynb"))
        return [] if held is None else [[[row.name, row.auto] for row in held.rows], held.penalty, there]


def _dates(room: Classroom, name: str) -> dict[str, str]:
    """By when each learner had to hand in, extensions counted; of all others under the empty name."""
    own = own_dates(room, name)
    with Gradebook(room.db_url, room.course_id) as gradebook:
        try:
            apply(gradebook, name, own)
            task = gradebook.find_assignment(name)
        except MissingEntry:
            raise ValueError(
                f"the gradebook knows no {name}; hand it out first: python -m autograder release {name}"
            ) from None
        new = {student: str(due_of(task.duedate, date)) for student, date in own.items()}
        return {"": str(task.duedate), **new, **{one.student.id: str(one.duedate) for one in task.submissions}}


def _reading(tasks: Mapping[str, Assignment], ready: Mapping[str, Prepared]) -> type[TrustedExecute]:
    """The step that executes, for one learner's notebooks. In our folder lies a plain notebook in the place of one that could not
    be read: it is not run.
    """

    class Reading(TrustedExecute):
        def preprocess(
            self, nb: NotebookNode, resources: dict[str, Any], km: Any = None
        ) -> tuple[NotebookNode, dict[str, Any]]:
            notebook = resources["nbgrader"]["notebook"]
            one = ready[notebook]
            if one.job is not None:
                return super().preprocess(nb, resources, km)
            return with_outputs(nb, executed(one.notebook, not_run(tasks[notebook], one))), resources

    return Reading
