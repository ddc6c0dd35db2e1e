"""Folders of slots in the temporary folder: each is locked while its slot lives, and what dead runs left is swept."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from pathlib import Path

from filelock import FileLock, Timeout

__all__ = ["LOCK", "PREFIX", "hold", "sweep"]

PREFIX = "slot-"
LOCK = "alive.lock"


def hold(folder: Path) -> FileLock:
    """The lock on a slot's ``folder``. The system gives it back, however this process ends."""
    lock = FileLock(folder / LOCK)
    lock.acquire(timeout=0)
    return lock


def sweep(temporary: Path | None = None) -> int:
    """Remove the folders of slots whose process is gone, and say how many; those of others and of the living stay.

    A run that is killed cannot remove its own.
    """
    removed = 0
    for folder in (temporary or Path(tempfile.gettempdir())).glob(f"{PREFIX}*"):
        if not _is_ours(folder):
            continue
        lock = FileLock(folder / LOCK)
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            continue  # its slot lives, or it is not ours to touch
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
        removed += not folder.exists()
    return removed


def _is_ours(folder: Path) -> bool:
    try:
        about, lock = folder.lstat(), (folder / LOCK).lstat()
    except OSError:
        return False
    return stat.S_ISDIR(about.st_mode) and stat.S_ISREG(lock.st_mode) and about.st_uid == os.getuid()
