"""Nbgrader's own attempts at cheating, which lie in its wheel, and their like: a test that fails earns nothing, whatever it shows."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbgrader
import pytest
from grading_class import gradebook
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute
from nbgraders_course import ASSIGNMENT, ask, change, settings
from traitlets.config import Config

from autograder.commands import commands_on_path
from autograder.grading.records.plugins import TrustedExecute

FILES = Path(nbgrader.__file__).parent / "tests" / "apps" / "files"
ATTEMPTS = ("submitted-cheat-attempt", "submitted-cheat-attempt-alternative")

# What stands in place of the answer. The test behind it is `assert a == 1`.
SILENT = {
    "switched off below": "a = 2\nget_ipython()._showtraceback = lambda *words: None",
    "handled": "a = 2\nget_ipython().set_custom_exc((Exception,), lambda *words, **more: None)",
    "cleared": "from IPython.display import clear_output\na = 2\n"
    "get_ipython().events.register('post_run_cell', lambda result: clear_output())",
    "cut": "class Loud:\n    def __eq__(self, other):\n        print('x' * 10**7)\n        return False\na = Loud()",
}


def config(folder: Path) -> Config:
    """The documentation's settings, with our step in the place of nbgrader's."""
    steps = [TrustedExecute if step is Execute else step for step in Autograde.autograde_preprocessors.default()]
    exporter = "autograder.grading.records.plugins.SubmissionExporter"
    made = settings(folder, Autograde={"autograde_preprocessors": steps, "exporter_class": exporter})
    del made.IncludeHeaderFooter
    return made


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory, bubblewrap: str) -> dict[str, dict[str, float]]:
    """What nbgrader's own ``autograde`` gives each learner by the name of the cell, with our engine."""
    folder = tmp_path_factory.mktemp("cheats")
    source = folder / "source" / ASSIGNMENT
    source.mkdir(parents=True)
    (folder / "classroom").mkdir()
    shutil.copy(FILES / "submitted-unchanged.ipynb", source / "p1.ipynb")
    for learner in (*ATTEMPTS, *SILENT, "honest"):
        place = folder / "submitted" / learner / ASSIGNMENT / "p1.ipynb"
        place.parent.mkdir(parents=True)
        shutil.copy(FILES / f"{learner if learner in ATTEMPTS else 'submitted-unchanged'}.ipynb", place)
        change(
            place,
            {"set_a": SILENT[learner]} if learner in SILENT else {"set_a": "a = 1"} if learner == "honest" else {},
        )
    with commands_on_path():
        ask(config(folder), "generate_assignment", ASSIGNMENT, force=True, create=True)
        for learner in (*ATTEMPTS, *SILENT, "honest"):
            ask(config(folder), "autograde", ASSIGNMENT, learner, force=True)
    found: dict[str, dict[str, float]] = {}
    for learner, cell, score, *_ in gradebook(folder)["grades"]:
        found.setdefault(learner, {})[cell] = score
    return found


@pytest.mark.parametrize("learner", [*ATTEMPTS, *SILENT])
def test_an_error_that_is_not_shown_earns_nothing(scores: dict[str, dict[str, float]], learner: str) -> None:
    assert (scores[learner]["foo"], scores[learner]["bar"]) == (1.0, 0.0)


def test_the_test_itself_can_be_passed(scores: dict[str, dict[str, float]]) -> None:
    assert (scores["honest"]["foo"], scores["honest"]["bar"]) == (1.0, 1.0)
