"""Chapter 05, `conv2d`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.convolution.filter_space import filter_space
from autograder.authoring.oracles.convolution.filters import (
    KERNEL_FLIPPED,
    STRIDE_IGNORED,
    bias_misconceptions,
    cut_from,
    filters,
    shape_misconceptions,
    weights,
    with_arguments,
)
from autograder.authoring.oracles.convolution.spoil import Pair, Wrong, dtype_lost, gradient_lost, pair, then, unfolded

__all__ = ["CONV2D"]


def _conv(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pair = 1,
    padding: int = 0,
    dilation: Pair = 1,
    *,
    sides: tuple[int, int, int, int] = (1, 1, 1, 1),
    shape: tuple[int, ...] = (-1, 1, 1),
) -> Tensor:
    """A convolution with places to go wrong in: the ``sides`` padded, the bias' ``shape``."""
    (dh, dw), (kh, kw) = pair(dilation), weight.shape[2:]
    frame = F.pad(x, [side * padding for side in sides])
    seen = unfolded(frame, (dh * (kh - 1) + 1, dw * (kw - 1) + 1), stride)[..., ::dh, ::dw]
    out = torch.einsum("nchwuv,ocuv->nohw", seen, weight)
    return out if bias is None else out + bias.view(shape)


def _in_the_corner(name: str) -> Wrong:
    """``name`` counts for the size of the output, but not for what is read."""

    def answer(*args: Any, **kwargs: Any) -> Tensor:
        rows, columns = _conv(*args, **kwargs).shape[2:]
        return with_arguments(_conv, **{name: 1})(*args, **kwargs)[:, :, :rows, :columns]

    return answer


def _given(name: str) -> Callable[[dict[str, Any]], int]:
    return lambda given: given.get(name, 1)


def _padded_after(x: Tensor, weight: Tensor, bias: Any = None, stride: int = 1, padding: int = 0, *more: Any) -> Tensor:
    return F.pad(_conv(x, weight, bias, stride, 0, *more), [padding] * 4)


def _channels_apart(x: Tensor, weight: Tensor, bias: Any = None, *more: Any, **named: Any) -> Tensor:
    """One map for each output and each input channel."""
    maps = [_conv(x[:, one, None], weight[:, one, None], bias, *more, **named) for one in range(x.shape[1])]
    return torch.stack(maps, 2)


def _square(side_of: Callable[[Sequence[int]], int]) -> Wrong:
    """Windows with one side for both, and of the kernel what fits into them."""

    def answer(x: Tensor, weight: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        side = side_of(weight.shape[2:])
        return _conv(x, weight[..., :side, :side], *args, **kwargs)

    return answer


CONV2D = Oracle(
    "conv2d",
    F.conv2d,
    lambda make: list(filters(make, dilated=True)),
    [
        *bias_misconceptions(_conv),
        Misconception(
            "kernel flipped",
            weights(_conv, lambda weight: weight.flip(2, 3)),
            weights(_conv, lambda weight: weight.flip(2)),
            weights(_conv, lambda weight: weight.flip(3)),
            weights(_conv, lambda weight: weight.flip(1, 2, 3)),
            says=KERNEL_FLIPPED,
        ),
        Misconception(
            "stride ignored",
            with_arguments(_conv, stride=1),
            with_arguments(_conv, stride=lambda given: (given.get("stride", 1), 1)),
            with_arguments(_conv, stride=lambda given: (1, given.get("stride", 1))),
            _in_the_corner("stride"),
            says=STRIDE_IGNORED,
        ),
        Misconception(
            "dilation ignored",
            with_arguments(_conv, dilation=1),
            with_arguments(_conv, dilation=lambda given: (given.get("dilation", 1), 1)),
            with_arguments(_conv, dilation=lambda given: (1, given.get("dilation", 1))),
            _in_the_corner("dilation"),
            says="dilation spreads the kernel: its numbers meet every second pixel, or every third. "
            "The window reaches over dilation · (k − 1) + 1 pixels.",
        ),
        Misconception(
            "stride and dilation exchanged",
            with_arguments(_conv, stride=_given("dilation"), dilation=_given("stride")),
            says="stride is the way from window to window, dilation the way from pixel to pixel inside one.",
        ),
        Misconception(
            "padding ignored",
            with_arguments(_conv, padding=0),
            says="padding adds a frame of zeros on every side before any window is taken.",
        ),
        Misconception(
            "padded after the convolution",
            _padded_after,
            says="padding widens the image, before any window is taken. A frame around the result is something else.",
        ),
        Misconception(
            "stride and padding exchanged",
            with_arguments(_conv, stride=lambda given: given.get("padding", 0), padding=_given("stride")),
            with_arguments(_conv, stride=lambda given: max(1, given.get("padding", 0)), padding=_given("stride")),
            says="The order is x, weight, bias, stride, padding, dilation. Name them where you hand them on.",
        ),
        Misconception(
            "channels not summed",
            _channels_apart,
            says="An output channel sums over all input channels: c is gone from the result.",
        ),
        Misconception(
            "a square window",
            _square(min),
            _square(lambda sizes: sizes[0]),
            _square(lambda sizes: sizes[1]),
            says="A kernel has a height and a width, and they may differ: kh for rows, kw for columns.",
        ),
        Misconception(
            "padding on one side",
            lambda *args, **kwargs: _conv(*args, **kwargs, sides=(1, 0, 1, 0)),
            lambda *args, **kwargs: _conv(*args, **kwargs, sides=(0, 1, 0, 1)),
            says="Padding by p adds p on every side: above and below, left and right.",
        ),
        Misconception(
            "stride, padding and dilation ignored",
            with_arguments(_conv, stride=1, padding=0, dilation=1),
            with_arguments(_conv, stride=1, dilation=1),
            with_arguments(_conv, padding=0, dilation=1),
            with_arguments(_conv, stride=1, padding=0),
            says="More than one of stride, padding and dilation makes no difference to your answer. "
            "All three say which pixels a window holds.",
        ),
        Misconception(
            "inputs and outputs swapped in the weight",
            weights(_conv, lambda weight: weight.transpose(0, 1)),
            says="A weight is stored (O, C, kh, kw): output channels first.",
        ),
        Misconception(
            "height and width swapped",
            weights(_conv, lambda weight: weight.transpose(2, 3)),
            then(_conv, lambda out: out.transpose(2, 3)),
            says="Rows come first everywhere: in the image, in the kernel and in the output.",
        ),
        Misconception(
            "mean for sum",
            lambda x, weight, *args, **kwargs: _conv(x, weight / weight[0].numel(), *args, **kwargs),
            lambda x, weight, *args, **kwargs: _conv(x, weight / weight.shape[1], *args, **kwargs),
            lambda x, weight, *args, **kwargs: _conv(x, weight / weight[0, 0].numel(), *args, **kwargs),
            says="The products are summed over all channels, rows and columns of the window, never averaged.",
        ),
        Misconception(
            "one channel only",
            lambda x, weight, *args, **kwargs: _conv(x[:, :1], weight[:, :1], *args, **kwargs),
            lambda x, weight, *args, **kwargs: _conv(x[:, -1:], weight[:, -1:], *args, **kwargs),
            says="Every output channel looks at all input channels: its products are summed over C too.",
        ),
        dtype_lost(_conv),
        gradient_lost(_conv, *cut_from(_conv)),
        *shape_misconceptions(_conv),
    ],
    space=filter_space(dilated=True),
)
