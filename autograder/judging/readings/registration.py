"""Chapter 06: what the numbers say with which `my_linear` and `my_conv2d` start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.judging.spread import EVENLY, repetition, spread
from autograder.observing.case import Case

__all__ = ["READINGS"]


def my_linear(seen: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """Within which of the case's bounds the first numbers of many layers lie evenly, and whether they come again."""
    drawn = seen.get("start")
    if not isinstance(drawn, Mapping):
        return dict(seen)
    said = {name: _within(one, case.inputs["bounds"]) for name, one in drawn.items()}
    return {**seen, "start": {**said, "the numbers": repetition(list(drawn.values()))}}


def my_conv2d(seen: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """The same."""
    return my_linear(seen, case)


def _within(drawn: Any, bounds: Mapping[str, float]) -> str:
    """The name of the bound within which the numbers lie evenly; of the first bound what `spread` says, where none fits."""
    words = {name: spread(drawn, bound) for name, bound in bounds.items()}
    fitting = [name for name, said in words.items() if said == EVENLY]
    return f"evenly within {fitting[0]}" if fitting else next(iter(words.values()))


READINGS = (my_linear, my_conv2d)
