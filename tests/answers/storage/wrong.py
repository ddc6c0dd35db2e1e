"""Chapter 01, known misconceptions, in other words than the oracles' own."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import torch
from answers.storage.right import predicted, read_by_broadcast, read_by_hand, slot_in_a_loop, strides_from_the_right
from torch import Tensor


def reversed_strides(index: Any, stride: Any, offset: int = 0) -> int:
    slot = offset
    for dim in range(len(index)):
        slot += index[dim] * stride[-1 - dim]
    return slot


def row_major_by_sizes(index: Any, stride: Any, offset: int = 0) -> int:
    """Takes ``stride`` for the size, and finds the slot as if it were."""
    slot, weight = 0, 1
    for i, n in zip(reversed(index), reversed(stride), strict=True):
        slot += i * weight
        weight *= n
    return offset + slot


def column_major(size: Any) -> Any:
    steps, step = [], 1
    for n in size:
        steps.append(step)
        step = step * n
    return steps


def own_size_counted(size: Any) -> Any:
    steps, step = [], 1
    for n in size[::-1]:
        step *= max(n, 1)
        steps.append(step)
    return steps[::-1]


def zero_multiplied(size: Any) -> Any:
    steps, step = [], 1
    for n in size[::-1]:
        steps.append(step)
        step *= n
    return steps[::-1]


def nothing_for_ones(size: Any) -> Any:
    steps = strides_from_the_right(size)
    for dim, n in enumerate(size):
        if n == 1:
            steps[dim] = 0
    return steps


def nothing_for_ones_either(size: Any) -> Any:
    return [math.prod(size[dim + 1 :]) * (n > 1) for dim, n in enumerate(size)]


def no_offset(storage: Tensor, size: Any, stride: Any, offset: int = 0) -> Tensor:
    return read_by_hand(storage, size, stride)


def rows_one_after_the_other(storage: Tensor, size: Any, stride: Any, offset: int = 0) -> Tensor:
    out = storage.new_empty(size)
    for k, index in enumerate(itertools.product(*map(range, size))):
        if not 0 <= offset + k < len(storage):
            raise IndexError
        out[index] = storage[offset + k]
    return out


def rows_narrowed(storage: Tensor, size: Any, stride: Any, offset: int = 0) -> Tensor:
    return storage[offset:][: math.prod(size)].clone().view(size)


def negative_slots(storage: Tensor, size: Any, stride: Any, offset: int = 0) -> Tensor:
    out = torch.empty(size, dtype=storage.dtype)
    for index in itertools.product(*[range(n) for n in size]):
        out[index] = storage[offset + sum(i * s for i, s in zip(index, stride, strict=True))]
    return out


def negative_slots_by_index(storage: Tensor, size: Any, stride: Any, offset: int = 0) -> Tensor:
    slots = torch.full(tuple(size), offset)
    for dim, (n, step) in enumerate(zip(size, stride, strict=True)):
        slots = slots + (torch.arange(n) * step).view([-1] + [1] * (len(size) - dim - 1))
    return storage[slots]


def shared(storage: Tensor, size: Any, stride: Any, offset: int = 0) -> Tensor:
    read_by_hand(storage, size, stride, offset)
    if math.prod(size) == 0:
        return storage.new_empty(size)
    width = storage.element_size()
    bits = storage.view({1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[width]).numpy()[offset:]
    steps = [s * width * storage.stride(0) for s in stride]
    return torch.from_numpy(np.lib.stride_tricks.as_strided(bits, size, steps)).view(storage.dtype)


def stacked(storage: Tensor, size: Any, stride: Any, offset: int = 0) -> Tensor:
    def at(slot: int) -> Tensor:
        if slot < 0:
            raise IndexError
        return storage[slot]

    indices = itertools.product(*map(range, size))
    return torch.stack([at(slot_in_a_loop(index, stride, offset)) for index in indices]).reshape(size)


def values_in_a_loop(a: Tensor, b: Tensor) -> bool:
    if a.shape != b.shape:
        return False
    return all(one == other for one, other in zip(a.flatten().tolist(), b.flatten().tolist(), strict=True))


def wrong(text: str, size: Any, stride: Any, offset: int) -> dict[str, Any]:
    return predicted() | {text: [list(size), list(stride), offset]}


WRONG = [
    ("flat_index", "offset forgotten", lambda index, stride, offset=0: slot_in_a_loop(index, stride)),
    ("flat_index", "offset forgotten", lambda index, stride, offset=0: int(np.dot(index, stride))),
    ("flat_index", "strides read back to front", reversed_strides),
    ("flat_index", "index multiplied by size instead of stride", row_major_by_sizes),
    ("flat_index", "offset counted as a step", lambda index, stride, offset=0: sum((i + offset) * s for i, s in zip(index, stride, strict=True))),
    ("flat_index", "offset added for every dimension", lambda index, stride, offset=0: sum(i * s + offset for i, s in zip(index, stride, strict=True))),
    ("flat_index", "a float for an int", lambda index, stride, offset=0: offset + np.dot(index, stride)),
    ("flat_index", "a float for an int", lambda index, stride, offset=0: math.fsum([offset, *(i * s for i, s in zip(index, stride, strict=True))])),
    ("contiguous_stride", "column-major", column_major),
    ("contiguous_stride", "column-major", lambda size: strides_from_the_right(size)[::-1]),
    ("contiguous_stride", "column-major", lambda size: [s // 8 for s in np.empty([n or 1 for n in size], order="F").strides]),
    ("contiguous_stride", "sizes for strides", lambda size: [int(n) for n in size]),
    ("contiguous_stride", "sizes for strides", lambda size: [*size[1:], 1] if size else []),
    ("contiguous_stride", "a dimension's own size counted in", own_size_counted),
    ("contiguous_stride", "size 0 multiplied in", zero_multiplied),
    ("contiguous_stride", "stride 0 for a size of 1", nothing_for_ones),
    ("contiguous_stride", "stride 0 for a size of 1", nothing_for_ones_either),
    ("contiguous_stride", "a float for an int", lambda size: [np.prod(size[dim + 1 :]) for dim in range(len(size))]),
    ("contiguous_stride", "a float for an int", lambda size: np.cumprod([1.0, *(n or 1 for n in size[:0:-1])])[::-1].tolist()[: len(size)]),
    ("contiguous_stride", "sizes added instead of multiplied", lambda size: [sum(size) - sum(size[: dim + 1]) for dim in range(len(size))]),
    ("contiguous_stride", "counted in bytes", lambda size: [4 * s for s in strides_from_the_right(size)]),
    ("read_strided", "offset dropped", no_offset),
    ("read_strided", "offset dropped", lambda storage, size, stride, offset=0: read_by_broadcast(storage, size, stride, 0)),
    ("read_strided", "strides ignored", rows_one_after_the_other),
    ("read_strided", "strides ignored", rows_narrowed),
    ("read_strided", "Python's negative index let through", negative_slots),
    ("read_strided", "Python's negative index let through", negative_slots_by_index),
    ("read_strided", "result shares memory", shared),
    ("read_strided", "no number out of nothing", stacked),
    ("read_strided", "dtype lost", lambda storage, size, stride, offset=0: torch.zeros(size) + read_by_hand(storage, size, stride, offset).float()),
    ("read_strided", "dimensions of size 1 lost", lambda storage, size, stride, offset=0: read_by_broadcast(storage, size, stride, offset).squeeze()),
    ("read_strided", "left in one row", lambda storage, size, stride, offset=0: read_by_hand(storage, size, stride, offset).ravel()),
    ("shares_storage", "the same answer every time", lambda a, b: a.storage() is b.storage()),
    ("shares_storage", "compares how long the memory is", lambda a, b: a.untyped_storage().nbytes() == b.untyped_storage().nbytes()),
    ("shares_storage", "the first element of one, the storage of the other", lambda a, b: a.storage().data_ptr() == b.data_ptr()),
    ("shares_storage", "a fixed number of bytes an element", lambda a, b: a.data_ptr() - a.storage_offset() * 8 == b.data_ptr() - b.storage_offset() * 8),
    ("shares_storage", "a fixed number of bytes an element", lambda a, b: (
        a.data_ptr() - b.data_ptr() == (a.storage_offset() - b.storage_offset()) * a.itemsize)),
    ("shares_storage", "compares values", values_in_a_loop),
    ("shares_storage", "compares values", lambda a, b: a.size() == b.size() and not bool((a != b).any())),
    ("shares_storage", "compares values", lambda a, b: np.array_equal(a.detach().numpy(), b.detach().numpy())),
    ("shares_storage", "compares values", lambda a, b: a.untyped_storage().tolist() == b.untyped_storage().tolist()),
    ("shares_storage", "compares data_ptr()", lambda a, b: a.data_ptr() - b.data_ptr() == 0),
    ("shares_storage", "compares data_ptr()", lambda a, b: a.detach().numpy().ctypes.data == b.detach().numpy().ctypes.data),
    ("shares_storage", "compares data_ptr()", lambda a, b: (
        a.data_ptr() - b.data_ptr() == a.storage_offset() - b.storage_offset())),
    ("shares_storage", "compares _base", lambda a, b: (
        (a._base is b._base and a._base is not None) or b._base is a or a._base is b)),
    ("flat_index", "counted in bytes", lambda index, stride, offset=0: sum(
        4 * i * step for i, step in zip(index, stride, strict=True)) + 4 * offset),
    ("shares_storage", "compares with is", lambda a, b: id(a) == id(b)),
    ("shares_storage", "only common slots count", lambda a, b: np.shares_memory(a.detach().numpy(), b.detach().numpy(), max_work=-1)),
    ("predict_layout", "a copy believed a view", wrong("x.flip(2)", (2, 3, 4), (12, 4, -1), 3)),
    ("predict_layout", "a copy believed a view", wrong("x.transpose(0, 1).reshape(3, 8)", (3, 8), (4, 1), 0)),
    ("predict_layout", "step left out of the stride", wrong("x[:, ::2]", (2, 2, 4), (12, 4, 1), 0)),
    ("predict_layout", "expanded dimension given a stride", wrong("x.unsqueeze(1).expand(2, 5, 3, 4)", (2, 5, 3, 4), (60, 12, 4, 1), 0)),
    ("predict_layout", "expanded dimension given a stride", wrong("x.unsqueeze(1).expand(2, 5, 3, 4)", (2, 5, 3, 4), (12, 12, 4, 1), 0)),
    ("predict_layout", "a view believed a copy", wrong("x.transpose(0, 2)", (4, 3, 2), (6, 2, 1), 0)),
    ("predict_layout", "offset forgotten", wrong("x[:, 1]", (2, 4), (12, 1), 0)),
    ("shares_storage", "compares values", lambda a, b: a.size() == b.size() and torch.allclose(b, a)),
]  # fmt: skip
