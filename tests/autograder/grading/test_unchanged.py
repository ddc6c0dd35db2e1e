"""An unchanged class is told from one that is not before anything large is imported; whatever has changed is graded."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from grading_class import BLANK, CHAPTER, PARTLY, PERFECT, InProcess, hand_in, hand_in_changed, submitted
from nbgrader.api import Gradebook

from autograder.__main__ import main
from autograder.grading.grade import GradeResult, grade
from autograder.grading.rows import table_of
from autograder.grading.submissions.beside import LARGEST_REST
from autograder.grading.submissions.read import LARGEST_NOTEBOOK
from autograder.grading.unchanged import LARGEST_READ, unchanged
from autograder.grading.witness import Witness
from autograder.judging.reference import PUBLIC
from autograder.sample.learners import Submission

HOW = {"reference": "", "trusted": False}  # as the command line asks without options


def witnessed(course: Path, meanwhile: Callable[[], object] = lambda: None) -> GradeResult:
    witness = Witness(course, "04", HOW)
    result = grade("04", course, engine=InProcess())
    meanwhile()
    witness.keep(result)
    return result


@pytest.fixture
def small_class(course: Path) -> Path:
    hand_in(course, PERFECT, PARTLY, BLANK, Submission("mia", CHAPTER, "perfect"))
    submitted(course, "mia").rename(submitted(course, "mia").with_name("mine.txt"))
    return course


def test_it_says_what_grading_again_would_say(small_class: Path) -> None:
    witnessed(small_class)
    found = unchanged(small_class, CHAPTER, HOW)
    assert found is not None
    again = grade("04", small_class, engine=InProcess())
    assert found.table == table_of(again)
    assert {**found.result, "seconds": 0} == {**json.loads(json.dumps(again.as_json())), "seconds": 0}
    assert unchanged(small_class, CHAPTER, HOW) is not None  # to grade it again has changed nothing


def by_hand(course: Path) -> None:
    with Gradebook(f"sqlite:///{course / 'classroom' / 'gradebook.db'}") as gradebook:
        cell = gradebook.find_submission(CHAPTER, "carl").notebooks[0].grades[0]
        cell.manual_score = 1.0
        gradebook.db.commit()


def private_reference(course: Path) -> None:
    (course / "classroom" / "reference").mkdir(parents=True)
    shutil.copy(PUBLIC / "functional.safetensors", course / "classroom" / "reference")


def appended(*parts: str) -> Callable[[Path], None]:
    def change(course: Path) -> None:
        path = course.joinpath(*parts)
        path.write_text(path.read_text() + " \n")

    return change


CHANGES: dict[str, Callable[[Path], Any]] = {
    "somebody hands in again": lambda course: hand_in_changed(course, "ada", lambda notebook: notebook.cells.pop()),
    "somebody new hands in": lambda course: hand_in(course, Submission("new", CHAPTER, "perfect")),
    "somebody's work is gone": lambda course: shutil.rmtree(submitted(course, "ada").parent.parent),
    "another file beside a notebook": lambda course: submitted(course, "ada").with_name("data.csv").write_text("1"),
    "points by hand": by_hand,
    "a reference of the class's own": private_reference,
    "another source": appended("solutions", CHAPTER, f"{CHAPTER}.ipynb"),
    "other settings": appended("nbgrader_config.py"),
    "a record is gone": lambda course: next((course / "classroom/results/recorded" / CHAPTER).iterdir()).unlink(),
    "a graded notebook is gone": lambda course: shutil.rmtree(course / "classroom/autograded/ada"),
    "what was seen is gone": lambda course: shutil.rmtree(course / "classroom/results/seen"),
    "what was kept is torn": lambda course: _tear(course / f"classroom/results/unchanged/{CHAPTER}.json"),
    "what was kept is something else": lambda course: (
        course / f"classroom/results/unchanged/{CHAPTER}.json"
    ).write_text("[1]"),
}


def _tear(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def test_whatever_has_changed_is_graded(small_class: Path, tmp_path: Path) -> None:
    witnessed(small_class)
    as_it_was = shutil.copytree(small_class, tmp_path / "as it was", symlinks=True)
    missed = []
    for what, change in CHANGES.items():
        assert unchanged(small_class, CHAPTER, HOW) is not None, f"before: {what}"
        change(small_class)
        if unchanged(small_class, CHAPTER, HOW) is not None:
            missed.append(what)
        shutil.rmtree(small_class)
        shutil.copytree(as_it_was, small_class, symlinks=True)
    assert missed == []


def test_no_more_is_read_than_grading_reads(small_class: Path) -> None:
    """A learner's file may say that it is larger than any disk: to read it would take days."""
    assert LARGEST_READ == LARGEST_NOTEBOOK > LARGEST_REST
    beside = submitted(small_class, "ada").with_name("data.bin")
    beside.touch()
    os.truncate(beside, 1 << 40)
    witnessed(small_class)
    assert unchanged(small_class, CHAPTER, HOW) is not None
    os.truncate(beside, (1 << 40) + 1)
    assert unchanged(small_class, CHAPTER, HOW) is None


