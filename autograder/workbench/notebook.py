"""A learner's notebook as a file: read whole or refused, and written so that nothing of it is lost.

It stays the plain JSON that it is. What other programs wrote into it (Colab, VS Code, widgets) goes through untouched.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["Cell", "Damaged", "Notebook", "loads", "named", "read", "to_bytes", "words"]

Cell = dict[str, Any]
Notebook = dict[str, Any]

_KINDS = ("code", "markdown", "raw")


class Damaged(ValueError):
    """A file that is no whole notebook; it is left as it is."""


def read(path: Path) -> Notebook:
    """The notebook at ``path`` in format 4. Raises `Damaged` where it is none, ``OSError`` where it cannot be read."""
    try:
        return loads(path.read_bytes())
    except Damaged as error:
        raise Damaged(f"{path}: {error}") from None


def loads(content: bytes) -> Notebook:
    """The notebook in ``content``, which may be of an older format.

    >>> loads(b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [')
    Traceback (most recent call last):
    autograder.workbench.notebook.Damaged: this is no whole notebook (Expecting value at line 1); nothing was changed
    """
    try:
        tree = json.loads(content.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise Damaged(f"this is no whole notebook ({error.msg} at line {error.lineno}); nothing was changed") from None
    except (ValueError, RecursionError) as error:
        raise Damaged(f"this is no notebook ({type(error).__name__}); nothing was changed") from None
    version = tree.get("nbformat") if isinstance(tree, dict) else None
    if version in (2, 3):
        tree = _converted(tree)
    elif version != 4:
        raise Damaged("this is no notebook of a format up to 4; nothing was changed")
    cells = tree.get("cells")
    if not isinstance(cells, list) or not isinstance(tree.get("metadata", {}), dict):
        raise Damaged("this notebook has no list of cells; nothing was changed")
    for number, cell in enumerate(cells, 1):
        if not _is_cell(cell):
            raise Damaged(f"cell {number} of this notebook has no type or no text; nothing was changed")
    return tree


def to_bytes(notebook: Notebook) -> bytes:
    """``notebook`` as JupyterLab writes it. Half a surrogate pair, which UTF-8 cannot hold, is written escaped."""
    for ascii_only in (False, True):
        text = json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=ascii_only) + "\n"
        try:
            return text.encode()
        except UnicodeEncodeError:
            continue
    raise AssertionError("escaped JSON is ASCII")


def words(cell: Cell) -> str:
    """What a cell says: its source as one text.

    >>> words({"source": ["a\\n", "b"]}), words({"source": "a"})
    ('a\\nb', 'a')
    """
    return "".join(cell["source"])


def named(cell: Cell) -> tuple[str, ...]:
    """The names by which a cell may be known, the surest first: nbgrader's, its own id, the one that Colab has moved."""
    metadata = cell.get("metadata", {})
    marks = metadata.get("nbgrader")
    names = [marks.get("grade_id") if isinstance(marks, dict) else None, cell.get("id"), metadata.get("id")]
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str)))


def _is_cell(cell: Any) -> bool:
    if not isinstance(cell, dict) or cell.get("cell_type") not in _KINDS:
        return False
    source, metadata = cell.get("source"), cell.get("metadata", {})
    lines = isinstance(source, list) and all(isinstance(line, str) for line in source)
    return (isinstance(source, str) or lines) and isinstance(metadata, dict)


def _converted(tree: Notebook) -> Notebook:
    """A notebook of format 2 or 3 in format 4, by nbformat itself; the ids that it draws are taken away again."""
    import nbformat

    try:
        whole = nbformat.convert(nbformat.reader.reads(json.dumps(tree)), 4)
        new: Notebook = json.loads(json.dumps(whole))
    except Exception as error:  # what its converters stumble over has many types
        raise Damaged(f"this notebook of an old format is damaged ({error}); nothing was changed") from None
    for cell in new["cells"]:
        cell.pop("id", None)
    return new
