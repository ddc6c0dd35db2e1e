"""Telling a released notebook in which nobody has worked from one that holds somebody's answers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.workbench import marks
from autograder.workbench.marks import KEY

__all__ = ["HoldsWork", "digest", "guard", "holds_work", "stamp"]


class HoldsWork(RuntimeError):
    """A released notebook would be overwritten in which somebody has worked, or which nobody can read."""


def digest(notebook: NotebookNode) -> str:
    """SHA-256 of what the cells say, in their order: outputs, metadata and empty cells do not count."""
    return marks.digest((cell.cell_type, cell.source) for cell in notebook.cells)


def stamp(notebook: NotebookNode) -> None:
    """Write the digest of ``notebook`` into its own metadata."""
    notebook.metadata[KEY] = {"release": digest(notebook)}


def holds_work(path: Path) -> bool:
    """Whether the file at ``path`` is anything but a notebook that says what it said when it was released."""
    try:
        notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
        return bool(notebook.metadata[KEY]["release"] != digest(notebook))
    except FileNotFoundError:
        return False
    except Exception:  # whatever is broken about it: what cannot be read is not ours to overwrite
        return True


def guard(paths: Iterable[Path]) -> None:
    """Raise `HoldsWork`, naming every one of ``paths`` that holds work."""
    if held := [str(path) for path in paths if holds_work(path)]:
        names = ", ".join(held)
        raise HoldsWork(
            f"{names}: somebody has worked in here, or it is no released notebook. Nothing was written. Move it away, "
            "or build elsewhere: python -m autograder build --output DIR"
        )
