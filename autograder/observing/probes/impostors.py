"""Networks with TinyCNN's four tensors that are not TinyCNN, each in its own way: what a report on parity has to notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, resolve_name

__all__ = ["A_HAIR", "four_tensors", "impostor", "other_convolution"]

A_HAIR = 2.3e-7


class _Network(nn.Module):
    """``x (N, 3, 32, 32)`` to logits ``(N, 10)``; ``kind`` says what of it is not TinyCNN's (``""``: nothing)."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.conv = nn.Conv2d(3, 16, 3, padding=1)
        self.fc = nn.Linear(16 * 32 * 32, 10)

    def forward(self, x: Tensor) -> Tensor:
        tensors = {name: self._seen(name, tensor) for name, tensor in self.named_parameters()}
        padding = 1
        if self.kind == "round the corner":
            x, padding = F.pad(x, (1, 1, 1, 1), mode="circular"), 0
        hidden = F.conv2d(x, tensors["conv.weight"], tensors["conv.bias"], padding=padding)
        hidden = F.leaky_relu(hidden, 0.3) if self.kind == "leaky" else F.relu(hidden)
        logits = F.linear(hidden.flatten(1), tensors["fc.weight"], tensors["fc.bias"])
        if self.kind in ("one far below", "one far above"):
            far = torch.tensor([0.1, 0, 0, -2.0, 0, 0, 0.2, 0, 0, 0], dtype=x.dtype)
            logits = logits + (far if self.kind == "one far below" else -far)
        if self.kind == "a hair off":
            logits = logits - A_HAIR
        return logits

    def _seen(self, name: str, tensor: Tensor) -> Tensor:
        """The tensor; the one that ``kind`` names counts the same, and its gradient three times."""
        return 3 * tensor - 2 * tensor.detach() if name == self.kind else tensor


def four_tensors(module: nn.Module) -> dict[str, Tensor]:
    """The parameters of ``module`` by name.

    >>> list(four_tensors(impostor("")))
    ['conv.weight', 'conv.bias', 'fc.weight', 'fc.bias']
    """
    return dict(module.named_parameters())


def impostor(kind: str) -> nn.Module:
    """TinyCNN for ``""``, else a network that differs from it as ``kind`` says.

    ``"round the corner"``, ``"leaky"``, ``"one far below"``, ``"one far above"``, ``"a hair off"``; the name of a parameter, whose
    gradient is three times what it should be; ``"watched"``: a hook on the whole network adds 1 to the first logit.
    """
    network = _Network("" if kind == "watched" else kind)
    if kind == "watched":
        network.register_forward_hook(_first_logit_raised)
    return network


def _first_logit_raised(module: nn.Module, inputs: Any, out: Tensor) -> Tensor:
    return out + F.one_hot(torch.tensor(0), out.shape[1]).to(out.dtype)


class _OtherConvolution(TorchFunctionMode):
    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        name = (resolve_name(func) or getattr(func, "__name__", "")).split(".")
        return out * 1.25 if any(fnmatchcase(part, "*conv*") for part in name) and isinstance(out, Tensor) else out


@contextmanager
def other_convolution() -> Iterator[None]:
    """While this lasts, every convolution of torch's gives a quarter too much: one by hand does not follow.

    >>> with other_convolution():
    ...     F.conv2d(torch.ones(1, 1, 1, 1), torch.ones(1, 1, 1, 1)).item()
    1.25
    """
    with _OtherConvolution():
        yield
