"""What comes back through a result: the gradient of a fixed weighted sum over it, so that no two of its numbers count alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["FROZEN", "NONE", "by_name", "through", "weights_of"]

NONE = "no gradient"  # in place of one
FROZEN = "none asked for: requires_grad is False"  # of a Parameter: nothing was cut, and that is another mistake


def by_name(out: Any, leaves: Mapping[str, Tensor]) -> dict[str, Any]:
    """The gradient of each of ``leaves``, as `through` has it; `NONE` where there is none, `FROZEN` where none may be.

    >>> by_name(torch.ones(2), {"x": torch.ones(2), "weight": nn.Parameter(torch.ones(2), requires_grad=False)})
    {'x': 'no gradient', 'weight': 'none asked for: requires_grad is False'}
    """
    asking = {name: leaf for name, leaf in leaves.items() if leaf.requires_grad}
    found: dict[str, Any] = {
        name: FROZEN if name not in asking and isinstance(leaf, nn.Parameter) else NONE for name, leaf in leaves.items()
    }
    if not asking or not isinstance(out, Tensor) or not out.requires_grad:
        return found
    reached = zip(asking, through(out, list(asking.values())), strict=True)
    return found | {name: one for name, one in reached if one is not None}


def through(out: Tensor, leaves: Sequence[Tensor]) -> tuple[Tensor | None, ...]:
    """The gradient of each of ``leaves``, ``None`` for one that ``out`` does not depend on. ``out`` has to ask for gradients.

    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> through(2 * x, [x])
    (tensor([2.0000, 1.0806]),)
    """
    if out.is_complex():  # which nobody asks for
        out = torch.view_as_real(out)
    # Weights handed to autograd as such have torch import sympy, a second in which a learner waits for the first panel.
    return torch.autograd.grad((out * weights_of(out)).sum(), leaves, allow_unused=True)


def weights_of(out: Tensor) -> Tensor:
    """How much each number of ``out`` counts in the sum. Only to be read: others have the same tensor."""
    return _weights(out.numel(), out.dtype).view(out.shape)


@lru_cache(maxsize=256)
def _weights(count: int, dtype: torch.dtype) -> Tensor:
    return torch.cos(torch.arange(count, dtype=dtype))
