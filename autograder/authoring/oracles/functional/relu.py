"""Chapter 04, `relu`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.space import (
    DTYPES,
    GRADS,
    LAYOUTS,
    NO_GRAD_WORDS,
    RANKS,
    Chosen,
    Space,
    computed,
    fits,
    plain,
    sizes_of_rank,
)
from autograder.observing.case import Case

__all__ = ["RELU"]


def _tensors(make: CaseMaker) -> list[Case]:
    a, b, c = make.sizes(3, 2, 6)
    return [
        make.case("two numbers", x=torch.tensor([-2.0, 3.0])),
        make.case("one image", x=make.normal(1, a, b), leaves="x"),
        make.case("float32, large numbers", x=make.normal(a, b, c, dtype=torch.float32, scale=1e4), leaves="x"),
        make.case("not contiguous, with an offset", x=make.scattered(make.normal(a, b, c)), leaves="x"),
        make.case("used again afterwards", x=make.normal(b, a)),
        make.case("nothing below 0", x=make.normal(c, a).abs(), leaves="x"),
        make.case("close to 0", x=make.normal(a, c) / 1000, leaves="x"),
        make.case("asked before, of other numbers", x=torch.tensor([[-2.0, 3.0, -4.0]]), asked_before=True),
    ]


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    x = make.drawn(*_size(one), layout=one.layout, scale=one.scale, dtype=one.dtype)
    leaves, history = "" if one.grad == plain else "x", "x" if one.grad == computed else ""
    return make.case(x=x, leaves=leaves, computed=history, shown=_shown(one), **one.flags("no_grad"))


def _size(one: Chosen) -> tuple[int, ...]:
    return sizes_of_rank(one.rank, one.smallest)


def _shown(one: Chosen) -> str:
    return f"x {str(one.dtype).removeprefix('torch.')} {_size(one)}, {one.layout}"


_SPACE = Space(
    _drawn,
    rank=RANKS,
    smallest=(1, 0, 5),
    layout=LAYOUTS,
    dtype=DTYPES,
    scale=(1.0, 10.0),
    grad=GRADS,
    no_grad=(False, True),
    within=(
        lambda one: fits(one.layout, _size(one)),
        lambda one: one.grad == plain or one.dtype.is_floating_point,
        lambda one: one.grad == plain or not one.no_grad,
        lambda one: one.smallest == 1 or one.rank > 1,
    ),
    words={
        "rank": "the number of dimensions is {}",
        "smallest": "the second dimension of x is of size {}",
        "layout": "x lies in memory like this: {}",
        "scale": "the numbers are spread by {}",
        "grad": "x is {}",
        **NO_GRAD_WORDS,
    },
)


def _into_its_data(x: Tensor) -> Tensor:
    """Where autograd does not see it: it takes the result for x itself."""
    x.data.clamp_(min=0)
    return x


@torch.no_grad()
def _without_a_graph(x: Tensor) -> Tensor:
    x.clamp_(min=0)
    return x


RELU = Oracle(
    "relu",
    F.relu,
    _tensors,
    [
        Misconception(
            "in place",
            lambda x: x.clamp_(min=0),
            lambda x: x.mul_(x > 0),
            lambda x: x.data.clamp_(min=0),
            _into_its_data,
            _without_a_graph,
            says="The input is still needed by whoever gave it. Return a new tensor; operations that end in _ write.",
        ),
        Misconception(
            "absolute value",
            torch.abs,
            says="Negative numbers become 0, they do not change their sign.",
        ),
        Misconception(
            "gradient lost",
            lambda x: x.detach().clamp(min=0),
            lambda x: torch.from_numpy(x.detach().numpy().clip(0)),
            lambda x: torch.from_numpy(x.detach().numpy().clip(0)).clone(),
            says="detach, .data, item and torch.tensor cut the graph: no gradient reaches x any more.",
        ),
        Misconception(
            "everything kept",
            lambda x: x * 1,
            says="Negative numbers become 0.",
        ),
        Misconception(
            "the step instead of the ramp",
            lambda x: (x > 0).to(x.dtype),
            lambda x: (x > 0).float(),
            says="Positive numbers stay what they are. x > 0 says where they are; multiply x with it.",
        ),
        Misconception(
            "yes and no for numbers",
            lambda x: x > 0,
            says="x > 0 says where the positive numbers are, as True and False. Multiply x with it, or choose by torch.where.",
        ),
        Misconception(
            "only the positive numbers kept",
            lambda x: x[x > 0],
            says="x[x > 0] leaves out the others, and the shape is gone. They stay in their places, as zeros.",
        ),
        Misconception(
            "cut off above",
            lambda x: x.clamp(0, 1),
            lambda x: x.clamp(0, 6),
            says="There is no largest number: what is positive stays as it is, however large.",
        ),
        Misconception(
            "a leak below zero",
            lambda x: torch.where(x > 0, x, 0.01 * x),
            lambda x: torch.where(x > 0, x, 0.1 * x),
            says="Negative numbers become 0, without a slope: a leaky ReLU is another function.",
        ),
        Misconception(
            "smoothed",
            lambda x: torch.log(1 + torch.exp(x)),
            lambda x: x * torch.sigmoid(x),
            lambda x: x * (1 + torch.erf(x / 2**0.5)) / 2,
            says="ReLU has a corner at 0: negative numbers are exactly 0, positive ones exactly what they were.",
        ),
        Misconception(
            "dtype of the input lost",
            lambda x: x.clamp(min=0).float(),
            lambda x: torch.where(x > 0, x, torch.zeros(x.shape)),
            lambda x: torch.maximum(x, torch.zeros(x.shape)),
            says="The result has x's dtype. torch.zeros and float() make float32: ask for torch.zeros_like(x).",
        ),
        Misconception(
            "negative part kept",
            lambda x: x.clamp(max=0),
            says="The other way round: positive numbers stay, negative ones become 0.",
        ),
    ],
    space=_SPACE,
)
