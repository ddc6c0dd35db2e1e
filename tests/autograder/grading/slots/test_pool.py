"""Many submissions on many slots: every one is answered, whatever its neighbours do, and few wait at a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, Future

import pytest
from running import job_of, points, text

from autograder.grading.slots.job import CellEnd, Job, Limits, Outcome
from autograder.grading.slots.pool import execute_jobs, local_pool, run_bytes

LIMITS = Limits(cell_seconds=5, notebook_seconds=60)
RIGHT = "relu = lambda x: x.clamp(min=0)"


def test_two_slots_answer_a_class_with_bad_submissions_in_it(bubblewrap: str) -> None:
    jobs = {
        f"student {number}": job_of(f"n = {number}", RIGHT, "check: relu", "n", limits=LIMITS) for number in range(6)
    }
    jobs |= {
        "endless": job_of("while True: pass", RIGHT, "check: relu", limits=LIMITS),
        "crashing": job_of("import os; os._exit(1)", RIGHT, "check: relu", limits=LIMITS),
    }
    with local_pool(2) as pool:
        outcomes = dict(execute_jobs(jobs.items(), pool))
    assert outcomes.keys() == jobs.keys()
    for name, outcome in outcomes.items():
        assert points(jobs[name], outcome) == {"relu": 2.0}
    assert [text(outcomes[f"student {number}"].cells[3]) for number in range(6)] == [str(number) for number in range(6)]
    assert outcomes["endless"].cells[0].end == CellEnd.TIMED_OUT
    assert outcomes["crashing"].cells[0].end == CellEnd.CRASHED


class Counting(Executor):
    """Runs nothing, and answers once asked to."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.waiting: list[Future[bytes]] = []

    def submit(self, fn: object, /, *args: object, **more: object) -> Future[bytes]:  # type: ignore[override]
        assert fn is run_bytes and isinstance(args[0], bytes)
        self.sent.append(args[0])
        future: Future[bytes] = Future()
        future.set_result(Outcome((), seconds=float(len(self.sent))).to_bytes())
        self.waiting.append(future)
        return future


def test_any_executor_is_sent_bytes_and_no_more_than_may_wait() -> None:
    drawn: list[int] = []

    def jobs() -> Iterator[tuple[int, Job]]:
        for number in range(20):
            drawn.append(number)
            yield number, Job("functional", (), {})

    executor = Counting()
    outcomes = execute_jobs(jobs(), executor, ahead=3)
    next(outcomes)
    assert len(drawn) == len(executor.sent) == 3
    assert len(list(outcomes)) == 19
    assert Job.from_bytes(executor.sent[0]) == Job("functional", (), {})


def test_what_a_worker_raises_is_raised(bubblewrap: str) -> None:
    with local_pool(1) as pool:
        bad = Job("functional", job_of("check: relu").cells, {})
        with pytest.raises(ValueError, match="no cases for relu"):
            list(execute_jobs([("student", bad)], pool))


def test_no_jobs_start_nothing() -> None:
    executor = Counting()
    assert list(execute_jobs([], executor)) == []
    assert executor.sent == []


class Losing(Counting):
    """Loses the worker that runs the first job, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.left = times

    def submit(self, fn: object, /, *args: object, **more: object) -> Future[bytes]:
        future = super().submit(fn, *args, **more)
        if self.left:
            self.left -= 1
            future = Future()
            future.set_exception(BrokenExecutor("the worker is gone"))
        return future


def test_a_job_that_is_lost_with_its_worker_is_run_again_once() -> None:
    jobs = [("student", Job("functional", (), {}))]
    assert [key for key, _ in execute_jobs(jobs, Losing(1))] == ["student"]
    with pytest.raises(BrokenExecutor, match="gone"):
        list(execute_jobs(jobs, Losing(2)))
