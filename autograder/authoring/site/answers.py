"""Which cells of a learner's notebook need an answer that is not there yet."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from IPython.core.inputtransformer2 import TransformerManager
from nbformat.notebooknode import NotebookNode

__all__ = ["is_answer", "is_check", "needing_answers"]

# What these show is each learner's own, and on whose machine.
_THE_LEARNERS = frozenset({"check", "progress"})
_OF_THE_LEARNER = "autograder.progress"


def is_answer(cell: NotebookNode) -> bool:
    """Whether it is an exercise's cell, to be filled in."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def is_check(cell: NotebookNode) -> bool:
    """Whether it is the check of an exercise."""
    mark = cell.metadata.get("nbgrader", {})
    return bool(mark.get("grade")) and not mark.get("solution")


def needing_answers(cells: Iterable[NotebookNode]) -> frozenset[str]:
    """The ids of the code cells that use an answer, or what was made with one, or what is each learner's own.

    Names are followed from cell to cell, as they are written. A name that is bound anew, without an answer, is free again.

    >>> from nbformat.v4 import new_code_cell
    >>> stub = new_code_cell("def f(x): ...", metadata={"nbgrader": {"solution": True}}, id="stub")
    >>> texts = {"a": "y = f(1)", "b": "print(y)", "c": "y = 2", "d": "print(y)", "e": "z = 3"}
    >>> sorted(needing_answers([stub, *(new_code_cell(text, id=name) for name, text in texts.items())]))
    ['a', 'b']
    """
    needing: set[str] = set()
    waiting = set(_THE_LEARNERS)
    for cell in cells:
        if cell.cell_type != "code":
            continue
        read, bound, imported = _names(cell.source)
        if _OF_THE_LEARNER in cell.source:
            read = read | waiting
        if is_answer(cell):
            waiting |= bound
        elif is_check(cell) or read & waiting:
            needing.add(cell.id)
            waiting |= bound - imported
        else:
            waiting -= bound - imported
    return frozenset(needing)


def _names(source: str) -> tuple[set[str], set[str], set[str]]:
    """The names that a cell reads, those that it binds, and those of them that it imports."""
    tree = ast.parse(TransformerManager().transform_cell(source))
    read: set[str] = set()
    bound: set[str] = set()
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            imported |= {(one.asname or one.name).split(".")[0] for one in node.names}
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            read.add(node.target.id)
    return read, bound | imported, imported
