"""A released chapter, made once a session and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from grading_class import CHAPTER
from running import bubblewrap, run, slot  # noqa: F401 - the engine's fixtures, for every test here

from autograder.commands import commands_on_path
from autograder.sample import demo


@pytest.fixture(scope="session")
def _released(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = demo.prepare(root, tmp_path_factory.mktemp("released") / "course")
    with commands_on_path():
        demo.release(folder, CHAPTER)
    return folder


@pytest.fixture
def course(_released: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(_released, tmp_path / "course"))
