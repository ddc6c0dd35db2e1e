"""A wrong start that modules of several chapters have in common."""

from __future__ import annotations

from typing import Any

from autograder.authoring.oracles import Misconception

__all__ = ["begins_in_eval"]


def begins_in_eval(answer: Any) -> Misconception:
    """The misconception of an ``answer`` whose module begins in eval mode.

    >>> begins_in_eval(lambda p: ...).name
    'begins in eval mode'
    """
    return Misconception(
        "begins in eval mode",
        answer,
        says="A new module is in training mode: training is True until somebody calls eval().",
    )
