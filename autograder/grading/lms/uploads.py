"""What each learner handed in, of an archive: the notebook that counts, the files beside it, and the time.

It reads a stranger's files: of any of them there are uploads; what cannot be read is among them as it came.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import PurePosixPath

from autograder.grading.lms.archive import Archive, Member, Refused
from autograder.grading.lms.names import Named, System, named
from autograder.grading.submissions.beside import LARGEST_REST, MOST_FILES
from autograder.grading.submissions.read import LARGEST_NOTEBOOK, Unreadable, notebook_of
from autograder.grading.submissions.repair import Source, named_in
from autograder.grading.submissions.times import parse_time
from autograder.learner.handin import SUMS

__all__ = ["NOTEBOOKS", "File", "Picked", "Upload", "are_packers_times", "pick", "sha", "uploads_of"]

_PACKING = timedelta(hours=1)  # no system takes longer to pack a class
_ANY_ZONE = timedelta(hours=26)  # how far two clocks of unknown zones may be apart
_FEW = 3
_MOST_NOTEBOOKS = 20  # of one learner
_LONGEST_PART = 120  # bytes of a file's name that is kept
_TIMESTAMP = "timestamp.txt"
NOTEBOOKS = (".ipynb", ".ipynb.txt", ".ipynb.json")  # as browsers save them


@dataclass(frozen=True)
class File:
    """A member of an archive, and what its path says."""

    member: Member
    named: Named


@dataclass(frozen=True)
class Upload:
    """All that one learner handed in, as one system has it. ``key`` is how an instructor names it."""

    system: System
    key: str
    name: str
    files: tuple[File, ...]
    student: str = ""  # where the path itself names a learner

    @property
    def late(self) -> bool:
        """Whether the system says that it was late."""
        return any(one.named.late for one in self.files)

    @property
    def original(self) -> str:
        """The path of its first file in the archive."""
        return self.files[0].member.path


@dataclass(frozen=True)
class Picked:
    """What of an upload is put where it is graded: a notebook under the chapter's name, and files by their relative path.

    ``others`` are notebooks that do not count, by the name they are kept under. Where it cannot be told which one counts, or
    none does, all are among the ``files``, and ``says`` says so. ``unread`` says that there is no notebook, and something that
    could not be read.
    """

    notebook: bytes | None = None
    original: str = ""  # the path of what counts in the archive
    name: str = ""  # what the system called it
    number: int = 0  # Canvas' number of it
    when: datetime | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    others: dict[str, bytes] = field(default_factory=dict)
    says: tuple[str, ...] = ()
    unread: bool = False


def sha(content: bytes) -> str:
    """What tells contents apart."""
    return hashlib.sha256(content).hexdigest()


def are_packers_times(members: Sequence[Member], saved: datetime) -> bool:
    """Whether the members' times may be those at which the archive was packed: then they say nothing of who was late.

    Canvas and newer Moodles stamp each file when they pack it, one after the other. ``saved`` is when the archive was saved.
    """
    times = [one.when for one in members if one.when is not None]
    if not times:
        return False
    in_order = all(one <= other for one, other in pairwise(times))
    at_once = max(times) - min(times) <= _PACKING
    return in_order and at_once and (abs(saved - max(times)) <= _ANY_ZONE or len(times) >= _FEW)


def uploads_of(
    members: Iterable[Member],
    chapter: str,
    others: Collection[str],
    learner: Callable[[tuple[str, ...]], tuple[int, str]],
) -> tuple[list[Upload], dict[str, str]]:
    """The uploads in an archive in its order, and the members that are another assignment's, with the reason.

    ``learner`` says which of a plain path's words names a learner, and whom: (-1, "") for nobody.
    """
    groups: dict[tuple[System, str, str], list[File]] = {}
    left: dict[str, str] = {}
    for member in members:
        says = named(member.parts, chapter, others)
        if says.other:
            left[member.path] = f"it is of {says.other}"
            continue
        student = ""
        if says.system is System.PLAIN:
            at, student = learner(says.candidates)
            inside = member.parts[at + 1 :] if 0 <= at < len(member.parts) - 1 else member.parts[-1:]
            says = replace(says, rest=inside, name=says.candidates[at] if at >= 0 else says.name)
        key = says.id or student or says.name
        groups.setdefault((says.system, key, student), []).append(File(member, says))
    return [
        Upload(system, key, files[0].named.name, _newest_first(files), student)
        for (system, key, student), files in groups.items()
    ], left


def _newest_first(files: list[File]) -> tuple[File, ...]:
    """Of several folders of the exchange, or uploads to Canvas, the newest in front: of too many these are read."""
    never = datetime.min.replace(tzinfo=UTC)
    return tuple(sorted(files, key=lambda one: (one.named.when or never, one.named.file), reverse=True))


def pick(upload: Upload, archive: Archive, chapter: str, source: Source, times: bool) -> Picked:
    """What counts of an ``upload``. ``times`` says whether the archive's times are those of handing in."""
    newest = upload.files[0].named.folder if upload.files[0].named.when else None
    notebooks: list[tuple[File, bytes]] = []
    beside: list[tuple[File, bytes]] = []
    said: list[str] = []
    stamp: datetime | None = None
    unread = False
    room, room_for_notebooks = LARGEST_REST, LARGEST_NOTEBOOK
    left_out: list[str] = []
    for file in upload.files:
        name, is_old = file.named.rest[-1], newest is not None and file.named.folder != newest
        is_notebook = name.lower().endswith(NOTEBOOKS)
        if not is_notebook and (is_old or file.named.typed):
            continue
        much = (
            file.member.size > room_for_notebooks or len(notebooks) >= _MOST_NOTEBOOKS
            if is_notebook
            else file.member.size > room or len(beside) >= MOST_FILES
        )
        if much:
            left_out.append(file.member.path)
            continue
        try:
            content = archive.read(file.member)
        except Refused as error:
            said.append(f"{file.member.path}: {error}")
            unread = True
            continue
        if file.named.rest == (_TIMESTAMP,):
            stamp = parse_time(content[:200].decode("utf-8", "replace"))
        elif is_notebook:
            notebooks.append((file, content))
            room_for_notebooks -= len(content)
        else:
            beside.append((file, content))
            room -= len(content)
    if left_out:
        said.append(f"left out, too much of it: {', '.join(left_out[:_FEW])}" + (" …" if len(left_out) > _FEW else ""))
    if any(file.named.typed for file in upload.files) and not notebooks:
        said.append("text was typed into the system, and no file handed in")
    counts = [(file, content) for file, content in notebooks if _carries(content, source)]
    only = counts or (notebooks if len(notebooks) == 1 else [])
    best, why = _newest(only, f"{chapter}.ipynb", times)
    if best is None:
        said += why
        kept = _named([*notebooks, *beside], chapter)
        first = (notebooks or beside or [(upload.files[0], b"")])[0][0]
        name, number = "/".join(first.named.rest), first.named.file
        return Picked(None, first.member.path, name, number, stamp, kept, {}, tuple(said), unread and not notebooks)
    file, content = best
    if not counts:
        said.append("no cell of this chapter was found in it; grade says what it is")
    if not _is_as_packed(content, [text for one, text in beside if one.named.rest[-1] == SUMS]):
        said.append("its checksum is not the one packed beside it: it was changed after it was packed, or damaged")
    rest = [one for one in notebooks if one[0] is not file and one[1] != content]
    if len(rest) and counts:
        said.append(f"taken: {file.member.path}; {len(rest)} other notebook{'s' if len(rest) > 1 else ''} kept beside")
    when = file.named.when or stamp or (file.member.when if times else None)
    return Picked(
        content,
        file.member.path,
        "/".join(file.named.rest),
        file.named.file,
        when,
        _named(beside, chapter, file.named.rest[:-1]),
        _named(rest, chapter),
        tuple(said),
    )


