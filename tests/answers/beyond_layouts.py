"""Answers of chapters 01 and 02 that are wrong only where no case picked by hand looks: a rank beyond those, a size of 1, an
offset on one side, another order in memory, another dtype.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from answers.storage.right import read_by_hand, slot_in_a_loop, strides_from_the_right
from answers.views.layouts import contiguous_from_right, expand_from_right, slice_ceil, transpose_lists
from answers.views.right import fill, flat_where_possible, infer_checked, overlap_by_sets, view_as_torch_does
from torch import Tensor

__all__ = ["BEYOND_LAYOUTS"]

Answer = Callable[..., Any]


def _read_bytes(storage: Tensor, size: Any, stride: Any, offset: int = 0) -> Tensor:
    """Eight bytes a slot, as NumPy wants them; right for float64 and int64."""
    right = read_by_hand(storage, size, stride, offset)
    if storage.dtype is torch.bfloat16 or not right.numel():
        return right
    array = storage.contiguous().numpy()[offset:]
    width = 8 if array.itemsize == 8 else 4
    return torch.from_numpy(np.lib.stride_tricks.as_strided(array, size, [s * width for s in stride]).copy())


def _read_one_too_far(storage: Tensor, size: Any, stride: Any, offset: int = 0) -> Tensor:
    """Allows the slot behind the last one, and finds what lies there in memory: as_strided's own bound, off by one."""
    roomy = torch.cat([storage, storage[:1] if len(storage) else storage.new_zeros(1)])
    return read_by_hand(roomy, size, stride, offset)


def _read_filled(storage: Tensor, size: Any, stride: Any, offset: int = 0) -> Tensor:
    last = offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    if 0 not in size and not 0 <= last <= len(storage):
        raise IndexError
    return read_by_hand(torch.cat([storage, storage.new_zeros(1)]), size, stride, offset)


def _one_side(a: Tensor, b: Tensor) -> bool:
    return a.untyped_storage().data_ptr() == b.data_ptr() - b.storage_offset() * 8


def _of_its_own_size(a: Tensor, b: Tensor) -> bool:
    """Takes an expanded tensor for one whose storage is as large as it looks."""
    if a.numel() * a.element_size() > a.untyped_storage().nbytes():
        return a.data_ptr() == b.data_ptr()
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


def _first_run_only(size: Any, stride: Any, new_size: Any) -> Any:
    """Compares each step with the rightmost run, not with the last one."""
    if np.prod(size, dtype=int) != np.prod(new_size, dtype=int):
        return None
    runs: list[list[int]] = []
    for n, step in zip(reversed(size), reversed(stride), strict=True):
        if runs and (n == 1 or step == runs[0][0] * runs[0][1]):
            runs[-1][0] *= n
        else:
            runs.append([n, step])
    return fill(runs or [[1, 1]], list(new_size))


def _overlap_of_some(size: Any, stride: Any) -> bool:
    """Looks at four thousand elements."""
    indices = itertools.islice(itertools.product(*map(range, size)), 4000)
    slots = [slot_in_a_loop(index, stride) for index in indices]
    return len(set(slots)) < len(slots)


def _falling_as_far_as_fresh(size: Any, stride: Any) -> bool:
    """Falling strides, and as many slots from the first element to the last as there are elements."""
    if 0 in size:
        return True
    steps = [step for n, step in zip(size, stride, strict=True) if n > 1]
    reach = slot_in_a_loop([n - 1 for n in size], stride)
    return steps == sorted(steps, reverse=True) and reach == math.prod(size) - 1


def _until_unknown_is_last(numel: int, new_size: Any) -> Any:
    right = infer_checked(numel, new_size)
    return right if len(new_size) < 5 else new_size


def _falling(x: Tensor) -> Tensor:
    """A view where the strides fall from N to W, a copy elsewhere."""
    steps = list(x.stride())
    return x.permute(0, 2, 3, 1) if steps == sorted(steps, reverse=True) else x.permute(0, 2, 3, 1).clone()


