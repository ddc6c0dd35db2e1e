"""Chapter 01, `contiguous_stride`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import torch

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.storage.layout import Ints, contiguous_stride
from autograder.authoring.oracles.storage.strides import LAYOUT_WORDS, ODD, has_odd, size_of
from autograder.authoring.space import RANKS, Chosen, Space
from autograder.observing.case import Case

__all__ = ["CONTIGUOUS_STRIDE"]


def _sizes(make: CaseMaker) -> list[Case]:
    drawn = [make.sizes(rank, 1, 9) for rank in (2, 3, 4, 5)]
    a, b, c = make.sizes(3, 2, 9)
    sizes = [(2, 3), (2, 3, 4), (5,), (), (3, 3), (1, 4, 1), (1,), *drawn]
    empty = [(0, 3), (3, 0, 2), (0,), (2, 0, 0, 5), (a, b, 0), (a, 0, b, c)]
    return [make.case(f"the size {size}", size=size) for size in [*sizes, *empty]]


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    return make.case(size=tuple(one.times * n if n > 1 else n for n in size_of(make, one.rank, one.odd)))


_SPACE = Space(
    _drawn,
    rank=RANKS,
    odd=ODD,
    times=(1, 2, 50),
    within=(
        lambda one: has_odd(one.rank, one.odd),
        # An array of that size is one way to find out: it has to have room.
        lambda one: one.times < 50 or one.rank < 3,
    ),
    words=LAYOUT_WORDS | {"times": "sizes above 1 are multiplied by {}"},
)


def _products(size: Ints, of: Callable[[int], Ints], least: int) -> tuple[int, ...]:
    return tuple(prod(max(n, least) for n in of(dim)) for dim in range(len(size)))


CONTIGUOUS_STRIDE = Oracle(
    "contiguous_stride",
    lambda size: torch.empty(size, device="meta").stride(),
    _sizes,
    [
        Misconception(
            "column-major",
            lambda size: _products(size, lambda dim: size[:dim], 1),
            lambda size: _products(size, lambda dim: size[:dim], 0),
            lambda size: contiguous_stride(size)[::-1],
            lambda size: _products(size, lambda dim: size[dim + 1 :], 0)[::-1],
            says="In a fresh tensor the last index moves fastest: neighbours in a row are neighbours in memory.",
        ),
        Misconception(
            "sizes for strides",
            lambda size: size,
            lambda size: size[::-1],
            lambda size: (*size[1:], 1)[: len(size)],
            lambda size: (*size[1:], 1),
            lambda size: tuple(max(n, 1) for n in size),
            lambda size: tuple(max(n, 1) for n in (*size[1:], 1)[: len(size)]),
            says="A size says how many elements there are along a dimension, a stride how far the next one lies. "
            "A row's stride is the length of a whole row; what is further out skips all that is further in.",
        ),
        Misconception(
            "a dimension's own size counted in",
            lambda size: _products(size, lambda dim: size[dim:], 1),
            lambda size: _products(size, lambda dim: size[dim:], 0),
            says="The next element along a dimension lies behind everything further in, and that does not include "
            "the dimension itself. The last stride is 1.",
        ),
        Misconception(
            "size 0 multiplied in",
            lambda size: _products(size, lambda dim: size[dim + 1 :], 0),
            says="torch counts a size of 0 as 1 here, so that no stride becomes 0 by it.",
        ),
        Misconception(
            "counted in bytes",
            lambda size: tuple(4 * step for step in contiguous_stride(size)),
            lambda size: tuple(8 * step for step in contiguous_stride(size)),
            lambda size: tuple(4 * step for step in _products(size, lambda dim: size[dim + 1 :], 0)),
            lambda size: tuple(8 * step for step in _products(size, lambda dim: size[dim + 1 :], 0)),
            says="NumPy counts strides in bytes, torch in elements.",
        ),
        Misconception(
            "a float for an int",
            lambda size: tuple(map(float, contiguous_stride(size))),
            lambda size: (*contiguous_stride(size)[:-1], 1.0)[: len(size)],
            lambda size: (*_products(size, lambda dim: size[dim + 1 :], 0)[:-1], 1.0)[: len(size)],
            lambda size: tuple(prod(size) / prod(size[: dim + 1]) for dim in range(len(size))),
            says="Some of your strides are floats: 1.0 for 1. (numpy.prod of nothing is one, and so is what / gives.) "
            "A stride is a whole number; math.prod of ints stays an int.",
        ),
        Misconception(
            "stride 0 for a size of 1",
            *(
                lambda size, steps=steps, least=least, most=most: tuple(
                    0 if least <= n <= most else step for n, step in zip(size, steps(size), strict=True)
                )
                for steps in (contiguous_stride, lambda size: _products(size, lambda dim: size[dim + 1 :], 0))
                for least, most in ((1, 1), (0, 1))
            ),
            says="No step is taken along a dimension of size 1, but torch writes a stride down all the same: the one that the "
            "sizes further in make.",
        ),
        Misconception(
            "sizes added instead of multiplied",
            lambda size: tuple(sum(size[dim + 1 :]) for dim in range(len(size))),
            lambda size: tuple(sum(size[dim + 1 :]) or 1 for dim in range(len(size))),
            says="Two rows of three are 2 · 3 elements: the sizes further in are multiplied.",
        ),
    ],
    space=_SPACE,
)
