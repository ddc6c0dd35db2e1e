"""Chapter 06: right answers in other styles."""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from itertools import chain, pairwise
from types import MappingProxyType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder.authoring.oracles.registration.predict_registered import Box

NOTHING = dict.fromkeys(("plain", "asking", "scaled", "layers", "act"), "nothing")
LISTED = {"weight": "parameter", "layer": "module", "stack": "module", "mean": "buffer", "scratch": "buffer"}


def asked_of_torch() -> dict[str, str]:
    box = Box()
    words = dict.fromkeys((*NOTHING, *LISTED), "nothing")
    words |= dict.fromkeys(dict(box.named_parameters(recurse=False)), "parameter")
    words |= dict.fromkeys(dict(box.named_buffers(recurse=False)), "buffer")
    return words | dict.fromkeys(dict(box.named_children()), "module")


class KaimingLinear(nn.Module):
    """As torch writes it."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True, device: Any = None) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = nn.Parameter(torch.empty((out_features, in_features), device=device))
        if bias:
            self.bias = nn.Parameter(torch.empty(out_features, device=device))
        else:
            self.register_parameter("bias", None)
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            nn.init.uniform_(self.bias, -1 / math.sqrt(in_features), 1 / math.sqrt(in_features))

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight, self.bias)


class BiasOfFalse(KaimingLinear):
    """What was asked for stands where the bias would."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__(in_features, out_features, bias)
        if not bias:
            del self.bias
            self.bias = bias  # type: ignore[assignment]

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight, self.bias if isinstance(self.bias, Tensor) else None)


class MatmulLinear(nn.Module):
    """The bias first, no attribute at all where there is none, and a product of its own."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__()
        k = 1 / in_features**0.5
        if bias:
            self.bias = nn.Parameter((torch.rand(out_features) - 0.5) * 2 * k)
        self.weight = nn.Parameter((torch.rand(out_features, in_features) - 0.5) * 2 * k)
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        out = x @ self.weight.mT
        if hasattr(self, "bias"):
            out = out + self.bias
        return out


class EinsumLinear(nn.Module):
    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__()
        self.bound = math.sqrt(1 / in_features)
        self.register_parameter("weight", nn.Parameter(torch.zeros(out_features, in_features)))
        self.register_parameter("bias", nn.Parameter(torch.zeros(out_features)) if bias else None)
        self.reset()

    @torch.no_grad()
    def reset(self) -> None:
        for parameter in self.parameters():
            parameter.copy_(torch.empty_like(parameter).uniform_(-1, 1) * self.bound)

    def forward(self, x: Tensor) -> Tensor:
        out = torch.einsum("...i,oi->...o", x, self.weight)
        return out if self.bias is None else out.add_(self.bias)


class BaseLayer(nn.Module):
    def parameter(self, *size: int, fan_in: int) -> nn.Parameter:
        return nn.Parameter(torch.distributions.Uniform(-(fan_in**-0.5), fan_in**-0.5).sample(size))


class DerivedLinear(BaseLayer):
    """Keyword-only, with helpers in a class of its own between it and nn.Module."""

    def __init__(self, *, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__()
        self.weight = self.parameter(out_features, in_features, fan_in=in_features)
        self.bias = self.parameter(out_features, fan_in=in_features) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        rows = x.reshape(-1, x.shape[-1])
        out = rows.mm(self.weight.t()) if self.bias is None else torch.addmm(self.bias, rows, self.weight.t())
        return out.reshape(*x.shape[:-1], self.weight.shape[0])


class LoopLinear(BaseLayer):
    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__()
        self.weight = self.parameter(out_features, in_features, fan_in=in_features)
        self.bias = self.parameter(out_features, fan_in=in_features) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        columns = [(x * row).sum(-1) for row in self.weight]
        out = torch.stack(columns, dim=-1)
        return out if self.bias is None else out + self.bias


class KaimingConv(nn.Module):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.stride, self.padding = stride, padding
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, kernel_size, kernel_size))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)
        if bias:
            self.bias = nn.Parameter(torch.empty(out_channels))
            bound = self.weight[0].numel() ** -0.5
            nn.init.uniform_(self.bias, -bound, bound)
        else:
            self.register_parameter("bias", None)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight, self.bias, stride=self.stride, padding=self.padding)


class OptionsConv(BaseLayer):
    """The settings as a dictionary; the bias added afterwards; torch.conv2d, which is the same function."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        fan_in = in_channels * kernel_size * kernel_size
        self.options = {"stride": (stride, stride), "padding": (padding, padding)}
        self.weight = self.parameter(out_channels, in_channels, kernel_size, kernel_size, fan_in=fan_in)
        self.bias = self.parameter(out_channels, fan_in=fan_in) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        out = torch.conv2d(x, self.weight, **self.options)
        return out if self.bias is None else out + self.bias[:, None, None]


