"""A zip archive or a folder as a list of files: names, sizes, times, and bytes on demand.

It reads a stranger's bytes: a central directory of any content, names of any kind, sizes that lie. Whatever comes, there are
files, refused ones with a reason, or `BadArchive`; no link is followed, nothing is written, and all of it has a limit.
"""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from autograder.grading.submissions.beside import LARGEST_REST
from autograder.grading.submissions.read import LARGEST_NOTEBOOK, Unreadable, content_of

__all__ = ["Archive", "BadArchive", "Member", "Spent", "open_archive"]

MOST_MEMBERS = 20_000
LARGEST_INDEX = (
    4 << 20
)  # bytes of a zip's central directory: a thousand learners with five files each have under one million
LARGEST_WHOLE = 4 << 30  # bytes that are unpacked of one archive, all in all
_MOST_PACKED = 200  # times that a large member may be smaller in the archive: notebooks are about 10 times, bombs 1,000
_LARGE = 1 << 20
_DEEPEST = 16  # folders
_LONGEST_NAME = 1000  # bytes of a path
_IN_ZIPS = 2  # a learner's zip in the system's zip, and no further
_CHUNK = 1 << 20
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_ENCRYPTED, _IS_UTF8 = 0x1, 0x800
_UT = 0x5455  # the extra field with the time in UTC
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
    autograder.grading.lms.archive.BadArchive: this archive holds more than is read: over 0 MB when unpacked
    """

    def __init__(self, most: int = LARGEST_WHOLE, members: int = MOST_MEMBERS) -> None:
        self._most, self._left, self._members = most, most, members

    def take(self, size: int) -> None:
        """Count ``size`` bytes. Raises `BadArchive` when there is no room for them."""
        self._left -= size
        if self._left < 0:
            raise BadArchive(f"this archive holds more than is read: over {self._most >> 20} MB when unpacked")

    def count(self) -> None:
        """Count one file. Raises `BadArchive` when there are too many."""
        self._members -= 1
        if self._members < 0:
            raise BadArchive(f"this archive holds more than {MOST_MEMBERS} files and folders, and is not read")


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """The archive or the folder at ``path``; its members can be read while it is open.

    Zips inside it are opened, too, one level deep. Raises `BadArchive`, and ``FileNotFoundError`` where nothing is there.
    """
    about = path.stat()
    spent = Spent()
    if stat.S_ISDIR(about.st_mode):
        archive = Archive(is_folder=True)
        _read_folder(path, archive, spent)
        yield archive
        return
    if not stat.S_ISREG(about.st_mode):
        raise BadArchive(f"{path.name} is neither a zip archive nor a folder")
    with path.open("rb") as file:
        archive = Archive()
        _read_zip(file, (), archive, spent, _IN_ZIPS)
        yield archive


class _Sparing(io.RawIOBase):
    """A file of which nobody reads more at a time than a sound index takes: zipfile reads it in one go, whatever its size."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            size = LARGEST_INDEX + 1
        elif size > LARGEST_INDEX:
            raise BadArchive(
                f"the index of this archive has {size >> 20} MB, and {LARGEST_INDEX >> 20} are read: too many files"
            )
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


def _read_zip(file: IO[bytes], above: tuple[str, ...], archive: Archive, spent: Spent, levels: int) -> None:
    try:
        opened = zipfile.ZipFile(_Sparing(file))
    except BadArchive:
        raise
    except Exception as error:  # zipfile stumbles over what strangers write in many ways
        raise BadArchive(f"this is no zip archive, or a broken one: {_words(error)}") from None
    for info in opened.infolist():
        spent.count()
        name = _name_of(info)
        try:
            parts = (*above, *_parts(name))
            if info.is_dir():
                continue
            if _is_clutter(parts):
                continue
            _check(info)
        except Refused as error:
            archive.refused["/".join((*above, shown(name)))] = str(error)
            continue
        when = _time_of(info)
        member = Member(parts, info.file_size, when, _taker(opened, info, spent))
        _add(member, archive, spent, levels)


def _add(member: Member, archive: Archive, spent: Spent, levels: int) -> None:
    """Put ``member`` on the list; in the place of an archive, what is in it."""
    if levels <= 1 or not member.name.lower().endswith(".zip"):
        archive.members.append(member)
        return
    inner = Archive()
    try:
        _read_zip(io.BytesIO(member.take()), member.parts, inner, spent, levels - 1)
    except Refused as error:
        archive.refused[member.path] = str(error)
        return
    except BadArchive as error:
        archive.refused[member.path] = str(error)
        spent.take(0)
        return
    # What lies in it was handed in when it was: its own times are of a learner's machine.
    archive.members += [Member(one.parts, one.size, member.when, one.take) for one in inner.members]
    archive.refused |= inner.refused


