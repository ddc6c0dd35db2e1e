"""Where ``view`` can go: which neighbouring dimensions merge, and the strides that a new size gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod

from course.strides.layout import contiguous_stride

__all__ = ["Blocked", "blocked_merges", "view_stride"]


def view_stride(size: Sequence[int], stride: Sequence[int], new_size: Sequence[int]) -> tuple[int, ...] | None:
    """The strides with which the same slots are read in ``new_size`` (no -1), or None where no strides do that.

    Source: ``computeStride`` in ATen/TensorUtils.cpp, which ``view`` and ``reshape`` ask.

    >>> view_stride((2, 3, 4), (12, 4, 1), (6, 4))
    (4, 1)
    >>> view_stride((4, 3), (1, 4), (12,)) is None
    True
    """
    size, stride, new_size = tuple(size), tuple(stride), tuple(new_size)
    if prod(size) != prod(new_size):
        return None
    if 0 in size:
        return stride if size == new_size else contiguous_stride(new_size)
    if not size:
        return (1,) * len(new_size)
    result = [0] * len(new_size)
    new_dim = len(new_size) - 1
    # A block is a run of dimensions that merge into one: `elements` of them, `step` slots apart.
    step, elements = stride[-1], 1
    for dim in range(len(size) - 1, -1, -1):
        elements *= size[dim]
        block_ends = dim == 0 or (size[dim - 1] != 1 and stride[dim - 1] != elements * step)
        if not block_ends:
            continue
        filled = 1
        while new_dim >= 0 and (filled < elements or new_size[new_dim] == 1):
            result[new_dim] = filled * step
            filled *= new_size[new_dim]
            new_dim -= 1
        if filled != elements:
            return None
        step, elements = stride[dim - 1], 1
    return tuple(result)


@dataclass(frozen=True)
class Blocked:
    """Two dimensions that do not merge, and the new dimension that would have to run over both.

    Between ``outer`` and ``inner`` lie dimensions of size 1 at most. They would merge if ``stride`` (the outer
    one's) were ``inner_size`` × ``inner_stride``.
    """

    outer: int
    inner: int
    stride: int
    inner_size: int
    inner_stride: int
    new_dim: int


def blocked_merges(size: Sequence[int], stride: Sequence[int], new_size: Sequence[int]) -> tuple[Blocked, ...]:
    """All pairs of dimensions whose failing to merge makes a view of ``new_size`` impossible.

    Empty exactly when ``view_stride`` gives strides. Raises ``ValueError`` when ``new_size`` holds another number
    of elements.

    >>> blocked_merges((4, 3), (1, 4), (2, 6))
    (Blocked(outer=0, inner=1, stride=1, inner_size=3, inner_stride=4, new_dim=1),)
    """
    if prod(size) != prod(new_size):
        raise ValueError(f"size {tuple(size)} and new_size {tuple(new_size)} hold different numbers of elements")
    if 0 in size:
        return ()
    found = []
    real = [dim for dim, length in enumerate(size) if length != 1]
    # How many elements lie in the new dimensions from each one on: a cut is clean where these meet the old ones.
    behind = [prod(new_size[dim:]) for dim in range(len(new_size) + 1)]
    for outer, inner in pairwise(real):
        cut = prod(size[inner:])
        if stride[outer] != size[inner] * stride[inner] and cut not in behind:
            new_dim = next(dim for dim in range(len(new_size)) if behind[dim + 1] < cut < behind[dim])
            found.append(Blocked(outer, inner, stride[outer], size[inner], stride[inner], new_dim))
    return tuple(found)
