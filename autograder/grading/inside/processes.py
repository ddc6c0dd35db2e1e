"""The processes beside the zygote, as ``/proc`` tells: how many, how much memory of their own, and how to end them all; and what
the zygote itself may use.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["end_all", "may_use", "memory_of", "others", "precise_memory_of", "private_memory_of"]

_PROC = Path("/proc")


def others() -> list[int]:
    """Every process below this one; in a sandbox, where this one is the first, every other process."""
    own, parents = os.getpid(), dict(_parents())
    if own == 1:
        return [one for one in parents if one != 1]
    found = {own}
    while more := {one for one, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found - {own})


def _parents() -> Iterator[tuple[int, int]]:
    for entry in _PROC.iterdir() if _PROC.is_dir() else ():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError, IndexError):
                words = (entry / "stat").read_text().rpartition(")")[2].split()
                if words[0] != "Z":
                    yield int(entry.name), int(words[1])


def memory_of(process: int) -> int:
    """Bytes that ``process`` does not share with a file, quickly; what it still shares with the zygote is counted."""
    return _sum(_PROC / str(process) / "status", ("RssAnon:", "RssShmem:"))


def precise_memory_of(process: int) -> int:
    """Bytes that ``process`` adds to the machine's use: its own, and its part of what it shares."""
    return _sum(_PROC / str(process) / "smaps_rollup", ("Pss_Anon:", "Pss_Shmem:"))


def private_memory_of(process: int) -> int:
    """Bytes that ``process`` has written, and shares with nobody."""
    return _sum(_PROC / str(process) / "smaps_rollup", ("Private_Dirty:",))


def _sum(path: Path, names: tuple[str, ...]) -> int:
    with contextlib.suppress(OSError):
        return sum(int(line.split()[1]) << 10 for line in path.read_text().splitlines() if line.startswith(names))
    return 0


def end_all(first: int) -> bool:
    """Kill the group of the process ``first`` (0: there is none) and all others; whether none is left. Forkers are outrun by repeating."""
    for _ in range(200):
        if os.getpid() == 1:
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
        else:
            if first:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(first, signal.SIGKILL)
            for one in others():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(one, signal.SIGKILL)
        _reap()
        if not others():
            return True
        time.sleep(0.005)
    return False


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def may_use() -> Any:
    """What this process may use: its limits, its priority and its processors. Every process that it forks has the same."""
    limits = {name: resource.getrlimit(number) for name, number in vars(resource).items() if name.startswith("RLIMIT_")}
    turn = (os.sched_getscheduler(0), os.sched_getaffinity(0)) if hasattr(os, "sched_getscheduler") else ()
    return limits, os.getpriority(os.PRIO_PROCESS, 0), turn
