"""A learner's own answers: the cell that was run last, and those that were kept when a cell was put back."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autograder.files import read_file, write_whole
from autograder.learner import kernel
from autograder.learner.names import bound_by, python_of

__all__ = ["keep", "kept", "last_run", "running", "without_calls"]

_MOST = 20  # answers that are kept of an exercise; the oldest go
# Lines that ask for something, and are no part of an answer.
_CALLS = re.compile(
    r"^[ \t]*(?:from[ \t]+autograder[ \t]+import[ \t]+[\w, \t]+;?[ \t]*)?(?:autograder\.)?(?:reset|solution|check)\([^\n]*\)"
    r"[ \t]*;?[ \t]*(?:#[^\n]*)?(?:\n|\Z)",
    re.MULTILINE,
)


def without_calls(source: str) -> str:
    """A cell without the lines that only call ``reset``, ``solution`` or ``check``.

    >>> without_calls('def relu(x):\\n    return x\\n\\nfrom autograder import reset; reset("relu")')
    'def relu(x):\\n    return x'
    """
    return _CALLS.sub("", source).rstrip()


def running(names: Iterable[str]) -> str | None:
    """The cell that is being run, where it is one that defines any of ``names``."""
    cells = _run()
    return cells[-1] if cells and _binds(cells[-1], frozenset(names)) else None


def last_run(names: Iterable[str]) -> str | None:
    """The last cell that was run and defines any of ``names``; ``None`` where nobody remembers one, as in a plain Python."""
    wanted = frozenset(names)
    return next((without_calls(cell) for cell in reversed(_run()) if _binds(cell, wanted)), None)


def _run() -> list[str]:
    history = getattr(kernel.shell(), "history_manager", None)
    return list(getattr(history, "input_hist_raw", ()))


def _binds(cell: str, names: frozenset[str]) -> bool:
    return bool(names & bound_by(python_of(cell)))


def kept(folder: Path, exercise: str) -> list[str]:
    """The answers to ``exercise`` that were kept in ``folder``, the newest last."""
    try:
        found: Any = json.loads(read_file(_path(folder, exercise)))
        return [one for one in found["answers"] if isinstance(one, str)]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []


def keep(folder: Path, exercise: str, answer: str) -> bool:
    """Keep ``answer``, and say whether that could be done. One that is kept already becomes the newest."""
    before = kept(folder, exercise)
    if before[-1:] == [answer]:
        return True
    answers = [*(one for one in before if one != answer), answer][-_MOST:]
    with contextlib.suppress(OSError):
        if not before:
            _put_aside(_path(folder, exercise))
        write_whole(_path(folder, exercise), json.dumps({"answers": answers}, indent=1).encode())
        return True
    return False


def _put_aside(damaged: Path) -> None:
    """Leave a file in which nobody can read an answer beside the new one: a person may."""
    if damaged.is_file():
        names = (damaged.with_name(f"{damaged.stem}.damaged-{number}") for number in itertools.count(1))
        damaged.rename(next(name for name in names if not name.exists()))


def _path(folder: Path, exercise: str) -> Path:
    return folder / "answers" / f"{exercise}.json"
