"""A submission set right by its source: what nbgrader marked is as it was handed out, the learner's work is the learner's.

nbgrader's own steps (`DeduplicateIds`, `OverwriteCells`, `CheckCellMetadata`) run after this one and find nothing to do.
Left alone they end the whole run on a duplicated check, and fail where an answer and its check are both deleted.

`repair` reads a stranger's cells, as `autograder.grading.submissions.read` built them anew: of any of them it makes a notebook
with all that the source marks, in time and memory that grow with their number. It raises nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nbformat.notebooknode import NotebookNode

from autograder.grading.submissions.read import new_cell, new_notebook

__all__ = ["Check", "Marked", "Source", "blank", "repair", "source_of"]

_KEPT = ("kernelspec", "language_info")


@dataclass(frozen=True)
class Check:
    """What a check cell of the source asks: the exercise, and what it hands over (``"linear"`` or ``"(one, two)"``)."""

    exercise: str
    answer: str


@dataclass(frozen=True)
class Marked:
    """A cell that nbgrader marked in the source: ``after`` is the answer that it grades, by grade_id."""

    id: str
    kind: str
    source: str
    marks: Mapping[str, Any]
    metadata: Mapping[str, Any]
    after: str = ""

    @property
    def locked(self) -> bool:
        """Whether the cell is the instructor's: a check, or text that is not to be changed."""
        return not self.marks.get("solution") and bool(self.marks.get("grade") or self.marks.get("locked"))

    @property
    def graded(self) -> bool:
        """Whether points hang on the cell."""
        return bool(self.marks.get("grade") or self.marks.get("task"))


@dataclass(frozen=True)
class Source:
    """What repairing needs of an assignment's source notebook: its marked cells in order, and its metadata."""

    cells: Mapping[str, Marked]
    metadata: Mapping[str, Any]

    @cached_property
    def checks(self) -> dict[str, Check]:
        """The check cells by grade_id."""
        found = {name: _check(cell) for name, cell in self.cells.items() if cell.locked and cell.kind == "code"}
        return {name: check for name, check in found.items() if check is not None}

    @cached_property
    def points(self) -> dict[str, float]:
        """What each graded cell is worth, by grade_id."""
        return {name: float(cell.marks.get("points", 0)) for name, cell in self.cells.items() if cell.graded}


def source_of(notebook: NotebookNode) -> Source:
    """The `Source` that lies in an assignment's source notebook."""
    cells: dict[str, Marked] = {}
    answer = ""
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader") or {}
        if not any(marks.get(word) for word in ("grade", "solution", "locked", "task")):
            continue
        name = marks["grade_id"]
        own = name.removeprefix("check_")
        after = own if own != name and own in cells else answer
        metadata = {key: value for key, value in cell.metadata.items() if key in ("deletable", "editable")}
        cells[name] = Marked(cell.get("id", name), cell.cell_type, cell.source, dict(marks), metadata, after)
        if marks.get("solution"):
            answer = name
    return Source(cells, {key: notebook.metadata[key] for key in _KEPT if key in notebook.metadata})


def _check(cell: Marked) -> Check | None:
    try:
        body = ast.parse(cell.source).body
    except SyntaxError:
        return None
    match body:
        case [ast.Expr(ast.Call(ast.Name("check"), [ast.Constant(str() as exercise), *answers], []))] if answers:
            several = len(answers) > 1
            return Check(exercise, ast.unparse(ast.Tuple(answers, ast.Load()) if several else answers[0]))
    return None


def repair(notebook: NotebookNode, source: Source) -> NotebookNode:
    """``notebook`` with every marked cell of ``source`` in it once, under its own marks, locked ones as they were.

    Of a cell that is there several times the last one counts, as nbgrader has it; the others stay as plain cells. A
    check that is missing comes back, one that stands above its answer goes below it. Outputs are taken away. Repairing
    twice changes nothing more.
    """
    cells = [_plain(cell) for cell in notebook.cells]
    names = _names(notebook.cells, source)
    for place, name in names.items():
        cells[place] = _restored(cells[place].source, source.cells[name])
    order = [(names.get(place), cell) for place, cell in enumerate(cells)]
    for name, marked in source.cells.items():
        if not marked.locked and not marked.graded:
            continue  # an answer that was deleted is not ours to give
        at = _place(order, name)
        above = _place(order, marked.after) if marked.after else -1
        if at == -1:
            made = _restored(_given(marked), marked)
            order.insert(_home(order, name, source) + 1, (name, made))
        elif marked.locked and above > at:
            one = order.pop(at)
            order.insert(above, one)  # the answer has moved up by one
    whole = new_notebook([cell for _, cell in order], dict(source.metadata))
    _one_id_each(whole.cells, {marked.id for marked in source.cells.values()})
    return whole


def blank(source: Source, says: str) -> NotebookNode:
    """A notebook in the place of one that could not be read: a word on why, and the graded cells with nothing in them."""
    notebook = repair(new_notebook([], {}), source)
    notebook.cells.insert(0, new_cell("markdown", says, "not-graded", {}))
    return notebook


def _plain(cell: NotebookNode) -> NotebookNode:
    return new_cell(cell.cell_type, cell.source, cell.id, {})


def _given(marked: Marked) -> str:
    """What stands in a cell that comes back: of an answer nothing, since the source holds the solution."""
    return "" if marked.marks.get("solution") else marked.source


def _restored(learners: str, marked: Marked) -> NotebookNode:
    text = marked.source if marked.locked else learners
    metadata = dict(marked.metadata) | {"nbgrader": dict(marked.marks)}
    return new_cell(marked.kind, text, marked.id, metadata)


def _names(cells: Iterable[NotebookNode], source: Source) -> dict[int, str]:
    """Which cell of the source stands at which place: by grade_id, else by the cell's own id where no other claims it."""
    claimed: dict[str, int] = {}
    by_id = {marked.id: name for name, marked in source.cells.items()}
    fallback: dict[str, int] = {}
    for place, cell in enumerate(cells):
        name = (cell.metadata.get("nbgrader") or {}).get("grade_id")
        if isinstance(name, str) and name in source.cells:
            claimed[name] = place
        elif cell.id in by_id:
            fallback[by_id[cell.id]] = place
    return {place: name for name, place in (fallback | claimed).items()}


def _place(order: list[tuple[str | None, NotebookNode]], name: str) -> int:
    return next((place for place, (one, _) in enumerate(order) if one == name), -1)


def _home(order: list[tuple[str | None, NotebookNode]], name: str, source: Source) -> int:
    """The place behind which a lost cell comes back: its answer's, else that of the nearest marked cell above it."""
    after = source.cells[name].after
    if after and (at := _place(order, after)) >= 0:
        return at
    above = list(source.cells)[: list(source.cells).index(name)]
    return max((_place(order, one) for one in above), default=-1)


def _one_id_each(cells: list[NotebookNode], sources: set[str]) -> None:
    """Marked cells keep the source's ids; a plain cell that has one of those, a second copy say, gets another."""
    taken = set(sources)
    for number, cell in enumerate(cells, 1):
        if "nbgrader" in cell.metadata:
            continue
        name, more = cell.id, 0
        while name in taken:
            more += 1
            name = f"copy-{number}-{more}"
        cell.id = name
        taken.add(name)
