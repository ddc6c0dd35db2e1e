"""The single writer: what people wrote into the gradebook stays, and a killed run is made whole by the next."""

from __future__ import annotations

import csv
import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from grading_class import (
    BLANK,
    CHAPTER,
    PARTLY,
    PERFECT,
    InProcess,
    cell_of,
    gradebook,
    hand_in,
    hand_in_changed,
    points_in,
    submitted,
)
from nbgrader.api import Gradebook

from autograder.grading.grade import grade
from autograder.grading.records import record
from autograder.grading.records.export import export, feedback
from autograder.grading.records.one_pass import Writer
from autograder.grading.submissions.prepare import Prepared


def open_gradebook(course: Path) -> Gradebook:
    return Gradebook(f"sqlite:///{course / 'classroom' / 'gradebook.db'}", "one_cnn_two_ways")


def test_grades_and_comments_given_by_hand_survive_a_regrade(course: Path) -> None:
    hand_in(course, PARTLY)
    grade("04", course, engine=InProcess())
    with open_gradebook(course) as book:
        given = book.find_grade("check_softmax", CHAPTER, CHAPTER, "carl")
        given.manual_score, given.extra_credit = 1.5, 0.5
        book.find_comment("softmax", CHAPTER, CHAPTER, "carl").manual_comment = "a good start"
        book.db.commit()
    hand_in_changed(course, "carl", lambda nb: setattr(cell_of(nb, "relu"), "source", "relu = None"), PARTLY)
    grade("04", course, engine=InProcess())
    rows = gradebook(course)
    softmax = next(row for row in rows["grades"] if row[1] == "check_softmax")
    assert softmax == ("carl", "check_softmax", 0.0, 1.5, 0.5, 1)
    assert ("carl", "softmax", "No response.", "a good start") in rows["comments"]
    assert points_in(course, "carl")["relu"] == 0


def test_a_marker_is_believed_only_as_far_as_the_gradebook_agrees(course: Path) -> None:
    hand_in(course, PERFECT)
    grade("04", course, engine=InProcess())
    before = gradebook(course)
    with open_gradebook(course) as book:
        book.find_grade("check_relu", CHAPTER, CHAPTER, "ada").auto_score = 0
        book.db.commit()
    assert grade("04", course, engine=InProcess()).recorded == 1
    assert gradebook(course) == before
    path = course / "classroom" / "autograded" / "ada" / CHAPTER / f"{CHAPTER}.ipynb"
    path.chmod(0o644)
    path.write_text("{}")
    assert grade("04", course, engine=InProcess()).recorded == 1
    with open_gradebook(course) as book:
        book.remove_submission(CHAPTER, "ada")
    assert grade("04", course, engine=InProcess()).recorded == 1
    assert gradebook(course) == before


def test_when_a_submission_was_handed_in_is_recorded(course: Path) -> None:
    hand_in(course, PERFECT)
    (submitted(course, "ada").parent / "timestamp.txt").write_text("2030-01-02 03:04:05 UTC")
    assert grade("04", course, engine=InProcess()).recorded == 1
    assert gradebook(course)["submissions"] == [(CHAPTER, "ada", "2030-01-02 03:04:05.000000")]
    assert grade("04", course, engine=InProcess()).recorded == 0
    (submitted(course, "ada").parent / "timestamp.txt").write_text("2030-01-03 03:04:05 UTC")
    assert grade("04", course, engine=InProcess()).recorded == 1


