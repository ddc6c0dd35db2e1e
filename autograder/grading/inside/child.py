"""The child: one submission's process. It runs cells and probes as the controller asks, and decides nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch

import autograder
from autograder.grading.inside import shell as shells
from autograder.grading.inside.pristine import pristine
from autograder.grading.inside.shell import Shell
from autograder.grading.inside.sink import Sink
from autograder.grading.wire.cases import unpack
from autograder.grading.wire.frames import Decoder, Frame
from autograder.grading.wire.observations import pack_run
from autograder.observing.exercise import catalogue
from autograder.observing.observe import Interrupted, run
from autograder.observing.world import without_modes

__all__ = ["main"]

Namespace = Mapping[str, Any]
Probe = Callable[[Namespace, Frame, Callable[[bytes], None]], None]


class Later:
    """What ``check`` returns to an ordinary cell while a class is graded: the check cells are decided elsewhere."""

    def __init__(self, exercise: str, answer: Any = None) -> None:
        self._exercise = exercise

    def __repr__(self) -> str:
        return f"{self._exercise}: graded in its own check cell"


def prober() -> Probe:
    """The function that observes an answer and sends what it saw. It holds what it needs, and all of that is as it was
    before the learner's code ran.
    """
    exercises, answer_of, cases_of, observe, pack = dict(catalogue()), _answer, unpack, run, pack_run
    put_back, set_trace, set_profile, stopped = pristine(), sys.settrace, sys.setprofile, Interrupted
    no_modes = without_modes

    def probe(namespace: Namespace, frame: Frame, send: Callable[[bytes], None]) -> None:
        set_trace(None)  # who traces a function may change what its variables hold
        set_profile(None)
        undo = put_back()
        try:
            exercise = exercises[frame.data["exercise"]]
            answer = answer_of(namespace, frame.data["answer"])
            with no_modes():
                try:
                    send(pack(observe(exercise, answer, cases_of(frame.payload, exercise))))
                except stopped as stop:  # where it was: the controller says so in its own words
                    send(pack(stop.run))
                    raise
        finally:
            undo()

    return probe


def _answer(namespace: Namespace, words: str) -> Any:
    """What a check cell names: one answer, or several as ``(one, two)``; ``None`` where one of them is not there."""
    if not words.startswith("("):
        return namespace.get(words)
    names = [name.strip() for name in words.strip("()").split(",") if name.strip()]
    return tuple(namespace[name] for name in names) if all(name in namespace for name in names) else None


def main(channel: socket.socket, shell: Shell, probe: Probe) -> None:
    """Serve the controller at the other end of ``channel`` until it hangs up."""
    frames = _frames(channel)
    start = next(frames)
    most = _limit(start.data["limits"])
    _lay_out(start)
    np.random.seed()  # Python's own generator is seeded anew by fork, these two are not
    torch.default_generator.seed()
    sink = Sink(channel, start.data["limits"]["output"])
    shells.connect(shell, sink)
    autograder.check = Later  # type: ignore[assignment]
    namespace, loop = shell.user_ns, asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    interrupts = _Interrupts(sink)
    for frame in frames:
        sink.open(frame.turn)
        with interrupts:
            if frame.kind == "cell":
                with _memory_of_a_cell(most):
                    how = _cell(shell, frame, loop)
            else:
                how = _check(shell, namespace, frame, probe, sink)
        if not sink.in_its_process:  # the learner's code forked and went on twice: the controller talks to one
            os._exit(0)
        sink.close({"how": how})


def _cell(shell: Shell, frame: Frame, loop: asyncio.AbstractEventLoop) -> str:
    try:
        return _how(shells.run_cell(shell, frame.data["source"], frame.data["count"], loop))
    except BaseException as error:  # an interrupt between two of the cell's own lines
        return _how(error)


def _check(shell: Shell, namespace: Namespace, frame: Frame, probe: Probe, sink: Sink) -> str:
    """Observe an answer. The cell's own source is never run: ``check`` is whatever the learner has made of it."""
    shell.execution_count = frame.data["count"] + 1
    error: BaseException | None = None
    try:
        probe(namespace, frame, sink.observed)
    except BaseException as caught:
        error = caught
    with contextlib.suppress(BaseException):
        shell.events.trigger("post_execute")  # pictures that the answer drew
        if error is not None:
            shell.showtraceback((type(error), error, error.__traceback__))
    return _how(error)


def _how(error: BaseException | None) -> str:
    """One word on how a cell ended."""
    if error is None:
        return "done"
    with contextlib.suppress(Exception):
        if isinstance(error, MemoryError) or "can't allocate memory" in str(error):
            return "memory"
    return "interrupted" if isinstance(error, KeyboardInterrupt | asyncio.CancelledError) else "error"


class _Interrupts:
    """Lets SIGINT interrupt the cell, but never cut a frame in two, and nothing between cells."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._inside = False
        signal.signal(signal.SIGINT, self._come)

    def _come(self, number: int, frame: FrameType | None) -> None:
        if self._inside and self._sink.sending:
            self._sink.interrupted = True
        elif self._inside:
            raise KeyboardInterrupt

    def __enter__(self) -> None:
        signal.signal(signal.SIGINT, self._come)  # the cell before may have put in its own
        self._inside = True

    def __exit__(self, *error: object) -> None:
        self._inside = self._sink.interrupted = False


def _frames(channel: socket.socket) -> Any:
    decoder = Decoder()
    while data := channel.recv(1 << 20):
        yield from decoder.feed(data)


def _lay_out(start: Frame) -> None:
    """Write the assignment's files into the working directory."""
    position = 0
    for name, size in start.data["files"]:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(start.payload[position : position + size])
        position += size
    first = next((place for place, one in enumerate(sys.path) if one.endswith("-packages")), len(sys.path))
    sys.path.insert(first, "")  # where IPython puts the working directory
    sys.argv = ["ipykernel_launcher.py"]


def _limit(limits: Mapping[str, Any]) -> int:
    """Take rights away from this process and all that it will start; says how much address space a cell may fill, 0 for any."""
    mapped = _mapped()
    seconds, size = int(limits["notebook_seconds"]) + 30, limits["file_size"]
    wanted = {"CORE": 0, "FSIZE": size, "CPU": seconds, "MSGQUEUE": 0, "NOFILE": 256}
    if limits["processes"]:
        wanted["NPROC"] = limits["processes"]
    if limits["memory"]:
        wanted["AS"] = limits["memory"] + limits["for_a_check"] + mapped
    for name, value in wanted.items():
        number = getattr(resource, f"RLIMIT_{name}", None)
        if number is None:  # another system knows other limits
            continue
        hard = resource.getrlimit(number)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(number, (value, value))
    return limits["memory"] and limits["memory"] + mapped


@contextlib.contextmanager
def _memory_of_a_cell(most: int) -> Iterator[None]:
    """A cell may take no more than ``most`` bytes: one that takes all there is costs itself, and answers are still observed."""
    number = getattr(resource, "RLIMIT_AS", None)
    if number is None or not most:
        yield
        return
    hard = resource.getrlimit(number)[1]
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(number, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    try:
        yield
    finally:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(number, (hard, hard))


def _mapped() -> int:
    """Bytes of address space that the warm interpreter has, whatever the learner does."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 4 << 30
