"""What operations that count the elements off anew do to a layout: a view where strides allow it, or a copy."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from course.strides.explain import why_not_view
from course.strides.layout import Layout, contiguous_stride, dense_stride
from course.strides.merging import view_stride
from course.strides.outcome import LayoutError, Outcome, copy, view_of, wrap_dim

__all__ = ["clone", "contiguous", "flatten", "flip", "infer_size", "reshape", "unflatten", "view"]


def infer_size(numel: int, size: Sequence[int]) -> tuple[int, ...]:
    """The size with its -1 worked out, so that it holds ``numel`` elements.

    Raises ``LayoutError`` for two -1, sizes below -1, a -1 that could be anything, or another number of elements.

    >>> infer_size(24, (4, -1, 2))
    (4, 3, 2)
    """
    asked = tuple(size)
    for dim, length in enumerate(asked):
        if length < -1:
            raise LayoutError(f"size {asked} has {length} at dimension {dim}: a size is 0 or more, or -1 to infer it")
    if asked.count(-1) > 1:
        raise LayoutError(f"size {asked} has {asked.count(-1)} times -1: only one dimension can be inferred")
    known = prod(length for length in asked if length != -1)
    if -1 not in asked:
        if known != numel:
            raise LayoutError(f"size {asked} holds {known} elements, the tensor has {numel}")
        return asked
    if known == 0:
        if numel == 0:
            raise LayoutError(f"size {asked}: with 0 elements and another size 0, -1 could be any number")
        raise LayoutError(
            f"size {asked} has a size 0, so it holds nothing, whatever -1 is; the tensor has {numel} elements"
        )
    if numel % known:
        raise LayoutError(f"size {asked}: {numel} elements do not divide by {known}, so there is no number for -1")
    return tuple(numel // known if length == -1 else length for length in asked)


def view(layout: Layout, size: Sequence[int]) -> Outcome:
    """The same slots in another size, or an error that names the dimensions that do not merge.

    >>> view(Layout.contiguous((2, 3, 4)), (-1, 4)).layout.stride
    (4, 1)
    """
    new_size = infer_size(layout.numel, size)
    stride = view_stride(layout.size, layout.stride, new_size)
    if stride is None:
        raise LayoutError(why_not_view(layout, new_size))
    return view_of(layout, new_size, stride)


def reshape(layout: Layout, shape: Sequence[int]) -> Outcome:
    """A view where ``view`` could give one, else a contiguous copy.

    >>> reshape(Layout((4, 3), (1, 4)), (12,)).kind
    'copy'
    """
    new_size = infer_size(layout.numel, shape)
    stride = view_stride(layout.size, layout.stride, new_size)
    return copy(new_size, contiguous_stride(new_size)) if stride is None else view_of(layout, new_size, stride)


def flatten(layout: Layout, start_dim: int = 0, end_dim: int = -1) -> Outcome:
    """Neighbouring dimensions made one, as ``reshape`` does it; a 0-d tensor becomes 1-d.

    >>> flatten(Layout.contiguous((2, 3, 4)), 1).layout.size
    (2, 12)
    """
    start, end = (wrap_dim(dim, layout.ndim, "flatten") for dim in (start_dim, end_dim))
    if start > end:
        raise LayoutError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    if not layout.ndim:
        return reshape(layout, (1,))
    if start == end:
        return view_of(layout, layout.size, layout.stride)
    merged = prod(layout.size[start : end + 1])
    return reshape(layout, (*layout.size[:start], merged, *layout.size[end + 1 :]))


def unflatten(layout: Layout, dim: int, sizes: Sequence[int]) -> Outcome:
    """One dimension split into several, always a view; one of ``sizes`` may be -1.

    >>> unflatten(Layout.contiguous((12,))  , 0, (3, -1)).layout.size
    (3, 4)
    """
    place = wrap_dim(dim, layout.ndim, "unflatten", scalar=False)
    if not sizes:
        raise LayoutError("unflatten: sizes is empty: at least one is needed")
    try:
        split = infer_size(layout.size[place], sizes)
    except LayoutError as error:
        raise LayoutError(f"unflatten: dimension {place} has size {layout.size[place]}: {error}") from None
    return view(layout, (*layout.size[:place], *split, *layout.size[place + 1 :]))


def contiguous(layout: Layout) -> Outcome:
    """The tensor itself where it is contiguous, else a copy that is.

    >>> contiguous(Layout((3, 2), (1, 3))).layout.stride
    (2, 1)
    """
    if layout.is_contiguous:
        return view_of(layout, layout.size, layout.stride)
    return copy(layout.size, contiguous_stride(layout.size))


def clone(layout: Layout) -> Outcome:
    """Always a copy. Dense layouts keep their strides, others keep the order of their dimensions in memory.

    >>> clone(Layout((3, 2), (1, 3))).layout.stride
    (1, 3)
    """
    return copy(layout.size, dense_stride(layout.size, layout.stride))


def flip(layout: Layout, dims: int | Sequence[int]) -> Outcome:
    """Always a copy, laid out as ``clone`` does it: torch has no negative strides to read backwards with.

    >>> flip(Layout.contiguous((3, 2)), (0,)).kind
    'copy'
    """
    named = (dims,) if isinstance(dims, int) else tuple(dims)
    wrapped = [wrap_dim(dim, layout.ndim, "flip") for dim in named]
    if len(set(wrapped)) < len(wrapped):
        raise LayoutError(f"flip: {named} names a dimension twice")
    return clone(layout)
