"""A submission's files as they lie on disk, read as a stranger's: no link is followed, no size is believed.

All of it reads a stranger's bytes: it gives files, or a notebook built anew, or raises `Unreadable`, in memory and time
that grow with what is read, and with limits on that.
"""

from __future__ import annotations

import json
import math
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.grading.submissions.other_kinds import other_kind
from autograder.grading.submissions.skim import TooManySigns, without_outputs

__all__ = [
    *("LARGEST_NOTEBOOK", "LARGEST_SOURCE", "Unreadable"),
    *("bytes_of", "content_of", "new_cell", "new_notebook", "notebook_of", "words_in"),
]

LARGEST_NOTEBOOK = 256 << 20  # bytes of the file; a notebook full of figures has two or three million
LARGEST_SOURCE = 16 << 20  # bytes of it without stored outputs
_MOST_CELLS = 2000
_MOST_NESTED = (
    2 << 20
)  # lists and dicts of a notebook's JSON: two bytes make one, which takes sixty; outputs have thousands
_LONGEST_SOURCE = 4 << 20
_MOST_WORDS = 200_000  # of all code cells: what stands for one in a syntax tree may take 2,000 bytes
_LONGEST_NUMBER = 4300  # digits
_CONFLICT = re.compile(r"\s*(?:<{7}|={7}|>{7})")
_WORD = re.compile(r"\d[\w.]*|\w+|[^\w\s]")
_KINDS = ("code", "markdown", "raw")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Unreadable(ValueError):
    """A submission that is no notebook of ours to grade; the message says why, for the learner and the instructor."""


def bytes_of(path: Path, below: Path) -> bytes:
    """The bytes of the notebook at ``path``. No link on the way from ``below`` down to it is followed.

    Raises ``FileNotFoundError`` where there is none, `Unreadable` for a link, a folder, a device or a giant.
    """
    for part in [below / step for step in _steps(path.relative_to(below))]:
        if part.is_symlink():
            raise Unreadable(
                f"{_whole(part.name)} is a symbolic link; links are not followed. Hand in the file itself."
            )
    if path.is_dir():
        raise Unreadable(f"{_whole(path.name)} is a folder, not a notebook. Hand in the notebook itself.")
    content = content_of(path, LARGEST_NOTEBOOK)
    if content is None:
        raise Unreadable(f"{_whole(path.name)} is not a file. Hand in the notebook itself.")
    if len(content) > LARGEST_NOTEBOOK:
        size = max(len(content), path.lstat().st_size)
        raise Unreadable(
            f"{_whole(path.name)} has {size >> 20} MB, and {LARGEST_NOTEBOOK >> 20} are the most that is read. "
            "Clear its outputs and hand it in again."
        )
    return content


