"""The zygote: a warm interpreter that has imported everything and computed nothing, and forks a child a submission.

``python -m autograder.grading.inside.zygote FD`` inside the sandbox, as its first process. It runs no learner's code and
parses none of its words; the controller at the other end of ``FD`` asks in lines of JSON, and a child's own channel
goes past it to the child.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from autograder.grading.inside import prctl, processes
from autograder.grading.wire.later import import_later
from autograder.importing import undisturbed

__all__ = ["Zygote", "main", "wipe"]

_LOOK = 0.2  # seconds between two looks at what the child uses
_NOTEBOOK = "notebook"  # where a notebook's cells find themselves, apart from what libraries put into a home
_SHARED = (Path("/tmp"), Path("/dev/shm"))  # writable beside the scratch directory, inside the sandbox only
_A_FILE = 2 << 10  # bytes of the kernel's memory for a file or folder that lies there, beside what is in it


class Zygote:
    """Answers the controller: ``import``, ``fork``, ``interrupt`` and ``end``. Never more than one child."""

    def __init__(self, control: socket.socket, scratch: Path, shell: Any, probe: Any, child_main: Any) -> None:
        self._control = control
        self._scratch = scratch
        self._run = shell, probe, child_main
        self._wake, tell = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) if hasattr(os, "pipe2") else os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(tell, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # so that the descriptor below is written to
        signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
        self._child = 0
        self._gone = True
        self._memory = self._processes = self._peak = 0
        self._reason = ""
        self._settle()

    def _settle(self) -> None:
        """After imports: what they wrote is wiped, and what they loaded is every child's, and no use of its memory."""
        wipe(self._scratch)
        if os.getpid() == 1:
            _wipe_shared()
        gc.collect()  # of what was not imported undisturbed
        gc.freeze()  # the collector would touch, and so copy, every page in every child
        self._usual = processes.memory_of(os.getpid())
        self._alone = processes.precise_memory_of(os.getpid())
        self._may_use = processes.may_use()

    def serve(self) -> None:
        """Until the controller hangs up."""
        with open(self._wake, "rb", buffering=0, closefd=False) as wake:
            while True:
                listening = [self._control.fileno(), self._wake]
                ready, _, _ = select.select(listening, [], [], None if self._gone else _LOOK)
                if self._wake in ready:
                    wake.read(512)
                self._reap()
                if self._control.fileno() in ready:
                    data, descriptors, _, _ = socket.recv_fds(self._control, 1 << 16, 4)
                    if not data:
                        return
                    for line in data.splitlines():
                        self._answer(json.loads(line), descriptors)
                elif not self._gone:
                    self._look()

    def _answer(self, asked: dict[str, Any], descriptors: list[int]) -> None:
        match asked["ask"]:
            case "import":
                with undisturbed():
                    import_later(asked["modules"])
                self._settle()
                self._say(say="imported")
            case "fork":
                self._fork(asked, descriptors[0])
            case "interrupt":
                if not self._gone:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(self._child, signal.SIGINT)
                self._say(say="interrupted")
            case "end":
                self._sample()
                ended = processes.end_all(self._child)
                self._gone = True
                clean = ended and wipe(self._scratch)
                if os.getpid() == 1:
                    clean = clean and _wipe_shared() and not _left_in_ipc()
                clean = clean and processes.may_use() == self._may_use  # the next child would have no more
                self._say(say="ended", clean=clean, peak=self._peak)

    def _fork(self, asked: dict[str, Any], descriptor: int) -> None:
        self._memory, self._processes = asked["memory"], asked["processes"]
        self._peak, self._reason = 0, ""
        os.mkdir(self._scratch / _NOTEBOOK)
        child = os.fork()
        if child == 0:
            self._become_child(descriptor)
        os.close(descriptor)
        self._child, self._gone = child, False
        self._say(say="forked")

    def _become_child(self, descriptor: int) -> NoReturn:
        leave = os._exit  # held here: a learner's code may put something else in its place
        try:
            shell, probe, child_main = self._run
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.setsid()
            os.chdir(self._scratch / _NOTEBOOK)
            nothing = os.open(os.devnull, os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(nothing, number)
            self._control.close()
            os.closerange(3, descriptor)
            os.closerange(descriptor + 1, max(descriptor + 2, os.sysconf("SC_OPEN_MAX")))
            prctl.set_dumpable(True)  # it may look at itself
            prctl.no_new_privileges()
            channel = socket.socket(fileno=descriptor)
            channel.set_inheritable(False)  # no program that is started gets it
            child_main(channel, shell, probe)
        finally:
            leave(0)

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                process, status = os.waitpid(-1, os.WNOHANG)
                if process == 0:
                    return
                if process == self._child and not self._gone:
                    self._gone = True
                    code = os.waitstatus_to_exitcode(status)
                    self._say(say="gone", code=code, reason=self._reason)

    def _look(self) -> None:
        """End a child that uses more than it may. Its limits hold for each of its processes, this for all together."""
        running, files = processes.others(), self._memory_of_files()
        if sum(max(0, processes.memory_of(one) - self._usual) for one in running) + files > self._memory:
            self._sample()
            if self._peak + files > self._memory:
                self._stop("memory")
        if len(running) > 2 * self._processes:
            self._stop("processes")

    def _memory_of_files(self) -> int:
        """What the kernel needs for the files that there are, however empty: inside the sandbox all of them lie in memory."""
        if os.getpid() != 1:
            return 0
        found = [os.statvfs(place) for place in (self._scratch, *_SHARED)]
        return _A_FILE * sum(max(0, one.f_files - one.f_ffree) for one in found)

    def _stop(self, reason: str) -> None:
        self._reason = reason
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._child, signal.SIGKILL)
        processes.end_all(self._child)
        if not self._gone:  # it was reaped with the others
            self._gone = True
            self._say(say="gone", code=-signal.SIGKILL, reason=reason)

    def _sample(self) -> None:
        """Note what the submission adds to the machine's use: of a child alone what is its own. Of several, pages that
        are still the zygote's are shared out among all who hold them, so the zygote's own part belongs in the sum.
        """
        running = processes.others()
        if running == [self._child]:
            self._peak = max(self._peak, processes.private_memory_of(self._child))
        elif running:
            together = sum(processes.precise_memory_of(one) for one in [os.getpid(), *running])
            self._peak = max(self._peak, together - self._alone)

    def _say(self, **words: Any) -> None:
        self._control.sendall(json.dumps(words).encode() + b"\n")


