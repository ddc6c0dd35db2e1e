"""An assignment that is no chapter, handed in by a messy class: links, pipes, odd times, odd names, things in the wrong place."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from grading_class import InProcess, gradebook, own_settings
from nbformat.v4 import new_code_cell, new_notebook

from autograder.__main__ import main
from autograder.grading.own import OwnResult, grade_own
from autograder.grading.own_rows import recorded_own
from autograder.grading.records.classroom import open_classroom
from autograder.grading.records.full_disk import DiskFull

PS = "ps1"
RIGHT = {"t1": 2.0, "t2": 3.0}


def _cell(name: str, source: str, **marks: Any) -> Any:
    whole = {"grade": False, "grade_id": name, "locked": False, "solution": False, "schema_version": 3, "task": False}
    return new_code_cell(source, metadata={"nbgrader": {**whole, **marks}})


def _notebook(answer: str, test: str, points: int) -> Any:
    solution = f"### BEGIN SOLUTION\n{answer} = 9\n### END SOLUTION"
    cells = [_cell(answer, solution, solution=True)]
    return new_notebook(cells=[*cells, _cell(test, f"assert {answer} == 9", grade=True, locked=True, points=points)])


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """A class with two notebooks and a file in one assignment, handed out and not yet handed in."""
    folder = tmp_path_factory.mktemp("messy") / "course"
    (folder / "source" / PS).mkdir(parents=True)
    (folder / "classroom").mkdir()
    (folder / "nbgrader_config.py").write_text(own_settings(root), encoding="utf-8")
    for name, notebook in {"one": _notebook("a", "t1", 2), "two": _notebook("b", "t2", 3)}.items():
        (folder / "source" / PS / f"{name}.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")
    (folder / "source" / PS / "data.csv").write_text("1,2\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["release", PS]) == 0
    return folder


@pytest.fixture
def course(released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = Path(shutil.copytree(released, tmp_path / "course"))
    monkeypatch.chdir(copy)
    return copy


def hand_in(course: Path, student: str) -> Path:
    """Right answers to all, in the folder that is returned."""
    return Path(shutil.copytree(course / "source" / PS, course / "submitted" / student / PS))


def grade(course: Path, student: str | None = None) -> OwnResult:
    return grade_own(PS, course, student, engine=InProcess())


def rows(result: OwnResult) -> dict[str, Any]:
    return {str(one["student"]): one for one in result.submissions}


def scores(course: Path, student: str) -> dict[str, float]:
    return {name: auto for who, name, auto, *_ in gradebook(course)["grades"] if who == student}


def copied(course: Path) -> dict[str, bytes]:
    """What lies beside graded notebooks."""
    files = (path for path in (course / "autograded").rglob("*") if path.is_file() and path.suffix != ".ipynb")
    return {path.relative_to(course / "autograded").as_posix(): path.read_bytes() for path in files}


def test_what_a_link_leads_to_is_not_copied_into_graded_work_or_feedback(course: Path) -> None:
    folder = hand_in(course, "eve")
    (folder / "book.txt").symlink_to(course / "classroom" / "gradebook.db")
    (folder / "answer.txt").symlink_to(course / "source" / PS / "one.ipynb")
    (folder / "nowhere.txt").symlink_to("nowhere")
    (folder / "own.txt").write_text("mine", encoding="utf-8")
    result = grade(course)
    assert result.problems == ()
    assert copied(course) == {f"eve/{PS}/data.csv": b"1,2\n", f"eve/{PS}/own.txt": b"mine"}
    assert scores(course, "eve") == RIGHT
    assert "answer.txt (a link)" in rows(result)["eve"]["note"]
    assert main(["feedback", PS]) == 0
    names = {path.name for path in (course / "feedback").rglob("*") if path.is_file()}
    assert {"one.html", "own.txt"} <= names and not names & {"book.txt", "answer.txt"}


@pytest.mark.parametrize("name", ["pipe", "timestamp.txt"])
def test_a_pipe_beside_the_notebooks_costs_nothing(course: Path, name: str) -> None:
    os.mkfifo(hand_in(course, "ada") / name)
    result = grade(course)
    assert (result.problems, rows(result)["ada"]["points"]) == ((), 5.0)
    assert scores(course, "ada") == RIGHT


def test_a_time_that_is_none_is_said_once_and_costs_no_grade(course: Path) -> None:
    (hand_in(course, "ada") / "timestamp.txt").write_text("yesterday", encoding="utf-8")
    (hand_in(course, "bob") / "timestamp.txt").write_text("2027-03-01 10:00 +0200", encoding="utf-8")
    result = grade(course)
    assert result.problems == ()
    assert rows(result)["ada"]["note"] == "timestamp.txt says 'yesterday', which is no time: it is not counted as late"
    assert scores(course, "ada") == scores(course, "bob") == RIGHT
    times = {who: str(when) for _, who, when in gradebook(course)["submissions"]}
    assert (times["ada"], times["bob"][:19]) == ("None", "2027-03-01 08:00:00")


def test_a_folder_where_the_assignment_has_a_file_costs_nothing_and_is_said(course: Path) -> None:
    folder = hand_in(course, "ada")
    (folder / "data.csv").unlink()
    (folder / "data.csv").mkdir()
    (folder / "data.csv" / "mine.txt").write_text("x", encoding="utf-8")
    result = grade(course)
    assert (result.problems, rows(result)["ada"]["status"], rows(result)["ada"]["points"]) == ((), "graded", 5.0)
    assert "data.csv/mine.txt (the assignment has files there)" in rows(result)["ada"]["note"]
    assert copied(course) == {f"ada/{PS}/data.csv": b"1,2\n"}


def test_what_could_not_be_read_is_not_run_and_has_its_reason(course: Path) -> None:
    (hand_in(course, "ada") / "one.ipynb").write_text("", encoding="utf-8")
    result = grade(course)
    assert rows(result)["ada"]["status"] == "unreadable" and "one: " in rows(result)["ada"]["note"]
    assert scores(course, "ada") == {"t1": 0.0, "t2": 3.0}
    page = nbformat.read(course / "autograded" / "ada" / PS / "one.ipynb", as_version=4)
    assert "the file is empty" in page.cells[0].source


ODD = {"[x]*": "unreadable", "new\nline": "unreadable", os.fsdecode(b"\xff"): "unreadable", ".hidden": "nobody's"}


def test_everything_has_a_row_whatever_its_name(course: Path) -> None:
    for name in ODD:
        hand_in(course, name)
    hand_in(course, "ada")
    (course / "submitted" / "loose.ipynb").write_text("{}", encoding="utf-8")
    result = grade(course)
    found = {name: one["status"] for name, one in rows(result).items()}
    assert found == ODD | {"ada": "graded", "loose.ipynb": "nobody's"}
    assert all(one["note"] for name, one in rows(result).items() if name != "ada")
    assert {one["student"]: one["status"] for one in recorded_own(PS, course)} == found
    assert {who for _, who, _ in gradebook(course)["submissions"]} == {"ada"}
    json.dumps(result.as_json())


def test_one_with_an_impossible_name_is_told_so(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hand_in(course, "[x]")
    assert main(["grade", PS, "--student", "[x]"]) == 1
    assert "'[x]' is no learner's name: it holds [" in capsys.readouterr().err


def test_what_lies_in_the_place_of_a_notebook_is_said(course: Path) -> None:
    one = hand_in(course, "copied") / "one.ipynb"
    one.rename(one.with_name("one (1).ipynb"))
    folder = hand_in(course, "folder")
    folder.rename(folder.with_name("PS1"))
    (course / "submitted" / "empty" / PS).mkdir(parents=True)
    (course / "submitted" / "other" / "04_the_same_cnn_with_functional").mkdir(parents=True)
    notes = {name: (one["status"], one["note"]) for name, one in rows(grade(course)).items()}
    assert notes == {
        "copied": ("graded", "one.ipynb is missing; there is one (1).ipynb"),
        "folder": ("missing", "there is no notebook among what was handed in; there is PS1"),
        "empty": ("missing", "there is no notebook among what was handed in; its folder is empty"),
        "other": ("missing", "nothing was handed in"),
    }
    assert scores(course, "copied") == {"t1": 0.0, "t2": 3.0}


def test_who_was_only_met_by_grading_is_nobodys_list_of_the_class(course: Path) -> None:
    """A class without a list of learners: grading one assignment must not make one for the next."""
    hand_in(course, "ada")
    grade(course)
    room, _ = open_classroom(course)
    assert json.loads(room.added.read_text("utf-8")) == ["ada"]


def test_a_full_disk_stops_it_in_a_line_and_the_next_run_makes_it_whole(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for student in ("ada", "bob"):
        hand_in(course, student)
    grade(course)
    for student in ("ada", "bob"):
        (course / "submitted" / student / PS / "more.txt").write_text("x", encoding="utf-8")
    tried = []

    def full(source: str, to: str) -> None:
        tried.append(to)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), to)

    monkeypatch.setattr(shutil, "copy", full)
    with pytest.raises(DiskFull, match=r"0 of 2 rows are done; what was run and recorded is kept\. Make room"):
        grade(course)
    assert len(tried) == 1
    assert (course / "autograded" / "bob" / PS / "one.ipynb").is_file()
    assert scores(course, "ada") == scores(course, "bob") == RIGHT
    monkeypatch.undo()
    assert grade(course).recorded == 2
    assert scores(course, "ada") == scores(course, "bob") == RIGHT


def test_who_is_not_graded_yet_has_no_zero_in_the_report(course: Path) -> None:
    hand_in(course, "ada")
    grade(course)
    hand_in(course, "bob")
    assert [one["student"] for one in recorded_own(PS, course)] == ["ada"]


def test_points_stand_beside_the_state_of_the_work_that_earned_them(course: Path) -> None:
    folder = hand_in(course, "ada")
    grade(course)
    (folder / "two.ipynb").write_text("{nope}", encoding="utf-8")
    [row] = recorded_own(PS, course)
    assert (row["status"], row["note"], row["points"]) == ("graded", "", 5)
    assert rows(grade(course))["ada"]["status"] == "unreadable"
    [row] = recorded_own(PS, course)
    assert (row["status"], row["points"]) == ("unreadable", 2) and "two: " in row["note"]


def test_what_nbgrader_did_not_take_is_not_called_graded_without_a_word(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(course, "ada")

    def broken(source: str, to: str) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), to)

    monkeypatch.setattr(shutil, "copy", broken)
    result = grade(course)
    assert len(result.problems) == 1
    assert rows(result)["ada"]["note"].startswith("it is not recorded")
