"""Checks answers of *One CNN, Two Ways*. A notebook needs one name of it, `check`; `reset` and `solution` go with it.

They are loaded when they are first asked for: the command line should not have to wait for torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from autograder import addresses
from autograder.learner import cells

if TYPE_CHECKING:
    from autograder.learner.check import check as check
    from autograder.learner.desk import reset as reset
    from autograder.learner.desk import solution as solution
    from autograder.learner.handin import handin as handin
    from autograder.learner.progress import progress as progress

__all__ = ["check", "handin", "progress", "reset", "solution"]

_HOMES = {"check": "check", "handin": "handin", "progress": "progress", "reset": "desk", "solution": "desk"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"autograder.learner.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


addresses.keep_working()
cells.listen()
