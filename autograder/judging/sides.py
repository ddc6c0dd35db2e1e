"""The two sides of a difference: whole where one of them is opened into leaves and the other is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autograder.judging.compare import MISSING, Difference
from autograder.observing.codec import Raised
from autograder.observing.observe import Seen

__all__ = ["both_sides"]


def both_sides(path: str, one: Difference, seen: Seen, expected: Seen) -> tuple[str, Any, Any]:
    """Where the two differ, what came out there and what was expected there.

    >>> import torch
    >>> seen, expected = {"values": (torch.ones(1), 3)}, {"values": torch.ones(1)}
    >>> both_sides("values", Difference("form", expected["values"], MISSING), seen, expected)
    ('values', (tensor([1.]), 3), tensor([1.]))
    """
    if isinstance(seen, Raised) or isinstance(expected, Raised):
        return path, seen, one.expected
    parts = path.split("|")
    while parts:
        got, right = _at(seen, parts), _at(expected, parts)
        if got is not MISSING and right is not MISSING:
            return "|".join(parts), got, right
        above = _at(seen, parts[:-1]), _at(expected, parts[:-1])
        if all(isinstance(side, Mapping) for side in above):  # a name that only one of them has
            return "|".join(parts), got, right
        parts.pop()
    return path, one.got, one.expected


def _at(value: Any, parts: Sequence[str]) -> Any:
    """What stands at the end of a path; `MISSING` where there is nothing, and where a length would stand."""
    for part in parts:
        if isinstance(value, Mapping):
            value = next((item for key, item in value.items() if str(key) == part), MISSING)
        elif isinstance(value, tuple) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return MISSING
    return value
