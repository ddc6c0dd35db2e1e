"""Handing in without a server: a chapter's notebook in a zip file with its checksum, and what is not solved in it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from autograder.files import write_whole
from autograder.learner.contents import contents
from autograder.learner.links import address
from autograder.learner.progress import progress as known_progress
from course.chapters import CHAPTERS, Chapter, find_chapter

__all__ = ["PROGRESS", "SUMS", "HandedIn", "handin", "open_points"]

SUMS = "SHA256SUMS"  # what `sha256sum --check` reads
PROGRESS = "progress.json"  # what `progress().as_json()` says
_WRITE_HERE = "YOUR ANSWER HERE"


@dataclass(frozen=True)
class HandedIn:
    """A chapter, packed: the zip file, the notebook's SHA-256, when the notebook was saved, and what is open in it."""

    chapter: str
    path: Path
    sha256: str
    saved: datetime
    open: tuple[str, ...]
    progress: bool = False

    def __repr__(self) -> str:
        return "\n".join([self._packed(), f"SHA-256 of the notebook: {self.sha256}", self._head(), *self._open()])

    def _download(self) -> str:
        words = f"Download {escape(self.path.name)}"
        try:
            near = os.path.relpath(self.path).replace(os.sep, "/")
        except ValueError:  # another of Windows' drives: no page leads there
            return words
        return f'<a href="{escape(near)}" download>{words}</a>'

    def _packed(self) -> str:
        return (
            f"{self.path} holds {self.chapter}.ipynb as it was saved on {self.saved:%Y-%m-%d at %H:%M:%S}. What was typed since is not in it."
            + (f" Your progress is in it, too, as {PROGRESS}." if self.progress else "")
        )

    def _head(self) -> str:
        return (
            "Not solved, as the notebook was saved:"
            if self.open
            else "Everything in it is solved, as the notebook was saved."
        )

    def _open(self) -> list[str]:
        return [f"  {one}" for one in self.open]

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{escape(one)}</li>" for one in self.open)
        return (
            f"<div><b>{self._download()}</b>, and hand that in. "
            f"{escape(self._packed())}</div><div>SHA-256 of the notebook: <code>{self.sha256}</code></div>"
            f"<div>{escape(self._head())}</div>{f'<ul>{items}</ul>' if items else ''}"
        )


class CannotBePacked(ValueError):
    """What was to be handed in is not there, cannot be read, or cannot be written where it should go."""

    def _render_traceback_(self) -> list[str]:
        return [f"ValueError: {self}"]


def handin(what: str | Path = "", output: str | Path | None = None, *, progress: bool = False) -> HandedIn:
    """Pack the notebook of a chapter, named by its number, topic or slug, or the notebook at a path, to be handed in.

    In a notebook of the course it is that one unless told. The zip file is written beside the notebook unless ``output`` says
    where. Save the notebook first: what is packed is the file. With ``progress`` your progress goes with it: what is solved on this
    machine, how many tries it took, and which misconceptions were overcome. Raises ``ValueError`` for a chapter that does not exist,
    a notebook that is none of the course's or that cannot be read, and a file that cannot be written; a notebook shows it without a
    traceback.
    """
    try:
        return _handed_in(what, output, progress)
    except OSError as error:
        raise CannotBePacked(f"{error.filename or what}: {error.strerror or error}") from None
    except ValueError as error:
        raise CannotBePacked(str(error)) from None


