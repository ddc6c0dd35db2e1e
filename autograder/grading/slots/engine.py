"""The engine as the rest of grading sees it: jobs go in, what was seen of them comes out, on one slot or on many."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module

from autograder.grading.slots.job import Job, Outcome
from autograder.grading.slots.pool import execute_jobs, local_pool
from autograder.grading.slots.slot import Slot
from autograder.grading.slots.warm import Warm, processors
from autograder.grading.walls.bubblewrap import NoSandbox, require

__all__ = ["Engine", "NoSandbox", "open_engine", "run_one"]

# What runs jobs, each under a name of the caller's. Outcomes come back as they are ready, in any order.
Engine = Callable[[Iterable[tuple[str, Job]]], Iterator[tuple[str, Outcome]]]


class _Kept:
    """A slot that stays open for a while after each job: who grades one submission after the other starts it once."""

    def __init__(self) -> None:
        self._alone = threading.Lock()
        self._slot: Slot | None = None
        self._closing: threading.Timer | None = None

    def run(self, job: Job, sandboxed: bool) -> Outcome:
        with self._alone:
            if self._closing is not None:
                self._closing.cancel()
            if self._slot is None or not self._slot.fits(job.limits, sandboxed):
                self._close()
                self._slot = Slot(job.limits, sandboxed=sandboxed)
            try:
                return self._slot.run(job)
            finally:
                self._closing = threading.Timer(_IDLE, self.close)
                self._closing.daemon = True
                self._closing.start()

    def close(self) -> None:
        with self._alone:
            self._close()

    def _close(self) -> None:
        if self._slot is not None:
            self._slot.close()
            self._slot = None


_IDLE = 60.0  # seconds without a job after which a kept slot gives its memory back
_kept = _Kept()
atexit.register(_kept.close)


def run_one(job: Job, *, sandboxed: bool = True) -> Outcome:
    """Run one job, on the slot of the one before where that is still open.

    Raises `NoSandbox` where there is no sandbox to run it in.
    """
    if sandboxed:
        require()
    return _kept.run(job, sandboxed)


@contextmanager
def open_engine(
    slots: int | None = None, cluster: str | None = None, *, sandboxed: bool = True, started: Sequence[Warm] = ()
) -> Iterator[Engine]:
    """So many slots on this machine, one a processor by default, or those of the Dask cluster at an address.

    ``started`` are zygotes that were started ahead (`autograder.grading.slots.ahead`).

    Raises ``RuntimeError`` where Dask is wanted and not installed.
    """
    if cluster is None:
        with local_pool(slots or processors(), started) as executor:
            yield partial(execute_jobs, executor=executor, sandboxed=sandboxed)
        return
    try:
        distributed = import_module("distributed")
    except ImportError:
        raise RuntimeError(
            "a cluster needs Dask, which is not installed: pip install distributed, here and where its workers run"
        ) from None
    with distributed.Client(cluster) as client:
        executor = client.get_executor(pure=False)
        yield partial(
            execute_jobs, executor=executor, sandboxed=sandboxed, ahead=4 * max(1, sum(client.ncores().values()))
        )
