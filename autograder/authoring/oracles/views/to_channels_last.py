"""Chapter 02, `to_channels_last`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

import torch
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.views.layout import may_be_a_leaf
from autograder.authoring.space import DTYPES, LAYOUTS, NO_GRAD_WORDS, Chosen, Space, asks_for_no_gradient, fits
from autograder.observing.case import Case

__all__ = ["TO_CHANNELS_LAST"]


def _images(make: CaseMaker) -> list[Case]:
    n, c, h, w = make.sizes(4, 2, 6)
    x = make.normal(n, c, h, w)
    base = make.normal(n, c + 2, 2 * h, w)
    return [
        make.case("one image of two channels", x=torch.arange(12.0).view(1, 2, 2, 3)),
        make.case("a batch", x=x, leaves="x"),
        make.case("square images", x=make.normal(n, c, h, h), leaves="x"),
        make.case("one image, as many channels as rows", x=make.normal(1, h, h, w), leaves="x"),
        make.case("one channel", x=make.normal(n, 1, h, w)),
        make.case("stored channels last", x=make.scattered(x, order=(0, 2, 3, 1)), leaves="x"),
        make.case("stored back to front", x=make.scattered(x), leaves="x"),
        make.case("cut out of larger images", x=base[:, 1 : c + 1, ::2], leaves="x"),
        make.case("float32", x=x.float(), leaves="x"),
        make.case("another batch of the same size", x=make.normal(n, c, h, w)),
    ]


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    x = make.drawn(*_size(one), layout=one.layout, dtype=one.dtype)
    return make.case(x=x, leaves=one.leaves, **one.flags("no_grad"))


def _size(one: Chosen) -> tuple[int, int, int, int]:
    return (one.images, one.channels, one.height, one.width)


_SPACE = Space(
    _drawn,
    images=(1, 2, 7),
    channels=(1, 2, 5),
    height=(1, 2, 8),
    width=(1, 2, 9),
    layout=LAYOUTS,
    dtype=(*DTYPES, torch.int16),
    leaves=("", "x"),
    no_grad=(False, True),
    within=(
        lambda one: fits(one.layout, _size(one)),
        may_be_a_leaf,
        asks_for_no_gradient,
    ),
    traits={"the images are square": lambda one: one.height == one.width},
    words={
        "images": "the batch is of size {}",
        "channels": "the number of channels is {}",
        "height": "the image is {} high",
        "width": "the image is {} wide",
        "layout": "x lies in memory like this: {}",
        "leaves": "gradients are asked for {}",
        **NO_GRAD_WORDS,
    },
)


def _as_view_sizes(x: Tensor) -> tuple[int, int, int, int]:
    n, c, h, w = x.shape
    return n, h, w, c


TO_CHANNELS_LAST = Oracle(
    "to_channels_last",
    lambda x: x.permute(0, 2, 3, 1),
    _images,
    [
        Misconception(
            "view or reshape",
            lambda x: x.view(_as_view_sizes(x)),
            lambda x: x.reshape(_as_view_sizes(x)),
            lambda x: x.contiguous().view(_as_view_sizes(x)),
            lambda x: x.clone().reshape(_as_view_sizes(x)),
            says="view and reshape keep the order of the elements and only cut it anew: colours of different pixels end "
            "up side by side. Dimensions have to change places.",
        ),
        Misconception(
            "H and W swapped",
            lambda x: x.permute(0, 3, 2, 1),
            lambda x: x.permute(0, 3, 2, 1).contiguous(),
            says="The channels move to the end, and H stays before W. Swapping two dimensions is not enough: "
            "it turns the image over its diagonal.",
        ),
        Misconception(
            "copied",
            lambda x: x.permute(0, 2, 3, 1).clone(),
            lambda x: x.permute(0, 2, 3, 1).contiguous(),
            says="The numbers are right, but they lie in new memory. Only the order of sizes and strides has to change.",
        ),
        Misconception(
            "only the memory's order changed",
            lambda x: x.contiguous(memory_format=torch.channels_last),
            lambda x: x.to(memory_format=torch.channels_last).clone(),
            says="memory_format changes the strides and keeps the shape (N, C, H, W). Asked for is the shape (N, H, W, C).",
        ),
        Misconception(
            "permute read backwards",
            lambda x: x.permute(0, 3, 1, 2),
            lambda x: x.permute(0, 3, 1, 2).contiguous(),
            says="permute names, for each new dimension, the old one that goes there.",
        ),
        Misconception(
            "graph cut",
            lambda x: x.detach().permute(0, 2, 3, 1),
            lambda x: torch.from_numpy(x.detach().numpy().transpose(0, 2, 3, 1)),
            says="detach, .data and torch.tensor cut the graph: no gradient reaches x any more.",
        ),
        Misconception(
            "copied where memory is in another order",
            lambda x: x.contiguous().permute(0, 2, 3, 1),
            says="contiguous() copies what does not lie row by row, and then your result has memory of its own. permute needs "
            "no order: it changes sizes and strides, whatever they are.",
        ),
        Misconception(
            "dimensions of size 1 lost",
            lambda x: x.permute(0, 2, 3, 1).squeeze(),
            lambda x: x.squeeze().movedim(-3, -1) if x.squeeze().dim() > 2 else x.squeeze(),
            says="A batch of one image is a batch, and one channel is a dimension. squeeze takes them away.",
        ),
    ],
    space=_SPACE,
)
