"""What comes back through a result: the gradient of a fixed weighted sum over it, so that no two of its numbers count alike."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

__all__ = ["through"]


def through(out: Tensor, leaves: Sequence[Tensor]) -> tuple[Tensor | None, ...]:
    """The gradient of each of ``leaves``, ``None`` for one that ``out`` does not depend on. ``out`` has to ask for gradients.

    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> through(2 * x, [x])
    (tensor([2.0000, 1.0806]),)
    """
    # Weights handed to autograd as such have torch import sympy, a second in which a learner waits for the first panel.
    weighted = (out * _weights(out.numel(), out.dtype).view(out.shape)).sum()
    return torch.autograd.grad(weighted, leaves, allow_unused=True)


@lru_cache(maxsize=256)
def _weights(count: int, dtype: torch.dtype) -> Tensor:
    return torch.cos(torch.arange(count, dtype=dtype))
