"""The course of nbgrader's own documentation, which lies in its wheel, as a class with stock nbgrader's settings."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import nbgrader
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from autograder.commands import commands_on_path

__all__ = ["ASSIGNMENT", "ask", "autograded", "change", "from_the_wheel", "settings", "with_a_class"]

GUIDE = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"
ASSIGNMENT = "ps1"
HIDDEN = '### BEGIN HIDDEN TESTS\nprint("a test that was not handed out")\nassert squares(3) == [1, 4, 9]\n### END HIDDEN TESTS'
PARTIAL = "0.25 if sum_of_squares(2) == 5 else 0"


def settings(folder: Path, **more: Any) -> Config:
    """The documentation's settings, with the gradebook where ours lies."""
    config = Config(more)
    config.CourseDirectory.course_id = "example_course"
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.db_url = f"sqlite:///{folder / 'classroom' / 'gradebook.db'}"
    config.IncludeHeaderFooter.header = "source/header.ipynb"
    config.OverwriteCells.add_missing_cells = True
    config.Execute.extra_arguments = ["--HistoryManager.hist_file=:memory:", "--IPKernelApp.log_level=ERROR"]
    return config


def ask(config: Config, command: str, *words: Any, **more: Any) -> None:
    api = NbGraderAPI(config=config)
    api.log.setLevel(logging.CRITICAL)
    told = getattr(api, command)(*words, **more)
    assert told["success"], told.get("error") or told.get("log")


def change(path: Path, sources: Mapping[str, str]) -> None:
    """Write other sources into the cells of these names."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        cell.source = sources.get(name, cell.source)
    path.write_text(nbformat.writes(notebook), encoding="utf-8")


def from_the_wheel(folder: Path) -> Path:
    """The course as nbgrader's wheel has it: its assignment, and what two learners handed in."""
    shutil.copytree(GUIDE / "source", folder / "source")
    shutil.copytree(GUIDE / "submitted", folder / "submitted")
    shutil.rmtree(folder / "source" / "ps1_autotest")  # nobody handed it in
    (folder / "classroom").mkdir()
    return folder


def with_a_class(folder: Path) -> Path:
    """The course with hidden tests and partial credit; four more hand in: what is right, blank, partly right, broken."""
    folder = from_the_wheel(folder)
    source = folder / "source" / ASSIGNMENT
    test = next(
        cell.source
        for cell in nbformat.read(source / "problem1.ipynb", as_version=4).cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "correct_squares"
    )
    change(source / "problem1.ipynb", {"correct_squares": f"{test}\n{HIDDEN}", "correct_sum_of_squares": PARTIAL})
    with commands_on_path():
        ask(settings(folder), "generate_assignment", ASSIGNMENT, force=True, create=True)
    for student, where in {"right": "source", "blank": "release", "partly": "release", "broken": "source"}.items():
        shutil.copytree(folder / where / ASSIGNMENT, folder / "submitted" / student / ASSIGNMENT)
    of = "submitted/{}/ps1/problem1.ipynb".format
    change(folder / of("partly"), {"squares": "def squares(n):\n    return [i * i for i in range(1, n + 1)]"})
    change(folder / of("broken"), {"squares": "def squares(n)\n    return 0", "correct_squares": "print('mine')"})
    return folder


def autograded(documentation: Path, folder: Path, config: Any) -> Path:
    shutil.copytree(documentation, folder)
    with commands_on_path():
        for student in sorted(path.name for path in (folder / "submitted").iterdir()):
            ask(config(folder), "autograde", ASSIGNMENT, student, force=True)
    return folder
