"""Chapter 02, `is_contiguous`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from math import prod

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.storage.layout import Ints, contiguous_stride, plain_stride
from autograder.authoring.oracles.storage.strides import LAYOUT_WORDS, ODD, WAYS, has_way, size_of, stride_of
from autograder.authoring.oracles.views.layout import reach_of, tensor_of
from autograder.authoring.space import RANKS, Chosen, Space
from autograder.observing.case import Case

__all__ = ["IS_CONTIGUOUS"]


def _contiguity(make: CaseMaker) -> list[Case]:
    a, b, c = make.sizes(3, 2, 7)
    dense = contiguous_stride((a, b, c))
    odd = {"aspect": "sizes 1 and 0"}
    layouts: list[tuple[str, Ints, Ints, dict[str, str]]] = [
        ("fresh", (2, 3), (3, 1), {}),
        ("transposed", (3, 2), (1, 3), {}),
        ("every second column", (2, 3), (6, 2), {}),
        ("columns cut off", (2, 3), (4, 1), {}),
        ("three dimensions", (a, b, c), dense, {}),
        ("its middle dimension cut", (a, b - 1 or 2, c), (b * c + c, c, 1), {}),
        ("its first two turned", (b, a, c), (dense[1], dense[0], 1), {}),
        ("its last two turned", (a, c, b), (dense[0], 1, c), {}),
        ("channels last", (a, b, c, 3), (b * c * 3, 1, 3 * b, b), {}),
        ("expanded", (a, b), (0, 1), {}),
        ("expanded at the end", (a, b), (1, 0), {}),
        ("square, transposed", (3, 3), (1, 3), {}),
        ("every second of a row", (a,), (2,), {}),
        ("a row", (b,), (1,), {}),
        ("windows that overlap", (a, 3), (1, 1), {}),
        ("each row one number, and as far to the last as in a fresh one", (2, 3), (5, 0), {}),
        ("one row of three, with a stride that is never used", (1, 3), (100, 1), odd),
        ("one column", (3, 1), (1, 0), odd),
        ("one column of a wide table", (a, 1), (b, 1), odd),
        ("1 in the middle", (a, 1, b), (b, 7, 1), odd),
        ("1 in the middle of a cut table", (a, 1, b), (b + 1, b + 1, 1), odd),
        ("1 at the end, rows cut", (a, b, 1), (2 * b, 2, 2), odd),
        ("all ones", (1, 1, 1), (5, 0, 9), odd),
        ("no dimension", (), (), odd),
        ("no element", (0,), (1,), odd),
        ("no element, any stride", (a, 0, b), (1, 50, 3), odd),
        ("no element, at the end", (a, 0), (7, 9), odd),
    ]
    return [make.case(name, size=size, stride=stride, **aspect) for name, size, stride, aspect in layouts]


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    size = size_of(make, one.rank, one.odd)
    stride = list(stride_of(size, one.way))
    if one.change != "nothing":
        step = stride[one.dim]
        stride[one.dim] = {"one more": step + 1, "twice as much": 2 * step, "0": 0}[one.change]
    odd = {"aspect": "sizes 1 and 0"} if not size or min(size) < 2 else {}
    return make.case(size=size, stride=tuple(stride), **odd)


_SPACE = Space(
    _drawn,
    rank=RANKS,
    odd=(*ODD[:4], "a 0 in front", "a 0 at the end"),
    way=tuple(way for way in WAYS if way != "cut in every dimension"),
    change=("nothing", "one more", "twice as much", "0"),
    dim=(0, 1, 2, 3, 4, 5),
    within=(
        lambda one: has_way(one.rank, one.odd, one.way),
        lambda one: one.dim < one.rank if one.change != "nothing" else one.dim == 0,
        # One stride is changed where all others are as they should be.
        lambda one: one.change == "nothing" or one.way in ("contiguous", "of odd strides where its size is 1"),
    ),
    traits={
        "one stride alone is another than a fresh tensor's, and no size is 1 or 0": lambda one: (
            one.change != "nothing" and one.odd == ODD[0]
        )
    },
    words=LAYOUT_WORDS | {"change": "one of its strides is changed to: {}", "dim": "the dimension changed is {}"},
)


def _fills(size: Ints, stride: Ints, used: Callable[[int], bool]) -> bool:
    """Whether the dimensions that are ``used`` fill one stretch of slots in some order."""
    expected = 1
    for step, n in sorted((step, n) for n, step in zip(size, stride, strict=True) if used(n)):
        if step != expected:
            return False
        expected *= n
    return True


def _only_last(stride: Ints) -> bool:
    return stride[-1] == 1


IS_CONTIGUOUS = Oracle(
    "is_contiguous",
    lambda size, stride: tensor_of(size, stride).is_contiguous(),
    _contiguity,
    [
        Misconception(
            "strict comparison",
            lambda size, stride: tuple(stride) == contiguous_stride(size),
            lambda size, stride: tuple(stride) == plain_stride(size),
            lambda size, stride: 0 in size or tuple(stride) == contiguous_stride(size),
            says="No step is ever taken along a dimension of size 1, so its stride does not matter; without elements "
            "none of them does.",
        ),
        Misconception(
            "strides compared though there is no element",
            lambda size, stride: all(
                n == 1 or i == j for n, i, j in zip(size, stride, contiguous_stride(size), strict=True)
            ),
            lambda size, stride: all(
                n == 1 or i == j for n, i, j in zip(size, stride, plain_stride(size), strict=True)
            ),
            lambda size, stride: all(
                n < 2 or i == j for n, i, j in zip(size, stride, contiguous_stride(size), strict=True)
            ),
            lambda size, stride: all(n < 2 or i == j for n, i, j in zip(size, stride, plain_stride(size), strict=True)),
            says="With a 0 in its size a tensor has no element and no step is ever taken: it is contiguous whatever its "
            "strides are.",
        ),
        Misconception(
            "one stride of 1 is enough",
            lambda size, stride: 1 in stride,
            lambda size, stride: not stride or 1 in stride,
            lambda size, stride: 0 in size or not stride or 1 in stride,
            lambda size, stride: min(stride, default=1) == 1,
            lambda size, stride: 0 in size or min(stride, default=1) == 1,
            says="A stride of 1 says that along that dimension neighbours lie side by side. It has to be the last dimension, and "
            "each stride further out is exactly what is further in, all together.",
        ),
        Misconception(
            "strides above 0 are enough",
            lambda size, stride: 0 not in stride,
            lambda size, stride: 0 in size or 0 not in stride,
            says="A stride of 0 repeats elements, but without one there can still be gaps, or another order.",
        ),
        Misconception(
            "the same answer every time",
            lambda size, stride: True,
            lambda size, stride: False,
            says="You say the same of every layout, of a fresh one and of its transpose. "
            "(If you compare with ==: a list is never equal to a tuple.)",
        ),
        Misconception(
            "any dense permutation accepted",
            lambda size, stride: 0 in size or _fills(size, stride, lambda n: n != 1),
            lambda size, stride: _fills(size, stride, lambda n: n != 1),
            lambda size, stride: _fills(size, stride, lambda n: True),
            lambda size, stride: sorted(stride) == sorted(contiguous_stride(size)),
            lambda size, stride: sorted(stride) == sorted(plain_stride(size)),
            lambda size, stride: 0 in size or reach_of(size, stride) == prod(size),
            lambda size, stride: reach_of(size, stride) == prod(size),
            says="That there is no gap is not enough. Contiguous means in order too: the last dimension moves fastest.",
        ),
        Misconception(
            "only the last stride looked at",
            lambda size, stride: _only_last(stride),
            lambda size, stride: not stride or _only_last(stride),
            lambda size, stride: bool(stride) and _only_last(stride),
            lambda size, stride: 0 in size or not stride or size[-1] == 1 or _only_last(stride),
            lambda size, stride: 0 in size or not stride or _only_last(stride),
            says="A last stride of 1 makes each row run through memory. The rows have to follow each other too.",
        ),
        Misconception(
            "falling strides are enough",
            lambda size, stride: all(i >= j for i, j in itertools.pairwise(stride)),
            lambda size, stride: all(i > j for i, j in itertools.pairwise(stride)),
            lambda size, stride: list(stride) == sorted(stride, reverse=True),
            lambda size, stride: list(stride) == sorted(stride, reverse=True) and (not stride or _only_last(stride)),
            says="Falling strides give the order. Contiguous also means without a gap: every stride is exactly what "
            "is further in, all together.",
        ),
    ],
    space=_SPACE,
)
