"""From what a system hands out to a class's folder of submissions: who is meant is matched, what is new is written, no more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from autograder.files import UNFINISHED, write_whole
from autograder.grading.lms.archive import Archive, BadArchive, open_archive
from autograder.grading.lms.kept import Kept, keep_earlier, numbers_of, read_kept, write_kept, written
from autograder.grading.lms.matching import class_people, matched
from autograder.grading.lms.uploads import Picked, Upload, are_packers_times, pick, sha
from autograder.grading.records import hand_ins
from autograder.grading.records.classroom import Classroom, open_classroom
from autograder.grading.records.waiting import Tell, alone, on_stderr
from autograder.grading.submissions.prepare import Assignment, prepare
from autograder.grading.submissions.read import LARGEST_NOTEBOOK
from autograder.plain import plain
from course.chapters import find_chapter

__all__ = ["Collected", "Line", "collect"]

_STAMP = "timestamp.txt"


@dataclass(frozen=True)
class Line:
    """What became of one upload: ``what`` is collected, updated, unchanged, older, not matched or left alone."""

    what: str
    learner: str
    upload: str  # its path in the archive
    key: str
    says: str = ""


@dataclass(frozen=True)
class Collected:
    """What a run of `collect` did: a line an upload, what was refused of the archive, and where the times come from."""

    chapter: str
    lines: tuple[Line, ...]
    refused: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)
    times: str = ""

    @property
    def problems(self) -> tuple[Line, ...]:
        """Uploads that are not where they are graded, and should be."""
        return tuple(one for one in self.lines if one.what in ("not matched", "left alone"))

    def as_json(self) -> dict[str, object]:
        """For programs."""
        lines = [asdict(one) for one in self.lines]
        return {
            "chapter": self.chapter,
            "uploads": lines,
            "refused": dict(self.refused),
            "of other assignments": dict(self.others),
            "times": self.times,
        }

    def text(self) -> str:
        """For people: counts first, then everything that is not plainly collected."""
        counts = Counter(one.what for one in self.lines)
        said = [f"{self.chapter}: " + (", ".join(f"{many} {what}" for what, many in counts.items()) or "nothing in it")]
        said += [f"  {self.times}"] if self.times else []
        for one in self.lines:
            if one.what not in ("collected", "updated", "unchanged") or one.says:
                who = one.learner or f"{one.key}, {one.upload}"
                said.append(f"  {one.what}: {who}" + (f": {one.says}" if one.says else ""))
        said += [f"  refused: {name}: {why}" for name, why in self.refused.items()]
        said += [f"  {len(self.others)} files of other assignments were passed over"] if self.others else []
        if any(one.what == "not matched" for one in self.lines):
            said.append("  To say who it is: --match KEY=LEARNER, with the key that stands first, as often as needed.")
        return "\n".join(plain(line) for line in said)


def collect(
    chapter: str,
    source: Path,
    root: Path,
    roster: Path | None = None,
    matches: Mapping[str, str] | None = None,
    times: bool | None = None,
    tell: Tell = on_stderr,
) -> Collected:
    """Put what ``source``, a zip archive or a folder, holds of ``chapter`` into the submissions of the class at ``root``.

    ``roster`` is a table of the system's with its numbers or ids. ``matches`` says of uploads, by their key, whose they are.
    ``times`` says whether the archive's times are those of handing in; by default only where they cannot be those of packing.
    What was collected before is left as it is; what was changed since by hand, too.

    Raises `BadArchive`, `BadTable`, and ``ValueError`` for a chapter that is not released.
    """
    room, _ = open_classroom(root)
    name = find_chapter(chapter).slug
    task = room.assignment(name)
    wanted = dict(matches or {})
    with alone(room.results, tell), open_archive(source) as archive:
        people = class_people(room, name, roster)
        own, said = _times(archive, source, times)
        before = numbers_of(room, name)
        packed = max((one.when for one in archive.members if one.when), default=None)
        found, others = matched(archive, name, task.others, people, wanted)
        if not found and not archive.refused and not others:
            raise BadArchive(f"there is nothing in {source.name}")
        lines = []
        for upload, student, words in found:
            if not student:
                lines.append(Line("not matched", "", upload.original, upload.key, words))
                continue
            picked = pick(upload, archive, name, task.source, own)
            line = _placed(room, task, student, upload, picked, packed, source.name)
            other = before.get((upload.system.value, upload.files[0].named.id), student)
            if other != student and (room.submitted / other / name).exists():
                words = f"was collected as {other}'s before; if it is not theirs, move {other}/{name} away"
                line = replace(line, says="; ".join(filter(None, [words, line.says])))
            lines.append(line)
        for key in sorted(set(wanted) - {upload.key for upload, _, _ in found}):
            words = "no upload has this key, and --match names it"
            lines.append(Line("not matched", "", f"--match {key}={wanted[key]}", key, words))
        return Collected(name, tuple(lines), dict(archive.refused), others, said if any(lines) else "")


def _times(archive: Archive, source: Path, wanted: bool | None) -> tuple[bool, str]:
    """Whether the archive's times are those of handing in, and what is said of it."""
    if archive.is_folder or not any(one.when for one in archive.members):
        return False, ""
    if wanted is not None:
        return wanted, "" if wanted else "times: not taken from the archive"
    saved = datetime.fromtimestamp(source.stat().st_mtime, UTC)
    if are_packers_times(archive.members, saved):
        return False, (
            "times: the archive's are those at which the system packed it, or may be; none is taken for the time of handing in "
            "(--times zip takes them all the same)"
        )
    return True, "times: of handing in, as the archive has them, by this machine's clock where it does not say which"


