"""A disk that is full: which one, by the folders that grading writes to."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

__all__ = ["DiskFull", "disk_said", "is_full", "is_said_full"]

_NO_ROOM = 1 << 20  # bytes: less is none


class DiskFull(RuntimeError):
    """There is no room left; the message says which disk, how far grading came, and what to do."""


def is_full(error: BaseException | None) -> bool:
    """Whether ``error``, or what caused it, is that there is no room left, or that a quota is used up.

    >>> is_full(OSError(28, "No space left on device")), is_full(ValueError("no"))
    (True, False)
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if "database or disk is full" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def is_said_full(words: str) -> bool:
    """Whether ``words`` of nbgrader's, which keeps the error to itself, say that there is no room left.

    >>> is_said_full("b.html: No space left on device"), is_said_full("b.html: Permission denied")
    (True, False)
    """
    return any(
        one in words for one in (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT), "database or disk is full")
    )


def disk_said(folder: Path, temporary: Path | None = None) -> str:
    """Which disk has no room: that of the class's ``folder``, or that of temporary files; both, where that cannot be told."""
    places = {"of the class": folder, "of temporary files": temporary or Path(tempfile.gettempdir())}
    full = {what: place for what, place in places.items() if _free(place) < _NO_ROOM}
    named = [f"that {what}, mounted at {_mount(place)}" for what, place in (full or places).items()]
    if full:
        return f"a disk is full: {' and '.join(named)}"
    return f"there is no room left, on a disk or within its quota: {', or '.join(named)}"


def _free(place: Path) -> int:
    try:
        return shutil.disk_usage(_there(place)).free
    except OSError:
        return _NO_ROOM


def _mount(place: Path) -> Path:
    here = _there(place).resolve()
    while not here.is_mount() and here != here.parent:
        here = here.parent
    return here


def _there(place: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    while not place.exists() and place != place.parent:
        place = place.parent
    return place
