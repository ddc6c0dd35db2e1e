"""What was seen of each submission, kept under the hash of all that decided it, so that nothing is run twice."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path

import torch

import autograder
import course
from autograder.codec import CodecError
from autograder.files import UNFINISHED, write_whole
from autograder.grading.job import Job, Outcome

__all__ = ["Store", "key_of"]

# Where what runs beside the learner's code lives: a change there may change what is seen.
_JUDGES_OWN = {
    "build.py",
    "checking.py",
    "demo.py",
    "sample_class.py",
    "judge.py",
    "compare.py",
    "verdict.py",
    "panel.py",
    "show.py",
}
_CONTROLLERS_OWN = {
    *(
        "ahead.py",
        "classroom.py",
        "engine.py",
        "execute.py",
        "executed.py",
        "export.py",
        "exporter.py",
        "grade.py",
        "operators.py",
    ),
    *("pool.py", "prepare.py", "read.py", "record.py", "repair.py", "state.py", "store.py", "torch_names.py"),
    *("verdicts.py", "write.py"),
}


def key_of(job: Job) -> str:
    """SHA-256 over all that decides what is seen of ``job``: its cells, cases, files and limits, our code, torch's version.

    What is expected has no part in it, so that a changed reference judges anew what was seen, and runs nothing.

    >>> from autograder.grading.job import Cell
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
        "torch": str(torch.__version__),
        "code": _code(),
    }
    return _digest(json.dumps(decides, sort_keys=True).encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@cache
def _code() -> str:
    """The hash of the course's and the autograder's code as it runs beside the learner's."""
    whole = hashlib.sha256()
    for package in (course, autograder):
        here = Path(str(package.__file__)).parent
        for path in sorted(here.rglob("*.py")):
            folder, *inner = path.relative_to(here).parts
            elsewhere = folder in ("lessons", "oracles", "report") or path.name in _JUDGES_OWN
            if elsewhere or (folder == "grading" and inner and inner[0] in _CONTROLLERS_OWN):
                continue
            whole.update(f"{package.__name__}/{path.relative_to(here).as_posix()}\n".encode())
            whole.update(path.read_bytes())
    return whole.hexdigest()


class Store:
    """Outcomes below a folder, each in a file named after its key. Any number of processes may use it at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> Outcome | None:
        """What is kept under ``key``, or ``None``: an entry that is torn or damaged is as if not there."""
        try:
            content = self._path(key).read_bytes()
        except FileNotFoundError:
            return None
        digest, body = content[:64], content[64:]
        if digest != _digest(body).encode():
            return None
        with contextlib.suppress(CodecError, KeyError, TypeError, ValueError):
            return Outcome.from_bytes(body)
        return None

    def put(self, key: str, outcome: Outcome) -> None:
        """Keep ``outcome`` under ``key``: whole or not at all, and still there after a crash."""
        body = outcome.to_bytes()
        write_whole(self._path(key), _digest(body).encode() + body)

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

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.outcome"
