"""Plain ``nbgrader autograde`` and the formgrader's button give the engine's grades."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from grading_class import (
    BLANK,
    CHAPTER,
    LINEAR,
    PARTLY,
    PERFECT,
    InProcess,
    cell_of,
    gradebook,
    hand_in,
    hand_in_changed,
    outcome_of,
    points_in,
    submitted,
)

from autograder.commands import commands_on_path
from autograder.grading.grade import grade
from autograder.grading.records import plugins
from autograder.grading.slots.engine import NoSandbox
from autograder.grading.slots.job import Job, Outcome
from autograder.sample import demo
from autograder.sample.learners import Submission


def autograde(course: Path, *students: str) -> dict[str, Any]:
    """What the formgrader's button does, student for student."""
    with commands_on_path():
        return {student: demo._api(course).autograde(CHAPTER, student, force=True) for student in students}


def duplicate(notebook: Any) -> None:
    place = notebook.cells.index(cell_of(notebook, "check_relu"))
    notebook.cells.insert(place, type(notebook.cells[place])(dict(notebook.cells[place]) | {"id": "another"}))
    cell_of(notebook, "check_linear").source = "3.0"
    notebook.cells.remove(cell_of(notebook, "softmax"))
    notebook.cells.remove(cell_of(notebook, "check_softmax"))


