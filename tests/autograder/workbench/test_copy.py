"""The learner's own copy: pulled chapters come in, answers stay, git finds no conflict, older work is carried over."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from workbench_files import ANSWER, SLUG, answer, mend, said

from autograder.workbench.copy import bring_up_to_date
from autograder.workbench.notebook import read

OURS = Path(SLUG, f"{SLUG}.ipynb")


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
def upstream(root: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "upstream"
    shutil.copytree(root / "notebooks", folder / "notebooks")
    shutil.copy(root / ".gitignore", folder)
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")
    return folder


@pytest.fixture
def clone(upstream: Path, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "-q", str(upstream), "clone")
    return tmp_path / "clone"


def mended(upstream: Path) -> None:
    mend(upstream / "notebooks" / OURS, "# Mended")
    git(upstream, "commit", "-qam", "mended")


def test_answers_stay_a_pulled_chapter_comes_in_and_git_has_no_conflict(upstream, clone):
    assert bring_up_to_date(clone) == [f"{clone / 'work'}: your own copy of the course"]
    answer(clone / "work" / OURS)
    mended(upstream)
    assert git(clone, "status", "--porcelain") == ""
    git(clone, "pull", "-q")
    (line,) = bring_up_to_date(clone)
    assert f"now as {SLUG} is" in line
    assert said(clone / "work" / OURS)[0] == "# Mended"
    assert ANSWER in said(clone / "work" / OURS)
    assert bring_up_to_date(clone) == []
    assert git(clone, "status", "--porcelain") == ""


def test_every_link_of_the_released_notebooks_leads_somewhere_in_the_copy(clone):
    bring_up_to_date(clone)
    released = sorted(path.relative_to(clone / "notebooks") for path in (clone / "notebooks").rglob("*.ipynb"))
    assert sorted(path.relative_to(clone / "work") for path in (clone / "work").rglob("*.ipynb")) == released
    assert len(released) == 11


def test_work_in_the_tracked_notebooks_is_carried_over_and_the_next_pull_goes_through(upstream, clone):
    answer(clone / "notebooks" / OURS)
    before = (clone / "notebooks" / OURS).read_bytes()
    _, line = bring_up_to_date(clone)
    assert "your work is now in" in line
    assert ANSWER in said(clone / "work" / OURS)
    assert {one.read_bytes() for one in (clone / "work" / SLUG / "earlier").iterdir()} == {before}
    assert git(clone, "status", "--porcelain") == ""
    mended(upstream)
    git(clone, "pull", "-q")
    bring_up_to_date(clone)
    assert said(clone / "work" / OURS)[0] == "# Mended"
    assert ANSWER in said(clone / "work" / OURS)


def test_a_pull_that_stopped_on_work_in_the_tracked_notebooks_goes_on_as_the_docs_say(root, upstream, clone):
    answer(clone / "notebooks" / OURS)
    mended(upstream)
    with pytest.raises(subprocess.CalledProcessError):
        git(clone, "pull", "-q")
    page = (root / "docs" / "learners.md").read_text(encoding="utf-8")
    for command in ("stash", "pull", "restore --source=stash@{0} notebooks"):
        assert f"`git {command}`" in page
        git(clone, *command.split())
    bring_up_to_date(clone)
    assert said(clone / "work" / OURS)[0] == "# Mended"
    assert ANSWER in said(clone / "work" / OURS)
    assert git(clone, "status", "--porcelain") == ""


def test_work_in_both_places_is_never_mixed_and_never_lost(clone):
    bring_up_to_date(clone)
    answer(clone / "work" / OURS)
    answer(clone / "notebooks" / OURS, source="def relu(x):\n    return 1")
    (line,) = bring_up_to_date(clone)
    assert "a copy is in" in line
    assert ANSWER in said(clone / "work" / OURS)
    (kept,) = (clone / "work" / SLUG / "earlier").iterdir()
    assert "def relu(x):\n    return 1" in said(kept)


def test_without_git_work_is_carried_over_once_and_nothing_is_put_back(clone):
    shutil.rmtree(clone / ".git")
    answer(clone / "notebooks" / OURS)
    assert len(bring_up_to_date(clone)) == 2
    assert bring_up_to_date(clone) == []
    assert ANSWER in said(clone / "work" / OURS)
    assert ANSWER in said(clone / "notebooks" / OURS)


def test_one_damaged_notebook_is_named_and_the_other_chapters_come_in(upstream, clone):
    bring_up_to_date(clone)
    broken = clone / "work" / "01_storage_and_strides" / "01_storage_and_strides.ipynb"
    broken.write_bytes(b"{")
    mended(upstream)
    git(clone, "pull", "-q")
    said_of = "\n".join(bring_up_to_date(clone))
    assert "no whole notebook" in said_of
    assert broken.read_bytes() == b"{"
    assert said(clone / "work" / OURS)[0] == "# Mended"
    assert "Move it away, and an untouched chapter comes in its place" in said_of
    broken.rename(broken.with_name("broken.ipynb"))
    assert bring_up_to_date(clone) == [f"{broken}: was not there, and is untouched now"]
    assert said(broken)


def _folder(own: Path) -> None:
    own.mkdir()
    (own / "mine.txt").write_text("mine")


@pytest.mark.parametrize(
    ("lay", "says"),
    [
        (_folder, "it is no file; nothing was changed. Move it away"),
        (lambda own: os.mkfifo(own), "it is no file; nothing was changed. Move it away"),
        (
            lambda own: own.symlink_to("on a disk that is not there"),
            "a link that leads nowhere; nothing was changed. Move",
        ),
        (lambda own: own.write_text(deep()), "it is nested too deeply; nothing was changed"),
    ],
    ids=["a folder", "a pipe", "a link that leads nowhere", "nested without end"],
)
def test_what_stands_in_a_notebooks_place_stays_is_named_and_the_other_chapters_come_in(upstream, clone, lay, says):
    bring_up_to_date(clone)
    odd = clone / "work" / "01_storage_and_strides" / "01_storage_and_strides.ipynb"
    odd.unlink()
    lay(odd)
    before = odd.lstat()
    mended(upstream)
    mend(upstream / "notebooks" / odd.relative_to(clone / "work"), "# Mended")
    git(upstream, "commit", "-qam", "mended, too")
    git(clone, "pull", "-q")
    (line, _) = bring_up_to_date(clone)
    assert line.startswith(f"{odd}: ") and says in line
    assert (odd.lstat().st_ino, odd.lstat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert said(clone / "work" / OURS)[0] == "# Mended"


def deep() -> str:
    """A chapter's notebook, with metadata nested as deeply as JSON may be and Python may not."""
    path = Path(__file__).parents[3] / "notebooks" / "01_storage_and_strides" / "01_storage_and_strides.ipynb"
    top = '\n "metadata": {\n'
    return path.read_text(encoding="utf-8").replace(top, f'{top}  "deep": {"[" * 900}{"]" * 900},\n')


def test_a_check_runs_in_the_copy(root, clone):
    bring_up_to_date(clone)
    folder = (clone / "work" / OURS).parent
    imports = next(one for one in said(clone / "work" / OURS) if "from autograder import check" in one)
    code = f"{imports}\n{ANSWER}\nprint(check('relu', relu).status)"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "not by hand" not in done.stdout
    assert "solved" in done.stdout.lower()
    assert read(clone / "work" / OURS)["nbformat"] == 4
