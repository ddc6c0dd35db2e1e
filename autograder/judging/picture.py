"""Where two tensors of one size differ, and by how much: in a sentence, and as a picture of got, expected and difference.

Colours go with signs: nothing is said by colour alone. A picture has at most 12 × 12 cells.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.judging import sentences
from autograder.judging.compare import TOLERANCES
from autograder.judging.judgement import Cell, Picture
from autograder.observing.codec import Projection

__all__ = ["off_by", "pictures_of"]

_SIDE = 12  # rows and columns
_AS_NUMBERS = 5  # columns of which the numbers are written; more of them are signs from low to high
_RAMP = "·░▒▓█"
_ODD = "×"  # not finite


def off_by(got: Any, expected: Any, tolerance: str = "") -> str:
    """Where and by how much ``got`` is furthest from ``expected``; nothing where the two are of different forms.

    >>> off_by(torch.tensor([1.0, 2.5]), torch.tensor([1.0, 2.0]))
    '1 of 2 numbers differs. The largest difference is 0.5, at [1]: 2.5 instead of 2.'
    """
    match got, expected:
        case Projection(), Projection() if (got.size, got.dtype) == (expected.size, expected.dtype):
            return sentences.too_many_to_say(math.prod(expected.size))
        case Tensor(), Tensor() if (got.shape, got.dtype) == (expected.shape, expected.dtype) and got.numel() > 1:
            wrong = _wrong(got, expected, tolerance)
            place = _furthest(got, expected)
            one, other = got[place].item(), expected[place].item()
            by = None if isinstance(one, bool) or not math.isfinite(one - other) else abs(one - other)
            return sentences.furthest(int(wrong.sum()), got.numel(), place, one, other, by)
        case float(), float() if math.isfinite(got - expected):
            return sentences.off(got - expected)
    return ""


def pictures_of(got: Any, expected: Any, tolerance: str = "") -> tuple[Picture, ...]:
    """Got, expected and difference of the matrix in which the two differ most, around the place where they do.

    >>> one, other = torch.eye(3), torch.zeros(3, 3)
    >>> [picture.title for picture in pictures_of(one, other)]
    ['got', 'expected', 'difference']
    >>> print("\\n".join("".join(cell.text for cell in row) for row in pictures_of(one, other)[2].rows))
    +··
    ·+·
    ··+
    """
    if not (isinstance(got, Tensor) and isinstance(expected, Tensor)):
        return ()
    if got.shape != expected.shape or got.dtype != expected.dtype or got.dim() < 2 or min(got.shape[-2:]) < 2:
        return ()
    place = _furthest(got, expected)
    rows, columns = (_around(at, size) for at, size in zip(place[-2:], got.shape[-2:], strict=True))
    wrong = _wrong(got, expected, tolerance)
    mine, theirs, differs = (one[place[:-2]][rows, columns] for one in (got, expected, wrong))
    # As floats: a bool is drawn as 0 and 1.
    mine, theirs = mine.double(), theirs.double()
    finite = torch.cat([mine[mine.isfinite()], theirs[theirs.isfinite()]])
    low, high = (finite.min().item(), finite.max().item()) if finite.numel() else (0.0, 0.0)
    part = sentences.part_of(place[:-2], (rows.start, rows.stop), (columns.start, columns.stop), tuple(got.shape))
    return (
        _values(sentences.GOT, mine, low, high, part),
        _values(sentences.EXPECTED, theirs, low, high, part),
        _difference(mine, theirs, differs, part),
    )


def _values(title: str, numbers: Tensor, low: float, high: float, part: str) -> Picture:
    written = numbers.shape[1] <= _AS_NUMBERS

    def cell(one: float) -> Cell:
        if not math.isfinite(one):
            return Cell(f"{one:g}" if written else _ODD, "×")
        level = _level(one, low, high)
        return Cell(f"{one:.3g}" if written else _RAMP[level], str(level))

    rows = tuple(tuple(cell(one) for one in row) for row in numbers.tolist())
    return Picture(title, rows, sentences.picture_of(title, part, low, high))


def _level(one: float, low: float, high: float) -> int:
    """On which of five levels from ``low`` to ``high`` a number lies; the two may be further apart than a float can say."""
    if math.isinf(high - low):
        one, low, high = one / 2, low / 2, high / 2
    return int(4.999 * ((one - low) / (high - low))) if high > low else 0


def _difference(got: Tensor, expected: Tensor, differs: Tensor, part: str) -> Picture:
    def cell(one: float, other: float, wrong: bool) -> Cell:
        if not wrong:
            return Cell("·")
        if not math.isfinite(one - other):
            return Cell(_ODD, "×")
        return Cell("+", "+") if one > other else Cell("−", "-")

    pairs = zip(got.tolist(), expected.tolist(), differs.tolist(), strict=True)
    rows = tuple(tuple(map(cell, *three)) for three in pairs)
    return Picture(sentences.DIFFERENCE, rows, sentences.differences_in(part, int(differs.sum()), differs.numel()))


def _around(at: int, size: int) -> slice:
    start = max(0, min(at - _SIDE // 2, size - _SIDE))
    return slice(start, min(start + _SIDE, size))


def _distance(got: Tensor, expected: Tensor) -> Tensor:
    """How far off each number is; infinitely far where one is not finite and the other another."""
    one, other = got.double(), expected.double()
    same = (one == other) | (one.isnan() & other.isnan())
    return torch.where(same, 0.0, (one - other).abs().nan_to_num(torch.inf, torch.inf))


def _furthest(got: Tensor, expected: Tensor) -> tuple[int, ...]:
    # torch.unravel_index imports sympy, a second in which a learner waits for the first panel.
    return tuple(int(one) for one in np.unravel_index(int(_distance(got, expected).argmax()), tuple(got.shape)))


def _wrong(got: Tensor, expected: Tensor, tolerance: str) -> Tensor:
    """Which numbers are further off than rounding; at least the furthest."""
    distance = _distance(got, expected)
    finite = expected.double()[expected.double().isfinite()]
    largest = float(finite.abs().max()) if finite.numel() else 0.0
    allowed = TOLERANCES.get(tolerance or str(expected.dtype).removeprefix("torch."), 0.0) * (largest or 1.0)
    return distance > min(allowed, float(distance.max()) / 2)
