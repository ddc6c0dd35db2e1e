"""What the contracts of chapters 01 and 02 let vary in a layout of plain integers: ranks, odd sizes, ways to lie in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles.storage.layout import Ints, contiguous_stride

__all__ = ["LAYOUT_WORDS", "ODD", "ONES", "WAYS", "has_odd", "has_way", "size_of", "stride_of"]

_SIZES = (2, 3, 4, 5, 2, 3)  # all different as far as that is small
_FEW = (2, 3, 2, 2, 2, 2)  # for what reads each element by itself

# What is odd about a size, and where it stands.
ONES = ("no 1 and no 0", "a 1 in front", "a 1 in the middle", "a 1 at the end", "nothing but 1")
ODD = (*ONES, "a 0 in front", "a 0 in the middle", "a 0 at the end")
_LEAST = {"front": 1, "middle": 3, "end": 2, "1": 2}  # dimensions, so that this place is told from the others

LAYOUT_WORDS = {
    "rank": "the number of dimensions is {}",
    "odd": "the size has {}",
    "way": "the strides are those of a tensor that is {}",
    "offset": "the offset is {}",
}


def has_odd(rank: int, odd: str) -> bool:
    """Whether a size of so many dimensions can have what is called ``odd`` there, and told from all else.

    >>> has_odd(2, "a 1 at the end"), has_odd(1, "a 1 at the end"), has_odd(0, "nothing but 1")
    (True, False, False)
    """
    return rank >= _LEAST.get(odd.split()[-1], 0)


def size_of(make: CaseMaker, rank: int, odd: str = ODD[0], *, few: bool = False) -> tuple[int, ...]:
    """A size of so many dimensions in an order that is drawn, and what is ``odd`` put into its place.

    With ``few`` elements the order is always the same: as many slots are read under every seed.

    >>> size_of(CaseMaker(b"seed", "doctest"), 3), size_of(CaseMaker(b"seed", "doctest"), 3, "a 0 at the end")
    ((4, 2, 3), (4, 2, 0))
    """
    base = (_FEW if few else _SIZES)[:rank] if rank != 1 else (4,)
    order = range(rank) if few or not rank else make.sizes(rank, 0, rank - 1)
    size = [base[place] for place in order]
    number = 0 if odd.startswith("a 0") else 1
    match odd.split()[-1]:
        case "front":
            size[0] = number
        case "middle":
            size[rank // 2] = number
        case "end":
            size[-1] = number
        case "1":
            size = [1] * rank
    return tuple(size)


def _in_order(size: Ints, order: Ints) -> tuple[int, ...]:
    dense = contiguous_stride([size[dim] for dim in order])
    return tuple(dense[order.index(dim)] for dim in range(len(size)))


def _cut(size: Ints) -> tuple[int, ...]:
    """As if the last dimension had been cut out of a longer one."""
    return contiguous_stride([*size[:-1], max(size[-1], 1) + 1])


def _apart(size: Ints) -> tuple[int, ...]:
    """As if every dimension had been cut: no two of them lie together."""
    return contiguous_stride([max(n, 1) + 1 for n in size])


def _large(size: Ints) -> int:
    return sum(n > 1 for n in size)


# By name: whether a size can lie so and be told from a contiguous one, and its strides.
WAYS: Mapping[str, tuple[Callable[[Ints], bool], Callable[[Ints], tuple[int, ...]]]] = {
    "contiguous": (lambda size: True, contiguous_stride),
    "every second slot": (lambda size: len(size) > 0, lambda size: tuple(2 * step for step in contiguous_stride(size))),
    "cut in its last dimension": (lambda size: len(size) > 1, _cut),
    "cut in every dimension": (lambda size: len(size) > 2, _apart),
    "stored in the opposite order": (
        lambda size: _large(size) > 1,
        lambda size: _in_order(size, [*reversed(range(len(size)))]),
    ),
    "stored channels last": (
        lambda size: len(size) > 2 and size[1] > 1 and _large(size[2:]) > 0,
        lambda size: _in_order(size, [0, *range(2, len(size)), 1]),
    ),
    "expanded in front": (
        lambda size: len(size) > 0 and size[0] > 1,
        lambda size: (0, *contiguous_stride(size)[1:]),
    ),
    "of odd strides where its size is 1": (
        lambda size: 1 in size,
        lambda size: tuple(7 if n == 1 else step for n, step in zip(size, contiguous_stride(size), strict=True)),
    ),
}


def stride_of(size: Ints, way: str) -> tuple[int, ...]:
    """The strides of a tensor of that size that lies in memory as `WAYS` says.

    >>> stride_of((2, 3), "cut in its last dimension"), stride_of((2, 3, 4), "stored channels last")
    ((4, 1), (12, 1, 3))
    """
    return WAYS[way][1](size)


def has_way(rank: int, odd: str, way: str) -> bool:
    """Whether what `size_of` gives can lie in memory so: which of its sizes are 1 or 0 does not depend on the seed.

    >>> has_way(2, "a 1 in front", "expanded in front"), has_way(3, "no 1 and no 0", "stored channels last")
    (False, True)
    """
    return has_odd(rank, odd) and WAYS[way][0](size_of(CaseMaker(b"", ""), rank, odd))
