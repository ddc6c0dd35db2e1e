"""What operations that choose elements do to a layout: offsets move, strides multiply, all are views."""

from __future__ import annotations

from collections.abc import Sequence
from types import EllipsisType
from typing import TypeAlias

from course.strides.explain import why_out_of_bounds
from course.strides.layout import Layout
from course.strides.outcome import LayoutError, Outcome, view_of, wrap_dim

__all__ = ["Key", "as_strided", "diagonal", "index", "narrow", "select", "unfold"]

_One: TypeAlias = int | slice | EllipsisType | None
Key: TypeAlias = _One | tuple[_One, ...]
"""What may stand in the brackets of ``tensor[...]`` here."""


def index(layout: Layout, key: Key) -> Outcome:
    """``tensor[key]`` with whole numbers, slices, None and Ellipsis: always a view.

    Torch's own rules: a slice's step is 1 or more; ends beyond the size are cut back to it, even past the start.

    >>> index(Layout.contiguous((4, 6)), (slice(1, None), slice(None, None, 2))).layout
    Layout(size=(3, 3), stride=(6, 2), offset=6, storage_size=24)
    >>> index(Layout.contiguous((4, 6)), (..., None, -1)).layout.size
    (4, 1)
    """
    keys = key if isinstance(key, tuple) else (key,)
    used = sum(isinstance(one, (int, slice)) for one in keys)
    if used > layout.ndim:
        indexed = "dimension is" if used == 1 else "dimensions are"
        raise LayoutError(f"index: {used} {indexed} indexed, the tensor has {layout.ndim}: size {layout.size}")
    left_over = layout.ndim - used
    result, place = layout, 0  # `place` is the dimension of `result` that comes next
    for one in keys:
        if one is None:
            step = result.size[place] * result.stride[place] if place < result.ndim else 1
            size = (*result.size[:place], 1, *result.size[place:])
            result = view_of(result, size, (*result.stride[:place], step, *result.stride[place:])).layout
            place += 1
        elif isinstance(one, EllipsisType):
            place += left_over
        elif place >= result.ndim:
            raise LayoutError("index: a second Ellipsis leaves no dimension for what follows; one is enough")
        elif isinstance(one, slice):
            result = _sliced(result, place, one)
            place += 1
        elif isinstance(one, int) and not isinstance(one, bool):
            result = select(result, place, one).layout
        else:
            raise LayoutError(f"index: {one!r} is none of a whole number, a slice, None and Ellipsis")
        if place > result.ndim:
            raise LayoutError("index: a second Ellipsis leaves no dimension for what follows; one is enough")
    return Outcome("view", result)


def _sliced(layout: Layout, dim: int, part: slice) -> Layout:
    step = 1 if part.step is None else part.step
    if step < 1:
        raise LayoutError(f"index: a slice with step {step}: torch's steps are 1 or more; flip() reads backwards")
    length = layout.size[dim]
    # For steps above 0, Python cuts start and stop back to the size exactly as torch does.
    start, stop, _ = part.indices(length)
    count = (max(stop - start, 0) + step - 1) // step
    size = (*layout.size[:dim], count, *layout.size[dim + 1 :])
    stride = (*layout.stride[:dim], layout.stride[dim] * step, *layout.stride[dim + 1 :])
    return view_of(layout, size, stride, layout.offset + start * layout.stride[dim]).layout


def select(layout: Layout, dim: int, index: int) -> Outcome:
    """One place of a dimension: the offset moves by ``index × stride``, the dimension is gone.

    >>> select(Layout.contiguous((2, 3)), 0, -1).layout
    Layout(size=(3,), stride=(1,), offset=3, storage_size=6)
    """
    place = wrap_dim(dim, layout.ndim, "select", scalar=False)
    length = layout.size[place]
    if not -length <= index < length:
        reach = f"so {-length} to {length - 1} can be asked for" if length else "so it has no place at all"
        raise LayoutError(f"index {index} lies outside dimension {place}: it has size {length}, {reach}")
    offset = layout.offset + index % length * layout.stride[place]
    size = (*layout.size[:place], *layout.size[place + 1 :])
    return view_of(layout, size, (*layout.stride[:place], *layout.stride[place + 1 :]), offset)


