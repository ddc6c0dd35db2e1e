"""One total: after points by hand, extra credit and a late penalty every place shows the same number with the same parts."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from grading_class import (
    BLANK,
    CHAPTER,
    LINEAR,
    PARTLY,
    PERFECT,
    SOME,
    InProcess,
    cell_of,
    gradebook,
    hand_in,
    hand_in_changed,
    submitted,
)
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.api import Gradebook
from rich.console import Console

from autograder.grading.grade import GradeResult, grade
from autograder.grading.records.export import export, feedback
from autograder.grading.records.recorded import recorded
from autograder.grading.records.total import Row, total_of
from autograder.grading.rows import table_of
from autograder.grading.table import show
from autograder.report import write_report

ZERO = 'c.LateSubmissionPlugin.penalty_method = "zero"\n'
LATE_DAY = "2030-01-03 00:00:00 UTC"


def book(course: Path) -> Gradebook:
    return Gradebook(f"sqlite:///{course / 'classroom' / 'gradebook.db'}", "one_cnn_two_ways")


def give(course: Path, student: str, cell: str, by_hand: float | None, extra: float | None = None) -> None:
    with book(course) as open_book:
        row = open_book.find_grade(cell, CHAPTER, CHAPTER, student)
        row.manual_score, row.extra_credit = by_hand, extra
        open_book.db.commit()


def due(course: Path, when: str) -> None:
    with book(course) as open_book:
        open_book.update_or_create_assignment(CHAPTER, duedate=when)


def rule(course: Path, words: str) -> None:
    path = course / "nbgrader_config.py"
    path.write_text(path.read_text() + words)


def handed_in_at(course: Path, student: str, when: str) -> None:
    (submitted(course, student).parent / "timestamp.txt").write_text(when)


def graded(course: Path, **words: Any) -> GradeResult:
    return grade("04", course, engine=InProcess(), **words)


def shown_everywhere(course: Path, student: str) -> dict[str, float]:
    """The total of a learner wherever one can be read, and the parts' sum where there are parts."""
    result = graded(course)
    text = io.StringIO()
    show(table_of(result), Console(file=text, width=300), "done")
    line = next(one for one in text.getvalue().splitlines() if one.split()[:1] == [student])
    points = re.search(r"(?:graded|missing|not attempted)\s+([\d.–]+)\s+([\d.]+)", line)
    assert points is not None
    as_json = next(one for one in result.as_json()["submissions"] if one["student"] == student)
    stored = next(one for one in recorded("04", course) if one["student"] == student)
    page, table = write_report(CHAPTER, recorded("04", course), course / "classroom" / "report")
    with table.open(newline="") as file:
        row = next(one for one in csv.DictReader(file) if one["student"] == student)
    with export(course).open(newline="") as file:
        grades = next(one for one in csv.DictReader(file) if one["student_id"] == student)
    whole = page.read_text()
    cell = re.search(
        rf'<bdi>{student}</bdi>.*?<td class="number">([\d.]+) of', whole[whole.index("<tbody>\n<tr id=") :], re.S
    )
    assert cell is not None
    feedback("04", course)
    own = (course / "classroom" / "feedback" / student / CHAPTER / f"{CHAPTER}.html").read_text()
    score = re.search(r"\(Score: ([-\d.]+) / ([\d.]+)\)</h4>", own)
    assert score is not None
    parts = as_json["parts"]
    return {
        "table": float(points[1].replace("–", "0")),
        "json": as_json["points"],
        "parts": max(0.0, parts["automatic"] + parts["by_hand"] + parts["extra"] - parts["late"]),
        "report json": stored["points"],
        "report csv": float(row["points"]),
        "report csv parts": sum(float(row[one]) for one in ("automatic", "by hand", "extra")) - float(row["late"]),
        "report": float(cell[1]),
        "grades.csv": float(grades["score"]),
        "feedback": float(score[1]),
    }


