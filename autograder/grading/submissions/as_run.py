"""The notebook as it was run: what the learner's cells showed, and in check cells the controller's word alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import fastjsonschema
import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.grading.slots.job import CellEnd, Outcome
from autograder.grading.submissions.verdicts import Decided, Result

__all__ = ["executed"]

_STOPPED: Mapping[CellEnd, str] = {
    CellEnd.TIMED_OUT: "This cell was stopped: it took too long.",
    CellEnd.CRASHED: "This cell was stopped: the Python process in which it ran has ended.",
    CellEnd.OUT_OF_MEMORY: "This cell was stopped: it needed more memory than there is.",
    CellEnd.NOT_RUN: "This cell was not run: the notebook's time was up.",
}

_HIDDEN = "This cell raised an error, which was switched off, cleared or cut."


def executed(notebook: NotebookNode, result: Result, outcome: Outcome | None = None) -> NotebookNode:
    """``notebook`` with outputs. A check cell has one: the verdict as a panel, and its score as the text nbgrader reads.

    Whatever the learner's code printed, showed or raised in a check cell is left out, since nbgrader takes points from
    there. Without an ``outcome`` nothing was run. A cell that was not run, or that ended in an error, shows so, whatever has
    become of its outputs: nbgrader gives all points to a cell of tests that shows no error.
    """
    cells = [NotebookNode(cell, metadata=deepcopy(cell.metadata)) for cell in notebook.cells]
    whole = NotebookNode(notebook, cells=cells)
    ran = {one.place: one for one in outcome.cells} if outcome is not None else {}
    for place, cell in enumerate(whole.cells):
        if cell.cell_type != "code":
            continue
        one = ran.get(place)
        count = one.count if one is not None and isinstance(one.count, int) else None
        cell.execution_count = count
        decided = result.exercises.get((cell.metadata.get("nbgrader") or {}).get("grade_id", ""))
        if decided is not None:
            cell.outputs = [_score(decided, count)]
        elif one is not None:
            cell.outputs = [output for output in map(_output, one.outputs) if output is not None]
            if one.end in _STOPPED:
                cell.outputs.append(_error(one.end))
            elif one.end is CellEnd.ERROR and not any(output.output_type == "error" for output in cell.outputs):
                cell.outputs.append(_shown_error("HiddenError", _HIDDEN))
        elif (cell.metadata.get("nbgrader") or {}).get("grade"):
            cell.outputs = [_shown_error("NotRun", "This cell was not run.")]
    return whole


def _score(decided: Decided, count: int | None) -> NotebookNode:
    verdict = decided.verdict
    data = {"text/plain": repr(verdict), "text/html": verdict._repr_html_()}
    return nbformat.from_dict({"output_type": "execute_result", "metadata": {}, "data": data, "execution_count": count})


def _error(end: CellEnd) -> NotebookNode:
    name = {CellEnd.TIMED_OUT: "CellTimeoutError", CellEnd.NOT_RUN: "CellTimeoutError"}.get(end, "DeadKernelError")
    return _shown_error(name, _STOPPED[end])


def _shown_error(name: str, says: str) -> NotebookNode:
    return nbformat.from_dict({"output_type": "error", "ename": name, "evalue": says, "traceback": [f"{name}: {says}"]})


def _output(output: Mapping[str, Any]) -> NotebookNode | None:
    """One output as nbformat has it; ``None`` for something else, which a sandbox may send."""
    try:
        made = _lists(output)
        _form_of_output()(made)
    except Exception:  # fastjsonschema's, and what odd types raise in it
        return None
    return nbformat.from_dict(made)


@cache
def _form_of_output() -> Callable[[Any], Any]:
    """Nbformat's own form of an output, compiled once: its ``validate`` reads the whole schema for every one."""
    schema = json.loads(Path(nbformat.v4.__file__).with_name(nbformat.v4.nbformat_schema[4, 5]).read_text("utf-8"))
    part = {name: schema[name] for name in ("$schema", "definitions")}
    return fastjsonschema.compile({**part, "$ref": "#/definitions/output"})


def _lists(value: Any) -> Any:
    """The codec reads sequences as tuples, and nbformat wants lists."""
    if isinstance(value, Mapping):
        return {str(key): _lists(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_lists(item) for item in value]
    return value
