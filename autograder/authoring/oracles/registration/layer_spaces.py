"""Chapter 06, `my_linear` and `my_conv2d`: what their contracts let vary."""

from __future__ import annotations

from typing import Any

import torch

from autograder.authoring.cases import CaseMaker
from autograder.authoring.space import FLOATS, LAYOUTS, Chosen, Space, absent, fits
from autograder.observing.case import Case

__all__ = ["CONV2D_SPACE", "LINEAR_SPACE"]

_WORDS = {
    "x_layout": "x lies in memory like this: {}",
    "leaves": "gradients are asked for {}",
    "bias": "bias={} is said",
    "mode": "the layer is in {} mode",
    "earlier": "the layer has seen another x before: {}",
}


def _layer(
    make: CaseMaker, one: Chosen, called: str, sizes: dict[str, Any], weight: tuple[int, ...], x: tuple[int, ...]
) -> Case:
    """A layer of those sizes, a state for it, and ``x``. ``bias`` comes last of the sizes."""
    sizes |= one.given("bias")
    tensors = {"weight": make.drawn(*weight, dtype=one.dtype)}
    if sizes.get("bias", True):
        tensors["bias"] = make.drawn(weight[0], dtype=one.dtype)
    given = ", ".join(f"{name}={value}" for name, value in sizes.items())
    more: dict[str, Any] = {"training": False} if one.mode == "eval" else {}
    if one.earlier:
        more["earlier"] = make.drawn(*((x[0] + 1, *x[1:]) if len(x) > 1 else (2, *x)), dtype=torch.float32)
    before = ", asked before" if one.earlier else ""
    return make.case(
        leaves=one.leaves,
        shown=f"{called}({given}){before}, state loaded{', in eval mode' if one.mode == 'eval' else ''};  "
        f"x {str(one.dtype)[6:]} {x}, in memory: {one.x_layout}",
        x=make.drawn(*x, layout=one.x_layout, dtype=one.dtype),
        tensors=tensors,
        **sizes,
        **more,
    )


def _linear(make: CaseMaker, one: Chosen) -> Case:
    sizes = {"in_features": one.features, "out_features": one.outputs}
    return _layer(make, one, "MyLinear", sizes, (one.outputs, one.features), (*one.front, one.features))


LINEAR_SPACE = Space(
    _linear,
    front=((), (1,), (3,), (0,), (1, 3), (2, 3, 2), (2, 1, 3, 2)),
    features=(1, 2, 5),
    outputs=(1, 2, 4),
    bias=(absent, True, False),
    x_layout=LAYOUTS,
    dtype=FLOATS,
    leaves=("", "x"),
    mode=("training", "eval"),
    earlier=(False, True),
    within=lambda one: fits(one.x_layout, (*one.front, one.features)),
    traits={"the weight is square": lambda one: one.outputs == one.features},
    words={
        "front": "the dimensions of x before the last are {}",
        "features": "the number of features is {}",
        "outputs": "the number of outputs is {}",
        **_WORDS,
    },
)


def _image(one: Chosen) -> tuple[int, ...]:
    return (one.images, one.channels, one.height, one.width)


def _is_seen(length: int, one: Chosen) -> bool:
    """Whether a window fits along a side of that length, and some window has a pixel of the image in it."""
    stride, padding = one.get("stride", 1), one.get("padding", 0)
    starts = range(0, length + 2 * padding - one.kernel + 1, stride)
    return any(start + one.kernel > padding and start < padding + length for start in starts)


def _conv2d(make: CaseMaker, one: Chosen) -> Case:
    sizes = {"in_channels": one.channels, "out_channels": one.outputs, "kernel_size": one.kernel}
    sizes |= one.given("stride", "padding")
    return _layer(make, one, "MyConv2d", sizes, (one.outputs, one.channels, one.kernel, one.kernel), _image(one))


CONV2D_SPACE = Space(
    _conv2d,
    images=(1, 2),
    channels=(1, 2, 3),
    outputs=(1, 2, 3),
    height=(1, 2, 5),
    width=(1, 3, 6),
    kernel=(1, 2, 3),
    stride=(absent, 1, 2, 3, 6),
    padding=(absent, 0, 1, 2, 4),
    bias=(absent, True, False),
    x_layout=LAYOUTS,
    dtype=FLOATS,
    leaves=("", "x"),
    mode=("training", "eval"),
    earlier=(False, True),
    within=(
        lambda one: _is_seen(one.height, one),
        lambda one: _is_seen(one.width, one),
        lambda one: fits(one.x_layout, _image(one)),
    ),
    traits={
        "the stride is larger than the kernel": lambda one: one.get("stride", 1) > one.kernel,
        "the kernel is larger than the image, though not than the padded one": lambda one: (
            one.kernel > min(one.height, one.width)
        ),
        "stride and padding are the same number": lambda one: one.get("stride", 1) == one.get("padding", 0),
    },
    words={
        "images": "the batch is of size {}",
        "channels": "the number of channels of x is {}",
        "outputs": "the number of output channels is {}",
        "height": "the image is {} high",
        "width": "the image is {} wide",
        "kernel": "the kernel is of size {}",
        **_WORDS,
    },
)
