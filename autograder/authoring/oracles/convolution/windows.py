"""Chapter 05, `windows`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.convolution.spoil import (
    Pair,
    Wrong,
    before,
    gradient_lost,
    int_or_pair,
    pair,
    squeezed,
    then,
    unfolded,
)
from autograder.authoring.oracles.convolution.window_spaces import WINDOWS_SPACE
from autograder.observing.case import Case

__all__ = ["WINDOWS"]


def _strided(
    x: Tensor,
    kernel_size: Pair,
    stride: int = 1,
    *,
    by: Callable[[Tensor], Sequence[int]] = Tensor.stride,
    steps: Callable[[int], tuple[int, ...]] = lambda s: (1, 1, s, s, 1, 1),
    offset: int | None = None,
) -> Tensor:
    """`as_strided` with the strides ``by`` some rule, each multiplied as ``steps`` of the window's stride say."""
    n, c, height, width = x.shape
    kh, kw = pair(kernel_size)
    size = (n, c, (height - kh) // stride + 1, (width - kw) // stride + 1, kh, kw)
    sn, sc, sh, sw = by(x)
    strides = [one * step for one, step in zip((sn, sc, sh, sw, sh, sw), steps(stride), strict=True)]
    return torch.as_strided(x, size, strides, offset)


def _contiguous_stride(x: Tensor) -> tuple[int, ...]:
    _, c, height, width = x.shape
    return (c * height * width, height * width, width, 1)


def _columns(x: Tensor, kernel_size: Pair, stride: int = 1) -> Tensor:
    """Through torch's `F.unfold`, which copies, and knows no whole numbers."""
    kh, kw = pair(kernel_size)
    right = unfolded(x, (kh, kw), stride)
    columns = F.unfold(x, (kh, kw), stride=stride).view(*x.shape[:2], kh, kw, *right.shape[2:4])
    return columns.permute(0, 1, 4, 5, 2, 3)


def _only_int(x: Tensor, kernel_size: Any, stride: int = 1) -> Tensor:
    return x.unfold(2, kernel_size, stride).unfold(3, kernel_size, stride)


def _only_int_arithmetic(x: Tensor, kernel_size: Any, stride: int = 1) -> Tensor:
    return unfolded(x, kernel_size, stride)[..., : (x.shape[2] - kernel_size) // stride + 1, :, :, :]


def _counted(count: Callable[[int, int, int], int], axes: tuple[int, ...] = (0, 1)) -> Wrong:
    """The strides right, and as many windows along ``axes`` as a rule of one's own says."""

    def answer(x: Tensor, kernel_size: Pair, stride: int = 1) -> Tensor:
        right = _strided(x, kernel_size, stride)
        size = list(right.shape)
        for axis in axes:
            size[2 + axis] = count(x.shape[2 + axis], pair(kernel_size)[axis], stride)
        return x.as_strided(size, right.stride())

    return answer


def _one_count(axis: int) -> Wrong:
    """As many windows in both directions as fit in one."""

    def answer(x: Tensor, kernel_size: Pair, stride: int = 1) -> Tensor:
        right = _strided(x, kernel_size, stride)
        count = right.shape[2 + axis]
        return x.as_strided((*right.shape[:2], count, count, *right.shape[4:]), right.stride())

    return answer


def _kernel_for_both(axis: int) -> Wrong:
    """One side of the kernel in the count of rows and of columns."""

    def answer(x: Tensor, kernel_size: Pair, stride: int = 1) -> Tensor:
        right, side = _strided(x, kernel_size, stride), pair(kernel_size)[axis]
        counts = [(size - side) // stride + 1 for size in x.shape[2:]]
        return x.as_strided((*right.shape[:2], *counts, *right.shape[4:]), right.stride())

    return answer


def _layouts(make: CaseMaker) -> list[Case]:
    n, c, h, w = make.sizes(4, 2, 7)
    kh, kw = make.sizes(2, 2, 3)
    h, w = h + 3, w + 3
    counted = torch.arange(12.0, dtype=torch.float64).view(1, 1, 3, 4)
    two = torch.arange(24.0, dtype=torch.float64).view(2, 1, 3, 4)
    turned = "x = torch.arange(12.).view(1, 1, 4, 3).mT, kernel_size 2"
    second = "x = torch.arange(24.).view(2, 1, 3, 4)[1:], kernel_size 2"
    batch = make.normal(n + 1, c, h, w)
    wide = make.normal(n, c, 2 * h, w + 2)
    one = make.normal(c, h, w)

    def laid(name: str, x: Tensor, kernel_size: Pair, leaves: str = "x", asks: str = "", **stride: Any) -> Case:
        shown = f"x {str(x.dtype)[6:]} {tuple(x.shape)} with strides {x.stride()} and offset {x.storage_offset()}"
        given = "".join(f", {key} {value}" for key, value in {"kernel_size": kernel_size, **stride}.items())
        more = {"asks": asks} if asks else {}
        return make.case(name, x=x, kernel_size=kernel_size, leaves=leaves, shown=shown + given, **stride, **more)

    return [
        make.case("2 × 2 windows of 3 × 4", x=counted, kernel_size=2),
        make.case("a transposed image", x=counted.view(1, 1, 4, 3).mT, kernel_size=2, asks="layout", shown=turned),
        make.case("the second image of two", x=two[1:], kernel_size=2, asks="layout", shown=second),
        laid("high and narrow windows", make.normal(n, c, h, w), (3, 2)),
        laid("stride 2", make.normal(n, c, h, w), (kh, kw), stride=2, asks="stride"),
        laid("stride 3, windows apart", make.normal(1, c, w, h), 2, stride=3, asks="stride"),
        laid("one window", make.normal(n, 1, kh, w), (kh, w)),
        laid(
            "channels last in memory",
            make.scattered(make.normal(n, c, h, w), order=(0, 2, 3, 1), offset=0),
            (kh, kw),
            asks="layout",
        ),
        laid("behind other images", batch[1:], (kw, kh), asks="layout"),
        laid("every second row, some columns", wide[:, :, ::2, 2:], (kh, kw), asks="layout"),
        laid(
            "height and width exchanged, with an offset",
            make.scattered(make.normal(n, c, w, h)),
            3,
            stride=2,
            asks="all together",
        ),
        laid("one image, repeated by expand", one.expand(n, c, h, w), (kh, kw), leaves="", asks="layout"),
        laid("float32", make.normal(2, c, w, h, dtype=torch.float32), (kw, kh)),
    ]


WINDOWS = Oracle(
    "windows",
    unfolded,
    _layouts,
    [
        Misconception(
            "contiguous strides assumed",
            lambda x, kernel_size, stride=1: _strided(x, kernel_size, stride, by=_contiguous_stride),
            lambda x, kernel_size, stride=1: _strided(x, kernel_size, stride, by=_contiguous_stride, offset=0),
            lambda x, kernel_size, stride=1: unfolded(x.view(-1).view(x.shape), kernel_size, stride),
            says="Strides computed from the sizes hold for a fresh tensor only. A transposed or sliced one has its own: "
            "ask x.stride().",
        ),
        Misconception(
            "copied",
            then(unfolded, Tensor.clone),
            then(unfolded, Tensor.contiguous),
            lambda x, kernel_size, stride=1: _columns(x, kernel_size, stride),
            lambda x, kernel_size, stride=1: _strided(x.contiguous(), kernel_size, stride),
            before(unfolded, lambda x: x.view(x.shape) if x.is_contiguous() else x.clone()),
            says="Nothing has to move: every window is already there in memory. Your result, for some input at least, "
            "keeps numbers of its own; reshape, contiguous, stack and clone copy.",
        ),
        Misconception(
            "stride on the wrong axes",
            *(
                lambda x, kernel_size, stride=1, steps=steps: _strided(x, kernel_size, stride, steps=steps)
                for steps in (
                    lambda s: (1, 1, 1, 1, s, s),
                    lambda s: (1, 1, s, s, s, s),
                    lambda s: (1, 1, s, 1, 1, 1),
                    lambda s: (1, 1, 1, s, 1, 1),
                    lambda s: (s, s, s, s, 1, 1),
                    lambda s: (s, s, s, s, s, s),
                    lambda s: (s, s, 1, 1, 1, 1),
                )
            ),
            lambda x, kernel_size, stride=1: unfolded(x, kernel_size)[..., ::stride, ::stride],
            lambda x, kernel_size, stride=1: unfolded(x, kernel_size, (stride, 1)),
            lambda x, kernel_size, stride=1: unfolded(x, kernel_size, (1, stride)),
            says="The window's stride says how far the window moves: it multiplies the memory strides of Ho and Wo. "
            "Inside a window, neighbours stay neighbours.",
        ),
        Misconception(
            "stride ignored",
            lambda x, kernel_size, stride=1: unfolded(x, kernel_size),
            lambda x, kernel_size, stride=1: _strided(x, kernel_size, stride, steps=lambda s: (1,) * 6),
            says="The window moves by stride from one place to the next, so there are fewer places.",
        ),
        Misconception(
            "offset lost",
            lambda x, kernel_size, stride=1: _strided(x, kernel_size, stride, offset=0),
            lambda x, kernel_size, stride=1: _strided(x, kernel_size, stride, offset=0).detach(),
            says="A slice begins somewhere in the middle of its storage. Its storage_offset belongs to the layout too.",
        ),
        Misconception(
            "height and width swapped",
            then(unfolded, lambda out: out.transpose(-1, -2)),
            lambda x, kernel_size, stride=1: unfolded(x, pair(kernel_size)[::-1], stride),
            then(unfolded, lambda out: out.transpose(2, 3)),
            then(unfolded, lambda out: out.transpose(2, 3).transpose(-1, -2)),
            lambda x, kernel_size, stride=1: _strided(
                x, kernel_size, stride, by=lambda x: (x.stride(0), x.stride(1), x.stride(3), x.stride(2))
            ),
            says="Rows come first everywhere: (kh, kw), (Ho, Wo), and in the strides.",
        ),
        Misconception(
            "dimensions in another order",
            then(unfolded, lambda out: out.permute(0, 1, 4, 5, 2, 3)),
            then(unfolded, lambda out: out.permute(0, 2, 3, 1, 4, 5)),
            then(unfolded, lambda out: out.permute(0, 2, 3, 4, 5, 1)),
            then(unfolded, lambda out: out.permute(0, 1, 2, 4, 3, 5)),
            then(unfolded, lambda out: out.permute(2, 3, 0, 1, 4, 5)),
            then(unfolded, lambda out: out.permute(0, 1, 4, 2, 5, 3)),
            says="Asked for is (N, C, Ho, Wo, kh, kw): first which window, then where in the window.",
        ),
        int_or_pair(unfolded, _only_int, _only_int_arithmetic),
        gradient_lost(unfolded),
        squeezed(unfolded),
        Misconception(
            "off by one",
            _counted(lambda size, k, s: (size - k) // s),
            _counted(lambda size, k, s: (size - k) // s, axes=(0,)),
            _counted(lambda size, k, s: (size - k) // s, axes=(1,)),
            says="In a row of 4 a window of 2 starts at 0, 1 or 2: that is one more than 4 − 2.",
        ),
        Misconception(
            "number of windows counted in another way",
            _counted(lambda size, k, s: (size - k + 1) // s),
            _counted(lambda size, k, s: size // s),
            _counted(lambda size, k, s: -(-(size - k) // s) + 1),
            _counted(lambda size, k, s: size - k + 1),
            _counted(lambda size, k, s: size // k),
            says="There are (H − kh) // stride + 1 rows of windows: divide first, rounded down, then add 1. "
            "as_strided believes any number and reads what lies behind.",
        ),
        Misconception(
            "height and width taken for the same",
            lambda x, kernel_size, stride=1: unfolded(x, pair(kernel_size)[0], stride),
            lambda x, kernel_size, stride=1: unfolded(x, pair(kernel_size)[1], stride),
            _one_count(0),
            _one_count(1),
            _kernel_for_both(0),
            _kernel_for_both(1),
            says="Images and windows need not be square: rows by H and kh, columns by W and kw.",
        ),
        Misconception(
            "places not kept apart",
            then(unfolded, lambda out: out.flatten(-2)),
            then(unfolded, lambda out: out.flatten(2, 3)),
            then(unfolded, lambda out: out.flatten(2, 3).flatten(-2)),
            says="Asked for are six dimensions, (N, C, Ho, Wo, kh, kw): rows and columns each have one of their own.",
        ),
        Misconception(
            "first image only",
            lambda x, kernel_size, stride=1: unfolded(x[:1], kernel_size, stride),
            lambda x, kernel_size, stride=1: unfolded(x, kernel_size, stride)[0],
            says="x holds N images, and each has windows of its own.",
        ),
        Misconception(
            "windows side by side",
            lambda x, kernel_size, stride=None: unfolded(x, kernel_size, kernel_size if stride is None else stride),
            says="Without a stride the window moves by one pixel. Side by side is what pooling does.",
        ),
    ],
    space=WINDOWS_SPACE,
)
