"""Chapter 01, right answers, as different as people write them."""

from __future__ import annotations

import itertools
import math
import operator
import warnings
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.authoring.oracles.storage import OPERATIONS


def slot_in_a_loop(index: Any, stride: Any, offset: int = 0) -> int:
    slot = offset
    for dim in range(len(index)):
        slot += index[dim] * stride[dim]
    return slot


class Slot:
    def __call__(self, index: Any, stride: Any, offset: int = 0, verbose: bool = False) -> np.int64:
        return np.int64(np.dot(np.array(index, dtype=int), np.array(stride, dtype=int)) + offset)


def slot_by_tensors(*, index: Any, stride: Any, offset: int = 0) -> int:
    warnings.warn("slow", stacklevel=1)
    return int((torch.tensor(index, dtype=torch.long) * torch.tensor(stride, dtype=torch.long)).sum() + offset)


def strides_from_the_right(size: Any) -> list[int]:
    steps, step = [], 1
    for n in reversed(size):
        steps.insert(0, step)
        step *= n or 1
    return steps


def strides_recursive(size: Any) -> Any:
    if len(size) == 0:
        return ()
    rest = strides_recursive(size[1:])
    return ((max(size[1], 1) * rest[0]) if rest else 1, *rest)


def strides_accumulated(size: Any) -> Any:
    steps = list(itertools.accumulate((max(n, 1) for n in size[:0:-1]), operator.mul, initial=1))
    return tuple(steps[::-1]) if size else ()


def strides_by_numpy(*, size: Any) -> Any:
    one = np.array([max(n, 1) for n in size], dtype=int)
    return [np.prod(one[dim + 1 :], dtype=int) for dim in range(len(one))]


def read_by_hand(storage: Tensor, size: Any, stride: Any, offset: int = 0) -> Tensor:
    out = torch.empty(size, dtype=storage.dtype)
    for index in itertools.product(*[range(n) for n in size]):
        slot = offset + sum(i * s for i, s in zip(index, stride, strict=True))
        if slot < 0 or slot >= storage.shape[0]:
            raise IndexError(f"slot {slot} of {storage.shape[0]}")
        out[index] = storage[slot]
    return out


def read_by_broadcast(storage: Tensor, size: Any, stride: Any, offset: int = 0) -> Tensor:
    slots = torch.full(tuple(size), offset)
    for dim, (n, step) in enumerate(zip(size, stride, strict=True)):
        slots = slots + (torch.arange(n) * step).view([-1] + [1] * (len(size) - dim - 1))
    if slots.numel() and (slots.min() < 0 or slots.max() >= storage.numel()):
        raise IndexError("outside")
    return storage[slots].clone()  # an index without a dimension gives a view


def read_by_meshgrid(storage: Tensor, size: Any, stride: Any, offset: int = 0, strict: bool = True) -> Tensor:
    index = np.indices(size).reshape(len(size), -1) if len(size) else np.zeros((0, 1), dtype=int)
    slots = offset + np.asarray(stride, dtype=int) @ index
    if ((slots < 0) | (slots >= len(storage))).any():
        raise IndexError("there is no such slot")
    return torch.take(storage, torch.from_numpy(slots.astype(np.int64))).reshape(size)


def read_by_lists(*, storage: Tensor, size: Any, stride: Any, offset: int = 0) -> Tensor:
    numbers = storage.tolist()

    def at(slot: int) -> Any:
        if not 0 <= slot < len(numbers):
            raise IndexError(slot)
        return numbers[slot]

    def rows(dim: int, slot: int) -> Any:
        return at(slot) if dim == len(size) else [rows(dim + 1, slot + i * stride[dim]) for i in range(size[dim])]

    return torch.tensor(rows(0, offset) if math.prod(size) else [], dtype=storage.dtype).reshape(size)


class MissingSlot(IndexError):
    pass


def read_checking_the_corners(storage: Tensor, size: Any, stride: Any, offset: int = 0) -> Tensor:
    if 0 in size:
        return storage.new_zeros(size)
    last = offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    if offset < 0 or last > len(storage) - 1:
        raise MissingSlot
    slots = [offset]
    for n, s in zip(size, stride, strict=True):
        slots = [slot + i * s for slot in slots for i in range(n)]
    return torch.stack([storage[slot] for slot in slots]).view(size)


class SameStorage:
    def __call__(self, a: Tensor, b: Tensor, loud: bool = True) -> bool:
        return a.untyped_storage()._cdata == b.untyped_storage()._cdata


def same_by_writing(a: Tensor, b: Tensor) -> bool:
    """Flip a byte of one, look at the other, flip it back."""
    ours, theirs = (x.detach().untyped_storage() for x in (a, b))
    before, other = ours[0], theirs[0]
    ours[0] = before ^ 255
    changed = theirs[0] != other
    ours[0] = before
    return changed


def same_by_old_storage(*, a: Tensor, b: Tensor) -> bool:
    return a.storage().data_ptr() == b.storage().data_ptr()


def same_by_first_address(a: Tensor, b: Tensor) -> Any:
    starts = [x.data_ptr() - x.storage_offset() * x.element_size() for x in (a, b)]
    return np.equal(*starts)


def predicted(turn: Callable[[Any], Any] = tuple) -> dict[str, Any]:
    x = torch.arange(24).view(2, 3, 4)
    return {
        text: turn([turn(one.size()), turn(one.stride()), one.storage_offset()])
        for group in OPERATIONS.values()
        for text, one in ((text, apply(x)) for text, apply in group.items())
    }


RIGHT: dict[str, list[Any]] = {
    "flat_index": [
        slot_in_a_loop,
        Slot(),
        slot_by_tensors,
        lambda index, stride, offset=0: reduce(
            lambda slot, pair: slot + pair[0] * pair[1], zip(index, stride, strict=True), offset
        ),
        lambda index, stride, offset=0: sum(map(operator.mul, index, stride), start=offset),
        lambda index, stride, offset=0: np.add(offset, sum(i * s for i, s in zip(index, stride, strict=True))),
    ],
    "contiguous_stride": [
        strides_from_the_right,
        strides_recursive,
        strides_accumulated,
        strides_by_numpy,
        lambda size, order="C": tuple(math.prod(n if n else 1 for n in size[k + 1 :]) for k in range(len(size))),
        lambda size: [s // 8 for s in np.zeros([n or 1 for n in size]).strides],
    ],
    "read_strided": [
        read_by_hand,
        read_by_broadcast,
        read_by_meshgrid,
        read_by_lists,
        read_checking_the_corners,
    ],
    "shares_storage": [
        SameStorage(),
        same_by_writing,
        same_by_old_storage,
        same_by_first_address,
        lambda a, b: a.untyped_storage() is b.untyped_storage(),
        lambda a, b: torch.eq(*[torch.tensor(one.untyped_storage().data_ptr()) for one in (a, b)]),
        lambda a, b: not (a.untyped_storage().data_ptr() - b.untyped_storage().data_ptr()),
    ],
    "predict_layout": [
        predicted(),
        predicted(list),
        predicted(lambda values: tuple(np.array(values)) if all(isinstance(v, int) for v in values) else list(values)),
        dict(reversed(predicted().items())),
        predicted() | {"x.t()": ((4, 3), (1, 4), 0)},
        lambda: predicted(),
    ],
}
