"""Chapter 02, right answers, as different as people write them."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from typing import Any

import numpy as np
import torch
from answers.views.layouts import (
    Contiguous,
    Slice,
    Transpose,
    contiguous_by_slots,
    contiguous_from_right,
    contiguous_recursive,
    contiguous_without_ones,
    expand_asserting,
    expand_from_right,
    expand_lists,
    expand_numpy,
    expand_padded,
    slice_ceil,
    slice_counted,
    slice_floor,
    slice_range,
    transpose_by_order,
    transpose_lists,
    transpose_numpy,
    transpose_pairs,
)
from torch import Tensor


def infer_checked(numel: int, new_size: Any) -> Any:
    if any(n < -1 for n in new_size):
        raise ValueError("below -1")
    if list(new_size).count(-1) > 1:
        raise ValueError("two unknowns")
    known = 1
    for n in new_size:
        if n >= 0:
            known *= n
    if -1 not in new_size:
        if known != numel:
            raise ValueError("another number of elements")
        return new_size
    if known == 0 or numel % known != 0:
        raise ValueError("does not divide")
    return [numel // known if n == -1 else n for n in new_size]


def infer_divmod(numel: int, new_size: Any) -> Any:
    size, rest = list(new_size), [n for n in new_size if n != -1]
    if len(size) - len(rest) > 1 or min(rest, default=0) < 0:
        raise ValueError
    if len(size) == len(rest):
        if math.prod(rest) != numel:
            raise ValueError
    else:
        try:
            size[size.index(-1)], over = divmod(numel, math.prod(rest))
        except ZeroDivisionError:
            raise ValueError from None
        if over:
            raise ValueError
    return tuple(size)


def infer_numpy(numel: int, new_size: Any) -> Any:
    """NumPy knows -1, too; a few things it allows are asked for first."""
    if any(n < -1 for n in new_size) or (-1 in new_size and 0 in new_size):
        raise ValueError
    return np.empty(numel).reshape(new_size).shape


def infer_searching(*, numel: int, new_size: Any) -> Any:
    candidates = range(numel + 1) if -1 in new_size else [0]
    found = [
        tuple(k if n == -1 else n for n in new_size)
        for k in candidates
        if math.prod(k if n == -1 else n for n in new_size) == numel
    ]
    if sum(n == -1 for n in new_size) > 1 or any(n < -1 for n in new_size):
        raise ValueError
    if -1 in new_size and 0 in new_size:
        raise ValueError
    (only,) = found  # unpacking none or many raises ValueError by itself
    return only


class Infer:
    def __call__(self, numel: int, new_size: Any, strict: bool = True) -> Any:
        unknown = [k for k, n in enumerate(new_size) if n == -1]
        known = math.prod(n for n in new_size if n != -1)
        fits = (numel == known) if not unknown else (known != 0 and numel % known == 0)
        if len(unknown) > 1 or not fits or any(n < -1 for n in new_size):
            raise ValueError(f"{numel} elements cannot be {new_size}")
        return tuple(np.int64(numel // known) if k in unknown else n for k, n in enumerate(new_size))


def view_by_blocks(size: Any, stride: Any, new_size: Any) -> Any:
    """First the runs of old dimensions that lie together; then each is filled by new dimensions, from the right."""
    if math.prod(size) != math.prod(new_size):
        return None
    if len(size) == 0:
        return [1] * len(new_size)
    blocks: list[list[int]] = []  # [elements, base stride], the rightmost first
    for n, step in zip(reversed(size), reversed(stride), strict=True):
        if blocks and (n == 1 or step == blocks[-1][0] * blocks[-1][1]):
            blocks[-1][0] *= n
        else:
            blocks.append([n, step])
    if len(blocks) > 1 and blocks[0][0] == 1:
        new = list(new_size)
        trailing: list[int] = []
        while new and new[-1] == 1:
            trailing.append(blocks[0][1])
            new.pop()
        rest = fill(blocks[1:], new)
        return None if rest is None else tuple(rest + trailing)
    found = fill(blocks, list(new_size))
    return None if found is None else tuple(found)


def fill(blocks: list[list[int]], new: list[int]) -> list[int] | None:
    steps: list[int] = []
    for elements, base in blocks:
        taken = 1
        while new and (taken < elements or new[-1] == 1):
            steps.insert(0, taken * base)
            taken *= new.pop()
        if taken != elements:
            return None
    return steps if not new else None


def view_as_torch_does(size: Any, stride: Any, new_size: Any, verbose: bool = False) -> Any:
    numel = math.prod(size)
    if numel != math.prod(new_size):
        return None
    if not size:
        return (1,) * len(new_size)
    out, k, base, tensor_numel, view_numel = [0] * len(new_size), len(new_size) - 1, stride[-1], 1, 1
    for d in range(len(size) - 1, -1, -1):
        tensor_numel *= size[d]
        if d == 0 or (size[d - 1] != 1 and stride[d - 1] != tensor_numel * base):
            while k >= 0 and (view_numel < tensor_numel or new_size[k] == 1):
                out[k] = view_numel * base
                view_numel *= new_size[k]
                k -= 1
            if view_numel != tensor_numel:
                return None
            if d > 0:
                base, tensor_numel, view_numel = stride[d - 1], 1, 1
    return tuple(out) if k == -1 else None


def view_recursive(*, size: Any, stride: Any, new_size: Any) -> Any:
    if math.prod(size) != math.prod(new_size):
        return None

    def go(old: list[tuple[int, int]], new: list[int]) -> list[int] | None:
        if not old:
            return None if new else []
        run, base = old[-1]
        old = old[:-1]
        while old and (old[-1][0] == 1 or old[-1][1] == run * base):
            run *= old.pop()[0]
        steps, taken = [], 1
        while new and (taken < run or new[-1] == 1):
            steps.insert(0, taken * base)
            taken *= new[-1]
            new = new[:-1]
        if taken != run:
            return None
        outer = go(old, new)
        return None if outer is None else outer + steps

    if not size:
        return [1 for _ in new_size]
    return go(list(zip(size, stride, strict=True)), list(new_size))


class ViewStride:
    def __call__(self, size: Any, stride: Any, new_size: Any) -> Any:
        found = view_as_torch_does(tuple(size), tuple(stride), tuple(new_size))
        return None if found is None else [np.int64(step) for step in found]


def view_by_slots(size: Any, stride: Any, new_size: Any) -> Any:
    """Where each new index lands in the old order, and whether one stride a dimension explains that."""
    if math.prod(size) != math.prod(new_size):
        return None
    slots = [sum(i * s for i, s in zip(index, stride, strict=True)) for index in itertools.product(*map(range, size))]
    steps = []
    for dim in range(len(new_size)):
        inner = math.prod(new_size[dim + 1 :])
        steps.append(slots[inner] - slots[0] if new_size[dim] > 1 else None)
    for slot, index in zip(slots, itertools.product(*map(range, new_size)), strict=True):
        if slot != sum(i * s for i, s in zip(index, steps, strict=True) if s is not None):
            return None
    # A new dimension of size 1 can have any stride: ask for the one that torch gives.
    return view_recursive(size=size, stride=stride, new_size=new_size) if None in steps else steps


def overlap_by_counting(size: Any, stride: Any) -> bool:
    slots = Counter(
        sum(i * s for i, s in zip(index, stride, strict=True)) for index in itertools.product(*map(range, size))
    )
    return max(slots.values(), default=0) > 1


def overlap_by_sets(*, size: Any, stride: Any) -> bool:
    if 0 in size:
        return False
    slots = {0}
    for n, step in zip(size, stride, strict=True):
        moved = {slot + i * step for slot in slots for i in range(n)}
        if len(moved) < len(slots) * n:
            return True
        slots = moved
    return False


def overlap_by_torch(size: Any, stride: Any) -> bool:
    last = sum((n - 1) * s for n, s in zip(size, stride, strict=True)) if 0 not in size else 0
    seen = torch.arange(last + 1).as_strided(size, stride).flatten()
    return len(torch.unique(seen)) != math.prod(size)


def overlap_by_differences(size: Any, stride: Any) -> bool:
    """Two indices meet where a difference of indices, not all zero, moves by nothing."""
    if 0 in size:
        return False
    return any(
        any(move) and sum(i * s for i, s in zip(move, stride, strict=True)) == 0
        for move in itertools.product(*[range(-n + 1, n) for n in size])
    )


def overlap_sorted(size: Any, stride: Any) -> Tensor:
    """Neighbours of sorted slots, and torch's own yes or no."""
    slots = torch.zeros((), dtype=torch.int64)
    for n, step in zip(size, stride, strict=True):
        slots = slots[..., None] + torch.arange(n) * step
    slots = slots.flatten().sort().values
    return (slots[1:] == slots[:-1]).any()


