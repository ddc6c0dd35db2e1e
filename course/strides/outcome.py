"""What an operation gives: a view or a copy, each with its layout, or an error that says why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from course.strides.layout import Layout

__all__ = ["LayoutError", "Outcome", "copy", "view_of", "wrap_dim"]


class LayoutError(ValueError):
    """An operation that torch refuses on this layout; the message says what was asked, and why it cannot be."""


@dataclass(frozen=True)
class Outcome:
    """A view (same storage) or a copy (new storage), and the layout it has."""

    kind: Literal["view", "copy"]
    layout: Layout


def view_of(layout: Layout, size: tuple[int, ...], stride: tuple[int, ...], offset: int | None = None) -> Outcome:
    """A view over the storage of ``layout``; without an offset, from the same one.

    >>> view_of(Layout.contiguous((2, 3)), (3, 2), (1, 3)).layout
    Layout(size=(3, 2), stride=(1, 3), offset=0, storage_size=6)
    """
    start = layout.offset if offset is None else offset
    return Outcome("view", Layout(size, stride, start, layout.storage_size))


def copy(size: tuple[int, ...], stride: tuple[int, ...]) -> Outcome:
    """A copy in new storage, just large enough.

    >>> copy((2, 3), (3, 1)).layout.storage_size
    6
    """
    return Outcome("copy", Layout(size, stride))


def wrap_dim(dim: int, ndim: int, operation: str, scalar: bool = True) -> int:
    """The dimension that ``dim`` names among ``ndim``, counted from 0; negative ones count from the end.

    Torch lets 0 and -1 name a dimension of a 0-d tensor, unless ``scalar`` is False.

    >>> wrap_dim(-1, 3, "transpose")
    2
    """
    if ndim == 0 and not scalar:
        raise LayoutError(f"{operation}: dimension {dim} was asked of a tensor that has none")
    count = max(ndim, 1)
    if not -count <= dim < count:
        raise LayoutError(
            f"{operation}: there is no dimension {dim}: the tensor has {ndim}, so {-count} to {count - 1} can be named"
        )
    return dim % count
