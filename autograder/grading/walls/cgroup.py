"""A control group around a slot, where the system lets us make one: its memory and its number of processes as a whole.

Limits on single processes and the zygote's own looking do without; this holds between two looks, too. Both versions of
Linux's control groups are known. Where there is none that we may write to, there is none.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.grading.walls.limits import FOR_A_CHECK, Limits

__all__ = ["Group", "group_for"]

_PREFIX = "one-cnn-two-ways-"
_WARM = 1 << 30  # bytes that the warm interpreter itself may take
_CGROUPS = Path("/sys/fs/cgroup")
_ENTER = 'n=$1; shift; while [ "$n" -gt 0 ]; do echo $$ > "$1" || exit 1; shift; n=$((n-1)); done; exec "$@"'


class Group:
    """A control group: one directory for each part of the system that has it."""

    def __init__(self, directories: list[Path]) -> None:
        self._directories = directories

    def around(self, command: Sequence[str]) -> list[str]:
        """``command`` so that it enters the group before it begins."""
        files = [str(directory / "cgroup.procs") for directory in self._directories]
        return ["/bin/sh", "-c", _ENTER, "sh", str(len(files)), *files, *command]

    def killed(self) -> int:
        """How many of its processes the kernel has killed for want of memory."""
        for directory in self._directories:
            for name in ("memory.events", "memory.oom_control"):
                words = _words(directory / name)
                if "oom_kill" in words:
                    return int(words[words.index("oom_kill") + 1])
        return 0

    def remove(self) -> None:
        """Remove it. What is left in it is ending; where that takes too long, the empty group stays behind."""
        for directory in self._directories:
            for _ in range(50):
                try:
                    directory.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.02)


def group_for(limits: Limits, root: Path = _CGROUPS, own: Path = Path("/proc/self/cgroup")) -> Group | None:
    """A new group that holds a slot to ``limits``; ``None`` where none can be made."""
    name = f"{_PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    memory, processes = str(limits.memory + FOR_A_CHECK + _WARM), str(2 * limits.processes + 8)
    wanted = {"memory": ("memory.max", "memory.limit_in_bytes", memory), "pids": ("pids.max", "pids.max", processes)}
    made: dict[Path, None] = {}
    for controller, (new, old, value) in wanted.items():
        for parent, file in _places(controller, new, old, root, own):
            directory = parent / name
            _sweep(parent)
            try:
                directory.mkdir(exist_ok=True)
                (directory / file).write_text(value)
                made[directory] = None
                break
            except OSError:
                with contextlib.suppress(OSError):
                    directory.rmdir()
    return Group(list(made)) if made else None


def _places(controller: str, new: str, old: str, root: Path, own: Path) -> Iterator[tuple[Path, str]]:
    """Where a group for ``controller`` might be made, and the file that takes the limit: version 2 first."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        below = path.lstrip("/")
        if not controllers:
            for parent in ((root / below).parent, root / below):  # a group with processes in it hands nothing on
                if controller in _words(parent / "cgroup.subtree_control"):
                    yield parent, new
        elif controller in controllers.split(","):
            yield root / controllers / below, old


def _sweep(parent: Path) -> None:
    """Remove the empty groups of runs that were killed."""
    for path in parent.glob(f"{_PREFIX}*"):
        process = path.name.removeprefix(_PREFIX).partition("-")[0]
        if not Path("/proc", process).exists():
            with contextlib.suppress(OSError):
                path.rmdir()


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
