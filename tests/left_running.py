"""Which processes are still there when they should not be."""

from __future__ import annotations

import contextlib

import psutil

__all__ = ["still_there"]


def still_there(processes: list[psutil.Process]) -> list[str]:
    """Which of them have not ended. Nobody may collect orphans here, so that a zombie counts as ended."""
    alive = psutil.wait_procs(processes, timeout=10)[1]
    found = []
    for one in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            if one.status() != psutil.STATUS_ZOMBIE:
                found.append(str(one))
    return found
