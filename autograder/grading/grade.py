"""Grading a class: what is there is prepared, what was never seen is run, all is judged, and what is new is recorded."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from autograder.commands import commands_on_path
from autograder.grading.records.changes import Change
from autograder.grading.records.classroom import Classroom, Settings, open_classroom
from autograder.grading.records.full_disk import DiskFull, disk_said, is_full
from autograder.grading.records.record import Recorder
from autograder.grading.records.recorded import held_of
from autograder.grading.records.roster import Roster
from autograder.grading.records.total import Held, Total, json_of, with_total
from autograder.grading.records.waiting import GradebookLocked, alone
from autograder.grading.run import ClassRun
from autograder.grading.saying import bar_on, quietly, teller
from autograder.grading.slots import leftovers
from autograder.grading.slots.engine import Engine, open_engine
from autograder.grading.slots.job import Limits
from autograder.grading.slots.warm import Warm
from autograder.grading.submissions.state import State
from autograder.grading.submissions.verdicts import Result
from autograder.grading.table import clean
from autograder.judging.reference import PUBLIC
from course.chapters import find_chapter

__all__ = ["GradeResult", "grade"]


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
            with_total(
                json_of(one),
                self.held.get(one.student, self.ungraded),
                again=one.student in self.again and one.state is not State.MISSING,
            )
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
    submissions without a sandbox. ``limits`` and ``engine`` take the place of the class's and of ours. ``started`` are zygotes that
    were started ahead; ``console`` shows progress.

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
    run: ClassRun | None = None
    try:
        waits = nullcontext() if dry_run else alone(room.results, tell)
        with commands_on_path(), quietly(), waits, opened as runs:
            settings = Settings(folder, limits)
            task = room.assignment(name, settings=settings)
            said = _reference_said(room, name, settings)
            if console is not None:
                console.print(f"{name}: answers are compared with {said}", highlight=False)
            recorder = Recorder(room, config, task, tell, writes=not dry_run)
            if not dry_run:
                room.keep_settings(name, settings)
                room.store.sweep()
                leftovers.sweep()
            with bar_on(console) as bar, ClassRun(room, task, student, recorder, bar, writes=not dry_run) as run:
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
    """Which scores change with no change in the work, in lines; and which change where nobody knows of the work."""
    will, lines = "would change" if dry_run else "will change", []
    for of_work, same_work in (
        ("although the work did not", True),
        ("although no change in the work is on record", False),
    ):
        those = [one for one in changes if one.same_work is same_work]
        if those:
            lines += [f"{len(those)} score{'' if len(those) == 1 else 's'} {will} {of_work}:"]
            lines += [f"  {clean(one.said)}" for one in those]
    return "\n".join(lines)


def _how_far(run: ClassRun | None) -> str:
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
