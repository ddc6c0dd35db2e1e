"""The ways in which one and the same tensor can lie in memory: one list for the whole course."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

__all__ = ["LAYOUTS", "WRITTEN", "fits", "laid_out"]

_UNUSED = 77  # what lies in the slots that the tensor does not name: a wrong offset or stride reads it


def laid_out(values: Tensor, layout: str) -> Tensor:
    """A tensor of the same size that lies in memory as ``layout`` says; where it is expanded, of the same first row.

    Raises ``ValueError`` where the layout does not fit the size (`fits`).

    >>> rows = laid_out(torch.arange(6.0).view(3, 2), "every second row")
    >>> rows.tolist(), rows.stride()
    ([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]], (4, 1))
    >>> laid_out(torch.arange(6.0).view(3, 2), "expanded").tolist()
    [[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]]
    """
    if not fits(layout, values.shape):
        raise ValueError(f"no tensor of size {tuple(values.shape)} lies in memory as {layout!r}")
    return _MADE[layout][1](values)


def fits(layout: str, size: Sequence[int]) -> bool:
    """Whether a tensor of that size can be laid out so, and would then be told from a contiguous one.

    >>> fits("channels last", (1, 3, 4, 4)), fits("channels last", (3, 4)), fits("a size of 1 with an odd stride", (2, 3))
    (True, False, False)
    """
    return _MADE[layout][0](tuple(size))


def _strided(values: Tensor, stride: Sequence[int], offset: int) -> Tensor:
    """The values over a memory of their own, at ``stride`` and behind ``offset`` unused slots."""
    reach = sum((length - 1) * step for length, step in zip(values.shape, stride, strict=True) if length)
    slots = offset + (reach + 1 if values.numel() else 0)
    made = torch.full((slots,), _UNUSED).to(values.dtype).as_strided(values.shape, stride, offset)
    return made.copy_(values)


def _in_order(values: Tensor, order: Sequence[int], offset: int) -> Tensor:
    """Dimensions in memory from the slowest to the fastest in that ``order``."""
    stride, step = [0] * values.dim(), 1
    for axis in reversed(order):
        stride[axis], step = step, step * max(values.shape[axis], 1)
    return _strided(values, stride, offset)


def _every_second_row(values: Tensor) -> Tensor:
    stride = list(values.contiguous().stride())
    return _strided(values, [2 * math.prod(values.shape[1:]), *stride[1:]], 0)


def _odd(values: Tensor) -> Tensor:
    """A dimension of size 1 is never stepped along, so that its stride may be anything."""
    stride = values.contiguous().stride()
    return _strided(values, [7 if length == 1 else step for length, step in zip(values.shape, stride, strict=True)], 0)


def _large(size: Sequence[int]) -> int:
    return sum(length > 1 for length in size)


_MADE: Mapping[str, tuple[Callable[[tuple[int, ...]], bool], Callable[[Tensor], Tensor]]] = {
    "contiguous": (lambda size: True, lambda values: values.clone(memory_format=torch.contiguous_format)),
    "behind an offset": (lambda size: True, lambda values: _in_order(values, range(values.dim()), 5)),
    "every second row": (lambda size: len(size) > 0 and size[0] > 1 and 0 not in size, _every_second_row),
    "dimensions in another order": (
        lambda size: _large(size) > 1 and 0 not in size,
        lambda values: _in_order(values, [*reversed(range(values.dim()))], 3),
    ),
    "channels last": (
        lambda size: len(size) > 2 and size[1] > 1 and _large(size[2:]) > 0 and 0 not in size,
        lambda values: _in_order(values, [0, *range(2, values.dim()), 1], 0),
    ),
    "expanded": (
        lambda size: len(size) > 0 and size[0] > 1 and 0 not in size,
        lambda values: values[:1].clone().expand(values.shape),
    ),
    "a size of 1 with an odd stride": (lambda size: 1 in size and 0 not in size, _odd),
}

LAYOUTS = tuple(_MADE)

# What a tensor may look like to somebody who writes to it: no two of its numbers share a slot.
WRITTEN = tuple(layout for layout in LAYOUTS if layout != "expanded")