def test_nbgraders_own_autograde_gives_the_identical_gradebook_and_runs_nothing(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(course, PERFECT, PARTLY, BLANK)
    hand_in_changed(course, "dup", duplicate)
    submitted(course, "rob").parent.mkdir(parents=True)
    submitted(course, "rob").write_text("{nope")
    fresh = Path(shutil.copytree(course, tmp_path / "fresh"))
    grade("04", course, engine=InProcess())
    shutil.copytree(course / "classroom" / "results", fresh / "classroom" / "results")

    def nothing(job: Job, **words: Any) -> Outcome:
        raise AssertionError("this was seen before")

    monkeypatch.setattr(plugins, "run_one", nothing)
    told = autograde(fresh, "ada", "carl", "blanche", "dup", "rob")
    assert {student: one["success"] for student, one in told.items()} == dict.fromkeys(told, True)
    assert gradebook(fresh) == gradebook(course)
    assert points_in(fresh, "dup")["softmax"] == 0 and points_in(fresh, "dup")["linear"] == 3


def test_what_was_never_seen_is_run_by_the_engine_and_kept(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in(course, PARTLY)
    ran: list[Job] = []

    def run(job: Job, **words: Any) -> Outcome:
        ran.append(job)
        return outcome_of(job)

    monkeypatch.setattr(plugins, "run_one", run)
    for _ in range(2):
        assert autograde(course, "carl")["carl"]["success"]
    assert len(ran) == 1
    assert points_in(course, "carl")["linear"] == LINEAR
    result = grade("04", course, engine=InProcess())
    assert (result.executed, result.points()["carl"]["linear"]) == (0, LINEAR)


def test_without_a_sandbox_there_are_no_points_and_a_reason(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in(course, PERFECT)

    def refuse(job: Job, **words: Any) -> Outcome:
        raise NoSandbox("the sandbox is missing: install the package bubblewrap.")

    monkeypatch.setattr(plugins, "run_one", refuse)
    with commands_on_path():
        api = demo._api(course)
        api.log.setLevel("ERROR")
        told = api.autograde(CHAPTER, "ada", force=True)
    assert told["success"] and "install the package bubblewrap" in told["log"]
    assert set(points_in(course, "ada").values()) == {0.0}
    page = (course / "classroom" / "autograded" / "ada" / CHAPTER / f"{CHAPTER}.ipynb").read_text()
    assert page.count("no points are given here") == 2 * 7  # in each error's value and traceback


def test_the_reference_that_a_class_was_graded_with_is_the_one_that_nbgrader_grades_with(
    course: Path, tmp_path: Path
) -> None:
    from autograder.judging.reference import PUBLIC

    other = tmp_path / "other"
    shutil.copytree(PUBLIC, other)
    hand_in(course, PERFECT)
    grade("04", course, engine=InProcess(), reference=other)
    before = gradebook(course)
    assert autograde(course, "ada")["ada"]["success"]
    assert gradebook(course) == before
    assert plugins.Classroom.of(plugins.CourseDirectory(root=str(course))).reference(CHAPTER) == other


def test_nbgraders_own_autograde_replays_what_is_missing_or_goes_by_another_name(course: Path, tmp_path: Path) -> None:
    hand_in(course, PERFECT, *(Submission(name, CHAPTER, "perfect") for name in ("cop", "hew", "mia")))
    own = submitted(course, "cop")
    own.rename(own.with_name(f"{CHAPTER} (1).ipynb"))
    submitted(course, "hew").parent.rename(submitted(course, "hew").parent.with_name("hw4"))
    submitted(course, "mia").rename(submitted(course, "mia").with_name("mine.txt"))
    (course / "classroom" / "submitted" / "zoe").mkdir()
    fresh = Path(shutil.copytree(course, tmp_path / "fresh"))
    result = grade("04", course, engine=InProcess())
    assert {name: state for name, state in result.states().items() if state != "graded"} == dict.fromkeys(
        ("mia", "zoe"), "missing"
    )
    shutil.copytree(course / "classroom" / "results", fresh / "classroom" / "results")
    told = autograde(fresh, "ada", "cop", "hew", "mia", "zoe")
    assert {name: one["success"] for name, one in told.items()} == dict.fromkeys(told, True) | {"zoe": False}
    assert not any("Traceback" in str(one.get("log")) for one in told.values())
    assert "is missing: nothing was handed in" in str(told["zoe"])
    assert gradebook(fresh) == gradebook(course)
    assert sum(points_in(fresh, "cop").values()) == sum(points_in(fresh, "hew").values()) == 22


def test_nbgraders_own_autograde_refuses_points_that_are_not_the_exercises(course: Path) -> None:
    hand_in(course, PERFECT)
    path = course / "solutions" / CHAPTER / f"{CHAPTER}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cell_of(notebook, "check_relu").metadata.nbgrader.points = 5
    nbformat.write(notebook, path)
    told = autograde(course, "ada")["ada"]
    assert not told["success"] and "error processing" not in str(told)
    assert "is worth 5 points, and its exercise relu has 2" in str(told)


def test_it_carries_nothing_along_that_a_link_leads_to_and_waits_for_no_pipe(course: Path) -> None:
    hand_in(course, PERFECT, PARTLY)
    grade("functional", course, engine=InProcess())
    for learner in ("ada", "carl"):
        folder = submitted(course, learner).parent
        (folder / "book.txt").symlink_to(course / "classroom" / "gradebook.db")
        (folder / "nowhere.txt").symlink_to("nowhere")
        (folder / "own.txt").write_text("mine")
        os.mkfifo(folder / "pipe")
    os.mkfifo(submitted(course, "ada").with_name("timestamp.txt"))
    submitted(course, "carl").with_name("timestamp.txt").write_text("yesterday")
    said = autograde(course, "ada", "carl")
    assert [said[learner]["success"] for learner in ("ada", "carl")] == [True, True], said
    for learner in ("ada", "carl"):
        there = {path.name for path in (course / "classroom" / "autograded" / learner / CHAPTER).iterdir()}
        assert there - {"timestamp.txt"} == {f"{CHAPTER}.ipynb", "own.txt"}
    assert points_in(course, "carl")["linear"] == LINEAR
    learner = course / "classroom" / "submitted" / "ada" / CHAPTER
    learner.rename(learner.with_name("elsewhere"))
    learner.symlink_to("elsewhere")
    autograde(course, "ada")
    there = {path.name for path in (course / "classroom" / "autograded" / "ada" / CHAPTER).iterdir()}
    assert there == {f"{CHAPTER}.ipynb"}
