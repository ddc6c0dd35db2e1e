"""The learner's own copy of the course: made from the released notebooks, kept current, in a folder that git does not see."""

from __future__ import annotations

import subprocess
from pathlib import Path

from autograder.files import write_whole
from autograder.printing import in_words
from autograder.workbench.merge import lay
from autograder.workbench.notebook import Damaged, Notebook, loads, read, to_bytes
from autograder.workbench.update import EARLIER, chapters_in, holds_work, keep_copy, release_of, update

__all__ = ["FOLDER", "RELEASED", "bring_up_to_date"]

FOLDER = "work"
RELEASED = "notebooks"
_AWAY = "Move it away, and an untouched chapter comes in its place the next time"


def bring_up_to_date(root: Path) -> list[str]:
    """Make ``root/work`` of ``root/notebooks``, or lay what is new there under the work in it; say what was done.

    Work that lies in ``notebooks`` itself is carried over first; in a git clone the notebook there is then put back as it
    was handed out, so that a pull finds no conflict. A chapter that cannot be updated is named, and the others are. Raises
    ``ValueError`` where there are no released notebooks.
    """
    chapters, said = chapters_in(root / RELEASED).values(), list[str]()
    first = not (root / FOLDER).exists()
    for released in chapters:
        own = root / FOLDER / released.relative_to(root / RELEASED)
        try:
            said += _one(root, released, own, first)
        except (ValueError, OSError) as error:
            said.append(in_words(error))
    return [f"{root / FOLDER}: your own copy of the course", *said] if first and (root / FOLDER).is_dir() else said


def _one(root: Path, released: Path, own: Path, first: bool) -> list[str]:
    if own.is_symlink() and not own.exists():
        raise ValueError(f"{own}: it is a link that leads nowhere; nothing was changed. {_AWAY}")
    if own.exists() and not own.is_file():  # to read a pipe would wait for ever
        raise ValueError(f"{own}: it is no file; nothing was changed. {_AWAY}")
    said = _carried(root, released, own)
    try:
        chapter = read(released)
    except Damaged as error:
        return [*said, str(error)]
    if holds_work(chapter):
        return said  # no clone, so nobody knows what was handed out
    if not own.exists():
        write_whole(own, to_bytes(_as_saved_here(lay(chapter, chapter).notebook)))
        return said if first else [*said, f"{own}: was not there, and is untouched now"]
    try:
        learners = read(own)
    except Damaged as error:
        return [*said, f"{error}. {_AWAY}"]
    if release_of(learners) != release_of(chapter):
        done = update(own, root / RELEASED)
        said += [done.text()] if done.copy else []
    return said


def _as_saved_here(notebook: Notebook) -> Notebook:
    """``notebook`` with the language that this kernel says it has: JupyterLab fills it in, and then has something to save."""
    from ipykernel.ipkernel import IPythonKernel

    notebook["metadata"]["language_info"] = dict(IPythonKernel.language_info)
    return notebook


def _carried(root: Path, released: Path, own: Path) -> list[str]:
    """Carry work that lies in ``released`` over to ``own``, or, where that has some, beside it."""
    content = released.read_bytes()
    try:
        if not holds_work(loads(content)):
            return []
        whole = True
    except Damaged:
        whole = False
    said = []
    if not any(copy.read_bytes() == content for copy in (own.parent / EARLIER).glob("*.ipynb")):
        copy = keep_copy(own, content)
        if whole and not own.exists():
            write_whole(own, content)
            said.append(f"{released}: your work is now in {own}")
        else:
            said.append(f"{released}: somebody has worked in it; a copy is in {copy}")
    if (handed_out := _handed_out(root, released)) is not None:
        write_whole(released, handed_out)
    return said


def _handed_out(root: Path, released: Path) -> bytes | None:
    """The released notebook as the clone's last commit has it; None where there is no clone, no git, or no such notebook."""
    asked = ["git", "-C", str(root), "show", f"HEAD:./{released.relative_to(root).as_posix()}"]
    try:
        content = subprocess.run(asked, capture_output=True, check=True, stdin=subprocess.DEVNULL).stdout
        return None if holds_work(loads(content)) else content
    except (OSError, subprocess.CalledProcessError, Damaged):
        return None
