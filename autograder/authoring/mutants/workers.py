"""Processes that try mutants: each trial has an end to its time and its memory, and none takes another one with it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import time
import traceback
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path

from autograder.authoring.faults import TRACEBACK, AuthorsFault, told_where_it_is_an_authors
from autograder.authoring.mutants.trial import End, Model, Shown, Trial, faults_of_the_model, try_mutant

__all__ = ["Task", "tried"]

_PATIENCE = 120.0  # seconds of the clock: what swallows every interrupt, or waits, is killed then
_MEMORY = 2 << 30  # bytes of address space that a trial may take beyond what Python and torch have
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

Result = Trial | list[Shown]


@dataclass(frozen=True)
class Task:
    """A cell to try in the place of a model solution; with no ``source``, the model solution itself."""

    model: Model
    source: str = ""


def tried(
    tasks: Iterable[Task], inputs: int, jobs: int = 0, patience: float = _PATIENCE
) -> Iterator[tuple[Task, Result]]:
    """Each task with what became of it, as they come: a `Trial`, of a model solution the list of its faults.

    ``jobs`` processes at a time, one a processor unless told. They come out of a server that has imported torch
    and computed nothing, so one that has to be killed is soon replaced. Raises ``RuntimeError`` where a trial itself
    does not work.
    """
    waiting = deque(tasks)
    with contextlib.ExitStack() as stack:
        workers = [_Worker(inputs) for _ in range(min(jobs or os.cpu_count() or 1, len(waiting)))]
        for one in workers:
            stack.callback(one.stop)
        while waiting or any(one.task for one in workers):
            for one in workers:
                if one.task is None and waiting:
                    one.begin(waiting.popleft(), patience)
            busy = [one for one in workers if one.task is not None]
            ready = wait([one.channel for one in busy], max(0.0, min(one.until for one in busy) - time.monotonic()))
            for one in busy:
                if one.channel in ready or time.monotonic() > one.until:
                    yield one.end(answered=one.channel in ready)


class _Worker:
    """One process, what it is trying, and until when it may."""

    def __init__(self, inputs: int) -> None:
        self._inputs = inputs
        self.task: Task | None = None
        self.until = 0.0
        self.start()

    def start(self) -> None:
        """Fork a process from the server; start that first if there is none."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        self.channel, theirs = context.Pipe()
        with _one_thread():
            self._process = context.Process(target=_serve, args=(theirs, self._inputs), daemon=True)
            self._process.start()
        theirs.close()

    def stop(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.join()
        self.channel.close()

    def begin(self, task: Task, patience: float) -> None:
        """Let the process try ``task``."""
        self.task, self.until = task, time.monotonic() + patience
        self.channel.send(task)

    def end(self, answered: bool) -> tuple[Task, Result]:
        """What became of the task: the process says so, or it is gone, or its time is up and it has to go."""
        task, self.task = self.task, None
        assert task is not None
        if answered:
            with contextlib.suppress(EOFError, ConnectionResetError):
                result: Result | str = self.channel.recv()
                if isinstance(result, str):
                    raise RuntimeError(f"{task.model.exercise} cannot be tried: {result}")
                return task, result
        self.stop()
        self.start()
        if not task.source:
            raise RuntimeError(f"the model solution of {task.model.exercise} ends its process, or never ends")
        return task, Trial(End.NOTICED if answered else End.ENDLESS)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """What is forked from a process of several threads may hang: the server is to have one."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            os.environ.update({} if value is None else {name: value})


def _serve(channel: Connection, inputs: int) -> None:
    """In a process of its own: try what is sent, until nothing more is."""
    limit = _mapped() + _MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while True:
        try:
            task: Task = channel.recv()
        except EOFError:
            return
        try:
            with told_where_it_is_an_authors():
                found = (
                    try_mutant(task.model, task.source, inputs)
                    if task.source
                    else faults_of_the_model(task.model, inputs)
                )
            channel.send(found)
        except AuthorsFault as error:
            channel.send(traceback.format_exc() if os.environ.get(TRACEBACK) == "1" else str(error))
        except Exception as error:
            channel.send(f"{type(error).__name__}: {error}")


def _mapped() -> int:
    """Bytes of address space that this process has."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # another system
        return 4 << 30
