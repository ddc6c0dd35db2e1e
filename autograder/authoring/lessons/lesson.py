"""A lesson as its author wrote it: the cells of a jupytext py:percent file, and the lines on which they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePath
from typing import Any

import jupytext

__all__ = ["UNREADABLE", "Cell", "Lesson", "LessonError", "Mistake", "parse", "read"]

_MARKER = re.compile(r"\s*#\s*%%(\s|$)")
# A word of our own on every marker: jupytext knows where a cell begins, and this says on which line that is. Where the
# line was no marker after all, but part of a string, the word is taken out again.
_LINE_WORD = "lesson_line"
_JUPYTEXTS_OWN = ("lines_to_next_cell", "region_name")  # notes for writing the file back
UNREADABLE = "incorrectly_encoded_metadata"
_LINE_WORD_IN_TEXT = re.compile(rf" {_LINE_WORD}=\d+$", re.MULTILINE)


@dataclass(frozen=True)
class Mistake:
    """Something in a lesson that its author has to change: the line in the file, and what is wrong with it."""

    line: int
    says: str


class LessonError(ValueError):
    """One or several lessons cannot be built. The message has one line for each mistake: ``FILE:LINE: what is wrong``.

    >>> print(LessonError.of("04_x.py", [Mistake(7, "one thing"), Mistake(3, "another")]))
    04_x.py:3: another
    04_x.py:7: one thing
    """

    @classmethod
    def of(cls, path: PurePath | str, mistakes: Iterable[Mistake]) -> LessonError:
        """All mistakes of the lesson at ``path``, in the order of its lines."""
        ordered = sorted(mistakes, key=lambda one: one.line)
        return cls("\n".join(f"{path}:{one.line}: {one.says}" for one in ordered))


@dataclass(frozen=True)
class Cell:
    """One cell: the line of its ``# %%`` marker, its kind, what the marker says, its source in the notebook.

    ``kind`` is ``"code"``, ``"markdown"`` or ``"raw"``; ``text`` is what stands in the file below the marker, line by
    line (the first of them is line ``line + 1`` of the file).
    """

    line: int
    kind: str
    words: Mapping[str, Any]
    source: str
    text: tuple[str, ...]

    @property
    def exercise(self) -> str | None:
        """The exercise that is answered in this cell."""
        return str(self.words["exercise"]) if "exercise" in self.words else None

    @property
    def check(self) -> str | None:
        """The exercise that is checked in this cell."""
        return str(self.words["check"]) if "check" in self.words else None


@dataclass(frozen=True)
class Lesson:
    """A chapter's cells, and the path of its file as messages name it."""

    path: PurePath
    cells: tuple[Cell, ...]


def parse(text: str, path: PurePath) -> Lesson:
    """The lesson that ``text`` holds. Its header, if there is one, is for editors and changes nothing.

    Raises `LessonError` where there is text before the first cell, or no cell at all.

    >>> lesson = parse('# %% exercise="relu"\\nrelu = abs\\n\\n# %% [markdown]\\n# So *that* is it.', PurePath("x.py"))
    >>> [(cell.line, cell.kind, cell.exercise, cell.source) for cell in lesson.cells]
    [(1, 'code', 'relu', 'relu = abs'), (4, 'markdown', None, 'So *that* is it.')]
    """
    lines = text.split("\n")
    numbered = [
        f"{line} {_LINE_WORD}={number}" if _MARKER.match(line) else line for number, line in enumerate(lines, 1)
    ]
    try:
        notebook = jupytext.reads("\n".join(numbered), fmt="py:percent")
    except Exception as error:  # jupytext says by many types that it cannot read, nbformat's and YAML's among them
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise LessonError.of(path, [Mistake(1, f"jupytext cannot read this file: {reason}")]) from error
    if not notebook.cells:
        raise LessonError.of(path, [Mistake(1, "there is no cell; each begins with a line # %% or # %% [markdown]")])
    words = [_words(cell) for cell in notebook.cells]
    if _LINE_WORD not in words[0]:
        raise LessonError.of(path, [Mistake(1, "there is text before the first cell; begin it with # %% [markdown]")])
    if strange := [before[_LINE_WORD] for before, one in pairwise(words) if _LINE_WORD not in one]:
        raise LessonError.of(path, [Mistake(strange[0], "jupytext cannot read the marker of the cell after this one")])
    begins = [one.pop(_LINE_WORD) for one in words]
    ends = [*begins[1:], len(lines) + 1]
    return Lesson(
        path,
        tuple(
            Cell(
                line=begin,
                kind=cell.cell_type,
                words=said,
                source=_LINE_WORD_IN_TEXT.sub("", cell.source).strip("\n"),
                text=tuple(lines[begin : end - 1]),
            )
            for cell, said, begin, end in zip(notebook.cells, words, begins, ends, strict=True)
        ),
    )


def _words(cell: Any) -> dict[str, Any]:
    """What a marker says. What jupytext cannot read of it, it hands on as one text; ours is called ``UNREADABLE``."""
    words = {key: value for key, value in cell.metadata.items() if key not in _JUPYTEXTS_OWN}
    if "title" in words:
        words[UNREADABLE] = words.pop("title")
    if UNREADABLE in words and (found := re.search(rf"\s*{_LINE_WORD}=(\d+)$", words[UNREADABLE])):
        words[UNREADABLE] = words[UNREADABLE][: found.start()]
        words[_LINE_WORD] = int(found[1])
    return words


def read(path: Path, name: PurePath) -> Lesson:
    """The lesson in the file at ``path``, called ``name`` in messages. Raises `LessonError`."""
    try:
        return parse(path.read_text(encoding="utf-8-sig"), name)
    except FileNotFoundError:
        raise LessonError(f"{name}: there is no such file, and the chapter needs its lesson") from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise LessonError.of(name, [Mistake(line, "these bytes are not UTF-8; save the file as UTF-8")]) from None
