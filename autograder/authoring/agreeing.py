"""Whether two reference files say the same, and of which exercises they do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from torch import Tensor

from autograder.judging.compare import difference, magnitude
from autograder.observing.codec import Projection, from_bytes
from autograder.observing.observe import Seen

__all__ = ["differing", "same_reference"]


def same_reference(one: bytes, other: bytes) -> bool:
    """Whether two reference files say the same: structure and text exactly, numbers as the judge compares them.

    The last bits of a float differ between processors, so files are not compared byte by byte.
    """
    return not differing(one, other)


def differing(one: bytes, other: bytes) -> list[str]:
    """The exercises of which two reference files do not say the same; their order counts, too."""
    if one == other:
        return []
    ours, theirs = from_bytes(one, small=True), from_bytes(other, small=True)
    both = [name for name in ours if name in theirs]
    apart = [name for name in (*ours, *theirs) if name not in both]
    apart += [name for name in both if not _same_entry(ours[name], theirs[name])]
    return apart or ([] if list(ours) == list(theirs) else list(ours))


def _same_entry(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    # Once they are of one structure, the entries can be read side by side.
    return _same(one, other, lambda *numbers: True) and _same_numbers(one, other)


def _same(one: Any, other: Any, close: Callable[[Any, Any], bool]) -> bool:
    if type(one) is not type(other):
        return False
    match one:
        case Mapping():
            return list(one) == list(other) and all(_same(one[key], other[key], close) for key in one)
        case tuple():
            return len(one) == len(other) and all(
                _same(mine, theirs, close) for mine, theirs in zip(one, other, strict=True)
            )
        case Tensor() | Projection() | float():
            return close(one, other)
    return bool(one == other)


def _same_numbers(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two entries of one structure hold the same numbers: inputs by their dtype, observations as they are judged."""
    sizes = [magnitude(case["inputs"], seen) for case, seen in zip(one["cases"], one["expected"], strict=True)]
    return _same(one["cases"], other["cases"], _close) and all(
        _same(mine, theirs, partial(_close, tolerance=one["tolerance"], size=sizes[index]))
        for (index, mine), (_, theirs) in zip(_observed(one), _observed(other), strict=True)
    )


def _close(one: Any, other: Any, tolerance: str = "", size: float = 0.0) -> bool:
    return difference(one, other, tolerance, size) is None


def _observed(entry: Mapping[str, Any]) -> Iterator[tuple[int, Seen]]:
    """All that an entry holds of observations, each with the index of its case."""
    yield from enumerate(entry["expected"])
    for known in entry["misconceptions"]:
        for variant in known["variants"]:
            yield from variant.items()
