"""Chapter 09, `dynamic_conv`: images, each with filters of its own, and what its contract lets vary."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.space import FLOATS, LAYOUTS, Chosen, Space, fits
from autograder.observing.case import Case
from autograder.observing.codec import Uniform

__all__ = ["SPACE", "filtered"]


def filtered(make: CaseMaker) -> list[Case]:
    """Small ones first; then one size at a time, other layouts and dtypes."""
    n, c, o = make.sizes(3, 2, 4)
    h, w = make.sizes(2, 5, 7)

    def even(*size: int) -> Uniform:
        return make.uniform(size, 1.0, torch.float64)

    two = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64)

    def case(name: str, x: Tensor | Uniform, weight: Tensor | Uniform, leaves: str = "x weight", **more: Any) -> Case:
        return make.case(name, x=x, weight=weight, leaves=leaves, **more)

    return [
        case("two images of one pixel, 1 × 1 filters", two[0].view(2, 1, 1, 1), two[1].view(2, 1, 1, 1, 1)),
        case(
            "two images, two channels, one output", make.small_integers(2, 2, 1, 2), make.small_integers(2, 1, 2, 1, 1)
        ),
        case("all sizes different", make.normal(n, c, h, w), even(n, o, c, 3, 3)),
        case("as many images as channels as outputs", make.normal(c, c, h, w), even(c, c, c, 3, 3), leaves=""),
        case("one image", make.normal(1, c, w, h), even(1, o, c, 3, 3), asks="one image"),
        case("one channel", make.normal(n, 1, h, w), even(n, o, 1, 3, 3), leaves=""),
        case("one output", make.normal(n, c, h, w), even(n, 1, c, 5, 5), leaves=""),
        case("filters larger than the image", make.normal(n, c, 2, 3), even(n, o, c, 7, 7), leaves=""),
        case("one row", make.normal(n, c, 1, w), even(n, o, c, 3, 3), leaves=""),
        case(
            "other layouts in memory",
            make.scattered(make.normal(n, c, h, w), order=(0, 2, 3, 1)),
            make.scattered(make.normal(n, o, c, 3, 3)),
        ),
        case("behind another image", make.normal(n + 1, c, h, w)[1:], make.normal(n + 1, o, c, 3, 3)[1:], leaves=""),
        case(
            "the same image for all filters",
            make.normal(c, h, w).expand(n, c, h, w),
            even(n, o, c, 3, 3),
            leaves="weight",
        ),
        case("float32", make.normal(n, c, h, w, dtype=torch.float32), make.normal(n, o, c, 3, 3, dtype=torch.float32)),
        case("gradients off", make.normal(n, c, h, w), even(n, o, c, 3, 3), leaves="", no_grad=True),
        case(
            "asked before, of other numbers",
            two[0].view(2, 1, 1, 1),
            two[1].view(2, 1, 1, 1, 1),
            leaves="",
            asked_before=True,
        ),
    ]


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    return make.case(
        x=make.drawn(*_image(one), layout=one.x_layout, scale=one.scale, dtype=one.dtype),
        weight=make.drawn(*_weight(one), layout=one.weight_layout, dtype=one.dtype),
        leaves=one.leaves,
        **_asks(one),
    )


def _asks(one: Chosen) -> dict[str, str]:
    """Where one set of filters is all there is, an answer that knows no other is right: that counts by itself."""
    if one.images == 1:
        return {"asks": "one image"}
    return {"asks": "the same filters"} if one.weight_layout == "expanded" else {}


def _image(one: Chosen) -> tuple[int, ...]:
    return (one.images, one.channels, one.height, one.width)


def _weight(one: Chosen) -> tuple[int, ...]:
    return (one.images, one.outputs, one.channels, one.kernel, one.kernel)


SPACE = Space(
    _drawn,
    images=(1, 2, 5),
    channels=(1, 2, 3),
    outputs=(1, 2, 4),
    height=(1, 2, 5),
    width=(1, 3, 6),
    kernel=(1, 3, 5, 7),
    x_layout=LAYOUTS,
    weight_layout=LAYOUTS,
    scale=(1.0, 100.0),
    dtype=FLOATS,
    leaves=("", "x", "weight", "x weight"),
    within=(lambda one: fits(one.x_layout, _image(one)), lambda one: fits(one.weight_layout, _weight(one))),
    traits={
        "there are as many images as channels": lambda one: one.images == one.channels > 1,
        "the kernel is larger than the image": lambda one: one.kernel > max(one.height, one.width),
    },
    words={
        "images": "the batch is of size {}",
        "channels": "the number of channels of x is {}",
        "outputs": "the number of filters of an image is {}",
        "height": "the image is {} high",
        "width": "the image is {} wide",
        "kernel": "k is {}",
        "x_layout": "x lies in memory like this: {}",
        "weight_layout": "the weight lies in memory like this: {}",
        "scale": "the numbers of x are spread by {}",
        "leaves": "gradients are asked for {}",
    },
)
