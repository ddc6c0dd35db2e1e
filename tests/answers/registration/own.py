"""Chapter 06: torch's own layer or module, in all the ways that do the work of an exercise by hand."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class HoldsLinear(nn.Module):
    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__()
        self.inner = nn.Linear(in_features, out_features, bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x)


class HidesLinear(nn.Module):
    """Keeps torch's layer in a list, so that only its tensors are registered here."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__()
        self.kept = [nn.Linear(in_features, out_features, bias)]
        self.weight, self.bias = self.kept[0].weight, self.kept[0].bias

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)


class TakesNumbers(nn.Module):
    """Makes torch's layer for its numbers only."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__()
        layer = nn.Linear(in_features, out_features, bias)
        self.weight, self.bias = layer.weight, layer.bias

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)


class DerivesLinear(nn.Linear):
    pass


class MakesInForward(TakesNumbers):
    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        nn.Module.__init__(self)
        self.weight = nn.Parameter(torch.rand(out_features, in_features))
        self.bias = nn.Parameter(torch.rand(out_features)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        layer = nn.LazyLinear(len(self.weight), bias=self.bias is not None, dtype=x.dtype)
        layer(x)
        layer.weight, layer.bias = self.weight, self.bias
        return layer(x)


class DerivesConv(nn.Conv2d):
    pass


class HoldsConv(nn.Module):
    def __init__(self, *sizes: Any, **more: Any) -> None:
        super().__init__()
        self.inner = nn.Conv2d(*sizes, **more)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x)


class TakesConvsNumbers(nn.Module):
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
        layer = nn.Conv2d(in_channels, out_channels, kernel_size, bias=bias)
        self.weight, self.bias, self.settings = layer.weight, layer.bias, (stride, padding)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight, self.bias, *self.settings)


class DerivesModule(nn.Module):
    pass


class HoldsModule:
    """Hands everything on to a module that it holds."""

    def __init__(self) -> None:
        vars(self)["inner"] = nn.Module()

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.inner, name, getattr(value, "inner", value))

    def __getattr__(self, name: str) -> Any:
        return getattr(vars(self)["inner"], name)


class KeepsDictionaries:
    """The lists of Parameters are torch's."""

    def __init__(self) -> None:
        vars(self).update(own=nn.ParameterDict(), inside={}, training=True)

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, nn.Parameter):
            self.own[name] = value
        elif isinstance(value, KeepsDictionaries):
            self.inside[name] = value
        object.__setattr__(self, name, value)

    def named_parameters(self, prefix: str = "") -> Any:
        yield from ((prefix + name, one) for name, one in self.own.items())
        for name, child in self.inside.items():
            yield from child.named_parameters(f"{prefix}{name}.")


class Borrows:
    """Another class by name, whose methods are all nn.Module's."""

    __init__ = nn.Module.__init__
    __setattr__ = nn.Module.__setattr__
    __getattr__ = nn.Module.__getattr__
    named_parameters = nn.Module.named_parameters


TORCHS_OWN: list[tuple[str, Any]] = [
    ("my_linear", nn.Linear),
    ("my_linear", HoldsLinear),
    ("my_linear", HidesLinear),
    ("my_linear", TakesNumbers),
    ("my_linear", DerivesLinear),
    ("my_linear", MakesInForward),
    ("my_linear", lambda in_features, out_features, bias=True: nn.Linear(in_features, out_features, bias)),
    ("my_conv2d", nn.Conv2d),
    ("my_conv2d", DerivesConv),
    ("my_conv2d", HoldsConv),
    ("my_conv2d", TakesConvsNumbers),
    ("mini_module", nn.Module),
    ("mini_module", DerivesModule),
    ("mini_module", HoldsModule),
    ("mini_module", KeepsDictionaries),
    ("mini_module", Borrows),
]