def _is_as_packed(content: bytes, sums: Iterable[bytes]) -> bool:
    """Whether the checksums that `python -m autograder handin` packs, where there are any, have this notebook's among them.

    >>> _is_as_packed(b"{}", [sha(b"{}").encode() + b"  04.ipynb"]), _is_as_packed(b"{}", [b"0" * 64]), _is_as_packed(b"", [])
    (True, False, True)
    """
    known = [one for text in sums for one in re.findall(rb"\b[0-9a-f]{64}\b", text)]
    return not known or sha(content).encode() in known


def _carries(content: bytes, source: Source) -> bool:
    """Whether it is a notebook with a mark or a check of this chapter."""
    try:
        return bool(named_in(notebook_of(content), source))
    except Unreadable:
        return False


def _newest(found: list[tuple[File, bytes]], wanted: str, times: bool) -> tuple[tuple[File, bytes] | None, list[str]]:
    """The newest of several notebooks, by Canvas' numbers, else by their times, else the one with the chapter's own name."""
    if len({content for _, content in found}) < 2:
        return (found[0] if found else None), []
    for order in (_number, _folder_time, _time if times else None):
        keys = [order(file) for file, _ in found] if order else []
        if keys and all(key is not None for key in keys):
            most = max(key for key in keys if key is not None)
            best = [one for one, key in zip(found, keys, strict=True) if key == most]
            if len({content for _, content in best}) == 1:
                return best[0], []
    named_so = [one for one in found if one[0].named.rest[-1] == wanted]
    if len({content for _, content in named_so}) == 1:
        return named_so[0], []
    both = " and ".join(file.member.path for file, _ in found[:_FEW])
    return None, [f"it cannot be told which notebook is meant: {both}"]


def _number(file: File) -> int | None:
    return file.named.file or None


def _folder_time(file: File) -> datetime | None:
    return file.named.when


def _time(file: File) -> datetime | None:
    return file.member.when


def _named(files: Iterable[tuple[File, bytes]], chapter: str, below: tuple[str, ...] = ()) -> dict[str, bytes]:
    """Contents by the relative path under which they are kept: below the notebook's own folder, one name for each."""
    found: dict[str, bytes] = {}
    for file, content in files:
        rest = file.named.rest
        parts = rest[len(below) :] if rest[: len(below)] == below else rest
        path = PurePosixPath(*map(_short, parts))
        if len(path.parts) == 1 and path.name in (_TIMESTAMP, f"{chapter}.ipynb"):
            path = path.with_name(f"handed-in-{path.name}")
        name = next(one for one in _free(path) if one not in found or found[one] == content)
        found[name] = content
    return found


def _free(path: PurePosixPath) -> Iterator[str]:
    yield path.as_posix()
    number = 1
    while True:
        number += 1
        yield path.with_name(f"{path.stem}-{number}{path.suffix}").as_posix()


def _short(part: str) -> str:
    """A name that any file system takes; it keeps its ending."""
    if len(part.encode()) <= _LONGEST_PART:
        return part
    stem, dot, ending = part.rpartition(".")
    ending = f"{dot}{ending}" if dot and len(ending.encode()) < 12 else ""
    return (stem or part).encode()[: _LONGEST_PART - len(ending.encode())].decode("utf-8", "ignore") + ending
