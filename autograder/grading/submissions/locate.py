"""Which file a learner meant: the notebook where it should be, else the only one that holds this assignment's exercises.

It reads a stranger's folders: no link is followed, and what is looked at has a limit. Where two files could be meant it
takes neither, and says which.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from nbformat.notebooknode import NotebookNode

from autograder.grading.submissions.read import Unreadable, bytes_of, notebook_of
from autograder.grading.submissions.repair import Source, checked_in, named_in
from autograder.observing.exercise import catalogue, exercises_of
from autograder.plain import plain
from course.chapters import CHAPTERS

__all__ = ["Located", "Missing", "is_there", "locate", "notebooks_in", "nothing_of"]

_MOST_SEEN = 2000  # files and folders of one learner
_MOST_NOTEBOOKS = 20
_DEEPEST = 3  # LEARNER/a/b/notebook: unzipped once too deep
_NOT_THEIRS = ("__macosx",)  # what a Mac puts into a zip archive
_SHOWN = 3


class Missing(ValueError):
    """No notebook of this assignment is there; the message says what is there instead."""


@dataclass(frozen=True)
class Located:
    """A learner's notebook, read; ``remark`` says where it differs from what was asked for."""

    path: Path
    notebook: NotebookNode
    remark: str = ""


def locate(home: Path, name: str, notebook: str, source: Source, others: Collection[str] = ()) -> Located:
    """The notebook in a learner's folder ``home`` that should be ``name/notebook.ipynb``; ``others`` are other assignments.

    Raises `Missing` where there is none, and `Unreadable` where it cannot be read or told.
    """
    wanted = home / name / f"{notebook}.ipynb"
    if is_there(wanted) or any(part.is_symlink() for part in (home, home / name)):
        found = notebook_of(bytes_of(wanted, home.parent))
        told = named_in(found, source)
        if other := "" if told else _of_another(found):
            raise Unreadable(f"{wanted.name} is {other}")
        return Located(wanted, found, _whose(found, source, told))
    elsewhere = {_folded(other) for other in others if other != name}
    paths = list(_notebooks(home, elsewhere))
    if len(paths) > _MOST_NOTEBOOKS:
        raise Missing(
            f"there is no {wanted.name} among what was handed in, and more than {_MOST_NOTEBOOKS} others are there"
        )
    said: list[str] = []
    reasons: list[Unreadable] = []
    fits: dict[Path, tuple[bytes, NotebookNode]] = {}
    for path in paths:
        shown = _shown(path.relative_to(home))
        try:
            content = bytes_of(path, home.parent)
            one = notebook_of(content)
        except (Unreadable, OSError) as error:
            reasons.append(Unreadable(f"{shown}: {error}"))
            said.append(f"{shown}: {error}")
            continue
        if named_in(one, source):
            fits[path] = content, one
        else:
            said.append(f"{shown} is {_of_another(one) or 'none of its exercises'}")
    if len({content for content, _ in fits.values()}) > 1:
        both = " and ".join(_shown(path.relative_to(home)) for path in list(fits)[:_SHOWN])
        raise Unreadable(
            f"it cannot be told which notebook is meant: {both}. Keep the one that counts, as {name}/{wanted.name}."
        )
    if fits:
        path, (_, found) = next(iter(fits.items()))
        remark = f"taken from {_shown(path.relative_to(home))}; it would have to be {name}/{wanted.name}"
        return Located(path, found, "; ".join(filter(None, [remark, _whose(found, source, named_in(found, source))])))
    if len(reasons) == len(paths) == 1 and _is_almost(paths[0].name, wanted.name):
        raise reasons[0]
    raise _missing(home, name, wanted.name, elsewhere, said)


def is_there(path: Path) -> bool:
    """Whether anything is there, a link to nowhere too. Raises ``OSError`` where that may not be looked at."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def nothing_of(home: Path, name: str, wanted: str, others: Collection[str]) -> Missing:
    """What a learner's folder ``home`` holds in the place of ``wanted``, a notebook of the assignment ``name``.

    Raises ``OSError`` where that may not be looked at.
    """
    return _missing(home, name, wanted, {_folded(other) for other in others if other != name}, [])


def _missing(home: Path, name: str, wanted: str, others: Collection[str], said: list[str]) -> Missing:
    says = f"there is no {wanted} among what was handed in"
    if said:
        return Missing(f"{says}; {'; '.join(said[:_SHOWN])}")
    if is_there(home / name) and not (home / name).is_dir():
        return Missing(f"{says}; {name} is a file, and should be the folder that holds it")
    looked = home / name if is_there(home / name) else home
    names = sorted(entry.name for entry in os.scandir(looked)) if looked.is_dir() else []
    there = [_shown(Path(one)) for one in names if looked != home or _folded(one) not in others]
    if there:
        return Missing(f"{says}; there is {', '.join(there[:_SHOWN])}")
    return Missing(f"{says}; its folder is empty" if looked != home else "nothing was handed in")


def _notebooks(home: Path, others: Collection[str]) -> Iterator[Path]:
    """What is called a notebook in a learner's folder, not too deep, and not in the folder of another assignment."""
    seen = 0
    waiting = [(home, 1)]
    while waiting:
        folder, depth = waiting.pop(0)
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        for entry in entries:
            seen += 1
            if seen > _MOST_SEEN:
                raise Unreadable(
                    f"there are more than {_MOST_SEEN} files and folders; hand in the notebook and what it reads"
                )
            low = _folded(entry.name)
            if low.startswith(".") or low in _NOT_THEIRS or (depth == 1 and low in others):
                continue
            if low.endswith(".ipynb") and (depth > 1 or not any(low == f"{other}.ipynb" for other in others)):
                yield Path(entry.path)
            elif entry.is_dir(follow_symlinks=False) and depth < _DEEPEST:
                waiting.append((Path(entry.path), depth + 1))


def notebooks_in(home: Path, wanted: Path, others: Collection[str]) -> list[Path]:
    """What may be meant in a learner's folder ``home`` where ``wanted`` is not there, whatever it is called.

    Nothing where it is there, or where that cannot be looked at.
    """
    try:
        return [] if is_there(wanted) else list(_notebooks(home, {_folded(other) for other in others}))
    except (Unreadable, OSError):
        return []


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _is_almost(name: str, wanted: str) -> bool:
    """Whether one name holds the other: ``Copy of x.ipynb``, ``x (1).ipynb``, another case."""
    return _folded(wanted).removesuffix(".ipynb") in _folded(name)


def _of_another(notebook: NotebookNode) -> str:
    """Whose notebook one is that has no exercise of this chapter, where it holds those of another."""
    there = set(checked_in(notebook)) & set(catalogue())
    counts = {one: len(there & {known.id for known in exercises_of(one.topic)}) for one in CHAPTERS}
    most = max(counts, key=lambda one: counts[one])
    if not counts[most]:
        return ""
    return f"the notebook of another chapter, {most.slug}, and has no exercise of this one"


def _whose(notebook: NotebookNode, source: Source, told: Collection[str]) -> str:
    """What has to be said of a notebook that lost what tells its cells; ``told`` are those that can be told."""
    if not told:
        return "it has no mark and no check of this assignment; answers are looked for by their names"
    marked = {(cell.metadata.get("nbgrader") or {}).get("grade_id") for cell in notebook.cells}
    known = {cell.id for cell in notebook.cells} & {one.id for one in source.cells.values()}
    if not marked & set(source.cells) and not known:
        return "its cells have lost nbgrader's marks; its checks were told by their words"
    return ""


def _shown(path: Path) -> str:
    return plain(path.as_posix())
