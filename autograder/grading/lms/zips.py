"""Zip archives, and the zips in them: their members by their index, and their bytes on demand.

It reads a stranger's bytes: a central directory of any content and length, sums and sizes that lie. zipfile reads them; here
is what it is not asked to read.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import IO

from autograder.grading.lms.members import (
    Archive,
    BadArchive,
    Member,
    Refused,
    Spent,
    is_clutter,
    most_of,
    parts_of,
    shown,
    words_of,
)

__all__ = ["IN_ZIPS", "Slot", "add", "open_zip", "read_zip"]

LARGEST_INDEX = (
    4 << 20
)  # bytes of a zip's central directory: a thousand learners with five files each have under one million
IN_ZIPS = 2  # a learner's zip in the system's zip, and no further
_MOST_PACKED = 200  # times that a large member may be smaller in the archive: notebooks are about 10 times, bombs 1,000
_LARGE = 1 << 20
_CHUNK = 1 << 20
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_ENCRYPTED, _IS_UTF8 = 0x1, 0x800
_UT = 0x5455  # the extra field with the time in UTC


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


class Slot:
    """The one inner archive that is held open: its bytes are in memory, and the next one takes their place."""

    def __init__(self) -> None:
        self.path: tuple[str, ...] = ()
        self.opened: zipfile.ZipFile | None = None

    def open(self, member: Member) -> zipfile.ZipFile:
        """The zip that ``member`` is."""
        if self.opened is None or self.path != member.parts:
            self.opened = None
            self.opened = open_zip(io.BytesIO(member.take()))
            self.path = member.parts
        return self.opened


def open_zip(file: IO[bytes]) -> zipfile.ZipFile:
    """The zip in ``file``, its index read. Raises `BadArchive`."""
    try:
        return zipfile.ZipFile(_Sparing(file))
    except BadArchive:
        raise
    except Exception as error:  # zipfile stumbles over what strangers write in many ways
        raise BadArchive(f"this is no zip archive, or a broken one: {words_of(error)}") from None


def read_zip(
    get: Callable[[], zipfile.ZipFile], above: tuple[str, ...], archive: Archive, spent: Spent, levels: int, slot: Slot
) -> None:
    """Put the members of the zip that ``get`` gives on the list, below ``above``; zips in it are opened ``levels`` - 1 deep."""
    for info in get().infolist():
        spent.count()
        name = _name_of(info)
        try:
            parts = (*above, *parts_of(name))
            if info.is_dir() or is_clutter(parts):
                continue
            _check(info)
        except Refused as error:
            archive.refused["/".join((*above, shown(name)))] = str(error)
            continue
        add(Member(parts, info.file_size, _time_of(info), _taker(get, info, spent)), archive, spent, levels, slot)


def add(member: Member, archive: Archive, spent: Spent, levels: int, slot: Slot) -> None:
    """Put ``member`` on the list; in the place of an archive, what is in it."""
    if levels <= 1 or not member.name.lower().endswith(".zip"):
        archive.members.append(member)
        return
    inner = Archive()
    # An archive in a folder is the system's, and has learners' archives in it: each level has a place of its own.
    here = Slot() if levels > IN_ZIPS else slot
    try:
        read_zip(
            lambda: here.open(member), member.parts, inner, spent, levels - 1, Slot() if here is not slot else here
        )
    except (Refused, BadArchive) as error:
        archive.refused[member.path] = str(error)
        spent.count()
        return
    # What lies in it was handed in when it was: its own times are of a learner's machine.
    archive.members += [Member(one.parts, one.size, member.when, one.take) for one in inner.members]
    archive.refused |= inner.refused


def _taker(get: Callable[[], zipfile.ZipFile], info: zipfile.ZipInfo, spent: Spent) -> Callable[[], bytes]:
    def take() -> bytes:
        spent.take(info.file_size)
        pieces = []
        try:
            with get().open(info) as file:
                while piece := file.read(_CHUNK):
                    pieces.append(piece)
        except (BadArchive, Refused):
            raise
        except Exception as error:  # wrong sums, other headers, unknown methods, streams that are cut off
            raise Refused(f"it cannot be unpacked: {words_of(error)}") from None
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
    most = most_of(info.filename)
    if info.file_size > most:
        raise Refused(f"it has {info.file_size >> 20} MB, and {most >> 20} are the most that is read")
    if info.file_size > _LARGE and info.file_size > _MOST_PACKED * max(info.compress_size, 1):
        raise Refused(f"it would be {info.file_size // max(info.compress_size, 1)} times as large as in the archive")


def _name_of(info: zipfile.ZipInfo) -> str:
    """The name; one that does not say it is UTF-8 is tried as that, and else what DOS made of it."""
    name = info.orig_filename.split("\0")[0]
    if not info.flag_bits & _IS_UTF8:
        try:
            return name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return name


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
