"""The sandbox: bubblewrap's command line, and what the zygote is told inside it."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from autograder.grading.walls.limits import Limits
from autograder.grading.walls.staging import home_of

__all__ = ["NoSandbox", "command", "environment", "plain_command", "require"]

HOME = "/home/learner"
PACKAGES = "/packages"
_ELSEWHERE = "/elsewhere"
_PYTHON = "/python"  # where the course's virtual environment is seen: its own path names the instructor's folders

# Of the system: programs and libraries, and the few files that tell them where things are.
_SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/nix/store")
_ETC = ("ld.so.cache", "alternatives", "fonts", "localtime", "mime.types", "ssl/certs")

# With more than one thread a fork of the zygote could hang: see the course's notes on torch.
ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "LANG": "C.UTF-8",
    "NBGRADER_EXECUTION": "autograde",  # as stock nbgrader tells cells that go by it
}


class NoSandbox(RuntimeError):
    """Submissions cannot be run apart from the instructor's files."""


def require() -> str:
    """The path of bubblewrap.

    Raises `NoSandbox` saying what to install, or what the system does not allow.
    """
    found = shutil.which("bwrap")
    if found is None:
        raise NoSandbox(
            "submissions are strangers' code, and the sandbox for them is missing: install the package bubblewrap "
            "(Debian and Ubuntu: sudo apt-get install bubblewrap). If you trust this class's submissions, grade with "
            "--trust-submissions."
        )
    problem = _problem(found)
    if problem:
        raise NoSandbox(
            f"bubblewrap is installed but this system does not let it make a sandbox: {problem} In a container, allow "
            "user namespaces. If you trust this class's submissions, grade with --trust-submissions."
        )
    return found