def _handed_in(what: str | Path, output: str | Path | None, progress: bool) -> HandedIn:
    path, named = _found(what)
    content = path.read_bytes()
    try:
        whole = json.loads(content.decode("utf-8-sig"))  # as grading reads it: no UTF-16, no newer format
        if whole["nbformat"] != 4:
            raise ValueError
        cells = whole["cells"]
        holds = _chapter_in(cells)
        chapter = named or holds
        stubs = {one.exercise: one.stub for one in contents(chapter.slug).exercises} if chapter else {}
        found = open_points(cells, stubs)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError(f"{path} cannot be read as a notebook; open it, save it, and try again") from None
    if chapter is None:
        raise ValueError(
            f"{path} is named like no chapter and holds no check of one; they are {', '.join(one.slug for one in CHAPTERS)}"
        )
    if holds not in (None, chapter):
        raise ValueError(f"{path} holds the checks of {holds.slug}: rename it, if that is what you hand in")
    if found is None:
        raise ValueError(f"{path} holds no check of {chapter.slug}: is it another notebook?")
    saved = datetime.fromtimestamp(path.stat().st_mtime)
    target = Path(os.path.abspath(output or path.with_name(f"{chapter.slug}.zip")))
    if target.suffix.lower() == ".ipynb" or (target.exists() and target.samefile(path)):
        raise ValueError(f"{target} is a notebook's name, and a zip file is to be written; name that")
    digest = hashlib.sha256(content).hexdigest()
    parts = {f"{chapter.slug}.ipynb": content, SUMS: f"{digest}  {chapter.slug}.ipynb\n".encode()}
    if progress:
        parts[PROGRESS] = json.dumps(known_progress().as_json(), indent=2).encode()
    write_whole(target, _packed(parts, saved))
    return HandedIn(chapter.slug, target, digest, saved, found, progress)


def _found(what: str | Path) -> tuple[Path, Chapter | None]:
    """The notebook that is meant, and its chapter, where its name or the word says so."""
    word = str(what) or Path.cwd().name
    path = Path(word)
    if path.suffix == ".ipynb":
        chapter = next((one for one in CHAPTERS if path.stem.startswith(one.slug)), None)
        if not path.is_file():
            raise ValueError(f"there is no file {path}")
        return path, chapter
    if not what and word not in {one.slug for one in CHAPTERS}:
        raise ValueError('say which chapter: handin("04"), or the path of its notebook')
    chapter = find_chapter(word)
    near = address(chapter)
    if near is None:
        raise ValueError(f"there is no {chapter.slug}.ipynb near {Path.cwd()}; give its path")
    return Path(near), chapter


def _chapter_in(cells: Iterable[Mapping[str, Any]]) -> Chapter | None:
    """The chapter whose checks stand in a notebook; ``None`` where no one's do, or several chapters'."""
    marks = [cell["metadata"].get("nbgrader", {}) for cell in cells]
    names = {str(one.get("grade_id", "")).removeprefix("check_") for one in marks if one.get("grade")}
    found = [one for one in CHAPTERS if names & {place.exercise for place in contents(one.slug).exercises}]
    return found[0] if len(found) == 1 else None


def open_points(cells: Iterable[Mapping[str, Any]], stubs: Mapping[str, str]) -> tuple[str, ...] | None:
    """What is not solved in a notebook by its own saved outputs, a line each; ``None`` where it has no cell of ours.

    >>> marks = {"nbgrader": {"grade": True, "solution": False, "grade_id": "check_relu", "points": 2}}
    >>> open_points([{"cell_type": "code", "metadata": marks, "source": "", "outputs": []}], {})
    ('relu: its check was not run',)
    """
    said: list[str] = []
    untouched: set[str] = set()
    ours = False
    for cell in cells:
        marks = cell["metadata"].get("nbgrader", {})
        name = str(marks.get("grade_id", "")).removeprefix("check_")
        if marks.get("solution") and cell["cell_type"] == "code" and _text(cell) == stubs.get(name, "").strip():
            untouched.add(name)
        if not marks.get("grade"):
            continue
        ours = True
        if cell["cell_type"] != "code":
            said += [f"{name}: nothing is written yet"] if _text(cell) in ("", _WRITE_HERE) else []
            continue
        points, score = float(marks.get("points", 0)), _score(cell)
        if name in untouched:
            said.append(f"{name}: untouched")
        elif score is None:
            said.append(f"{name}: its check was not run")
        elif score < points:
            said.append(f"{name}: {score:g} of {points:g} points")
    return tuple(said) if ours else None


def _text(cell: Mapping[str, Any]) -> str:
    return "".join(cell["source"]).strip()


def _score(cell: Mapping[str, Any]) -> float | None:
    """What the check said when it was last run."""
    for one in cell.get("outputs", []):
        try:
            return float("".join(one["data"]["text/plain"]))
        except (KeyError, TypeError, ValueError):
            continue
    return None


def _packed(parts: Mapping[str, bytes], saved: datetime) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for part, data in parts.items():
            info = zipfile.ZipInfo(part, (min(max(saved.year, 1980), 2107), *saved.timetuple()[1:6]))
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o100644 << 16
            packed.writestr(info, data)
    return file.getvalue()