def test_a_result_that_nbgrader_does_not_take_is_told_and_stops_nobody(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(course, PERFECT, PARTLY)
    write = Writer.write

    def fail(self: Writer, converter: Any, ready: Prepared, done: Any) -> None:
        if ready.student == "ada":
            raise OSError("the disk is full")
        write(self, converter, ready, done)

    monkeypatch.setattr(Writer, "write", fail)
    result = grade("04", course, engine=InProcess())
    assert result.problems == ("the result of ada could not be recorded: the disk is full",)
    assert points_in(course, "carl")["relu"] == 2
    monkeypatch.undo()
    again = grade("04", course, engine=InProcess())
    assert (again.problems, again.recorded, again.executed) == ((), 1, 0)


def test_a_folder_that_may_not_be_written_is_named(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in(course, PERFECT)
    grade("04", course, engine=InProcess())
    cells = submitted(course, "ada")
    cells.write_text(cells.read_text().replace("def relu(", "# again\\ndef relu("))

    def refuse(*words: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", cells.name)  # as shutil says it

    monkeypatch.setattr("shutil.rmtree", refuse)
    result = grade("04", course, engine=InProcess())
    there = course / "classroom" / "autograded" / "ada" / CHAPTER / cells.name
    assert result.problems == (f"the result of ada could not be recorded: {there}: Permission denied",)


def test_nbgraders_own_converter_and_our_single_pass_write_the_same(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(course, PERFECT, PARTLY, BLANK)
    hand_in_changed(course, "eve", lambda nb: nb.cells.remove(cell_of(nb, "check_relu")))
    submitted(course, "rob").parent.mkdir(parents=True)
    submitted(course, "rob").write_text("{nope")
    (submitted(course, "ada").parent / "timestamp.txt").write_text("2030-01-02 03:04:05 UTC")
    (submitted(course, "ada").parent / "data.txt").write_text("mine")
    other = Path(shutil.copytree(course, tmp_path / "other"))
    grade("04", course, engine=InProcess())
    monkeypatch.setattr(record, "can_write", lambda converter: False)
    grade("04", other, engine=InProcess())
    assert gradebook(course) == gradebook(other)
    ours, theirs = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (course / "classroom" / "autograded", other / "classroom" / "autograded")
    )
    assert ours == theirs
    assert len(ours) == 7
    modes = {path.stat().st_mode & 0o777 for path in (course / "classroom/autograded").rglob("*") if path.is_file()}
    assert modes == {0o444}


def test_feedback_shows_the_panels_and_why_something_was_not_graded(course: Path) -> None:
    hand_in(course, PARTLY)
    submitted(course, "rob").parent.mkdir(parents=True)
    submitted(course, "rob").write_text("{nope")
    grade("04", course, engine=InProcess())
    pages = feedback("04", course)
    assert "bias forgotten" in (pages / "carl" / CHAPTER / f"{CHAPTER}.html").read_text()
    assert "This submission was not graded: unreadable" in (pages / "rob" / CHAPTER / f"{CHAPTER}.html").read_text()


def test_the_export_quotes_names_and_has_no_silent_zero(course: Path) -> None:
    hand_in(course, PERFECT, BLANK)
    submitted(course, "rob").parent.mkdir(parents=True)
    submitted(course, "rob").write_text("{nope")
    grade("04", course, engine=InProcess())
    with open_gradebook(course) as book:
        book.update_or_create_student("ada", last_name='Lovelace, "Countess"')
        book.add_student("zoe")
    with export(course).open(newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert rows["ada"]["last_name"] == 'Lovelace, "Countess"'
    assert {name: (row["score"], row["status"]) for name, row in rows.items()} == {
        "ada": ("22.0", "graded"),
        "blanche": ("0.0", "not attempted"),
        "rob": ("0.0", "unreadable"),
        "zoe": ("0.0", "missing"),
    }


# Grades the class in argv[1] and ends itself at the so-manyeth commit, rename or unlink.
KILLED = """
import os, signal, sys, pathlib, sqlalchemy.orm
from grading_class import InProcess
from autograder.grading.grade import grade
left = int(sys.argv[2])

def counted(function):
    def call(*args, **words):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **words)
    return call

sqlalchemy.orm.Session.commit = counted(sqlalchemy.orm.Session.commit)
os.replace = counted(os.replace)
pathlib.Path.unlink = counted(pathlib.Path.unlink)
print(grade("04", pathlib.Path(sys.argv[1]), engine=InProcess()).recorded)
"""


@pytest.mark.slow
def test_killed_anywhere_and_started_again_the_gradebook_is_the_same(course: Path, root: Path, tmp_path: Path) -> None:
    hand_in(course, PERFECT, PARTLY, BLANK)
    whole = Path(shutil.copytree(course, tmp_path / "whole"))
    (whole / "nbgrader_config.py").touch()
    grade("04", whole, engine=InProcess())
    paths = os.pathsep.join([str(root / "tests"), str(root)])
    for steps in (1, 3, 5, 6, 7):
        command = [sys.executable, "-c", KILLED, str(course), str(steps)]
        ended = subprocess.run(command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True)
        assert ended.returncode == -signal.SIGKILL, ended.stderr
    last = grade("04", course, engine=InProcess())
    assert last.problems == ()
    assert gradebook(course) == gradebook(whole)
    for student in ("ada", "blanche", "carl"):
        one, other = (
            folder / "classroom" / "autograded" / student / CHAPTER / f"{CHAPTER}.ipynb" for folder in (course, whole)
        )
        assert one.read_bytes() == other.read_bytes()
    assert grade("04", course, engine=InProcess()).recorded == 0
    assert not (course / "classroom" / "results" / "staging").exists()
