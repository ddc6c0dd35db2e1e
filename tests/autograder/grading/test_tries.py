"""Tries of the learners who handed in their progress: from files of strangers, in words on the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from grading_class import CHAPTER, PARTLY, PERFECT, InProcess, hand_in, submitted

from autograder.__main__ import main
from autograder.grading.grade import grade
from autograder.grading.tries import tries_in, tries_of


def counted(**tries: Any) -> bytes:
    exercises = [{"exercise": name, "tries": number} for name, number in tries.items()]
    return json.dumps({"chapters": [{"chapter": CHAPTER, "exercises": exercises}]}).encode()


def beside(course: Path, student: str) -> Path:
    return submitted(course, student).parent / "progress.json"


def test_the_report_has_the_median_of_those_who_handed_in_their_progress(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(course, PERFECT, PARTLY)
    grade("04", course, engine=InProcess())
    monkeypatch.chdir(course)
    page = course / "classroom" / "report" / f"{CHAPTER}.html"
    assert main(["report", "04"]) == 0
    assert "tries, median" not in page.read_text()
    beside(course, "ada").write_bytes(counted(relu=1, linear=2))
    beside(course, "carl").write_bytes(counted(relu=6, linear=None))
    assert tries_of("04", course) == {"relu": [1, 6], "linear": [2]}
    assert main(["report", "04"]) == 0
    written = page.read_text()
    assert "3.5 (2 learners)" in written and "2 (1 learner)" in written and "tries, median" in written


def test_a_progress_file_costs_nobody_a_point(course: Path) -> None:
    hand_in(course, PERFECT)
    before = grade("04", course, engine=InProcess()).points()
    beside(course, "ada").write_bytes(counted(relu=3))
    assert grade("04", course, engine=InProcess()).points() == before


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[1, 2]",
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"chapters": 3}',
        b'{"chapters": [{"chapter": "%s", "exercises": [7]}]}' % CHAPTER.encode(),
        counted(relu="3"),
        counted(relu=True),
        counted(relu=-1),
        counted(relu=10**30),
        counted(relu=2.5),
        b" " * (1 << 20) + counted(relu=3),
    ],
)
def test_what_is_no_such_file_counts_for_nothing(content: bytes) -> None:
    assert tries_in(content, CHAPTER) == {}


def test_a_link_is_not_followed(course: Path, tmp_path: Path) -> None:
    hand_in(course, PERFECT)
    (tmp_path / "elsewhere.json").write_bytes(counted(relu=3))
    beside(course, "ada").symlink_to(tmp_path / "elsewhere.json")
    assert tries_of("04", course) == {}
