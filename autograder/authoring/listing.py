"""One name more in a list of an oracle's file, and its import: the rest of the file stays as its author wrote it."""

from __future__ import annotations

import ast
from pathlib import Path

__all__ = ["listed", "parsed"]


def parsed(path: Path) -> tuple[str, ast.Module]:
    """The text of ``path`` and its tree. Raises ``SyntaxError`` with the file's name where it is no Python."""
    text = path.read_text(encoding="utf-8")
    return text, ast.parse(text, filename=str(path))


def listed(text: str, sequence: ast.List | ast.Tuple, module: str, name: str) -> str:
    """``text`` with ``name`` imported from ``module``, and last in ``sequence``, which was parsed from it.

    >>> text = "from autograder.a import A\\n\\nBOTH = (A, B)\\n"
    >>> print(listed(text, ast.parse(text).body[1].value, "autograder.c", "C"))
    from autograder.a import A
    from autograder.c import C
    <BLANKLINE>
    BOTH = (A, B, C)
    <BLANKLINE>
    """
    lines = text.encode().splitlines(keepends=True)  # ast counts in bytes
    row, column, put = _last(sequence, name)
    lines[row - 1] = lines[row - 1][:column] + put.encode() + lines[row - 1][column:]
    lines.insert(_place_of_import(ast.parse(text), module), f"from {module} import {name}\n".encode())
    return b"".join(lines).decode()


def _last(sequence: ast.List | ast.Tuple, name: str) -> tuple[int, int, str]:
    """The line and column behind the last element, and what is put there."""
    if not sequence.elts:
        return sequence.lineno, sequence.col_offset + 1, f"{name}," if isinstance(sequence, ast.Tuple) else name
    last = sequence.elts[-1]
    assert last.end_lineno is not None and last.end_col_offset is not None, "what was parsed has an end"
    own_line = sequence.lineno != last.lineno
    return last.end_lineno, last.end_col_offset, f",\n{' ' * last.col_offset}{name}" if own_line else f", {name}"


def _place_of_import(tree: ast.Module, module: str) -> int:
    """Behind how many lines an import of ``module`` stands in alphabetical order with those of our own packages."""
    imports = [one for one in tree.body if isinstance(one, ast.Import | ast.ImportFrom)]
    ours = [one for one in imports if isinstance(one, ast.ImportFrom) and str(one.module).startswith("autograder.")]
    before = [one for one in ours if str(one.module) <= module]
    if ours and not before:
        return ours[0].lineno - 1
    behind = (before or imports)[-1:]
    return int(behind[0].end_lineno or 0) if behind else 0