class PaddedConv(BaseLayer):
    """Pads by hand, and keeps its settings as a buffer that is not saved and as closures."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        size = (out_channels, in_channels, kernel_size, kernel_size)
        k = (in_channels * kernel_size**2) ** -0.5
        self.weight = nn.Parameter(torch.rand(size).mul_(2 * k).sub_(k))
        self.bias = nn.Parameter(torch.rand(out_channels).mul_(2 * k).sub_(k)) if bias else None
        self.register_buffer("used", torch.tensor(0), persistent=False)
        self.pad = lambda x: F.pad(x, [padding] * 4)
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        self.used += 1
        return F.conv2d(self.pad(x), self.weight, self.bias, self.stride)


class UnfoldedConv(KaimingConv):
    def forward(self, x: Tensor) -> Tensor:
        kernel = self.weight.shape[-1]
        columns = F.unfold(x, kernel, padding=self.padding, stride=self.stride)
        out = self.weight.flatten(1) @ columns
        rows = (x.shape[2] + 2 * self.padding - kernel) // self.stride + 1
        out = out.unflatten(2, (rows, -1))
        return out if self.bias is None else out + self.bias.view(-1, 1, 1)


class ByKeyword(KaimingConv):
    def __init__(self, *, in_channels: int, out_channels: int, kernel_size: int, **more: Any) -> None:
        super().__init__(in_channels, out_channels, kernel_size, **more)


def by_stack(module: nn.Module) -> list[str]:
    """Without recursion: a stack of what is still to be looked at."""
    registered = list(chain(module.parameters(), module.buffers()))
    parts = set(module.modules())
    own = set(nn.Module().__dict__)
    waiting: deque[tuple[str, Any]] = deque()
    for path, part in module.named_modules():
        waiting += [(f"{path}.{key}".lstrip("."), value) for key, value in part.__dict__.items() if key not in own]
    found = []
    while waiting:
        path, value = waiting.popleft()
        if isinstance(value, Tensor):
            if all(value is not one for one in registered):
                found.append(path)
        elif isinstance(value, nn.Module):
            if value not in parts:
                inner = {key: one for key, one in value.__dict__.items() if key not in own}
                inner |= {**value._parameters, **value._buffers, **value._modules}
                waiting += [(f"{path}.{key}", one) for key, one in inner.items()]
        elif isinstance(value, dict):
            waiting += [(f"{path}.{key}", one) for key, one in value.items()]
        elif type(value) in (list, tuple):
            waiting += [(f"{path}.{index}", one) for index, one in enumerate(value)]
    return sorted(found)


class Finder:
    """Looks into a module that is kept in a list as it looks into the whole: with its own lists counted as lost."""

    def __call__(self, module: nn.Module) -> tuple[str, ...]:
        self.known = {id(x) for x in (*module.parameters(), *module.buffers(), *module.modules())}
        self.found: set[str] = set()
        self._attributes("", module)
        return tuple(sorted(self.found))

    def _attributes(self, prefix: str, module: nn.Module) -> None:
        for key, value in vars(module).items():
            if key == "_modules":
                for name, child in value.items():
                    self._child(f"{prefix}{name}", child)
            elif key in ("_parameters", "_buffers"):
                for name, tensor in value.items():
                    self._value(f"{prefix}{name}", tensor)
            else:
                self._value(f"{prefix}{key}", value)

    def _child(self, path: str, child: Any) -> None:
        if child is not None:
            self._attributes(f"{path}.", child)

    def _value(self, path: str, value: Any) -> None:
        match value:
            case Tensor():
                if id(value) not in self.known:
                    self.found.add(path)
            case nn.Module():
                if id(value) not in self.known:
                    self._attributes(f"{path}.", value)
            case dict():
                for key in value:
                    self._value(f"{path}.{key}", value[key])
            case list() | tuple():
                for number in range(len(value)):
                    self._value(f"{path}.{number}", value[number])


def by_generator(module: nn.Module, *, sort: bool = True) -> list[str]:
    names_of_nn = [name for name in dir(nn.Module()) if name in nn.Module().__dict__]
    registered = {id(t) for t in module.state_dict(keep_vars=True).values()} | {id(b) for b in module.buffers()}
    inside = [id(m) for m in module.modules()]

    def walk(value: Any, path: list[str]):  # type: ignore[no-untyped-def]
        if isinstance(value, Tensor):
            if id(value) not in registered:
                yield ".".join(path)
            return
        if isinstance(value, nn.Module):
            if id(value) in inside:
                return
            yield from (".".join([*path, name]) for name, _ in value.named_parameters())
            yield from (".".join([*path, name]) for name, _ in value.named_buffers())
            for sub, part in value.named_modules():
                yield from attributes(part, [*path, *([sub] if sub else [])])
        items: Any = ()
        if isinstance(value, dict):
            items = value.items()
        elif isinstance(value, list | tuple):
            items = enumerate(value)
        for key, item in items:
            yield from walk(item, [*path, str(key)])

    def attributes(part: nn.Module, path: list[str]):  # type: ignore[no-untyped-def]
        for name in part.__dict__:
            if name not in names_of_nn:
                yield from walk(part.__dict__[name], [*path, name])

    found = chain.from_iterable(attributes(part, [name] if name else []) for name, part in module.named_modules())
    return sorted(found) if sort else list(found)


def by_place(module: nn.Module, prefix: str = "", places: Any = None) -> list[str]:
    """state_dict gives other objects each time, so it asks where their numbers lie: whether a view is another tensor is left open."""
    lists = {} if places is None else {**module._parameters, **module._buffers}
    places = places or {one.data_ptr() for one in (*module.state_dict().values(), *module.buffers())} | set(
        map(id, module.modules())
    )
    found = []
    waiting = [*lists.items(), *((name, one) for name, one in vars(module).items() if name not in vars(nn.Module()))]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, Tensor):
            found += [] if value.data_ptr() in places else [prefix + path]
        elif isinstance(value, nn.Module) and id(value) not in places:
            found += by_place(value, f"{prefix}{path}.", places)
        elif isinstance(value, dict):
            waiting += [(f"{path}.{key}", one) for key, one in value.items()]
        elif isinstance(value, list | tuple):
            waiting += [(f"{path}.{number}", one) for number, one in enumerate(value)]
    for name, child in module.named_children():
        found += by_place(child, f"{prefix}{name}.", places)
    return sorted(found)


def with_deque(module: nn.Module) -> list[str]:
    found = by_generator(module, sort=False)
    found.sort()
    return found


class Layers(nn.Module):
    def __init__(self, widths: Any) -> None:
        super().__init__()
        widths = list(widths)
        steps: list[nn.Module] = []
        for a, b in pairwise(widths):
            steps += [nn.Linear(a, b), nn.ReLU()]
        self.net = nn.Sequential(*steps[:-1])

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class Attributes(nn.Module):
    """Each layer an attribute of its own, the last one made first."""

    def __init__(self, widths: Any) -> None:
        super().__init__()
        self.count = len(widths) - 1
        for number in reversed(range(self.count)):
            setattr(self, f"layer{number}", nn.Linear(widths[number], widths[number + 1]))

    def forward(self, x: Tensor) -> Tensor:
        for number in range(self.count):
            x = getattr(self, f"layer{number}")(x)
            if number < self.count - 1:
                x = x.clamp(min=0)
        return x


class Own(nn.Module):
    """No nn.Linear at all: lists of parameters, weights apart from biases."""

    def __init__(self, widths: Any) -> None:
        super().__init__()
        pairs = list(pairwise(widths))
        self.biases = nn.ParameterList([nn.Parameter(torch.rand(b)) for _, b in pairs])
        self.weights = nn.ParameterList([nn.Parameter(torch.randn(b, a) / a**0.5) for a, b in pairs])

    def forward(self, x: Tensor) -> Tensor:
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = F.linear(x if number == 0 else torch.relu(x), weight, bias)
        return x


class Ordered(nn.Sequential):
    def __init__(self, widths: Any) -> None:
        entries: OrderedDict[str, nn.Module] = OrderedDict()
        for number in range(1, len(widths)):
            entries[f"linear{number}"] = nn.Linear(widths[number - 1], widths[number])
            if number + 1 < len(widths):
                entries[f"relu{number}"] = nn.ReLU(inplace=True)
        super().__init__(entries)


class Recursive(nn.Module):
    """A first layer, and a network of the rest."""

    def __init__(self, widths: Any) -> None:
        super().__init__()
        first, second, *rest = widths
        self.rest = Recursive([second, *rest]) if rest else None
        self.first = nn.Linear(first, second)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        return x if self.rest is None else self.rest(torch.maximum(x, torch.zeros_like(x)))


class InPlaceMean(nn.Module):
    """Welford's way: the buffers stay the same objects."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(num_features))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            with torch.no_grad():
                self.count.add_(x.size(0))
                self.mean.add_((x - self.mean).sum(0) / self.count)
        return x - self.mean


