"""A submission's files as they lie on disk, read as a stranger's: no link is followed, no size is believed."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

__all__ = [
    *("LARGEST_NOTEBOOK", "LARGEST_REST", "Unreadable"),
    *("bytes_of", "files_beside", "new_cell", "new_notebook", "notebook_of"),
]

LARGEST_NOTEBOOK = 32 << 20  # bytes; a notebook full of figures has two or three million
LARGEST_REST = 64 << 20  # bytes of all other files together
_MOST_FILES = 1000
_MOST_CELLS = 2000
_LONGEST_SOURCE = 4 << 20
_KINDS = ("code", "markdown", "raw")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NOT_FILES = {"__pycache__", ".ipynb_checkpoints", ".pytest_cache", "timestamp.txt"}


class Unreadable(ValueError):
    """A submission that is no notebook of ours to grade; the message says why, for the learner and the instructor."""


def bytes_of(path: Path, below: Path) -> bytes:
    """The bytes of the notebook at ``path``. No link on the way from ``below`` down to it is followed.

    Raises ``FileNotFoundError`` where there is none, `Unreadable` for a link, a folder, a device or a giant.
    """
    for part in [below / step for step in _steps(path.relative_to(below))]:
        if part.is_symlink():
            raise Unreadable(f"{part.name} is a symbolic link; links are not followed. Hand in the file itself.")
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise Unreadable(f"{path.name} is not a file. Hand in the notebook itself.")
    if found.st_size > LARGEST_NOTEBOOK:
        raise Unreadable(
            f"{path.name} has {found.st_size >> 20} MB, and {LARGEST_NOTEBOOK >> 20} are the most that is read. "
            "Clear its outputs and hand it in again."
        )
    return path.read_bytes()


def _steps(path: Path) -> Iterator[Path]:
    yield from (step for step in reversed(path.parents) if step != Path("."))
    yield path


def files_beside(folder: Path) -> dict[str, bytes]:
    """The other files that lie in ``folder``, by relative POSIX path: no notebooks, links, devices or caches, and
    none whose name is no UTF-8.

    Raises `Unreadable` where they are too many or too large. A folder that is not there has none.
    """
    found: dict[str, bytes] = {}
    size = 0
    for directory, folders, names in os.walk(folder, followlinks=False):
        here = Path(directory)
        folders[:] = sorted(name for name in folders if name not in _NOT_FILES and not (here / name).is_symlink())
        for name in sorted(names):
            path = here / name
            about = path.lstat()
            if name in _NOT_FILES or name.endswith((".ipynb", ".pyc")) or not stat.S_ISREG(about.st_mode):
                continue
            if not _is_text(str(path.relative_to(folder))):
                continue
            size += about.st_size
            if size > LARGEST_REST or len(found) >= _MOST_FILES:
                raise Unreadable(
                    f"the files beside the notebook are more than {LARGEST_REST >> 20} MB or {_MOST_FILES} files. "
                    "Hand in the notebook and what it reads."
                )
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


def _is_text(name: str) -> bool:
    """Whether a file's name is text for everyone: bytes that are no UTF-8 are half characters to Python."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def notebook_of(content: bytes) -> NotebookNode:
    """The notebook that ``content`` holds, built anew: cells with a type, a source, an id and nbgrader's metadata, no more.

    Raises `Unreadable` when it is no notebook.

    >>> notebook_of(b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}').cells
    []
    >>> notebook_of(b"{")
    Traceback (most recent call last):
    autograder.grading.submissions.read.Unreadable: this is not a notebook: ...
    """
    try:
        tree = json.loads(content.decode("utf-8-sig"))
        cells = _cells(tree)
    except Unreadable:
        raise
    except Exception as error:  # json, nbformat and what its converters stumble over have many types
        reason = (str(error) or type(error).__name__).splitlines()[0][:200]
        raise Unreadable(f"this is not a notebook: {reason}") from None
    if len(cells) > _MOST_CELLS:
        raise Unreadable(f"this notebook has {len(cells)} cells, and {_MOST_CELLS} are the most that is read")
    taken: set[str] = set()
    built = new_notebook([_cell(cell, number, taken) for number, cell in enumerate(cells, 1)], {})
    if sum(len(cell.source) for cell in built.cells) > _LONGEST_SOURCE:
        raise Unreadable(f"the cells of this notebook hold more than {_LONGEST_SOURCE >> 20} MB of text")
    return built


def _cells(tree: Any) -> list[Any]:
    """The cells of a notebook's JSON. nbformat itself converts old formats; of format 4 it would only draw new ids."""
    version = tree.get("nbformat") if isinstance(tree, dict) else None
    if version == 4 and isinstance(tree.get("cells"), list):
        return list(tree["cells"])
    if version in (2, 3):
        converted = nbformat.convert(nbformat.reader.reads(json.dumps(tree)), 4)
        return [{**cell, "id": None} for cell in converted.cells]
    if isinstance(version, int) and version > 4:
        raise Unreadable(
            f"this notebook has format {version}, and 4 is the newest that is known. Save it in JupyterLab."
        )
    raise Unreadable("this is not a notebook: it has no format and cells")


def new_cell(kind: str, source: str, name: str, metadata: dict[str, Any]) -> NotebookNode:
    """A cell without outputs, as nbformat's ``new_code_cell`` and its like make it; they validate each anew, which costs.

    >>> new_cell("code", "x = 1", "a", {}) == nbformat.v4.new_code_cell("x = 1", id="a")
    True
    """
    outputs: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return nbformat.from_dict({"cell_type": kind, "id": name, "metadata": metadata, "source": source, **outputs})


def new_notebook(cells: list[NotebookNode], metadata: dict[str, Any]) -> NotebookNode:
    """A notebook of ``cells``."""
    whole = nbformat.from_dict({"metadata": metadata, "nbformat": 4, "nbformat_minor": 5})
    whole.cells = cells
    return whole


def _cell(cell: Any, number: int, taken: set[str]) -> NotebookNode:
    kind = cell.get("cell_type") if isinstance(cell, dict) else None
    source = cell.get("source") if isinstance(cell, dict) else None
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(kind, str) or kind not in _KINDS or not isinstance(source, str):
        raise Unreadable(f"this is not a notebook: its cell {number} has no type or no source")
    name = cell.get("id")
    if not isinstance(name, str) or not _ID.fullmatch(name) or name in taken:
        name = next(one for one in _names(number) if one not in taken)
    taken.add(name)
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    # Half a surrogate pair is text for JSON, and no text for anything after it.
    clean = source.encode("utf-8", "replace").decode()
    return new_cell(kind, clean, name, {"nbgrader": marks} if isinstance(marks, dict) else {})


def _names(number: int) -> Iterator[str]:
    yield f"cell-{number}"
    yield from (f"cell-{number}-{more}" for more in range(1, _MOST_CELLS + 2))
