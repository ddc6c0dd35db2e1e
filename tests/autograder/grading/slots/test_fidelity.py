"""What stock execution shows, the engine shows: held against nbclient, cell by cell."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
import pytest
import settled_streams
from difficult_notebooks import DIFFICULT
from nbclient import NotebookClient
from running import QUICK, job_of_notebook

from autograder.grading.slots.job import Cell, Job, Outcome
from autograder.grading.slots.slot import Slot

# A widget lives in a kernel; what is handed back is its static form.
WIDGET = "application/vnd.jupyter.widget-view+json"
LESSONS = sorted((Path(__file__).parents[4] / "solutions").glob("*/*.ipynb"))


@pytest.mark.slow
@pytest.mark.parametrize("name", DIFFICULT)
def test_a_difficult_notebook_shows_what_nbclient_shows(
    name: str, slot: Slot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = [one.strip("\n") for one in DIFFICULT[name].split("\n---\n")]
    sources[0] = sources[0].lstrip("\n")
    cells = [nbformat.v4.new_code_cell(one) for one in sources]
    stock = executed(nbformat.v4.new_notebook(cells=cells), tmp_path / "notebook", monkeypatch)
    job = Job("functional", tuple(Cell(place, source) for place, source in enumerate(sources)), {}, QUICK)
    hold_together(job, slot.run(job), stock)


@pytest.mark.slow
@pytest.mark.parametrize("path", LESSONS, ids=[path.stem for path in LESSONS])
def test_a_lessons_solution_shows_what_nbclient_shows(
    path: Path, slot: Slot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = nbformat.read(path, as_version=4)
    stock = executed(notebook, tmp_path, monkeypatch)
    job = job_of_notebook(path)
    hold_together(job, slot.run(job), stock)


def executed(notebook: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[int, Any]:
    """The notebook's code cells by place, run by nbclient, with as many threads as the engine has.

    In a kernel that waits for what other processes wrote: left alone, it shows that at one time or another, or never.
    """
    folder.mkdir(exist_ok=True)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # in it, ipykernel does not look at file descriptors
    tests = Path(settled_streams.__file__).parent  # which has a folder called autograder, too: the real one beside it
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tests), str(tests.parent)]), prepend=os.pathsep)
    NotebookClient(
        notebook,
        allow_errors=True,
        extra_arguments=["--ext=settled_streams"],
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    return {place: one for place, one in enumerate(notebook.cells) if one.cell_type == "code"}


def hold_together(job: Job, outcome: Outcome, stock: Mapping[int, Any]) -> None:
    """Every cell's outputs and count, but for check cells, whose outputs are the controller's."""
    for cell, ran in zip(job.cells, outcome.cells, strict=True):
        assert ran.count == stock[cell.place].execution_count, cell.source
        if not cell.checks:
            assert normal(ran.outputs) == normal(stock[cell.place].outputs), cell.source


def normal(outputs: Sequence[Mapping[str, Any]]) -> Any:
    """Outputs without what differs from run to run. When stdout and stderr meet, only each one's own order is fixed."""
    others = [sane(dict(one)) for one in outputs if one["output_type"] != "stream"]
    streams: dict[str, str] = {}
    for one in outputs:
        if one["output_type"] == "stream":
            streams[one["name"]] = streams.get(one["name"], "") + one["text"]
    return others, sane(streams)


def sane(value: Any) -> Any:
    if isinstance(value, Mapping) and value.get("ename") == "StdinNotImplementedError":
        return value["evalue"]  # its traceback leads into the kernel here, into the engine there
    if isinstance(value, Mapping):
        return {key: sane(item) for key, item in value.items() if key != WIDGET}
    if isinstance(value, list | tuple):
        return [sane(item) for item in value]
    if isinstance(value, str):
        value = re.sub(r"/\S*ipykernel_\d+/\d+\.py", "CELL", value)
        value = value.replace(sys.prefix, "/python")  # where the sandbox shows the virtual environment
        value = value.replace("/elsewhere/tmp/", "/tmp/")  # where the sandbox shows a course that lies below /tmp
        value = value.replace(str(Path.home()), "~").replace("/home/learner", "~")
        value = re.sub(r"(~|/tmp/pytest-)[^\s']*", lambda path: path[0].rpartition("/")[2], value)
        return re.sub(r"0x[0-9a-f]+", "0x", value)
    return value
