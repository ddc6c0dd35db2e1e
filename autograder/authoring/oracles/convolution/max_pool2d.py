"""Chapter 05, `max_pool2d`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.convolution.spoil import (
    Pair,
    Wrong,
    dtype_lost,
    gradient_lost,
    int_or_pair,
    pair,
    squeezed,
    unfolded,
)
from autograder.authoring.oracles.convolution.window_spaces import MAX_POOL2D_SPACE
from autograder.observing.case import Case

__all__ = ["MAX_POOL2D"]


def _pool(
    x: Tensor,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: int = 0,
    *,
    value: float = float("-inf"),
    reduce: Callable[..., Any] = torch.amax,
    up: bool = False,
) -> Any:
    """Pooling with places to go wrong in: the padding's ``value``, what a window is reduced by, rounded ``up``."""
    (kh, kw), (sh, sw) = pair(kernel_size), pair(kernel_size if stride is None else stride)
    more_rows = -(x.shape[2] + 2 * padding - kh) % sh if up else 0
    more_columns = -(x.shape[3] + 2 * padding - kw) % sw if up else 0
    frame = F.pad(x, (padding, padding + more_columns, padding, padding + more_rows), value=value)
    return reduce(unfolded(frame, (kh, kw), (sh, sw)), (-2, -1))


Pool = Callable[[Tensor, Pair, int | None, int], Any]


def _pooled(wrong: Pool) -> Wrong:
    return lambda x, kernel_size, stride=None, padding=0: wrong(x, kernel_size, stride, padding)


def _padded_with(value: float) -> Wrong:
    return _pooled(lambda x, k, s, p: _pool(x, k, s, p, value=value))


