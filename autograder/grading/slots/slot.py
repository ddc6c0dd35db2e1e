"""One slot of the grading engine: takes one submission after the other, and says what was seen of each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType

from autograder.grading.slots.conversation import Child
from autograder.grading.slots.job import Cell, CellEnd, Job, Limits, Outcome, Ran
from autograder.grading.slots.outputs import Collector
from autograder.grading.slots.warm import SlotError, Warm
from autograder.grading.wire.later import mentioned

__all__ = ["Slot", "SlotError"]


class Slot:
    """One zygote and its children, one at a time.

    ``limits`` sizes the sandbox; each job brings its own for running. With ``sandboxed=False`` the submissions run
    with the rights of whoever grades, on their word that they are trusted. ``warm`` is a zygote started before.

    Raises `NoSandbox` on entering where bubblewrap is missing.
    """

    def __init__(self, limits: Limits | None = None, *, sandboxed: bool = True, warm: Warm | None = None) -> None:
        self.limits = limits or Limits()
        self.sandboxed = sandboxed
        self._warm = warm

    def __enter__(self) -> Slot:
        self.warm()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def fits(self, limits: Limits, sandboxed: bool) -> bool:
        """Whether it is of the kind that is wanted."""
        return (self.limits.of_the_walls, self.sandboxed) == (limits.of_the_walls, sandboxed)

    def close(self) -> None:
        """End the zygote. The next `run` starts another."""
        if self._warm is not None:
            self._warm.close()
            self._warm = None

    def warm(self) -> Warm:
        """The running zygote, started if there is none."""
        if self._warm is None:
            self._warm = Warm(self.limits, sandboxed=self.sandboxed)
        warm, self._warm = self._warm, None  # one that does not come up is none
        try:
            warm.ready()
        except SlotError:  # on a machine that is busy it may have taken too long: once more
            warm = Warm(self.limits, sandboxed=self.sandboxed)
            warm.ready()
        self._warm = warm
        return warm

    def run(self, job: Job) -> Outcome:
        """Run a submission. Whatever it does, there is an `Outcome`, with one `Ran` for every cell of the job.

        Raises ``ValueError`` for a check cell whose cases the job does not hold, and `SlotError` where the sandbox
        itself does not work.
        """
        missing = {cell.checks for cell in job.cells if cell.checks} - set(job.cases)
        if missing:
            raise ValueError(f"the job holds no cases for {', '.join(sorted(missing))}")
        self.warm().imports(_mentioned(job))  # before the submission's time begins
        return _Submission(self, job).run()


class _Submission:
    """A job under way: what was seen so far, and which cells are not run again."""

    def __init__(self, slot: Slot, job: Job) -> None:
        self._slot, self._job = slot, job
        self._start = time.monotonic()
        self._until = self._start + job.limits.notebook_seconds
        self._outputs = Collector(job.limits.output)
        self._ran: list[Ran] = []
        self._guilty: set[int] = set()
        self._peak = 0
        self._gone = 0  # sandboxes that ended while no cell of this job was running
        self._under_way = False
        # Blank cells count for nothing, neither in stock execution nor here.
        self._counts = {cell.place: count for count, cell in enumerate(filter(_runs, job.cells), 1)}

    def run(self) -> Outcome:
        while len(self._ran) < len(self._job.cells) and time.monotonic() < self._until:
            try:
                with self._child() as child:
                    if self._catch_up(child):
                        self._go_on(child)
            except SlotError:  # the cell under way was its end, or it was none of the submission's doing: once may be
                self._slot.close()
                self._gone += not self._under_way
                if self._gone > 1:
                    raise
            self._under_way = False
        self._ran += [Ran(cell.place, CellEnd.NOT_RUN) for cell in self._job.cells[len(self._ran) :]]
        cells = tuple(replace(one, outputs=self._outputs.of(one.place)) for one in self._ran)
        return Outcome(cells, time.monotonic() - self._start, self._peak)

    @contextmanager
    def _child(self) -> Iterator[Child]:
        """A fresh child; afterwards nothing of it is left, and a sandbox that cannot be wiped is thrown away."""
        warm = self._slot.warm().imports(_mentioned(self._job))
        channel = warm.fork(self._job.limits)
        try:
            yield Child(warm, channel, self._job, self._slot.sandboxed)
        finally:
            clean, peak = warm.end()  # before the channel is closed: the child would leave, and not be measured
            channel.close()
            self._peak = max(self._peak, peak)
            if not clean:
                self._slot.close()

    def _catch_up(self, child: Child) -> bool:
        """Run the cells before this one again, for the state that they leave: not those that were the end of a child,
        and no check cells. Whether the child is still there.
        """
        unseen = Collector(self._job.limits.output)
        for cell in self._job.cells[: len(self._ran)]:
            if cell.place in self._guilty or cell.checks or not _runs(cell):
                continue
            unseen.start(cell.place)
            self._guilty.add(cell.place)  # until it has shown that it is not
            self._under_way = True
            ended = child.turn(cell, self._counts[cell.place], unseen, self._until)
            self._under_way = False
            if ended.end in (CellEnd.DONE, CellEnd.ERROR):
                self._guilty.remove(cell.place)
            if not ended.alive:
                return False
        return True

    def _go_on(self, child: Child) -> None:
        for cell in self._job.cells[len(self._ran) :]:
            if not _runs(cell):
                self._ran.append(Ran(cell.place, CellEnd.DONE))
                continue
            if time.monotonic() >= self._until:
                return
            count = self._counts[cell.place]
            self._outputs.start(cell.place)
            self._ran.append(Ran(cell.place, CellEnd.CRASHED, count=count))  # so it stays where the sandbox itself ends
            self._guilty.add(cell.place)
            self._under_way = True
            ended = child.turn(cell, count, self._outputs, self._until)
            self._under_way = False
            self._ran[-1] = Ran(cell.place, ended.end, count=count, run=ended.run)
            if ended.end in (CellEnd.DONE, CellEnd.ERROR):
                self._guilty.remove(cell.place)
            if not ended.alive:
                return


def _mentioned(job: Job) -> tuple[str, ...]:
    return mentioned(cell.source for cell in job.cells)


def _runs(cell: Cell) -> bool:
    return bool(cell.checks or cell.source.strip())
