"""Chapter 04: what the numbers say that `init_params` has drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.judging.compare import difference, leaves
from autograder.judging.spread import spread
from autograder.observing.case import Case

__all__ = ["READINGS"]


def init_params(seen: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """How the numbers spread within the case's bounds, and whose they are, in words."""
    if not isinstance(seen.get("generator", seen.get("values")), Mapping):
        return dict(seen)  # no dict came back, and so no numbers
    if "generator" in seen:
        draws = seen["generator"]
        return {
            **seen,
            "generator": {
                "same seed": "same numbers" if _same(draws["first"], draws["again"]) else "other numbers",
                "other seed": "same numbers" if _same(draws["first"], draws["other"]) else "other numbers",
                "numbers taken": draws["taken"],
            },
        }
    bounds = case.inputs["bounds"]
    return {**seen, "values": {name: spread(seen["values"].get(name), bounds[name]) for name in bounds}}


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    mine, others = leaves(one), leaves(other)
    return set(mine) == set(others) and all(difference(mine[path], others[path], "exact") is None for path in mine)


READINGS = (init_params,)