def test_a_folder_with_more_files_than_are_looked_at_is_graded_every_time(
    small_class: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    witnessed(small_class)
    assert unchanged(small_class, CHAPTER, HOW) is not None
    monkeypatch.setattr("autograder.grading.unchanged._MOST_FILES", 1)
    submitted(small_class, "ada").with_name("one.txt").touch()
    witnessed(small_class)
    assert unchanged(small_class, CHAPTER, HOW) is None


def test_another_question_is_another_answer(small_class: Path) -> None:
    witnessed(small_class)
    assert unchanged(small_class, CHAPTER, HOW) is not None
    assert unchanged(small_class, CHAPTER, {**HOW, "trusted": True}) is None
    assert unchanged(small_class, "03_convolution_by_hand", HOW) is None


def test_what_arrives_while_a_class_is_graded_is_graded_the_next_time(small_class: Path) -> None:
    witnessed(small_class, lambda: hand_in(small_class, Submission("new", CHAPTER, "perfect")))
    assert unchanged(small_class, CHAPTER, HOW) is None


def test_points_given_by_hand_meanwhile_are_not_missed(small_class: Path) -> None:
    witnessed(small_class, lambda: by_hand(small_class))
    assert unchanged(small_class, CHAPTER, HOW) is None


def test_settings_that_ask_the_world_are_run_every_time(small_class: Path) -> None:
    config = small_class / "nbgrader_config.py"
    config.write_text(
        config.read_text() + "\nimport os\nc.CourseDirectory.course_id = os.environ.get('COURSE', 'cnn')\n"
    )
    witnessed(small_class)
    assert unchanged(small_class, CHAPTER, HOW) is None


def test_a_run_with_problems_or_without_writing_is_not_kept(small_class: Path) -> None:
    witness = Witness(small_class, "04", HOW)
    witness.keep(grade("04", small_class, engine=InProcess(), dry_run=True))
    assert unchanged(small_class, CHAPTER, HOW) is None
    witness = Witness(small_class, "04", HOW)
    witness.keep(replace(grade("04", small_class, engine=InProcess()), problems=("ada could not be recorded",)))
    assert unchanged(small_class, CHAPTER, HOW) is None


def test_the_command_says_so_and_imports_nothing_large(
    small_class: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    witness = Witness(small_class, "04", HOW)
    witness.keep(grade("04", small_class, engine=InProcess()))
    monkeypatch.chdir(small_class)
    assert main(["grade", "04"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "nothing has changed since the last time; 0 run, 0 recorded" in said
    assert "ada" in said
    program = "import sys; from autograder.__main__ import main; main(['grade', '04', '--json']); "
    program += "print(sorted({'torch', 'nbgrader', 'sqlalchemy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=small_class, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
    assert json.loads("".join(done.stdout.splitlines(keepends=True)[:-1]))["executed"] == 0
