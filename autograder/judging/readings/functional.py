"""Chapter 04: what the numbers say that `init_params` has drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from autograder.judging.compare import difference, leaves
from autograder.observing.case import Case

__all__ = ["READINGS"]

_FEWEST = 100  # numbers that say something of how they spread


def init_params(seen: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """How the numbers spread within the case's bounds, and whose they are, in words."""
    if "generator" in seen:
        draws = seen["generator"]
        return {
            "generator": {
                "same seed": "same numbers" if _same(draws["first"], draws["again"]) else "other numbers",
                "other seed": "same numbers" if _same(draws["first"], draws["other"]) else "other numbers",
            }
        }
    bounds = case.inputs["bounds"]
    return {**seen, "values": {name: _spread(seen["values"].get(name), bounds[name]) for name in bounds}}


def _spread(drawn: Any, bound: float) -> str:
    """How the numbers of all draws lie in ``±bound``; uneven by Kolmogorov and Smirnov's distance."""
    if not isinstance(drawn, Mapping):
        return "no tensor"
    if float(drawn["largest"]) > bound * (1 + 1e-6):
        return "beyond its bound"
    numbers = torch.cat(list(drawn["numbers"])).double().sort().values
    if len(numbers) < _FEWEST:
        return "too few numbers"
    even = (numbers / bound + 1) / 2
    steps = torch.arange(1, len(even) + 1) / len(even)
    distance = float((even - steps).abs().max())
    # An even draw of n numbers lies further off than this once in a million times.
    return "evenly within its bound" if distance < (14.5 / (2 * len(even))) ** 0.5 else "unevenly"


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    mine, others = leaves(one), leaves(other)
    return set(mine) == set(others) and all(difference(mine[path], others[path], "exact") is None for path in mine)


READINGS = (init_params,)
