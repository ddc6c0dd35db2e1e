"""`make test` runs every test once: most of them together, the others in less company."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
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
    assert left_out == set(script.TOGETHER) <= set(together)
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


TESTS = """
import pytest

class One:
    topic = "a topic"
exercise = pytest.mark.parametrize("exercise", [One()], ids=["one"])

def test_short(): ...
@exercise
def test_of_a_topic(exercise): ...
@pytest.mark.slow
@pytest.mark.parametrize("what", ["first", "second"])
def test_long(what): ...
@exercise
def test_of_the_same_topic(exercise): ...
@exercise
def test_of_it_again(exercise): ...
"""


SLOW_FILE = """
import pytest
pytestmark = pytest.mark.slow
def test_one(): ...
def test_other(): ...
"""


def test_of_several_processes_each_begins_with_what_takes_long_and_goes_on_with_the_largest_group(
    script: ModuleType, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "conftest.py").write_text((root / "tests" / "conftest.py").read_text(encoding="utf-8"))
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = slow: long\n")
    (tmp_path / "test_all.py").write_text(TESTS)
    (tmp_path / "test_slow.py").write_text(SLOW_FILE)
    together = script.commands([], 1)[0]
    words = together[3 : together.index(script.TOGETHER[0])]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *words],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    ran = [line.split("::")[1].strip() for line in done.stdout.splitlines() if "PASSED" in line]
    assert ran == [
        "test_one@alone: test_slow.py",
        "test_other@alone: test_slow.py",
        "test_long[first]@alone: test_all.py test_long(first)",
        "test_long[second]@alone: test_all.py test_long(second)",
        "test_of_a_topic[one]@a topic",
        "test_of_the_same_topic[one]@a topic",
        "test_of_it_again[one]@a topic",
        "test_short@test_all.py",
    ]
