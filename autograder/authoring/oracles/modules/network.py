"""The network of the course, its four tensors, and the cases of both exercises that build it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.space import FLOATS, NO_GRAD_WORDS, Chosen, Space
from autograder.observing.case import Case

__all__ = ["NETWORK_SPACE", "TinyCNN", "frozen", "network_inputs", "networks"]


class TinyCNN(nn.Module):
    """The network of the course: ``x (N, 3, 32, 32)`` to logits ``(N, 10)``."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1)
        self.fc = nn.Linear(16 * 32 * 32, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of a batch."""
        return self.fc(F.relu(self.conv(x)).flatten(1))


def frozen(model: nn.Module, layers: Sequence[str]) -> nn.Module:
    """``model``, of which these layers ask for no gradients."""
    for name in layers:
        model.get_submodule(name).requires_grad_(False)
    return model


def network_inputs(make: CaseMaker, dtype: torch.dtype = torch.float32) -> dict[str, Any]:
    """The four tensors of TinyCNN as recipes, within the bounds of torch's own initialisation."""
    return {
        "conv.weight": make.uniform((16, 3, 3, 3), 27**-0.5, dtype),
        "conv.bias": make.uniform((16,), 27**-0.5, dtype),
        "fc.weight": make.uniform((10, 16 * 32 * 32), (16 * 32 * 32) ** -0.5, dtype),
        "fc.bias": make.uniform((10,), (16 * 32 * 32) ** -0.5, dtype),
    }


def networks(make: CaseMaker) -> list[Case]:
    """The batches on which a network of the course is observed: of one image, of a few, and in float64."""
    batches = make.integer(2, 4)
    return [
        make.case(
            "one image",
            x=make.uniform((1, 3, 32, 32), 1.0),
            shown="x float32 (1, 3, 32, 32), the four tensors loaded",
            **network_inputs(make),
        ),
        make.case(
            f"{batches} images",
            x=make.uniform((batches, 3, 32, 32), 1.0),
            shown=f"x float32 ({batches}, 3, 32, 32), the four tensors loaded",
            **network_inputs(make),
        ),
        make.case(
            "five images in float64",
            x=make.uniform((5, 3, 32, 32), 2.0, torch.float64),
            shown="x float64 (5, 3, 32, 32), model.to(torch.float64)",
            **network_inputs(make),
        ),
    ]


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    dtype = str(one.dtype).removeprefix("torch.")
    mode = "training" if one.training else "eval"
    before = f", {one.images + 1} other images before, with other numbers loaded" if one.earlier else ""
    earlier: dict[str, Any] = (
        {"earlier": make.uniform((one.images + 1, 3, 32, 32), 1.0, one.dtype)} if one.earlier else {}
    )
    return make.case(
        x=make.uniform((one.images, 3, 32, 32), one.scale, one.dtype),
        training=one.training,
        no_grad=one.no_grad,
        shown=f"x {dtype} ({one.images}, 3, 32, 32), the four tensors loaded, {mode} mode{before}",
        **earlier,
        **network_inputs(make),
    )


# What the contract of TinyCNN leaves open is little: sizes, names and the layout of x are given.
NETWORK_SPACE = Space(
    _drawn,
    images=(1, 2, 7),
    scale=(1.0, 100.0),
    training=(True, False),
    no_grad=(False, True),
    earlier=(False, True),
    dtype=FLOATS,
    words={
        "images": "the number of images is {}",
        "scale": "the numbers of x are in ±{}",
        "training": "training mode is {}",
        **NO_GRAD_WORDS,
        "earlier": "the network has seen other images before, with other numbers loaded: {}",
    },
)
