"""Grading a class: what is there is prepared, what was never seen is run, all is judged, and what is new is recorded."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from autograder.commands import commands_on_path
from autograder.grading.records import hand_ins
from autograder.grading.records.changes import Change
from autograder.grading.records.classroom import Classroom, Settings, open_classroom
from autograder.grading.records.full_disk import DiskFull, disk_said, is_full
from autograder.grading.records.judged import Judged
from autograder.grading.records.record import NotRecorded, Recorder
from autograder.grading.records.recorded import held_of
from autograder.grading.records.roster import Roster
from autograder.grading.records.total import Held, Total, json_of, with_total
from autograder.grading.records.waiting import GradebookLocked, alone
from autograder.grading.saying import bar_on, quietly, teller
from autograder.grading.slots import leftovers
from autograder.grading.slots.engine import Engine, open_engine
from autograder.grading.slots.job import Job, Limits, Outcome
from autograder.grading.slots.warm import Warm
from autograder.grading.submissions.as_run import executed
from autograder.grading.submissions.learners import entries
from autograder.grading.submissions.prepare import Assignment, Prepared, prepare_all
from autograder.grading.submissions.state import State
from autograder.grading.submissions.verdicts import Result
from autograder.grading.table import clean
from autograder.judging.reference import PUBLIC
from course.chapters import find_chapter

__all__ = ["GradeResult", "grade"]

_AHEAD = 8  # results that may wait for the writer


@dataclass(frozen=True)
class GradeResult:
    """What became of every submission of a chapter, and what it took.

    ``executed`` notebooks were run, the others had been seen before; ``recorded`` results were new to the gradebook.
    ``problems`` are what kept a result out of it. ``held`` is what the gradebook holds, or would after a dry run, by
    student, and ``ungraded`` of others; ``changes`` are the scores that changed although the work did not. ``again``
    handed in other work than before.
    """

    chapter: str
    reference: str
    submissions: tuple[Result, ...]
    executed: int
    recorded: int
    seconds: float
    problems: tuple[str, ...] = ()
    roster: Roster = field(default_factory=lambda: Roster({}))
    held: Mapping[str, Held] = field(default_factory=dict)
    ungraded: Held = field(default_factory=lambda: Held(()))
    changes: tuple[Change, ...] = ()
    again: frozenset[str] = frozenset()
    dry_run: bool = False

    def points(self) -> dict[str, dict[str, float]]:
        """The points by student and exercise."""
        return {
            one.student: {done.verdict.exercise: done.verdict.score for done in one.exercises.values()}
            for one in self.submissions
        }

    def total(self, student: str) -> Total:
        """The total that counts for ``student``."""
        return self.held.get(student, self.ungraded).total

    def counted(self) -> list[dict[str, Any]]:
        """Each result as `with_total` has it, as reports take them."""
        return [
            with_total(json_of(one), self.held.get(one.student, self.ungraded), again=one.student in self.again)
            for one in self.submissions
        ]

    def states(self) -> dict[str, str]:
        """The state of each submission by student."""
        return {one.student: one.state.value for one in self.submissions}

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "chapter": self.chapter,
            "reference": self.reference,
            "submissions": self.counted(),
            "executed": self.executed,
            "recorded": self.recorded,
            "seconds": round(self.seconds, 3),
            "problems": list(self.problems),
            "changed": [one.as_json() for one in self.changes],
            "dry_run": self.dry_run,
            "not_in_gradebook": [one.student for one in self.submissions if self.is_stranger(one)],
        }

    def is_stranger(self, one: Result) -> bool:
        """Whether this is the work of somebody whom the class's gradebook did not list."""
        return one.state is not State.NOBODYS and self.roster.is_stranger(one.student)


