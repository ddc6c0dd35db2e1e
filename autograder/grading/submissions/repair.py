"""A submission set right by its source: what nbgrader marked is as it was handed out, the learner's work is the learner's.

nbgrader's own steps (`DeduplicateIds`, `OverwriteCells`, `CheckCellMetadata`) run after this one and find nothing to do.
Left alone they end the whole run on a duplicated check, and fail where an answer and its check are both deleted.

`repair` reads a stranger's cells, as `autograder.grading.submissions.read` built them anew: of any of them it makes a notebook
with all that the source marks, in time and memory that grow with their number. It raises nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nbformat.notebooknode import NotebookNode

from autograder.grading.submissions.calls import Check, binds, call_of, calls_in
from autograder.grading.submissions.read import new_cell, new_notebook

__all__ = ["Check", "Marked", "Source", "blank", "checked_in", "named_in", "repair", "source_of"]

_KEPT = ("kernelspec", "language_info")


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
        found = {name: call_of(cell.source) for name, cell in self.cells.items() if cell.locked and cell.kind == "code"}
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


def checked_in(notebook: NotebookNode) -> list[str]:
    """The exercises that the code cells of any notebook of ours ask about: by their marks, else by ``check("relu", relu)``."""
    found = []
    for cell in notebook.cells:
        name = (cell.metadata.get("nbgrader") or {}).get("grade_id")
        if isinstance(name, str):
            found.append(name.removeprefix("check_"))
        elif cell.cell_type == "code":
            found += [one.exercise for one in calls_in(cell.source)]
    return list(dict.fromkeys(found))


def named_in(notebook: NotebookNode, source: Source) -> frozenset[str]:
    """Which of the source's marked cells can be told in ``notebook``, by grade_id: checks also where a cell calls them."""
    asked = {check.exercise: name for name, check in source.checks.items()}
    calls = {call.exercise for cell in notebook.cells if cell.cell_type == "code" for call in calls_in(cell.source)}
    return frozenset(_names(notebook.cells, source).values()) | {asked[one] for one in calls & set(asked)}


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


def _names(cells: list[NotebookNode], source: Source) -> dict[int, str]:
    """Which cell of the source stands at which place: by grade_id, else by the cell's own id where no other claims it.

    A notebook that was pasted into a new one has neither: there a check is known by its own words, and the answer above
    it by the names that it binds.
    """
    claimed: dict[str, int] = {}
    by_id = {marked.id: name for name, marked in source.cells.items()}
    fallback: dict[str, int] = {}
    for place, cell in enumerate(cells):
        name = (cell.metadata.get("nbgrader") or {}).get("grade_id")
        if isinstance(name, str) and name in source.cells:
            claimed[name] = place
        elif cell.id in by_id:
            fallback[by_id[cell.id]] = place
    known = fallback | claimed
    return {place: name for name, place in (_told(cells, source, known) | known).items()}


def _told(cells: list[NotebookNode], source: Source, known: Mapping[str, int]) -> dict[str, int]:
    """Cells without marks that are checks by their words, and answers to those by the only cell that binds the names."""
    asked = {check.exercise: name for name, check in source.checks.items() if name not in known}
    taken = set(known.values())
    checks: dict[str, int] = {}
    for place, cell in enumerate(cells):
        call = call_of(cell.source) if cell.cell_type == "code" and place not in taken else None
        if call is not None and call.exercise in asked:
            checks[asked[call.exercise]] = place  # the last one counts
    told = dict(checks)
    taken |= set(checks.values())
    bound = {
        place: binds(cell.source)
        for place, cell in enumerate(cells)
        if checks and cell.cell_type == "code" and place not in taken
    }
    for name, at in checks.items():
        answer = source.cells[name].after
        wanted = source.checks[name].names
        found = [place for place, names in bound.items() if place < at and wanted & names]
        if answer and answer not in known and answer not in told and len(found) == 1 and found[0] not in told.values():
            told[answer] = found[0]
    return told


def _place(order: list[tuple[str | None, NotebookNode]], name: str) -> int:
    return next((place for place, (one, _) in enumerate(order) if one == name), -1)


def _home(order: list[tuple[str | None, NotebookNode]], name: str, source: Source) -> int:
    """The place behind which a lost cell comes back: its answer's, else that of a cell which calls the check itself or,
    where the answer has lost its marks, binds its names, else that of the nearest marked cell above it.
    """
    after = source.cells[name].after
    if after and (at := _place(order, after)) >= 0:
        return at
    if (check := source.checks.get(name)) is not None:
        own = [place for place, (one, cell) in enumerate(order) if one is None and cell.cell_type == "code"]
        for place in reversed(own):
            if any(call.exercise == check.exercise for call in calls_in(order[place][1].source)):
                return place
        wanted = check.names
        for place in reversed(own):
            if wanted and wanted <= binds(order[place][1].source):
                return place
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
