"""Running cells in the engine's sandbox: jobs made of plain sources, and what they showed as text."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest

from autograder.grading.slots.job import Cell, Job, Limits, Outcome, Ran
from autograder.grading.slots.slot import Slot
from autograder.grading.walls import bubblewrap as sandbox
from autograder.grading.wire.cases import pack
from autograder.judging.judge import judge
from autograder.judging.reference import load
from autograder.observing.exercise import find

QUICK = Limits(cell_seconds=20, notebook_seconds=90)


@pytest.fixture(scope="session")
def bubblewrap() -> str:
    """The path of bubblewrap. Without it a user's tests are skipped with the reason; under CI they fail."""
    try:
        return sandbox.require()
    except sandbox.NoSandbox as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def slot(bubblewrap: str) -> Iterator[Slot]:
    """One warm sandbox for all tests: what one of them left behind, the next one would find."""
    with Slot(QUICK) as warm:
        yield warm


@pytest.fixture
def run(slot: Slot) -> Callable[..., Outcome]:
    """Run cells in the warm sandbox."""
    return lambda *sources, **more: slot.run(job_of(*sources, **more))


def cell(place: int, source: str) -> Cell:
    """A cell as it is written; ``check: relu`` and ``check: relu as my_relu`` make check cells."""
    source = textwrap.dedent(source).strip("\n")
    if not source.startswith("check: "):
        return Cell(place, source)
    exercise, _, answer = source.removeprefix("check: ").partition(" as ")
    return Cell(place, f'check("{exercise}", {answer or exercise})', exercise, answer or exercise)


def job_of(*sources: str, limits: Limits = QUICK, files: dict[str, bytes] | None = None) -> Job:
    """A job of these cells with the public reference's cases."""
    return _job([cell(place, source) for place, source in enumerate(sources)], limits, files or {})


def job_of_notebook(path: Path, limits: Limits = QUICK) -> Job:
    """A job of a notebook's code cells."""
    cells = []
    for place, one in enumerate(nbformat.read(path, as_version=4).cells):
        grade = one.metadata.get("nbgrader", {})
        if one.cell_type == "code" and grade.get("grade"):
            answer = one.source.partition(",")[2].strip(" )")
            cells.append(Cell(place, one.source, grade["grade_id"].removeprefix("check_"), answer))
        elif one.cell_type == "code":
            cells.append(Cell(place, one.source))
    return _job(cells, limits, {})


def _job(cells: list[Cell], limits: Limits, files: dict[str, bytes]) -> Job:
    cases = {one.checks: pack(load(find(one.checks)).cases) for one in cells if one.checks}
    return Job("functional", tuple(cells), cases, limits, files)


def points(job: Job, outcome: Outcome) -> dict[str, float]:
    """What each exercise's observations are worth; nothing where there are none."""
    earned = {}
    for one, ran in zip(job.cells, outcome.cells, strict=True):
        if one.checks:
            exercise = find(one.checks)
            earned[one.checks] = judge(exercise, load(exercise), ran.run).score if ran.run is not None else 0.0
    return earned


def text(ran: Ran) -> str:
    """All that a cell showed, as text."""
    return "".join(
        one.get("text") or one.get("data", {}).get("text/plain") or f"{one.get('ename')}: {one.get('evalue')}"
        for one in ran.outputs
    )
