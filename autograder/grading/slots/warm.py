"""The controller's end of one zygote: start it, ask it for a child, have everything of a submission ended and wiped."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder.grading.slots import leftovers
from autograder.grading.walls import bubblewrap
from autograder.grading.walls.cgroup import group_for
from autograder.grading.walls.limits import FOR_A_CHECK, Limits
from autograder.grading.walls.seccomp import filter_for
from autograder.grading.walls.staging import stage

__all__ = ["SlotError", "Warm", "processors"]

_START = 120.0  # seconds for importing everything, on a slow disk too
_ANSWER = 30.0  # seconds for forking, or for ending thousands of processes


class SlotError(RuntimeError):
    """The machinery itself does not work; no submission is to blame."""


class Warm:
    """A zygote, started when this is made. ``ready`` waits until it is warm.

    ``imports`` are those of `wire.later.LATER` that it starts with. ``tasks`` is the number of its OS threads, which must be
    one for forking to be safe.
    """

    def __init__(self, limits: Limits, *, sandboxed: bool = True, imports: Sequence[str] = ()) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix=leftovers.PREFIX, ignore_cleanup_errors=True)
        self._folder = Path(self._temporary.name)
        self._held = leftovers.hold(self._folder)
        self._folder.chmod(0o755)  # the zygote is somebody else
        self.control, inside = socket.socketpair()
        self.limits, self.sandboxed, self.tasks = limits, sandboxed, 0
        self._kept = b""
        self._imported = set(imports)
        self._group = group_for(limits) if sandboxed else None
        self._killed = 0
        try:
            self._process = self._start(inside, limits, sandboxed)
        except BaseException:
            self.close()
            raise
        finally:
            inside.close()

    def ready(self) -> Warm:
        """Itself, once it has imported everything. Raises `SlotError` when it does not come up in time."""
        if not self.tasks:
            try:
                self.tasks = self._expect("ready", _START)["tasks"]
            except BaseException:
                self.close()
                raise
        return self

    def _start(self, inside: socket.socket, limits: Limits, sandboxed: bool) -> subprocess.Popen[bytes]:
        descriptor, keep = inside.fileno(), []
        if sandboxed:
            stage(self._folder / "packages")
            (self._folder / "filter").write_bytes(filter_for())
            keep = [os.open(self._folder / "filter", os.O_RDONLY)] if filter_for() else []
            words = bubblewrap.command(self._folder / "packages", descriptor, limits, *keep)
            words = self._group.around(words) if self._group is not None else words
            environment: Mapping[str, str] = {}
        else:
            scratch = self._folder / "scratch"
            scratch.mkdir(mode=0o700)
            words = bubblewrap.plain_command(descriptor, scratch)
            # Switches of Python's own would change what notebooks earn: PYTHONOPTIMIZE takes every assert away.
            own = {name: value for name, value in os.environ.items() if not _is_switch(name)}
            environment = own | bubblewrap.ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        try:
            with open(self._folder / "stderr", "wb") as errors:
                return subprocess.Popen(
                    [*words, *sorted(self._imported)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    env=environment,
                    pass_fds=(descriptor, *keep),
                    start_new_session=True,
                )
        finally:
            for one in keep:
                os.close(one)

    def imports(self, modules: Iterable[str]) -> Warm:
        """Itself, once it has those of `wire.later.LATER`, too. Raises `SlotError`."""
        if new := sorted(set(modules) - self._imported):
            self._ask("import", modules=new)
            self._expect("imported", _START)
            self._imported.update(new)
        return self

    def fork(self, limits: Limits) -> socket.socket:
        """Start a child, and return the controller's end of its own channel. Raises `SlotError`."""
        ours, theirs = socket.socketpair()
        words = {"ask": "fork", "memory": limits.memory + FOR_A_CHECK, "processes": limits.processes}
        try:
            with theirs:
                socket.send_fds(self.control, [json.dumps(words).encode() + b"\n"], [theirs.fileno()])
            self._expect("forked", _ANSWER)
        except BaseException as error:
            ours.close()
            if isinstance(error, OSError):
                raise SlotError(f"the sandbox is gone. {self._last_words()}") from None
            raise
        return ours

    def interrupt(self) -> None:
        """Press Ctrl-C in the child, and wait until that is done: it must not come late, into the cell after."""
        self._ask("interrupt")
        self._expect("interrupted", _ANSWER)

    def ran_out(self) -> bool:
        """Whether the kernel has killed a process of this slot for want of memory, since this was last asked."""
        before, self._killed = self._killed, self._group.killed() if self._group is not None else 0
        return self._killed > before

    def end(self) -> tuple[bool, int]:
        """End every process of the submission and wipe what it wrote: whether that went well, and its peak of memory."""
        self._ask("end")
        said = self._expect("ended", _ANSWER)
        return said["clean"], said["peak"]

    def heard(self) -> list[Mapping[str, Any]]:
        """What the zygote has said, without waiting. Raises `SlotError` when it is gone."""
        data = self.control.recv(1 << 16)
        if not data:
            raise SlotError(f"the sandbox is gone. {self._last_words()}")
        lines = (self._kept + data).split(b"\n")
        self._kept = lines.pop()
        return [json.loads(line) for line in lines]

    def close(self) -> None:
        """End the zygote and everything below it."""
        self.control.close()
        process = getattr(self, "_process", None)
        if process is not None:
            if self.tasks:
                with contextlib.suppress(subprocess.TimeoutExpired):  # it leaves by itself when nobody listens
                    process.wait(5)
            process.kill()  # while it is still importing, it hears nothing
            process.wait()
        if self._group is not None:
            self._group.remove()
        self._held.release()
        self._temporary.cleanup()

    def _ask(self, what: str, **words: object) -> None:
        try:
            self.control.sendall(json.dumps({"ask": what, **words}).encode() + b"\n")
        except OSError:
            raise SlotError(f"the sandbox is gone. {self._last_words()}") from None

    def _expect(self, what: str, seconds: float) -> Mapping[str, Any]:
        """The next answer of this kind; what the zygote says of a child's end meanwhile is no news any more."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([self.control], [], [], left)[0]:
                for said in self.heard():
                    if said["say"] == what:
                        return said
        raise SlotError(f"the sandbox did not say {what!r} within {seconds:g} seconds. {self._last_words()}")

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            words = (self._folder / "stderr").read_text(errors="replace").strip()
            return f"Its last words: {words[-2000:]}" if words else ""
        return ""


def processors() -> int:
    """How many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _is_switch(name: str) -> bool:
    """Whether the variable tells Python how to run, and not only where it is."""
    return name.startswith("PYTHON") and name != "PYTHONHOME"
