"""Chapter 01, `flat_index`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

import itertools
from math import prod
from typing import Any

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.storage.layout import Ints, dot, drawn_layout
from autograder.authoring.oracles.storage.strides import LAYOUT_WORDS, WAYS, has_way, size_of, stride_of
from autograder.authoring.space import RANKS, Chosen, Space, absent
from autograder.observing.case import Case

__all__ = ["FLAT_INDEX"]


def _indices(make: CaseMaker) -> list[Case]:
    cases = [
        make.case("row 1, column 2 of two rows of three", index=(1, 2), stride=(3, 1)),
        make.case("the same element of the transpose", index=(2, 1), stride=(1, 3)),
        make.case("three dimensions", index=(1, 2, 3), stride=(12, 4, 1)),
        make.case("one dimension, every second slot", index=(3,), stride=(2,)),
        make.case("an expanded dimension", index=(4, 2), stride=(0, 1)),
        make.case("no dimension", index=(), stride=()),
        make.case("a slice that begins at slot 5", index=(1, 2), stride=(6, 1), offset=5),
        make.case("its first element", index=(0, 0), stride=(6, 1), offset=5),
        make.case("one number at slot 7", index=(), stride=(), offset=7),
        make.case("an offset of 0, said", index=(2, 1, 0), stride=(1, 8, 4), offset=0),
        # Beyond 2²⁴ a float32 has no odd numbers.
        make.case("far behind in a large tensor", index=(2999, 1234), stride=(10_001, 1)),
    ]
    for rank in (2, 3, 4):
        size, stride = drawn_layout(make, rank)
        index = tuple(make.integer(1, n - 1) for n in size)
        name, offset = "an element drawn at random", make.integer(1, 30)
        cases += [make.case(name, index=index, stride=stride)]
        cases += [make.case(f"{name}, behind an offset", index=index, stride=stride, offset=offset)]
    return cases


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    size = size_of(make, one.rank)
    index: dict[str, Any] = {
        "the first": (0,) * one.rank,
        "a far": tuple(make.integer(10, 99) for _ in size),
        "any": tuple(make.integer(0, n - 1) for n in size),
    }
    stride = tuple(one.times * step for step in stride_of(size, one.way))
    return make.case(index=index[one.element], stride=stride, **one.given("offset"))


_SPACE = Space(
    _drawn,
    rank=RANKS,
    way=tuple(way for way in WAYS if has_way(3, "no 1 and no 0", way)),
    element=("the first", "any", "a far"),
    offset=(absent, 0, 1, 500),
    times=(1, 5, 100_003),
    within=lambda one: has_way(one.rank, "no 1 and no 0", one.way),
    words=LAYOUT_WORDS | {"element": "asked for is {} element", "times": "all strides are multiplied by {}"},
)


def _horner(index: Ints, sizes: Ints, start: int = 0) -> int:
    slot = start
    for i, n in zip(index, sizes, strict=True):
        slot = slot * n + i
    return slot


def _sizes_from(stride: Ints, first: int) -> list[int]:
    """Sizes read back from the strides, as of a contiguous tensor."""
    return [first, *(outer // inner for outer, inner in itertools.pairwise(stride))][: len(stride)]


FLAT_INDEX = Oracle(
    "flat_index",
    lambda index, stride, offset=0: offset + dot(index, stride),
    _indices,
    [
        Misconception(
            "offset forgotten",
            lambda index, stride, offset=0: dot(index, stride),
            says="A tensor need not begin at slot 0. The offset says in which slot its first element lies.",
        ),
        Misconception(
            "strides read back to front",
            lambda index, stride, offset=0: offset + dot(index, stride[::-1]),
            lambda index, stride, offset=0: dot(index, stride[::-1]),
            says="The first stride belongs to the first index. Dimension 0 is moved by stride[0].",
        ),
        Misconception(
            "index multiplied by size instead of stride",
            lambda index, stride, offset=0: _horner(index, stride, offset),
            lambda index, stride, offset=0: offset + _horner(index, stride),
            lambda index, stride, offset=0: _horner(index, stride),
            lambda index, stride, offset=0: offset + dot(index, [prod(stride[:dim]) for dim in range(len(stride))]),
            lambda index, stride, offset=0: offset + dot(index, [*stride[1:], 1][: len(stride)]),
            lambda index, stride, offset=0: offset + dot(index, _sizes_from(stride, 1)),
            lambda index, stride, offset=0: offset + dot(index, _sizes_from(stride, 2)),
            lambda index, stride, offset=0: offset + dot(index, _sizes_from(stride, max(stride, default=0))),
            lambda index, stride, offset=0: offset + sum(i * len(index) for i in index),
            says="A step along a dimension moves by its stride, whatever the sizes are. No size is needed to find a slot.",
        ),
        Misconception(
            "offset counted as a step",
            lambda index, stride, offset=0: dot(index, stride) + offset * (stride[-1] if stride else 1),
            lambda index, stride, offset=0: dot(index, stride) + offset * (stride[0] if stride else 1),
            lambda index, stride, offset=0: sum((offset + i) * step for i, step in zip(index, stride, strict=True)),
            says="The offset counts slots already. No stride multiplies it.",
        ),
        Misconception(
            "strides left out",
            lambda index, stride, offset=0: offset + sum(index),
            lambda index, stride, offset=0: sum(index),
            says="A step along dimension d moves by stride[d] slots, not by one.",
        ),
        Misconception(
            "counted in bytes",
            *(lambda index, stride, offset=0, size=size: size * (offset + dot(index, stride)) for size in (4, 8)),
            *(lambda index, stride, offset=0, size=size: offset + size * dot(index, stride) for size in (4, 8)),
            says="A slot holds one element, however many bytes that has. Strides and offset of a torch tensor count elements.",
        ),
        Misconception(
            "a float for an int",
            lambda index, stride, offset=0: float(offset + dot(index, stride)),
            lambda index, stride, offset=0: offset + (dot(index, stride) if index else 0.0),
            lambda index, stride, offset=0: (
                offset + sum((i * step for i, step in zip(index, stride, strict=True)), 0.0)
            ),
            says="The number is right, but it is a float, for some index at least: 5.0 for 5. (numpy.dot of nothing is one.) "
            "A slot is a whole number.",
        ),
        Misconception(
            "offset added for every dimension",
            lambda index, stride, offset=0: dot(index, stride) + offset * len(index),
            says="The offset says where the first element lies. It is added once, however many dimensions there are.",
        ),
    ],
    space=_SPACE,
)
