"""A tensor's layout as plain integers: which element lies in which slot of the storage."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from operator import index as whole

__all__ = ["Layout", "contiguous_stride", "dense_stride", "is_contiguous", "is_dense"]


def contiguous_stride(size: Sequence[int]) -> tuple[int, ...]:
    """The strides of a fresh tensor of that size: the last dimension moves by one slot.

    A dimension of size 0 counts as 1, as torch has it.

    >>> contiguous_stride((2, 3, 4))
    (12, 4, 1)
    >>> contiguous_stride((3, 0, 2))
    (2, 2, 1)
    """
    stride = [1] * len(size)
    for dim in range(len(size) - 2, -1, -1):
        stride[dim] = stride[dim + 1] * max(size[dim + 1], 1)
    return tuple(stride)


def is_contiguous(size: Sequence[int], stride: Sequence[int]) -> bool:
    """Whether reading the elements row by row reads neighbouring slots. Dimensions of size 1 do not matter.

    >>> is_contiguous((2, 1, 3), (3, 77, 1)), is_contiguous((3, 2), (1, 3))
    (True, False)
    """
    if 0 in size:
        return True
    expected = 1
    for length, step in zip(reversed(size), reversed(stride), strict=True):
        if length != 1:
            if step != expected:
                return False
            expected *= length
    return True


def is_dense(size: Sequence[int], stride: Sequence[int]) -> bool:
    """Whether the elements fill one stretch of slots in some order of the dimensions: no gap, no slot twice.

    >>> is_dense((3, 2), (1, 3)), is_dense((3, 2), (4, 2)), is_dense((3, 2), (1, 0))
    (True, False, False)
    """
    if 0 in size:
        return True
    expected = 1
    for step, length in sorted((step, length) for length, step in zip(size, stride, strict=True) if length != 1):
        if step != expected:
            return False
        expected *= length
    return True


def dense_stride(size: Sequence[int], stride: Sequence[int]) -> tuple[int, ...]:
    """The strides of torch's ``clone()`` and ``flip()``: the dimensions keep their order in memory, gaps close.

    Source: ``torch.preserve_format``, and ``infer_dense_strides`` in ATen/ExpandUtils.cpp for layouts with gaps.

    >>> dense_stride((4, 2), (1, 8))
    (1, 4)
    >>> dense_stride((4, 3), (1, 0))
    (3, 1)
    """
    if is_dense(size, stride):
        return tuple(stride)
    # From the fastest dimension to the slowest. A stride of 0 compares with nothing, so it stays where it is,
    # and an ordinary sort would not give torch's answer: this is its insertion sort.
    order = list(range(len(size) - 1, -1, -1))
    for start in range(1, len(order)):
        place = start
        for other in range(start - 1, -1, -1):
            before, this = order[other], order[place]
            if stride[before] == 0 or stride[this] == 0:
                continue
            if stride[before] > stride[this] or (stride[before] == stride[this] and size[before] > size[this]):
                order[other], order[place] = this, before
                place = other
            elif stride[before] < stride[this]:
                break
    result, step = [0] * len(size), 1
    for dim in order:
        result[dim] = step
        step *= max(size[dim], 1)
    return tuple(result)


@dataclass(frozen=True, init=False)
class Layout:
    """How a tensor reads its storage: ``slot = offset + Σ index·stride``, all counted in elements.

    ``storage_size`` is the number of slots; left out, it is just enough for the elements. A layout may name slots
    that its storage does not have (``fits`` tells). Raises ``ValueError`` for sizes or strides below 0, or when
    there are not as many strides as sizes.

    >>> matrix = Layout((2, 3), (1, 2))
    >>> matrix.slot((1, 2)), matrix.elements_at(5), matrix.storage_size
    (5, ((1, 2),), 6)
    """

    size: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    storage_size: int

    def __init__(
        self, size: Sequence[int], stride: Sequence[int], offset: int = 0, storage_size: int | None = None
    ) -> None:
        put = object.__setattr__  # the dataclass is frozen: this is where its fields come from
        put(self, "size", tuple(whole(length) for length in size))
        put(self, "stride", tuple(whole(step) for step in stride))
        put(self, "offset", whole(offset))
        if len(self.size) != len(self.stride):
            raise ValueError(f"size {self.size} and stride {self.stride} differ in length: one stride for every size")
        for word, numbers in (("size", self.size), ("stride", self.stride), ("offset", (self.offset,))):
            if any(number < 0 for number in numbers):
                shown = self.offset if word == "offset" else numbers
                raise ValueError(f"{word} {shown} goes below 0: torch's sizes, strides and offsets are 0 or more")
        if storage_size is None:
            storage_size = self.last_slot + 1 if self.numel else 0
        put(self, "storage_size", whole(storage_size))
        if self.storage_size < 0:
            raise ValueError(f"storage_size {storage_size} goes below 0: a storage has 0 slots or more")

    @classmethod
    def contiguous(cls, size: Sequence[int]) -> Layout:
        """The layout of a fresh tensor of that size.

        >>> Layout.contiguous((2, 3))
        Layout(size=(2, 3), stride=(3, 1), offset=0, storage_size=6)
        """
        return cls(size, contiguous_stride(size))

    @property
    def ndim(self) -> int:
        """How many dimensions there are."""
        return len(self.size)

    @property
    def numel(self) -> int:
        """How many elements there are: the product of the sizes."""
        return prod(self.size)

    @property
    def first_slot(self) -> int:
        """The lowest slot that an element lies in. Without elements: the offset."""
        return self.offset

    @property
    def last_slot(self) -> int:
        """The highest slot that an element lies in. Without elements: one below the offset."""
        if not self.numel:
            return self.offset - 1
        return self.offset + sum((length - 1) * step for length, step in zip(self.size, self.stride, strict=True))

    @property
    def fits(self) -> bool:
        """Whether every element lies inside the storage. A layout without elements always does."""
        return not self.numel or self.last_slot < self.storage_size

    @property
    def is_contiguous(self) -> bool:
        """As torch's ``is_contiguous()``."""
        return is_contiguous(self.size, self.stride)

    @property
    def is_dense(self) -> bool:
        """Whether the elements fill one stretch of slots, each once, in whatever order of the dimensions."""
        return is_dense(self.size, self.stride)

    def slot(self, index: Sequence[int]) -> int:
        """The slot of the element at ``index``; as in torch, -1 is the last place of a dimension.

        Raises ``IndexError`` when the index has another rank or lies outside the size.

        >>> Layout((2, 3), (3, 1), offset=4).slot((1, -1))
        9
        """
        index = tuple(whole(place) for place in index)
        if len(index) != self.ndim:
            raise IndexError(f"index {index} has {len(index)} numbers, size {self.size} needs {self.ndim}")
        slot = self.offset
        for dim, (place, length, step) in enumerate(zip(index, self.size, self.stride, strict=True)):
            if not -length <= place < length:
                raise IndexError(f"index {place} lies outside dimension {dim}, which has size {length}")
            slot += place % length * step
        return slot

    def indices(self) -> Iterator[tuple[int, ...]]:
        """All indices, row by row.

        >>> list(Layout((2, 2), (2, 1)).indices())
        [(0, 0), (0, 1), (1, 0), (1, 1)]
        """
        return itertools.product(*map(range, self.size))

    def slots(self) -> Iterator[int]:
        """The slots of all elements, row by row.

        >>> list(Layout((2, 2), (1, 2)).slots())
        [0, 2, 1, 3]
        """
        moves = [
            range(0, length * step, step) if step else (0,) * length
            for length, step in zip(self.size, self.stride, strict=True)
        ]
        return (self.offset + sum(parts) for parts in itertools.product(*moves))

    def elements_at(self, slot: int) -> tuple[tuple[int, ...], ...]:
        """All elements that lie in ``slot``, row by row: none, one, or several that share it.

        >>> Layout((2, 3), (1, 1)).elements_at(1)
        ((0, 1), (1, 0))
        """
        return tuple(self._elements_at(slot - self.offset, 0)) if self.numel else ()

    def _elements_at(self, left: int, dim: int) -> Iterator[tuple[int, ...]]:
        if dim == self.ndim:
            if left == 0:
                yield ()
            return
        step, reach = self.stride[dim], self._reach[dim + 1]
        if step == 0:
            places = range(self.size[dim] if 0 <= left <= reach else 0)
        else:  # what is left over has to lie within the reach of the dimensions to the right
            places = range(max(0, -((reach - left) // step)), min(self.size[dim] - 1, left // step) + 1)
        for place in places:
            for rest in self._elements_at(left - place * step, dim + 1):
                yield (place, *rest)

    @cached_property
    def _reach(self) -> tuple[int, ...]:
        """How many slots the dimensions from each one on can move, together; 0 at the end."""
        moves = [(length - 1) * step for length, step in zip(self.size, self.stride, strict=True)]
        return tuple(sum(moves[dim:]) for dim in range(self.ndim + 1))

    @cached_property
    def overlaps(self) -> bool:
        """Whether some slot holds more than one element. Exact; quick up to some ten thousand elements and more.

        >>> Layout((3, 3), (1, 1)).overlaps, Layout((2, 2), (3, 2)).overlaps, Layout((1, 4), (0, 1)).overlaps
        (True, False, False)
        """
        if not self.numel:
            return False
        dims = sorted((step, length) for length, step in zip(self.size, self.stride, strict=True) if length > 1)
        # A stride longer than all that the smaller ones reach together moves to fresh slots: it cannot collide.
        while dims and dims[-1][0] > sum((length - 1) * step for step, length in dims[:-1]):
            dims.pop()
        reach = sum((length - 1) * step for step, length in dims)
        if prod(length for _, length in dims) > reach + 1:  # more elements than slots
            return True
        seen = {0}
        for step, length in dims:
            wider = {slot + place * step for place in range(length) for slot in seen}
            if len(wider) < len(seen) * length:
                return True
            seen = wider
        return False
