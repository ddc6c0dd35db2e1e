"""Sizes, strides and offsets in plain integers, for the oracles of chapters 01 and 02."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from torch import Tensor

from autograder.authoring.cases import CaseMaker

__all__ = ["Ints", "Layout", "contiguous_stride", "dot", "drawn_layout", "layout_of", "plain_stride"]

Ints = Sequence[int]
Layout = tuple[tuple[int, ...], tuple[int, ...], int]


def layout_of(x: Tensor) -> Layout:
    """The size, the stride and the offset of a tensor.

    >>> import torch
    >>> layout_of(torch.arange(6).view(2, 3)[1])
    ((3,), (1,), 3)
    """
    return tuple(x.size()), tuple(x.stride()), int(x.storage_offset())


def contiguous_stride(size: Ints) -> tuple[int, ...]:
    """The strides of a fresh tensor, in plain integers: wrong answers by hand are built on it, and may not ask torch.

    >>> contiguous_stride((2, 3, 4)), contiguous_stride((2, 0, 4))
    ((12, 4, 1), (4, 4, 1))
    """
    return tuple(prod(max(n, 1) for n in size[dim + 1 :]) for dim in range(len(size)))


def plain_stride(size: Ints) -> tuple[int, ...]:
    """As `contiguous_stride`, with a size of 0 multiplied in: a mistake that several answers make.

    >>> plain_stride((2, 3, 4)), plain_stride((2, 0, 4))
    ((12, 4, 1), (0, 4, 1))
    """
    return tuple(prod(size[dim + 1 :]) for dim in range(len(size)))


def dot(index: Ints, stride: Ints) -> int:
    """How many slots an index lies behind the first element.

    >>> dot((1, 2), (3, 1))
    5
    """
    return sum(i * step for i, step in zip(index, stride, strict=True))


def drawn_layout(make: CaseMaker, rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """A size without equal numbers, and the strides of every second slot with the dimensions in another order.

    >>> drawn_layout(CaseMaker(b"seed", "doctest"), 3)
    ((2, 6, 3), (2, 12, 4))
    """
    size = make.sizes(rank, 2, 7)
    order = [*range(1, rank), 0] if rank > 2 else list(range(rank))
    dense = contiguous_stride([size[dim] for dim in order])
    return size, tuple(2 * dense[order.index(dim)] for dim in range(rank))
