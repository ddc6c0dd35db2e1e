"""Chapter 02, `view_stride`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.storage.layout import Ints, contiguous_stride
from autograder.authoring.oracles.storage.strides import LAYOUT_WORDS, ONES, WAYS, has_way, size_of, stride_of
from autograder.authoring.oracles.views.layout import tensor_of
from autograder.authoring.space import RANKS, Chosen, Space
from autograder.observing.case import Case

__all__ = ["VIEW_STRIDE"]


def _view_stride(size: Ints, stride: Ints, new_size: Ints) -> tuple[int, ...] | None:
    try:
        return tuple(tensor_of(size, stride).view(tuple(new_size)).stride())
    except RuntimeError:
        return None


def _views(make: CaseMaker) -> list[Case]:
    a, b, c = make.sizes(3, 2, 6)
    turned = contiguous_stride((b, c, a))
    inner = (turned[2], turned[0], turned[1])  # a tensor (a, b, c) whose memory holds dimension a innermost
    none, ones = {"aspect": "impossible"}, {"aspect": "size 1"}
    cases: list[tuple[str, Ints, Ints, Ints, dict[str, str]]] = [
        ("two rows of six", (12,), (1,), (2, 6), {}),
        ("three dimensions in a row", (2, 3, 4), (12, 4, 1), (24,), {}),
        ("cut anew", (a, b, c), contiguous_stride((a, b, c)), (c * b, a), {}),
        ("every second column, in a row", (2, 3), (6, 2), (6,), {}),
        ("every third slot, in rows", (a * b,), (3,), (a, b), {}),
        ("a transpose, one dimension split", (4, 6), (1, 4), (2, 2, 6), {}),
        ("a transpose, the other one split", (4, 6), (1, 4), (4, 2, 3), {}),
        ("a transpose as it is", (3, 2), (1, 3), (3, 2), {}),
        ("the two that lie together", (a, b, c), inner, (a, b * c), {}),
        ("split and joined", (2 * a, b, c), (7, c * 100, 100), (2, a, c, b), {}),
        ("rows cut off, each split", (a, 2 * b), (2 * b + 3, 1), (a, 2, b), {}),
        ("an expanded batch", (4, 2, 3), (0, 3, 1), (4, 6), {}),
        ("expanded all over", (a, b), (0, 0), (a * b,), {}),
        ("a transpose in a row", (3, 2), (1, 3), (6,), none),
        ("columns cut off, in a row", (2, 3), (4, 1), (6,), none),
        ("an expanded row", (5, 3), (0, 1), (15,), none),
        ("two that do not lie together", (a, b, c), inner, (a * b, c), none),
        ("rows cut off, cut anew", (4, 6), (12, 1), (6, 4), none),
        ("channels last, flattened", (2, 3, 4, 5), (60, 1, 15, 3), (2, 60), none),
        ("windows that overlap", (3, 3), (1, 1), (9,), none),
        ("too many", (2, 3), (3, 1), (2, 4), none),
        ("too few", (a, b), (b, 1), (a * b - 1,), none),
        ("half of them", (12,), (1,), (6,), none),
        ("one number of two", (2,), (1,), (), none),
        ("1 in the way", (2, 1, 3), (3, 77, 1), (6,), ones),
        ("1 in the way, of every second slot", (a, 1, 1, b), (2 * b, 1, 0, 2), (a * b,), ones),
        ("1 in front, with any stride", (1, 3), (99, 2), (3,), ones),
        ("1 at the end, with any stride", (3, 1), (1, 5), (3,), ones),
        ("1 in front, as it is", (1, 3), (99, 2), (1, 3), ones),
        ("a new 1 in the middle", (2, 3), (3, 1), (2, 1, 3), ones),
        ("a new 1 in front", (a, b), (b, 1), (1, a * b), ones),
        ("a new 1 at the end", (a, b), (3 * b, 3), (a * b, 1), ones),
        ("a new 1 in a transpose", (2, 3), (1, 2), (2, 1, 3), ones),
        ("a number in three dimensions", (), (), (1, 1, 1), ones),
        ("a number again", (1, 1), (5, 7), (), ones),
        ("1 between two that do not lie together", (3, 1, 2), (1, 50, 3), (6,), ones),
    ]
    return [
        make.case(name, size=size, stride=stride, new_size=new, **aspect) for name, size, stride, new, aspect in cases
    ]


# What becomes of a size, and how many dimensions it needs.
_CUTS: dict[str, tuple[int, Callable[[Ints], Ints]]] = {
    "the size that it has": (1, lambda size: size),
    "all in one row": (0, lambda size: (prod(size),)),
    "the first two merged": (3, lambda size: (size[0] * size[1], *size[2:])),
    "the last two merged": (3, lambda size: (*size[:-2], size[-2] * size[-1])),
    "all but the first merged": (3, lambda size: (size[0], prod(size[1:]))),
    "all but the last merged": (4, lambda size: (prod(size[:-1]), size[-1])),
    "in the opposite order": (2, lambda size: size[::-1]),
    "each split in two": (1, lambda size: tuple(part for n in size for part in ((2, 2) if n == 4 else (1, n)))),
    "a 1 more in front": (0, lambda size: (1, *size)),
    "a 1 more inside": (2, lambda size: (*size[:-1], 1, *size[-1:])),
    "a 1 more at the end": (0, lambda size: (*size, 1)),
    "its 1s left out": (1, lambda size: tuple(n for n in size if n != 1)),
    "one row more": (1, lambda size: (size[0] + 1, *size[1:])),
}


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    size = size_of(make, one.rank, one.odd)
    stride = tuple(one.times * step for step in stride_of(size, one.way))
    new = tuple(_CUTS[one.cut][1](size))
    none, ones = _view_stride(size, stride, new) is None, not size or 1 in (*size, *new)
    aspect = {"aspect": "impossible" if none else "size 1"} if none or ones else {}
    return make.case(size=size, stride=stride, new_size=new, **aspect)


_SPACE = Space(
    _drawn,
    rank=RANKS,
    odd=ONES,
    way=tuple(way for way in WAYS if way != "every second slot"),
    times=(1, 2),
    cut=tuple(_CUTS),
    within=(
        lambda one: has_way(one.rank, one.odd, one.way),
        lambda one: one.rank >= _CUTS[one.cut][0],
        lambda one: "1s" not in one.cut or one.odd != ONES[0],
    ),
    words=LAYOUT_WORDS | {"times": "all strides are multiplied by {}", "cut": "new_size is: {}"},
)


def _row_by_row(size: Ints, stride: Ints) -> bool:
    """Contiguity in plain integers: wrong answers by hand are built on it."""
    fresh = contiguous_stride(size)
    return 0 in size or all(n == 1 or one == other for n, one, other in zip(size, stride, fresh, strict=True))


def _by_runs(
    size: Ints, stride: Ints, new_size: Ints, *, ones_block: bool = False, ones_end: bool = False
) -> tuple[int, ...] | None:
    """A view's strides found run by run from the right, as torch does; with the mistakes of size 1 to choose from."""
    if prod(size) != prod(new_size):
        return None
    if not size:
        return (1,) * len(new_size)
    found: list[int] = []
    left, run, base = list(new_size), 1, stride[-1]
    for dim in reversed(range(len(size))):
        run *= size[dim]
        joined = dim > 0 and stride[dim - 1] == run * base
        if dim > 0 and (joined or (size[dim - 1] == 1 and not ones_block)):
            continue
        taken = 1
        while left and (taken < run or (left[-1] == 1 and not ones_end)):
            found.append(taken * base)
            taken *= left.pop()
        if taken != run:
            return None
        if dim:
            run, base = 1, stride[dim - 1]
    return None if left else tuple(reversed(found))


