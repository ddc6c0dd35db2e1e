"""The files beside a notebook: what is brought along, up to a limit, and what is left out and why.

It reads a stranger's folder: no link is followed, no size is believed, and what it takes has a limit.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from autograder.grading.submissions.read import Unreadable, content_of

__all__ = ["LARGEST_REST", "MOST_FILES", "Beside", "files_beside"]

LARGEST_REST = 64 << 20  # bytes of all files beside a notebook together
MOST_FILES = 2000
_MOST_SEEN = 20_000  # files and folders that are looked at
_LONGEST_NAME = 1000  # bytes of a path from the notebook's folder
_CACHES = {"__pycache__", ".ipynb_checkpoints", ".pytest_cache"}
_SHOWN = 3


@dataclass(frozen=True)
class Beside:
    """Files by their relative POSIX path, and what was left out of them: the reason, by path."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """In words, what was left out; nothing where nothing was.

        >>> Beside({}, {"data.bin": "70 MB"}).said
        'left out of the files beside it: data.bin (70 MB); 64 MB and 2000 files are brought along'
        """
        if not self.left_out:
            return ""
        shown = [f"{name} ({why})" for name, why in list(self.left_out.items())[:_SHOWN]]
        more = f" and {len(self.left_out) - _SHOWN} more" if len(self.left_out) > _SHOWN else ""
        limit = f"{LARGEST_REST >> 20} MB and {MOST_FILES} files are brought along"
        return f"left out of the files beside it: {', '.join(shown)}{more}; {limit}"

    def giving_way(self, others: Collection[str]) -> Beside:
        """Without files that cannot lie where ``others`` do: one is a file where the other is a folder.

        >>> beside = Beside({"data.csv/mine": b"", "pictures": b"", "own.py": b""})
        >>> sorted(beside.giving_way(["data.csv", "pictures/cat.png", "own.py"]).files)
        ['own.py']
        """
        folders = {above.as_posix() for one in others for above in PurePosixPath(one).parents}
        files = set(others)
        clash = {
            name
            for name in self.files
            if name in folders or any(above.as_posix() in files for above in PurePosixPath(name).parents)
        }
        if not clash:
            return self
        why = dict.fromkeys(sorted(clash), "the assignment has files there")
        kept = {name: content for name, content in self.files.items() if name not in clash}
        return Beside(kept, {**self.left_out, **why})


def files_beside(folder: Path, most: int = LARGEST_REST, *, deep: bool = True) -> Beside:
    """The other files that lie in ``folder``, and below it where ``deep``: at most ``most`` bytes of them, small ones first.

    Notebooks and caches are none of them. Links, devices, and names that are no UTF-8 are left out. A folder that is
    not there has none.
    """
    most = min(most, LARGEST_REST)
    found: dict[str, bytes] = {}
    left_out: dict[str, str] = {}
    sizes: list[tuple[int, str]] = []
    for name, size in _seen(folder, deep):
        if isinstance(size, str):
            left_out[name] = size
        else:
            sizes.append((size, name))
    taken = 0
    for size, name in sorted(sizes):
        if len(found) >= MOST_FILES:
            left_out[name] = f"more than {MOST_FILES} files"
            continue
        try:
            content = content_of(folder / name, most - taken) if size <= most - taken else b""
        except (Unreadable, OSError):
            left_out[name] = "cannot be read"
            continue
        if content is None:
            left_out[name] = "no file"
        elif size > most - taken or len(content) > most - taken:
            left_out[name] = f"{max(size, len(content)) / (1 << 20):.3g} MB"
        else:
            found[name] = content
            taken += len(content)
    return Beside({name: found[name] for name in sorted(found)}, {name: left_out[name] for name in sorted(left_out)})


def _seen(folder: Path, deep: bool) -> Iterator[tuple[str, int | str]]:
    """Each file by its path, with its size or why it is left out."""
    seen = 0
    for directory, folders, names in os.walk(folder, followlinks=False):
        here = Path(directory)
        folders[:] = sorted(name for name in folders if name not in _CACHES)
        links = [name for name in folders if (here / name).is_symlink()]
        folders[:] = [name for name in folders if name not in links] if deep else []
        for name in _apart([*links, *sorted(names)], here == folder):
            path = (here / name).relative_to(folder).as_posix()
            seen += 1
            if seen + len(folders) > _MOST_SEEN:
                yield "all others", f"more than {_MOST_SEEN} files and folders"
                return
            yield _shown(path), _size(here / name, path)
        seen += len(folders)


def _apart(names: Iterable[str], top: bool) -> Iterator[str]:
    """Without notebooks, what Python makes of its own accord, and nbgrader's note of the time."""
    for name in names:
        if (
            not name.lower().endswith((".ipynb", ".pyc"))
            and name not in _CACHES
            and not (top and name == "timestamp.txt")
        ):
            yield name


def _size(path: Path, name: str) -> int | str:
    try:
        name.encode()
    except UnicodeEncodeError:
        return "its name is no text"
    if len(name.encode()) > _LONGEST_NAME:
        return "its path is too long"
    try:
        about = path.lstat()
    except OSError:
        return "cannot be read"
    if stat.S_ISLNK(about.st_mode):
        return "a link"
    return about.st_size if stat.S_ISREG(about.st_mode) else "no file"


def _shown(name: str) -> str:
    """``name`` as text for everyone: bytes that are no UTF-8 are half characters to Python."""
    return name.encode("utf-8", "replace").decode()
