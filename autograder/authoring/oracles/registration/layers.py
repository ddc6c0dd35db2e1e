"""What `my_linear` and `my_conv2d` have in common: a layer with a weight and a bias, and the ways to make it wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception
from autograder.observing.case import Case

__all__ = ["Layer", "but", "in_common", "layer_case", "start_case"]


class Layer(nn.Module):
    """A weight and perhaps a bias, uniform within 1/√fan_in. What a wrong layer does otherwise is a method of its own."""

    weight: Any
    bias: Any
    convolves = False

    def build(self, size: tuple[int, ...], fan_in: int, bias: bool) -> None:
        """Make both tensors; ``size`` is the weight's, ``bias`` says whether there is one."""
        self.weight = self.keep(self.draw(size, self.bound(size, fan_in)))
        self.bias = self.keep_bias(self.draw_bias(size[:1], self.bound(size, fan_in))) if self.asked(bias) else None

    def forward(self, x: Tensor) -> Tensor:
        """The layer's sums with its own tensors."""
        return self.sums(x, self.weight, self.bias)

    def sums(self, x: Tensor, weight: Any, bias: Any) -> Tensor:
        """What the layer computes."""
        raise NotImplementedError

    def bound(self, size: tuple[int, ...], fan_in: int) -> float:
        """Within which bound the numbers lie."""
        return float(fan_in**-0.5)

    def draw(self, size: tuple[int, ...], bound: float) -> Tensor:
        """The first numbers of the weight."""
        return torch.empty(size).uniform_(-bound, bound)

    def draw_bias(self, size: tuple[int, ...], bound: float) -> Tensor:
        """The first numbers of the bias."""
        return self.draw(size, bound)

    def keep(self, numbers: Tensor) -> Any:
        """What becomes of the numbers before they are an attribute."""
        return nn.Parameter(numbers)

    def keep_bias(self, numbers: Tensor) -> Any:
        """The same for the bias."""
        return self.keep(numbers)

    def asked(self, bias: bool) -> bool:
        """Whether there is a bias."""
        return bias


def but(kind: type[Layer], **methods: Any) -> type[Layer]:
    """``kind`` with other methods."""
    return type("Wrong", (kind,), methods)


def layer_case(
    make: CaseMaker, name: str, x: Tensor, sizes: Mapping[str, Any], size: tuple[int, ...], words: str
) -> Case:
    """A case that loads tensors of the layer's own sizes and runs it on ``x``.

    ``sizes`` are the layer's arguments, ``size`` is the weight's, ``words`` say how the layer is made.
    """
    tensors = {
        "weight": make.small_integers(*size, dtype=x.dtype) if x.numel() < 12 else make.normal(*size, dtype=x.dtype)
    }
    if sizes.get("bias", True):
        tensors["bias"] = make.normal(size[0], dtype=x.dtype)
    layout = (
        "" if x.is_contiguous() and not x.storage_offset() else f", strides {x.stride()}, offset {x.storage_offset()}"
    )
    shown = f"{words}, state loaded;  x {str(x.dtype)[6:]} {tuple(x.shape)}{layout}"
    return make.case(name, x=x, tensors=tensors, leaves="x", shown=shown, **sizes)


def start_case(make: CaseMaker, name: str, sizes: Mapping[str, Any], bounds: Mapping[str, float], words: str) -> Case:
    """A case that looks at the first numbers of many layers. The first of ``bounds`` is right, the others are known."""
    names = ("weight", "bias") if sizes.get("bias", True) else ("weight",)
    inputs = {"layers": 20, "names": names, "bounds": dict(bounds), **sizes}
    return make.case(name, shown=f"the first numbers of twenty layers {words}", **inputs)


