"""One slot of the grading engine: takes one submission after the other, and says what was seen of each."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from types import TracebackType
from typing import Any

from autograder.codec import from_bytes
from autograder.grading.frames import Decoder, Frame, FrameError, encode
from autograder.grading.job import Cell, CellEnd, Job, Limits, Outcome, Ran
from autograder.grading.observations import RUN_LIMIT, unpack_run
from autograder.grading.outputs import Collector
from autograder.grading.warm import SlotError, Warm
from autograder.observe import Run

__all__ = ["Slot", "SlotError"]

_GRACE = 2.0  # seconds that an interrupted cell has for cleaning up
_SLACK = 64 << 20  # bytes of frames beyond the outputs that a child may send: observations, wrapping
_ENDS = {"done": CellEnd.DONE, "error": CellEnd.ERROR, "memory": CellEnd.OUT_OF_MEMORY, "interrupted": CellEnd.ERROR}


class Slot:
    """One zygote and its children, one at a time.

    ``limits`` sizes the sandbox; each job brings its own for running. With ``sandboxed=False`` the submissions run
    with the rights of whoever grades, on their word that they are trusted.

    Raises `NoSandbox` on entering where bubblewrap is missing.
    """

    def __init__(self, limits: Limits | None = None, *, sandboxed: bool = True) -> None:
        self.limits = limits or Limits()
        self.sandboxed = sandboxed
        self._warm: Warm | None = None

    def __enter__(self) -> Slot:
        self.warm()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the zygote. The next `run` starts another."""
        if self._warm is not None:
            self._warm.close()
            self._warm = None

    def warm(self) -> Warm:
        """The running zygote, started if there is none."""
        if self._warm is None:
            self._warm = Warm(self.limits, sandboxed=self.sandboxed)
        return self._warm

    def run(self, job: Job) -> Outcome:
        """Run a submission. Whatever it does, there is an `Outcome`, with one `Ran` for every cell of the job.

        Raises ``ValueError`` for a check cell whose cases the job does not hold, and `SlotError` where the sandbox
        itself does not work.
        """
        missing = {cell.checks for cell in job.cells if cell.checks} - set(job.cases)
        if missing:
            raise ValueError(f"the job holds no cases for {', '.join(sorted(missing))}")
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
        self._gone = 0  # sandboxes that ended during this job
        # Blank cells count for nothing, neither in stock execution nor here.
        self._counts = {cell.place: count for count, cell in enumerate(filter(_runs, job.cells), 1)}

    def run(self) -> Outcome:
        while len(self._ran) < len(self._job.cells) and time.monotonic() < self._until:
            try:
                with self._child() as child:
                    if self._catch_up(child):
                        self._go_on(child)
            except SlotError:
                self._slot.close()
                self._gone += 1
                if self._gone > 2:
                    raise
        self._ran += [Ran(cell.place, CellEnd.NOT_RUN) for cell in self._job.cells[len(self._ran) :]]
        cells = tuple(replace(one, outputs=self._outputs.of(one.place)) for one in self._ran)
        return Outcome(cells, time.monotonic() - self._start, self._peak)

    @contextmanager
    def _child(self) -> Iterator[_Child]:
        """A fresh child; afterwards nothing of it is left, and a sandbox that cannot be wiped is thrown away."""
        warm = self._slot.warm()
        channel = warm.fork(self._job.limits)
        try:
            yield _Child(warm, channel, self._job, self._slot.sandboxed)
        finally:
            clean, peak = warm.end()  # before the channel is closed: the child would leave, and not be measured
            channel.close()
            self._peak = max(self._peak, peak)
            if not clean:
                self._slot.close()

    def _catch_up(self, child: _Child) -> bool:
        """Run the cells before this one again, for the state that they leave: not those that were the end of a child,
        and no check cells. Whether the child is still there.
        """
        unseen = Collector(self._job.limits.output)
        for cell in self._job.cells[: len(self._ran)]:
            if cell.place in self._guilty or cell.checks or not _runs(cell):
                continue
            unseen.start(cell.place)
            ended = child.turn(cell, self._counts[cell.place], unseen, self._until)
            if ended.end not in (CellEnd.DONE, CellEnd.ERROR):
                self._guilty.add(cell.place)
            if not ended.alive:
                return False
        return True

    def _go_on(self, child: _Child) -> None:
        for cell in self._job.cells[len(self._ran) :]:
            if not _runs(cell):
                self._ran.append(Ran(cell.place, CellEnd.DONE))
                continue
            if time.monotonic() >= self._until:
                return
            count = self._counts[cell.place]
            self._outputs.start(cell.place)
            ended = child.turn(cell, count, self._outputs, self._until)
            self._ran.append(Ran(cell.place, ended.end, count=count, run=ended.run))
            if ended.end not in (CellEnd.DONE, CellEnd.ERROR):
                self._guilty.add(cell.place)
            if not ended.alive:
                return


def _runs(cell: Cell) -> bool:
    return bool(cell.checks or cell.source.strip())


@dataclass(frozen=True)
class _Ended:
    """How a turn ended: for the cell, and whether the child is there for another."""

    end: CellEnd
    alive: bool
    run: Run | None = None


