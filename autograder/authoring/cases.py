"""Making the cases of an exercise: numbers, sizes and layouts drawn from one seed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.observing.case import Case
from autograder.observing.codec import Drawn, Uniform

__all__ = ["CaseMaker"]


class CaseMaker:
    """Draws inputs for one exercise. The same seed and exercise give the same cases on every machine.

    >>> make = CaseMaker(b"seed", "linear")
    >>> torch.equal(make.normal(2, 3), CaseMaker(b"seed", "linear").normal(2, 3))
    True
    """

    def __init__(self, seed: bytes, exercise: str) -> None:
        digest = hashlib.sha256(seed + b"\0" + exercise.encode()).digest()
        self._random = np.random.RandomState(np.frombuffer(digest, dtype=np.uint32))

    def case(self, name: str = "", /, *, leaves: str = "", computed: str = "", shown: str = "", **inputs: Any) -> Case:
        """A case called ``name``; ``leaves`` names the inputs that ask for gradients, ``computed`` those of them that are
        no leaves of the graph, separated by spaces.
        """
        return Case(name, inputs, leaves=tuple(leaves.split()), shown=shown, computed=tuple(computed.split()))

    def drawn(
        self,
        *size: int,
        draw: str = "",
        scale: float = 1.0,
        layout: str = "contiguous",
        dtype: torch.dtype = torch.float64,
    ) -> Drawn:
        """The recipe of a tensor of that size, dtype and layout (`autograder.observing.layouts.LAYOUTS`).

        ``draw`` names one of `autograder.observing.recipes.DRAWS`; without it normal numbers, and whole ones from -4 to 4
        where the dtype holds no others.

        >>> CaseMaker(b"", "").drawn(2, 3, dtype=torch.int64).tensor().dtype
        torch.int64
        """
        if not draw:
            draw = "normal" if dtype.is_floating_point else "integers"
            scale = scale if dtype.is_floating_point else 4 * scale
        return Drawn(tuple(size), self.seed(), draw, scale, layout, dtype)

    def integer(self, low: int, high: int) -> int:
        """A whole number with ``low <= number <= high``."""
        return int(self._random.randint(low, high + 1))

    def sizes(self, count: int, low: int, high: int) -> tuple[int, ...]:
        """``count`` sizes between ``low`` and ``high``, all different, so that no mix-up of dimensions goes unseen."""
        return tuple(int(size) for size in self._random.permutation(np.arange(low, high + 1))[:count])

    def seed(self) -> int:
        """A seed for something that is drawn while the probe runs."""
        return self.integer(1, 2**31 - 2)

    def normal(self, *size: int, dtype: torch.dtype = torch.float64, scale: float = 1.0) -> Tensor:
        """Normal numbers, contiguous, none of them closer to 0 than 0.01 (no kink of a ReLU is hit)."""
        numbers = self._random.standard_normal(size) * scale
        numbers = np.where(np.abs(numbers) < 0.01, 0.01, numbers)
        return torch.from_numpy(np.asarray(numbers)).to(dtype)

    def small_integers(self, *size: int, low: int = -4, high: int = 4, dtype: torch.dtype = torch.float64) -> Tensor:
        """Whole numbers without 0 that a person can follow in their head."""
        numbers = self._random.randint(low, high, size)
        return torch.from_numpy(np.asarray(np.where(numbers >= 0, numbers + 1, numbers))).to(dtype)

    def scattered(self, value: Tensor, *, order: Sequence[int] | None = None, offset: int = 5) -> Tensor:
        """The same values laid out another way: dimensions permuted in memory, behind ``offset`` unused elements.

        >>> made = CaseMaker(b"", "").scattered(torch.arange(6.0).view(2, 3))
        >>> made.tolist(), made.is_contiguous(), made.storage_offset()
        ([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], False, 5)
        """
        order = tuple(order) if order is not None else tuple(reversed(range(value.dim())))
        inverse = [order.index(axis) for axis in range(value.dim())]
        storage = torch.empty(offset + value.numel(), dtype=value.dtype)
        storage[:offset] = 77  # a wrong offset reads this
        moved = storage[offset:].view([value.shape[axis] for axis in order])
        moved.copy_(value.permute(list(order)))
        return moved.permute(inverse)

    def uniform(self, size: Sequence[int], bound: float, dtype: torch.dtype = torch.float32) -> Uniform:
        """The recipe of a large tensor, uniform in ``±bound``."""
        return Uniform(tuple(size), bound, self.seed(), dtype)
