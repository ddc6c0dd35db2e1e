"""Checks answers of *One CNN, Two Ways*. A notebook needs one name of it: `check`.

It is loaded when it is first asked for: the command line should not have to wait for torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograder import addresses
from autograder.learner import cells

if TYPE_CHECKING:
    from autograder.learner.check import check as check

__all__ = ["check"]


def __getattr__(name: str) -> Any:
    if name != "check":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from autograder.learner.check import check

    globals()["check"] = check
    return check


addresses.keep_working()
cells.listen()
