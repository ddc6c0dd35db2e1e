"""Chapter 02, right answers that work on size, stride and offset: transpose, slice, expand, is it contiguous."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np


def transpose_lists(size: Any, stride: Any, offset: int, dim0: int, dim1: int) -> Any:
    size, stride = list(size), list(stride)
    for one in (size, stride):
        one[dim0], one[dim1] = one[dim1], one[dim0]
    return size, stride, offset


def transpose_by_order(*, size: Any, stride: Any, offset: int, dim0: int, dim1: int) -> Any:
    order = list(range(len(size)))
    order[dim0], order[dim1] = order[dim1], order[dim0]
    return [[size[k] for k in order], [stride[k] for k in order], offset]


def transpose_pairs(size: Any, stride: Any, offset: int, dim0: int, dim1: int) -> Any:
    pairs = list(zip(size, stride, strict=True))
    dim0, dim1 = dim0 % len(pairs), dim1 % len(pairs)
    pairs = [pairs[dim1 if k == dim0 else dim0 if k == dim1 else k] for k in range(len(pairs))]
    return tuple(n for n, _ in pairs), tuple(s for _, s in pairs), offset


def transpose_numpy(size: Any, stride: Any, offset: int, dim0: int, dim1: int, check: bool = False) -> Any:
    both = np.array([size, stride])
    both[:, [dim0, dim1]] = both[:, [dim1, dim0]]
    return tuple(both[0]), tuple(both[1]), np.int32(offset)


class Transpose:
    def __call__(self, size: Any, stride: Any, offset: int, dim0: int, dim1: int) -> Any:
        swap = {dim0 % len(size): dim1 % len(size), dim1 % len(size): dim0 % len(size)}
        return *([values[swap.get(k, k)] for k in range(len(size))] for values in (size, stride)), offset


def slice_ceil(size: Any, stride: Any, offset: int, dim: int, start: int, stop: int, step: int = 1) -> Any:
    size, stride = list(size), list(stride)
    size[dim] = math.ceil((stop - start) / step)
    offset += start * stride[dim]
    stride[dim] *= step
    return size, stride, offset


def slice_range(size: Any, stride: Any, offset: int, dim: int, start: int, stop: int, step: int = 1) -> Any:
    length = len(range(size[dim])[start:stop:step])
    return (
        (*size[:dim], length, *size[dim + 1 :]),
        (*stride[:dim], stride[dim] * step, *stride[dim + 1 :]),
        offset + stride[dim] * start,
    )


def slice_floor(*, size: Any, stride: Any, offset: int, dim: int, start: int, stop: int, step: int = 1) -> Any:
    new = tuple((stop - start + step - 1) // step if k == dim else n for k, n in enumerate(size))
    return new, [s * (step if k == dim else 1) for k, s in enumerate(stride)], offset + start * stride[dim]


def slice_counted(size: Any, stride: Any, offset: int, dim: int, start: int, stop: int, step: int = 1) -> Any:
    new, steps, length, k = list(size), list(stride), 0, start
    while k < stop:
        length, k = length + 1, k + step
    new[dim], steps[dim] = length, stride[dim] * step
    for _ in range(start):
        offset += stride[dim]
    return tuple(new), tuple(steps), offset


class Slice:
    def __call__(self, size: Any, stride: Any, offset: int, dim: int, start: int, stop: int, step: int = 1) -> Any:
        new, steps = np.array(size), np.array(stride)
        new[dim] = -(-(stop - start) // step)
        steps[dim] *= step
        return list(new), list(steps), offset + start * stride[dim]


def expand_from_right(size: Any, stride: Any, offset: int, new_size: Any) -> Any:
    if len(new_size) < len(size):
        raise ValueError("too short")
    steps = []
    for k in range(1, len(new_size) + 1):
        if k > len(size):
            steps.append(0)
        elif size[-k] == new_size[-k]:
            steps.append(stride[-k])
        elif size[-k] == 1:
            steps.append(0)
        else:
            raise ValueError(f"{size[-k]} cannot become {new_size[-k]}")
    return new_size, steps[::-1], offset


def expand_padded(size: Any, stride: Any, offset: int, new_size: Any) -> Any:
    lead = len(new_size) - len(size)
    if lead < 0:
        raise ValueError
    size, stride = (1,) * lead + tuple(size), (0,) * lead + tuple(stride)
    if any(n != m and n != 1 for n, m in zip(size, new_size, strict=True)):
        raise ValueError
    return tuple(new_size), tuple(s * (n == m) for n, s, m in zip(size, stride, new_size, strict=True)), offset


def expand_lists(*, size: Any, stride: Any, offset: int, new_size: Any) -> Any:
    size, stride = list(size), list(stride)
    while len(size) < len(new_size):
        size.insert(0, 1)
        stride.insert(0, 0)
    if len(size) != len(new_size):
        raise ValueError
    for k, n in enumerate(new_size):
        if size[k] != n:
            if size[k] != 1:
                raise ValueError
            size[k], stride[k] = n, 0
    return size, stride, offset


class CannotExpand(ValueError):
    pass


def expand_numpy(size: Any, stride: Any, offset: int, new_size: Any) -> Any:
    """NumPy broadcasts by the same rules."""
    try:
        out = np.broadcast_to(np.empty(size), new_size)
    except ValueError as error:
        raise CannotExpand from error
    lead = len(new_size) - len(size)
    kept = [s if n == m else 0 for n, m, s in zip(size, new_size[lead:], stride, strict=True)]
    return out.shape, [0] * lead + kept, offset


def expand_asserting(size: Any, stride: Any, offset: int, new_size: Any) -> Any:
    try:
        assert len(new_size) >= len(size)
        tail = new_size[len(new_size) - len(size) :]
        assert all(n in (1, m) for n, m in zip(size, tail, strict=True))
    except AssertionError:
        raise ValueError from None
    head = [0 for _ in range(len(new_size) - len(size))]
    return new_size, head + [s if n == m else 0 for n, m, s in zip(size, tail, stride, strict=True)], offset


def contiguous_from_right(size: Any, stride: Any) -> bool:
    if 0 in size:
        return True
    expected = 1
    for n, step in zip(reversed(size), reversed(stride), strict=True):
        if n == 1:
            continue
        if step != expected:
            return False
        expected *= n
    return True


def contiguous_by_slots(size: Any, stride: Any) -> bool:
    slots = [sum(i * s for i, s in zip(index, stride, strict=True)) for index in itertools.product(*map(range, size))]
    return slots == list(range(len(slots)))


def contiguous_without_ones(*, size: Any, stride: Any) -> bool:
    pairs = [(n, s) for n, s in zip(size, stride, strict=True) if n != 1]
    sizes = [n for n, _ in pairs]
    return math.prod(size) == 0 or all(s == math.prod(sizes[k + 1 :]) for k, (_, s) in enumerate(pairs))


def contiguous_recursive(size: Any, stride: Any, step: int = 1) -> bool:
    if not size or 0 in size:
        return True
    return (size[-1] == 1 or stride[-1] == step) and contiguous_recursive(size[:-1], stride[:-1], step * size[-1])


class Contiguous:
    def __call__(self, size: Any, stride: Any) -> np.bool_:
        index = np.indices(size).reshape(len(size), -1) if len(size) else np.zeros((0, 1), dtype=int)
        return np.all(np.asarray(stride, dtype=int) @ index == np.arange(index.shape[1]))
