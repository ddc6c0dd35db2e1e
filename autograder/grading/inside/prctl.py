"""A few of Linux's words about a process that Python has no name for."""

from __future__ import annotations

import ctypes
import sys

__all__ = ["adopt_orphans", "no_new_privileges", "set_dumpable"]

_DUMPABLE, _CHILD_SUBREAPER, _NO_NEW_PRIVS = 4, 36, 38


def set_dumpable(yes: bool) -> None:
    """Whether another process of the same user may read this one's memory and environment, and trace it."""
    _prctl(_DUMPABLE, int(yes))


def no_new_privileges() -> None:
    """From here on no program that is started gains rights, whatever bits its file has."""
    _prctl(_NO_NEW_PRIVS, 1)


def adopt_orphans() -> None:
    """Become the parent of every process below whose own parent ends."""
    _prctl(_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl({option}, {value}) failed")
