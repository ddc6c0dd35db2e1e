"""What every test needs: progress kept apart, and tools that CI must have."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _own_progress(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks in tests never touch the progress of whoever runs them, nor think that nbgrader is grading."""
    monkeypatch.setenv("ONE_CNN_PROGRESS", str(tmp_path_factory.mktemp("progress")))
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
