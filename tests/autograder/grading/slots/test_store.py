"""The store of what was seen: whole or not at all, the same for everybody, and blind to what is expected."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from autograder.grading.slots.job import Cell, CellEnd, Job, Limits, Outcome, Ran
from autograder.grading.slots.store import Store, key_of
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


def test_another_torch_changes_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key_of(JOB)
    monkeypatch.setattr(torch, "__version__", "99")
    assert key_of(JOB) != before


def test_what_a_killed_writer_left_goes_and_what_a_living_one_writes_stays(tmp_path: Path) -> None:
    store = Store(tmp_path / "results" / "seen")
    old, new = tmp_path / "results" / ".a.json.x.unfinished", tmp_path / "results" / "seen" / ".b.y.unfinished"
    for path in (old, new):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("half")
    os.utime(old, (0, 0))
    store.sweep()
    assert (old.exists(), new.exists()) == (False, True)
