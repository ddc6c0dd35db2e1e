"""Chapter 02, `transpose_layout`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from typing import Any

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.storage.layout import Ints, Layout, contiguous_stride, layout_of, plain_stride
from autograder.authoring.oracles.storage.strides import LAYOUT_WORDS, ODD, WAYS, has_way, size_of, stride_of
from autograder.authoring.oracles.views.layout import tensor_of, turned_layout
from autograder.authoring.space import Chosen, Space
from autograder.observing.case import Case

__all__ = ["TRANSPOSE_LAYOUT"]


def _swaps(make: CaseMaker) -> list[Case]:
    rows: dict[str, Any] = {"size": (2, 3), "stride": (3, 1), "offset": 0}
    plain: dict[str, Any] = {"size": (2, 3, 4), "stride": (12, 4, 1), "offset": 0}
    three, four, five = turned_layout(make, 3), turned_layout(make, 4, 2), turned_layout(make, 5)
    from_end = {"aspect": "negative dims"}
    return [
        make.case("two rows of three", **rows, dim0=0, dim1=1),
        make.case("the outermost with the innermost", **plain, dim0=0, dim1=2),
        make.case("the larger dimension named first", **plain, dim0=2, dim1=1),
        make.case("not contiguous, with an offset", **three, dim0=0, dim1=1),
        make.case("four dimensions", **four, dim0=3, dim1=1),
        make.case("five dimensions", **five, dim0=1, dim1=4),
        make.case("an expanded dimension", size=(5, 3), stride=(0, 1), offset=2, dim0=0, dim1=1),
        make.case("the last two", **plain, dim0=-2, dim1=-1, **from_end),
        make.case("one from each end", **three, dim0=0, dim1=-1, **from_end),
        make.case("the first, from the end", **four, dim0=-4, dim1=2, **from_end),
        make.case("one dimension, named twice", **three, dim0=1, dim1=-2, **from_end),
    ]


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    size = size_of(make, one.rank, one.odd)
    back = {"neither": (0, 0), "dim0": (1, 0), "dim1": (0, 1), "both": (1, 1)}[one.from_end]
    dims = {"dim0": one.dim0 - back[0] * one.rank, "dim1": one.dim1 - back[1] * one.rank}
    aspect = {} if one.from_end == "neither" else {"aspect": "negative dims"}
    return make.case(size=size, stride=stride_of(size, one.way), offset=one.offset, **dims, **aspect)


_SPACE = Space(
    _drawn,
    rank=(1, 2, 3, 4, 5, 6),
    dim0=(0, 1, 2, 3, 4, 5),
    dim1=(0, 1, 2, 3, 4, 5),
    from_end=("neither", "dim0", "dim1", "both"),
    odd=(ODD[0], "a 1 in front", "a 1 at the end", "a 0 in front", "a 0 at the end"),
    way=tuple(WAYS),
    offset=(0, 1, 30),
    within=(
        lambda one: one.dim0 < one.rank,
        lambda one: one.dim1 < one.rank,
        lambda one: has_way(one.rank, one.odd, one.way),
    ),
    traits={"dim0 and dim1 name one dimension": lambda one: one.dim0 == one.dim1},
    words=LAYOUT_WORDS
    | {
        "dim0": "dim0, counted from the front, is {}",
        "dim1": "dim1, counted from the front, is {}",
        "from_end": "counted from the end: {}",
    },
)


def _swapped(values: Ints, one: int, other: int) -> tuple[int, ...]:
    changed = list(values)
    changed[one], changed[other] = changed[other], changed[one]
    return tuple(changed)


def _overwritten(values: Ints, one: int, other: int) -> tuple[int, ...]:
    changed = list(values)
    changed[one] = changed[other]
    changed[other] = changed[one]
    return tuple(changed)


def _front_only(size: Ints, stride: Ints, offset: int, one: int, other: int) -> Any:
    """A swap that compares dimension numbers with those of ``enumerate``."""

    def pick(values: Ints) -> tuple[int, ...]:
        return tuple(
            values[other] if dim == one else values[one] if dim == other else value for dim, value in enumerate(values)
        )

    return pick(size), pick(stride), offset


def _refusing(size: Ints, stride: Ints, offset: int, one: int, other: int) -> Layout:
    if min(one, other) < 0:
        raise ValueError
    return _swapped(size, one, other), _swapped(stride, one, other), offset


TRANSPOSE_LAYOUT = Oracle(
    "transpose_layout",
    lambda size, stride, offset, dim0, dim1: layout_of(tensor_of(size, stride, offset).transpose(dim0, dim1)),
    _swaps,
    [
        Misconception(
            "only sizes swapped",
            lambda size, stride, offset, dim0, dim1: (_swapped(size, dim0, dim1), stride, offset),
            says="With the old strides the new shape reads the elements in their old order: that is a view(), "
            "not a transpose.",
        ),
        Misconception(
            "only strides swapped",
            lambda size, stride, offset, dim0, dim1: (size, _swapped(stride, dim0, dim1), offset),
            says="A dimension is a size and a stride together. With the old size the strides run out of the tensor.",
        ),
        Misconception(
            "strides recomputed as contiguous",
            lambda size, stride, offset, dim0, dim1: (
                _swapped(size, dim0, dim1),
                contiguous_stride(_swapped(size, dim0, dim1)),
                offset,
            ),
            lambda size, stride, offset, dim0, dim1: (
                _swapped(size, dim0, dim1),
                contiguous_stride(_swapped(size, dim0, dim1)),
                0,
            ),
            lambda size, stride, offset, dim0, dim1: (
                _swapped(size, dim0, dim1),
                plain_stride(_swapped(size, dim0, dim1)),
                offset,
            ),
            says="Fresh strides would belong to a copy. A transpose moves nothing in memory: each size keeps its stride.",
        ),
        Misconception(
            "all dimensions turned round",
            lambda size, stride, offset, dim0, dim1: (size[::-1], stride[::-1], offset),
            says="Only the two dimensions named change places; the others stay.",
        ),
        Misconception(
            "one written over the other",
            lambda size, stride, offset, dim0, dim1: (
                _overwritten(size, dim0, dim1),
                _overwritten(stride, dim0, dim1),
                offset,
            ),
            lambda size, stride, offset, dim0, dim1: (
                _overwritten(size, dim1, dim0),
                _overwritten(stride, dim1, dim0),
                offset,
            ),
            says="After the first assignment the old number is gone, and the second one copies the new one back. Swap both at "
            "once: a, b = b, a.",
        ),
        Misconception(
            "offset dropped",
            lambda size, stride, offset, dim0, dim1: (_swapped(size, dim0, dim1), _swapped(stride, dim0, dim1), 0),
            says="The first element stays the first, in the slot it was in.",
        ),
        Misconception(
            "negative dims not counted from the end",
            _front_only,
            _refusing,
            lambda size, stride, offset, dim0, dim1: (
                _swapped(size, abs(dim0), abs(dim1)),
                _swapped(stride, abs(dim0), abs(dim1)),
                offset,
            ),
            says="Dimension -1 is the last one, -2 the one before it.",
        ),
    ],
    space=_SPACE,
)
