"""What operations that rename dimensions do to a layout: no element moves, no offset changes, all are views."""

from __future__ import annotations

from collections.abc import Sequence

from course.strides.layout import Layout
from course.strides.outcome import LayoutError, Outcome, view_of, wrap_dim

__all__ = [
    "conjugate_transposed",
    "expand",
    "matrix_transposed",
    "movedim",
    "permute",
    "reversed_dims",
    "squeeze",
    "t",
    "transpose",
    "unsqueeze",
]


def permute(layout: Layout, dims: Sequence[int]) -> Outcome:
    """The dimensions in the order ``dims``; each has to be named once.

    >>> permute(Layout.contiguous((2, 3, 4)), (2, 0, 1)).layout
    Layout(size=(4, 2, 3), stride=(1, 12, 4), offset=0, storage_size=24)
    """
    if len(dims) != layout.ndim:
        raise LayoutError(f"permute: {tuple(dims)} names {len(dims)} dimensions, the tensor has {layout.ndim}")
    order = _distinct(dims, layout.ndim, "permute")
    return view_of(layout, tuple(layout.size[dim] for dim in order), tuple(layout.stride[dim] for dim in order))


def transpose(layout: Layout, dim0: int, dim1: int) -> Outcome:
    """Two dimensions change places; also ``swapaxes`` and ``swapdims``.

    >>> transpose(Layout.contiguous((2, 3)), 0, -1).layout.stride
    (1, 3)
    """
    first, second = (wrap_dim(dim, layout.ndim, "transpose") for dim in (dim0, dim1))
    order = list(range(layout.ndim))
    if order:
        order[first], order[second] = second, first
    return permute(layout, order)


def t(layout: Layout) -> Outcome:
    """The transpose of a matrix; fewer dimensions stay as they are, more are an error.

    >>> t(Layout.contiguous((2, 3))).layout.size
    (3, 2)
    """
    if layout.ndim > 2:
        raise LayoutError(f"t: the tensor has {layout.ndim} dimensions, t() takes 2 at most; try transpose(dim0, dim1)")
    return permute(layout, range(layout.ndim)[::-1])


def reversed_dims(layout: Layout) -> Outcome:
    """The attribute ``T``: all dimensions in reverse order.

    >>> reversed_dims(Layout.contiguous((2, 3, 4))).layout.stride
    (1, 4, 12)
    """
    return permute(layout, range(layout.ndim)[::-1])


def matrix_transposed(layout: Layout) -> Outcome:
    """The attributes ``mT`` and ``mH``: the last two dimensions change places; a 0-d tensor stays as it is.

    >>> matrix_transposed(Layout.contiguous((2, 3, 4))).layout.size
    (2, 4, 3)
    """
    if layout.ndim == 1:
        raise LayoutError("mT, mH: a matrix or a batch of matrices is needed, the tensor has 1 dimension")
    return transpose(layout, -2, -1) if layout.ndim else permute(layout, ())


def conjugate_transposed(layout: Layout) -> Outcome:
    """The attribute ``H``: the transpose of a matrix; a 0-d tensor stays as it is.

    >>> conjugate_transposed(Layout.contiguous((2, 3))).layout.size
    (3, 2)
    """
    if layout.ndim not in (0, 2):
        raise LayoutError(f"H: a matrix is needed, the tensor has {layout.ndim} dimensions")
    return permute(layout, range(layout.ndim)[::-1])