def _new_ones(value: Callable[[Ints, int], int | None]) -> Callable[[Ints, Ints, Ints], Any]:
    """Right but for new dimensions of size 1, which get ``value(new_size, dim)`` or are left out."""

    def answer(size: Ints, stride: Ints, new_size: Ints) -> Any:
        right = _by_runs(size, stride, new_size)
        if right is None:
            return None
        steps = [value(new_size, dim) if new_size[dim] == 1 else step for dim, step in enumerate(right)]
        return tuple(step for step in steps if step is not None)

    return answer


def _if_contiguous(size: Ints, stride: Ints, new_size: Ints, *, strict: bool, count: bool = True) -> Any:
    fresh = tuple(stride) == contiguous_stride(size) if strict else _row_by_row(size, stride)
    return contiguous_stride(new_size) if fresh and (not count or prod(size) == prod(new_size)) else None


def _counted(answer: Callable[..., Any]) -> Callable[..., Any]:
    """``answer`` where the number of elements is the same, None elsewhere."""
    return lambda size, stride, new_size: answer(size, stride, new_size) if prod(size) == prod(new_size) else None


def _raising_by_runs(size: Ints, stride: Ints, new_size: Ints) -> tuple[int, ...]:
    found = _by_runs(size, stride, new_size)
    if found is None:
        raise ValueError
    return found


