"""What a score rests on, in hashes and words small enough to be kept beside it: so that a changed one can say why."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from autograder.grading.slots.store import code, versions
from autograder.grading.submissions.prepare import Assignment, Prepared
from autograder.grading.submissions.state import State
from autograder.grading.walls.staging import home_of, sources

__all__ = ["basis_of", "is_same_work", "reasons", "work_of"]

# With what runs beside an answer (`autograder.grading.slots.store.code`), all that decides what a check gives.
_JUDGES = ("judging", "learner", "grading/submissions", "grading/slots")  # of learner the names that a cell binds


def basis_of(task: Assignment) -> dict[str, Any]:
    """What every score of ``task`` rests on: references, the check's code, the check cells, points, limits, versions."""
    return {
        "reference": {name: _digest(task.cases[name] + one.decisive) for name, one in task.references.items()},
        "code": _code(),
        "cells": {name: _digest(one.source.encode()) for name, one in task.source.cells.items() if one.locked},
        "points": dict(task.source.points),
        "files": {name: _digest(content) for name, content in task.files.items()},
        "limits": asdict(task.limits),
        "versions": versions(),
    }


def work_of(task: Assignment, ready: Prepared) -> str:
    """The hash of what the learner wrote: their cells and files, and nothing that comes from the source.

    Where it was chosen among several hand-ins, of all of them.
    """
    if ready.works:
        return ready.works
    locked = {name for name, one in task.source.cells.items() if one.locked}
    own = [
        (cell.cell_type, cell.source)
        for cell in ready.notebook.cells
        if (cell.metadata.get("nbgrader") or {}).get("grade_id") not in locked
    ]
    files = {name: _digest(content) for name, content in ready.files.items() if name not in task.files}
    read = [] if ready.state is State.GRADED else [ready.state.value]
    return _digest(json.dumps([own, files, read], sort_keys=True).encode("utf-8", "surrogatepass"))


def is_same_work(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether one basis and another are of the same work.

    Where the class has another rule of which hand-in counts, the ``latest`` tells: of one rule ``work`` is all hand-ins, of the
    other the latest alone.
    """
    if before.get("counts", after.get("counts")) != after.get("counts"):
        return bool(before.get("latest") == after.get("latest"))
    return bool(before.get("work") == after.get("work"))


def reasons(before: Mapping[str, Any], after: Mapping[str, Any], cells: Mapping[str, str]) -> tuple[str, ...]:
    """What has changed from one basis to another, in words; of references and check cells those that ``cells`` names.

    ``cells`` are the cells whose score has changed, with the exercise of each.

    >>> reasons({"limits": {"cell_seconds": 30}}, {"limits": {"cell_seconds": 10}}, {})
    ('the limit cell_seconds (30, now 10)',)
    >>> reasons({"reference": {"relu": "a"}}, {"reference": {"relu": "b"}}, {"check_relu": "relu"})
    ('the reference of relu',)
    """
    said = [f"the reference of {name}" for name in _changed(before, after, "reference") if name in cells.values()]
    said += [f"the cell {name}" for name in _changed(before, after, "cells") if name in cells]
    said += ["the code of the checks"] if before.get("code") != after.get("code") else []
    for kind, words in (("points", "the points of {}"), ("limits", "the limit {}"), ("versions", "the version of {}")):
        for name in _changed(before, after, kind):
            was, now = ((one.get(kind) or {}).get(name, "none") for one in (before, after))
            said.append(f"{words.format(name)} ({_plain(was)}, now {_plain(now)})")
    said += [f"the source's file {name}" for name in _changed(before, after, "files")]
    return tuple(said)


def _changed(before: Mapping[str, Any], after: Mapping[str, Any], kind: str) -> list[str]:
    was, now = before.get(kind) or {}, after.get(kind) or {}
    return [name for name in sorted({*was, *now}) if was.get(name) != now.get(name)]


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


@cache
def _code() -> str:
    home = home_of("autograder")
    whole = hashlib.sha256(code().encode())
    for path in sources(_JUDGES):
        whole.update(f"{path.relative_to(home).as_posix()}\n".encode() + path.read_bytes())
    return whole.hexdigest()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
