"""Feedback for one learner: their page alone is written and packed, and nobody else's is touched."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from grading_class import CHAPTER, PARTLY, PERFECT, InProcess, hand_in
from lms import EARLY, FORMULA, ZOE, canvas, enrol, notebooks, zipped

from autograder.__main__ import main
from autograder.grading.grade import grade
from autograder.grading.lms.collect import collect


def pages(course: Path) -> dict[str, int]:
    folder = course / "classroom" / "feedback"
    return {path.parent.parent.name: path.stat().st_mtime_ns for path in folder.glob(f"*/{CHAPTER}/*.html")}


def test_only_this_learners_page_is_written(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course)
    hand_in(course, PERFECT, PARTLY)
    grade("04", course, engine=InProcess())
    assert main(["feedback", "04", "--student", "ada"]) == 0
    assert set(pages(course)) == {"ada"}
    assert main(["feedback", "04"]) == 0
    before = pages(course)
    assert set(before) == {"ada", "carl"}
    assert main(["feedback", "04", "--student", "carl"]) == 0
    after = pages(course)
    assert after["ada"] == before["ada"]
    assert after["carl"] > before["carl"]


def test_only_this_learners_page_is_packed(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course)
    enrol(course)
    work = notebooks(course)
    files = [(canvas(one), work["all"], EARLY) for one in (ZOE, FORMULA)]
    collect("04", zipped(course / "canvas.zip", files), course)
    grade("04", course, engine=InProcess())
    assert main(["feedback", "04"]) == 0
    assert main(["feedback", "04", "--student", "zoe", "--zip", "canvas", "--output", str(course / "one.zip")]) == 0
    with zipfile.ZipFile(course / "one.zip") as archive:
        assert archive.namelist() == [canvas(ZOE)]


def test_who_is_not_graded_has_no_page_and_it_is_said(
    course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(course)
    hand_in(course, PERFECT)
    grade("04", course, engine=InProcess())
    assert main(["feedback", "04", "--student", "nobody"]) == 1
    assert "nothing by 'nobody' is graded of" in capsys.readouterr().err
    assert not pages(course)