def wipe(directory: Path) -> bool:
    """Empty ``directory``; whether it is empty now.

    A directory's own directories are first moved up beside it: so no nesting is too deep, and no path too long. Rights
    that a learner has taken away are given back.
    """
    with contextlib.suppress(OSError):  # the mount itself is the system's
        os.chmod(directory, 0o700)
    try:
        numbers = itertools.count()
        while entries := list(os.scandir(directory)):
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.path)
                    continue
                os.chmod(entry.path, 0o700)
                for inner in os.scandir(entry.path):
                    if inner.is_dir(follow_symlinks=False):
                        os.chmod(inner.path, 0o700)
                        os.rename(inner.path, directory / f".wiped-{os.urandom(8).hex()}-{next(numbers)}")
                    else:
                        os.unlink(inner.path)
                os.rmdir(entry.path)
        return True
    except OSError:
        return False


def _wipe_shared() -> bool:
    return all([wipe(path) for path in _SHARED])  # noqa: C419 - each of them, whatever the others say


def _left_in_ipc() -> bool:
    """Whether System V memory, semaphores or queues outlive the child, for the next one to find."""
    for name in ("shm", "sem", "msg"):
        with contextlib.suppress(OSError):
            if len(Path("/proc/sysvipc", name).read_text().splitlines()) > 1:
                return True
    return False


def main(descriptor: int, scratch: Path, user: int, modules: Sequence[str] = ()) -> None:
    """Give up root for ``user`` if it is one, grow warm, with those of `wire.later.LATER` that are named, say so, and serve."""
    if user:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    # To its own namespace's first process the kernel delivers only what that process handles; Python handles this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=descriptor)
    control.set_inheritable(False)
    prctl.set_dumpable(False)
    prctl.adopt_orphans()
    shell, probe, child_main = grow_warm(modules)
    zygote = Zygote(control, scratch, shell, probe, child_main)
    prctl.set_dumpable(False)
    tasks = len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 1
    control.sendall(json.dumps({"say": "ready", "tasks": tasks}).encode() + b"\n")
    zygote.serve()
    processes.end_all(zygote._child)
    os._exit(
        0
    )  # nothing of it is left to be tidied up, and taking torch apart takes longer than the wait for it is worth


def grow_warm(modules: Sequence[str] = ()) -> tuple[Any, Any, Any]:
    """Import what all notebooks import, and of `wire.later.LATER` what is named. The shell comes first: matplotlib and the
    widgets ask for it when imported.
    """
    with undisturbed():
        from autograder.grading.inside import child, shell  # isort: skip

        ours = shell.make_shell()
        import anywidget
        import ipywidgets
        import matplotlib.pyplot
        import matplotlib_inline.backend_inline
        import PIL.Image
        import torch.overrides
        import torch.utils.data

        import course.data
        import course.network  # noqa: F401 - imported to be there

        torch.overrides.resolve_name(torch.relu)  # makes the table of names that a watched answer is looked up in
        PIL.Image.preinit()  # the formats of images, which are looked for at the first one
        matplotlib.font_manager.findfont("DejaVu Sans")  # reads the list of fonts once for all children
        del anywidget, ipywidgets, matplotlib_inline, torch
        import_later(modules)
        return ours, child.prober(), child.main


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
