"""`explain`: what was handed in, what was seen, and how the points add up; worked out again, with nothing run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from grading_class import BLANK, CHAPTER, PARTLY, PERFECT, SOME, InProcess, hand_in, submitted

from autograder.__main__ import main
from autograder.grading.explain import explain
from autograder.grading.grade import grade
from autograder.report.explained import as_page, as_words
from autograder.sample.learners import Submission


@pytest.fixture
def graded_class(course: Path) -> Path:
    hand_in(course, PERFECT, PARTLY, BLANK)
    submitted(course, "rob").parent.mkdir(parents=True)
    submitted(course, "rob").write_text("{nope")
    grade("04", course, engine=InProcess())
    return course


def test_it_says_what_was_seen_and_how_the_points_add_up(graded_class: Path) -> None:
    found = explain("carl", "04", graded_class)
    linear = next(one for one in found.exercises if one.exercise.id == "linear")
    assert found.points == SOME
    assert linear.decided.verdict.misconception == "bias forgotten"
    assert "def linear" in linear.source
    assert 0 < len(linear.cases) < linear.tried
    assert all(case.fails for case in linear.cases)
    assert any("values" in case.fails for case in linear.cases)
    said = as_words(found)
    for words in (
        "carl",
        f"the checks give {SOME} of 22 points; {SOME} of 22 points are recorded",
        "the public reference",
        "bias forgotten",
    ):
        assert words in said
    assert "values: " in said
    assert f"{len(linear.cases)} of {linear.tried} cases fail" in said


def test_each_rule_line_is_what_the_score_was_made_of(graded_class: Path) -> None:
    linear = explain("carl", "04", graded_class, "linear").exercises[0]
    failing = {name for case in linear.cases for name in case.fails}
    told = [line.partition(":") for line in linear.rule]
    partly = {aspect for aspect, _, words in told if "cases hold" in words and "hold: all of" not in words}
    assert failing == partly


def test_the_page_holds_it_all_and_runs_nothing(graded_class: Path) -> None:
    page = as_page(explain("carl", "04", graded_class))
    assert "<script" not in page
    assert page.count("<section>") == len(explain("carl", "04", graded_class).exercises)
    assert "bias forgotten" in page
    assert "How the points add up" in page


def test_what_a_learner_wrote_is_text_in_the_page(graded_class: Path) -> None:
    path = submitted(graded_class, "carl")
    path.write_text(path.read_text().replace("def linear(", "# <script>alert(1)</script>\\ndef linear("))
    grade("04", graded_class, engine=InProcess())
    page = as_page(explain("carl", "04", graded_class))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("student", "exercise", "says"),
    [
        ("nobody", None, "has handed in"),
        ("rob", None, "unreadable"),
        ("carl", "conv2d", "has no exercise 'conv2d'; it has init_params, relu"),
    ],
)
def test_what_cannot_be_explained_is_said(student: str, exercise: str | None, says: str, graded_class: Path) -> None:
    with pytest.raises(ValueError, match=says):
        explain(student, "04", graded_class, exercise)


def test_points_that_are_kept_without_work_to_explain_are_said(graded_class: Path) -> None:
    with pytest.raises(
        ValueError, match=r"rob handed in no .* that could be explained: unreadable(?!.*gradebook holds)"
    ):
        explain("rob", "04", graded_class)
    points = grade("04", graded_class, engine=InProcess()).total("carl").points
    shutil.rmtree(submitted(graded_class, "carl").parent.parent)
    with pytest.raises(ValueError, match=f"nobody .* has handed in.*; the gradebook holds {points:g} of 22 points$"):
        explain("carl", "04", graded_class)
    submitted(graded_class, "carl").parent.parent.touch()
    with pytest.raises(ValueError, match=f"nobody's.*; the gradebook holds {points:g} of 22 points$"):
        explain("carl", "04", graded_class)


def test_work_that_was_not_run_is_not_explained(course: Path) -> None:
    hand_in(course, Submission("zoe", CHAPTER, "perfect"))
    with pytest.raises(ValueError, match=r"grade it first: python -m autograder grade .* --student zoe"):
        explain("zoe", "04", course)


def test_the_command_writes_a_page(
    graded_class: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(graded_class)
    assert main(["explain", "carl", "04", "linear", "--html", str(tmp_path / "carl.html")]) == 0
    assert "bias forgotten" in capsys.readouterr().out
    assert (tmp_path / "carl.html").read_text().startswith("<!DOCTYPE html>")
    assert main(["explain", "nobody", "04"]) == 1
    assert "nobody called 'nobody' has handed in" in capsys.readouterr().err