def narrow(layout: Layout, dim: int, start: int, length: int) -> Outcome:
    """``length`` places of a dimension from ``start`` on.

    >>> narrow(Layout.contiguous((4, 3)), 0, -2, 2).layout.offset
    6
    """
    place = wrap_dim(dim, layout.ndim, "narrow", scalar=False)
    have = layout.size[place]
    if length < 0:
        raise LayoutError(f"narrow: length {length} goes below 0")
    if not -have <= start <= have:
        raise LayoutError(f"narrow: start {start} lies outside dimension {place}, which has size {have}")
    first = start % have if start < 0 else start
    if first + length > have:
        raise LayoutError(f"narrow: {first} + {length} goes beyond dimension {place}, which has size {have}")
    return Outcome("view", _sliced(layout, place, slice(first, first + length)))


def unfold(layout: Layout, dimension: int, size: int, step: int) -> Outcome:
    """Windows of ``size`` places along a dimension, ``step`` apart; the places in a window are a new last dimension.

    >>> unfold(Layout.contiguous((10,)), 0, 4, 3).layout
    Layout(size=(3, 4), stride=(3, 1), offset=0, storage_size=10)
    """
    place = wrap_dim(dimension, layout.ndim, "unfold")
    have, stride = (layout.size[place], layout.stride[place]) if layout.ndim else (1, 1)
    if step < 1:
        raise LayoutError(f"unfold: step {step}: windows have to move by 1 or more")
    if size < 0:
        raise LayoutError(f"unfold: size {size} goes below 0")
    if size > have:
        raise LayoutError(f"unfold: a window of {size} does not fit into dimension {place}, which has size {have}")
    if not layout.ndim:
        return view_of(layout, (size,), (1,))
    new_size = (*layout.size[:place], (have - size) // step + 1, *layout.size[place + 1 :], size)
    return view_of(layout, new_size, (*layout.stride[:place], stride * step, *layout.stride[place + 1 :], stride))


def diagonal(layout: Layout, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Outcome:
    """A diagonal of two dimensions as the last one: its stride is the sum of theirs.

    >>> diagonal(Layout.contiguous((3, 4)), 1).layout
    Layout(size=(3,), stride=(5,), offset=1, storage_size=12)
    """
    rows, columns = (wrap_dim(dim, layout.ndim, "diagonal") for dim in (dim1, dim2))
    if rows == columns:
        raise LayoutError(f"diagonal: dim1 {dim1} and dim2 {dim2} are the same dimension")
    below, right = max(-offset, 0), max(offset, 0)
    length = max(min(layout.size[rows] - below, layout.size[columns] - right), 0)
    start = layout.offset
    if length:
        start += below * layout.stride[rows] + right * layout.stride[columns]
    kept = [dim for dim in range(layout.ndim) if dim not in (rows, columns)]
    size = (*(layout.size[dim] for dim in kept), length)
    stride = (*(layout.stride[dim] for dim in kept), layout.stride[rows] + layout.stride[columns])
    return view_of(layout, size, stride, start)


def as_strided(
    layout: Layout, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Outcome:
    """Whatever size, stride and offset say, over the same storage, which every element has to lie in.

    >>> as_strided(Layout.contiguous((5,)), (3, 3), (1, 1)).layout.elements_at(1)
    ((0, 1), (1, 0))
    """
    offset = layout.offset if storage_offset is None else storage_offset
    try:
        asked = Layout(size, stride, offset, layout.storage_size)
    except ValueError as error:
        raise LayoutError(f"as_strided: {error}") from None
    problem = why_out_of_bounds(asked)
    if problem:
        raise LayoutError(f"as_strided: {problem}")
    return Outcome("view", asked)
