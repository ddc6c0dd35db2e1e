"""A class to grade in tests: made once, copied for each test; an engine in this process; the gradebook as plain rows."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat

from autograder.commands import commands_on_path
from autograder.grading.slots.job import Cell, CellEnd, Job, Outcome, Ran
from autograder.grading.slots.store import key_of
from autograder.grading.wire.cases import unpack
from autograder.observing.exercise import find
from autograder.observing.observe import run
from autograder.sample import demo
from autograder.sample.learners import Answer, Submission

CHAPTER = "04_the_same_cnn_with_functional"

LINEAR = 1.24  # of 3, for one that forgets the bias: it changes with the cases of `linear`
SOME = 2 + LINEAR  # what `PARTLY` earns

PERFECT = Submission("ada", CHAPTER, "perfect")
BLANK = Submission("blanche", CHAPTER, "blank", rest="STUB")
PARTLY = Submission(
    "carl",
    CHAPTER,
    "partly",
    {
        "relu": Answer("def relu(x):\n    return x.clamp(min=0)", 2),
        "linear": Answer("def linear(x, weight, bias=None):\n    return x @ weight.T", LINEAR),
    },
    rest="STUB",
)


_SEEN: dict[str, Outcome] = {}


class InProcess:
    """An engine that executes cells right here and counts the jobs. For notebooks that the tests wrote themselves."""

    def __init__(self) -> None:
        self.ran: list[Job] = []

    def __call__(self, jobs: Iterable[tuple[str, Job]]) -> Iterator[tuple[str, Outcome]]:
        for key, job in jobs:
            self.ran.append(job)
            yield key, outcome_of(job)


def outcome_of(job: Job) -> Outcome:
    """What is seen of ``job`` when its cells are executed in this process; the same job is executed once a session."""
    key = key_of(job)
    if key not in _SEEN:
        names: dict[str, Any] = {"__name__": "__main__"}
        _SEEN[key] = Outcome(tuple(_ran(cell, count, job, names) for count, cell in enumerate(job.cells, 1)))
    return _SEEN[key]


def _ran(cell: Cell, count: int, job: Job, names: dict[str, Any]) -> Ran:
    if cell.checks:
        exercise = find(cell.checks)
        with contextlib.redirect_stdout(io.StringIO()):
            seen = run(exercise, names.get(cell.answer), unpack(job.cases[cell.checks], exercise))
        return Ran(cell.place, CellEnd.DONE, count=count, run=seen)
    said = io.StringIO()
    try:
        tree = ast.parse(cell.source)
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
            exec(compile(tree, f"cell {cell.place}", "exec"), names)
    except Exception as error:
        failed = {"output_type": "error", "ename": type(error).__name__, "evalue": str(error), "traceback": ()}
        return Ran(cell.place, CellEnd.ERROR, (failed,), count)
    text = said.getvalue()
    outputs = ({"output_type": "stream", "name": "stdout", "text": text},) if text else ()
    return Ran(cell.place, CellEnd.DONE, outputs, count)


def submitted(folder: Path, student: str) -> Path:
    """Where a learner's notebook is."""
    return folder / "classroom" / "submitted" / student / CHAPTER / f"{CHAPTER}.ipynb"


def hand_in(folder: Path, *submissions: Submission) -> None:
    for one in submissions:
        demo.hand_in(folder, one)


def hand_in_changed(folder: Path, student: str, change: Any, base: Submission = PERFECT) -> None:
    """Hand in ``base`` under another name, after ``change(notebook)``."""
    demo.hand_in(folder, Submission(student, CHAPTER, "changed", base.answers, base.rest))
    notebook = nbformat.read(submitted(folder, student), as_version=4)
    change(notebook)
    submitted(folder, student).write_text(nbformat.writes(notebook))


def settle(folder: Path, words: str) -> None:
    """Add ``words`` to the class's settings."""
    with (folder / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write(words)


def own_settings(root: Path) -> str:
    """The settings that the docs tell instructors of an assignment of their own to write, the gradebook in ``classroom``."""
    page = (root / "docs" / "own_assignments.md").read_text(encoding="utf-8")
    [block] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    return str(block).replace("here / 'gradebook.db'", "here / 'classroom' / 'gradebook.db'")


def nbgrader(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Nbgrader's own command line in a class's folder."""
    command = [sys.executable, "-m", "nbgrader", *words]
    with commands_on_path():
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def cell_of(notebook: Any, grade_id: str) -> Any:
    return next(cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def gradebook(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All that the gradebook says of submissions, without the ids that it draws."""
    asked: Mapping[str, str] = {
        "submissions": "select a.name, s.student_id, s.timestamp from submitted_assignment s "
        "join assignment a on a.id = s.assignment_id",
        "grades": "select s.student_id, c.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade "
        "from grade g join base_cell c on c.id = g.cell_id join submitted_notebook n on n.id = g.notebook_id "
        "join submitted_assignment s on s.id = n.assignment_id",
        "comments": "select s.student_id, c.name, o.auto_comment, o.manual_comment from comment o "
        "join base_cell c on c.id = o.cell_id join submitted_notebook n on n.id = o.notebook_id "
        "join submitted_assignment s on s.id = n.assignment_id",
    }
    with contextlib.closing(sqlite3.connect(folder / "classroom" / "gradebook.db")) as book:
        return {name: sorted(book.execute(words).fetchall(), key=repr) for name, words in asked.items()}


def points_in(folder: Path, student: str) -> dict[str, float]:
    rows = gradebook(folder)["grades"]
    return {name.removeprefix("check_"): score for who, name, score, *_ in rows if who == student}
