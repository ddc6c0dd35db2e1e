"""What every test needs: progress kept apart, tools that CI must have, and its place where several processes run."""

from __future__ import annotations

import gc
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ALONE = "alone: "
BROWSER = "tests/browser/"
NO_BRACKETS = str.maketrans("[]", "()")  # xdist looks for a group behind the last of them


@pytest.hookimpl(tryfirst=True)  # before xdist tells the ids
def pytest_collection_finish(session: pytest.Session) -> None:
    """One process runs all tests of a topic, or of a file: what they observe, record and set up is made once.

    What takes long by itself is begun first, the largest groups next: at the end no process works alone for minutes.
    """
    gc.collect()
    gc.freeze()  # a torch and ten thousand tests stay: the collector looks at what comes now, and less often
    gc.set_threshold(50_000, 20, 50)
    if not hasattr(session.config, "workerinput"):  # not one of several
        return
    items = session.items
    groups = [_group(item) for item in items]
    sizes = Counter(groups)
    order = [(not group.startswith(ALONE), -sizes[group]) for group in groups]
    for item, group in zip(items, groups, strict=True):
        _tell(item, f"{item.nodeid}@{group}")
    items[:] = [items[place] for place in sorted(range(len(items)), key=order.__getitem__)]


def _tell(item: pytest.Item, name: str) -> None:
    """As pytest-xdist does it for its own marker of a group: but 3.8 writes `_nodeid`, which pytest 9.2 never reads."""
    if hasattr(item, "_id"):
        item._id = type(item._id).parse(name)
    else:
        item._nodeid = name  # type: ignore[attr-defined]


def _group(item: pytest.Item) -> str:
    about = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    if topic := getattr(about.get("exercise") or about.get("chapter"), "topic", ""):
        return str(topic)
    file, _, name = item.nodeid.partition("::")
    if file.startswith(BROWSER):  # one JupyterLab serves them all
        return f"{ALONE}{BROWSER}"
    if any(mark.name == "slow" for mark in item.own_markers):
        return f"{ALONE}{file} {name.translate(NO_BRACKETS)}"
    return f"{ALONE}{file}" if item.get_closest_marker("slow") else file


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
