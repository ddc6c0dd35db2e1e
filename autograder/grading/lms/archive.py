"""A zip archive or a folder as a list of files: names, sizes, times, and bytes on demand.

It reads a stranger's bytes: a central directory of any content, names of any kind, sizes that lie. Whatever comes, there are
files, refused ones with a reason, or `BadArchive`; no link is followed, nothing is written, and all of it has a limit.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.grading.lms.members import (
    DEEPEST,
    MOST_FILES,
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
from autograder.grading.lms.zips import IN_ZIPS, Slot, add, open_zip, read_zip
from autograder.grading.submissions.read import Unreadable, content_of

__all__ = ["Archive", "BadArchive", "Member", "Refused", "Spent", "open_archive"]


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """The archive or the folder at ``path``; its members can be read while it is open.

    Zips inside it are opened, too, one level deep. Raises `BadArchive`, and ``FileNotFoundError`` where nothing is there.
    """
    if not path.exists():
        raise FileNotFoundError(f"there is no {path}")
    about = path.stat()
    if stat.S_ISDIR(about.st_mode):
        archive = Archive(is_folder=True)
        _read_folder(path, archive, Spent(members=MOST_FILES))
        yield archive
        return
    if not stat.S_ISREG(about.st_mode):
        raise BadArchive(f"{path.name} is neither a zip archive nor a folder")
    with path.open("rb") as file:
        archive = Archive()
        opened = open_zip(file)
        read_zip(lambda: opened, (), archive, Spent(), IN_ZIPS, Slot())
        yield archive


def _read_folder(folder: Path, archive: Archive, spent: Spent) -> None:
    waiting: list[tuple[Path, tuple[str, ...]]] = [(folder, ())]
    slot = Slot()
    while waiting:
        here, above = waiting.pop(0)
        with os.scandir(here) as found:
            entries = sorted(found, key=lambda one: one.name)
        for entry in entries:
            spent.count()
            try:
                parts = (*above, *parts_of(entry.name))
                if is_clutter(parts):
                    continue
                if entry.is_symlink():
                    raise Refused("a symbolic link; links are not followed")
                if entry.is_dir(follow_symlinks=False):
                    if len(parts) > DEEPEST:
                        raise Refused("its path is too long")
                    waiting.append((Path(entry.path), parts))
                    continue
                size = entry.stat(follow_symlinks=False).st_size
                if size > most_of(entry.name):
                    raise Refused(f"it has {size >> 20} MB, and {most_of(entry.name) >> 20} are the most that is read")
            except (Refused, OSError) as error:
                archive.refused["/".join((*above, shown(entry.name)))] = words_of(error)
                continue
            add(Member(parts, size, None, _file_taker(Path(entry.path), spent)), archive, spent, IN_ZIPS + 1, slot)


def _file_taker(path: Path, spent: Spent) -> Callable[[], bytes]:
    def take() -> bytes:
        most = most_of(path.name)
        try:
            content = content_of(path, most)
        except (Unreadable, OSError) as error:
            raise Refused(f"it cannot be read: {words_of(error)}") from None
        if content is None or len(content) > most:
            raise Refused("no file" if content is None else "it has grown while it was read")
        spent.take(len(content))
        return content

    return take
