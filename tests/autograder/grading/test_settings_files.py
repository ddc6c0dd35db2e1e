"""Settings of the whole machine or of a user count in grading as they do in nbgrader's own commands."""

from __future__ import annotations

from pathlib import Path

import pytest
from grading_class import CHAPTER, PERFECT, InProcess, gradebook, hand_in, nbgrader, settle, submitted
from nbgrader.api import Gradebook

from autograder.grading.grade import grade
from autograder.grading.records.classroom import open_classroom
from autograder.grading.settings_files import settings_files
from autograder.grading.unchanged import unchanged
from autograder.grading.witness import Witness

HOW = {"reference": "", "trusted": False}
ZERO = 'c = get_config()\nc.LateSubmissionPlugin.penalty_method = "zero"\n'


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where nbgrader's settings of this user lie."""
    folder = tmp_path / "of the user"
    folder.mkdir()
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(folder))
    return folder


@pytest.fixture
def late(course: Path) -> Path:
    """A class in which somebody hands in a day late."""
    with Gradebook(f"sqlite:///{course / 'classroom' / 'gradebook.db'}", "one_cnn_two_ways") as book:
        book.update_or_create_assignment(CHAPTER, duedate="2030-01-02 00:00:00 UTC")
    hand_in(course, PERFECT)
    submitted(course, "ada").with_name("timestamp.txt").write_text("2030-01-03 00:00:00 UTC")
    return course


def test_a_users_late_rule_takes_as_much_as_on_nbgraders_command_line(late: Path, machine: Path) -> None:
    assert grade("04", late, engine=InProcess()).total("ada").points == 22
    (machine / "nbgrader_config.py").write_text(ZERO)
    assert grade("04", late, engine=InProcess()).total("ada").points == 0
    before = gradebook(late)
    assert nbgrader(late, "autograde", CHAPTER, "--force").returncode == 0
    assert gradebook(late) == before


def test_what_a_class_says_itself_counts(late: Path, machine: Path) -> None:
    (machine / "nbgrader_config.py").write_text(ZERO)
    settle(late, 'c.LateSubmissionPlugin.penalty_method = "none"\n')
    assert grade("04", late, engine=InProcess()).total("ada").points == 22


def test_they_are_read_in_nbgraders_order(course: Path, machine: Path) -> None:
    for name, limit in (("jupyter_config.py", 40), ("nbgrader_config.py", 50)):
        (machine / name).write_text(f"c = get_config()\nc.Execute.startup_timeout = {limit}\n")
    assert open_classroom(course)[1].Execute.startup_timeout == 50
    (machine / "nbgrader_config.json").write_text('{"Execute": {"startup_timeout": 60}}')
    assert open_classroom(course)[1].Execute.startup_timeout == 60
    (course / "nbgrader_config.json").write_text('{"Execute": {"startup_timeout": 70}}')
    assert open_classroom(course)[1].Execute.startup_timeout == 70
    names = [path.name for path in settings_files(course) if path.parent in (machine, course)]
    assert names == ["jupyter_config.py", *["nbgrader_config.py", "nbgrader_config.json"] * 2]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("nbgrader_config.py", "c = get_config(", r"SyntaxError: '\(' was never closed \(nbgrader_config.py, line 1\)"),
        ("jupyter_config.py", "1 / 0", "ZeroDivisionError: division by zero"),
        ("nbgrader_config.json", "{nope", "JSONDecodeError: Expecting property name"),
    ],
)
def test_one_that_cannot_be_read_is_named_before_anything_is_graded(
    course: Path, machine: Path, name: str, text: str, says: str
) -> None:
    hand_in(course, PERFECT)
    (machine / name).write_text(text)
    with pytest.raises(ValueError, match=rf"of the user/{name} cannot be read: {says}"):
        grade("04", course, engine=InProcess())
    assert not (course / "classroom" / "results").exists()


def test_a_class_is_graded_anew_when_one_of_them_has_changed(late: Path, machine: Path) -> None:
    witness = Witness(late, "04", HOW)
    witness.keep(grade("04", late, engine=InProcess()))
    assert unchanged(late, CHAPTER, HOW) is not None
    (machine / "nbgrader_config.py").write_text(ZERO)
    assert unchanged(late, CHAPTER, HOW) is None
