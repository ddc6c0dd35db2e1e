"""`make test` runs every test once: the computing ones together, the others one after the other."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def script(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("run_tests", root / ".ci" / "run_tests.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_one_run_leaves_out_the_other_has(script: ModuleType) -> None:
    together, alone = script.commands(["-k", "linear"], 2)
    left_out = {word.removeprefix("--ignore=") for word in alone if word.startswith("--ignore=")}
    assert left_out == set(script.COMPUTE) <= set(together)
    assert together[-2:] == alone[-2:] == ["-k", "linear"]


def test_a_file_or_test_that_is_named_is_all_that_runs(script: ModuleType) -> None:
    [one] = script.commands(["tests/test_make.py::test_make_alone_lists_what_there_is", "-x"], 2)
    assert one[-2:] == ["tests/test_make.py::test_make_alone_lists_what_there_is", "-x"]


@pytest.mark.parametrize(("codes", "whole"), [((0, 0), 0), ((5, 0), 0), ((0, 1), 1), ((2, 0), 2), ((5, 5), 5)])
def test_it_fails_where_either_fails_and_where_no_test_was_chosen(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, codes: tuple[int, int], whole: int
) -> None:
    left = list(codes)
    monkeypatch.setattr(
        script.subprocess, "run", lambda *words, **more: subprocess.CompletedProcess(words, left.pop(0))
    )
    assert script.main([]) == whole
