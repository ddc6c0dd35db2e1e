"""Layers of chapter 09 in which something is kept otherwise than as an ``nn.Parameter``, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

__all__ = ["IN_FLOAT64", "NO_PARAMETER", "in_float64", "no_parameters"]

NO_PARAMETER = "A tensor that is only assigned, or registered as a buffer, is no Parameter: no optimiser finds it. nn.Parameter(…) makes it one."

IN_FLOAT64 = (
    "Your Parameters are float64 as they are made, and take no x in float32. torch.randn and torch.zeros make float32, as all layers "
    "of torch's are made; NumPy's numbers are float64. Whoever wants another dtype calls .double()."
)


def in_float64(right: type[nn.Module], *names: str) -> type[nn.Module]:
    """``right``, whose Parameters called ``names``, or all of them, are float64 as they are made.

    >>> made = in_float64(nn.Linear, "bias")(2, 3)
    >>> made.weight.dtype, made.bias.dtype
    (torch.float32, torch.float64)
    """

    def made(self: Any, *sizes: int) -> None:
        right.__init__(self, *sizes)
        for name, one in self.named_parameters():
            if name in names or not names:
                one.data = one.data.double()

    return type(right.__name__, (right,), {"__init__": made})


def no_parameters(
    right: type[nn.Module], *names: str, keep: Callable[[nn.Module, str, Tensor], None] = setattr
) -> type[nn.Module]:
    """``right``, in which what is called ``names`` is kept by ``keep``.

    >>> list(dict(no_parameters(nn.Linear, "bias")(2, 3).named_parameters()))
    ['weight']
    """

    def made(self: Any, *sizes: int) -> None:
        right.__init__(self, *sizes)
        for name in names:
            one = getattr(self, name).detach()
            delattr(self, name)
            keep(self, name, one)

    return type(right.__name__, (right,), {"__init__": made})
