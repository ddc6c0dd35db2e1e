"""Repairing a stranger's notebook: whatever lies in it, what the instructor marked is there once, as it was handed out."""

from __future__ import annotations

import json
from typing import Any

import nbformat
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.notebooknode import NotebookNode
from strangers import bent, grows_evenly, peak, steps

from autograder.grading.submissions.read import Unreadable, new_cell, new_notebook, notebook_of
from autograder.grading.submissions.repair import Source, blank, repair, source_of


def marked(kind: str, name: str, source: str, **marks: Any) -> NotebookNode:
    return new_cell(kind, source, f"id-{name}", {"nbgrader": {"grade_id": name, "schema_version": 3, **marks}})


def answer(name: str) -> NotebookNode:
    return marked("code", name, f"def {name}(x):\n    raise NotImplementedError()", solution=True)


def check(name: str) -> NotebookNode:
    return marked("code", f"check_{name}", f'check("{name}", {name})', grade=True, locked=True, points=3)


RELEASED = new_notebook(
    [
        new_cell("markdown", "# Chapter", "title", {}),
        marked("markdown", "rules", "Do not change this.", locked=True),
        answer("relu"),
        check("relu"),
        new_cell("code", "relu(1)", "try", {}),
        answer("linear"),
        new_cell("markdown", "Between.", "between", {}),
        check("linear"),
        marked("markdown", "words", "YOUR ANSWER HERE", solution=True, grade=True, points=4),
        marked("markdown", "task", "Draw it.", task=True, points=2),
    ],
    {"language_info": {"name": "python"}},
)
SOURCE: Source = source_of(RELEASED)
TREE = json.loads(nbformat.writes(RELEASED))

NAMES = [None, "nobody", *SOURCE.cells]
CELLS = st.builds(
    lambda kind, source, own, name: new_cell(kind, source, own, {"nbgrader": {"grade_id": name}} if name else {}),
    st.sampled_from(["code", "markdown", "raw"]),
    st.sampled_from(["", "x = 1", 'check("relu", None)', "raise SystemExit"]),
    st.sampled_from(["a", "b", "copy-1-1", "copy-2-1", *(cell.id for cell in SOURCE.cells.values())]),
    st.sampled_from(NAMES),
)


def holds(whole: NotebookNode) -> None:
    """What repairing promises of any notebook."""
    nbformat.validate(whole)
    places: dict[str, int] = {}
    for place, cell in enumerate(whole.cells):
        assert set(cell.metadata) <= {"nbgrader", "deletable", "editable"}
        if "nbgrader" not in cell.metadata:
            continue
        one = SOURCE.cells[cell.metadata.nbgrader.grade_id]
        assert cell.metadata.nbgrader.grade_id not in places
        places[cell.metadata.nbgrader.grade_id] = place
        assert (cell.cell_type, cell.id, cell.metadata.nbgrader) == (one.kind, one.id, one.marks)
        assert cell.source == one.source or not one.locked
    for name, one in SOURCE.cells.items():
        assert name in places or not (one.locked or one.graded)
        assert not one.locked or places[name] > places.get(one.after, -1)
    assert len({cell.id for cell in whole.cells}) == len(whole.cells)
    assert whole.metadata == SOURCE.metadata
    assert nbformat.writes(repair(whole, SOURCE)) == nbformat.writes(whole)


@settings(deadline=None, max_examples=300)
@given(st.lists(CELLS, max_size=12))
def test_any_cells_are_repaired(cells: list[NotebookNode]) -> None:
    whole = repair(new_notebook(cells, {"kernelspec": {"name": "bash"}}), SOURCE)
    holds(whole)
    # Nothing of the learner's is lost, but in the place of what is the instructor's.
    kept = [cell.source for cell in whole.cells]
    mine = [one for one in cells if (one.metadata.get("nbgrader") or {}).get("grade_id") in (None, "nobody")]
    for cell in mine:
        told = (
            cell.cell_type == "code" and cell.source == 'check("relu", None)'
        )  # what it asks is the instructor's to say
        assert cell.source in kept or told or cell.id in {one.id for one in SOURCE.cells.values()}


@settings(deadline=None, max_examples=200)
@given(st.permutations(TREE["cells"]))
def test_a_notebook_in_any_order_is_repaired(cells: list[Any]) -> None:
    whole = repair(notebook_of(json.dumps(TREE | {"cells": cells}).encode()), SOURCE)
    holds(whole)
    assert sorted(cell.source for cell in whole.cells) == sorted(cell.source for cell in RELEASED.cells)


@settings(deadline=None, max_examples=300)
@given(bent(TREE))
def test_a_right_notebook_with_one_thing_changed_is_unreadable_or_repaired(tree: Any) -> None:
    try:
        notebook = notebook_of(json.dumps(tree).encode())
    except Unreadable:
        return
    holds(repair(notebook, SOURCE))


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=100))
def test_what_cannot_be_read_is_replaced_by_a_notebook_that_says_so(says: str) -> None:
    notebook = blank(SOURCE, says)
    assert notebook.cells.pop(0).source == says
    holds(notebook)


def test_time_and_memory_grow_with_the_number_of_cells_and_not_with_its_square() -> None:
    def many(count: int) -> NotebookNode:
        copies = [
            new_cell("code", "x", f"id-{name}", {"nbgrader": {"grade_id": name}}) for name in SOURCE.cells
        ] * count
        return new_notebook(copies + [new_cell("raw", "", "copy-1-1", {}) for _ in range(count)], {})

    assert grows_evenly(lambda count: steps(lambda: repair(many(count), SOURCE)), 20)
    large = many(100)
    assert peak(lambda: repair(large, SOURCE)) < 20 * len(json.dumps(large))
