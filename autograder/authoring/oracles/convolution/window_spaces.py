"""Chapter 05, what the contracts of `correlate2d`, `pad2d`, `windows` and `max_pool2d` let vary."""

from __future__ import annotations

from typing import Any

import torch

from autograder.authoring.cases import CaseMaker
from autograder.authoring.space import (
    DTYPES,
    FLOATS,
    LAYOUTS,
    NO_GRAD_WORDS,
    Chosen,
    Space,
    absent,
    asks_for_no_gradient,
    fits,
)
from autograder.observing.case import Case

__all__ = ["CORRELATE2D_SPACE", "MAX_POOL2D_SPACE", "PAD2D_SPACE", "WINDOWS_SPACE"]

_IMAGE_WORDS = {
    "images": "the batch is of size {}",
    "channels": "the number of channels is {}",
    "height": "the image is {} high",
    "width": "the image is {} wide",
    "kernel": "the kernel is of size {}",
    "window": "kernel_size is {}",
    "layout": "x lies in memory like this: {}",
    "kernel_layout": "the kernel lies in memory like this: {}",
    "scale": "the numbers of x are spread by {}",
    "leaves": "gradients are asked for {}",
    **NO_GRAD_WORDS,
}


def _image(one: Chosen) -> tuple[int, ...]:
    return (one.images, one.channels, one.height, one.width)


def _window(one: Chosen) -> tuple[int, int]:
    return (one.window, one.window) if isinstance(one.window, int) else one.window


def _correlation(make: CaseMaker, one: Chosen) -> Case:
    x = make.drawn(one.height, one.width, layout=one.layout, scale=one.scale, dtype=one.dtype)
    kernel = make.drawn(*one.kernel, layout=one.kernel_layout, dtype=one.dtype)
    return make.case(x=x, kernel=kernel, leaves=one.leaves, **one.flags("no_grad"))


CORRELATE2D_SPACE = Space(
    _correlation,
    height=(1, 2, 5, 9),
    width=(1, 3, 4, 8),
    kernel=((1, 1), (1, 3), (2, 1), (2, 3), (3, 2), (4, 4), (5, 1)),
    layout=LAYOUTS,
    kernel_layout=LAYOUTS,
    scale=(1.0, 100.0),
    dtype=FLOATS,
    leaves=("", "x", "kernel", "x kernel"),
    no_grad=(False, True),
    within=(
        asks_for_no_gradient,
        lambda one: one.kernel[0] <= one.height,
        lambda one: one.kernel[1] <= one.width,
        lambda one: fits(one.layout, (one.height, one.width)),
        lambda one: fits(one.kernel_layout, one.kernel),
        # as_strided, a fine way to windows, shares a gradient out among numbers of one slot.
        lambda one: one.layout != "expanded" or "x" not in one.leaves.split(),
        lambda one: one.kernel_layout != "expanded" or "kernel" not in one.leaves.split(),
    ),
    traits={
        "the kernel is as large as the image": lambda one: one.kernel == (one.height, one.width),
        "the result is a single row": lambda one: one.kernel[0] == one.height,
        "the result is a single column": lambda one: one.kernel[1] == one.width,
    },
    words=_IMAGE_WORDS,
)


def _frame(make: CaseMaker, one: Chosen) -> Case:
    inputs: dict[str, Any] = {"x": make.drawn(*_image(one), layout=one.layout, dtype=one.dtype), "padding": one.padding}
    inputs |= one.given("value")
    if one.padding == 0:
        inputs["asks"] = "padding 0"
    elif inputs.get("value", 0.0) != 0.0:
        inputs["asks"] = "fill"
    return make.case(leaves=one.leaves, **inputs, **one.flags("no_grad"))