def in_common(kind: type[Layer], own: str) -> list[Misconception]:
    """The misconceptions about registration and first numbers, for both layers; ``own`` is torch's layer by name."""
    return [
        Misconception(
            "plain tensors",
            *(
                but(kind, keep=keep, **bias)
                for keep in (lambda self, numbers: numbers, lambda self, numbers: numbers.requires_grad_())
                for bias in ({}, {"keep_bias": lambda self, numbers: nn.Parameter(numbers)})
            ),
            says="A plain tensor is not registered, whether it asks for gradients or not: no state_dict has it, no "
            "optimiser gets it. Put nn.Parameter around it.",
        ),
        Misconception(
            "nn.Parameter(...) * k",
            *(
                but(
                    kind,
                    draw=lambda self, size, bound: torch.rand(size) * 2 - 1,
                    keep=lambda self, numbers: nn.Parameter(numbers) * self._bound,
                    bound=_remembered,
                    **bias,
                )
                for bias in (
                    {},
                    {"keep_bias": lambda self, numbers: nn.Parameter(numbers * self._bound)},
                    {"keep_bias": lambda self, numbers: nn.Parameter(torch.zeros_like(numbers))},
                )
            ),
            says="A Parameter times a number is a plain tensor that was computed from it, and nobody registers it. "
            "Scale the numbers first, and put nn.Parameter around the result.",
        ),
        Misconception(
            "bias always",
            but(kind, asked=lambda self, bias: True),
            says=f"With bias=False {own} has no bias at all: none in the sum, none in the state_dict.",
        ),
        Misconception(
            "the bias is no parameter",
            but(kind, keep_bias=lambda self, numbers: numbers),
            but(kind, keep_bias=lambda self, numbers: numbers.requires_grad_()),
            says="The bias is learned like the weight. It needs nn.Parameter, too.",
        ),
        Misconception(
            "numbers of size 1",
            but(kind, draw=lambda self, size, bound: torch.randn(size)),
            but(kind, draw=lambda self, size, bound: torch.rand(size)),
            but(kind, draw=lambda self, size, bound: torch.rand(size) * 2 - 1),
            says="Each output sums fan_in products. Numbers of size 1 give outputs of size √fan_in; divide by that.",
        ),
        Misconception(
            "all numbers at zero",
            but(kind, draw=lambda self, size, bound: torch.zeros(size)),
            says="If all weights start equal, all outputs are equal, get equal gradients and stay equal. Draw them.",
        ),
        Misconception(
            "the bias at zero",
            but(kind, draw_bias=lambda self, size, bound: torch.zeros(size)),
            says=f"{own} draws its bias as well, within the same bound as the weight.",
        ),
        Misconception(
            "only positive numbers",
            but(kind, draw=lambda self, size, bound: torch.rand(size) * bound),
            says="torch.rand is uniform from 0 to 1. Asked for is uniform from minus the bound to the bound.",
        ),
        Misconception(
            "normal numbers for even ones",
            but(kind, draw=lambda self, size, bound: torch.randn(size) * bound),
            but(
                kind,
                draw=lambda self, size, bound: torch.randn(size) * bound,
                draw_bias=lambda self, size, bound: torch.zeros(size),
            ),
            but(kind, draw=lambda self, size, bound: torch.randn(size) * 0.01),
            but(
                kind,
                draw=lambda self, size, bound: torch.randn(size) * 0.01,
                draw_bias=lambda self, size, bound: torch.zeros(size),
            ),
            says="torch.randn draws around zero, and now and then far beyond. Asked for is uniform: every number within "
            "±1/√fan_in as likely as any other, and none beyond. torch.rand or uniform_ draw so.",
        ),
        Misconception(
            "bounds too wide",
            but(kind, bound=lambda self, size, fan_in: 6**0.5 * fan_in**-0.5),
            but(
                kind,
                bound=lambda self, size, fan_in: 6**0.5 * fan_in**-0.5,
                draw_bias=lambda self, size, bound: torch.zeros(size),
            ),
            but(
                kind,
                bound=lambda self, size, fan_in: 6**0.5 * fan_in**-0.5,
                draw_bias=lambda self, size, bound: self.draw(size, bound / 6**0.5),
            ),
            says="Even, but beyond ±1/√fan_in. nn.init.kaiming_uniform_ puts a √6 in front unless it is told a=√5, and then "
            "the two cancel. The bias keeps to the same bound as the weight.",
        ),
        Misconception(
            "bounds too narrow",
            but(kind, bound=lambda self, size, fan_in: 0.5 * fan_in**-0.5),
            says="Even, but too close to zero. torch.rand is 1 wide, and −bound to bound is twice the bound: "
            "(2 · torch.rand(…) − 1) · bound.",
        ),
        Misconception(
            "the bias by another bound",
            *(
                but(kind, draw_bias=lambda self, size, bound, by=by: self.draw(size, by(self.weight.shape) ** -0.5))
                for by in (lambda size: size[0], lambda size: size[1])
                if kind.convolves or by((1, 2)) == 1
            ),
            says="A bias has the bound of its layer: 1/√fan_in, as the weight beside it. Its own size does not matter.",
        ),
        Misconception(
            "all numbers alike",
            but(kind, draw=lambda self, size, bound: torch.ones(size)),
            but(
                kind,
                draw=lambda self, size, bound: torch.ones(size),
                draw_bias=lambda self, size, bound: torch.zeros(size),
            ),
            says="If all weights start equal, all outputs are equal, get equal gradients and stay equal. Draw them.",
        ),
        Misconception(
            "seeded anew",
            but(kind, build=_seeded),
            says="Every layer starts with the same numbers, and whoever has chosen a seed loses it. Draw from the generator "
            "as it stands.",
        ),
        Misconception(
            "buffers for parameters",
            but(kind, keep=lambda self, numbers: nn.Buffer(numbers)),
            says="A buffer is saved and moved, and no optimiser gets it. What is to be learned is an nn.Parameter.",
        ),
        Misconception(
            "gradient lost",
            but(kind, forward=lambda self, x: self.sums(x, self.weight, self.bias).detach()),
            but(kind, forward=lambda self, x: self.sums(x, self.weight.detach(), _cut(self.bias))),
            but(kind, forward=lambda self, x: self.sums(x, self.weight.detach(), self.bias)),
            says="detach, .data and torch.no_grad cut the graph: what stands behind them gets no gradient and is never trained.",
        ),
        Misconception(
            "dtype of the input lost",
            but(kind, forward=lambda self, x: self.sums(x, self.weight, self.bias).float()),
            says="What comes back is float32, whatever the layer was moved to. Leave the dtype to x and the weights.",
        ),
        Misconception(
            "asked whether the bias is true",
            but(kind, forward=lambda self, x: self.sums(x, self.weight, self.bias if self.bias else None)),
            says="A tensor of several numbers is neither true nor false. Ask: if self.bias is not None.",
        ),
    ]


def _cut(bias: Any) -> Any:
    return None if bias is None else bias.detach()


def _seeded(self: Layer, size: tuple[int, ...], fan_in: int, bias: bool) -> None:
    torch.manual_seed(0)
    Layer.build(self, size, fan_in, bias)


def _remembered(self: Layer, size: tuple[int, ...], fan_in: int) -> float:
    vars(self)["_bound"] = fan_in**-0.5
    return float(fan_in**-0.5)
