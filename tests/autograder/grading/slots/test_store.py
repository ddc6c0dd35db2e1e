"""The store of what was seen: whole or not at all, the same for everybody, and blind to what is expected."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
import torch

from autograder.grading.slots import store as stores
from autograder.grading.slots.job import Cell, CellEnd, Job, Limits, Outcome, Ran
from autograder.grading.slots.store import Store, key_of
from autograder.grading.walls import staging
from autograder.observing.observe import Run

JOB = Job("views", (Cell(0, "x = 1"), Cell(2, "check('a', a)", "a", "a")), {"a": b"cases"}, files={"data.txt": b"1"})
OUTCOME = Outcome((Ran(0, CellEnd.DONE, count=1, run=Run(({"values": torch.arange(3)},))),), 0.5, 1000)


def test_what_is_put_in_comes_out(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.get(key_of(JOB)) is None
    store.put(key_of(JOB), OUTCOME)
    [cell] = Store(tmp_path).get(key_of(JOB)).cells  # type: ignore[union-attr]
    assert cell.run is not None
    assert torch.equal(cell.run.seen[0]["values"], torch.arange(3))  # type: ignore[index]
    assert list(store) == [key_of(JOB)]


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b"", lambda b: b[:70], lambda b: b[:90] + b"?" + b[91:]]
)
def test_a_damaged_entry_is_as_if_not_there(tmp_path: Path, damage: object) -> None:
    store = Store(tmp_path)
    store.put("ab12", OUTCOME)
    [path] = tmp_path.glob("ab/*")
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    assert store.get("ab12") is None
    store.put("ab12", OUTCOME)
    assert "ab12" in store


def test_many_writers_of_one_entry_do_not_disturb_each_other(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: (store.put("ab12", OUTCOME), "ab12" in store)[1], range(40)))
    assert all(seen)
    assert [path.suffix for path in tmp_path.glob("ab/*")] == [".outcome"]


@pytest.mark.parametrize(
    "other",
    [
        replace(JOB, topic="storage"),
        replace(JOB, cells=(Cell(0, "x = 2"), JOB.cells[1])),
        replace(JOB, cells=(JOB.cells[0], replace(JOB.cells[1], answer="b"))),
        replace(JOB, cells=(JOB.cells[0], replace(JOB.cells[1], place=3))),
        replace(JOB, cases={"a": b"other cases"}),
        replace(JOB, files={"data.txt": b"2"}),
        replace(JOB, files={}),
        replace(JOB, limits=Limits(cell_seconds=31)),
    ],
)
def test_all_that_decides_what_is_seen_changes_the_key(other: Job) -> None:
    assert key_of(other) != key_of(JOB)


@pytest.fixture
def fresh() -> Iterator[Callable[[], None]]:
    """Versions are looked up once a process: this has them looked up again, as another process would."""
    yield stores.versions.cache_clear
    stores.versions.cache_clear()


@pytest.mark.parametrize("package", ["torch", "numpy", "ipython", "matplotlib"])
def test_another_version_of_what_is_seen_through_changes_the_key(
    package: str, monkeypatch: pytest.MonkeyPatch, fresh: Callable[[], None]
) -> None:
    before = key_of(JOB)
    fresh()
    monkeypatch.setattr(stores, "version", lambda name: "99" if name == package else version(name))
    assert key_of(JOB) != before


def test_another_python_changes_the_key(monkeypatch: pytest.MonkeyPatch, fresh: Callable[[], None]) -> None:
    before = key_of(JOB)
    fresh()
    monkeypatch.setattr("platform.python_version", lambda: "3.99.0")
    assert key_of(JOB) != before


@pytest.fixture
def house(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of our code, which the store takes for the real one."""
    for package in ("course", "autograder"):
        shutil.copytree(root / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for module in (stores, staging):
        monkeypatch.setattr(module, "home_of", lambda package: tmp_path / package)
    stores.code.cache_clear()
    yield tmp_path
    stores.code.cache_clear()


def _key_after_a_word_in(path: Path) -> str:
    path.write_text(path.read_text() + "\n# a word\n")
    stores.code.cache_clear()
    return key_of(JOB)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "autograder/observing/probes/functional.py",
            "autograder/observing/case.py",
            "autograder/observing/observe.py",
        ),
        *("autograder/grading/inside/child.py", "autograder/grading/wire/frames.py"),
        *("course/data.py", "course/network/builds.py", "course/strides/explorer.js"),
    ],
)
def test_a_change_in_what_runs_beside_the_learners_code_runs_it_anew(house: Path, name: str) -> None:
    before = key_of(JOB)
    assert _key_after_a_word_in(house / name) != before


@pytest.mark.parametrize(
    "name",
    [
        *("autograder/__main__.py", "autograder/sides.py", "autograder/learner/progress.py"),
        *("autograder/judging/judge.py", "autograder/judging/panel.py", "autograder/judging/readings/functional.py"),
        *("autograder/report/page.py", "autograder/sample/demo.py", "autograder/sample/bench.py"),
        *("autograder/authoring/build.py", "autograder/authoring/oracles/functional/relu.py"),
        *("autograder/grading/grade.py", "autograder/grading/__init__.py", "autograder/grading/records/export.py"),
        *("autograder/grading/submissions/verdicts.py", "autograder/grading/slots/pool.py"),
        "course/lessons/04_the_same_cnn_with_functional.py",
    ],
)
def test_a_change_in_what_judges_writes_and_explains_runs_nothing_anew(house: Path, name: str) -> None:
    before = key_of(JOB)
    assert _key_after_a_word_in(house / name) == before


def test_what_a_killed_writer_left_goes_and_what_a_living_one_writes_stays(tmp_path: Path) -> None:
    store = Store(tmp_path / "results" / "seen")
    old, new = tmp_path / "results" / ".a.json.x.unfinished", tmp_path / "results" / "seen" / ".b.y.unfinished"
    for path in (old, new):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("half")
    os.utime(old, (0, 0))
    store.sweep()
    assert (old.exists(), new.exists()) == (False, True)