def _numbers(make: CaseMaker, *size: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Numbers around 0, all different, so that every window has one largest."""
    count = int(torch.tensor(size).prod())
    order = make.normal(count).argsort().view(size)
    return ((order - count / 2 + 0.25) / 8).to(dtype)


def _surfaces(make: CaseMaker) -> list[Case]:
    n, c = make.sizes(2, 2, 4)
    h, w = make.sizes(2, 6, 9)
    small = torch.tensor([[1.0, 5.0, 2.0, 8.0], [7.0, 3.0, 6.0, 4.0]], dtype=torch.float64).view(1, 1, 2, 4)
    below = _numbers(make, n, c, h, w)
    return [
        make.case("two windows of 2 × 2", x=small, kernel_size=2),
        make.case("asked before, of other numbers", x=small, kernel_size=2, asked_before=True),
        make.case("only negative numbers", x=small.flip(3) - 10, kernel_size=2, padding=1, asks="padding"),
        make.case("rows and columns left over", x=_numbers(make, n, c, 7, 9), kernel_size=2),
        make.case("high and narrow windows", x=_numbers(make, n, c, 7, 8), kernel_size=(3, 2)),
        make.case("low and wide windows", x=_numbers(make, 1, c, 8, 7), kernel_size=(2, 3), leaves="x"),
        make.case(
            "overlapping, stride 1", x=_numbers(make, n, c, h, w), kernel_size=3, stride=1, leaves="x", asks="stride"
        ),
        make.case(
            "stride larger than the window", x=_numbers(make, n, 1, w, h), kernel_size=2, stride=3, asks="stride"
        ),
        make.case(
            "padding 1",
            x=_numbers(make, n, c, h, w),
            kernel_size=(2, 3),
            stride=2,
            padding=1,
            leaves="x",
            asks="padding",
        ),
        make.case("below zero, padding 1", x=below - below.max() - 1, kernel_size=3, padding=1, asks="padding"),
        make.case(
            "a zero, and all else below it",
            x=below - below.max(),
            kernel_size=3,
            padding=1,
            asks="padding",
        ),
        make.case(
            "far below zero", x=(below - below.max() - 1) * 2.0**400, kernel_size=4, stride=3, padding=2, asks="padding"
        ),
        make.case("not contiguous, with an offset", x=make.scattered(below), kernel_size=(3, 2), leaves="x"),
        make.case(
            "float32",
            x=_numbers(make, 2, c, w, h, dtype=torch.float32),
            kernel_size=3,
            leaves="x",
        ),
    ]


def _only_int_pool(x: Tensor, kernel_size: Any, stride: Any = None, padding: int = 0) -> Tensor:
    frame = F.pad(x, (padding,) * 4, value=float("-inf"))
    step = kernel_size if stride is None else stride
    return frame.unfold(2, kernel_size, step).unfold(3, kernel_size, step).amax((-2, -1))


MAX_POOL2D = Oracle(
    "max_pool2d",
    F.max_pool2d,
    _surfaces,
    [
        Misconception(
            "zero padding",
            _pooled(lambda x, k, s, p: _pool(x, k, s, p, value=0.0)),
            says="Among negative numbers a zero is the largest. What pads a maximum must lose against every number.",
        ),
        Misconception(
            "stride 1 as default",
            _pooled(lambda x, k, s, p: _pool(x, k, 1 if s is None else s, p)),
            _pooled(lambda x, k, s, p: _pool(x, k, 1 if s is None else s, p, value=0.0)),
            lambda x, kernel_size, stride=1, padding=0: _pool(x, kernel_size, 1 * stride, padding),  # None is no number
            says="Pooling windows lie side by side unless told otherwise: without a stride, the stride is kernel_size.",
        ),
        Misconception(
            "stride 2 as default",
            _pooled(lambda x, k, s, p: _pool(x, k, 2 if s is None else s, p)),
            lambda x, kernel_size, stride=2, padding=0: _pool(x, kernel_size, 2 if stride is None else stride, padding),
            lambda x, kernel_size, stride=2, padding=0: _pool(x, kernel_size, 1 * stride, padding),
            lambda x, kernel_size, stride=2, padding=0: _pool(x, kernel_size, stride, padding),
            says="Without a stride, the stride is kernel_size, whatever it is.",
        ),
        Misconception(
            "default stride taken from one side",
            _pooled(lambda x, k, s, p: _pool(x, k, pair(k)[0] if s is None else s, p)),
            _pooled(lambda x, k, s, p: _pool(x, k, pair(k)[1] if s is None else s, p)),
            says="A window of (kh, kw) moves down by kh and to the right by kw when no stride is given.",
        ),
        Misconception(
            "stride ignored",
            _pooled(lambda x, k, s, p: _pool(x, k, None, p)),
            _pooled(lambda x, k, s, p: _pool(x, k, 1, p)),
            says="Where a stride is given, it says how far the window moves.",
        ),
        Misconception(
            "mean",
            _pooled(lambda x, k, s, p: _pool(x, k, s, p, value=0.0, reduce=torch.mean)),
            _pooled(lambda x, k, s, p: _pool(x, k, s, p, reduce=torch.mean)),
            _pooled(lambda x, k, s, p: _mean_of_pixels(x, k, s, p)),
            says="Each window gives its largest number, not the average.",
        ),
        Misconception(
            "smallest for largest",
            _pooled(lambda x, k, s, p: _pool(x, k, s, p, value=float("inf"), reduce=torch.amin)),
            _pooled(lambda x, k, s, p: _pool(x, k, s, p, value=0.0, reduce=torch.amin)),
            _pooled(lambda x, k, s, p: _pool(x, k, s, p, reduce=torch.amin)),
            says="Each window gives its largest number.",
        ),
        Misconception(
            "padding ignored",
            _pooled(lambda x, k, s, p: _pool(x, k, s, 0)),
            says="padding widens the image on every side before any window is taken.",
        ),
        Misconception(
            "one axis only",
            _pooled(lambda x, k, s, p: _pool(x, k, s, p, reduce=lambda seen, dims: seen.amax(-1))),
            _pooled(lambda x, k, s, p: _pool(x, k, s, p, reduce=lambda seen, dims: seen.amax(-2))),
            says="The largest over the window's rows and columns: one number a window.",
        ),
        Misconception(
            "channels mixed",
            _pooled(lambda x, k, s, p: _pool(x, k, s, p).amax(1)),
            _pooled(lambda x, k, s, p: _pool(x, k, s, p).amax(1, keepdim=True)),
            _pooled(lambda x, k, s, p: _pool(x, k, s, p).amax(1, keepdim=True).expand(-1, x.shape[1], -1, -1)),
            says="Every channel is pooled by itself: as many come out as go in.",
        ),
        Misconception(
            "rounded up",
            _pooled(lambda x, k, s, p: _pool(x, k, s, p, up=True)),
            says="Only whole windows count: rows and columns that are left over are dropped.",
        ),
        int_or_pair(_pool, _only_int_pool),
        dtype_lost(_pool),
        gradient_lost(_pool),
        squeezed(_pool),
        Misconception(
            "sum",
            _pooled(lambda x, k, s, p: _pool(x, k, s, p, value=0.0, reduce=torch.sum)),
            says="Each window gives its largest number, not the sum of all.",
        ),
        Misconception(
            "largest without its sign",
            _pooled(lambda x, k, s, p: _pool(x.abs(), k, s, p)),
            _pooled(lambda x, k, s, p: _pool(x.abs(), k, s, p, value=0.0)),
            says="−5 is less than 1: numbers are compared as they are, with their signs.",
        ),
        Misconception(
            "places for numbers",
            _pooled(lambda x, k, s, p: _pool(x, k, s, p, reduce=lambda seen, dims: seen.flatten(-2).argmax(-1))),
            says="argmax says where the largest number stands. Asked for is the number itself.",
        ),
        Misconception(
            "numbers and places together",
            _pooled(lambda x, k, s, p: _pool(x, k, s, p, reduce=lambda seen, dims: tuple(seen.flatten(-2).max(-1)))),
            says="max along a dimension gives two tensors, values and places. Take the values: [0], or amax.",
        ),
        Misconception(
            "the window's dimensions kept",
            _pooled(lambda x, k, s, p: _pool(x, k, s, p, reduce=lambda seen, dims: seen.amax(dims, keepdim=True))),
            says="One number a window: (N, C, Ho, Wo), without the window's rows and columns behind.",
        ),
        Misconception(
            "one largest for the whole image",
            _pooled(lambda x, k, s, p: x.amax((2, 3))),
            _pooled(lambda x, k, s, p: x.amax((2, 3), keepdim=True)),
            _pooled(lambda x, k, s, p: x.max()),
            says="Each window has a largest of its own, and there are as many numbers as windows.",
        ),
        Misconception(
            "padded with a number that can win",
            *(_padded_with(value) for value in (-1.0, -10.0, -100.0, -1e3, -1e9)),
            says="There is always a smaller number than the one you pad with. Minus infinity loses against all.",
        ),
        Misconception(
            "padding on one side",
            _pooled(lambda x, k, s, p: _pool(F.pad(x, (p, 0, p, 0), value=float("-inf")), k, s)),
            _pooled(lambda x, k, s, p: _pool(F.pad(x, (0, p, 0, p), value=float("-inf")), k, s)),
            says="Padding by p adds p on every side: above and below, left and right.",
        ),
        Misconception(
            "stride and padding ignored",
            _pooled(lambda x, k, s, p: _pool(x, k, None, 0)),
            _pooled(lambda x, k, s, p: _pool(x, k, 1, 0)),
            says="Neither stride nor padding makes a difference to your answer. Both say where the windows lie.",
        ),
        Misconception(
            "height and width taken for the same",
            _pooled(lambda x, k, s, p: _pool(x, pair(k)[0], s, p)),
            _pooled(lambda x, k, s, p: _pool(x, pair(k)[1], s, p)),
            says="A window of (kh, kw) has kh rows and kw columns, and moves by as many where no stride is given.",
        ),
        Misconception(
            "off by one",
            _pooled(lambda x, k, s, p: _pool(x, k, s, p)[:, :, :-1, :-1]),
            _pooled(lambda x, k, s, p: _pool(x, k, s, p)[:, :, :-1]),
            _pooled(lambda x, k, s, p: _pool(x, k, s, p)[..., :-1]),
            says="In a row of 4 a window of 2 starts at 0 and at 2: that is one more than (4 − 2) // 2.",
        ),
    ],
    space=MAX_POOL2D_SPACE,
)


def _mean_of_pixels(x: Tensor, kernel_size: Pair, stride: int | None, padding: int) -> Tensor:
    """The average over the pixels that are there, the padding left out."""
    total = _pool(x, kernel_size, stride, padding, value=0.0, reduce=torch.sum)
    return total / _pool(torch.ones_like(x), kernel_size, stride, padding, value=0.0, reduce=torch.sum)
