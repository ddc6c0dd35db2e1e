"""Large tensors through a few fixed random projections, so that references stay small and say no answer aloud."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from autograder.observing.codec import Projection
from autograder.observing.recipes import seeded

__all__ = ["LARGE", "SMALL", "project", "smaller"]

LARGE = 512  # elements; a tensor with more is projected
SMALL = 16  # elements; a tensor with more is projected where its case is one of many
_COUNT = 4  # a wrong tensor would have to be orthogonal to this many random directions to pass


@lru_cache(maxsize=128)
def _signs(numel: int) -> Tensor:
    """Random signs ``(4, numel)``, from NumPy's frozen ``RandomState``, so that they are the same everywhere."""
    return torch.from_numpy(seeded(numel % 2**32).randint(0, 2, (_COUNT, numel)) * 2.0 - 1.0)


def project(tensor: Tensor) -> Projection:
    """See ``tensor`` through four random ±1 projections of its elements, in float64.

    >>> one = torch.linspace(0, 1, 600)
    >>> project(one).values.shape, torch.equal(project(one).values, project(one.flip(0)).values)
    (torch.Size([4]), False)
    """
    flat = tensor.detach().reshape(-1).to(torch.float64)
    return Projection(tuple(tensor.shape), tensor.dtype, _signs(flat.numel()) @ flat)


def smaller(value: Any) -> Any:
    """Observations with every tensor of more than `SMALL` elements projected.

    >>> smaller({"values": torch.zeros(5, 5)})["values"].size
    (5, 5)
    """
    kind = type(value)
    if kind is str or kind is int:
        return value
    match value:
        case Tensor():
            return project(value) if value.numel() > SMALL else value
        case dict():
            return {key: smaller(item) for key, item in value.items()}
        case Mapping():
            return {key: smaller(item) for key, item in value.items()}
        case tuple():
            return type(value)(smaller(item) for item in value)
    return value
