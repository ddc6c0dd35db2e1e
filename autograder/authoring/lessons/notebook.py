"""A lesson as a notebook: nbgrader's metadata, stable ids, and the same bytes on every machine."""

from __future__ import annotations

from collections import Counter
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.authoring.lessons.lesson import Cell, Lesson
from autograder.observing.exercise import catalogue
from autograder.workbench.marks import content_id

__all__ = ["notebook", "to_bytes"]

# No versions in here: they differ from machine to machine, and JupyterLab fills them in for itself.
_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


def notebook(lesson: Lesson) -> NotebookNode:
    """The instructor's notebook, solutions and all. The lesson must be free of mistakes."""
    seen: Counter[str] = Counter()
    cells = [_cell(cell, seen) for cell in lesson.cells]
    whole = nbformat.from_dict({"cells": cells, "metadata": _METADATA, "nbformat": 4, "nbformat_minor": 5})
    nbformat.validate(whole)
    return whole


def to_bytes(whole: NotebookNode) -> bytes:
    """``whole`` as a file: sorted keys and one newline at the end, as nbgrader writes it."""
    text: str = nbformat.writes(whole)
    return (text.rstrip("\n") + "\n").encode()


def _cell(cell: Cell, seen: Counter[str]) -> dict[str, Any]:
    metadata = {key: value for key, value in cell.words.items() if key not in ("exercise", "check", "points")}
    if cell.exercise is not None:
        written = cell.kind == "markdown"
        metadata["nbgrader"] = _nbgrader(cell.exercise, solution=True, grade=written)
        if written:
            metadata["nbgrader"]["points"] = _points(cell.exercise, cell)
    elif cell.check is not None:
        metadata["nbgrader"] = _nbgrader(f"check_{cell.check}", solution=False, grade=True)
        metadata["nbgrader"]["points"] = _points(cell.check, cell)
    made = {"cell_type": cell.kind, "id": _id(cell, seen), "metadata": metadata, "source": cell.source}
    return made | {"execution_count": None, "outputs": []} if cell.kind == "code" else made


def _nbgrader(grade_id: str, *, solution: bool, grade: bool) -> dict[str, Any]:
    return {
        "grade": grade,
        "grade_id": grade_id,
        "locked": grade and not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }


def _points(name: str, cell: Cell) -> int:
    return catalogue()[name].points if name in catalogue() else int(cell.words["points"])


def _id(cell: Cell, seen: Counter[str]) -> str:
    """The exercise's name, or what the cell says: a cell that comes in leaves the ids of the others as they are."""
    if cell.exercise is not None:
        return cell.exercise
    if cell.check is not None:
        return f"check_{cell.check}"
    content = content_id(cell.kind, cell.source)
    seen[content] += 1
    return content if seen[content] == 1 else f"{content}-{seen[content]}"
