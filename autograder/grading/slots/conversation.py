"""The controller's side of one child: cells out, frames in. Every word of it is checked, and none believed out of turn.

`Child` reads a stranger's bytes: whatever comes, a turn ends with an `Ended`, within the time that the cell has, and no more is
read than the outputs and observations of an honest notebook could be.
"""

from __future__ import annotations

import os
import platform
import select
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from autograder.grading.slots.job import Cell, CellEnd, Job
from autograder.grading.slots.outputs import Collector
from autograder.grading.slots.warm import Warm
from autograder.grading.walls.limits import FOR_A_CHECK
from autograder.grading.wire.frames import Decoder, Frame, FrameError, encode
from autograder.grading.wire.observations import RUN_LIMIT, unpack_run
from autograder.observing.codec import from_bytes
from autograder.observing.observe import Run

__all__ = ["Child", "Ended"]

_GRACE = 5.0  # seconds that an interrupted cell has for cleaning up, and for its traceback
_SLACK = 64 << 20  # bytes of frames beyond the outputs that a child may send: observations, wrapping
_ENDS = {"done": CellEnd.DONE, "error": CellEnd.ERROR, "memory": CellEnd.OUT_OF_MEMORY, "interrupted": CellEnd.ERROR}
_OUT_OF_TIME = -24  # SIGXCPU: the process has used up its processor time


@dataclass(frozen=True)
class Ended:
    """How a turn ended: for the cell, and whether the child is there for another. One that is not has to be killed."""

    end: CellEnd
    alive: bool
    run: Run | None = None


class Child:
    """A child and its channel. ``turn`` by ``turn`` it is asked for one cell; after the turn in which it goes, for no more."""

    def __init__(self, warm: Warm, channel: socket.socket, job: Job, sandboxed: bool) -> None:
        self._warm, self._channel, self._job = warm, channel, job
        self._decoder = Decoder(2 * job.limits.output + (1 << 16), RUN_LIMIT)
        self._turn = 0
        self._closed = False  # a closed channel is always readable, and says nothing
        limits = {
            "memory": job.limits.memory,
            "for_a_check": FOR_A_CHECK,
            # One more for the zygote. Without a sandbox all of the user's processes would count.
            "processes": job.limits.processes + 1 if sandboxed and _counts_by_namespace() else 0,
            "file_size": job.limits.file_size,
            "output": job.limits.output,
            "notebook_seconds": job.limits.notebook_seconds,
        }
        files = [[name, len(content)] for name, content in job.files.items()]
        self._first = encode(Frame("start", 0, {"limits": limits, "files": files}, b"".join(job.files.values())))

    def turn(self, cell: Cell, count: int, outputs: Collector, until: float) -> Ended:
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
                return Ended(CellEnd.TIMED_OUT, False)
            return self._listen(listening, limit)
        except FrameError:
            return Ended(CellEnd.CRASHED, False)

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

    def _listen(self, listening: _Listening, limit: float) -> Ended:
        interrupted = False
        while True:
            left = limit - time.monotonic()
            if left <= 0:
                if interrupted:
                    return Ended(CellEnd.TIMED_OUT, False)
                self._warm.interrupt()
                interrupted, limit = True, time.monotonic() + _GRACE
                continue
            asked = [self._warm.control] if self._closed else [self._channel, self._warm.control]
            ready = select.select(asked, [], [], left)[0]
            if self._channel in ready:
                how = self._read(listening)
                if how == "":  # it has closed its own channel
                    return Ended(CellEnd.TIMED_OUT if interrupted else CellEnd.CRASHED, False)
                if how is not None:
                    end = CellEnd.TIMED_OUT if interrupted else _ENDS[how]
                    return Ended(end, True, listening.run)
            elif self._warm.control in ready:  # only once the channel is read empty
                for said in self._warm.heard():
                    if said["say"] == "gone":
                        return Ended(_end_of(said, interrupted, self._warm.ran_out()), False)

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
            if frame.turn < self._turn or (how is not None and frame.turn == self._turn):
                continue  # late words of a turn that has ended change nothing, and are no fault of the cell after
            how = listening.take(frame) or how
        if self._decoder.read > 2 * self._job.limits.output + _SLACK:
            raise FrameError("more output than can be")
        return how

    def _is_gone(self) -> bool:
        """Whether the process has ended, now that its channel is closed: then the zygote says so soon."""
        self._closed = True
        return bool(select.select([self._warm.control], [], [], _GRACE)[0])


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


def _end_of(said: Mapping[str, Any], interrupted: bool, ran_out: bool) -> CellEnd:
    """How a cell ended whose process is gone."""
    if said["reason"] == "memory" or ran_out:
        return CellEnd.OUT_OF_MEMORY
    return CellEnd.TIMED_OUT if interrupted or said["code"] == _OUT_OF_TIME else CellEnd.CRASHED


@lru_cache(maxsize=64)
def _cases_in(data: bytes) -> int:
    return len(from_bytes(data))


@lru_cache(maxsize=1)
def _counts_by_namespace() -> bool:
    """Whether this kernel counts the processes of a user inside a sandbox alone (Linux 5.14), or root makes its own."""
    numbers = [int(part) for part in platform.release().split("-")[0].split(".")[:2] if part.isdecimal()]
    return os.getuid() == 0 or tuple(numbers) >= (5, 14)
