"""Are two observations the same? Shape and dtype strictly, values within one named tolerance."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from autograder.observing.codec import Drawn, Other, Projection, Uniform
from autograder.observing.project import project

__all__ = [
    "MISSING",
    "ROUNDING",
    "TOLERANCES",
    "Difference",
    "aspect_of",
    "difference",
    "disturbances",
    "leaves",
    "magnitude",
]

MISSING = Other("nothing")

# The largest difference that is still rounding, relative to the largest expected number. By hand and by torch agree
# to 3e-15 in float64 and 1e-6 in float32; sums over TinyCNN's 16,384 features need a little more room.
# "statistical" is for answers that are drawn at random: 0.25 is what a few hundred draws from the right distribution
# exceed less than once in a million times.
TOLERANCES: Mapping[str, float] = {
    "float64": 1e-9,
    "float32": 1e-4,
    "float16": 1e-2,
    "bfloat16": 5e-2,
    "statistical": 0.25,
    "exact": 0.0,
}

# What may be left of a number that is zero in exact arithmetic (a gradient behind a softmax's sum, the gradient of a bias
# before batch norm), relative to the numbers that were summed. It is another one on every processor, so all that it says
# is "zero". A sum over 32 images and 1,024 pixels leaves 11 epsilon in float32, 6 in float64. Half precision
# is summed in float32 and leaves less than one epsilon.
ROUNDING: Mapping[str, float] = {
    "float64": 64 * torch.finfo(torch.float64).eps,
    "float32": 64 * torch.finfo(torch.float32).eps,
    "float16": torch.finfo(torch.float16).eps,
    "bfloat16": torch.finfo(torch.bfloat16).eps,
}

# Of a number that is not zero the last digits are rounding too: so much of its epsilon times what was summed.
_LAST_DIGITS = 2 / 64


@dataclass(frozen=True)
class Difference:
    """How two leaves differ: ``kind`` is ``"form"`` (another type, size or dtype) or ``"values"``."""

    kind: str
    expected: Any
    got: Any


def disturbances(found: Iterable[Mapping[str, Difference]]) -> Iterator[tuple[str, str]]:
    """The path of all that was not left alone in the cases in which an answer differs, with each of its changes.

    >>> list(disturbances([{"memory|x": Difference("left alone", "left alone", ("its numbers",))}]))
    [('memory|x', 'its numbers')]
    """
    for one in found:
        for path, what in one.items():
            if what.kind == "left alone" and isinstance(what.got, tuple):
                yield from ((path, str(change)) for change in what.got)


_OPENED = (Tensor, Projection, Mapping)


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """The leaves of nested observations by path: dicts and sequences of tensors are opened, all else is a leaf.

    >>> leaves({"values": 3, "state": {"conv.weight": (2, 3)}})
    {'values': 3, 'state|conv.weight': (2, 3)}
    """
    found: dict[str, Any] = {}
    _collect(value, path, found)
    return found


def _collect(value: Any, path: str, found: dict[str, Any]) -> None:
    match value:
        case Mapping() if value:
            for key, item in value.items():
                _collect(item, f"{path}|{key}" if path else str(key), found)
        case tuple() if any(isinstance(item, _OPENED) for item in value):
            _collect({"length": len(value)} | {str(index): item for index, item in enumerate(value)}, path, found)
        case _:
            found[path] = value


def aspect_of(path: str) -> str:
    """The aspect that a leaf of observations belongs to.

    >>> aspect_of("state|conv.weight")
    'state'
    """
    return path.partition("|")[0]


def magnitude(*parts: Any) -> float:
    """The largest finite number in ``parts``, a case's inputs and what is expected in it: as large as what is summed there.

    Of an answer nothing is taken: it has no say in how it is measured. Whole numbers are sizes and seeds, and do not
    count. Of a large tensor seen through projections it is about what one element is.

    >>> magnitude({"x": torch.tensor([1.0, -3.0]), "stride": 100}, {"values": (0.5, torch.inf)})
    3.0
    """
    return max(map(_largest_in, parts), default=0.0)


def _largest_in(value: Any) -> float:
    match value:
        case Tensor() if value.is_floating_point():
            return _largest(value[torch.isfinite(value)].double())
        case Projection():
            return magnitude(value.values) / _of_a_sum(value)
        case Uniform() if value.dtype.is_floating_point:
            return abs(value.bound)
        case Drawn():
            return _largest_in(value.tensor())
        case float() if math.isfinite(value):
            return abs(value)
        case Mapping():
            return magnitude(*value.values())
        case tuple() | list():
            return magnitude(*value)
    return 0.0


def _of_a_sum(one: Projection) -> float:
    """What a sum of that many elements, each with a random sign, is to one of them."""
    return math.sqrt(max(1, math.prod(one.size)))


def difference(expected: Any, got: Any, tolerance: str = "", size: float = 0.0) -> Difference | None:
    """``None`` where ``got`` is what was ``expected``, else how it differs.

    ``tolerance`` names one of `TOLERANCES`; without it the dtype's own is used. ``size`` is the `magnitude` of the case:
    numbers that are all no more than its `ROUNDING` are zero, and so is a difference in the last digits of what was summed.

    >>> difference(torch.ones(2), torch.ones(2) + 1e-7) is None
    True
    >>> difference(torch.tensor(3e-8), torch.tensor(-5e-8), size=1.0) is None
    True
    >>> difference(3, 3.0).kind
    'form'
    """
    match expected, got:
        case Tensor(), Tensor():
            if expected.shape != got.shape or expected.dtype != got.dtype:
                return Difference("form", expected, got)
            same = _close(expected, got, *_measures(expected.dtype, tolerance, size))
        case Projection(), Projection():
            if expected.size != got.size or expected.dtype != got.dtype:
                return Difference("form", expected, got)
            measures = _measures(expected.dtype, tolerance, size, _of_a_sum(expected))
            same = _close(expected.values, got.values, *measures)
        case Projection(), Tensor():  # what is known of a misconception is kept short
            return difference(expected, project(got), tolerance, size)
        case bool(), Tensor() if got.dim() == 0 and got.dtype == torch.bool:
            same = expected == bool(got)  # and what torch says of its own numbers is as good as Python's True
        case bool() | None | str() | torch.dtype() | Other(), _:
            same = type(expected) is type(got) and expected == got
        case float(), float() | int() if not isinstance(got, bool):
            measures = _measures(torch.float64, tolerance, size)
            same = _close(torch.tensor(expected).double(), torch.tensor(_as_float(got)).double(), *measures)
        case int(), int() if not isinstance(got, bool):
            same = expected == got
        case int(), Tensor() if got.dim() == 0 and not got.is_floating_point() and got.dtype != torch.bool:
            same = expected == int(got)  # a size summed with torch is as good as one summed with Python
        case tuple(), tuple():
            same = len(expected) == len(got) and all(
                difference(one, other, tolerance, size) is None for one, other in zip(expected, got, strict=True)
            )
        case Mapping(), Mapping():  # only an empty mapping is a leaf
            same = len(expected) == len(got)
        case _:
            return Difference("form", expected, got)
    return None if same else Difference("values", expected, got)


def _as_float(number: float) -> float:
    """An int may be larger than any float."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _measures(dtype: torch.dtype, tolerance: str, size: float, terms: float = 1.0) -> tuple[float, float, float]:
    """What is still rounding: relative to the largest expected number, of numbers that are zero, and of an exact 0.

    An exact 0 leaves no more room in a case of large numbers than in any other.
    """
    name = tolerance or str(dtype).removeprefix("torch.")
    relative, rounding = TOLERANCES.get(name, 0.0), ROUNDING.get(name, 0.0) * size
    return relative, rounding * terms, min(rounding, relative) * terms


def _close(expected: Tensor, got: Tensor, relative: float, rounding: float, nothing: float) -> bool:
    if expected.shape != got.shape:
        return False
    if torch.equal(expected, got):
        return True
    if relative == 0.0:
        return False
    expected, got = expected.double(), got.double()
    largest, apart = _largest(expected), _largest(expected - got)
    if not math.isfinite(largest + apart):
        finite = torch.isfinite(expected)
        if not torch.equal(finite, torch.isfinite(got)):
            return False
        odd = ~finite
        if not torch.equal(expected[odd].nan_to_num(), got[odd].nan_to_num()):
            return False
        largest, apart = _largest(expected[finite]), _largest(expected[finite] - got[finite])
    if rounding and largest <= rounding:
        return apart <= (rounding if largest else nothing)
    return apart <= relative * (largest or 1.0) + _LAST_DIGITS * rounding


def _largest(numbers: Tensor) -> float:
    return float(numbers.abs().max()) if numbers.numel() else 0.0
