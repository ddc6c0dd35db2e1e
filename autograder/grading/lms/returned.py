"""Feedback pages in a zip, each under the name by which the system knows whose it is."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autograder.files import written_whole
from autograder.grading.lms.kept import Kept, kept_of
from autograder.grading.lms.names import System
from autograder.grading.records.classroom import open_classroom
from autograder.plain import plain
from course.chapters import find_chapter

__all__ = ["Packed", "name_for", "pack"]


@dataclass(frozen=True)
class Packed:
    """A zip of feedback: how many pages are in it, and whose are not, and why."""

    path: Path
    pages: int
    problems: tuple[str, ...] = ()

    def text(self) -> str:
        """In lines."""
        return "\n".join(plain(one) for one in (f"packed: {self.pages} pages: {self.path}", *self.problems))


def name_for(kept: Kept, chapter: str) -> str:
    """The name under which the system takes back the page of a collected submission; nothing where it cannot.

    Canvas finds the two numbers in the file's own name, Moodle the second part of a folder's.

    >>> name_for(Kept("ada", "canvas", "104", "lovelaceada", "x", "lovelaceada_104_2001_a.ipynb", 2001), "04")
    'lovelaceada_104_2001_a.ipynb'
    >>> name_for(Kept("ada", "moodle", "311", "Ada Lovelace", "x", "Ada Lovelace_311_assignsubmission_file"), "04")
    'Ada Lovelace_311_assignsubmission_file/04.html'
    """
    if kept.system == System.CANVAS:
        return kept.folder if kept.file else ""
    return f"{kept.folder}/{chapter}.html"


def pack(
    chapter: str, root: Path, system: str, pages: Path, student: str | None = None, output: Path | None = None
) -> Packed:
    """Pack the feedback pages of ``chapter`` below ``pages`` for ``system``, which the submissions were collected from.

    Raises ``ValueError`` where none was collected from it.
    """
    room, _ = open_classroom(root)
    name = find_chapter(chapter).slug
    path = output or room.root / "classroom" / f"{name}-feedback-{system}.zip"
    collected = {one.student: one for one in kept_of(room, name) if student is None or one.student == student}
    ours = {one: kept for one, kept in collected.items() if kept.system == system}
    if not ours:
        raise ValueError(f"no submission of {name} was collected from {system}: its names are not known")
    problems = []
    there = sorted(one.parent.parent.name for one in pages.glob(f"*/{name}/{name}.html"))
    for one in there:
        if one not in ours and student in (None, one):
            where = (
                f"was collected from {collected[one].system}" if one in collected else "was not collected by collect"
            )
            problems.append(f"not packed: {one}: {where}")
    count = 0
    with written_whole(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for learner, found in _pages(ours, pages, name):
            if isinstance(found, str):
                problems.append(f"not packed: {learner}: {found}")
                continue
            info = zipfile.ZipInfo(name_for(ours[learner], name), datetime.now().timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, found.read_bytes())
            count += 1
    return Packed(path, count, tuple(problems))


def _pages(ours: dict[str, Kept], pages: Path, name: str) -> Iterator[tuple[str, Path | str]]:
    """Each learner's page, or why there is none."""
    for learner, kept in sorted(ours.items()):
        page = pages / learner / name / f"{name}.html"
        if not page.is_file():
            yield learner, "there is no feedback page; grade first"
        elif not name_for(kept, name):
            yield learner, "Canvas takes feedback back to an uploaded file, and there was none"
        else:
            yield learner, page
