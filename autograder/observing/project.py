"""Large tensors through a few fixed random projections, so that references stay small and say no answer aloud."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from autograder.observing.codec import Projection

__all__ = ["LARGE", "project"]

LARGE = 512  # elements; a tensor with more is projected
_COUNT = 4  # a wrong tensor would have to be orthogonal to this many random directions to pass


@lru_cache(maxsize=16)
def _signs(numel: int) -> Tensor:
    """Random signs ``(4, numel)``, from NumPy's frozen ``RandomState``, so that they are the same everywhere."""
    return torch.from_numpy(np.random.RandomState(numel % 2**32).randint(0, 2, (_COUNT, numel)) * 2.0 - 1.0)


def project(tensor: Tensor) -> Projection:
    """See ``tensor`` through four random ±1 projections of its elements, in float64.

    >>> one = torch.linspace(0, 1, 600)
    >>> project(one).values.shape, torch.equal(project(one).values, project(one.flip(0)).values)
    (torch.Size([4]), False)
    """
    flat = tensor.detach().reshape(-1).to(torch.float64)
    return Projection(tuple(tensor.shape), tensor.dtype, _signs(flat.numel()) @ flat)
