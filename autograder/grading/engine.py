"""The engine as the rest of grading sees it: jobs go in, what was seen of them comes out, on one slot or on many."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module

from autograder.grading.job import Job, Outcome
from autograder.grading.pool import execute_jobs, local_pool
from autograder.grading.sandbox import NoSandbox, require
from autograder.grading.slot import Slot

__all__ = ["Engine", "NoSandbox", "open_engine", "run_one"]

# What runs jobs, each under a name of the caller's. Outcomes come back as they are ready, in any order.
Engine = Callable[[Iterable[tuple[str, Job]]], Iterator[tuple[str, Outcome]]]


def run_one(job: Job, *, sandboxed: bool = True) -> Outcome:
    """Run one job on a slot made for it. Raises `NoSandbox` where there is no sandbox to run it in."""
    if sandboxed:
        require()
    with Slot(job.limits, sandboxed=sandboxed) as slot:
        return slot.run(job)


@contextmanager
def open_engine(slots: int | None = None, cluster: str | None = None, *, sandboxed: bool = True) -> Iterator[Engine]:
    """So many slots on this machine, one a processor by default, or those of the Dask cluster at an address.

    Raises ``RuntimeError`` where Dask is wanted and not installed.
    """
    if cluster is None:
        with local_pool(slots or _processors()) as executor:
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


def _processors() -> int:
    """How many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