class _Child:
    """One child and its channel. Every word of it is checked, and none is believed that comes out of turn."""

    def __init__(self, warm: Warm, channel: socket.socket, job: Job, sandboxed: bool) -> None:
        self._warm, self._channel, self._job = warm, channel, job
        self._decoder = Decoder(2 * job.limits.output + (1 << 16), RUN_LIMIT)
        self._turn = 0
        self._closed = False  # a closed channel is always readable, and says nothing
        limits = {
            "memory": job.limits.memory,
            # One more for the zygote. Without a sandbox all of the user's processes would count.
            "processes": job.limits.processes + 1 if sandboxed and _counts_by_namespace() else 0,
            "file_size": job.limits.file_size,
            "output": job.limits.output,
            "notebook_seconds": job.limits.notebook_seconds,
        }
        files = [[name, len(content)] for name, content in job.files.items()]
        self._first = encode(Frame("start", 0, {"limits": limits, "files": files}, b"".join(job.files.values())))

    def turn(self, cell: Cell, count: int, outputs: Collector, until: float) -> _Ended:
        """Run ``cell`` and listen until it has ended, one way or another."""
        self._turn += 1
        limit = min(time.monotonic() + self._job.limits.cell_seconds, until)
        if cell.checks:
            data: dict[str, Any] = {"exercise": cell.checks, "answer": cell.answer, "count": count}
            frame = Frame("check", self._turn, data, self._job.cases[cell.checks])
        else:
            frame = Frame("cell", self._turn, {"source": cell.source, "count": count})
        first, self._first = self._first, b""
        listening = _Listening(self._turn, outputs, _cases_in(frame.payload) if cell.checks else None)
        try:
            if not self._say(first + encode(frame), limit):
                return self._kill(CellEnd.TIMED_OUT)
            return self._listen(listening, limit)
        except FrameError:
            return self._kill(CellEnd.CRASHED)

    def _say(self, data: bytes, limit: float) -> bool:
        """Send ``data``; whether the child took it in time. One that is gone is found out by listening."""
        self._channel.settimeout(max(0.1, limit - time.monotonic()))
        try:
            self._channel.sendall(data)
        except TimeoutError:
            return False
        except OSError:
            pass
        return True

    def _listen(self, listening: _Listening, limit: float) -> _Ended:
        interrupted = False
        while True:
            left = limit - time.monotonic()
            if left <= 0:
                if interrupted:
                    return self._kill(CellEnd.TIMED_OUT)
                self._warm.interrupt()
                interrupted, limit = True, time.monotonic() + _GRACE
                continue
            asked = [self._warm.control] if self._closed else [self._channel, self._warm.control]
            ready = select.select(asked, [], [], left)[0]
            if self._channel in ready:
                how = self._read(listening)
                if how == "":
                    return self._kill(CellEnd.CRASHED)  # it has closed its own channel
                if how is not None:
                    end = CellEnd.TIMED_OUT if interrupted else _ENDS[how]
                    return _Ended(end, True, None if interrupted else listening.run)
            elif self._warm.control in ready:  # only once the channel is read empty
                for said in self._warm.heard():
                    if said["say"] == "gone":
                        return _Ended(_end_of(said, interrupted), False)

    def _read(self, listening: _Listening) -> str | None:
        """Take what has come: the word on how the cell ended, ``""`` when the channel is closed, ``None``: go on."""
        try:
            data = self._channel.recv(1 << 18)
        except ConnectionResetError:
            data = b""
        if not data:
            return None if self._is_gone() else ""
        how = None
        for frame in self._decoder.feed(data):
            if how is not None:
                raise FrameError("a frame after the end of its turn")
            how = listening.take(frame)
        if self._decoder.read > 2 * self._job.limits.output + _SLACK:
            raise FrameError("more output than can be")
        return how

    def _is_gone(self) -> bool:
        """Whether the process has ended, now that its channel is closed: then the zygote says so soon."""
        self._closed = True
        return bool(select.select([self._warm.control], [], [], _GRACE)[0])

    def _kill(self, end: CellEnd) -> _Ended:
        return _Ended(end, False)


class _Listening:
    """What a child says in one turn."""

    def __init__(self, turn: int, outputs: Collector, cases: int | None) -> None:
        self._turn, self._outputs, self._cases = turn, outputs, cases
        self.run: Run | None = None

    def take(self, frame: Frame) -> str | None:
        """Take one frame; how the cell ended, if this is the last of its turn. Raises `FrameError`."""
        if frame.turn != self._turn:
            raise FrameError(f"a frame of turn {frame.turn} in turn {self._turn}")
        match frame.kind, frame.data:
            case "output", words:
                self._outputs.take(words)
            case "run", _ if self._cases is not None and self.run is None:
                self.run = unpack_run(frame.payload, self._cases)
            case "end", {"how": str(how)} if how in _ENDS:
                return how
            case _:
                raise FrameError(f"a frame {frame.kind[:20]!r} that was not asked for")
        return None


def _end_of(said: Any, interrupted: bool) -> CellEnd:
    """How a cell ended whose process is gone."""
    if said["reason"] == "memory":
        return CellEnd.OUT_OF_MEMORY
    return CellEnd.TIMED_OUT if interrupted or said["code"] in _TIME_SIGNALS else CellEnd.CRASHED


_TIME_SIGNALS = (-24,)  # SIGXCPU: all of its processor time is used up


@lru_cache(maxsize=64)
def _cases_in(data: bytes) -> int:
    return len(from_bytes(data))


@lru_cache(maxsize=1)
def _counts_by_namespace() -> bool:
    """Whether this kernel counts the processes of a user inside a sandbox alone (Linux 5.14), or root makes its own."""
    import os
    import platform

    numbers = [int(part) for part in platform.release().split("-")[0].split(".")[:2] if part.isdecimal()]
    return os.getuid() == 0 or tuple(numbers) >= (5, 14)
