"""The written answer of chapter 10: a person's points stay when a check is mended and when the learner hands in again."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from grading_class import InProcess, cell_of
from nbgrader.api import Gradebook
from rich.console import Console

from autograder.commands import commands_on_path
from autograder.grading.explain import explain
from autograder.grading.grade import GradeResult, grade
from autograder.grading.lms.fill import fill
from autograder.grading.records import basis, export
from autograder.grading.submissions import verdicts
from autograder.report.explained import as_page, as_words
from autograder.sample import demo
from autograder.sample.learners import Submission

CAPSTONE = "10_capstone"
ADA = Submission("ada", CAPSTONE, "all")


@pytest.fixture(scope="module")
def _capstone(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = demo.prepare(root, tmp_path_factory.mktemp("capstone") / "course")
    with commands_on_path():
        demo.release(folder, CAPSTONE)
    demo.hand_in(folder, ADA)
    return folder


@pytest.fixture
def capstone(_capstone: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(_capstone, tmp_path / "course"))


def graded(course: Path) -> tuple[GradeResult, str]:
    text = io.StringIO()
    result = grade("10", course, engine=InProcess(), console=Console(file=text, width=300))
    return result, text.getvalue()


def row(course: Path, points: float | None = None) -> tuple[float | None, bool]:
    """The points by hand of the reflection, and whether it waits for a person; ``points`` are given as the formgrader does."""
    with Gradebook(f"sqlite:///{course / 'classroom' / 'gradebook.db'}", "one_cnn_two_ways") as book:
        one = book.find_grade("reflection", CAPSTONE, CAPSTONE, "ada")
        if points is not None:
            one.manual_score, one.needs_manual_grade = points, False
            book.db.commit()
        return one.manual_score, one.needs_manual_grade


def write(course: Path, words: str) -> None:
    path = course / "classroom" / "submitted" / "ada" / CAPSTONE / f"{CAPSTONE}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cell_of(notebook, "reflection").source = words
    path.write_text(nbformat.writes(notebook), encoding="utf-8")


def mend(monkeypatch: pytest.MonkeyPatch, exercise_id: str, points: float) -> None:
    """Have a mended check give this exercise so many points."""
    judge = verdicts.judge

    def mended(exercise: Any, *rest: Any) -> Any:
        found = judge(exercise, *rest)
        return replace(found, score=points) if exercise.id == exercise_id else found

    monkeypatch.setattr(verdicts, "judge", mended)
    monkeypatch.setattr(basis, "_code", lambda: f"mended: {exercise_id} {points}")


def test_a_mended_check_says_what_it_changes_and_leaves_the_points_of_a_person(
    capstone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = graded(capstone)
    assert row(capstone) == (None, True)  # nobody has read it
    assert row(capstone, 4) == (4, False)
    before, quiet = graded(capstone)
    assert row(capstone) == (4, False)  # nothing has changed, so nobody is asked to look again
    assert before.total("ada").points == first.total("ada").points + 4
    assert "although the work did not" not in quiet

    mend(monkeypatch, "hybrid_cnn", 1.0)
    result, said = graded(capstone)
    whole = before.total("ada").points
    assert "1 score will change although the work did not:" in said
    assert f"ada: {whole:g} → {whole - 3:g} points (hybrid_cnn 4 → 1)" in said
    assert [(one.student, one.exercises) for one in result.changes] == [("ada", (("hybrid_cnn", 4.0, 1.0),))]
    assert row(capstone)[0] == 4
    assert result.total("ada").by_hand == 4

    again, said = graded(capstone)
    assert (again.recorded, again.changes) == (0, ())
    assert "→" not in said


def test_a_written_answer_handed_in_again_waits_for_a_person_and_keeps_its_points_until_then(capstone: Path) -> None:
    graded(capstone)
    row(capstone, 3)
    write(capstone, "I have thought about it again.")
    result, _ = graded(capstone)
    assert row(capstone) == (3, True)
    assert result.total("ada").by_hand == 3
    assert "handed in again under a score given by hand: reflection: 3 by hand stands" in result.counted()[0]["note"]
    row(capstone, 5)
    result, _ = graded(capstone)
    assert row(capstone) == (5, False)
    assert (result.recorded, result.total("ada").by_hand) == (0, 5)


def test_explain_says_what_a_written_answer_earned(capstone: Path) -> None:
    write(capstone, "I have thought about it.")
    graded(capstone)
    found = explain("ada", "10", capstone)
    assert found.written == ("reflection: not read yet, 0 of 5 points",)
    row(capstone, 4.5)
    only = explain("ada", "10", capstone, "reflection")
    assert not only.exercises and only.written == ("reflection: read by a person, 4.5 of 5 points",)
    assert only.written[0] in as_words(only) and f"<p>{only.written[0]}</p>" in as_page(only)
    assert explain("ada", "10", capstone, "hybrid_cnn").written == ()
    with pytest.raises(ValueError, match=r"it has hybrid_cnn, .*, reflection$"):
        explain("ada", "10", capstone, "nothing")


def test_work_that_is_gone_was_not_handed_in_again(capstone: Path) -> None:
    graded(capstone)
    row(capstone, 3)
    (capstone / "classroom" / "submitted" / "ada" / CAPSTONE / f"{CAPSTONE}.ipynb").unlink()
    result, _ = graded(capstone)
    assert result.counted()[0]["status"] == "missing" and result.total("ada").points == 3
    assert "again" not in result.counted()[0]["note"]


def test_what_nobody_has_read_yet_is_said_in_the_table_the_feedback_and_the_marks(capstone: Path) -> None:
    write(capstone, "I have thought about it.")
    (capstone / "t.csv").write_text(
        "Student,ID,SIS Login ID,Section,10_capstone (5)\n    Points Possible,,,,21\nA,1,ada,S,\n"
    )

    def told() -> tuple[bool, bool, bool]:
        result, _ = graded(capstone)
        export.feedback("10", capstone)
        page = (capstone / "classroom" / "feedback" / "ada" / CAPSTONE / f"{CAPSTONE}.html").read_text()
        marks = fill(capstone / "t.csv", ["10"], capstone).text()
        return (
            "reflection: not read yet" in result.counted()[0]["note"],
            "Nobody has read reflection yet: so far it counts nothing." in page,
            "ada: have answers that nobody has read yet" in marks,
        )

    assert told() == (True, True, True)
    path = capstone / "classroom" / "submitted" / "ada" / CAPSTONE / f"{CAPSTONE}.ipynb"
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    assert told() == (False, False, False), "there is nothing to read"
    path.write_bytes(whole)
    assert told() == (True, True, True)
    row(capstone, 0)
    assert told() == (False, False, False), "read, and worth nothing"
