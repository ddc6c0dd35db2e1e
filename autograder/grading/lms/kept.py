"""What is remembered of a collected submission: the system's ids, the original name, and what was written where.

It lies in ``classroom/collected/CHAPTER/LEARNER``, beside the class's submissions and never in them: nothing of it goes into
a sandbox or to a learner. Older versions and notebooks that do not count lie there, too, in ``earlier``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.files import write_whole
from autograder.grading.records.classroom import Classroom

__all__ = ["Kept", "folder_of", "keep_earlier", "kept_of", "numbers_of", "read_kept"]

_RECORD = "upload.json"
_LONGEST = 150  # bytes of a learner's name


@dataclass(frozen=True)
class Kept:
    """A collected submission. ``id`` is the system's number of the learner, ``file`` Canvas' number of the upload.

    ``folder`` is the part of the path by which the system takes feedback back; ``original`` the path in the archive.
    """

    student: str
    system: str
    id: str
    name: str
    original: str
    folder: str
    file: int = 0
    late: bool = False
    handed_in: str = ""  # in UTC; empty where the archive does not say
    packed: str = ""  # when the archive was packed, at the latest
    archive: str = ""
    notebook: str = ""  # the SHA-256 of what counts
    files: dict[str, str] = field(default_factory=dict)  # the SHA-256 of each file that was written, by its path

    def is_older(self, other: Kept) -> bool:
        """Whether it was handed in before ``other``: by Canvas' numbers of the uploads, else by time, else by packing."""
        if self.file and other.file and self.system == other.system and self.file != other.file:
            return self.file < other.file
        if self.handed_in and other.handed_in and self.handed_in != other.handed_in:
            return self.handed_in < other.handed_in
        return bool(self.packed and other.packed) and self.packed < other.packed


def folder_of(room: Classroom, chapter: str, student: str) -> Path:
    """Where things are kept of a learner's submission of ``chapter``; a long name is cut, and told by its hash."""
    whole = student.encode()
    if len(whole) > _LONGEST:
        student = f"{whole[:_LONGEST].decode('utf-8', 'ignore')}~{hashlib.sha256(whole).hexdigest()[:16]}"
    return room.root / "classroom" / "collected" / chapter / student


def read_kept(room: Classroom, chapter: str, student: str) -> Kept | None:
    """What is remembered of a learner's submission; ``None`` where nothing is."""
    return _read(folder_of(room, chapter, student) / _RECORD)


def kept_of(room: Classroom, chapter: str = "*") -> Iterator[Kept]:
    """All that is remembered of ``chapter``, or of every chapter, by folder."""
    for path in sorted((room.root / "classroom" / "collected").glob(f"{chapter}/*/{_RECORD}")):
        if (found := _read(path)) is not None:
            yield found


def write_kept(room: Classroom, chapter: str, kept: Kept) -> None:
    """Remember a submission."""
    path = folder_of(room, chapter, kept.student) / _RECORD
    write_whole(path, json.dumps(asdict(kept), indent=1, ensure_ascii=False).encode())


def keep_earlier(room: Classroom, chapter: str, student: str, name: str, content: bytes) -> Path:
    """Keep a file that does not count, once, under its name with the beginning of its hash."""
    mark = hashlib.sha256(content).hexdigest()[:12]
    path = folder_of(room, chapter, student) / "earlier" / f"{mark}-{name.replace('/', '-')}"
    if not path.exists():
        write_whole(path, content)
    return path


def numbers_of(room: Classroom, chapter: str) -> dict[tuple[str, str], str]:
    """Learners by system and the system's number: Canvas' numbers hold in every chapter, Moodle's in one assignment.

    Where a number was two learners', because the first was not the right one, it is the later one's.
    """
    found = {}
    paths = (room.root / "classroom" / "collected").glob(f"*/*/{_RECORD}")
    for path in sorted(paths, key=lambda one: (one.stat().st_mtime_ns, one)):
        one = _read(path)
        if one is not None and one.id and (one.system == "canvas" or path.parent.parent.name == chapter):
            found[one.system, one.id] = one.student
    return found


def _read(path: Path) -> Kept | None:
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
        known = {one.name for one in fields(Kept)}
        return Kept(**{key: value for key, value in content.items() if key in known})
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def written(when: datetime | None) -> str:
    """A time as it is kept and as nbgrader reads it; nothing for none."""
    return when.strftime("%Y-%m-%d %H:%M:%S.%f").removesuffix(".000000") + " UTC" if when is not None else ""
