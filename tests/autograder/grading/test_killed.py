"""``python -m autograder grade`` killed at 20 moments, ``--watch`` too: started again it ends as if nothing had happened."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from grading_class import gradebook
from left_running import still_there

from autograder.commands import commands_on_path
from autograder.sample import demo
from autograder.sample.learners import SAMPLE_CLASS, Answer, Submission

CHAPTER = "02_views_and_copies"
KILLS = 20
LEARNERS = (
    *(one for one in SAMPLE_CLASS if one.chapter == CHAPTER),
    Submission("blanche", CHAPTER, "blank", rest="STUB"),
    Submission("hedy", CHAPTER, "crashes", {"is_contiguous": Answer("import os\nos._exit(1)", 0)}, rest="STUB"),
    Submission("noether", CHAPTER, "one answer", {"is_contiguous": Answer("is_contiguous = 3", 0)}, rest="STUB"),
)


@pytest.fixture
def small_class(root: Path, tmp_path: Path) -> Path:
    """Chapter 02, released, and six notebooks, no two the same."""
    folder = demo.prepare(root, tmp_path / "class")
    with commands_on_path():
        demo.release(folder, CHAPTER)
    for one in LEARNERS:
        demo.hand_in(folder, one)
    return folder


def start(folder: Path, how: str = "--json") -> subprocess.Popen[bytes]:
    called = [sys.executable, "-m", "autograder", "grade", CHAPTER, "--jobs", "1", how]
    log = (folder / "grade.log").open("wb")
    with log:
        return subprocess.Popen(called, cwd=folder, stdout=log, stderr=subprocess.STDOUT)


def kill(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """SIGKILL, and all that ran below it just then."""
    process.send_signal(signal.SIGSTOP)  # so that nothing starts while we look
    below = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    return below


def finish(folder: Path) -> None:
    process = start(folder)
    assert process.wait(120) == 0, (folder / "grade.log").read_text()


def done(folder: Path) -> int:
    """How many steps are behind us: notebooks seen, and results recorded."""
    results = folder / "classroom" / "results"
    return len(list(results.glob("seen/??/*.outcome"))) + len(list(results.glob("recorded/*/*.json")))


@dataclass(frozen=True)
class ByTheClock:
    """So many seconds from the start of a run."""

    seconds: float

    def comes(self, folder: Path, process: subprocess.Popen[bytes]) -> bool:
        """Wait for it; whether the run is still under way then."""
        return not _ends_within(process, self.seconds)

    def sooner(self) -> Moment:
        """For a run that was over before it came: a class half done, or this time a quicker machine."""
        return ByTheClock(0.7 * self.seconds)


@dataclass(frozen=True)
class ByTheWork:
    """So many steps of work further on, and a moment more."""

    steps: int
    more: float

    def comes(self, folder: Path, process: subprocess.Popen[bytes]) -> bool:
        """Wait for it; whether the run is still under way then."""
        before = done(folder)
        while done(folder) < before + self.steps:
            if _ends_within(process, 0.005):
                return False
        return not _ends_within(process, self.more)

    def sooner(self) -> Moment:
        """The same: the next class has all of its work before it."""
        return self


Moment = ByTheClock | ByTheWork


def _ends_within(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def moments(length: float) -> list[Moment]:
    """Half of them spread over the length of a whole run, half among its work, which is the smaller part of the time."""
    drawn = random.Random(20)
    half = KILLS // 2
    clock = [ByTheClock(length * (place + drawn.random()) / half) for place in range(half)]
    work = [ByTheWork(drawn.choice((1, 1, 2)), drawn.uniform(0, 0.15)) for _ in range(KILLS - half)]
    whole: list[Moment] = [*clock, *work]
    drawn.shuffle(whole)
    return whole


def records(folder: Path) -> dict[str, bytes]:
    found = sorted((folder / "classroom" / "results" / "recorded" / CHAPTER).glob("*.json"))
    return {path.stem: path.read_bytes().partition(b'"result"')[2] for path in found}


@pytest.mark.slow
def test_killed_at_twenty_moments_the_gradebook_is_that_of_an_undisturbed_run(
    small_class: Path, tmp_path: Path, bubblewrap: str
) -> None:
    calm = Path(shutil.copytree(small_class, tmp_path / "calm"))
    began = time.monotonic()
    finish(calm)
    left, killed, halfway, rounds = moments(time.monotonic() - began), 0, 0, 0
    orphans: list[psutil.Process] = []
    while left:
        rounds += 1
        folder = Path(shutil.copytree(small_class, tmp_path / f"round {rounds}"))
        while left and rounds < 10:
            process = start(folder)
            if not left[0].comes(folder, process):
                # It was done before its moment came: the moment is for the next class, and comes sooner.
                left[0] = left[0].sooner()
                assert process.returncode == 0, (folder / "grade.log").read_text()
                break
            orphans += kill(process)
            left.pop(0)
            killed += 1
            halfway += 0 < done(folder) < 2 * len(LEARNERS)
        finish(folder)
        assert gradebook(folder) == gradebook(calm)
        assert records(folder) == records(calm) and len(records(calm)) == len(LEARNERS)
        assert [path.name for path in (folder / "classroom" / "results").glob("staging*")] == []
        assert rounds < 10, "the runs are over before they can be killed"
    assert killed == KILLS
    assert halfway >= 3, "too few were killed amid their work"
    assert still_there(orphans) == []


@pytest.mark.slow
def test_a_watch_that_is_killed_goes_on_where_it_was(small_class: Path, tmp_path: Path, bubblewrap: str) -> None:
    calm = Path(shutil.copytree(small_class, tmp_path / "calm"))
    finish(calm)
    orphans: list[psutil.Process] = []
    for moment in (ByTheWork(1, 0.0), ByTheWork(2, 0.2), ByTheWork(1, 0.02)):
        process = start(small_class, "--watch")
        assert moment.comes(small_class, process)
        orphans += kill(process)
    assert len(records(small_class)) < len(LEARNERS)
    process = start(small_class, "--watch")
    until = time.monotonic() + 300
    while len(records(small_class)) < len(LEARNERS) and time.monotonic() < until:
        time.sleep(0.1)
    orphans += kill(process)
    assert gradebook(small_class) == gradebook(calm)
    assert records(small_class) == records(calm)
    assert still_there(orphans) == []
