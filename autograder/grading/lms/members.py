"""The files of an archive: where they lie in it, how large they say they are, and how much of them is read.

It reads a stranger's names and sizes: a path is one below the archive, or it is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from autograder.grading.submissions.beside import LARGEST_REST
from autograder.grading.submissions.read import LARGEST_NOTEBOOK

__all__ = [
    "Archive",
    "BadArchive",
    "Member",
    "Refused",
    "Spent",
    "is_clutter",
    "most_of",
    "parts_of",
    "shown",
    "words_of",
]

MOST_MEMBERS = 20_000  # of a zip
MOST_FILES = 100_000  # of a folder, which may hold a whole term
LARGEST_WHOLE = 4 << 30  # bytes that are unpacked of one archive, all in all
DEEPEST = 16  # folders
_LONGEST_NAME = 1000  # bytes of a path
_CLUTTER = {"__macosx", "__pycache__", ".ipynb_checkpoints"}


class BadArchive(ValueError):
    """What was given is no archive that can be read, or it holds more than is read; the message says why."""


class Refused(ValueError):
    """One member that is not read; the message says why."""


@dataclass(frozen=True)
class Member:
    """A file in an archive: its path there, its size as the archive says it, and when it was written, if that is known.

    ``parts`` are its folders and its name; one that ends in ``.zip`` and has more behind it is an archive itself.
    """

    parts: tuple[str, ...]
    size: int
    when: datetime | None
    take: Callable[[], bytes] = field(repr=False, compare=False)

    @property
    def path(self) -> str:
        """As it is shown."""
        return "/".join(self.parts)

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.parts[-1]


@dataclass
class Archive:
    """The files in an archive in its own order, and those that are refused: the reason, by path."""

    members: list[Member] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    is_folder: bool = False

    def read(self, member: Member) -> bytes:
        """The bytes of a member. Raises `Refused` where there are none to be had; then it is among the refused, too."""
        try:
            return member.take()
        except Refused as error:
            self.refused[member.path] = str(error)
            raise


class Spent:
    """How much is still unpacked of one archive, its inner ones included.

    >>> Spent(10).take(11)
    Traceback (most recent call last):
    autograder.grading.lms.members.BadArchive: this archive holds more than is read: over 0 MB when unpacked
    """

    def __init__(self, most: int = LARGEST_WHOLE, members: int = MOST_MEMBERS) -> None:
        self._most, self._left = most, most
        self._members, self._members_left = members, members

    def take(self, size: int) -> None:
        """Count ``size`` bytes. Raises `BadArchive` when there is no room for them."""
        self._left -= size
        if self._left < 0:
            raise BadArchive(f"this archive holds more than is read: over {self._most >> 20} MB when unpacked")

    def count(self) -> None:
        """Count one file. Raises `BadArchive` when there are too many."""
        self._members_left -= 1
        if self._members_left < 0:
            raise BadArchive(f"this archive holds more than {self._members} files and folders, and is not read")


def most_of(name: str) -> int:
    """The most bytes that are read of a file called ``name``."""
    return LARGEST_NOTEBOOK if name.lower().endswith((".ipynb", ".zip")) else LARGEST_REST


def parts_of(name: str) -> tuple[str, ...]:
    """The folders and the name of a path in an archive. Raises `Refused` for one that leads elsewhere."""
    path = name.replace("\\", "/")
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    if path.startswith("/") or (parts and len(parts[0]) == 2 and parts[0][1] == ":"):
        raise Refused("its path begins at the root of a disk")
    if ".." in parts:
        raise Refused("its path leads out of the archive")
    if not parts:
        raise Refused("it has no name")
    if len(parts) > DEEPEST or len(path.encode("utf-8", "replace")) > _LONGEST_NAME:
        raise Refused("its path is too long")
    try:
        path.encode()
    except UnicodeEncodeError:
        raise Refused("its name is no text") from None
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in path):
        raise Refused("its name holds characters that cannot be seen")
    return parts


def is_clutter(parts: tuple[str, ...]) -> bool:
    """What systems leave behind of their own accord, and hidden files."""
    return any(part.lower() in _CLUTTER or part.startswith(".") for part in parts)


def shown(name: str) -> str:
    """``name`` as text for everyone."""
    return name.encode("utf-8", "replace").decode()


def words_of(error: Exception) -> str:
    """What ``error`` says, in one line that is not long."""
    text = str(error) or type(error).__name__
    return shown(text.splitlines()[0][:200])
