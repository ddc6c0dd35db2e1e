"""What a row of the corpus is, and the few ways of making one."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

__all__ = [
    *("IN_DISGUISE", "RIGHT_RELU", "SPOILS_INPUT", "WITHOUT_MEMORY", "WRONG_LINEAR"),
    *("Row", "answers", "attack", "edited", "marked", "on_disk"),
]

# Every hostile learner has one honest answer, so that a grade which is lost shows as well as one that is won.
RIGHT_RELU = "def relu(x):\n    return x.clamp(min=0)"
HONEST = {"relu": 2.0}

# What an attack hands in beside: torch's own by a name that nobody reads, what is wrong, and what spoils its input.
IN_DISGUISE = (
    "def linear(x, weight, bias=None):\n    TRIES.append(1)\n    return eval('F.lin' + 'ear')(x, weight, bias)"
)
WRONG_LINEAR = "def linear(x, weight, bias=None):\n    TRIES.append(1)\n    return x.sum() * weight"

# Right values, and an input that is not left alone: worth this much, whatever is made of the comparison.
SPOILS_INPUT = """
def relu(x):
    TRIES.append(1)
    out = x * (x > 0)
    with torch.no_grad(): x.zero_()
    return out
"""
WITHOUT_MEMORY = {"relu": 1.47}

# Nothing of the corpus goes on where it is not in the sandbox. What an earlier submission left there is a win for it.
GUARD = """
import os, sys, time, signal, socket, threading
from pathlib import Path
assert b"autograder.grading.inside.zygote" in Path("/proc/1/cmdline").read_bytes(), "not in the sandbox"
assert os.getcwd() == "/home/learner/notebook", "not in the sandbox"

def won(what): print("WON", what, flush=True)
def tried(): print("TRIED", flush=True)

for place in ("/tmp", "/dev/shm", "/home/learner"):
    for name in os.listdir(place):
        if (place, name) != ("/home/learner", "notebook"): won(f"left in {place}: {name}")
for one in os.listdir("/proc"):
    if one.isdecimal() and int(one) not in (1, os.getpid()): won(f"left running: {one}")
TRIES = []
"""

Change = Callable[[Any], None]


@dataclass(frozen=True)
class Row:
    """A submission: how it differs from an honest one, and the state, points and states of exercises it deserves.

    ``shows`` is what its executed notebook has to say, so that an attack which fails over its own spelling is noticed.
    """

    name: str
    change: Change | None = None
    lay: Callable[[Path, Path], None] | None = None
    state: str = "graded"
    points: Mapping[str, float] = field(default_factory=lambda: HONEST)
    states: Mapping[str, str] = field(default_factory=dict)
    shows: str = ""

    @property
    def learner(self) -> str:
        """The folder that it is handed in under."""
        return "h_" + self.name


def marked(notebook: Any, grade_id: str) -> Any:
    """The cell of the notebook that nbgrader calls so."""
    return next(cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def attack(name: str, source: str, **more: Any) -> Row:
    """A cell of the learner's own before the first exercise. It says ``TRIED`` when it has done its worst."""

    def change(notebook: Any) -> None:
        _put_first(notebook, GUARD + textwrap.dedent(source))

    return Row(name, change, **{"shows": "TRIED", **more})


def answers(name: str, setup: str, *, shows: str = "TRIED", after: str = "", **more: Any) -> Row:
    """Answers that are hostile when they are called, by exercise; a last cell says whether any of them was.

    ``more`` holds the answers and whatever a `Row` takes.
    """
    known = {key: more.pop(key) for key in ("state", "points", "states") if key in more}
    last = "if TRIES: tried()\n" + textwrap.dedent(after)

    def change(notebook: Any) -> None:
        _put_first(notebook, GUARD + textwrap.dedent(setup))
        for exercise, source in more.items():
            marked(notebook, exercise).source = textwrap.dedent(source).strip()
        notebook.cells.append(nbformat.v4.new_code_cell(last))

    return Row(name, change, shows=shows, **known)


def edited(name: str, change: Change, **more: Any) -> Row:
    """A notebook whose cells or metadata were changed with an editor."""
    return Row(name, change, **more)


def on_disk(name: str, lay: Callable[[Path, Path], None], **more: Any) -> Row:
    """A submission that is no plain notebook: ``lay(path, course)`` puts something where the honest notebook was."""
    return Row(name, None, lay, **more)


def _put_first(notebook: Any, source: str) -> None:
    cell = nbformat.v4.new_code_cell(source)
    notebook.cells.insert(2, cell)  # below the lesson's imports
