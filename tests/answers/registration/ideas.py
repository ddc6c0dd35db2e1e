"""First ideas for chapter 06 that are wrong, each with the name of what is wrong about it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from answers.registration.mini_ideas import MINI_IDEAS
from answers.registration.right import Finder
from torch import Tensor, nn

__all__ = ["IDEAS"]


def even(bound: float, *size: int) -> Tensor:
    return (torch.rand(*size) * 2 - 1) * bound


def linear(
    weight: Callable[[int, int], Any] = lambda i, o: nn.Parameter(even(i**-0.5, o, i)),
    bias: Callable[[int, int], Any] = lambda i, o: nn.Parameter(even(i**-0.5, o)),
    forward: Callable[[Any, Tensor], Any] = lambda self, x: F.linear(x, self.weight, self.bias),
    seed: int | None = None,
) -> type[nn.Module]:
    class MyLinear(nn.Module):
        def __init__(self, in_features: int, out_features: int, bias_: bool = True, **named: Any) -> None:
            super().__init__()
            if seed is not None:
                torch.manual_seed(seed)
            self.weight = weight(in_features, out_features)
            self.bias = bias(in_features, out_features) if named.get("bias", bias_) else None

        def forward(self, x: Tensor) -> Any:
            return forward(self, x)

    return MyLinear


def normal(scale: Callable[[int], float]) -> dict[str, Any]:
    return {
        "weight": lambda i, o: nn.Parameter(torch.normal(0.0, scale(i), (o, i))),
        "bias": lambda i, o: nn.Parameter(torch.normal(0.0, scale(i), (o,))),
    }


def zeros(i: int, o: int) -> nn.Parameter:
    return nn.Parameter(torch.zeros(o))


def added(out: Tensor, bias: Tensor | None) -> Tensor:
    return out if bias is None else out + bias


def buffered(in_features: int, out_features: int, bias: bool = True) -> nn.Module:
    layer = linear()(in_features, out_features, bias)
    numbers = {name: one.detach() for name, one in layer.named_parameters()}
    for name, one in numbers.items():
        delattr(layer, name)
        layer.register_buffer(name, one)
    return layer


class MyConv2d(nn.Module):
    by: Any = staticmethod(lambda i, o, k: (i * k * k) ** -0.5)
    bias_by: Any = None
    seed: int | None = None

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, padding: int = 0,
                 bias: bool = True) -> None:  # fmt: skip
        super().__init__()
        if self.seed is not None:
            torch.manual_seed(self.seed)
        sizes = in_channels, out_channels, kernel_size
        self.s, self.p = stride, padding
        self.weight = nn.Parameter(self.draw(self.by(*sizes), out_channels, in_channels, kernel_size, kernel_size))
        self.bias = nn.Parameter(self.draw((self.bias_by or self.by)(*sizes), out_channels)) if bias else None

    draw = staticmethod(even)

    def forward(self, x: Tensor) -> Any:
        return torch.conv2d(x, self.weight, self.bias, self.s, self.p)


def conv(**changes: Any) -> type[nn.Module]:
    kept = {name: staticmethod(one) if name in ("by", "bias_by", "draw") else one for name, one in changes.items()}
    return type("MyConv2d", (MyConv2d,), kept)


def top_tensors(module: nn.Module) -> list[str]:
    return sorted(name for name, one in vars(module).items() if isinstance(one, Tensor))


def mlp(
    layers: Callable[[Any], list[nn.Linear]] = lambda w: [nn.Linear(w[i - 1], w[i]) for i in range(1, len(w))],
    act: Callable[[Tensor], Tensor] = torch.relu,
    start: Callable[[Tensor], Tensor] = lambda x: x,
    end: Callable[[Tensor], Any] = lambda x: x,
) -> type[nn.Module]:
    class StackedMLP(nn.Module):
        def __init__(self, widths: Any) -> None:
            super().__init__()
            self.parts = nn.ModuleList(layers(list(widths)))

        def forward(self, x: Tensor) -> Any:
            return end(functools.reduce(lambda x, part: part(act(x)), self.parts[1:], self.parts[0](start(x))))

    return StackedMLP


class AnewInForward(nn.Module):
    def __init__(self, widths: Any) -> None:
        super().__init__()
        self.widths = list(widths)

    def forward(self, x: Tensor) -> Tensor:
        for number in range(1, len(self.widths)):
            x = nn.Linear(self.widths[number - 1], self.widths[number], dtype=x.dtype)(F.relu(x) if number > 1 else x)
        return x


class InADictionary(nn.Module):
    def __init__(self, widths: Any) -> None:
        super().__init__()
        self.parts = {number: nn.Linear(*widths[number - 1 : number + 1]) for number in range(1, len(widths))}

    def forward(self, x: Tensor) -> Tensor:
        for number, part in self.parts.items():
            x = part(x if number == 1 else x.clamp(min=0))
        return x


def between_shared(widths: list[int]) -> list[nn.Linear]:
    if len(widths) == 2:
        return [nn.Linear(*widths)]
    return [nn.Linear(*widths[:2])] + [nn.Linear(widths[1], widths[1])] * (len(widths) - 3) + [nn.Linear(*widths[-2:])]


class Mean(nn.Module):
    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.start(num_features)

    def start(self, n: int) -> None:
        self.register_buffer("mean", torch.zeros(n))
        self.register_buffer("count", torch.tensor(0))

    def see(self, x: Tensor) -> None:
        n = self.count + x.shape[0]
        self.mean, self.count = (self.mean * self.count + x.sum(0)) / n, n

    def forward(self, x: Tensor) -> Any:
        if self.training:
            self.see(x.detach())
        return x - self.mean


def mean(**methods: Any) -> type[nn.Module]:
    return type("RunningMean", (Mean,), methods)


def seeing(new: Callable[[Any, Tensor], Tensor], rows: Callable[[Tensor], int] = len) -> type[nn.Module]:
    """The mean by ``new``, which sees the old count; ``rows`` are counted."""

    def see(self: Any, x: Tensor) -> None:
        moved = new(self, x)
        self.count = self.count + rows(x)
        self.mean = moved

    return mean(see=see)


def begun(mean_at_first: Callable[[int], Any], count_at_first: Callable[[int], Any]) -> type[nn.Module]:
    def start(self: Any, n: int) -> None:
        self.register_buffer("mean", mean_at_first(n))
        self.register_buffer("count", count_at_first(n))

    return mean(start=start)


def plain_count(count: Any) -> type[nn.Module]:
    def start(self: Any, n: int) -> None:
        self.register_buffer("mean", torch.zeros(n))
        self.count = count.clone() if isinstance(count, Tensor) else count

    return mean(start=start)


class LearnedMean(Mean):
    def start(self, n: int) -> None:
        super().start(n)
        del self.mean
        self.mean = nn.Parameter(torch.zeros(n))

    def see(self, x: Tensor) -> None:
        self.mean.data = (self.mean.data * self.count + x.sum(0)) / (self.count + len(x))
        self.count += len(x)


def in_place(self: Any, x: Tensor) -> Tensor:
    out = Mean.forward(self, x)
    x.data.copy_(out.data)
    return x


def both_as_parameters(self: Any, n: int) -> None:
    self.mean = nn.Parameter(torch.zeros(n), requires_grad=False)
    self.count = nn.Parameter(torch.zeros((), dtype=torch.int64), requires_grad=False)


@torch.no_grad()
def moved_in_place(self: Any, x: Tensor) -> None:
    self.count += x.shape[0]
    self.mean += (x - self.mean).sum(0) / self.count


IDEAS: list[tuple[str, str, Any]] = [
    ("my_linear", "normal numbers for even ones", linear(**normal(lambda i: i**-0.5))),
    ("my_linear", "normal numbers for even ones", linear(normal(lambda i: 0.01)["weight"], zeros)),
    ("my_linear", "numbers of size 1", linear(**normal(lambda i: 1.0))),
    ("my_linear", "all numbers alike", linear(lambda i, o: nn.Parameter(torch.ones(o, i)), zeros)),
    ("my_linear", "bounds too wide", linear(lambda i, o: nn.Parameter(even((6 / i) ** 0.5, o, i)), zeros)),
    ("my_linear", "bounds too wide", linear(
        lambda i, o: nn.Parameter(nn.init.kaiming_uniform_(torch.empty(o, i))))),
    ("my_linear", "bounds too narrow", linear(
        lambda i, o: nn.Parameter((torch.rand(o, i) - 0.5) / i**0.5), lambda i, o: nn.Parameter((torch.rand(o) - 0.5) / i**0.5))),
    ("my_linear", "the bias by another bound", linear(bias=lambda i, o: nn.Parameter(even(o**-0.5, o)))),
    ("my_linear", "seeded anew", linear(seed=0)),
    ("my_linear", "seeded anew", linear(seed=42)),
    ("my_linear", "seeded anew", linear(seed=2**40)),
    ("my_linear", "buffers for parameters", buffered),
    ("my_linear", "gradient lost", linear(forward=torch.no_grad()(lambda self, x: F.linear(x, self.weight, self.bias)))),
    ("my_linear", "gradient lost", linear(forward=lambda self, x: F.linear(x, self.weight.data, self.bias))),
    ("my_linear", "dtype of the input lost", linear(forward=lambda self, x: added(
        x.float() @ self.weight.float().T, self.bias).to(torch.float32))),
    ("my_linear", "weight not transposed", linear(forward=lambda self, x: added(torch.matmul(x, self.weight), self.bias))),
    ("my_linear", "bias taken for granted", linear(forward=lambda self, x: torch.matmul(x, self.weight.t()) + self.bias)),
    ("my_linear", "asked whether the bias is true", linear(forward=lambda self, x: (
        x @ self.weight.T + self.bias if self.bias else x @ self.weight.T))),
    ("my_linear", "dimensions of size 1 dropped", linear(forward=lambda self, x: torch.squeeze(
        added(x @ self.weight.T, self.bias)))),
    ("my_linear", "two dimensions only", linear(forward=lambda self, x: added(x.mm(self.weight.t()), self.bias))),
    ("my_conv2d", "bounds too wide", conv(by=lambda i, o, k: (6 / (i * k * k)) ** 0.5)),
    ("my_conv2d", "bounds too narrow", conv(by=lambda i, o, k: 0.5 * (i * k * k) ** -0.5)),
    ("my_conv2d", "divided by fan_in, not by its root", conv(by=lambda i, o, k: 1 / (i * k * k))),
    ("my_conv2d", "fan_in without the channels", conv(by=lambda i, o, k: (k * k) ** -0.5)),
    ("my_conv2d", "the bias by another bound", conv(bias_by=lambda i, o, k: o**-0.5)),
    ("my_conv2d", "the bias by another bound", conv(bias_by=lambda i, o, k: i**-0.5)),
    ("my_conv2d", "normal numbers for even ones", conv(draw=lambda bound, *size: torch.normal(0.0, bound, size))),
    ("my_conv2d", "seeded anew", conv(seed=7)),
    ("my_conv2d", "stride and padding exchanged", conv(forward=lambda self, x: F.conv2d(
        x, self.weight, self.bias, stride=self.p, padding=self.s))),
    ("my_conv2d", "padded by half the kernel", conv(forward=lambda self, x: F.conv2d(
        x, self.weight, self.bias, self.s, self.weight.shape[-1] // 2))),
    ("my_conv2d", "bias taken for granted", conv(forward=lambda self, x: F.conv2d(
        x, self.weight, None, self.s, self.p) + self.bias.view(1, -1, 1, 1))),
    ("my_conv2d", "gradient lost", conv(forward=lambda self, x: MyConv2d.forward(self, x).data)),
    ("find_unregistered", "top level only", top_tensors),
    ("find_unregistered", "nothing found", lambda module: list[str]()),
    ("stacked_mlp", "layers made in forward", AnewInForward),
    ("stacked_mlp", "Python list", InADictionary),
    ("stacked_mlp", "one layer shared", mlp(lambda w: [nn.Linear(w[0], w[1])] * (len(w) - 1))),
    ("stacked_mlp", "one layer shared", mlp(between_shared)),
    ("stacked_mlp", "equal widths taken once", mlp(lambda w: [
        *{pair: nn.Linear(*pair) for pair in pairwise(w)}.values()])),
    ("stacked_mlp", "another nonlinearity", mlp(act=Tensor.sigmoid)),
    ("stacked_mlp", "another nonlinearity", mlp(act=nn.LeakyReLU())),
    ("stacked_mlp", "gradient lost", mlp(end=lambda x: x.data)),
    ("stacked_mlp", "gradient lost", mlp(start=lambda x: x.data)),
    ("stacked_mlp", "dimensions of size 1 dropped", mlp(end=torch.squeeze)),
    ("stacked_mlp", "no biases", mlp(lambda w: [nn.Linear(w[i], w[i + 1], False) for i in range(len(w) - 1)])),
    ("stacked_mlp", "the last layer forgotten", mlp(lambda w: [nn.Linear(w[i], w[i + 1]) for i in range(len(w) - 2)])),
    ("stacked_mlp", "inputs and outputs swapped", mlp(lambda w: [nn.Linear(w[i + 1], w[i]) for i in range(len(w) - 1)])),
    ("running_mean", "torch.no_grad() taken for eval", mean(
        see=lambda self, x: Mean.see(self, x) if torch.is_grad_enabled() else None)),
    ("running_mean", "a moving average", seeing(lambda self, x: self.mean.lerp(x.mean(0), 0.1))),
    ("running_mean", "one mean for all features", seeing(
        lambda self, x: (self.mean * self.count + x.mean() * len(x)) / (self.count + len(x)))),
    ("running_mean", "something else counted than rows", seeing(
        lambda self, x: (self.mean * self.count + x.sum(0)) / (self.count + x.numel()), Tensor.numel)),
    ("running_mean", "never divided by the count", seeing(lambda self, x: self.mean + x.sum(0))),
    ("running_mean", "the new count for the old mean", seeing(
        lambda self, x: (self.mean * (self.count + len(x)) + x.sum(0)) / (self.count + len(x)))),
    ("running_mean", "a batch's mean counted as one row", seeing(
        lambda self, x: self.mean + (x.mean(0) - self.mean) / (self.count + len(x)))),
    ("running_mean", "a count of another size", begun(torch.zeros, lambda n: torch.tensor([0]))),
    ("running_mean", "a count of another size", begun(torch.zeros, lambda n: torch.zeros(n).long())),
    ("running_mean", "a mean of another size", begun(lambda n: torch.zeros(1, n), lambda n: torch.tensor(0))),
    ("running_mean", "another start than zeros", begun(torch.ones, lambda n: torch.tensor(0))),
    ("running_mean", "plain attributes", plain_count(torch.tensor(0))),
    ("running_mean", "plain attributes", plain_count(0)),
    ("running_mean", "parameter", LearnedMean),
    ("running_mean", "subtracted in training only", mean(
        forward=lambda self, x: Mean.forward(self, x) if self.training else x)),
    ("running_mean", "divided by the deviation, too", mean(
        forward=lambda self, x: Mean.forward(self, x) / (torch.std(x, 0) + 1e-5))),
    ("running_mean", "in place", mean(forward=in_place)),
    ("running_mean", "gradient lost", mean(forward=lambda self, x: Mean.forward(self, x.detach()))),
    ("running_mean", "begins in eval mode", mean(start=lambda self, n: [Mean.start(self, n), self.train(False)])),
    *(("mini_module", name, answer) for name, answer in MINI_IDEAS),
    ("my_linear", "nn.Parameter(...) * k", linear(lambda i, o: nn.Parameter(torch.randn(o, i)) / i**0.5, zeros)),
    ("find_unregistered", "buffers reported", lambda module: (
        sorted(set(Finder()(module)).union(dict(module.named_buffers()))))),
    ("running_mean", "parameter", mean(start=both_as_parameters, see=moved_in_place)),
    ("running_mean", "mean of means", seeing(lambda self, x: (x.mean(dim=0) + self.mean) / 2)),
    ("running_mean", "plain attributes", mean(start=lambda self, n: [
        setattr(self, "mean", torch.zeros(n)), self.register_buffer("count", torch.tensor(0))])),
    ("running_mean", "plain attributes", mean(start=lambda self, n: [setattr(self, name, 0) for name in ("mean", "count")])),
    ("running_mean", "parameter", mean(see=moved_in_place, start=lambda self, n: [
        self.register_parameter("mean", nn.Parameter(torch.zeros(n))),
        self.register_parameter("count", nn.Parameter(torch.tensor(0.0)))])),
]  # fmt: skip