def by_hand(course: Path) -> float:
    give(course, "carl", "check_softmax", 1.5, 0.5)
    return SOME + 2


def hand_below_the_check(course: Path) -> float:
    give(course, "carl", "check_relu", 0.25)
    return LINEAR + 0.25


def extra(course: Path) -> float:
    give(course, "carl", "check_relu", None, 3)
    return SOME + 3


def late(course: Path) -> float:
    rule(course, ZERO)
    due(course, "2030-01-01")
    return 0


def late_and_then_by_hand(course: Path) -> float:
    late(course)
    graded(course)
    give(course, "carl", "check_softmax", 3, 4)
    return 0


def less_than_nothing(course: Path) -> float:
    give(course, "carl", "check_relu", 0, -9)
    return 0


@pytest.mark.parametrize(
    "happens", [by_hand, hand_below_the_check, extra, late, late_and_then_by_hand, less_than_nothing]
)
def test_every_place_shows_the_same_total(course: Path, happens: Callable[[Path], float]) -> None:
    hand_in(course, PARTLY)
    handed_in_at(course, "carl", LATE_DAY)
    graded(course)
    total = happens(course)
    shown = {name: round(value, 2) for name, value in shown_everywhere(course, "carl").items()}
    if happens is less_than_nothing:
        assert shown.pop("report csv parts") < 0
    assert shown == dict.fromkeys(shown, round(total, 2))


ROWS = st.builds(
    Row,
    st.text(max_size=3),
    st.floats(0, 9),
    st.none() | st.floats(0, 9),
    st.none() | st.floats(0, 9),
    st.none() | st.floats(-2, 9),
)


@given(st.lists(ROWS, max_size=5), st.floats(0, 50))
def test_the_parts_add_up_to_what_nbgrader_has(rows: list[Row], penalty: float) -> None:
    total = total_of(rows, penalty)
    raw = sum(row.score for row in rows)
    assert total.raw == pytest.approx(raw, abs=1e-6)
    assert total.points == pytest.approx(max(0, max(0, raw) - penalty), abs=1e-6)
    assert 0 <= total.late <= max(0, raw) + 1e-6


def test_a_late_rule_and_a_due_date_set_after_grading_count_and_nothing_is_run(course: Path) -> None:
    hand_in(course, PERFECT, PARTLY)
    handed_in_at(course, "ada", LATE_DAY)
    assert graded(course).total("ada").points == 22
    due(course, "2030-01-02")
    assert graded(course).recorded == 0  # late, and no rule takes anything
    rule(course, ZERO)
    result = graded(course)
    assert (result.executed, result.recorded) == (0, 1)
    assert (result.total("ada").points, result.total("ada").late) == (0, 22)
    assert graded(course).recorded == 0
    due(course, "2030-01-04")
    result = graded(course)
    assert (result.executed, result.recorded, result.total("ada").points) == (0, 1, 22)
    assert result.changes[0].why == ("when it was due (24 hours late, now in time)",)
    due(course, "2030-01-01")
    assert graded(course).total("ada").points == 0
    with book(course) as open_book:  # an extension of one learner's own
        open_book.find_submission(CHAPTER, "ada").extension = timedelta(days=5)
        open_book.db.commit()
    assert graded(course).total("ada").points == 22


def test_what_late_takes_follows_a_score_by_hand_and_a_folder_that_is_gone(course: Path) -> None:
    hand_in(course, PERFECT)
    handed_in_at(course, "ada", LATE_DAY)
    rule(course, ZERO)
    due(course, "2030-01-01")
    graded(course)
    give(course, "ada", "check_relu", 9)
    result = graded(course)
    assert (result.recorded, result.total("ada").late, result.total("ada").points) == (1, 29, 0)
    submitted(course, "ada").parent.rename(course / "away")
    due(course, "2031-01-01")
    result = graded(course)
    assert (result.recorded, result.total("ada").points, graded(course).recorded) == (1, 29, 0)


