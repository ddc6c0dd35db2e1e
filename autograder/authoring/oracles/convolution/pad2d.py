"""Chapter 05, `pad2d`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.convolution.spoil import Wrong, gradient_lost, squeezed
from autograder.authoring.oracles.convolution.window_spaces import PAD2D_SPACE
from autograder.observing.case import Case

__all__ = ["PAD2D"]


def _padded(x: Tensor, *sides: tuple[int, int], value: float = 0.0) -> Tensor:
    """``x`` in the midst of ``value``; ``sides`` are before and after, for the last dimensions of ``x``."""
    every = ((0, 0),) * (x.dim() - len(sides)) + sides
    sizes = [before + size + after for size, (before, after) in zip(x.shape, every, strict=True)]
    out = x.new_full(sizes, value)
    out[tuple(slice(before, before + size) for size, (before, _) in zip(x.shape, every, strict=True))] = x
    return out


def _pad(x: Tensor, padding: int, value: float = 0.0) -> Tensor:
    return _padded(x, (padding, padding), (padding, padding), value=value)


def _sides(*of: Callable[[int], tuple[int, int]]) -> Wrong:
    return lambda x, padding, value=0.0: _padded(x, *(one(padding) for one in of), value=value)


def _both(p: int) -> tuple[int, int]:
    return (p, p)


def _front(p: int) -> tuple[int, int]:
    return (p, 0)


def _back(p: int) -> tuple[int, int]:
    return (0, p)


def _none(p: int) -> tuple[int, int]:
    return (0, 0)


def _half(p: int) -> tuple[int, int]:
    return (p // 2, p - p // 2)


def _filled(fill: Callable[[list[int], Any], Tensor], slicing: bool = False, add: bool = False) -> Wrong:
    """The frame made by ``fill``, the image written into its middle, which ``slicing`` finds as ``p:-p``."""

    def answer(x: Tensor, padding: int, value: float = 0.0) -> Tensor:
        n, c, height, width = x.shape
        out = fill([n, c, height + 2 * padding, width + 2 * padding], value)
        rows = slice(padding, -padding if slicing else padding + height)
        columns = slice(padding, -padding if slicing else padding + width)
        if add:
            out[..., rows, columns] += x
        else:
            out[..., rows, columns] = x
        return out

    return answer


def _sliced_to_minus_zero(add: bool) -> Wrong:
    return lambda x, padding, value=0.0: _filled(x.new_full, True, add)(x, padding, value)


def _placed(rows: int, columns: int) -> Wrong:
    """The image written so many paddings from the top and from the left."""

    def answer(x: Tensor, padding: int, value: float = 0.0) -> Tensor:
        return _padded(
            x, (rows * padding, (2 - rows) * padding), (columns * padding, (2 - columns) * padding), value=value
        )

    return answer


def _pad_square(x: Tensor, padding: int, value: float, side: int) -> Tensor:
    """A square frame: where the image is larger it does not fit in."""
    out = x.new_full((*x.shape[:2], side + 2 * padding, side + 2 * padding), value)
    out[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]] = x
    return out


def _repeated_edges(x: Tensor, padding: int, value: float = 0.0) -> Tensor:
    rows, columns = (torch.arange(-padding, size + padding).clamp(0, size - 1) for size in x.shape[2:])
    return x[:, :, rows][..., columns]


def _frames(make: CaseMaker) -> list[Case]:
    n, c, h, w = make.sizes(4, 2, 6)
    square = make.integer(3, 5)
    small = torch.arange(1.0, 7.0, dtype=torch.float64).view(1, 1, 2, 3)
    dark = small * torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]], dtype=torch.float64)
    return [
        make.case("a frame of zeros", x=small, padding=1),
        make.case("asked before, of other numbers", x=small, padding=1, asked_before=True),
        make.case("a frame of sevens", x=small, padding=1, value=7.0, asks="fill"),
        make.case("sevens round an image with zeros", x=dark, padding=1, value=7.0, leaves="x", asks="fill"),
        make.case("padding 2", x=make.normal(n, c, h, w), padding=2, leaves="x"),
        make.case("padding 3, with a value", x=make.normal(1, c, w, h), padding=3, value=-1.5, leaves="x", asks="fill"),
        make.case("padding 0", x=make.normal(n, c, h, w), padding=0, value=2.0, asks="padding 0"),
        make.case("a whole number for a value", x=make.normal(c, n, square, square), padding=1, value=4, asks="fill"),
        # Small enough to be seen whole: projections of infinite numbers would tell nothing apart.
        make.case("minus infinity", x=make.normal(2, 1, 2, 3), padding=1, value=float("-inf"), asks="fill"),
        make.case("not contiguous, with an offset", x=make.scattered(make.normal(n, c, h, w)), padding=1, leaves="x"),
        make.case("float32", x=make.normal(2, c, h, w, dtype=torch.float32), padding=2, leaves="x"),
    ]


PAD2D = Oracle(
    "pad2d",
    lambda x, padding, value=0.0: F.pad(x, (padding,) * 4, value=value),
    _frames,
    [
        Misconception(
            "one side",
            *(_sides(rows, columns) for rows in (_front, _back) for columns in (_front, _back)),
            says="Padding by p adds p on every side: above and below, left and right.",
        ),
        Misconception(
            "only height or only width",
            _sides(_both, _none),
            _sides(_none, _both),
            _sides(_front, _none),
            _sides(_back, _none),
            _sides(_none, _front),
            _sides(_none, _back),
            says="Both the height and the width grow, each by 2p.",
        ),
        Misconception(
            "channels padded",
            _sides(_both, _both, _both),
            _sides(_both, _both, _both, _both),
            _sides(_both, _both, _none),
            _sides(_both, _none, _both),
            _sides(_both, _both, _none, _none),
            says="The input is (N, C, H, W). Only the last two dimensions get a frame.",
        ),
        Misconception(
            "value ignored",
            lambda x, padding, value=0.0: _pad(x, padding),
            says="The frame is filled with value; 0 is only what it is when nothing is said.",
        ),
        Misconception(
            "value added to the image",
            lambda x, padding, value=0.0: _padded(x + value, (padding, padding), (padding, padding), value=value),
            says="A tensor full of value plus the image changes the image too. Write the image into the middle.",
        ),
        Misconception(
            "padding shared between two sides",
            _sides(_half, _half),
            _sides(lambda p: (p - p // 2, p // 2), lambda p: (p - p // 2, p // 2)),
            _sides(lambda p: (p // 2, p // 2), lambda p: (p // 2, p // 2)),
            says="padding counts one side. Each of the four sides gets all of it.",
        ),
        Misconception(
            "padding counted twice",
            _sides(lambda p: (2 * p, 2 * p), lambda p: (2 * p, 2 * p)),
            says="padding counts one side. Height and width grow by 2p in all.",
        ),
        Misconception(
            "padding 0 sliced as 0:-0",
            _sliced_to_minus_zero(False),
            _sliced_to_minus_zero(True),
            lambda x, padding, value=0.0: _frame_copied(x, padding, value),
            says="p:-p is right for every p but 0: −0 is 0, and 0:0 is empty. Say where the image ends: p + H.",
        ),
        Misconception(
            "dtype of the input lost",
            _filled(torch.full),
            _filled(lambda size, value: torch.full(size, float(value))),
            _filled(lambda size, value: torch.zeros(size) + value),
            says="torch.zeros and torch.full make float32 (or int64) unless told. "
            "Ask for the dtype of the input, or use x.new_full.",
        ),
        gradient_lost(
            _pad,
            lambda x, padding, value=0.0: torch.from_numpy(_pad(x, padding, value).detach().numpy()),
        ),
        Misconception(
            "another fill than 0 where none is given",
            lambda x, padding, value=1.0: _pad(x, padding, value),
            says="Without a value the frame is of zeros: value=0.0 in the first line.",
        ),
        Misconception(
            "padding of one, whatever is asked",
            lambda x, padding, value=0.0: _pad(x, 1, value),
            says="The frame is as wide as padding says, and 0 means none.",
        ),
        Misconception(
            "the image in the corner",
            *(_placed(rows, columns) for rows, columns in ((0, 0), (2, 2), (0, 1), (1, 0), (0, 2), (2, 0))),
            says="The size is right; the image belongs in the middle: padding rows above it, padding columns left of it.",
        ),
        Misconception(
            "the image left out",
            lambda x, padding, value=0.0: torch.full_like(_pad(x, padding), value),
            says="The frame alone came back. The image has to be written into its middle.",
        ),
        Misconception(
            "edges repeated",
            _repeated_edges,
            says="The frame is filled with value, one number, not with the image's edge.",
        ),
        Misconception(
            "height and width taken for the same",
            lambda x, padding, value=0.0: _pad_square(x, padding, value, x.shape[2]),
            lambda x, padding, value=0.0: _pad_square(x, padding, value, x.shape[3]),
            says="Images need not be square: rows grow from the height, columns from the width.",
        ),
        squeezed(_pad),
    ],
    space=PAD2D_SPACE,
)


def _frame_copied(x: Tensor, padding: int, value: float) -> Tensor:
    n, c, height, width = x.shape
    out = x.new_full((n, c, height + 2 * padding, width + 2 * padding), value)
    out[:, :, padding:-padding, padding:-padding].copy_(x)
    return out
