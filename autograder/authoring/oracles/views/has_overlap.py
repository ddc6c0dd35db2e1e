"""Chapter 02, `has_overlap`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

import itertools
from math import prod

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.storage.layout import Ints, contiguous_stride
from autograder.authoring.oracles.storage.strides import LAYOUT_WORDS, ODD, WAYS, has_odd, has_way, size_of, stride_of
from autograder.authoring.oracles.views.layout import reach_of
from autograder.authoring.space import Chosen, Space
from autograder.observing.case import Case

__all__ = ["HAS_OVERLAP"]


def _overlaps(size: Ints, stride: Ints) -> bool:
    seen: set[int] = set()
    for index in itertools.product(*map(range, size)):
        slot = sum(i * step for i, step in zip(index, stride, strict=True))
        if slot in seen:
            return True
        seen.add(slot)
    return False


def _namings(make: CaseMaker) -> list[Case]:
    a, b, c = make.sizes(3, 3, 7)
    between, odd = {"aspect": "interleaved"}, {"aspect": "sizes 1 and 0"}
    many = contiguous_stride((10, 10, 5, 4))
    layouts: list[tuple[str, Ints, Ints, dict[str, str]]] = [
        ("two rows of three", (2, 3), (3, 1), {}),
        ("a row expanded", (2, 3), (0, 1), {}),
        ("windows that overlap", (3, 3), (1, 1), {}),
        ("transposed", (3, 2), (1, 3), {}),
        ("every second column", (2, 3), (6, 2), {}),
        ("three dimensions, turned", (a, b, c), (1, a * c, a), {}),
        ("windows with a step", (4, 3), (2, 1), {}),
        ("windows side by side", (4, 2), (2, 1), {}),
        ("expanded at the end", (a, b), (1, 0), {}),
        ("far more room than elements, and yet", (3, 5), (40, 10), {}),
        ("twice the same stride, far apart", (a, b), (50, 50), {}),
        ("a number", (), (), {}),
        ("two thousand, fresh", (10, 10, 5, 4), many, {}),
        ("two thousand, one stride too short", (10, 10, 5, 4), (many[0], many[1] - 1, *many[2:]), {}),
        ("rows between each other", (2, 3), (3, 2), between),
        ("rows that meet", (3, 3), (3, 2), between),
        ("three rows between each other", (3, 4), (5, 3), between),
        ("rows that meet late", (4, 4), (5, 3), between),
        ("coprime strides", (a, b), (b, a), between),
        ("coprime strides, one row more", (a + 1, b + 1), (b, a), between),
        ("three strides", (2, 2, 2), (5, 3, 2), between),
        ("three strides, and one sum", (2, 3, 2), (4, 3, 2), between),
        ("four strides", (2, 2, 2, 2), (7, 11, 3, 20), between),
        ("four strides, and one sum", (2, 2, 2, 2), (1, 10, 3, 8), between),
        ("one row, stride 0", (1, 3), (0, 1), odd),
        ("one row of one number", (1, 1), (0, 0), odd),
        ("one row, the stride of a number", (1, a), (1, 1), odd),
        ("one row, twice as long as wide", (1, a, b), (0, b, 1), odd),
        ("one row among overlapping ones", (a, 1, b), (1, 0, 1), odd),
        ("no element", (0, 3), (1, 0), odd),
        ("no element, at the end", (a, 0), (0, 0), odd),
        ("ones in the way", (1, 3, 1), (7, 0, 3), odd),
    ]
    return [make.case(name, size=size, stride=stride, **aspect) for name, size, stride, aspect in layouts]


_TOGETHER = "all strides 1"
_SHORT = "one stride too short"
_SOME = "strides of any length"
_LATE = "such that the last row meets the first"


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    size = size_of(make, one.rank, one.odd) if one.way != _LATE else (70, 60)
    fresh = contiguous_stride(size)
    if one.way in WAYS:
        stride = stride_of(size, one.way)
    elif one.way == _TOGETHER:
        stride = (1,) * one.rank
    elif one.way == _LATE:
        stride = (59, 69)  # 69 steps down are 59 to the right
    elif one.way == _SHORT:
        stride = (max(fresh[0] - 1, 0), *fresh[1:])
    else:
        stride = tuple(make.integer(1, 12) for _ in size)
    odd = not size or min(size) < 2
    aspect = {"aspect": "sizes 1 and 0" if odd else "interleaved"} if odd or one.way in (_SOME, _LATE) else {}
    return make.case(size=size, stride=tuple(one.times * step for step in stride), **aspect)


_SPACE = Space(
    _drawn,
    rank=(0, 1, 2, 3, 4),
    odd=(ODD[0], *ODD[1:4:2], ODD[5]),
    way=(*WAYS, _TOGETHER, _SHORT, _SOME, _LATE),
    times=(1, 3, 100),
    within=(
        lambda one: one.way != _LATE or (one.rank == 2 and one.odd == ODD[0]),
        lambda one: has_odd(one.rank, one.odd),
        lambda one: one.rank > 0 if one.way not in WAYS else has_way(one.rank, one.odd, one.way),
    ),
    traits={
        "no size is 1 or 0, and there are several": lambda one: one.odd == ODD[0] and one.rank > 1,
        "the strides are of any length, and no size is 1 or 0": lambda one: one.odd == ODD[0] and one.way == _SOME,
    },
    words=LAYOUT_WORDS | {"way": "the strides are: {}", "times": "all strides are multiplied by {}"},
)


def _any_zero(size: Ints, stride: Ints) -> bool:
    return any(step == 0 and n > 1 for n, step in zip(size, stride, strict=True))


def _nested(size: Ints, stride: Ints, *, least: int = 2) -> bool:
    """Whether the strides do not each jump over all that is further in."""
    reach = 0
    for step, n in sorted((step, n) for n, step in zip(size, stride, strict=True) if n >= least):
        if step <= reach:
            return True
        reach += (n - 1) * step
    return False


def _products_nested(size: Ints, stride: Ints) -> bool:
    expected = 1
    for step, n in sorted((step, n) for n, step in zip(size, stride, strict=True) if n > 1):
        if step < expected:
            return True
        expected = step * n
    return False


def _extents(size: Ints, stride: Ints) -> list[int]:
    return [n * step for n, step in zip(size, stride, strict=True)]


def _equal_where_one_steps(size: Ints, stride: Ints) -> bool:
    steps = [i for n, i in zip(size, stride, strict=True) if n > 1]
    return len(set(steps)) < len(steps)


def _without_ones(size: Ints, stride: Ints) -> tuple[Ints, Ints]:
    return [n for n in size if n != 1], [step for n, step in zip(size, stride, strict=True) if n != 1]


def _of_two(size: Ints, stride: Ints) -> bool:
    """Whether two of the dimensions meet, whatever the others do."""
    return 0 not in size and any(
        _overlaps([size[one], size[other]], [stride[one], stride[other]])
        for one, other in itertools.combinations(range(len(size)), 2)
    )


HAS_OVERLAP = Oracle(
    "has_overlap",
    _overlaps,
    _namings,
    [
        Misconception(
            "only stride 0",
            _any_zero,
            lambda size, stride: 0 in stride,
            lambda size, stride: 0 not in size and _any_zero(size, stride),
            lambda size, stride: 0 not in size and 0 in stride,
            says="Two indices can meet with every stride above 0: with strides (1, 1), one step down is one step right.",
        ),
        Misconception(
            "size 1 with stride 0 flagged",
            lambda size, stride: 0 in stride or _overlaps(size, stride),
            lambda size, stride: (0 in stride and 0 not in size) or _overlaps(size, stride),
            lambda size, stride: (0 in stride and prod(size) > 1) or _overlaps(size, stride),
            lambda size, stride: (0 in stride and prod(size) > 1) or _nested(size, stride),
            says="Along a dimension of size 1 there is only one index. A stride of 0 there lets nothing meet.",
        ),
        Misconception(
            "largest extent compared with numel",
            lambda size, stride: reach_of(size, stride) < prod(size),
            lambda size, stride: 0 not in size and reach_of(size, stride) < prod(size),
            lambda size, stride: max(_extents(size, stride), default=1) < prod(size),
            lambda size, stride: (
                max(((n - 1) * i + 1 for n, i in zip(size, stride, strict=True)), default=1) < prod(size)
            ),
            lambda size, stride: (
                max(((n - 1) * i for n, i in zip(size, stride, strict=True)), default=0) < prod(size) - 1
            ),
            lambda size, stride: max(((n - 1) * i for n, i in zip(size, stride, strict=True)), default=1) < prod(size),
            lambda size, stride: sum(_extents(size, stride)) < prod(size),
            says="Too little room proves an overlap, but enough room proves nothing: with gaps in it, elements can "
            "still meet.",
        ),
        Misconception(
            "every stride must jump over what is further in",
            _nested,
            lambda size, stride: 0 not in size and _nested(size, stride),
            _products_nested,
            lambda size, stride: 0 not in size and _products_nested(size, stride),
            lambda size, stride: _nested(size, stride, least=0),
            says="That is how it is in ordinary tensors, and it is safe. But rows can lie between each other "
            "without meeting: sizes (2, 3), strides (3, 2).",
        ),
        Misconception(
            "equal strides looked for",
            lambda size, stride: len(set(stride)) < len(stride),
            lambda size, stride: len(set(stride)) < len(stride) or 0 in stride,
            lambda size, stride: 0 in stride or len(set(stride)) < len(stride),
            lambda size, stride: 0 not in size and _equal_where_one_steps(size, stride),
            lambda size, stride: _equal_where_one_steps(size, stride),
            says="Different strides can add up to the same slot, too: 2 steps of 3 are 3 steps of 2.",
        ),
        Misconception(
            "two dimensions at a time",
            _of_two,
            lambda size, stride: 0 not in size and _of_two(*_without_ones(size, stride)),
            lambda size, stride: _of_two(size, stride) or (0 not in size and _any_zero(size, stride)),
            says="Dimensions that never meet two by two can meet three together: a step of 5 is a step of 3 and one of 2. "
            "Look at all indices at once.",
        ),
        Misconception(
            "what is not contiguous overlaps",
            lambda size, stride: tuple(stride) != contiguous_stride(size),
            lambda size, stride: (
                0 not in size
                and any(n != 1 and i != j for n, i, j in zip(size, stride, contiguous_stride(size), strict=True))
            ),
            says="A transpose is not contiguous, and neither is every second column. Each of their elements has a slot of "
            "its own.",
        ),
        Misconception(
            "the same answer every time",
            lambda size, stride: True,
            lambda size, stride: False,
            says="You say the same of every layout, of a fresh one and of windows that overlap.",
        ),
    ],
    space=_SPACE,
)
