"""What a learner's folder looks like from outside: a later look tells whether anything has come since, without reading it.

Sizes and times, as rsync and make compare them; of a file's two times the later one, for a copy may bring along the time at which
the learner saved it. Times are held against each other, never against a clock: that of a server may be another.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from autograder.grading.submissions.locate import is_there

__all__ = ["Elsewhere", "look_at"]

Elsewhere = Callable[[Path], Iterable[Path]]

_MOST = 20_000  # files and folders of one learner


def look_at(home: Path, assignment: str, elsewhere: Elsewhere = lambda home: ()) -> str:
    """A hash of the names, sizes and times in the folder of ``assignment`` below a learner's ``home``; empty where nothing is.

    ``elsewhere`` gives the notebooks in ``home`` that may be meant and lie beside that folder. No link is followed.
    """
    folder = home / assignment
    try:
        more = list(elsewhere(home))
        if not more and not is_there(folder):
            return ""
        below = [] if folder.is_symlink() else list(islice(folder.rglob("*"), _MOST))
    except OSError as error:  # it may not be looked at, or is taken away meanwhile
        return f"it cannot be looked at: {error.strerror}"
    found = sorted(_about(folder, {folder, *below, *more}))
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def _about(folder: Path, paths: Iterable[Path]) -> Iterator[tuple[str, int, int]]:
    for path in paths:
        try:
            about = path.lstat()
        except OSError:  # gone while we look
            continue
        yield os.path.relpath(path, folder), about.st_size, max(about.st_mtime_ns, about.st_ctime_ns)