class SummingMean(nn.Module):
    """Keeps a sum that is not saved, and makes it again from the mean after loading."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.count = nn.Buffer(torch.tensor(0, dtype=torch.long))
        self.mean = nn.Buffer(torch.zeros(num_features))

    def forward(self, batch: Tensor) -> Tensor:
        if not self.training:
            return batch.sub(self.mean)
        n = int(self.count) + batch.shape[0]
        self.mean = (self.mean * self.count + batch.detach().sum(dim=0)) / n
        self.count.fill_(n)
        return batch - self.mean.unsqueeze(0)


class RowByRow(InPlaceMean):
    @torch.no_grad()
    def see(self, rows: Tensor) -> None:
        for row in rows:
            self.count += 1
            self.mean += (row - self.mean) / self.count

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.see(x)
        return x - self.mean.clone()


class WeightedMean(InPlaceMean):
    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            before, self.count = self.count, self.count + len(x)
            share = (before / self.count).to(x.dtype)
            self.mean = torch.lerp(x.data.mean(0), self.mean, share)
        return torch.sub(x, self.mean)


class HookedMean(InPlaceMean):
    """The counting in a hook of its own, which is no concern of anybody."""

    def __init__(self, num_features: int, **unused: Any) -> None:
        super().__init__(num_features)
        self.register_forward_pre_hook(type(self).look)

    def look(self, inputs: tuple[Tensor, ...]) -> None:
        if self.training:
            rows = inputs[0].detach()
            total = self.mean * self.count + rows.sum(0)
            self.count = self.count + rows.shape[0]
            self.mean = total / self.count

    def forward(self, x: Tensor) -> Tensor:
        return x - self.mean


RIGHT = {
    "predict_registered": [
        NOTHING | LISTED,
        LISTED | NOTHING,
        asked_of_torch,
        OrderedDict({name: f" {word.title()} " for name, word in (NOTHING | LISTED).items()}),
        MappingProxyType(NOTHING | LISTED | {"more": "something"}),
    ],
    "my_linear": [KaimingLinear, MatmulLinear, EinsumLinear, DerivedLinear, LoopLinear, BiasOfFalse],
    "my_conv2d": [KaimingConv, OptionsConv, PaddedConv, UnfoldedConv, ByKeyword],
    "find_unregistered": [by_stack, Finder(), by_generator, with_deque, by_place, lambda *, module: by_stack(module)],
    "stacked_mlp": [Layers, Attributes, Own, Ordered, Recursive],
    "running_mean": [InPlaceMean, SummingMean, RowByRow, WeightedMean, HookedMean],
}