def _from_last(size: Ints, stride: Ints, new_size: Ints) -> tuple[int, ...]:
    return tuple(step * (stride[-1] if stride else 1) for step in contiguous_stride(new_size))


VIEW_STRIDE = Oracle(
    "view_stride",
    _view_stride,
    _views,
    [
        Misconception(
            "contiguous-only",
            lambda size, stride, new_size: _if_contiguous(size, stride, new_size, strict=True),
            lambda size, stride, new_size: _if_contiguous(size, stride, new_size, strict=False),
            lambda size, stride, new_size: _if_contiguous(size, stride, new_size, strict=True, count=False),
            lambda size, stride, new_size: _if_contiguous(size, stride, new_size, strict=False, count=False),
            says="A view can exist of a tensor that is not contiguous. Only dimensions that are merged have to lie "
            "together, and any dimension can be split.",
        ),
        Misconception(
            "contiguous strides always",
            lambda size, stride, new_size: contiguous_stride(new_size),
            _counted(lambda size, stride, new_size: contiguous_stride(new_size)),
            says="Fresh strides read memory from slot to slot. A view must find the elements where they lie, "
            "and where no strides do, there is no view.",
        ),
        Misconception(
            "size-1 dimensions mishandled",
            lambda size, stride, new_size: _by_runs(size, stride, new_size, ones_block=True),
            lambda size, stride, new_size: _by_runs(size, stride, new_size, ones_end=True),
            lambda size, stride, new_size: _by_runs(size, stride, new_size, ones_block=True, ones_end=True),
            _new_ones(lambda new_size, dim: 1),
            _new_ones(lambda new_size, dim: 0),
            _new_ones(lambda new_size, dim: None),
            _new_ones(lambda new_size, dim: contiguous_stride(new_size)[dim]),
            lambda size, stride, new_size: (
                tuple(stride) if tuple(size) == tuple(new_size) else _by_runs(size, stride, new_size)
            ),
            says="No step is taken along a dimension of size 1: its stride never stands in the way of a merge. "
            "In the view it has the stride of a whole run of what is to its right, whatever it was before.",
        ),
        Misconception(
            "the last stride taken for all",
            _from_last,
            _counted(_from_last),
            says="Each run of dimensions that lie together has a base stride of its own: that of its last dimension.",
        ),
        Misconception(
            "number of elements not compared",
            lambda size, stride, new_size: (
                _by_runs(size, stride, new_size) if prod(size) == prod(new_size) else contiguous_stride(new_size)
            ),
            lambda size, stride, new_size: (
                _by_runs(size, stride, new_size) if prod(size) == prod(new_size) else _from_last(size, stride, new_size)
            ),
            says="A view shows every element once. Where the sizes multiply to another number, there is none.",
        ),
        Misconception(
            "hardly any view found",
            lambda size, stride, new_size: None,
            lambda size, stride, new_size: tuple(stride) if tuple(size) == tuple(new_size) else None,
            says="Any dimension can be split, and two can be merged where they lie together. You say None, or at most find the "
            "size that was there before.",
        ),
        Misconception(
            "the old strides",
            lambda size, stride, new_size: tuple(stride),
            _counted(lambda size, stride, new_size: tuple(stride)),
            says="Each new dimension needs a stride that fits it: a merged one that of its last part, a split one two.",
        ),
        Misconception(
            "an error for an impossible view",
            _raising_by_runs,
            says="view() raises where no view exists. Asked for is None: the answer is known, and it is no.",
        ),
    ],
    space=_SPACE,
)
