"""What a file's path in an archive says of who handed it in, by the customs of each system.

It reads a stranger's names: of any path there is an answer, in time that grows with its length.

The forms are those of the systems' own source: Canvas' ``lib/content_zipper.rb``, Moodle's ``mod/assign/classes/downloader.php``,
ILIAS' ``class.ilExSubmission.php``, nbgrader's exchange, and folders ``LEARNER/CHAPTER``, which nbgrader's ``collect`` and ngshare make.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from autograder.grading.submissions.times import parse_time

__all__ = ["Named", "System", "named"]


class System(StrEnum):
    """Where a file comes from."""

    CANVAS = "canvas"
    MOODLE = "moodle"
    ILIAS = "ilias"
    NBGRADER = "nbgrader"  # the exchange, ngshare, or a folder of submissions
    PLAIN = "plain"  # names that somebody chose


@dataclass(frozen=True)
class Named:
    """Who handed in a file, as far as its path says it, and what it was called by the learner.

    ``id`` is the system's: Canvas' user, Moodle's participant, nbgrader's student. ``file`` is Canvas' number of the upload, which
    grows. ``candidates`` are the words of a plain path, any of which may name the learner.
    """

    system: System
    id: str
    name: str
    rest: tuple[str, ...]
    late: bool = False
    file: int = 0
    when: datetime | None = None
    folder: str = ""  # the part of the path that the system takes back
    candidates: tuple[str, ...] = ()
    other: str = ""  # another assignment's
    typed: bool = False  # text that was typed into the system, no file

    @property
    def key(self) -> str:
        """What tells this upload from others of the archive; an instructor names it by that."""
        return self.id or self.name


_CANVAS = re.compile(
    r"(?:(?P<name>.+?)_)??(?:(?P<late>late)_)?(?P<id>[0-9]{1,20}|anon_[A-Za-z0-9]{1,20})_"
    r"(?:(?P<file>[0-9]{1,20})_(?P<rest>.+)|(?P<typed>(?:text|link)\.html))",
    re.IGNORECASE | re.DOTALL,
)
_MOODLE = re.compile(r"(?P<name>.*)_(?P<id>[0-9]{1,20})_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<rest>.*))?", re.DOTALL)
_EXCHANGE = re.compile(
    r"(?P<who>.+)\+(?P<what>[^+]+)\+(?P<when>[0-9]{4}-[0-9]{2}-[0-9]{2} [^+]*(?:\+[0-9]{2}:?[0-9]{2})?)(?:\+[^+]*)?",
    re.DOTALL,
)
_ILIAS = re.compile(r"(?P<last>[^_]+)_(?P<first>[^_]+)_(?P<login>[^_]+)_(?P<id>[0-9]{1,20})")
_LATE_WORD = re.compile(r"_late$", re.IGNORECASE)
_LONGEST_PART = 400
_ZIP_COLLECT = ("archive", "extracted")  # what `nbgrader zip_collect` has in downloaded/CHAPTER


def named(parts: tuple[str, ...], chapter: str, others: Collection[str] = ()) -> Named:
    """Who handed in the file at ``parts`` as work on ``chapter``; ``others`` are other assignments.

    >>> one = named(("lovelaceada_LATE_104_2001_04 (1).ipynb",), "04")
    >>> one.system.value, one.id, one.name, one.late, one.file, one.rest
    ('canvas', '104', 'lovelaceada', True, 2001, ('04 (1).ipynb',))
    >>> named(("Ada Lovelace_311_assignsubmission_file", "work", "a.ipynb"), "04").rest
    ('work', 'a.ipynb')
    >>> named(("ada", "04", "04.ipynb"), "04").id
    'ada'
    """
    for at, part in enumerate(parts):
        after = parts[at + 1 :]
        if len(part) > _LONGEST_PART:
            continue
        for form in (_exchange, _moodle, _canvas):
            if (found := form(part, after, chapter)) is not None:
                return found
        is_collects = len(after) > 2 and after[1] in _ZIP_COLLECT
        if len(after) > 1 and not is_collects and (after[0] == chapter or after[0] in others):
            other = after[0] if after[0] != chapter else ""
            return Named(System.NBGRADER, part, "", after[1:], folder=part, other=other)
        if after and (ilias := _ILIAS.fullmatch(part)):
            name = f"{ilias['last']}, {ilias['first']}"
            return Named(System.ILIAS, ilias["login"], name, after, folder=part, candidates=(ilias["login"],))
    return _plain(parts)


def _exchange(part: str, after: tuple[str, ...], chapter: str) -> Named | None:
    found = _EXCHANGE.fullmatch(part) if after else None
    if found is None:
        return None
    other = found["what"] if found["what"] != chapter else ""
    return Named(System.NBGRADER, found["who"], "", after, when=parse_time(found["when"]), folder=part, other=other)


def _moodle(part: str, after: tuple[str, ...], chapter: str) -> Named | None:
    found = _MOODLE.fullmatch(part)
    if found is None:
        return None
    rest = after if after and not found["rest"] else (found["rest"] or part, *after)
    folder = part if after and not found["rest"] else part[: found.end("kind")]
    return Named(
        System.MOODLE,
        found["id"],
        found["name"].replace("_", " ").strip(),
        rest,
        folder=folder,
        typed=found["kind"] != "file",
    )


def _canvas(part: str, after: tuple[str, ...], chapter: str) -> Named | None:
    found = _CANVAS.fullmatch(part) if not after or part.lower().endswith(".zip") else None
    if found is None:
        return None
    name, late = found["name"] or "", bool(found["late"])
    if name.lower() == "late":  # an anonymous one that was late
        name, late = "", True
    elif _LATE_WORD.search(name):
        name, late = name[:-5], True
    rest = after or (found["rest"] or found["typed"],)
    return Named(
        System.CANVAS,
        found["id"],
        name,
        rest,
        late,
        int(found["file"] or 0),
        folder=part,
        typed=bool(found["typed"]),
    )


def _plain(parts: tuple[str, ...]) -> Named:
    """A path that somebody chose: any folder, or the name of the file itself, may be a learner's."""
    stem = parts[-1].rpartition(".")[0] or parts[-1]
    folders = tuple(part.removesuffix(".zip") or part for part in parts[:-1])
    words = (*folders, stem)
    return Named(System.PLAIN, "", words[0], parts[-1:], folder=parts[0], candidates=words)
