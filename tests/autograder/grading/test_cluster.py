"""A class graded on a Dask cluster that loses a worker: the gradebook of one slot, of two, and of plain nbgrader."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from types import ModuleType
from typing import Any

import psutil
import pytest
import torch
from grading_class import BLANK, CHAPTER, PARTLY, PERFECT, gradebook, hand_in
from left_running import still_there
from torch import Tensor

from autograder.authoring import references as record
from autograder.commands import commands_on_path
from autograder.grading import grade as grading
from autograder.grading.grade import GradeResult, grade
from autograder.grading.slots.engine import Engine, open_engine
from autograder.grading.slots.job import Job, Outcome
from autograder.judging.compare import leaves
from autograder.judging.reference import load
from autograder.sample import demo
from autograder.sample.learners import Answer, Submission

LEARNERS = (
    PERFECT,
    PARTLY,
    BLANK,
    Submission(
        "emil", CHAPTER, "wrong", {"linear": Answer("def linear(x, weight, bias=None):\n    return x @ weight", 0)}
    ),
    Submission("hedy", CHAPTER, "crashes", {"relu": Answer("import os\nos._exit(1)", 0)}),
)


@pytest.fixture(scope="session")
def distributed() -> ModuleType:
    """Dask's scheduler and workers. Without them a user's tests are skipped with the reason; under CI they fail."""
    try:
        import distributed as found
    except ImportError:
        reason = "Dask is not installed: pip install distributed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@dataclass(frozen=True)
class Cluster:
    """A scheduler's address, and its workers: their processes by their names."""

    address: str
    workers: Mapping[str, subprocess.Popen[bytes]]


