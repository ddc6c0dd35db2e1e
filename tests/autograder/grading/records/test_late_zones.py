"""A note of the time in another zone: who was in time is in time, by `grade` and by nbgrader's own commands."""

from __future__ import annotations

from pathlib import Path

import pytest
from grading_class import CHAPTER, PERFECT, InProcess, gradebook, hand_in, nbgrader, settle, submitted
from nbgrader.api import Gradebook

from autograder.grading.grade import GradeResult, grade

# The class is due at 18:00 UTC; late work earns nothing.
POINTS = {
    "2030-01-02 20:30:00.000000 +03": 22,  # what the exchange writes in Istanbul: nbgrader read 20:30 and three seconds
    "2030-01-02 16:30:00.000000 -03": 0,  # in São Paulo: 19:30
    "2030-01-02 19:30:00 +0200": 22,
    "2030-01-02 16:30:00 EST": 0,
    "Wed, 02 Jan 2030 19:30:00 +0200": 22,
}


@pytest.fixture
def late(course: Path) -> Path:
    settle(course, 'c.LateSubmissionPlugin.penalty_method = "zero"\n')
    with Gradebook(f"sqlite:///{course / 'classroom' / 'gradebook.db'}", "one_cnn_two_ways") as book:
        book.update_or_create_assignment(CHAPTER, duedate="2030-01-02 18:00:00")
    hand_in(course, PERFECT)
    return course


def graded_at(course: Path, when: str) -> GradeResult:
    submitted(course, "ada").with_name("timestamp.txt").write_text(when)
    return grade("04", course, engine=InProcess())


@pytest.mark.parametrize("when", POINTS)
def test_an_offset_is_one_of_hours(late: Path, when: str) -> None:
    result = graded_at(late, when)
    assert result.total("ada").points == POINTS[when]
    assert graded_at(late, when).recorded == 0


def test_nbgraders_own_autograde_takes_the_same_time(late: Path) -> None:
    graded_at(late, "2030-01-02 20:30:00.000000 +03")
    before = gradebook(late)["submissions"]
    done = nbgrader(late, "autograde", CHAPTER, "--force")
    assert done.returncode == 0, done.stderr
    assert gradebook(late)["submissions"] == before
    assert "2030-01-02 17:30:00" in before[0][2]


def test_what_cannot_be_told_is_said(late: Path) -> None:
    assert "zone that cannot be told, 'IST'" in graded_at(late, "2030-01-02 17:30:00 IST").submissions[0].note
    assert "says 'after lunch', which is no time" in graded_at(late, "after lunch").submissions[0].note