def _placed(
    room: Classroom,
    task: Assignment,
    student: str,
    upload: Upload,
    picked: Picked,
    packed: datetime | None,
    source: str,
) -> Line:
    """Write a learner's submission where it is graded, unless the same or a newer one is there, or somebody's own work."""
    chapter = task.name
    folder = room.submitted / student / chapter
    files = dict(picked.files)
    if picked.notebook is not None:
        files[f"{chapter}.ipynb"] = picked.notebook
    handed_in = written(picked.when)
    if handed_in:
        files[_STAMP] = f"{handed_in}\n".encode()
    sums = {path: sha(content) for path, content in files.items()}
    named = upload.files[0].named
    chosen = next((one.named for one in upload.files if one.member.path == picked.original), named)
    kept = Kept(
        student,
        upload.system.value,
        named.id,
        upload.name,
        picked.original,
        chosen.folder,
        picked.number,
        upload.late,
        handed_in,
        written(packed),
        source,
        sums.get(f"{chapter}.ipynb", ""),
        sums,
    )
    says = [*picked.says, *(["the system says it was late, and not when"] if upload.late and not handed_in else [])]

    def line(what: str, *more: str) -> Line:
        return Line(what, student, picked.original, upload.key, "; ".join([*more, *says]))

    if picked.unread:
        return line(
            "left alone", f"no notebook in it could be read, and {student}/{chapter} stays as it is; get it anew"
        )
    before = read_kept(room, chapter, student)
    there = _there(folder)
    if there is None:
        return line("left alone", f"a link lies on the way to {student}/{chapter}; links are not followed")
    _keep_others(room, chapter, student, picked)
    if before is not None and before.files == sums and there == sums:
        if (before.system, before.id) != (kept.system, kept.id):
            write_kept(room, chapter, kept)
        return line("unchanged")
    ours = before.files if before is not None else {}
    # Where a run was killed, some files are those of before, and some are new.
    if not there.items() <= {*ours.items(), *sums.items()}:
        words = "was changed by hand since" if before is not None else "was handed in another way"
        return line("left alone", f"what lies in {student}/{chapter} {words}; move it away to have this one")
    if before is not None and not there.items() <= sums.items() and kept.is_older(before):
        for path, content in files.items():
            if path != _STAMP:
                keep_earlier(room, chapter, student, Path(path).name, content)
        return line("older", f"a newer one of {before.handed_in or before.packed or 'before'} is there")
    if blocked := _blocked(folder, files):
        return line("left alone", f"{blocked} lies in the way in {student}/{chapter}")
    if there:
        hand_ins.keep(room, task, prepare(task, student))
    for path in there.keys() - sums.keys():
        keep_earlier(room, chapter, student, Path(path).name, (folder / path).read_bytes())
        (folder / path).unlink()
    for path, content in files.items():
        if there.get(path) not in (None, sums[path]) and path != _STAMP:
            keep_earlier(room, chapter, student, Path(path).name, (folder / path).read_bytes())
        write_whole(folder / path, content)
    if not files:
        folder.mkdir(parents=True, exist_ok=True)
    write_kept(room, chapter, kept)
    return line("updated" if before is not None else "collected")


def _keep_others(room: Classroom, chapter: str, student: str, picked: Picked) -> None:
    for path, content in picked.others.items():
        keep_earlier(room, chapter, student, Path(path).name, content)


def _there(folder: Path) -> dict[str, str] | None:
    """The SHA-256 of each file in a learner's folder by its path; ``None`` where a link lies on the way or in it.

    What a killed run has left unfinished is taken away.
    """
    if folder.parent.is_symlink() or folder.is_symlink():
        return None
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            return None
        if path.name.startswith(".") and path.name.endswith(UNFINISHED):
            path.unlink(missing_ok=True)
        elif path.is_file():
            size = path.stat().st_size
            known = sha(path.read_bytes()) if size <= LARGEST_NOTEBOOK else f"{size} bytes"  # none of ours is as large
            found[path.relative_to(folder).as_posix()] = known
    return found


def _blocked(folder: Path, files: Mapping[str, bytes]) -> str:
    """What lies where a file or a folder has to be made, and is of the other kind."""
    if folder.exists() and not folder.is_dir():
        return folder.name
    if folder.parent.exists() and not folder.parent.is_dir():
        return folder.parent.name
    for path in map(Path, files):
        if (folder / path).is_dir():
            return path.as_posix()
        for parent in path.parents:
            if parent != Path(".") and (folder / parent).exists() and not (folder / parent).is_dir():
                return parent.as_posix()
    return ""
