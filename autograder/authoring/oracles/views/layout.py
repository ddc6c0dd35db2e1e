"""Tensors of a given layout, and layouts drawn at random, for the oracles of chapter 02."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles.storage.layout import Ints, contiguous_stride
from autograder.authoring.space import Chosen

__all__ = ["may_be_a_leaf", "reach_of", "tensor_of", "turned_layout"]


def may_be_a_leaf(one: Chosen) -> bool:
    """Whether gradients can be asked for: as_strided, a fine way to a view, shares one out among numbers of one slot.

    >>> may_be_a_leaf(Chosen({"leaves": "x", "dtype": torch.float64, "layout": "expanded"}))
    False
    """
    return not one.leaves or (one.dtype.is_floating_point and one.layout != "expanded")


def tensor_of(size: Ints, stride: Ints, offset: int = 0) -> Tensor:
    """A tensor of that layout without memory: torch answers for its layout all the same.

    >>> tensor_of((2, 3), (1, 2)).t().is_contiguous()
    True
    """
    slots = 1 + offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True) if n)
    return torch.empty(max(slots, 0), device="meta").as_strided(tuple(size), tuple(stride), offset)


def turned_layout(make: CaseMaker, rank: int, step: int = 1) -> dict[str, Any]:
    """A size without equal numbers, in memory with the dimensions turned by one, every ``step``-th slot, some offset.

    >>> turned_layout(CaseMaker(b"seed", "doctest"), 3)
    {'size': (2, 6, 3), 'stride': (1, 6, 2), 'offset': 17}
    """
    size = make.sizes(rank, 2, 7)
    order = [*range(1, rank), 0]
    dense = contiguous_stride([size[dim] for dim in order])
    stride = tuple(step * dense[order.index(dim)] for dim in range(rank))
    return {"size": size, "stride": stride, "offset": make.integer(1, 20)}


def reach_of(size: Ints, stride: Ints) -> int:
    """How many slots lie between the first element and the last, both counted in.

    >>> reach_of((2, 3), (6, 2))
    11
    """
    return 1 + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
