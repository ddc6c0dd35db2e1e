"""Layers of chapter 09 in which something is kept otherwise than as an ``nn.Parameter``, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

__all__ = ["NO_PARAMETER", "no_parameters"]

NO_PARAMETER = "A tensor that is only assigned, or registered as a buffer, is no Parameter: no optimiser finds it. nn.Parameter(…) makes it one."


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
