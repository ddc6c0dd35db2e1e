"""What is committed in solutions/ and notebooks/ is what the lessons build."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from autograder.authoring.build import build


def kept(root: Path, name: Path) -> list[bytes]:
    """The file as it lies there and as git's last commit has it: a learner may have worked in the one, an author may
    not have committed the other yet.
    """
    found = [(root / name).read_bytes()] if (root / name).is_file() else []
    done = git(root, "show", f"HEAD:./{name.as_posix()}")
    return found if done is None or done.returncode else [*found, done.stdout]


def git(root: Path, *words: str) -> subprocess.CompletedProcess[bytes] | None:
    """None on a machine without git."""
    try:
        return subprocess.run(["git", *words], cwd=root, capture_output=True)
    except FileNotFoundError:
        return None


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("built")
    build(output=place)
    return place


def test_what_is_committed_is_what_the_lessons_build(built: Path, root: Path) -> None:
    names = [path.relative_to(built) for path in sorted(built.rglob("*.ipynb"))]
    assert names
    stale = [str(name) for name in names if (built / name).read_bytes() not in kept(root, name)]
    assert stale == [], "run: make build"


def test_nothing_is_committed_that_no_lesson_builds(built: Path, root: Path) -> None:
    done = git(root, "ls-files", "solutions", "notebooks")
    names = done.stdout.decode().splitlines() if done else []
    assert [name for name in names if not (built / name).is_file()] == []
