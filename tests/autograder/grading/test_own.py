"""An assignment that is no chapter, by the commands: stock nbgrader's scores, several notebooks, states, nothing done twice."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from grading_class import gradebook, nbgrader, own_settings
from nbgrader.api import Gradebook
from nbgraders_course import ASSIGNMENT, autograded, settings, with_a_class
from rich.console import Console

from autograder.__main__ import main
from autograder.grading import arrivals, own
from autograder.grading.arrivals import grade_arrivals

pytestmark = pytest.mark.slow
LATE = "2015-02-03 15:00:00 UTC"


def write_config(folder: Path, root: Path) -> None:
    more = "c.IncludeHeaderFooter.header = 'source/header.ipynb'\n"
    (folder / "nbgrader_config.py").write_text(own_settings(root) + more, encoding="utf-8")


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory, root: Path, bubblewrap: str) -> tuple[Path, Path]:
    """Nbgrader's course graded by stock nbgrader, and by our command; one learner lacks a notebook, one brings a file."""
    folder = with_a_class(tmp_path_factory.mktemp("own") / "course")
    shutil.copytree(folder / "submitted" / "right", folder / "submitted" / "half")
    (folder / "submitted" / "half" / ASSIGNMENT / "problem2.ipynb").unlink()
    (folder / "submitted" / "right" / ASSIGNMENT / "points.csv").write_text("x,y\n1,2\n", encoding="utf-8")
    (folder / "submitted" / "nothing").mkdir()
    stock = tmp_path_factory.mktemp("stock") / "course"
    shutil.copytree(folder, stock)
    shutil.rmtree(stock / "submitted" / "nothing")  # there is nothing that stock nbgrader could be asked for
    write_config(folder, root)
    return autograded(stock, tmp_path_factory.mktemp("graded") / "course", settings), folder


