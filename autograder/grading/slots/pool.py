"""Many slots behind ``concurrent.futures``: jobs in, outcomes out as they come, here or on other machines."""

from __future__ import annotations

import atexit
import sys
import threading
from collections.abc import Hashable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

from autograder.grading.slots.job import CellEnd, Job, Outcome, Ran
from autograder.grading.slots.slot import Slot
from autograder.grading.slots.warm import Warm
from autograder.grading.walls import bubblewrap
from autograder.grading.walls.limits import Limits
from autograder.observing.codec import CodecError

__all__ = ["execute_jobs", "local_pool", "run_bytes"]

Key = TypeVar("Key", bound=Hashable)

_SWITCH = 0.0005  # seconds

_own = threading.local()  # every thread of an executor has a slot of its own


def run_bytes(job: bytes, sandboxed: bool = True) -> bytes:
    """Run a job in this thread's slot: the unit of work that other machines are sent, bytes in and bytes out."""
    wanted = Job.from_bytes(job)
    slot: Slot | None = getattr(_own, "slot", None)
    if slot is None or not slot.fits(wanted.limits, sandboxed):
        if slot is not None:
            slot.close()
        slot = _own.slot = Slot(wanted.limits, sandboxed=sandboxed, warm=_started(wanted.limits, sandboxed))
        opened: list[Slot] | None = getattr(_own, "opened", None)
        if opened is None:
            atexit.register(slot.close)
        else:
            opened.append(slot)
    return slot.run(wanted).to_bytes()


def _started(limits: Limits, sandboxed: bool) -> Warm | None:
    """A zygote that was started ahead, if there is one of the kind."""
    try:
        found: Warm = getattr(_own, "started", []).pop()
    except IndexError:
        return None
    if (found.limits.of_the_walls, found.sandboxed) == (limits.of_the_walls, sandboxed):
        return found
    found.close()
    return None


@contextmanager
def local_pool(slots: int, started: Sequence[Warm] = ()) -> Iterator[Executor]:
    """An executor of so many slots on this machine. Its threads only listen; the work is done in the slots' processes.

    ``started`` are zygotes that were started ahead; from here on they are the pool's.
    """
    opened: list[Slot] = []
    left = list(started)

    def begin() -> None:
        _own.opened, _own.started = opened, left

    # A thread that listens to a child should not wait for one that judges or records: Python's own 5 ms are many here.
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH)
    with ThreadPoolExecutor(slots, "slot", initializer=begin) as pool:
        try:
            yield pool
        finally:
            sys.setswitchinterval(before)
            pool.shutdown(cancel_futures=True)
            everyone: list[Slot | Warm] = [*opened, *left]
            for one in everyone:
                one.close()


# What a submission's own data can raise on its way in or out. A sandbox that does not work is none of these: that is not
# the submission's doing, and may not become its grade.
_ODD_DATA = (CodecError, RecursionError, UnicodeError)


def _crashed(job: Job) -> Outcome:
    """The outcome of a submission whose names or outputs cannot be written down: it costs that submission, not the run."""
    return Outcome(tuple(Ran(cell.place, CellEnd.CRASHED) for cell in job.cells))


def execute_jobs(
    jobs: Iterable[tuple[Key, Job]], executor: Executor, *, sandboxed: bool = True, ahead: int = 8
) -> Iterator[tuple[Key, Outcome]]:
    """Run ``jobs`` on ``executor`` and yield each key with its outcome, in the order in which they are done.

    No more than ``ahead`` jobs wait or run at a time, so that memory does not grow with the class. Any
    ``concurrent.futures.Executor`` will do: its workers are sent bytes, and send bytes back.

    Raises `NoSandbox` before anything runs where this machine has none, and what a worker raised when it did so twice: a
    job may be lost with its machine once.
    """
    if sandboxed and isinstance(executor, ThreadPoolExecutor):  # another machine has to see for itself
        bubblewrap.require()
    waiting = iter(jobs)
    running: dict[Future[Any], tuple[Key, Job]] = {}
    again: set[Key] = set()
    try:
        while True:
            taken = list(islice(waiting, ahead - len(running)))
            for key, job in taken:
                try:
                    running[executor.submit(run_bytes, job.to_bytes(), sandboxed)] = key, job
                except _ODD_DATA:
                    yield key, _crashed(job)
            if not running and not taken:
                return
            if not running:
                continue
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                key, job = running.pop(done)
                try:
                    outcome = Outcome.from_bytes(done.result())
                except _ODD_DATA:
                    outcome = _crashed(job)
                except Exception:
                    if key in again:
                        raise
                    again.add(key)
                    running[executor.submit(run_bytes, job.to_bytes(), sandboxed)] = key, job
                    continue
                yield key, outcome
    finally:
        for future in running:
            future.cancel()
