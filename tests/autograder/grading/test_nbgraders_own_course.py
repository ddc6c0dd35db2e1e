"""The course of nbgrader's own documentation, which lies in its wheel: our engine gives it stock nbgrader's scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from grading_class import gradebook
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute
from nbgraders_course import ASSIGNMENT, ask, autograded, from_the_wheel, settings, with_a_class

from autograder.commands import commands_on_path
from autograder.grading.records.plugins import TrustedExecute


def ours(folder: Path) -> Any:
    """The same with our step in the place of nbgrader's, as ``nbgrader_config.py`` has it."""
    steps = [TrustedExecute if step is Execute else step for step in Autograde.autograde_preprocessors.default()]
    exporter = "autograder.grading.records.plugins.SubmissionExporter"
    return settings(folder, Autograde={"autograde_preprocessors": steps, "exporter_class": exporter})


@pytest.fixture(scope="module")
def documentation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_a_class(tmp_path_factory.mktemp("nbgrader") / "course")


@pytest.fixture(scope="module")
def stock(documentation: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return autograded(documentation, tmp_path_factory.mktemp("stock") / "course", settings)


@pytest.fixture(scope="module")
def engine(documentation: Path, tmp_path_factory: pytest.TempPathFactory, bubblewrap: str) -> Path:
    return autograded(documentation, tmp_path_factory.mktemp("engine") / "course", ours)


def shown(folder: Path, student: str) -> list[list[tuple[str, str]]]:
    """What each code cell of an autograded submission shows: kinds of output, and their words."""
    notebooks = [
        nbformat.read(folder / "autograded" / student / ASSIGNMENT / f"{name}.ipynb", as_version=4)
        for name in ("problem1", "problem2")
    ]
    return [
        [(one.output_type, one.get("text") or one.get("ename") or one.data["text/plain"]) for one in cell.outputs]
        for notebook in notebooks
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def test_the_course_as_it_lies_in_the_wheel_gets_the_same_scores(tmp_path: Path, bubblewrap: str) -> None:
    folder = from_the_wheel(tmp_path / "course")
    with commands_on_path():
        ask(settings(folder), "generate_assignment", ASSIGNMENT, force=True, create=True)
    stock, engine = autograded(folder, tmp_path / "stock", settings), autograded(folder, tmp_path / "engine", ours)
    assert gradebook(engine) == gradebook(stock)
    assert {student for student, *_ in gradebook(engine)["grades"]} == {"bitdiddle", "hacker"}


def test_every_score_and_every_cell_left_for_a_person_are_as_stock_nbgrader_has_them(stock: Path, engine: Path) -> None:
    assert gradebook(engine) == gradebook(stock)


def test_the_class_has_right_half_right_and_wrong_answers(engine: Path) -> None:
    points: dict[str, dict[str, float]] = {}
    for student, name, auto_score, *_ in gradebook(engine)["grades"]:
        points.setdefault(student, {})[name] = auto_score
    of = ("correct_squares", "squares_invalid_input", "correct_sum_of_squares", "sum_of_squares_uses_squares")
    assert [points["right"][name] for name in of] == [1, 1, 0.25, 0.5]
    assert [points["partly"][name] for name in of] == [1, 0, 0, 0]
    assert [points["blank"][name] for name in of] == [0, 0, 0, 0]
    assert [points["broken"][name] for name in of] == [0, 0, 0, 0]
    assert {"bitdiddle", "hacker"} <= set(points)


@pytest.mark.parametrize("student", ["bitdiddle", "hacker", "right", "blank", "partly", "broken"])
def test_every_cell_shows_what_it_shows_in_a_kernel(stock: Path, engine: Path, student: str) -> None:
    assert shown(engine, student) == shown(stock, student)
    assert any(shown(engine, student))


def test_the_engine_ran_every_notebook(engine: Path, documentation: Path) -> None:
    notebooks = {path.read_bytes() for path in (documentation / "submitted").glob("*/*/problem1.ipynb")}
    seen = list((engine / "classroom" / "results" / "seen").glob("??/*.outcome"))
    assert len(seen) >= len(notebooks) == 6
