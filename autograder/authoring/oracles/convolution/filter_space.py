"""Chapter 05, `conv2d` and `conv2d_im2col`: what their contracts let vary."""

from __future__ import annotations

from typing import Any

from autograder.authoring.cases import CaseMaker
from autograder.authoring.space import (
    FLOATS,
    GRADS,
    LAYOUTS,
    NO_GRAD_WORDS,
    Chosen,
    Space,
    absent,
    computed,
    fits,
    plain,
)
from autograder.observing.case import Case

__all__ = ["filter_space"]


def filter_space(dilated: bool) -> Space:
    """The space of a convolution; that of `conv2d_im2col` has no dilation."""
    return Space(
        _convolution,
        images=(1, 2, 7),
        channels=(1, 2, 3),
        outputs=(1, 2, 3),
        height=(1, 2, 5),
        width=(1, 3, 6),
        kernel=((1, 1), (2, 3), (3, 2), (4, 1)),
        stride=(absent, 1, 2, 3, 5),
        padding=(absent, 0, 1, 3),
        dilation=(absent, 1, 2, 3) if dilated else (absent,),
        bias=(absent, None, *GRADS),
        x_layout=LAYOUTS,
        weight_layout=LAYOUTS,
        scale=(1.0, 100.0),
        dtype=FLOATS,
        leaves=("", "x", "weight", "x weight"),
        no_grad=(False, True),
        within=(
            lambda one: _window(one)[0] <= _frame(one)[0],
            lambda one: _window(one)[1] <= _frame(one)[1],
            lambda one: fits(one.x_layout, _image(one)),
            lambda one: fits(one.weight_layout, _weight(one)),
            lambda one: not one.no_grad or (not one.leaves and one.bias in (absent, None, plain)),
            # as_strided, a fine way to windows, shares a gradient out among numbers of one slot.
            lambda one: one.x_layout != "expanded" or "x" not in one.leaves.split(),
            lambda one: one.weight_layout != "expanded" or "weight" not in one.leaves.split(),
        ),
        traits={
            "the stride is larger than the window": lambda one: one.get("stride", 1) > max(_window(one)),
            "the kernel is larger than the image, though not than the padded one": _reaches_out,
            "one window covers the whole padded image": lambda one: _window(one) == _frame(one),
            "the last rows or columns are in no window": _leaves_some,
        },
        words={
            "images": "the batch is of size {}",
            "channels": "the number of channels is {}",
            "outputs": "the number of output channels is {}",
            "height": "the image is {} high",
            "width": "the image is {} wide",
            "bias": "the bias is {}",
            "kernel": "the kernel is of size {}",
            "x_layout": "x lies in memory like this: {}",
            "weight_layout": "the weight lies in memory like this: {}",
            "scale": "the numbers of x are spread by {}",
            "leaves": "gradients are asked for {}",
            **NO_GRAD_WORDS,
        },
    )


def _image(one: Chosen) -> tuple[int, ...]:
    return (one.images, one.channels, one.height, one.width)


def _weight(one: Chosen) -> tuple[int, ...]:
    return (one.outputs, one.channels, *one.kernel)


def _window(one: Chosen) -> tuple[int, ...]:
    """How far one window reaches, down and to the right."""
    dilation = one.get("dilation", 1)
    return tuple(dilation * (length - 1) + 1 for length in one.kernel)


def _frame(one: Chosen) -> tuple[int, int]:
    """The padded image."""
    around = 2 * one.get("padding", 0)
    return (one.height + around, one.width + around)


def _reaches_out(one: Chosen) -> bool:
    return one.kernel[0] > one.height or one.kernel[1] > one.width


def _leaves_some(one: Chosen) -> bool:
    left = [(whole - part) % one.get("stride", 1) for whole, part in zip(_frame(one), _window(one), strict=True)]
    return any(left)


def _convolution(make: CaseMaker, one: Chosen) -> Case:
    inputs: dict[str, Any] = {
        "x": make.drawn(*_image(one), layout=one.x_layout, scale=one.scale, dtype=one.dtype),
        "weight": make.drawn(*_weight(one), layout=one.weight_layout, dtype=one.dtype),
    }
    leaves = one.leaves
    if one.bias in GRADS:
        inputs["bias"] = make.drawn(one.outputs, dtype=one.dtype)
        leaves += "" if one.bias == plain else " bias"
    elif one.bias is None:
        inputs["bias"] = None
    inputs |= one.given("stride", "padding", "dilation")
    beyond = {"bias": inputs.get("bias") is not None, "padding": inputs.get("padding", 0) > 0}
    beyond |= {name: inputs.get(name, 1) > 1 for name in ("stride", "dilation")}
    asked = [name for name, is_asked in beyond.items() if is_asked]
    if asked:
        inputs["asks"] = asked[0] if len(asked) == 1 else "all together"
    return make.case(leaves=leaves, computed="bias" if one.bias == computed else "", **inputs, **one.flags("no_grad"))