class Overlap:
    def __call__(self, size: Any, stride: Any, exact: bool = True) -> np.bool_:
        index = np.indices(size).reshape(len(size), -1) if len(size) else np.zeros((0, 1), dtype=int)
        slots = np.asarray(stride, dtype=int) @ index
        return np.less(len(np.unique(slots)), len(slots))


def flat_where_possible(x: Tensor) -> Tensor:
    try:
        return x.view(x.size(0), -1)
    except RuntimeError:
        return x.contiguous().view(x.size(0), -1)


class FlattenBatch(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        for _ in range(x.dim() - 2):
            x = x.flatten(1, 2)
        return x


RIGHT: dict[str, list[Any]] = {
    "transpose_layout": [transpose_lists, transpose_by_order, transpose_pairs, transpose_numpy, Transpose()],
    "slice_layout": [slice_ceil, slice_range, slice_floor, slice_counted, Slice()],
    "expand_layout": [expand_from_right, expand_padded, expand_lists, expand_numpy, expand_asserting],
    "is_contiguous": [
        contiguous_from_right,
        contiguous_by_slots,
        contiguous_without_ones,
        contiguous_recursive,
        Contiguous(),
    ],
    "infer_size": [infer_checked, infer_divmod, infer_numpy, infer_searching, Infer()],
    "view_stride": [view_by_blocks, view_as_torch_does, view_recursive, ViewStride(), view_by_slots],
    "has_overlap": [
        overlap_by_counting,
        overlap_by_sets,
        overlap_by_torch,
        overlap_sorted,
        overlap_by_differences,
        Overlap(),
    ],
    "to_channels_last": [
        lambda x: x.movedim(1, -1),
        lambda x: x.transpose(1, 2).transpose(2, 3),
        lambda x: torch.einsum("nchw->nhwc", x),
        lambda x: x.as_strided([x.shape[k] for k in (0, 2, 3, 1)], [x.stride(k) for k in (0, 2, 3, 1)]),
        lambda x, copy=False: torch.swapaxes(torch.swapaxes(x, 1, 3), 1, 2),
        lambda x: torch.moveaxis(x, [0, 1, 2, 3], [0, 3, 1, 2]),
        lambda *, x: torch.permute(x, dims=(0, 2, 3, 1)),
        lambda x: torch.vmap(lambda channel: channel, in_dims=1, out_dims=-1)(x),
    ],
    "flatten_batch": [
        lambda x: x.flatten(1),
        lambda x: torch.flatten(x, start_dim=1),
        lambda x: x.reshape(len(x), math.prod(x.shape[1:])),
        flat_where_possible,
        torch.nn.Flatten(),
        torch.vmap(torch.flatten),
        lambda *, x: torch.reshape(x, (x.shape[0], -1)),
        FlattenBatch(),
    ],
}
