"""What was seen of each submission, kept under the hash of all that decided it, so that nothing is run twice."""

from __future__ import annotations

import contextlib
import hashlib
import json
import platform
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

from autograder.files import UNFINISHED, write_whole
from autograder.grading.slots.job import Job, Outcome
from autograder.grading.walls.staging import home_of, sources
from autograder.observing.codec import CodecError
from autograder.sides import BESIDE, SEEN_THROUGH

__all__ = ["Store", "code", "key_of", "versions"]


def key_of(job: Job) -> str:
    """SHA-256 over all that decides what is seen of ``job``: its cells, cases, files and limits, our code beside it, versions.

    What is expected has no part in it, so that a changed reference judges anew what was seen, and runs nothing.

    >>> from autograder.grading.slots.job import Cell
    >>> one, other = Job("views", (Cell(0, "x = 1"),), {}), Job("views", (Cell(0, "x = 2"),), {})
    >>> key_of(one) == key_of(one), key_of(one) == key_of(other)
    (True, False)
    """
    decides = {
        "topic": job.topic,
        "cells": [asdict(cell) for cell in job.cells],
        "cases": {name: _digest(cases) for name, cases in job.cases.items()},
        "files": {name: _digest(content) for name, content in job.files.items()},
        "limits": asdict(job.limits),
        "versions": versions(),
        "code": code(),
    }
    return _digest(json.dumps(decides, sort_keys=True).encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@cache
def code() -> str:
    """The hash of all code that runs beside the learner's and decides what is seen: the course, and `BESIDE`."""
    whole = hashlib.sha256()
    for package, paths in (("course", _course()), ("autograder", sources(BESIDE))):
        home = home_of(package)
        for path in paths:
            whole.update(f"{package}/{path.relative_to(home).as_posix()}\n".encode())
            whole.update(path.read_bytes())
    return whole.hexdigest()


def _course() -> Iterator[Path]:
    """What a notebook imports of the course: its scripts and pictures, too, and not its lessons."""
    home = home_of("course")
    paths = (path for path in sorted(home.rglob("*")) if path.suffix in (".py", ".js"))
    return (path for path in paths if "lessons" not in path.relative_to(home).parts)


@cache
def versions() -> dict[str, str]:
    """Of all that is not ours and changes what is seen or shown."""
    return {"python": platform.python_version(), **{name: version(name) for name in SEEN_THROUGH}}


class Store:
    """Outcomes below a folder, each in a file named after its key. Any number of processes may use it at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> Outcome | None:
        """What is kept under ``key``, or ``None``: an entry that is torn or damaged is as if not there."""
        mark, body = _read(self._path(key))
        with contextlib.suppress(CodecError, KeyError, TypeError, ValueError):
            return None if body is None else replace(Outcome.from_bytes(body, later=True), mark=mark)
        return None

    def put(self, key: str, outcome: Outcome) -> Outcome:
        """Keep ``outcome`` under ``key``: whole or not at all, and still there after a crash. Itself, with its mark."""
        return replace(outcome, mark=_write(self._path(key), outcome.to_bytes()))

    def get_judged(self, key: str) -> bytes | None:
        """What was noted of how the outcome under ``key`` was judged; ``None`` where nothing sound is."""
        return _read(self._path(key, "judged"))[1]

    def put_judged(self, key: str, noted: bytes) -> None:
        """Note how the outcome under ``key`` was judged, in the place of what was noted before."""
        _write(self._path(key, "judged"), noted, lasting=False)  # a torn one is as if not there

    def sweep(self) -> None:
        """Remove what writers left that were killed: no living one takes an hour for a file."""
        for path in self.folder.parent.rglob(f"*{UNFINISHED}"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < time.time() - 3600:
                    path.unlink()

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None

    def __iter__(self) -> Iterator[str]:
        return (path.stem for path in sorted(self.folder.glob("??/*.outcome")))

    def _path(self, key: str, ending: str = "outcome") -> Path:
        return self.folder / key[:2] / f"{key}.{ending}"


def _read(path: Path) -> tuple[str, bytes | None]:
    """The digest of what `_write` wrote, and that; ``None`` in its place where nothing sound is there."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return "", None
    body = content[64:]
    digest = _digest(body)
    return digest, body if content[:64] == digest.encode() else None


def _write(path: Path, body: bytes, *, lasting: bool = True) -> str:
    digest = _digest(body)
    write_whole(path, digest.encode() + body, lasting=lasting)
    return digest