def content_of(path: Path, most: int) -> bytes | None:
    """The bytes of the file at ``path``, cut off behind the first that is more than ``most``; ``None`` for what is no file.

    What is looked at is what is read, and not what may have taken its place: a link, or a pipe without an end.
    Raises `Unreadable` where it may not be read.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        return None
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as file:
            return file.read(most + 1) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unreadable(f"{_whole(path.name)} cannot be read: {error.strerror}") from None


def _steps(path: Path) -> Iterator[Path]:
    yield from (step for step in reversed(path.parents) if step != Path("."))
    yield path


def notebook_of(content: bytes) -> NotebookNode:
    """The notebook that ``content`` holds, built anew: cells with a type, a source, an id and nbgrader's metadata, no more.

    Raises `Unreadable` when it is no notebook.

    >>> notebook_of(b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}').cells
    []
    >>> notebook_of(b"{nope}")
    Traceback (most recent call last):
    autograder.grading.submissions.read.Unreadable: this is not a notebook: ...
    """
    if other := other_kind(content):
        raise Unreadable(other)
    try:
        content = without_outputs(content)
    except TooManySigns:
        raise Unreadable("this notebook holds too many texts and lists to be read. Clear its outputs.") from None
    if len(content) > LARGEST_SOURCE:
        raise Unreadable(
            f"this notebook has {len(content) >> 20} MB besides its outputs, and {LARGEST_SOURCE >> 20} are the most that is read"
        )
    if content.count(b"{") + content.count(b"[") > _MOST_NESTED:
        raise Unreadable("this notebook holds too many lists to be read. Clear its outputs and hand it in again.")
    try:
        cells = [_cell(cell, number) for number, cell in enumerate(_cells(_tree(content)), 1)]
    except Unreadable:
        raise
    except Exception as error:  # json, nbformat and what its converters stumble over have many types
        reason = (str(error) or type(error).__name__).splitlines()[0][:200]
        raise Unreadable(f"this is not a notebook: {_whole(reason)}") from None
    _one_id_each(cells)
    if sum(len(cell.source) for cell in cells) > _LONGEST_SOURCE:
        raise Unreadable(f"the cells of this notebook hold more than {_LONGEST_SOURCE >> 20} MB of text")
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    if sum(map(len, code)) > _MOST_WORDS and sum(map(words_in, code)) > _MOST_WORDS:  # no more words than letters
        raise Unreadable(f"the code of this notebook has more than {_MOST_WORDS} words and signs")
    return new_notebook(cells, {})


def _tree(content: bytes) -> Any:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(
            "this file is not written in UTF-8, as a notebook is. Download it from JupyterLab again, and hand that in."
        ) from None
    try:
        return json.loads(text, parse_int=_number)
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
            raise Unreadable(
                "this notebook is cut off: the file ends in the middle of it. Save it, and hand it in whole."
            ) from None
        where = f"line {error.lineno}"
        if _CONFLICT.match(text, text.rfind("\n", 0, error.pos) + 1):
            raise Unreadable(
                f"{where} of this notebook is a mark of a merge that Git could not finish. Keep one of the two sides, "
                "open the notebook in JupyterLab, and hand it in again."
            ) from None
        raise Unreadable(
            f"this is not a notebook: it is no JSON from {where} on ({error.msg}). Where JupyterLab does not open it, "
            "save or download it again; then hand it in."
        ) from None


def _number(digits: str) -> float:
    """A whole number; one of more digits than Python reads is as good as endless, and costs nobody a notebook."""
    return int(digits) if len(digits) <= _LONGEST_NUMBER else math.inf


def words_in(source: str) -> int:
    """How many names, numbers and signs there are in ``source``: its syntax tree has no more than a few nodes for each.

    >>> words_in("loss_1 = f(x, 0.125)")
    8
    """
    return sum(1 for _ in _WORD.finditer(source))


def _cells(tree: Any) -> list[Any]:
    """The cells of a notebook's JSON. nbformat itself converts old formats; of format 4 it would only draw new ids."""
    version = tree.get("nbformat") if isinstance(tree, dict) else None
    if version == 4 and isinstance(tree.get("cells"), list):
        return _few(tree["cells"])
    if version in (2, 3):
        sheet = {"cells": [_old(cell) for cell in _few([cell for one in tree["worksheets"] for cell in one["cells"]])]}
        old = {"nbformat": int(version), "nbformat_minor": 0, "metadata": {}, "worksheets": [sheet]}
        return [{**cell, "id": None} for cell in nbformat.convert(nbformat.reader.reads(json.dumps(old)), 4).cells]
    if isinstance(version, int) and version > 4:
        raise Unreadable(
            f"this notebook has format {str(version)[:20]}, and 4 is the newest that is known. Save it in JupyterLab."
        )
    raise Unreadable("this is not a notebook: it has no format and cells")


def _few(cells: list[Any]) -> list[Any]:
    if len(cells) > _MOST_CELLS:
        raise Unreadable(f"this notebook has {len(cells)} cells, and {_MOST_CELLS} are the most that is read")
    return cells


def _old(cell: dict[str, Any]) -> dict[str, Any]:
    """What counts of a cell of an old format; nbformat's converters believe what stands in the rest."""
    kind = cell["cell_type"]
    kept = {key: cell[key] for key in ("source", "input") if _is_written(cell.get(key))}
    if kind == "heading":
        kept["level"] = min(max(int(cell.get("level", 1)), 1), 6)
    if kind == "code":
        kept |= {"language": "python", "outputs": []}
    return {"cell_type": kind, "metadata": _marks(cell), **kept}


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


def _cell(cell: Any, number: int) -> NotebookNode:
    """The cell anew; it has its own id only if that is one."""
    kind = cell.get("cell_type") if isinstance(cell, dict) else None
    if not isinstance(kind, str) or kind not in _KINDS or not _is_written(cell.get("source")):
        raise Unreadable(f"this is not a notebook: its cell {number} has no type or no source")
    name = cell.get("id")
    own = name if isinstance(name, str) and _ID.fullmatch(name) else ""
    return new_cell(kind, _whole("".join(cell["source"])), own, _marks(cell))


def _is_written(source: Any) -> bool:
    return isinstance(source, str) or (isinstance(source, list) and all(isinstance(line, str) for line in source))


def _whole(text: str) -> str:
    """``text`` without half surrogate pairs, which are text for JSON, and no text for anything after it."""
    return text.encode("utf-8", "replace").decode()


def _marks(cell: dict[str, Any]) -> dict[str, Any]:
    """Of nbgrader's marks the name: whatever else they say, the source says it."""
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    return {"nbgrader": {"grade_id": _whole(name)}} if isinstance(name, str) else {}


def _one_id_each(cells: list[NotebookNode]) -> None:
    taken: set[str] = set()
    for number, cell in enumerate(cells, 1):
        if not cell.id or cell.id in taken:
            cell.id = next(one for one in _names(number) if one not in taken)
        taken.add(cell.id)


def _names(number: int) -> Iterator[str]:
    yield f"cell-{number}"
    yield from (f"cell-{number}-{more}" for more in range(1, _MOST_CELLS + 2))
