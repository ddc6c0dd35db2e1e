"""What every test needs: progress kept apart, tools that CI must have, and its place where several processes run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process runs all tests of a topic, or of a file: what they observe, record and set up is made once."""
    for item in items:
        about = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        topic = getattr(about.get("exercise") or about.get("chapter"), "topic", "")
        item.add_marker(pytest.mark.xdist_group(topic or item.nodeid.partition("::")[0]))


@pytest.fixture(scope="session")
def _folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One new folder after the other. pytest's own `mktemp` looks through all that there are, thousands, for each."""
    whole = tmp_path_factory.mktemp("progress")
    return (whole / str(number) for number in count())


@pytest.fixture(autouse=True)
def _own_progress(_folders: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks in tests never touch the progress of whoever runs them, nor think that nbgrader is grading."""
    folder = next(_folders)
    folder.mkdir()
    monkeypatch.setenv("ONE_CNN_PROGRESS", str(folder))
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    monkeypatch.delenv("AUTOGRADER_TRUST_KERNEL", raising=False)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture
def tree(root: Path, tmp_path: Path) -> Path:
    """A copy of what set-up needs, in a folder whose name has a space."""
    copy = tmp_path / "my course"
    shutil.copytree(root / ".ci", copy / ".ci", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(root / name, copy / name)
    return copy


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium. Without it a user's tests are skipped with the reason; under CI they fail."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        reason = "Chromium is not installed: make setup says how"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found
