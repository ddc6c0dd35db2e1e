"""One run over a class: what has to be run is handed out, what came of it is kept and judged, and recorded meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from rich.progress import Progress

from autograder.grading.records import hand_ins
from autograder.grading.records.changes import Change
from autograder.grading.records.classroom import Classroom
from autograder.grading.records.judged import Judged
from autograder.grading.records.record import NotRecorded, Recorder
from autograder.grading.records.roster import Roster
from autograder.grading.records.total import Held
from autograder.grading.slots.job import Job, Outcome
from autograder.grading.submissions.as_run import executed
from autograder.grading.submissions.learners import entries
from autograder.grading.submissions.prepare import Assignment, Prepared, prepare_all
from autograder.grading.submissions.state import State
from autograder.grading.submissions.verdicts import Result

__all__ = ["ClassRun"]

_AHEAD = 8  # results that may wait for the writer


class ClassRun:
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

    def __enter__(self) -> ClassRun:
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
            done = partial(executed, ready.notebook, result, outcome)
            seen = outcome.mark if outcome is not None else ""
            self._writing.append(
                self._writer.submit(self._recorder.record, replace(ready, job=None), result, seen, done)
            )
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