def _taker(opened: zipfile.ZipFile, info: zipfile.ZipInfo, spent: Spent) -> Callable[[], bytes]:
    def take() -> bytes:
        spent.take(info.file_size)
        pieces = []
        try:
            with opened.open(info) as file:
                while piece := file.read(_CHUNK):
                    pieces.append(piece)
        except BadArchive:
            raise
        except Exception as error:  # wrong sums, other headers, unknown methods, streams that are cut off
            raise Refused(f"it cannot be unpacked: {_words(error)}") from None
        return b"".join(pieces)

    return take


def _check(info: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        raise Refused("a symbolic link; links are not followed")
    if kind not in (0, stat.S_IFREG):
        raise Refused("no file")
    if info.flag_bits & _ENCRYPTED:
        raise Refused("it is encrypted")
    most = _most(info.filename)
    if info.file_size > most:
        raise Refused(f"it has {info.file_size >> 20} MB, and {most >> 20} are the most that is read")
    if info.file_size > _LARGE and info.file_size > _MOST_PACKED * max(info.compress_size, 1):
        raise Refused(f"it would be {info.file_size // max(info.compress_size, 1)} times as large as in the archive")


def _most(name: str) -> int:
    return LARGEST_NOTEBOOK if name.lower().endswith((".ipynb", ".zip")) else LARGEST_REST


def _name_of(info: zipfile.ZipInfo) -> str:
    """The name; one that does not say it is UTF-8 is tried as that, and else what DOS made of it."""
    name = info.orig_filename.split("\0")[0]
    if not info.flag_bits & _IS_UTF8:
        try:
            return name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return name


def _parts(name: str) -> tuple[str, ...]:
    """The folders and the name of a path in an archive. Raises `Refused` for one that leads elsewhere."""
    path = name.replace("\\", "/")
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    if path.startswith("/") or (parts and len(parts[0]) == 2 and parts[0][1] == ":"):
        raise Refused("its path begins at the root of a disk")
    if ".." in parts:
        raise Refused("its path leads out of the archive")
    if not parts:
        raise Refused("it has no name")
    if len(parts) > _DEEPEST or len(path.encode("utf-8", "replace")) > _LONGEST_NAME:
        raise Refused("its path is too long")
    try:
        path.encode()
    except UnicodeEncodeError:
        raise Refused("its name is no text") from None
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in path):
        raise Refused("its name holds characters that cannot be seen")
    return parts


def _is_clutter(parts: tuple[str, ...]) -> bool:
    """What systems leave behind of their own accord, and hidden files."""
    return any(part.lower() in _CLUTTER or part.startswith(".") for part in parts)


def _time_of(info: zipfile.ZipInfo) -> datetime | None:
    """When the member was written: in UTC where the archive says so, else by this machine's clock, as zips do."""
    try:
        extra = info.extra
        while len(extra) >= 4:
            kind, size = struct.unpack_from("<HH", extra)
            if kind == _UT and size >= 5 and extra[4] & 1:
                return datetime.fromtimestamp(struct.unpack_from("<i", extra, 5)[0], UTC)
            extra = extra[4 + size :]
        return None if info.date_time == _NO_TIME else datetime(*info.date_time).astimezone(UTC)
    except (struct.error, ValueError, OverflowError, OSError):
        return None


def _read_folder(folder: Path, archive: Archive, spent: Spent) -> None:
    waiting: list[tuple[Path, tuple[str, ...]]] = [(folder, ())]
    while waiting:
        here, above = waiting.pop(0)
        with os.scandir(here) as found:
            entries = sorted(found, key=lambda one: one.name)
        for entry in entries:
            spent.count()
            try:
                parts = (*above, *_parts(entry.name))
                if _is_clutter(parts):
                    continue
                if entry.is_symlink():
                    raise Refused("a symbolic link; links are not followed")
                if entry.is_dir(follow_symlinks=False):
                    if len(parts) > _DEEPEST:
                        raise Refused("its path is too long")
                    waiting.append((Path(entry.path), parts))
                    continue
                size = entry.stat(follow_symlinks=False).st_size
                if size > _most(entry.name):
                    raise Refused(f"it has {size >> 20} MB, and {_most(entry.name) >> 20} are the most that is read")
            except (Refused, OSError) as error:
                archive.refused["/".join((*above, shown(entry.name)))] = _words(error)
                continue
            _add(Member(parts, size, None, _file_taker(Path(entry.path), spent)), archive, spent, _IN_ZIPS + 1)


def _file_taker(path: Path, spent: Spent) -> Callable[[], bytes]:
    def take() -> bytes:
        most = _most(path.name)
        try:
            content = content_of(path, most)
        except (Unreadable, OSError) as error:
            raise Refused(f"it cannot be read: {_words(error)}") from None
        if content is None or len(content) > most:
            raise Refused("no file" if content is None else "it has grown while it was read")
        spent.take(len(content))
        return content

    return take


def shown(name: str) -> str:
    """``name`` as text for everyone."""
    return name.encode("utf-8", "replace").decode()


def _words(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return shown(text.splitlines()[0][:200])


def paths(refused: Mapping[str, str]) -> list[str]:
    """What is refused, in lines."""
    return [f"{name}: {why}" for name, why in refused.items()]