def _flat_copying_integers(x: Tensor) -> Tensor:
    return flat_where_possible(x) if x.is_floating_point() else x.flatten(1).clone()


BEYOND_LAYOUTS: list[tuple[str, str, Answer]] = [
    ("flat_index", "four dimensions at most", lambda index, stride, offset=0: slot_in_a_loop(index[:4], stride, offset)),
    ("flat_index", "five dimensions at most", lambda index, stride, offset=0: slot_in_a_loop(index[:5], stride, offset)),
    ("flat_index", "no stride above 999", lambda index, stride, offset=0: slot_in_a_loop(
        index, [min(step, 999) for step in stride], offset)),
    ("flat_index", "no offset above 100", lambda index, stride, offset=0: slot_in_a_loop(index, stride, min(offset, 100))),
    ("flat_index", "no index above 9", lambda index, stride, offset=0: slot_in_a_loop(
        [min(i, 9) for i in index], stride, offset)),
    ("flat_index", "summed in float32", lambda index, stride, offset=0: offset + int(
        np.dot(np.array(index, dtype=np.float32), np.array(stride, dtype=np.float32)))),
    ("contiguous_stride", "five dimensions at most", lambda size: strides_from_the_right(size[:5])),
    ("contiguous_stride", "sizes of one digit", lambda size: strides_from_the_right([min(n, 9) for n in size])),
    ("contiguous_stride", "a size of 0 passes for 1 in front only", lambda size: strides_from_the_right(size) if (
        0 not in size[3:]) else [0] * len(size)),
    ("read_strided", "squeezed", lambda storage, size, stride, offset=0: read_by_hand(storage, size, stride, offset).squeeze()),
    ("read_strided", "eight bytes an element", _read_bytes),
    ("read_strided", "the slot behind the last one, too", _read_one_too_far),
    ("read_strided", "slot <= len(storage)", _read_filled),
    ("read_strided", "four dimensions at most", lambda storage, size, stride, offset=0: read_by_hand(
        storage, size[:4], stride[:4], offset)),
    ("read_strided", "float32 at least", lambda storage, size, stride, offset=0: (
        read_by_hand(storage, size, stride, offset).float() if storage.dtype is torch.bfloat16
        else read_by_hand(storage, size, stride, offset))),
    ("read_strided", "a bool is a number", lambda storage, size, stride, offset=0: (
        read_by_hand(storage.long() if storage.dtype is torch.bool else storage, size, stride, offset))),
    ("shares_storage", "a's first element", lambda a, b: a.data_ptr() == b.untyped_storage().data_ptr()),
    ("shares_storage", "b's first element", lambda a, b: a.untyped_storage().data_ptr() == b.data_ptr()),
    ("shares_storage", "eight bytes an element", _one_side),
    ("shares_storage", "an expanded tensor is as large as it looks", _of_its_own_size),
    ("shares_storage", "not of a number without dimensions", lambda a, b: (
        a.dim() * b.dim() > 0 and a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr())),
    ("shares_storage", "the same history", lambda a, b: (
        a.requires_grad == b.requires_grad and a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr())),
    ("shares_storage", "the same dtype", lambda a, b: (
        a.dtype == b.dtype and a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr())),
    ("transpose_layout", "dimensions up to 3", lambda size, stride, offset, dim0, dim1: transpose_lists(
        size, stride, offset, min(dim0, 3), min(dim1, 3))),
    ("transpose_layout", "down to -4", lambda size, stride, offset, dim0, dim1: transpose_lists(
        size, stride, offset, max(dim0, -4), max(dim1, -4))),
    ("transpose_layout", "two different dimensions", lambda size, stride, offset, dim0, dim1: transpose_lists(
        size, stride, offset, dim0, dim1 if dim0 != dim1 else dim1 - 1)),
    ("slice_layout", "dimensions up to 3", lambda size, stride, offset, dim, *part, **named: slice_ceil(
        size, stride, offset, min(dim, 3), *part, **named)),
    ("slice_layout", "steps up to 3", lambda size, stride, offset, dim, start, stop, step=1: slice_ceil(
        size, stride, offset, dim, start, stop, min(step, 3))),
    ("expand_layout", "one new dimension", lambda size, stride, offset, new_size: expand_from_right(
        size, stride, offset, new_size if len(new_size) < len(size) + 3 else new_size[1:])),
    ("expand_layout", "six dimensions at most", lambda size, stride, offset, new_size: expand_from_right(
        size, stride, offset, new_size[-6:] if len(size) < 7 < len(new_size) else new_size)),
    ("expand_layout", "a size of 0 grows, too", lambda size, stride, offset, new_size: expand_from_right(
        [n or 1 for n in size], stride, offset, new_size)),
    ("is_contiguous", "four dimensions at most", lambda size, stride: contiguous_from_right(size[-4:], stride[-4:])),
    ("is_contiguous", "the first stride may be anything", lambda size, stride: (
        contiguous_from_right(size, stride) if len(size) < 5 else contiguous_from_right(size[1:], stride[1:]))),
    ("is_contiguous", "falling strides that reach as far", _falling_as_far_as_fresh),
    ("infer_size", "four sizes at most", _until_unknown_is_last),
    ("infer_size", "never 0", lambda numel, new_size: [n or 1 for n in infer_checked(numel, new_size)] if (
        -1 in new_size and len(new_size) > 3) else infer_checked(numel, new_size)),
    ("view_stride", "the first run only", _first_run_only),
    ("view_stride", "five dimensions at most", lambda size, stride, new_size: (
        view_as_torch_does(size, stride, new_size) if len(size) < 6 else None)),
    ("has_overlap", "three dimensions at most", lambda size, stride: overlap_by_sets(size=size[:3], stride=stride[:3])),
    ("has_overlap", "of any three dimensions at once", lambda size, stride: 0 not in size and any(
        overlap_by_sets(size=[size[dim] for dim in some], stride=[stride[dim] for dim in some])
        for some in itertools.combinations(range(len(size)), min(len(size), 3)))),
    ("has_overlap", "four thousand elements at most", _overlap_of_some),
    ("to_channels_last", "images of eight columns at most", lambda x: x[..., :8].permute(0, 2, 3, 1)),
    ("to_channels_last", "more than five images cut off", lambda x: x[:5].permute(0, 2, 3, 1)),
    ("to_channels_last", "copies what is not in falling order", _falling),
    ("to_channels_last", "squeezed", lambda x: x.permute(0, 2, 3, 1).squeeze()),
    ("to_channels_last", "float32 at least", lambda x: (
        x.permute(0, 2, 3, 1) if x.dtype.itemsize > 2 else x.permute(0, 2, 3, 1).float())),
    ("to_channels_last", "contiguous first", lambda x: x.contiguous().permute(0, 2, 3, 1)),
    ("flatten_batch", "more than five images cut off", lambda x: flat_where_possible(x[:5])),
    ("flatten_batch", "thirty numbers an image", lambda x: flat_where_possible(x)[:, :30]),
    ("flatten_batch", "two hundred numbers an image", lambda x: flat_where_possible(x)[:, :200]),
    ("flatten_batch", "one image is no batch", lambda x: flat_where_possible(x)[0] if len(x) == 1 else flat_where_possible(x)),
    ("flatten_batch", "squeezed", lambda x: flat_where_possible(x).squeeze()),
    ("flatten_batch", "squeezed at the end", lambda x: flat_where_possible(x).squeeze(-1)),
    ("flatten_batch", "integers always copied", _flat_copying_integers),
    ("flatten_batch", "bfloat16 lost", lambda x: flat_where_possible(x.float() if x.dtype is torch.bfloat16 else x)),
    ("flatten_batch", "four dimensions at most", lambda x: flat_where_possible(x if x.dim() < 5 else x.flatten(0, -5))),
]  # fmt: skip
