"""Inputs written as their recipes: a reference file holds how a tensor is drawn and laid out, not its numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import RandomState
from numpy.typing import NDArray
from torch import Tensor

from autograder.observing.layouts import laid_out

__all__ = ["DRAWS", "Drawn", "seeded"]

Numbers = NDArray[np.float64]

_RANDOM = RandomState(0)


def seeded(seed: int) -> RandomState:
    """NumPy's frozen ``RandomState`` as it begins with ``seed``, to be drawn from at once: the next call begins it anew.

    Making one asks the machine for random numbers first, which takes a hundred times as long.

    >>> int(seeded(3).randint(1000)) == int(RandomState(3).randint(1000))
    True
    """
    _RANDOM.seed(seed)
    return _RANDOM


@dataclass(frozen=True)
class Drawn:
    """The recipe of a tensor: numbers of a kind (`DRAWS`) from NumPy's frozen ``RandomState``, laid out in memory.

    The same bits on every machine, strides and offset included.

    >>> made = Drawn((2, 3), seed=1, layout="dimensions in another order").tensor()
    >>> made.shape, made.is_contiguous(), made.dtype
    (torch.Size([2, 3]), False, torch.float64)
    """

    size: tuple[int, ...]
    seed: int
    draw: str = "normal"
    scale: float = 1.0
    layout: str = "contiguous"
    dtype: torch.dtype = torch.float64

    def tensor(self) -> Tensor:
        """The tensor that the recipe makes, of its own memory."""
        numbers = DRAWS[self.draw](seeded(self.seed), self.size, self.scale)
        return laid_out(torch.from_numpy(np.asarray(numbers)).to(self.dtype), self.layout)


def _normal(random: RandomState, size: tuple[int, ...], scale: float) -> Numbers:
    """None closer to 0 than 0.01: no kink of a ReLU is hit."""
    numbers = random.standard_normal(size) * scale
    return np.where(np.abs(numbers) < 0.01, 0.01, numbers)


def _integers(random: RandomState, size: tuple[int, ...], scale: float) -> Numbers:
    """Whole numbers from -scale to scale, never 0."""
    bound = max(1, int(scale))
    numbers = random.randint(-bound, bound, size)
    return np.asarray(np.where(numbers >= 0, numbers + 1, numbers), dtype=np.float64)


def _distinct(random: RandomState, size: tuple[int, ...], scale: float) -> Numbers:
    """Evenly spaced in ±scale and shuffled: no two are the same, none is 0."""
    count = math.prod(size)
    steps = (random.permutation(count) - (count - 1) / 2 + 0.25) / max(count, 1)
    return np.asarray(2 * scale * steps).reshape(size)


def _uniform(random: RandomState, size: tuple[int, ...], scale: float) -> Numbers:
    """Evenly spread over [-scale, scale)."""
    return np.asarray((random.random_sample(size) * 2 - 1) * scale)


DRAWS: Mapping[str, Callable[[RandomState, tuple[int, ...], float], Numbers]] = {
    "normal": _normal,
    "integers": _integers,
    "distinct": _distinct,
    "uniform": _uniform,
}
