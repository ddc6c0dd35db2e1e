"""Chapter 05, `conv2d_im2col`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.convolution.filter_space import filter_space
from autograder.authoring.oracles.convolution.filters import (
    BIAS_FORGOTTEN,
    KERNEL_FLIPPED,
    STRIDE_IGNORED,
    bias_misconceptions,
    cut_from,
    filters,
    shape_misconceptions,
    weights,
    with_arguments,
)
from autograder.authoring.oracles.convolution.spoil import Wrong, dtype_lost, gradient_lost, unfolded

__all__ = ["CONV2D_IM2COL"]


def _im2col(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int = 1,
    padding: int = 0,
    *,
    rows: Callable[[Tensor], Tensor] = lambda weight: weight.flatten(1),
    fold: Callable[[Tensor, int, int], Tensor] = lambda out, ho, wo: out.unflatten(2, (ho, wo)),
    shape: tuple[int, ...] = (-1, 1, 1),
) -> Tensor:
    """By im2col, with places to go wrong in: the weight's ``rows``, how the product is folded, the bias' ``shape``."""
    kh, kw = weight.shape[2:]
    seen = unfolded(F.pad(x, (padding,) * 4), (kh, kw), stride)
    ho, wo = seen.shape[2:4]
    columns = seen.permute(0, 1, 4, 5, 2, 3).reshape(len(x), -1, ho * wo)
    out = fold(rows(weight) @ columns, ho, wo)
    return out if bias is None else out + bias.view(shape)


def _rows(rows: Callable[[Tensor], Tensor]) -> Wrong:
    return lambda *args, **kwargs: _im2col(*args, **kwargs, rows=rows)


def _one_row(flat: Callable[[Tensor], Tensor]) -> Wrong:
    """All kernels in one row: right for one output channel, an error for more."""
    return lambda x, weight, *args, **kwargs: _im2col(
        x,
        weight,
        *args,
        **kwargs,
        rows=flat,
        fold=lambda out, ho, wo: out.view(len(x), len(weight), ho, wo),
    )


def _folded(fold: Callable[[Tensor, int, int], Tensor]) -> Wrong:
    return lambda *args, **kwargs: _im2col(*args, **kwargs, fold=fold)


def _cut_anew(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The product (N, L, O), its bias in the right place, only cut into (N, O, Ho, Wo)."""
    out = _im2col(x, *args, **kwargs)
    return out.permute(0, 2, 3, 1).reshape(out.shape)


def _bias_along_places(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0
) -> Tensor:
    """The bias added to the product (N, O, L) as it is, before the places are folded into rows."""
    out = _im2col(x, weight, None, stride, padding)
    return out if bias is None else (out.flatten(2) + bias).view(out.shape)


def _sized(size_of: Callable[[int, int, int, int], int]) -> Wrong:
    """The places cut into rows and columns by a rule of one's own."""

    def answer(x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0) -> Tensor:
        rows, columns = (
            size_of(size, kernel, stride, padding) for size, kernel in zip(x.shape[2:], weight.shape[2:], strict=True)
        )
        return _im2col(x, weight, bias, stride, padding).reshape(len(x), len(weight), rows, columns)

    return answer


def _squared(x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0) -> Tensor:
    out = _im2col(x, weight, bias, stride, padding).flatten(2)
    side = int(out.shape[2] ** 0.5)
    return out.reshape(len(x), len(weight), side, side)


CONV2D_IM2COL = Oracle(
    "conv2d_im2col",
    F.conv2d,
    lambda make: list(filters(make, dilated=False)),
    [
        *bias_misconceptions(_im2col),
        Misconception("bias added to the places", _bias_along_places, says=BIAS_FORGOTTEN),
        Misconception(
            "columns reshaped as (Wo, Ho)",
            _folded(lambda out, ho, wo: out.unflatten(2, (wo, ho))),
            _folded(lambda out, ho, wo: out.unflatten(2, (wo, ho)).transpose(2, 3)),
            _folded(lambda out, ho, wo: out.unflatten(2, (ho, wo)).transpose(2, 3)),
            says="F.unfold's columns go along the first row of windows, then the second: (Ho, Wo), rows first.",
        ),
        Misconception(
            "weight not flattened by output channel",
            _rows(lambda weight: weight.reshape(-1, len(weight)).T),
            _rows(lambda weight: weight.transpose(0, 1).reshape(len(weight), -1)),
            _rows(lambda weight: weight.permute(0, 2, 3, 1).flatten(1)),
            _rows(lambda weight: weight.permute(0, 3, 2, 1).flatten(1)),
            _rows(lambda weight: weight.transpose(2, 3).flatten(1)),
            _rows(lambda weight: weight.transpose(0, 1).flatten(1)),
            _rows(lambda weight: weight.reshape(weight.shape[1], -1)),
            _one_row(Tensor.flatten),
            _one_row(lambda weight: weight.view(-1)),
            says="One row of the matrix is one output channel's whole kernel, in the order of a column: "
            "channel by channel, each by rows.",
        ),
        Misconception(
            "places and channels not exchanged",
            _folded(lambda out, ho, wo: out.transpose(1, 2).reshape(len(out), -1, ho, wo)),
            _folded(lambda out, ho, wo: out.transpose(0, 1).reshape(len(out), -1, ho, wo)),
            _folded(lambda out, ho, wo: out.transpose(1, 2).unflatten(1, (ho, wo))),
            _cut_anew,
            says="The result is (N, O, Ho, Wo). view and reshape never exchange dimensions, they only cut them anew: "
            "transpose first where the product came out in another order.",
        ),
        Misconception(
            "kernel flipped",
            weights(_im2col, lambda weight: weight.flip(2, 3)),
            weights(_im2col, lambda weight: weight.flip(2)),
            weights(_im2col, lambda weight: weight.flip(3)),
            weights(_im2col, lambda weight: weight.flip(1, 2, 3)),
            says=KERNEL_FLIPPED,
        ),
        Misconception(
            "stride ignored",
            with_arguments(_im2col, stride=1),
            with_arguments(_im2col, stride=1, padding=0),
            says=STRIDE_IGNORED,
        ),
        Misconception(
            "padding ignored",
            with_arguments(_im2col, padding=0),
            says="padding adds a frame of zeros on every side. F.unfold can do that by itself, and the sizes grow with it.",
        ),
        dtype_lost(_im2col),
        gradient_lost(_im2col, *cut_from(_im2col)),
        *shape_misconceptions(_im2col),
        Misconception(
            "size of the result without the padding",
            _sized(lambda size, k, s, p: (size - k) // s + 1),
            _sized(lambda size, k, s, p: (size + p - k) // s + 1),
            says="Padding adds p on both sides, so the result has (H + 2p − kh) // stride + 1 rows.",
        ),
        Misconception(
            "size of the result without the stride",
            _sized(lambda size, k, s, p: size + 2 * p - k + 1),
            _sized(lambda size, k, s, p: (size + 2 * p - k + 1) // s),
            _sized(lambda size, k, s, p: size - k + 1),
            says="The window moves by stride, so the result has (H + 2p − kh) // stride + 1 rows: "
            "divide first, rounded down, then add 1.",
        ),
        Misconception(
            "size of the image taken for the result's",
            _sized(lambda size, k, s, p: size),
            says="The window has to fit inside the padded image, so there are fewer places than pixels: "
            "(H + 2p − kh) // stride + 1 rows.",
        ),
        Misconception(
            "a square result",
            _squared,
            says="Height and width may differ. The root of the number of places is neither.",
        ),
    ],
    space=filter_space(dilated=False),
)
