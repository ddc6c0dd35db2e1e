"""A name that a chapter's first code cell brings along, used before that cell was run."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

from autograder.learner.contents import contents
from autograder.learner.unready import advice
from autograder.workbench.lab import SETTINGS
from autograder.workbench.settings import install

CONFIG = SETTINGS.with_name("ipython") / "ipython_config.json"
SAYS = "The name check comes from the first code cell of this notebook: run that one, then this one."


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs cells in a kernel that finds the settings where a person's own would be."""
    profile = tmp_path / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    shutil.copy(CONFIG, profile)
    monkeypatch.setenv("IPYTHONDIR", str(profile.parent))

    def run(*cells: str) -> list[str]:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in cells])
        nbclient.NotebookClient(notebook, kernel_name="python3", allow_errors=True).execute()
        outputs = [[one for one in cell.outputs if one.output_type != "stream"] for cell in notebook.cells]
        return ["\n".join(one.get("traceback", [str(one)])) for (one,) in outputs]

    return run


def test_a_check_before_the_first_cell_says_which_cell_to_run_and_nothing_was_imported_for_it(ran: Any) -> None:
    check, own, torch = ran('check("relu", relu)', "nowhere", "__import__('sys').modules.get('torch')\n1")
    assert "NameError" in check
    assert check.endswith(SAYS)
    assert "NameError" in own
    assert "first code cell" not in own
    assert "'1'" in torch


@pytest.mark.parametrize("name", contents("04_the_same_cnn_with_functional").imports)
def test_every_name_of_the_first_cell_is_known_by_the_notebooks_file(name: str) -> None:
    jupyter = {"JPY_SESSION_NAME": "/home/me/work/04_the_same_cnn_with_functional.ipynb"}
    code = {"__vsc_ipynb_file__": "c:\\Users\\me\\work\\04_the_same_cnn_with_functional.ipynb"}
    assert f"The name {name} comes from" in advice(NameError("", name=name), "cell", {}, jupyter)
    assert f"The name {name} comes from" in advice(NameError("", name=name), "cell", code, {})


FOUR = {"JPY_SESSION_NAME": "04_the_same_cnn_with_functional.ipynb"}
ELSEWHERE = "The name {} comes from another cell of this notebook: run that one, then this one."


@pytest.mark.parametrize(
    ("name", "cell", "says"),
    [
        ("relu", "relu(3)", True),
        ("TinyCNN", "def make():\n    return TinyCNN()\nmake()", True),
        ("conv", "conv(3)", True),
        ("conv", "def through():\n    return conv(3)\nthrough()", False),  # there it may be a name of one's own
        ("conv", "print(conv)\nconv = 3", False),
        ("nobodys", "nobodys(3)", False),
    ],
)
def test_a_name_of_another_cell_is_told_so_where_it_can_be_no_other(name: str, cell: str, says: bool) -> None:
    with pytest.raises(NameError) as raised:
        exec(compile(cell, "cell", "exec"), {})
    assert advice(raised.value, cell, {}, FOUR) == (ELSEWHERE.format(name) if says else "")


@pytest.mark.parametrize(
    ("error", "cell", "file"),
    [
        (NameError("", name="check"), "check('mine', mine)", "mine.ipynb"),
        (NameError("", name="mine"), "check('relu', mine)", "04_the_same_cnn_with_functional.ipynb"),
        (NameError("no name is known"), "check('relu', relu)", ""),
        (UnboundLocalError("", name="check"), "check('relu', relu)", ""),
        (NameError("", name="check"), "check", "../../etc/passwd"),
    ],
)
def test_of_another_name_and_in_another_notebook_nothing_is_said(error: NameError, cell: str, file: str) -> None:
    assert advice(error, cell, {"__vsc_ipynb_file__": 3}, {"JPY_SESSION_NAME": file}) == ""


def test_an_environment_is_told_of_the_extension(tmp_path: Path) -> None:
    place = tmp_path / "etc" / "ipython" / "ipython_config.json"
    assert place in install(tmp_path)
    assert place.read_bytes() == CONFIG.read_bytes()