PAD2D_SPACE = Space(
    _frame,
    no_grad=(False, True),
    images=(1, 2, 7),
    channels=(1, 3, 4),
    height=(1, 2, 5),
    width=(1, 3, 6),
    padding=(0, 1, 2, 4, 7),
    value=(absent, 0.0, 3, -0.3),  # the last is no float32
    layout=LAYOUTS,
    dtype=(torch.float64, torch.float32, torch.bfloat16),
    leaves=("", "x"),
    within=(
        asks_for_no_gradient,
        lambda one: fits(one.layout, _image(one)),
        lambda one: not one.leaves or (one.dtype in FLOATS and one.layout != "expanded"),
    ),
    traits={"the padding is wider than the image": lambda one: one.padding > max(one.height, one.width)},
    words=_IMAGE_WORDS,
)


def _windows(make: CaseMaker, one: Chosen) -> Case:
    inputs: dict[str, Any] = {"x": make.drawn(*_image(one), layout=one.layout, dtype=one.dtype)}
    inputs |= {"kernel_size": one.window} | one.given("stride")
    moved, laid = one.get("stride", 1) > 1, one.layout != "contiguous"
    if moved or laid:
        inputs["asks"] = "all together" if moved and laid else "stride" if moved else "layout"
    return make.case(leaves=one.leaves, **inputs, **one.flags("no_grad"))


WINDOWS_SPACE = Space(
    _windows,
    images=(1, 2, 5),
    channels=(1, 2, 4),
    height=(1, 2, 5, 7),
    width=(1, 3, 6),
    window=(1, 2, (1, 1), (1, 3), (2, 1), (3, 2), (5, 6)),
    stride=(absent, 1, 2, 3, 7),
    layout=LAYOUTS,
    dtype=DTYPES,
    leaves=("", "x"),
    no_grad=(False, True),
    within=(
        asks_for_no_gradient,
        lambda one: _window(one)[0] <= one.height,
        lambda one: _window(one)[1] <= one.width,
        lambda one: fits(one.layout, _image(one)),
        lambda one: not one.leaves or (one.dtype in FLOATS and one.layout != "expanded"),
    ),
    traits={
        "the stride is larger than the window": lambda one: one.get("stride", 1) > max(_window(one)),
        "one window covers the whole image": lambda one: _window(one) == (one.height, one.width),
    },
    words=_IMAGE_WORDS,
)


def _pooling(make: CaseMaker, one: Chosen) -> Case:
    x = make.drawn(*_image(one), draw="distinct", scale=one.scale, layout=one.layout, dtype=one.dtype)
    inputs: dict[str, Any] = {"x": x, "kernel_size": one.window} | one.given("stride", "padding")
    padded, moved = inputs.get("padding", 0) > 0, inputs.get("stride") is not None
    if padded or moved:
        inputs["asks"] = "padding" if padded else "stride"
    return make.case(leaves=one.leaves, **inputs, **one.flags("no_grad"))


MAX_POOL2D_SPACE = Space(
    _pooling,
    images=(1, 2, 5),
    channels=(1, 2, 4),
    height=(1, 2, 5, 8),
    width=(1, 3, 6),
    window=(1, 2, (1, 3), (2, 1), (3, 2), (4, 4)),
    stride=(absent, None, 1, 2, 3, 5),
    padding=(absent, 0, 1, 2),
    # "Expanded" rows are the same numbers once more: a tie, if a window sees both.
    layout=tuple(layout for layout in LAYOUTS if layout != "expanded"),
    scale=(1.0, 1000.0),
    dtype=FLOATS,
    leaves=("", "x"),
    no_grad=(False, True),
    within=(
        asks_for_no_gradient,
        lambda one: 2 * one.get("padding", 0) <= min(_window(one)),
        lambda one: _window(one)[0] <= one.height + 2 * one.get("padding", 0),
        lambda one: _window(one)[1] <= one.width + 2 * one.get("padding", 0),
        lambda one: fits(one.layout, _image(one)),
    ),
    traits={
        "the stride is larger than the window": lambda one: (one.get("stride", None) or 0) > max(_window(one)),
        "x is padded, and no stride is given": lambda one: (
            one.get("padding", 0) > 0 and one.get("stride", None) is None
        ),
        "the window is larger than the image, though not than the padded one": lambda one: (
            _window(one)[0] > one.height or _window(one)[1] > one.width
        ),
    },
    words=_IMAGE_WORDS,
)
