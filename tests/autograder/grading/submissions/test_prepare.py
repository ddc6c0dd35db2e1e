"""Submissions become jobs: damaged ones are set right by their source, unreadable ones say why."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from grading_class import CHAPTER, PERFECT, cell_of, hand_in, hand_in_changed, outcome_of, submitted
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.grading.records.classroom import open_classroom
from autograder.grading.submissions import read
from autograder.grading.submissions.prepare import Assignment, Prepared, prepare, prepare_all
from autograder.grading.submissions.read import notebook_of
from autograder.grading.submissions.repair import repair
from autograder.grading.submissions.state import State
from autograder.grading.submissions.verdicts import decide


def task_of(course: Path) -> Assignment:
    return open_classroom(course)[0].assignment(CHAPTER)


def prepared(course: Path, change: Any, student: str = "eve") -> Prepared:
    hand_in_changed(course, student, change)
    return prepare(task_of(course), student)


def checks(ready: Prepared) -> list[str]:
    return [
        cell.metadata.nbgrader.grade_id
        for cell in ready.notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    ]


def points(course: Path, ready: Prepared) -> float:
    assert ready.job is not None
    return decide(task_of(course), ready, outcome_of(ready.job)).points


def test_an_untouched_submission_keeps_its_cells_and_loses_its_outputs(course: Path) -> None:
    def run(notebook: Any) -> None:
        cell_of(notebook, "check_relu").outputs = [nbformat.v4.new_output("stream", text="2.0")]

    ready = prepared(course, run)
    handed_in = nbformat.read(submitted(course, "eve"), as_version=4)
    assert [cell.source for cell in ready.notebook.cells] == [cell.source for cell in handed_in.cells]
    assert not any(cell.get("outputs") for cell in ready.notebook.cells)
    nbformat.validate(ready.notebook)


def test_the_job_knows_what_each_check_asks_and_nothing_of_what_is_right(course: Path) -> None:
    ready = prepared(course, lambda notebook: None)
    assert ready.job is not None
    asked = {cell.checks: cell.answer for cell in ready.job.cells if cell.checks}
    assert asked["relu"] == "relu" and len(asked) == 7
    reference = task_of(course).references["relu"]
    inputs = sum(len(case.name) > 0 and case.name.encode() in ready.job.cases["relu"] for case in reference.cases)
    assert inputs == 0
    assert b"expected" not in ready.job.cases["relu"]


def delete(*names: str) -> Any:
    def change(notebook: Any) -> None:
        notebook.cells = [
            cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") not in names
        ]

    return change


def edit(notebook: Any) -> None:
    cell_of(notebook, "check_relu").source = "22.0"


def duplicate(notebook: Any) -> None:
    place = notebook.cells.index(cell_of(notebook, "check_relu"))
    notebook.cells.insert(place, nbformat.from_dict(dict(notebook.cells[place]) | {"id": "another"}))


def move(notebook: Any) -> None:
    cell = cell_of(notebook, "check_relu")
    notebook.cells.remove(cell)
    notebook.cells.insert(0, cell)


def retype(notebook: Any) -> None:
    cell = cell_of(notebook, "check_relu")
    place = notebook.cells.index(cell)
    notebook.cells[place] = new_markdown_cell(cell.source, metadata=cell.metadata, id=cell.id)


def raise_points(notebook: Any) -> None:
    cell_of(notebook, "check_relu").metadata.nbgrader.points = 1000


def unlock(notebook: Any) -> None:
    cell_of(notebook, "check_relu").metadata.nbgrader.update(locked=False, solution=True)


def lose_marks(notebook: Any) -> None:
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)


def invent_a_grade(notebook: Any) -> None:
    marks = {"grade": True, "solution": False, "locked": False, "task": False, "points": 99, "schema_version": 3}
    notebook.cells.append(new_code_cell("99", metadata={"nbgrader": marks | {"grade_id": "mine"}}))


def wear_old_marks(notebook: Any) -> None:
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.schema_version = 1


def change_kernel(notebook: Any) -> None:
    notebook.metadata.kernelspec = {"name": "bash", "display_name": "Bash", "language": "bash"}


def break_marks(notebook: Any) -> None:
    cell_of(notebook, "check_relu").metadata.nbgrader = {"grade_id": ["check_relu"], "grade": "yes"}


@pytest.mark.parametrize(
    "change",
    [
        *(delete("check_relu"), delete("check_relu", "check_linear", "check_softmax"), edit, duplicate, move, retype),
        *(raise_points, unlock, lose_marks, invent_a_grade, wear_old_marks, change_kernel, break_marks),
    ],
)
def test_damage_to_what_the_instructor_wrote_is_undone(course: Path, change: Any) -> None:
    ready = prepared(course, change)
    whole = prepared(course, lambda notebook: None, "whole")
    source = task_of(course).source
    assert sorted(checks(ready)) == sorted(checks(whole))
    for name in checks(ready):
        cell, marked = cell_of(ready.notebook, name), source.cells[name]
        assert (cell.cell_type, cell.source, cell.metadata.nbgrader) == (marked.kind, marked.source, marked.marks)
    assert ready.notebook.metadata.kernelspec.name == "python3"
    assert points(course, ready) == 22
    nbformat.validate(ready.notebook)


def test_repairing_twice_changes_nothing_more(course: Path) -> None:
    source = task_of(course).source
    for change in (delete("relu", "check_relu"), duplicate, move, retype, lose_marks, invent_a_grade):
        once = prepared(course, change).notebook
        assert repair(notebook_of(nbformat.writes(once).encode()), source) == once


def test_where_answer_and_check_are_both_deleted_the_check_comes_back_and_that_exercise_is_not_attempted(
    course: Path,
) -> None:
    ready = prepared(course, delete("relu", "check_relu"))
    assert ready.job is not None
    result = decide(task_of(course), ready, outcome_of(ready.job))
    assert result.exercises["check_relu"].state is State.NOT_ATTEMPTED
    assert checks(ready).index("check_relu") == 1


def test_all_marked_cells_deleted_leave_all_checks_at_zero(course: Path) -> None:
    ready = prepared(course, delete(*task_of(course).source.cells))
    assert len(checks(ready)) == 7
    assert points(course, ready) == 0


def test_a_copy_of_an_answer_stays_as_a_plain_cell_and_the_last_one_counts(course: Path) -> None:
    def copy(notebook: Any) -> None:
        cell = cell_of(notebook, "relu")
        first = nbformat.from_dict(dict(cell) | {"source": "def relu(x):\n    return x", "id": "first"})
        notebook.cells.insert(notebook.cells.index(cell), first)

    ready = prepared(course, copy)
    assert points(course, ready) == 22
    assert "nbgrader" not in next(cell for cell in ready.notebook.cells if cell.id == "first").metadata


def write(course: Path, content: bytes, student: str = "eve") -> None:
    path = submitted(course, student)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


NOTEBOOK = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{nope", b"\x00\xff\xfe", b"[]", b"3", b'"text"', b"null", b"[" * 100_000, b"1" * 10_000),
        json.dumps(NOTEBOOK | {"nbformat": 99}).encode(),
        json.dumps(NOTEBOOK | {"nbformat": "four"}).encode(),
        json.dumps({"cells": [], "metadata": {}}).encode(),
        json.dumps(NOTEBOOK | {"cells": "many"}).encode(),
        json.dumps(NOTEBOOK | {"cells": [3]}).encode(),
        json.dumps(NOTEBOOK | {"cells": [{"cell_type": "code"}]}).encode(),
        json.dumps(NOTEBOOK | {"cells": [{"cell_type": "spell", "source": ""}]}).encode(),
        json.dumps(NOTEBOOK | {"cells": [{"cell_type": ["code"], "source": ""}]}).encode(),
        json.dumps(NOTEBOOK | {"cells": [{"cell_type": "code", "source": [3]}]}).encode(),
        json.dumps(NOTEBOOK | {"cells": [{"cell_type": "raw", "source": "", "metadata": {}}] * 2001}).encode(),
    ],
)
def test_what_is_no_notebook_is_unreadable_and_says_why(course: Path, content: bytes) -> None:
    write(course, content)
    ready = prepare(task_of(course), "eve")
    assert (ready.state, ready.job) == (State.UNREADABLE, None)
    assert "notebook" in ready.note
    assert ready.note in ready.notebook.cells[0].source
    assert len(checks(ready)) == 7


def test_odd_but_readable_notebooks_are_read(course: Path) -> None:
    cell = {"cell_type": "code", "source": ["x = '\ud800'\n", "y = 1"], "metadata": None, "id": "no id!", "outputs": 3}
    for number, content in enumerate([cell, cell | {"metadata": {"nbgrader": 3}}, {**cell, "extra": {"a": [1]}}]):
        write(course, b"\xef\xbb\xbf" + json.dumps(NOTEBOOK | {"cells": [content, content]}).encode(), f"odd{number}")
        ready = prepare(task_of(course), f"odd{number}")
        assert ready.state is State.GRADED
        assert any(cell.source == "x = '?'\ny = 1" for cell in ready.notebook.cells)
        nbformat.validate(ready.notebook)


def test_a_notebook_of_an_older_format_is_read(course: Path) -> None:
    hand_in(course, PERFECT)
    path = submitted(course, "ada")
    path.write_text(nbformat.writes(nbformat.convert(nbformat.read(path, as_version=4), 3)))
    ready = prepare(task_of(course), "ada")
    assert points(course, ready) == 22
    assert prepare(task_of(course), "ada").notebook == ready.notebook


def test_a_giant_is_not_even_opened(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(course, b"")
    with submitted(course, "eve").open("r+b") as file:
        file.truncate(read.LARGEST_NOTEBOOK + 1)
    ready = prepare(task_of(course), "eve")
    assert ready.state is State.UNREADABLE and "256 are the most" in ready.note


@pytest.mark.parametrize("link", ["notebook", "chapter", "learner"])
def test_links_are_not_followed(course: Path, link: str) -> None:
    hand_in(course, PERFECT)
    real = submitted(course, "ada")
    made = submitted(course, "eve")
    at, to = {
        "notebook": (made, real),
        "chapter": (made.parent, real.parent),
        "learner": (made.parent.parent, real.parent.parent),
    }[link]
    at.parent.mkdir(parents=True, exist_ok=True)
    at.symlink_to(to)
    ready = prepare(task_of(course), "eve")
    assert ready.state is State.UNREADABLE and "symbolic link" in ready.note


def test_a_folder_or_a_pipe_in_the_place_of_the_notebook_is_unreadable(course: Path) -> None:
    submitted(course, "eve").mkdir(parents=True)
    submitted(course, "fay").parent.mkdir(parents=True)
    os.mkfifo(submitted(course, "fay"))
    assert {prepare(task_of(course), one).state for one in ("eve", "fay")} == {State.UNREADABLE}


def test_files_beside_the_notebook_go_along_but_links_and_pipes_do_not(course: Path) -> None:
    hand_in(course, PERFECT)
    folder = submitted(course, "ada").parent
    (folder / "data").mkdir()
    (folder / "data" / "numbers.txt").write_text("1 2 3")
    (folder / "secret").symlink_to(course / "classroom" / "gradebook.db")
    (folder / "all").symlink_to(course / "classroom")
    os.mkfifo(folder / "pipe")
    (folder / "timestamp.txt").write_text("2030-01-02 03:04:05 UTC")
    ready = prepare(task_of(course), "ada")
    assert ready.files == {"data/numbers.txt": b"1 2 3"}
    assert ready.timestamp == "2030-01-02 03:04:05 UTC"
    (folder / "timestamp.txt").write_text("the day after tomorrow")
    assert prepare(task_of(course), "ada").timestamp == ""
    (folder / "timestamp.txt").unlink()
    os.mkfifo(folder / "timestamp.txt")  # to read it is to wait for somebody who writes
    assert prepare(task_of(course), "ada").timestamp == ""


def test_a_file_of_another_kind_in_its_place_is_missing_and_its_name_is_said(course: Path) -> None:
    hand_in(course, PERFECT)
    submitted(course, "ada").rename(submitted(course, "ada").with_name("mine.txt"))
    ready = prepare(task_of(course), "ada")
    assert ready.state is State.MISSING and ready.note.endswith("there is mine.txt")


def test_one_bad_submission_does_not_stop_the_others(course: Path) -> None:
    hand_in(course, PERFECT)
    write(course, b"{nope", "aaa")
    (course / "classroom" / "submitted" / "zoe").mkdir()
    (course / "classroom" / "submitted" / ".hidden").mkdir()
    (course / "classroom" / "submitted" / "README").write_text("not a learner")
    states = {ready.student: ready.state for ready in prepare_all(task_of(course))}
    assert states == {
        "aaa": State.UNREADABLE,
        "ada": State.GRADED,
        "zoe": State.MISSING,
        ".hidden": State.NOBODYS,
        "README": State.NOBODYS,
    }


def test_a_name_that_leads_elsewhere_is_refused(course: Path) -> None:
    with pytest.raises(ValueError, match="is no learner's name"):
        list(prepare_all(task_of(course), "../ada"))