def grade(
    chapter: str,
    root: Path,
    student: str | None = None,
    jobs: int | None = None,
    cluster: str | None = None,
    reference: Path | None = None,
    trust: bool = False,
    *,
    dry_run: bool = False,
    limits: Limits | None = None,
    started: Sequence[Warm] = (),
    engine: Engine | None = None,
    console: Console | None = None,
) -> GradeResult:
    """Grade ``chapter`` of the class in ``root``, or one ``student`` of it, and record it in nbgrader's gradebook.

    ``jobs`` slots on this machine, or those of the Dask ``cluster`` at that address. ``reference`` is a folder of
    reference tensors: the class's own ``classroom/reference`` by default, else the public one. ``trust`` runs
    submissions without a sandbox. ``started`` are zygotes that were started ahead. ``engine`` takes the place of ours; ``console`` shows progress.

    Scores that change although the work did not are said before they are written. A ``dry_run`` says them, and writes
    nothing: what was not seen before is run, and not kept.

    Killed at any moment, it goes on where it was when it is called again. While another `grade` of this class runs, it
    waits. Raises ``ValueError`` for a chapter that is not released, ``FileNotFoundError`` for what is not there,
    `engine.NoSandbox` where there is no sandbox, `GradebookLocked` and `DiskFull`, which say what to do.
    """
    began = time.monotonic()
    room, config = open_classroom(root)
    name = find_chapter(chapter).slug
    folder = "" if reference is None else str(reference.absolute())
    said = ""
    opened: AbstractContextManager[Engine]
    opened = (
        nullcontext(engine) if engine is not None else open_engine(jobs, cluster, sandboxed=not trust, started=started)
    )
    tell = teller(console)
    run: _Run | None = None
    try:
        waits = nullcontext() if dry_run else alone(room.results, tell)
        with commands_on_path(), quietly(), waits, opened as runs:
            settings = Settings(folder, limits or Limits())
            task = room.assignment(name, settings=settings)
            said = _reference_said(room, name, settings)
            if console is not None:
                console.print(f"{name}: answers are compared with {said}", highlight=False)
            recorder = Recorder(room, config, task, tell, writes=not dry_run)
            if not dry_run:
                room.keep_settings(name, settings)
                room.store.sweep()
                leftovers.sweep()
            with bar_on(console) as bar, _Run(room, task, student, recorder, bar, writes=not dry_run) as run:
                for key, outcome in runs(run.jobs()):
                    run.seen(key, outcome)
                if run.changes:
                    tell(_changed_said(run.changes, dry_run))
                run.write_changed()
            held = run.foreseen if dry_run else held_of(room, name)
    except Exception as error:
        if is_full(error):
            raise DiskFull(f"{disk_said(room.results)}. {_how_far(run)} Make room, and start again.") from error
        if isinstance(error, GradebookLocked):
            raise GradebookLocked(f"{error}. {_how_far(run)}") from None
        raise
    submissions = tuple(sorted(run.results, key=lambda one: recorder.roster.in_order(one.student)))
    seconds = time.monotonic() - began
    return GradeResult(
        name,
        said,
        submissions,
        run.executed,
        recorder.recorded,
        seconds,
        tuple(run.problems),
        recorder.roster,
        held,
        recorder.ungraded,
        tuple(run.changes),
        frozenset(run.again),
        dry_run,
    )


def _changed_said(changes: Sequence[Change], dry_run: bool) -> str:
    """Which scores change with no change in the work, in lines."""
    many = f"{len(changes)} score{'' if len(changes) == 1 else 's'}"
    head = f"{many} {'would change' if dry_run else 'will change'} although the work did not:"
    return "\n".join([head, *(f"  {clean(one.said)}" for one in changes)])


def _how_far(run: _Run | None) -> str:
    """What is safe, in words, when a run has to stop."""
    if run is None:
        return "Nothing was begun."
    done = f"{run.settled} of {run.total} rows of this class are done, all that had to be recorded of them is recorded"
    return f"{done}; what else was run is kept as far as there was room."


def _reference_said(room: Classroom, name: str, settings: Settings) -> str:
    folder = room.reference(name, settings)
    if folder == PUBLIC:
        return "the public reference"
    return f"the private reference in {folder.relative_to(room.root) if folder.is_relative_to(room.root) else folder}"


