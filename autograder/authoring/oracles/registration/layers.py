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

    def build(self, size: tuple[int, ...], fan_in: int, bias: bool) -> None:
        """Make both tensors; ``size`` is the weight's, ``bias`` says whether there is one."""
        self.weight = self.keep(self.draw(size, self.bound(size, fan_in)))
        self.bias = self.keep_bias(self.draw_bias(size[:1], self.bound(size, fan_in))) if self.asked(bias) else None

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
            but(kind, keep=lambda self, numbers: numbers),
            but(kind, keep=lambda self, numbers: numbers.requires_grad_()),
            says="A plain tensor is not registered, whether it asks for gradients or not: no state_dict has it, no "
            "optimiser gets it. Put nn.Parameter around it.",
        ),
        Misconception(
            "nn.Parameter(...) * k",
            but(
                kind,
                draw=lambda self, size, bound: torch.rand(size) * 2 - 1,
                keep=lambda self, numbers: nn.Parameter(numbers) * self._bound,
                bound=_remembered,
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
    ]


def _remembered(self: Layer, size: tuple[int, ...], fan_in: int) -> float:
    vars(self)["_bound"] = fan_in**-0.5
    return float(fan_in**-0.5)