@pytest.fixture
def here(classes: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Our class, ungraded, as the folder in which commands are typed."""
    copy = Path(shutil.copytree(classes[1], tmp_path / "course"))
    monkeypatch.chdir(copy)
    return copy


def grade(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["grade", ASSIGNMENT, "--json", *words]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_scores_are_stock_nbgraders_and_nothing_is_done_twice(
    classes: tuple[Path, Path], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = grade(capsys)
    assert gradebook(here) == gradebook(classes[0])
    rows = {one["student"]: one for one in first["submissions"]}
    assert rows["nothing"]["status"] == "missing"
    assert rows["half"]["note"] == "problem2.ipynb is missing"
    assert {one["exercise"]: one["points"] for one in rows["right"]["exercises"]}["problem1: correct_squares"] == 1
    assert {one["status"] for one in rows["right"]["exercises"]} >= {"solved", "to be read"}
    untouched = {one["exercise"]: one["status"] for one in rows["blank"]["exercises"]}
    assert untouched["problem1: sum_of_squares_equation"] == "not attempted"
    assert "not attempted" not in {one["status"] for one in rows["right"]["exercises"]}
    assert not any(one["misconception"] for row in rows.values() for one in row["exercises"])
    assert first["recorded"] == len(rows) - 1

    second = grade(capsys)
    assert main(["grade", ASSIGNMENT]) == 0
    assert "not read yet: problem1:" in " ".join(capsys.readouterr().out.split())
    assert (second["executed"], second["recorded"]) == (0, 0)
    assert second["submissions"] == first["submissions"]

    for row in rows.values():
        assert row["points"] == pytest.approx(sum(one["points"] for one in row["exercises"]))
    assert main(["report", ASSIGNMENT]) == 0
    page = (here / "classroom" / "report" / f"{ASSIGNMENT}.html").read_text(encoding="utf-8")
    assert "problem1: correct_squares" in page
    assert "awarded by the submission itself" in page
    assert "misconception" not in page.casefold()
    assert main(["export"]) == 0
    with (here / "classroom" / "grades.csv").open(encoding="utf-8", newline="") as file:
        status = {one["student_id"]: one["status"] for one in csv.DictReader(file)}
    assert (status["right"], status["nothing"]) == ("graded", "missing")
    assert main(["feedback", ASSIGNMENT]) == 0
    assert (here / "feedback" / "right" / ASSIGNMENT / "problem1.html").is_file()


def test_what_has_changed_is_graded_again_and_what_a_person_gave_stays(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grade(capsys)
    with Gradebook(f"sqlite:///{here / 'classroom' / 'gradebook.db'}", "my_course") as book:
        read = next(
            one
            for one in book.find_submission_notebook("problem1", ASSIGNMENT, "right").grades
            if one.auto_score is None
        )
        read.manual_score, name = 1.5, read.name
        book.db.commit()
        book.update_or_create_assignment(ASSIGNMENT, duedate=LATE)
    again = grade(capsys)  # another due date is recorded, and nothing is run
    assert again["executed"] == 0
    assert again["recorded"] > 0
    path = here / "submitted" / "blank" / ASSIGNMENT / "problem1.ipynb"
    shutil.copy(here / "submitted" / "right" / ASSIGNMENT / "problem1.ipynb", path)
    third = grade(capsys)
    assert third["recorded"] == 1
    rows = {one["student"]: {cell["exercise"]: cell for cell in one["exercises"]} for one in third["submissions"]}
    assert rows["right"][f"problem1: {name}"]["by_hand"] == 1.5
    assert rows["blank"]["problem1: correct_squares"]["points"] == 1


def test_a_users_settings_are_among_what_it_is_graded_by(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    user = here.parent / "of the user"
    user.mkdir()
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(user))
    grade(capsys, "--student", "right")
    assert grade(capsys, "--student", "right")["recorded"] == 0
    (user / "nbgrader_config.py").write_text('c = get_config()\nc.LateSubmissionPlugin.penalty_method = "zero"\n')
    again = grade(capsys, "--student", "right")
    assert (again["executed"], again["recorded"]) == (0, 1)


def test_whoever_hands_in_is_graded_as_they_come(here: Path, classes: tuple[Path, Path]) -> None:
    away = here.parent / "away"
    (here / "submitted" / "right").rename(away)
    said = io.StringIO()
    looks = 0

    def goes_on() -> bool:
        nonlocal looks
        looks += 1
        if looks == 4:
            away.rename(here / "submitted" / "right")
        return looks < 8

    grade_arrivals(ASSIGNMENT, here, console=Console(file=said, width=200), goes_on=goes_on, sleep=lambda seconds: None)
    lines = [line.partition(" ")[2] for line in said.getvalue().splitlines()]
    assert lines[-1].startswith("right: graded, ")
    assert sum(line.startswith("blank: graded, ") for line in lines) == 1
    assert gradebook(here) == gradebook(classes[0])


def test_who_is_taken_away_before_their_turn_stops_nobody(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = arrivals.grade_own

    def grade_own(*words: Any, **more: Any) -> Any:
        shutil.rmtree(here / "submitted" / "broken", ignore_errors=True)
        return real(*words, **more)

    monkeypatch.setattr(arrivals, "grade_own", grade_own)
    text, looks = io.StringIO(), iter([True] * 3)
    console = Console(file=text, width=200)
    grade_arrivals(ASSIGNMENT, here, console=console, goes_on=lambda: next(looks, False), sleep=lambda seconds: None)
    assert "broken was taken away" in text.getvalue() and "right: graded" in text.getvalue()


def test_what_comes_while_the_work_before_it_is_graded_is_not_lost_when_the_watch_is_stopped(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted = here / "submitted"
    away = submitted.rename(here.parent / "away")
    shutil.copytree(away / "blank", submitted / "zoe")
    take = own._Run._take

    def meanwhile(self: Any, one: Any) -> str:
        shutil.copytree(away / "right", submitted / "zoe", dirs_exist_ok=True)
        return take(self, one)

    def watched() -> list[str]:
        text, looks = io.StringIO(), iter([True, True])
        console = Console(file=text, width=200)
        grade_arrivals(
            ASSIGNMENT, here, console=console, goes_on=lambda: next(looks, False), sleep=lambda seconds: None
        )
        return [line for line in text.getvalue().splitlines() if "zoe: graded" in line or "are graded" in line]

    with monkeypatch.context() as patch:
        patch.setattr(own._Run, "_take", meanwhile)
        first = watched()[-1]
    again = watched()[-1]
    assert "zoe: graded" in first and "zoe: graded" in again
    assert first.partition(" ")[2] != again.partition(" ")[2]  # the points of the blank one, then of the right one
    assert [line.partition(" ")[2].partition(";")[0] for line in watched()] == [f"{ASSIGNMENT}: 1 are graded"]


def test_explain_says_of_each_cell_what_it_earned_and_showed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "blank", ASSIGNMENT]) == 1
    assert "was not run as it is now; grade it first" in capsys.readouterr().err
    rows = {one["student"]: one for one in grade(capsys)["submissions"]}
    assert main(["explain", "blank", ASSIGNMENT, "correct_squares"]) == 0
    said = capsys.readouterr().out
    assert "problem1: correct_squares: not right yet, 0 of 1 points\n  the cell ended: error\n    " in said
    assert f"{rows['blank']['points']:g} of {rows['blank']['of']:g} points are recorded" in said
    assert main(["explain", "right", ASSIGNMENT]) == 0
    said = capsys.readouterr().out
    assert "problem1: correct_squares: solved, 1 of 1 points" in said
    assert "misconception" not in said
    assert main(["explain", "right", ASSIGNMENT, "other"]) == 1
    assert "has no graded cell 'other'; it has " in capsys.readouterr().err
    assert main(["explain", "somebody", ASSIGNMENT]) == 1
    assert "there is no folder somebody" in capsys.readouterr().err


def test_a_notebook_that_ends_its_process_or_is_none_costs_itself_and_has_a_state(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = here / "submitted" / "blank" / ASSIGNMENT / "problem1.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("import os\nos._exit(3)"))
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    (here / "submitted" / "broken" / ASSIGNMENT / "problem2.ipynb").write_text("{nope", encoding="utf-8")
    rows = {one["student"]: one for one in grade(capsys)["submissions"]}
    assert rows["blank"]["status"] == "crashed"
    assert rows["broken"]["status"] == "unreadable"
    assert rows["right"]["status"] == "graded"
    earned = {one["exercise"]: one["points"] for one in rows["broken"]["exercises"]}
    assert sum(points for name, points in earned.items() if name.startswith("problem2: ")) == 0


@pytest.mark.parametrize("by", ["us", "nbgrader"])
def test_tests_that_were_not_run_earn_nothing(here: Path, capsys: pytest.CaptureFixture[str], by: str) -> None:
    """Nbgrader gives all points to a cell of tests that shows nothing."""
    for name in ("problem1", "problem2"):
        (here / "submitted" / "right" / ASSIGNMENT / f"{name}.ipynb").write_bytes(b"")
    if by == "us":
        grade(capsys, "--student", "right")
    else:
        done = nbgrader(here, "autograde", ASSIGNMENT, "--student", "right")
        assert done.returncode == 0, done.stderr
    with Gradebook(f"sqlite:///{here / 'classroom' / 'gradebook.db'}", "my_course") as book:
        grades = [one for notebook in book.find_submission(ASSIGNMENT, "right").notebooks for one in notebook.grades]
    assert sum(one.auto_score or 0 for one in grades) == 0 and len(grades) > 4
    page = (here / "autograded" / "right" / ASSIGNMENT / "problem1.ipynb").read_text(encoding="utf-8")
    assert "This cell was not run." in page


def test_a_name_that_nbgrader_does_not_take_is_said_in_a_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = here / "source" / ASSIGNMENT / "problem1.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace('"squares"', '"my squares"'), encoding="utf-8")
    assert main(["release", ASSIGNMENT]) == 1
    said = capsys.readouterr().err
    assert "'my squares' does not match" in said and "Traceback" not in said and said.count("\n") == 1


def test_a_run_that_is_stopped_is_made_whole_by_the_next(
    classes: tuple[Path, Path], here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    written = own.write_whole
    left = [2]

    def stopped(path: Path, content: bytes) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        written(path, content)

    monkeypatch.setattr(own, "write_whole", stopped)
    with pytest.raises(KeyboardInterrupt):
        main(["grade", ASSIGNMENT, "--json"])
    monkeypatch.undo()
    monkeypatch.chdir(here)
    grade(capsys)
    assert gradebook(here) == gradebook(classes[0])


def test_what_is_no_assignment_is_told_with_what_there_is(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["grade", "ps2"], ["report", "ps2"], ["feedback", "ps2"], ["release", "ps2"]):
        with pytest.raises(SystemExit):
            main(words)
        assert f"of its own it has {ASSIGNMENT}" in capsys.readouterr().err
    assert main(["grade", ASSIGNMENT, "--watch", "--dry-run"]) == 1
    assert "leave out --dry-run" in capsys.readouterr().err
    assert main(["report", ASSIGNMENT]) == 1
    assert "nothing is recorded of ps1" in capsys.readouterr().err


def test_what_was_not_handed_out_is_not_graded(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(here / "source" / ASSIGNMENT, here / "source" / "ps2")
    assert main(["grade", "ps2"]) == 1
    assert "python -m autograder release ps2" in capsys.readouterr().err
    assert main(["release", "ps2"]) == 0
    assert (here / "release" / "ps2" / "problem1.ipynb").is_file()
    assert main(["grade", "ps2"]) == 0