class _Run:
    """One run over a class: hands out jobs, takes back outcomes, has results written while others are run."""

    def __init__(
        self, room: Classroom, task: Assignment, student: str | None, recorder: Recorder, bar: Progress, *, writes: bool
    ) -> None:
        self._writes, self._room = writes, room
        self._store, self._task, self._student, self._recorder = room.store, task, student, recorder
        self._judged = Judged(room.store, task, recorder.basis, writes=writes)
        self._waiting: dict[str, list[hand_ins.HandedIn]] = {}  # by key: learners may have handed in the same
        self._writing: list[Future[bool]] = []
        self._bar = bar
        self.total = _count(task, student, recorder.roster)
        self._line = bar.add_task("grading", total=self.total)
        self.results: list[Result] = []
        self.problems: list[str] = []
        self.executed = 0
        self.settled = 0
        self.changes: list[Change] = []  # held back until they are said
        self.again: set[str] = set()
        self.foreseen: dict[str, Held] = {}

    def __enter__(self) -> _Run:
        self._writer = ThreadPoolExecutor(1, "recorder")
        return self

    def __exit__(self, *error: object) -> None:
        self._writer.shutdown(wait=True, cancel_futures=error[0] is not None)
        self._recorder.close()
        if error[0] is None:
            self._written(0)

    def jobs(self) -> Iterator[tuple[str, Job]]:
        """What has to be run. What need not be is finished on the way."""
        roster = self._recorder.roster.people
        for ready in prepare_all(self._task, self._student, roster):
            one = hand_ins.handed_in(self._room, self._task, ready)
            if self._writes:
                hand_ins.keep(self._room, self._task, ready)
            self._look_up(one)
            unseen = one.unseen()
            if not unseen:
                self._finish(one)
            for key, job in unseen.items():
                if key in self._waiting:
                    self._waiting[key].append(one)
                else:
                    self._waiting[key] = [one]
                    yield key, job

    def seen(self, key: str, outcome: Outcome) -> None:
        """Keep what was seen under ``key``, and finish those who wait for it."""
        if self._writes:
            outcome = self._store.put(key, outcome)
        self.executed += 1
        for one in self._waiting.pop(key):
            one.seen[key] = outcome
            if not one.unseen():
                self._finish(one)

    def _look_up(self, one: hand_ins.HandedIn) -> None:
        for key in one.unseen():
            if key not in self._waiting and (outcome := self._store.get(key)) is not None:
                one.seen[key] = outcome

    def _chosen(self, one: hand_ins.HandedIn) -> tuple[Prepared, Outcome | None]:
        """The hand-in that counts."""
        return one.chosen(self._task, self._judged.result_of, self._recorder.points)

    def _finish(self, one: hand_ins.HandedIn) -> None:
        ready, outcome = self._chosen(one)
        if ready.nothing_handed_in and ready.state is State.MISSING and self._recorder.has(ready.student):
            ready = replace(ready, note=f"{ready.note} this time; the gradebook keeps what was recorded before")
        result = self._judged.result_of(ready, outcome)
        self.results.append(result)
        self._bar.advance(self._line)
        if self._recorder.is_again(ready):
            self.again.add(ready.student)
        if ready.nothing_handed_in and not self._recorder.has(ready.student):
            self.settled += 1
            return
        self.foreseen[ready.student] = self._recorder.foreseen(ready, result)
        if (change := self._recorder.change(ready, result)) is not None:
            self.changes.append(change)
        elif self._writes:
            self._write(ready, result, outcome)

    def write_changed(self) -> None:
        """Write the scores that were held back. What is needed for it was kept, and is read again: a class may be large."""
        for one in self.changes if self._writes else ():
            ready = next(prepare_all(self._task, one.student, self._recorder.roster.people))
            handed_in = hand_ins.handed_in(self._room, self._task, ready)
            self._look_up(handed_in)
            if handed_in.unseen():
                self.problems.append(f"{one.student} handed in again while the class was graded; grade once more")
                continue
            ready, outcome = self._chosen(handed_in)
            self._write(ready, self._judged.result_of(ready, outcome), outcome)

    def _write(self, ready: Prepared, result: Result, outcome: Outcome | None) -> None:
        if ready.nothing_handed_in:
            self._writing.append(self._writer.submit(self._recorder.settle, ready.student))
        else:
            done = executed(ready.notebook, result, outcome)
            self._writing.append(self._writer.submit(self._recorder.record, replace(ready, job=None), result, done))
        self._written(_AHEAD)

    def _written(self, most: int) -> None:
        """Wait until at most so many results are not written."""
        while len(self._writing) > most:
            try:
                self._writing.pop(0).result()
                self.settled += 1
            except NotRecorded as error:
                self.problems.append(str(error))


def _count(task: Assignment, student: str | None, roster: Roster) -> int:
    if student is not None:
        return 1
    return len({one.name for one in entries(task.submitted)} | set(roster.people))