@cache
def _problem(bwrap: str) -> str:
    test = [bwrap, *_namespaces(), "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "/bin/sh", "-c", "exit 0"]
    tried = subprocess.run(test, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    return "" if tried.returncode == 0 else tried.stderr.strip() or f"it ended with {tried.returncode}."


def command(packages: Path, descriptor: int, limits: Limits, seccomp: int | None = None) -> list[str]:
    """Bubblewrap's command line for a zygote that talks on ``descriptor`` and imports the course from ``packages``.

    ``seccomp`` is a descriptor from which bubblewrap reads the filter of system calls.

    Raises `NoSandbox`.
    """
    bwrap = require()
    roots = _interpreter()
    size = ["--size", str(limits.file_size)] if _knows_size(bwrap) else []
    return [
        bwrap,
        *_namespaces(),
        *_system(),
        *_bind(roots),
        *_masks(roots),
        *_bind([packages], PACKAGES),
        *("--proc", "/proc", "--dev", "/dev"),
        *_writable(HOME, [] if not size else ["--size", str(4 * limits.file_size)]),
        *_writable("/tmp", size),
        *_writable("/dev/shm", size),
        *("--remount-ro", "/dev", "--remount-ro", "/"),
        "--clearenv",
        *(word for name, value in environment().items() for word in ("--setenv", name, value)),
        *(("--seccomp", str(seccomp)) if seccomp is not None else ()),
        *("--chdir", HOME, "--"),
        *_zygote(_seen(sys.executable), descriptor, HOME, _nobody()),
    ]


def plain_command(descriptor: int, scratch: Path) -> list[str]:
    """The same zygote without a sandbox, for submissions that are trusted."""
    return _zygote(sys.executable, descriptor, str(scratch), 0)


def environment() -> dict[str, str]:
    """The whole environment inside."""
    own = (sys.prefix, sys.base_prefix)  # whose packages Python finds by itself
    found = [one for one in _site_packages() if not any(Path(one).is_relative_to(prefix) for prefix in own)]
    return ENVIRONMENT | {
        "HOME": HOME,
        "USER": "learner",
        "LOGNAME": "learner",
        "TMPDIR": "/tmp",
        "PATH": os.pathsep.join([f"{_seen(sys.prefix)}/bin", "/usr/local/bin", "/usr/bin", "/bin"]),
        "PYTHONPATH": os.pathsep.join([PACKAGES, *map(_seen, found)]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _namespaces() -> list[str]:
    """All namespaces, and no rights.

    Root needs no user namespace, and takes none: in one it would stay root outside, whom no limit on the number of
    processes holds. It keeps two rights just long enough for the zygote to become nobody.
    """
    apart = ["--as-pid-1", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    if not _is_root():
        return ["--unshare-all", *apart]
    spaces = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    return [*spaces, *apart, "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]


def _is_root() -> bool:
    return os.getuid() == 0


def _nobody() -> int:
    """For root: a user that no other sandbox has, so that limits by user do not add up. 0: stay who you are."""
    return 0x60000000 + secrets.randbelow(1 << 28) if _is_root() else 0


def _system() -> Iterator[str]:
    for name in _SYSTEM:
        path = Path(name)
        if path.is_symlink():
            yield from ("--symlink", os.readlink(path), name)
        elif path.is_dir():
            yield from _bind([path])
    yield from ("--perms", "0755", "--dir", "/etc")
    for name in _ETC:
        if (path := Path("/etc", name)).exists():
            yield from _bind([path])


def _interpreter() -> list[Path]:
    """The directories that this Python and its packages live in, the system's own left out."""
    places: list[str | Path] = [sys.prefix, sys.base_prefix, Path(sys.executable).resolve().parent.parent]
    places += _site_packages()
    found: list[Path] = []
    for place in sorted({Path(one).resolve() for one in places} | {Path(sys.prefix)}):
        if place.is_dir() and not any(place.is_relative_to(one) for one in [*found, *map(Path, _SYSTEM)]):
            found.append(place)
    return found


def _site_packages() -> list[str]:
    return [one for one in sys.path if Path(one).name in ("site-packages", "dist-packages")]


def _masks(roots: Sequence[Path]) -> Iterator[str]:
    """Empty directories over the installed packages that know the answers: only the staged copies are seen."""
    for package in ("course", "autograder"):
        home = home_of(package).resolve()
        if any(home.is_relative_to(root) for root in [*roots, *map(Path, _SYSTEM)]):
            yield from ("--tmpfs", _seen(home), "--remount-ro", _seen(home))


def _bind(paths: Sequence[Path], target: str = "") -> Iterator[str]:
    for path in paths:
        place = Path(target or _seen(path))
        for parent in reversed(place.parents[:-1]):  # bubblewrap would make them for root's eyes only
            yield from ("--perms", "0755", "--dir", str(parent))
        yield from ("--ro-bind", str(path), str(place))


def _seen(path: str | Path) -> str:
    """Where ``path`` is found inside.

    A virtual environment has a place of its own there. What lies in a place that is empty inside (a course below /tmp) is
    put elsewhere.
    """
    path = os.path.normpath(path)  # Python is called by whatever path somebody typed: ../../.venv/bin/python
    if sys.prefix != sys.base_prefix:
        for prefix in (Path(sys.prefix), Path(sys.prefix).resolve()):
            if Path(path).is_relative_to(prefix):
                return str(_PYTHON / Path(path).relative_to(prefix))
    empty = any(Path(path).is_relative_to(one) for one in ("/tmp", "/dev/shm", HOME))
    return f"{_ELSEWHERE}{path}" if empty else str(path)


def _writable(place: str, size: Sequence[str]) -> Iterator[str]:
    if place.count("/") > 1 and not place.startswith("/dev"):
        yield from ("--perms", "0755", "--dir", str(Path(place).parent))
    yield from (*size, "--perms", "1777", "--tmpfs", place)


@cache
def _knows_size(bwrap: str) -> bool:
    said = subprocess.run([bwrap, "--help"], capture_output=True, text=True, timeout=60)
    return "--size" in said.stdout + said.stderr


def _zygote(python: str, descriptor: int, scratch: str, user: int) -> list[str]:
    return [python, "-m", "autograder.grading.inside.zygote", str(descriptor), scratch, str(user)]
