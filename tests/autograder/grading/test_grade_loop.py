"""The instructor's loop with nbgrader's own steps: release, hand in, grade, feedback, grades."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest
from grading_class import LINEAR
from nbclient import NotebookClient
from nbgrader.apps import NbGraderAPI

from autograder.commands import commands_on_path
from autograder.grading.grade import grade
from autograder.sample import demo
from autograder.sample.any_chapter import class_of
from autograder.sample.learners import SAMPLE_CLASS, Answer, Submission
from course.chapters import CHAPTERS

pytestmark = pytest.mark.slow

CHAPTER = "04_the_same_cnn_with_functional"
PARTLY = Submission(
    "noether",
    CHAPTER,
    "some of everything",
    {
        "relu": Answer("def relu(x):\n    return x.clamp(min=0)", 2),
        "linear": Answer("def linear(x, weight, bias=None):\n    return x @ weight.T", LINEAR, "bias forgotten"),
        "softmax": Answer("def softmax(x, dim):\n    return x.softmax(dim)", 0, "here you build it"),
        "which_api": Answer("import os; nothing_here", 0, "not attempted"),
    },
    rest="STUB",
)


@pytest.fixture
def course(root: Path, tmp_path: Path) -> Path:
    folder = demo.prepare(root, tmp_path / "course")
    with commands_on_path():
        demo.release(folder, CHAPTER)
    return folder


def gradebook(folder: Path, submission: Submission) -> Mapping[str, float]:
    return demo._points(folder, submission)


def test_a_trusted_kernel_gives_the_points_of_the_learners_own_checks(course: Path, tmp_path: Path) -> None:
    path = demo.hand_in(course, PARTLY)
    with commands_on_path():
        [graded] = demo.grade_in_kernels(course, [PARTLY])
    assert graded.wrong == ()

    own = nbformat.read(shutil.copy(path, tmp_path), as_version=4)
    NotebookClient(own, allow_errors=True).execute()
    shown = {
        cell.metadata.nbgrader.grade_id.removeprefix("check_"): float(cell.outputs[0].data["text/plain"])
        for cell in own.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }
    assert graded.points == shown


def test_in_nbgraders_own_kernels_every_grade_is_zero_without_the_word_and_says_why(course: Path) -> None:
    perfect = Submission("noether", CHAPTER, "perfect")
    demo.hand_in(course, perfect)
    with commands_on_path():
        api = demo._api(course)
        config = deepcopy(api.config)
        del config.Autograde["autograde_preprocessors"]  # nbgrader's own Execute, and no controller
        demo._require(NbGraderAPI(config=config).autograde(CHAPTER, "noether"), "grading")
        demo._require(api.generate_feedback(CHAPTER, "noether"), "feedback")
    assert set(gradebook(course, perfect).values()) == {0.0}
    page = course / "classroom/feedback/noether" / CHAPTER / f"{CHAPTER}.html"
    assert page.read_text().count("no points are given here") == len(perfect.deserves())


def test_the_demo_says_so_when_a_grade_is_not_what_is_deserved(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(root / "nbgrader_config.py", tmp_path)
    shutil.copytree(root / "solutions", tmp_path / "solutions")
    generous = Submission(
        "noether", CHAPTER, "too generous", {"relu": Answer("def relu(x):\n    return x", 2)}, rest="STUB"
    )
    assert demo.play(tmp_path, [generous]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "noether, 04_the_same_cnn_with_functional: relu: 0.0 instead of 2" in said
    folder = tmp_path / "classroom/demo"
    assert (folder / "classroom/grades.csv").read_text().count("noether") == 1
    again = grade(CHAPTER, folder, trust=not demo.sandbox_is_there())
    assert (again.executed, again.recorded) == (0, 0)  # the class has the demo's limits as its own


def test_the_demo_of_the_readme_ends_with_every_grade_and_every_word_as_deserved(root: Path, tmp_path: Path) -> None:
    shutil.copy(root / "nbgrader_config.py", tmp_path)
    shutil.copytree(root / "solutions", tmp_path / "solutions")
    assert demo.play(tmp_path, SAMPLE_CLASS) == 0


def test_the_sample_class_has_one_of_each_kind() -> None:
    kinds = [one.what for one in SAMPLE_CLASS]
    assert len(SAMPLE_CLASS) >= 8
    for kind in ("perfect", "in another style", "half done", "blank", "crashes", "endless loop"):
        assert kind in kinds
    assert sum(kind.startswith("misconception") for kind in kinds) >= 3
    assert {one.chapter for one in SAMPLE_CLASS} <= {chapter.slug for chapter in CHAPTERS}


@pytest.mark.parametrize("chapter", [one.slug for one in CHAPTERS])
def test_every_chapter_has_a_sample_class_of_all_kinds(chapter: str, root: Path) -> None:
    submissions = class_of(chapter, root)
    kinds = " ".join(one.what for one in submissions)
    assert len({one.learner for one in submissions}) == len(submissions)
    assert all(one.chapter == chapter for one in submissions)
    for kind in ("perfect", "blank", "half done", "crashes", "endless"):
        assert kind in kinds
