"""Chapter 02, `flatten_batch`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

import torch
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.views.layout import may_be_a_leaf
from autograder.authoring.space import DTYPES, LAYOUTS, NO_GRAD_WORDS, Chosen, Space, asks_for_no_gradient, fits
from autograder.observing.case import Case

__all__ = ["FLATTEN_BATCH"]


def _batches(make: CaseMaker) -> list[Case]:
    n, c, h, w = make.sizes(4, 2, 6)
    x = make.normal(n, c, h, w)
    return [
        make.case("two images of three numbers", x=torch.arange(6.0).view(2, 3, 1)),
        make.case("a batch of images", x=x, leaves="x"),
        make.case("one image", x=make.normal(1, c, h, w), leaves="x"),
        make.case("flat already", x=make.normal(n, w), leaves="x"),
        make.case("one number each", x=make.normal(n, 1, 1), leaves="x"),
        make.case("three dimensions behind a transpose of the batch", x=make.normal(c, h, w, n).permute(3, 0, 1, 2)),
        make.case("stored channels last", x=make.scattered(x, order=(0, 2, 3, 1)), leaves="x", aspect="no view"),
        make.case("stored back to front", x=make.scattered(x), leaves="x", aspect="no view"),
        make.case("every second image", x=make.normal(2 * n, c, h)[::2], leaves="x"),
        make.case("every second number of flat ones", x=make.normal(n, 2 * w)[:, 1::2], leaves="x"),
        make.case("every second number, in rows", x=make.normal(n, c, 2 * w)[:, :, ::2], leaves="x"),
        make.case("every second row", x=make.normal(n, 2 * c, h)[:, ::2], leaves="x", aspect="no view"),
        make.case("one image for all", x=make.normal(1, c, h).expand(n, c, h)),
        make.case("one row for all", x=make.normal(n, 1, h).expand(n, c, h), aspect="no view"),
        make.case(
            "columns in rows, asked before, of other numbers",
            x=torch.arange(12.0).view(2, 3, 2).mT,
            aspect="no view",
            asked_before=True,
        ),
        make.case("five dimensions in float32", x=make.normal(n, 2, c, 3, h, dtype=torch.float32), leaves="x"),
    ]


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    x = make.drawn(*_size(one), layout=one.layout, dtype=one.dtype)
    aspect = {} if _has_view(x.tensor()) else {"aspect": "no view"}
    return make.case(x=x, leaves=one.leaves, **aspect, **one.flags("no_grad"))


def _has_view(x: Tensor) -> bool:
    try:
        x.view(len(x), -1)
    except RuntimeError:
        return False
    return True


def _size(one: Chosen) -> tuple[int, ...]:
    return (one.images, *one.rest)


_SPACE = Space(
    _drawn,
    images=(1, 2, 7),
    rest=((1,), (20,), (1, 3), (9, 1), (2, 3), (1, 1, 1), (3, 8, 9), (2, 1, 3, 2), (2, 3, 1, 2, 2)),
    layout=LAYOUTS,
    dtype=(*DTYPES, torch.int16),
    leaves=("", "x"),
    no_grad=(False, True),
    within=(
        lambda one: fits(one.layout, _size(one)),
        may_be_a_leaf,
        asks_for_no_gradient,
    ),
    words={
        "images": "the batch is of size {}",
        "rest": "the sizes behind the batch are {}",
        "layout": "x lies in memory like this: {}",
        "leaves": "gradients are asked for {}",
        **NO_GRAD_WORDS,
    },
)


def _unpacked(x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    return x.reshape(n, c * h * w)


FLATTEN_BATCH = Oracle(
    "flatten_batch",
    lambda x: x.reshape(x.shape[0], -1),
    _batches,
    [
        Misconception(
            "batch flattened too",
            lambda x: x.reshape(-1),
            lambda x: x.reshape(1, -1),
            lambda x: x.view(-1),
            lambda x: x.view(1, -1),
            lambda x: x.reshape(-1).clone(),
            lambda x: x.reshape(1, -1).clone(),
            says="Dimension 0 counts the images and has to stay. Flatten what is behind it.",
        ),
        Misconception(
            "view on channels-last input",
            lambda x: x.view(x.shape[0], -1),
            says="view() only works where strides can describe the result. For all else a copy is needed, and reshape "
            "makes one exactly then.",
        ),
        Misconception(
            "always copies",
            lambda x: x.reshape(x.shape[0], -1).clone(),
            says="Where strides can describe the flat tensor no number has to move. You copied all the same.",
        ),
        Misconception(
            "copies what is not contiguous",
            lambda x: x.contiguous().view(x.shape[0], -1),
            lambda x: x.reshape(x.shape[0], -1).contiguous(),
            says="A tensor that is not contiguous can have a flat view all the same: it depends on which dimensions are "
            "merged.",
        ),
        Misconception(
            "flattened in the order of memory",
            lambda x: x.permute(0, *range(2, x.dim()), 1).reshape(x.shape[0], -1),
            lambda x: x.transpose(1, -1).reshape(x.shape[0], -1),
            says="The flat order is that of the indices, the last one moving fastest, however the tensor is stored.",
        ),
        Misconception(
            "the last dimension kept",
            lambda x: x.reshape(-1, x.shape[-1]),
            lambda x: x.flatten(0, -2),
            says="Dimension 0 stays and all others become one. You kept the last and merged the rest.",
        ),
        Misconception(
            "graph cut",
            lambda x: x.detach().reshape(x.shape[0], -1),
            lambda x: torch.from_numpy(x.detach().numpy().reshape(x.shape[0], -1)),
            lambda x: torch.from_numpy(x.detach().numpy().reshape(x.shape[0], -1).copy()),
            says="detach, .data and torch.tensor cut the graph: no gradient reaches x any more.",
        ),
        Misconception(
            "dimensions of size 1 lost",
            lambda x: x.reshape(x.shape[0], -1).squeeze(),
            lambda x: x.squeeze().reshape(x.squeeze().shape[0], -1) if x.squeeze().dim() else x.squeeze(),
            lambda x: x.squeeze().flatten(1),
            *(lambda x, dim=dim: x.flatten(1).squeeze(dim) for dim in (0, -1)),
            says="One image is a batch of one, and one number each is a row of one: the result is always (N, rest). "
            "squeeze takes such dimensions away.",
        ),
        Misconception(
            "four dimensions taken for granted",
            lambda x: x.reshape(x.shape[0], x.shape[1] * x.shape[2] * x.shape[3]),
            lambda x: x.reshape(x.size(0), x.size(1) * x.size(2) * x.size(3)),
            _unpacked,
            lambda x: x.flatten(1, 3),
            lambda x: x.reshape(-1, x.shape[1] * x.shape[2] * x.shape[3]),
            says="(N, ...) may have two dimensions, or five. -1 multiplies all that is behind the batch, however many there are.",
        ),
    ],
    space=_SPACE,
)
