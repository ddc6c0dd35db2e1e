"""Slots that are started early, and those that stay open: as many as will be used, and none for nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from autograder.grading.slots import ahead, engine
from autograder.grading.slots.job import Job, Outcome
from autograder.grading.walls.limits import Limits

SLUG = "04_the_same_cnn_with_functional"


def hand_in(root: Path, student: str, when: float) -> None:
    path = root / "classroom" / "submitted" / student / SLUG / f"{SLUG}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    os.utime(path, (when, when))


def record(root: Path, student: str, when: float) -> None:
    path = root / "classroom" / "results" / "recorded" / SLUG / f"{student}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}")
    os.utime(path, (when, when))


def test_only_what_is_newer_than_its_record_is_counted(tmp_path: Path) -> None:
    assert ahead.to_run(tmp_path, SLUG) == 0
    for student in ("ada", "ben", "eve"):
        hand_in(tmp_path, student, 1000)
    assert ahead.to_run(tmp_path, SLUG) == 3
    record(tmp_path, "ada", 2000)
    record(tmp_path, "ben", 500)
    assert ahead.to_run(tmp_path, SLUG) == 2


def test_no_more_are_started_than_there_is_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "Warm", Opened)
    Opened.made = []
    with ahead.started(tmp_path, SLUG, 4) as nothing_new:
        assert nothing_new == []
    hand_in(tmp_path, "ada", 1000)
    with ahead.started(tmp_path, SLUG, 4, sandboxed=False) as one:
        assert one == Opened.made
        assert [(each.limits, each.sandboxed, each.closed) for each in Opened.made] == [(Limits(), False, False)]
    assert Opened.made[0].closed


@pytest.mark.parametrize(
    ("source", "imports"),
    [
        ({"cells": [{"cell_type": "code", "source": ["import torch\n", "torch.optim.SGD"]}]}, ("torch._dynamo",)),
        ({"cells": [{"cell_type": "code", "source": "torch.relu"}, {"cell_type": "markdown", "source": "optim"}]}, ()),
        *[(odd, ()) for odd in ({}, [], {"cells": [{"source": 3}]}, {"cells": [{"cell_type": "code", "source": 3}]})],
    ],
)
def test_they_start_with_what_the_chapters_own_cells_mention(
    source: Any, imports: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "Warm", Opened)
    Opened.made = []
    path = tmp_path / "solutions" / SLUG / f"{SLUG}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(source))
    hand_in(tmp_path, "ada", 1000)
    with ahead.started(tmp_path, SLUG, 1):
        assert [one.imports for one in Opened.made] == [imports]


class Opened:
    """In the place of a slot or its zygote: counts how many were opened, and what they ran."""

    made: list[Opened]

    def __init__(self, limits: Limits, *, sandboxed: bool, imports: Sequence[str] = ()) -> None:
        self.limits, self.sandboxed, self.ran, self.closed, self.imports = limits, sandboxed, 0, False, imports
        self.made.append(self)

    def fits(self, limits: Limits, sandboxed: bool) -> bool:
        return (self.limits, self.sandboxed) == (limits, sandboxed)

    def run(self, job: Job) -> Outcome:
        self.ran += 1
        return Outcome(())

    def close(self) -> None:
        self.closed = True


def test_one_submission_after_the_other_runs_on_the_slot_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    Opened.made = []
    kept = engine._Kept()
    monkeypatch.setattr(engine, "Slot", Opened)
    monkeypatch.setattr(engine, "_kept", kept)
    monkeypatch.setattr(engine, "require", lambda: "")
    job: Any = Job("functional", (), {})
    engine.run_one(job)
    engine.run_one(job)
    assert [(one.ran, one.closed) for one in Opened.made] == [(2, False)]
    engine.run_one(Job("functional", (), {}, Limits(cell_seconds=1)))
    assert [(one.ran, one.closed) for one in Opened.made] == [(2, True), (1, False)]
    kept.close()
    assert Opened.made[-1].closed
