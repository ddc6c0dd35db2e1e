"""Modules of many makes, that a case names in a word: layers in layers, own tensors, buffers, hooks, odd names."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from autograder.observing.recipes import seeded

__all__ = ["MAKES", "make_module"]


class Blocks(nn.Module):
    """Tensors of its own at the top, and layers deeper down: ``x (N, a)`` to ``(N, b)``."""

    shift: Tensor

    def __init__(self, a: int, b: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(b))
        self.plain = torch.zeros(b)  # a tensor that nobody registered
        self.register_buffer("shift", torch.zeros(a))
        self.inner = nn.ModuleDict({"first one": nn.Linear(a, b), "2": nn.Sequential(nn.Tanh(), nn.Linear(b, b))})
        self.steps = nn.ModuleList([nn.Linear(b, b)])
        self.extra = nn.ParameterDict({"0": torch.zeros(b), "weight": torch.zeros(b)})

    def forward(self, x: Tensor) -> Tensor:
        """Own tensors before and after the layers."""
        hidden = self.inner["first one"](x + self.shift)
        for part in (self.inner["2"], *self.steps):
            hidden = part(hidden)
        return hidden * self.scale + self.extra["0"] * self.extra["weight"] + self.plain


class OnlyBuffers(nn.Module):
    """A line whose slope is a buffer, and whose start is one that is not saved: ``x (N, a)`` to ``(N, a)``."""

    slope: Tensor
    start: Tensor

    def __init__(self, a: int) -> None:
        super().__init__()
        self.register_buffer("slope", torch.zeros(a))
        self.register_buffer("start", torch.zeros(a), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """A line."""
        return x * self.slope + self.start


class Counting(nn.Module):
    """Counts, in a buffer, the rows it has seen: ``x (N, a)`` to ``(N, b)``, divided by the count."""

    seen: Tensor

    def __init__(self, a: int, b: int) -> None:
        super().__init__()
        self.fc = nn.Linear(a, b)
        self.register_buffer("seen", torch.tensor(3))

    def forward(self, x: Tensor) -> Tensor:
        """Counts first."""
        self.seen += len(x)
        return self.fc(x) / self.seen


class Twice(nn.Module):
    """One layer that is used twice, the second time by way of a plain list: ``x (N, a)`` to ``(N, a)``."""

    def __init__(self, a: int) -> None:
        super().__init__()
        self.fc = nn.Linear(a, a)
        self.ways = [self.fc]

    def forward(self, x: Tensor) -> Tensor:
        """Through the attribute, then through the list."""
        return self.ways[0](torch.tanh(self.fc(x)))


class Breaking(nn.Module):
    """A network that raises ``ArithmeticError`` when its second layer has worked: ``x (N, a)``."""

    def __init__(self, a: int, b: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(a, b), nn.Linear(b, a, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Never returns."""
        self.second(self.first(x))
        raise ArithmeticError("this network breaks at its end")


class _Mirrored(nn.Module):
    def forward(self, weight: Tensor) -> Tensor:
        return weight.triu() + weight.triu(1).mT


def _named(a: int, b: int) -> nn.Module:
    return nn.Sequential(
        OrderedDict([("fc", nn.Linear(a, b)), ("relu", nn.ReLU()), ("deeper", nn.Sequential(nn.Linear(b, a)))])
    )


def _normed(a: int, b: int) -> nn.Module:
    # No bias before a batch norm: its gradient would be zero but for rounding.
    return nn.Sequential(nn.Linear(a, b, bias=False), nn.BatchNorm1d(b), nn.Tanh(), nn.Linear(b, a))


def _hooked(a: int, b: int) -> nn.Module:
    """Hooks that change what comes out: who calls ``forward`` by hand goes past them."""
    module = nn.Sequential(nn.Linear(a, b), nn.Tanh(), nn.Linear(b, a))
    module.register_forward_pre_hook(lambda module, args: (args[0] + 1,))
    module.register_forward_hook(lambda module, args, out: out * 3)
    module[0].register_forward_hook(lambda module, args, out: out - 2)
    return module


def _mirrored(a: int, b: int) -> nn.Module:
    module = nn.Sequential(nn.Linear(a, a), nn.Linear(a, b))
    parametrize.register_parametrization(module[0], "weight", _Mirrored())
    return module


def _frozen(a: int, b: int) -> nn.Module:
    module = _named(a, b)
    module.get_submodule("fc").requires_grad_(False)
    return module


MAKES: dict[str, Callable[..., nn.Module]] = {
    "linear": nn.Linear,
    "named": _named,
    "frozen": _frozen,
    "blocks": Blocks,
    "batch norm": _normed,
    "buffers": OnlyBuffers,
    "counting": Counting,
    "twice": Twice,
    "hooked": _hooked,
    "parametrized": _mirrored,
    "breaking": Breaking,
}


def make_module(make: str, sizes: tuple[int, ...], seed: int) -> Any:
    """A module of the make that ``make`` names, its numbers drawn from ``seed``: everywhere the same bits.

    >>> make_module("named", (2, 3), seed=0)(torch.zeros(5, 2)).shape
    torch.Size([5, 2])
    """
    with torch.random.fork_rng(devices=[]):
        module = MAKES[make](*sizes)
    random = seeded(seed)
    for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
        if tensor.is_floating_point():
            numbers = torch.from_numpy(np.asarray(random.random_sample(tensor.shape) * 2 - 1))
            with torch.no_grad():
                tensor.copy_(1.25 + 0.75 * numbers if name.endswith("running_var") else numbers)
    return module