def test_the_rule_of_a_plugin_of_ones_own_counts(course: Path) -> None:
    hand_in(course, PERFECT)
    handed_in_at(course, "ada", LATE_DAY)
    due(course, "2030-01-01")
    graded(course)
    rule(
        course,
        "from nbgrader.plugins import LateSubmissionPlugin\n"
        "class ADay(LateSubmissionPlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n"
        "        return 2.5 * total_seconds_late / 86400\n"
        "c.AssignLatePenalties.plugin_class = ADay\n",
    )
    result = graded(course)
    assert (result.total("ada").late, result.total("ada").points) == (5, 17)
    assert result.changes[0].why == ("the late rule, or the points it takes from (0, now 5)",)


def test_averages_agree_since_all_list_the_same_learners(course: Path) -> None:
    hand_in(course, PERFECT, PARTLY, BLANK)
    (course / "classroom" / "submitted" / "yan").mkdir()
    with book(course) as open_book:
        open_book.add_student("zoe", first_name="Zoe", last_name="Z")
    result = graded(course)
    table = write_report(CHAPTER, recorded("04", course), course / "classroom" / "report")
    with table[1].open(newline="") as file:
        report = {row["student"]: float(row["points"]) for row in csv.DictReader(file)}
    with export(course).open(newline="") as file:
        grades = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    listed = {one["student"]: one["points"] for one in result.as_json()["submissions"]}
    assert report == grades == listed
    assert set(report) == {"ada", "carl", "blanche", "yan", "zoe"}
    mean = sum(report.values()) / len(report) / 22
    assert f"counting nothing as 0: {100 * mean:.0f} %" in " ".join(re.sub("<[^>]*>", "", table[0].read_text()).split())


def change_points(course: Path, points: float, released: bool) -> None:
    path = course / "solutions" / CHAPTER / f"{CHAPTER}.ipynb"
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "check_relu":
            cell["metadata"]["nbgrader"]["points"] = points
    path.write_text(json.dumps(notebook))
    if released:
        with book(course) as open_book:
            open_book.find_grade_cell("check_relu", CHAPTER, CHAPTER).max_score = points
            open_book.db.commit()


@pytest.mark.parametrize("released", [False, True])
def test_points_that_were_changed_in_the_source_are_refused_with_what_to_do(course: Path, released: bool) -> None:
    hand_in(course, PERFECT)
    graded(course)
    before = gradebook(course)
    change_points(course, 5, released)
    with pytest.raises(
        ValueError, match=r"check_relu of 04.* is worth 5 points, and its exercise relu has 2.*autograder build"
    ):
        graded(course)
    assert gradebook(course) == before


def test_points_that_the_gradebook_does_not_know_yet_are_refused_with_what_to_do(course: Path) -> None:
    hand_in(course, PERFECT)
    with book(course) as open_book:
        open_book.find_grade_cell("check_relu", CHAPTER, CHAPTER).max_score = 3
        open_book.db.commit()
    with pytest.raises(
        ValueError, match=r"check_relu .* worth 2 points, and was handed out with 3.*autograder release"
    ):
        graded(course)


def test_work_handed_in_again_under_a_score_by_hand_is_told_that_the_hand_outweighs_it(course: Path) -> None:
    hand_in(course, PARTLY)
    graded(course)
    give(course, "carl", "check_softmax", 1.5)
    hand_in_changed(course, "carl", lambda nb: setattr(cell_of(nb, "relu"), "source", "relu = abs"), PERFECT)
    first, second = graded(course), graded(course)
    says = "softmax: 1.5 by hand outweighs the check's 3"
    assert first.counted()[0]["note"] == f"handed in again under a score given by hand: {says}"
    assert second.counted()[0]["note"] == says
    text = io.StringIO()
    show(table_of(first), Console(file=text, width=300), "done")
    assert says in text.getvalue()
    page = write_report(CHAPTER, recorded("04", course), course / "report")[0].read_text()
    assert says in html.unescape(page)