def movedim(layout: Layout, source: int | Sequence[int], destination: int | Sequence[int]) -> Outcome:
    """Dimensions moved to new places, the others following in their old order; also ``moveaxis``.

    >>> movedim(Layout.contiguous((2, 3, 4)), 0, -1).layout.size
    (3, 4, 2)
    """
    if isinstance(source, int) != isinstance(destination, int):
        raise LayoutError("movedim: source and destination have to be two numbers or two tuples, not one of each")
    sources = (source,) if isinstance(source, int) else tuple(source)
    goals = (destination,) if isinstance(destination, int) else tuple(destination)
    if len(sources) != len(goals):
        raise LayoutError(f"movedim: {len(sources)} dimensions {sources} cannot go to {len(goals)} places {goals}")
    sources = _distinct(sources, layout.ndim, "movedim")
    goals = _distinct(goals, layout.ndim, "movedim")
    if not layout.ndim:
        return permute(layout, ())
    rest = iter(dim for dim in range(layout.ndim) if dim not in sources)
    placed = dict(zip(goals, sources, strict=True))
    return permute(layout, [placed[dim] if dim in placed else next(rest) for dim in range(layout.ndim)])


def squeeze(layout: Layout, dim: int | Sequence[int] | None = None) -> Outcome:
    """Dimensions of size 1 left out: all of them, or those named that have size 1.

    >>> squeeze(Layout.contiguous((1, 3, 1))).layout.size, squeeze(Layout.contiguous((1, 3, 1)), (0, 1)).layout.size
    ((3,), (3, 1))
    """
    if dim is None:
        named: tuple[int, ...] = tuple(range(layout.ndim))
    else:
        named = _distinct((dim,) if isinstance(dim, int) else dim, layout.ndim, "squeeze")
    kept = [place for place in range(layout.ndim) if place not in named or layout.size[place] != 1]
    return view_of(layout, tuple(layout.size[place] for place in kept), tuple(layout.stride[place] for place in kept))


def unsqueeze(layout: Layout, dim: int) -> Outcome:
    """A new dimension of size 1 before dimension ``dim``; its stride is as if it were the start of a longer one.

    >>> unsqueeze(Layout.contiguous((3, 4)), 1).layout
    Layout(size=(3, 1, 4), stride=(4, 4, 1), offset=0, storage_size=12)
    """
    place = wrap_dim(dim, layout.ndim + 1, "unsqueeze")
    step = layout.size[place] * layout.stride[place] if place < layout.ndim else 1
    size = (*layout.size[:place], 1, *layout.size[place:])
    return view_of(layout, size, (*layout.stride[:place], step, *layout.stride[place:]))


def expand(layout: Layout, size: Sequence[int]) -> Outcome:
    """Dimensions of size 1 repeated, and new ones in front, by stride 0; -1 keeps a size.

    >>> expand(Layout.contiguous((3, 1)), (2, -1, 4)).layout
    Layout(size=(2, 3, 4), stride=(0, 1, 0), offset=0, storage_size=3)
    """
    asked = tuple(size)
    extra = len(asked) - layout.ndim
    if extra < 0:
        raise LayoutError(f"expand: {asked} has fewer dimensions than the tensor, which has size {layout.size}")
    new_size, new_stride = list(asked), [0] * len(asked)
    for place in range(len(asked) - 1, -1, -1):
        have = layout.size[place - extra] if place >= extra else 1
        if asked[place] == -1 and place >= extra:
            new_size[place] = have
        elif asked[place] < 0:
            raise LayoutError(
                f"expand: size {asked[place]} of dimension {place} says nothing: it is no old dimension's"
            )
        if new_size[place] != have:
            if have != 1:
                raise LayoutError(
                    f"expand: dimension {place - extra} has size {have} and would become {new_size[place]}; "
                    "only dimensions of size 1 can be repeated"
                )
        elif place >= extra:
            new_stride[place] = layout.stride[place - extra]
        elif layout.ndim:  # a new dimension of size 1 gets a stride as unsqueeze gives it
            new_stride[place] = new_size[place + 1] * new_stride[place + 1]
    return view_of(layout, tuple(new_size), tuple(new_stride))


def _distinct(dims: Sequence[int], ndim: int, operation: str) -> tuple[int, ...]:
    wrapped = tuple(wrap_dim(dim, ndim, operation) for dim in dims)
    for place, dim in enumerate(wrapped):
        if dim in wrapped[:place]:
            raise LayoutError(f"{operation}: {tuple(dims)} names dimension {dim} twice")
    return wrapped
