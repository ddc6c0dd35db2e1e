"""Chapter 06: the known misconceptions in other words."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from answers.registration.right import LISTED, NOTHING, InPlaceMean, KaimingConv, KaimingLinear, by_stack
from torch import Tensor, nn

WORDS = NOTHING | LISTED


class PlainLinear(nn.Module):
    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__()
        k = in_features**-0.5
        self.weight = (torch.rand(out_features, in_features) * 2 - 1) * k
        self.bias = (torch.rand(out_features) * 2 - 1) * k if bias else None

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)


class TimesLinear(PlainLinear):
    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__(in_features, out_features, bias)
        self.weight = nn.Parameter(self.weight) * 1.0
        self.bias = nn.Parameter(self.bias) * 1.0 if bias else None


class AlwaysBias(KaimingLinear):
    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__(in_features, out_features, True)


class WideConv(KaimingConv):
    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, *rest: Any, **more: Any) -> None:
        super().__init__(in_channels, out_channels, kernel_size, *rest, **more)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(in_channels**-0.5), in_channels**-0.5)


class StridelessConv(KaimingConv):
    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight, self.bias, padding=self.padding)


class PlainConv(KaimingConv):
    def __init__(self, *sizes: Any, **more: Any) -> None:
        super().__init__(*sizes, **more)
        weight, bias = self.weight.detach(), None if self.bias is None else self.bias.detach()
        del self.weight, self.bias
        self.weight, self.bias = weight, bias


def top_only(module: nn.Module) -> list[str]:
    inside = [name for name, _ in module.named_children()]
    return [path for path in by_stack(module) if path.split(".")[0] not in inside]


def without_lists(module: nn.Module) -> list[str]:
    names = set(vars(nn.Module()))
    paths = []
    for path, part in module.named_modules():
        for name, value in vars(part).items():
            if name not in names and isinstance(value, Tensor):
                paths.append(f"{path}.{name}" if path else name)
    return sorted(paths)


def by_state(module: nn.Module) -> list[str]:
    saved = module.state_dict()
    return sorted(by_stack(module) + [name for name, _ in module.named_buffers() if name not in saved])


class ListMLP(nn.Module):
    def __init__(self, widths: Any) -> None:
        super().__init__()
        self.layers = [nn.Linear(widths[i], widths[i + 1]) for i in range(len(widths) - 1)]

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            x = layer(x).relu()
        return self.layers[-1](x)


class ReluEverywhere(ListMLP):
    def __init__(self, widths: Any) -> None:
        super().__init__(widths)
        self.layers = nn.ModuleList(self.layers)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.relu(layer(x))
        return x


class SharedMLP(ReluEverywhere):
    def __init__(self, widths: Any) -> None:
        super().__init__(widths)
        made: dict[Any, Any] = {}
        for number, layer in enumerate(self.layers):
            self.layers[number] = made.setdefault((layer.in_features, layer.out_features), layer)

    def forward(self, x: Tensor) -> Tensor:
        return ListMLP.forward(self, x)


class PlainMean(nn.Module):
    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.mean, self.count = torch.zeros(num_features), torch.tensor(0)

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            total = self.mean * self.count + x.detach().sum(0)
            self.count = self.count + len(x)
            self.mean = total / self.count
        return x - self.mean


class ParameterMean(nn.Module):
    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(num_features), requires_grad=False)
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.count += len(x)
            self.mean.data += (x.detach() - self.mean.data).sum(0) / self.count
        return x - self.mean


class Eager(InPlaceMean):
    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            self.count += len(x)
            self.mean += (x - self.mean).sum(0) / self.count
        return x - self.mean


class MeanOfMeans(InPlaceMean):
    def __init__(self, num_features: int) -> None:
        super().__init__(num_features)
        self.batches = 0

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.count += len(x)
            self.batches += 1
            self.mean = (self.mean * (self.batches - 1) + x.detach().mean(0)) / self.batches
        return x - self.mean


WRONG: list[tuple[str, str, Any]] = [
    ("predict_registered", "requires_grad makes a parameter", lambda: WORDS | {"asking": "Parameter"}),
    ("predict_registered", "a list of layers counts", WORDS | {"layers": "module "}),
    ("predict_registered", "every tensor is a buffer", WORDS | {"plain": "buffer", "asking": "buffer"}),
    ("my_linear", "plain tensors", PlainLinear),
    ("my_linear", "nn.Parameter(...) * k", TimesLinear),
    ("my_linear", "bias always", AlwaysBias),
    ("my_conv2d", "fan_in without the kernel area", WideConv),
    ("my_conv2d", "stride lost", StridelessConv),
    ("my_conv2d", "plain tensors", PlainConv),
    ("find_unregistered", "top level only", top_only),
    ("find_unregistered", "lists missed", without_lists),
    ("find_unregistered", "buffers reported", by_state),
    ("stacked_mlp", "Python list", ListMLP),
    ("stacked_mlp", "ReLU after the last", ReluEverywhere),
    ("stacked_mlp", "one layer shared", SharedMLP),
    ("running_mean", "plain attributes", PlainMean),
    ("running_mean", "parameter", ParameterMean),
    ("running_mean", "updates in eval", Eager),
    ("running_mean", "mean of means", MeanOfMeans),
]
