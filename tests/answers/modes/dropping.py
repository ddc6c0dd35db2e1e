"""Right answers in other styles, `dropout` and `dropout_net`: the mask drawn, kept and multiplied in many ways."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

Generator = torch.Generator | None


def by_bernoulli_in_place(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator = None) -> Tensor:
    if not training or p == 0:
        return x
    return x * torch.empty_like(x).bernoulli_(1 - p, generator=generator).div_(1 - p)


def by_bernoulli(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator = None) -> Tensor:
    if not training:
        return x.clone()
    return x * torch.bernoulli(torch.full(x.shape, 1 - p), generator=generator).to(x.dtype) / (1 - p)


def element_by_element(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator = None) -> Tensor:
    if not training:
        return x
    keep = torch.zeros(x.numel(), dtype=torch.bool)
    for place in range(x.numel()):
        keep[place] = torch.rand((), generator=generator) >= p
    return torch.where(keep.view(x.shape), x / (1 - p), 0.0)


class Dropper:
    """A callable object with keyword-only arguments and one more of its own."""

    def __call__(
        self, x: Tensor, *, p: float = 0.5, training: bool = True, generator: Any = None, log: Any = None
    ) -> Tensor:
        if not training:
            return x + 0
        out = x.clone()
        out[torch.randint(0, 2**30, x.shape, generator=generator) < p * 2**30] = 0
        out /= 1 - p
        return out


def through_numpy(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator = None) -> Tensor:
    """NumPy's generator, its seed drawn from torch's."""
    if not training:
        return x
    numbers = np.random.default_rng(int(torch.randint(2**62, (), generator=generator))).random(tuple(x.shape))
    return x.mul(torch.from_numpy(np.asarray(numbers >= p))).div(1 - p)


class _Masked(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, factor: Tensor) -> Tensor:
        ctx.save_for_backward(factor)
        return x * factor

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        return gradient * ctx.saved_tensors[0], None


def with_a_backward_of_its_own(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator = None) -> Tensor:
    if not training:
        return x
    return _Masked.apply(x, ((torch.rand(x.shape, generator=generator) >= p) / (1 - p)).to(x.dtype))


def by_normal_numbers(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator = None) -> Tensor:
    if not training:
        return x
    below = torch.special.ndtr(torch.randn(x.shape, generator=generator, dtype=torch.float64))
    return (x / (1 - p)).masked_fill(below < p, 0.0)


class ByHand(nn.Module):
    """With a dropout of one's own, in a network whose parts come in another order."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.rate = p
        self.out = nn.Linear(16, 4)
        self.hidden = nn.Linear(8, 16)

    def forward(self, x: Tensor) -> Tensor:
        x = self.hidden(x).clamp(min=0)
        return self.out(by_bernoulli(x, self.rate, self.training))


class WithModule(nn.Module):
    def __init__(self, p: float, *unused: Any, width: int = 16) -> None:
        super().__init__()
        self.hidden, self.act, self.drop, self.out = nn.Linear(8, width), nn.ReLU(), nn.Dropout(p), nn.Linear(width, 4)

    def forward(self, batch: Tensor) -> Tensor:
        return self.out(self.drop(self.act(self.hidden(batch))))


class DroppedBeforeReLU(nn.Module):
    """A factor that is never negative may come before or behind the ReLU."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p, self.hidden, self.out = p, nn.Linear(8, 16), nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(
            F.relu(F.dropout(self.hidden(x), p=self.p, training=self.training)), self.out.weight, self.out.bias
        )


class OnlyInTraining(nn.Module):
    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = torch.tensor(p)
        self.hidden = nn.Linear(8, 16)
        self.out = nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(x @ self.hidden.weight.T + self.hidden.bias)
        if self.training:
            x = F.dropout(x, float(self.p))
        return self.out(x)


class ModeHandedOn(nn.Module):
    """A dropout module that is made anew at every call, and told the mode."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self.add_module("hidden", nn.Linear(8, 16))
        self.add_module("out", nn.Linear(16, 4))

    def forward(self, x: Tensor) -> Tensor:
        return self.out(nn.Dropout(self.p).train(self.training)(F.relu(self.hidden(x))))


class Derived(nn.Sequential):
    def __init__(self, p: float) -> None:
        super().__init__()
        self.hidden = nn.Linear(8, 16)
        self.relu = nn.ReLU()
        self.drop = nn.Dropout(p)
        self.out = nn.Linear(16, 4)


DROPOUT = [
    by_bernoulli_in_place,
    by_bernoulli,
    element_by_element,
    Dropper(),
    through_numpy,
    with_a_backward_of_its_own,
    by_normal_numbers,
    lambda x, p=0.5, training=True, generator=None: (
        x * (torch.rand(x.shape, generator=generator) > p) / (1 - p) if training else x
    ),
]
DROPOUT_NET = [ByHand, WithModule, DroppedBeforeReLU, OnlyInTraining, ModeHandedOn, Derived]
