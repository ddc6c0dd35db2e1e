"""Are two observations the same? Shape and dtype strictly, values within one named tolerance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from autograder.observing.codec import Other, Projection

__all__ = ["MISSING", "TOLERANCES", "Difference", "difference", "leaves"]

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


@dataclass(frozen=True)
class Difference:
    """How two leaves differ: ``kind`` is ``"form"`` (another type, size or dtype) or ``"values"``."""

    kind: str
    expected: Any
    got: Any


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """The leaves of nested observations by path: dicts and sequences of tensors are opened, all else is a leaf.

    >>> leaves({"values": 3, "state": {"conv.weight": (2, 3)}})
    {'values': 3, 'state|conv.weight': (2, 3)}
    """
    if isinstance(value, Mapping) and value:
        found: dict[str, Any] = {}
        for key, item in value.items():
            found |= leaves(item, f"{path}|{key}" if path else str(key))
        return found
    if isinstance(value, tuple) and any(isinstance(item, Tensor | Projection | Mapping) for item in value):
        return leaves({"length": len(value)} | {str(index): item for index, item in enumerate(value)}, path)
    return {path: value}


def difference(expected: Any, got: Any, tolerance: str = "") -> Difference | None:
    """``None`` where ``got`` is what was ``expected``, else how it differs.

    ``tolerance`` names one of `TOLERANCES`; without it the dtype's own is used.

    >>> difference(torch.ones(2), torch.ones(2) + 1e-7) is None
    True
    >>> difference(3, 3.0).kind
    'form'
    """
    match expected, got:
        case Tensor(), Tensor():
            if expected.shape != got.shape or expected.dtype != got.dtype:
                return Difference("form", expected, got)
            same = _close(expected, got, _relative(expected.dtype, tolerance))
        case Projection(), Projection():
            if expected.size != got.size or expected.dtype != got.dtype:
                return Difference("form", expected, got)
            same = _close(expected.values, got.values, _relative(expected.dtype, tolerance))
        case bool() | None | str() | torch.dtype() | Other(), _:
            same = type(expected) is type(got) and expected == got
        case float(), float() | int() if not isinstance(got, bool):
            same = _close(
                torch.tensor(expected).double(), torch.tensor(got).double(), _relative(torch.float64, tolerance)
            )
        case int(), int() if not isinstance(got, bool):
            same = expected == got
        case int(), Tensor() if got.dim() == 0 and not got.is_floating_point() and got.dtype != torch.bool:
            same = expected == int(got)  # a size summed with torch is as good as one summed with Python
        case tuple(), tuple():
            same = len(expected) == len(got) and all(
                difference(one, other, tolerance) is None for one, other in zip(expected, got, strict=True)
            )
        case Mapping(), Mapping():  # only an empty mapping is a leaf
            same = len(expected) == len(got)
        case _:
            return Difference("form", expected, got)
    return None if same else Difference("values", expected, got)


def _relative(dtype: torch.dtype, tolerance: str) -> float:
    return TOLERANCES.get(tolerance or str(dtype).removeprefix("torch."), 0.0)


def _close(expected: Tensor, got: Tensor, relative: float) -> bool:
    if expected.shape != got.shape:
        return False
    if relative == 0.0:
        return torch.equal(expected, got)
    expected, got = expected.double(), got.double()
    finite = torch.isfinite(expected)
    if not torch.equal(finite, torch.isfinite(got)):
        return False
    odd = ~finite
    if not torch.equal(expected[odd].nan_to_num(), got[odd].nan_to_num()):
        return False
    expected, got = expected[finite], got[finite]
    if expected.numel() == 0:
        return True
    largest = float(expected.abs().max()) or 1.0
    return float((expected - got).abs().max()) <= relative * largest
