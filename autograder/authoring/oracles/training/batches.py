"""Batches for the cases of this chapter, and the loss that its answers are trained with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from autograder.authoring.cases import CaseMaker

__all__ = ["classes", "draw_batches", "written_out"]


def classes(make: CaseMaker, count: int, of: int) -> Tensor:
    """``count`` classes below ``of``, int64: all of them drawn, and the last one among them."""
    drawn = [make.integer(0, of - 1) for _ in range(count - 1)]
    return torch.tensor([*drawn, of - 1])


def draw_batches(
    make: CaseMaker, sizes: Sequence[int], of: int, *shape: int, dtype: torch.dtype = torch.float64
) -> dict[str, Any]:
    """A batch of each size: ``x (N, *shape)`` and ``target (N,)``, under its number as a case keeps it."""
    return {
        str(number): {"x": make.normal(size, *shape, dtype=dtype), "target": classes(make, size, of)}
        for number, size in enumerate(sizes)
    }


def written_out(logits: Tensor, target: Tensor) -> Tensor:
    """Mean cross-entropy from its definition: minus the log-probability of the right class."""
    right = logits.gather(1, target[:, None]).squeeze(1)
    return (logits.logsumexp(1) - right).mean()