@pytest.fixture
def cluster(distributed: ModuleType, bubblewrap: str, root: Path, tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler and two workers as their own processes, each with one thread and nobody to start it again."""
    at = tmp_path / "scheduler.json"
    with contextlib.ExitStack() as ends:

        def start(command: str, *words: str) -> subprocess.Popen[bytes]:
            called = [sys.executable, "-m", f"distributed.cli.dask_{command}", "--no-dashboard", *words]
            process = subprocess.Popen(called, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            ends.callback(_end, process)
            return process

        start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(at))
        workers = {}
        for name in ("one", "other"):
            own = ("--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path / name))
            workers[name] = start("worker", "--scheduler-file", str(at), "--name", name, *own)
        with distributed.Client(scheduler_file=str(at), timeout=60) as client:
            client.wait_for_workers(2, timeout=60)
            address = client.scheduler.address
        yield Cluster(address, workers)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Killing:
    """Opens the engine that `grade` asks for, and kills a worker at work once the first outcome is there."""

    def __init__(self, cluster: Cluster, distributed: ModuleType) -> None:
        self._cluster, self._distributed = cluster, distributed
        self.lost: list[int] = []  # how many jobs the killed worker had
        self.left: list[psutil.Process] = []  # what ran below it

    @contextlib.contextmanager
    def __call__(self, *words: Any, **more: Any) -> Iterator[Engine]:
        with open_engine(*words, **more) as engine:

            def runs(jobs: Iterable[tuple[str, Job]]) -> Iterator[tuple[str, Outcome]]:
                for number, done in enumerate(engine(jobs)):
                    if number == 0:
                        self._kill()
                    yield done

            yield runs

    def _kill(self) -> None:
        with self._distributed.Client(self._cluster.address) as client:
            names = {address: one["name"] for address, one in client.scheduler_info()["workers"].items()}
            busy = {names[address]: len(jobs) for address, jobs in client.processing().items() if jobs}
        name = min(busy)
        worker = self._cluster.workers[name]
        worker.send_signal(signal.SIGSTOP)  # so that nothing starts while we look
        self.left = psutil.Process(worker.pid).children(recursive=True)
        self.lost.append(busy[name])
        worker.kill()
        worker.wait()


@pytest.fixture
def small_class(course: Path) -> Path:
    hand_in(course, *LEARNERS)
    return course


def on(folder: Path, small_class: Path, **words: Any) -> tuple[GradeResult, Path]:
    """A copy of the class, graded."""
    copytree(small_class, folder)
    return grade(CHAPTER, folder, **words), folder


@pytest.mark.slow
def test_one_slot_two_slots_a_cluster_that_loses_a_worker_and_plain_nbgrader_give_the_same_gradebook(
    small_class: Path, tmp_path: Path, cluster: Cluster, distributed: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, alone = on(tmp_path / "alone", small_class, jobs=1)
    two, pair = on(tmp_path / "pair", small_class, jobs=2)
    killing = Killing(cluster, distributed)
    monkeypatch.setattr(grading, "open_engine", killing)
    three, many = on(tmp_path / "many", small_class, cluster=cluster.address)
    monkeypatch.undo()
    plain = Path(copytree(small_class, tmp_path / "plain"))
    with commands_on_path():
        for learner in LEARNERS:
            assert demo._api(plain).autograde(CHAPTER, learner.learner)["success"]

    assert len(killing.lost) == 1 and killing.lost[0] >= 1, "the worker was not at work when it was killed"
    assert [worker.poll() for worker in cluster.workers.values()].count(None) == 1
    assert still_there(killing.left) == []
    assert [each.executed for each in (one, two, three)] == [len(LEARNERS)] * 3
    assert [each.problems for each in (one, two, three)] == [()] * 3
    assert one.submissions == two.submissions == three.submissions
    expected = gradebook(alone)
    assert {student for student, *_ in expected["grades"]} == {learner.learner for learner in LEARNERS}
    assert gradebook(pair) == expected
    assert gradebook(many) == expected
    assert gradebook(plain) == expected


def test_workers_are_sent_bytes_in_which_nothing_is_that_the_judge_knows(
    small_class: Path, tmp_path: Path, cluster: Cluster, distributed: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = tmp_path / "private"
    record.write(["functional"], b"a seed that nobody else has", private)
    sent: list[tuple[Any, ...]] = []
    submit = distributed.cfexecutor.ClientExecutor.submit

    def spy(self: Any, function: Any, *words: Any, **more: Any) -> Any:
        sent.append((function, *words, *more.values()))
        return submit(self, function, *words, **more)

    monkeypatch.setattr(distributed.cfexecutor.ClientExecutor, "submit", spy)
    result, _ = on(tmp_path / "many", small_class, cluster=cluster.address, reference=private)
    assert result.points()["ada"] == PERFECT.deserves()
    assert len(sent) == len(LEARNERS)
    for function, job, *more in sent:
        assert (function.__module__, function.__name__) == ("autograder.grading.slots.pool", "run_bytes")
        assert isinstance(job, bytes) and more == [True]
        assert secrets(private) and not [name for name, secret in secrets(private).items() if secret in job]


def secrets(folder: Path) -> dict[str, bytes]:
    """What must not be sent: the tensors expected as values that are no input, and the names of cases and misconceptions."""
    from autograder.observing.exercise import exercises_of

    found = {}
    for exercise in exercises_of("functional"):
        reference = load(exercise, folder)
        given = {_bytes(one) for case in reference.cases for one in leaves(dict(case.inputs)).values()}
        for number, seen in enumerate(reference.expected):
            for name, leaf in leaves(seen).items():
                content = _bytes(leaf)
                if len(content) >= 32 and len(set(content)) > 8 and content not in given:
                    found[f"{exercise.id} {number} {name}"] = content
        for known in reference.misconceptions:
            found[f"{exercise.id}: {known.name}"] = known.says.encode()
    return found


def _bytes(leaf: Any) -> bytes:
    # NumPy knows no bfloat16, but bytes.
    return leaf.detach().flatten().contiguous().view(torch.uint8).numpy().tobytes() if isinstance(leaf, Tensor) else b""
