"""Feedback that is stopped, or cannot be written: a page that was there stays, and one line says what is wrong."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest
from grading_class import CHAPTER, PARTLY, PERFECT, InProcess, hand_in, submitted

from autograder.__main__ import main
from autograder.grading.grade import grade
from autograder.grading.records import whole_pages
from autograder.grading.records.export import feedback
from autograder.grading.records.whole_pages import WholePages

LEARNERS = ("ada", "carl")


@pytest.fixture(scope="module")
def _with_pages(_released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    course = Path(shutil.copytree(_released, tmp_path_factory.mktemp("pages") / "course"))
    hand_in(course, PERFECT, PARTLY)
    submitted(course, "carl").with_name("notes.txt").write_text("mine")
    grade("04", course, engine=InProcess())
    feedback("04", course)
    return course


@pytest.fixture
def with_pages(_with_pages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    course = Path(shutil.copytree(_with_pages, tmp_path / "with pages"))
    monkeypatch.chdir(course)
    return course


def page(course: Path, learner: str) -> Path:
    return course / "classroom" / "feedback" / learner / CHAPTER / f"{CHAPTER}.html"


def everything(course: Path) -> dict[str, bytes]:
    folder = course / "classroom" / "feedback"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Killed(BaseException):
    pass


@pytest.mark.parametrize("learner", LEARNERS)
def test_a_run_that_is_killed_while_it_makes_a_page_leaves_all_that_were_there(
    with_pages: Path, learner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, before = WholePages.convert_single_notebook, everything(with_pages)

    def killed(self: WholePages, path: str) -> None:
        own(self, path)
        if f"/{learner}/" in path:
            raise Killed

    with (
        monkeypatch.context() as patch,
        pytest.raises(RuntimeError, match="Killed"),
    ):  # as nbgrader tells all that ends it
        patch.setattr(WholePages, "convert_single_notebook", killed)
        patch.setattr(whole_pages.shutil, "rmtree", lambda *words, **more: None)  # a killed process clears nothing up
        feedback("04", with_pages)
    there = everything(with_pages)
    assert all(there[name] for name in before)
    feedback("04", with_pages)
    assert everything(with_pages).keys() == before.keys(), "nothing is left of the one that was killed"


def test_ctrl_c_is_ctrl_c(with_pages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(with_pages)

    def stopped(self: WholePages, path: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(WholePages, "convert_single_notebook", stopped)
    with pytest.raises(KeyboardInterrupt):
        feedback("04", with_pages)
    assert everything(with_pages) == before


def test_what_is_no_longer_handed_in_is_no_longer_beside_the_page(with_pages: Path) -> None:
    notes = page(with_pages, "carl").with_name("notes.txt")
    assert notes.read_text() == "mine"
    submitted(with_pages, "carl").with_name("notes.txt").unlink()
    submitted(with_pages, "carl").with_name("data").mkdir()
    (submitted(with_pages, "carl").parent / "data" / "x.csv").write_text("1")
    notes.with_name("data").write_text("a file where a folder comes")
    grade("04", with_pages, engine=InProcess())
    feedback("04", with_pages)
    assert not notes.exists() and (notes.parent / "data" / "x.csv").read_text() == "1"


@pytest.mark.parametrize(
    ("number", "says"), [(errno.EACCES, "Permission denied"), (errno.ENOSPC, "No space left on device. ")]
)
def test_one_page_that_cannot_be_written_is_said_in_a_line_and_stays_as_it_was(
    with_pages: Path, number: int, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own, before = os.replace, everything(with_pages)

    def replace(source: Path, target: Path) -> None:
        if "carl" in str(target) and target.suffix == ".html":
            raise OSError(number, os.strerror(number), str(target))
        own(source, target)

    page(with_pages, "ada").write_text("old")
    monkeypatch.setattr(whole_pages.os, "replace", replace)
    assert main(["feedback", "04"]) == 1
    said = capsys.readouterr().err
    assert f"{page(with_pages, 'carl')}: {says}" in said and "Errno" not in said and said.count("\n") == 1
    assert "A page that was there stays as it was" in said
    after = everything(with_pages)
    assert after == before | {f"ada/{CHAPTER}/{CHAPTER}.html": after[f"ada/{CHAPTER}/{CHAPTER}.html"]}
    assert page(with_pages, "ada").read_text() != "old"


def test_a_folder_of_pages_that_cannot_be_written_is_named(
    with_pages: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own, before = Path.mkdir, everything(with_pages)

    def mkdir(self: Path, *words: object, **more: object) -> None:
        if self.name == ".unfinished":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))
        own(self, *words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "mkdir", mkdir)
    assert main(["feedback", "04"]) == 1
    folder = with_pages / "classroom" / "feedback"
    assert f"nbgrader could not write feedback: {folder}: Permission denied" in capsys.readouterr().err
    assert everything(with_pages) == before
