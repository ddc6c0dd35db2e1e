"""Who has handed in: every entry of a class's folder of submissions, whatever its name, and which of them are no learner's."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Entry", "cannot_be", "entries"]

_PATTERNS = frozenset("*?[")  # nbgrader looks for folders by patterns


@dataclass(frozen=True)
class Entry:
    """What lies in the folder of submissions under ``name``: a learner's, unless ``note`` says why it is none.

    ``twin`` says that another one looks the same.
    """

    name: str
    is_folder: bool
    note: str = ""
    twin: str = ""


def cannot_be(name: str) -> str:
    """Why ``name`` cannot be a learner's; nothing where it can.

    >>> cannot_be("a+b"), cannot_be("=1+1"), cannot_be(".git"), cannot_be("a/b")
    ('', '', 'it begins with a dot', 'it holds a slash')
    """
    if not name or name in (".", ".."):
        return "it is empty"
    if "/" in name or "\0" in name:
        return "it holds a slash"
    if name.startswith("."):
        return "it begins with a dot"
    try:
        name.encode()
    except UnicodeEncodeError:
        return "its bytes are no UTF-8"
    if not name.isprintable() or not name.strip():
        return "it holds characters that cannot be seen"
    if signs := sorted(_PATTERNS & set(name)):
        return f"it holds {signs[0]}, by which nbgrader would look for other folders"
    return ""


def entries(submitted: Path) -> tuple[Entry, ...]:
    """Everything in the folder ``submitted``, by name; nothing where it is not there."""
    if not submitted.is_dir():
        return ()
    with os.scandir(submitted) as found:
        known = sorted(((one.name, _is_folder(one), one.is_symlink()) for one in found), key=lambda one: one[0])
    twins = Counter(_looks(name) for name, _, _ in known)
    return tuple(_entry(name, folder, link, twins[_looks(name)] > 1) for name, folder, link in known)


def _entry(name: str, folder: bool, link: bool, twin: bool) -> Entry:
    reason = cannot_be(name)
    if folder and reason:
        return Entry(name, True, f"the name of this folder is no learner's: {reason}. Rename it, and grade again.")
    if not folder:
        return Entry(name, False, _file(name, link))
    return Entry(name, True, "", "another folder's name looks the same and has other characters" if twin else "")


def _file(name: str, link: bool) -> str:
    if link:
        return "a symbolic link that leads to no folder. Hand in the folder itself."
    if name.lower().endswith(".ipynb"):
        return (
            "a notebook beside the learners' folders: nobody can say whose. Put it into LEARNER/CHAPTER/CHAPTER.ipynb."
        )
    return "a file beside the learners' folders: it was not graded."


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a loop of links
        return False


def _looks(name: str) -> str:
    return unicodedata.normalize("NFKC", name)
