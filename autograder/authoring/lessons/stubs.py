"""The steps from our solutions to a learner's notebook that nbgrader has not: stubs that let "Run all" run, a stamp."""

from __future__ import annotations

import ast
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import ClearSolutions, NbGraderPreprocessor

from autograder.authoring.lessons.work import stamp

__all__ = ["RunnableStubs", "StampRelease", "soften"]


class RunnableStubs(ClearSolutions):
    """nbgrader's `ClearSolutions`, whose stub raises only inside a function, where nobody has called it yet."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Clear the cell as nbgrader does, then take the `raise` away where it would stop the notebook."""
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if cell.cell_type == "code":
            cell.source = soften(cell.source, self.code_stub[resources["language"]])
        return cell, resources


class StampRelease(NbGraderPreprocessor):
    """Writes into the finished notebook what its cells were, so that a learner's work in it can be told later."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Stamp ``nb``."""
        stamp(nb)
        return nb, resources


def soften(source: str, stub: str) -> str:
    """``source`` with only the comment left of every ``stub`` that stands outside of functions.

    Source that is no Python stays as it is.

    >>> stub = "# YOUR CODE HERE\\nraise NotImplementedError()"
    >>> print(soften("answers = {'a': ...}\\n" + stub, stub))
    answers = {'a': ...}
    # YOUR CODE HERE
    >>> print(soften("def f(x):\\n    # YOUR CODE HERE\\n    raise NotImplementedError()", stub))
    def f(x):
        # YOUR CODE HERE
        raise NotImplementedError()
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source
    inside = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    lines, parts = source.split("\n"), stub.split("\n")
    kept: list[str] = []
    at = 0
    while at < len(lines):
        found = [line.strip() for line in lines[at : at + len(parts)]] == [part.strip() for part in parts]
        if found and at + len(parts) not in inside:
            kept += [line for line in lines[at : at + len(parts)] if line.lstrip().startswith("#")]
            at += len(parts)
        else:
            kept.append(lines[at])
            at += 1
    return "\n".join(kept)
