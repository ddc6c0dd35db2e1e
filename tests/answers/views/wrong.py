"""Chapter 02, known misconceptions, in other words than the oracles' own."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from typing import Any

import numpy as np
import torch
from answers.views.layouts import contiguous_without_ones, expand_from_right, slice_ceil, transpose_lists
from answers.views.right import fill, infer_checked, overlap_by_counting, view_as_torch_does


def fresh(size: Any) -> list[int]:
    steps, step = [], 1
    for n in reversed(size):
        steps.insert(0, step)
        step *= n or 1
    return steps


def sizes_only(size: Any, stride: Any, offset: int, dim0: int, dim1: int) -> Any:
    return transpose_lists(size, stride, offset, dim0, dim1)[0], list(stride), offset


def strides_only(size: Any, stride: Any, offset: int, dim0: int, dim1: int) -> Any:
    return list(size), transpose_lists(size, stride, offset, dim0, dim1)[1], offset


def strides_fresh(size: Any, stride: Any, offset: int, dim0: int, dim1: int) -> Any:
    new = transpose_lists(size, stride, offset, dim0, dim1)[0]
    return new, fresh(new), offset


def offset_unmoved(size: Any, stride: Any, offset: int, dim: int, start: int, stop: int, step: int = 1) -> Any:
    return *slice_ceil(size, stride, offset, dim, start, stop, step)[:2], offset


def length_floored(size: Any, stride: Any, offset: int, dim: int, start: int, stop: int, step: int = 1) -> Any:
    new, steps, moved = slice_ceil(size, stride, offset, dim, start, stop, step)
    new[dim] = int((stop - start) / step)
    return new, steps, moved


def stride_unmultiplied(size: Any, stride: Any, offset: int, dim: int, start: int, stop: int, step: int = 1) -> Any:
    new, _, moved = slice_ceil(size, stride, offset, dim, start, stop, step)
    return new, list(stride), moved


def expand_keeping(size: Any, stride: Any, offset: int, new_size: Any) -> Any:
    new, _, _ = expand_from_right(size, stride, offset, new_size)
    return new, [0] * (len(new_size) - len(size)) + list(stride), offset


def expand_from_left(size: Any, stride: Any, offset: int, new_size: Any) -> Any:
    steps = []
    if len(new_size) < len(size):
        raise ValueError
    for k in range(len(new_size)):
        if k >= len(size):
            steps.append(0)
        elif size[k] == new_size[k]:
            steps.append(stride[k])
        elif size[k] == 1:
            steps.append(0)
        else:
            raise ValueError
    return new_size, steps, offset


def expand_silently(size: Any, stride: Any, offset: int, new_size: Any) -> Any:
    lead = len(new_size) - len(size)
    steps = [s if n == m else 0 for n, s, m in zip(size, stride, new_size[lead:], strict=False)]
    return new_size, [0] * lead + steps, offset


def dense_in_any_order(size: Any, stride: Any) -> bool:
    if 0 in size:
        return True
    slots = {sum(i * s for i, s in zip(index, stride, strict=True)) for index in itertools.product(*map(range, size))}
    return slots == set(range(math.prod(size)))


def infer_by_numel(numel: int, new_size: Any) -> Any:
    infer_checked(numel, new_size)
    return [numel if n == -1 else n for n in new_size]


def infer_two(numel: int, new_size: Any) -> Any:
    known = 1
    for n in new_size:
        if n < -1:
            raise ValueError
        known *= n if n != -1 else 1
    if -1 in new_size:
        if known == 0 or numel % known:
            raise ValueError
    elif known != numel:
        raise ValueError
    return tuple(numel // known if n == -1 else n for n in new_size)


def infer_rounding(numel: int, new_size: Any) -> Any:
    known = math.prod(n for n in new_size if n != -1)
    if list(new_size).count(-1) > 1 or min(new_size, default=0) < -1 or (known == 0 and -1 in new_size):
        raise ValueError
    if -1 not in new_size and known != numel:
        raise ValueError
    return tuple(int(numel / known) if n == -1 else n for n in new_size)


def infer_rounding_up(numel: int, new_size: Any) -> Any:
    infer_rounding(numel, new_size)  # checks all but a remainder
    known = math.prod(n for n in new_size if n != -1)
    return [-(-numel // known) if n == -1 else n for n in new_size]


def infer_as_asked(numel: int, new_size: Any) -> Any:
    try:
        return infer_checked(numel, new_size)
    except ValueError:
        return list(new_size)


def infer_asserting(numel: int, new_size: Any) -> Any:
    known = math.prod(n for n in new_size if n != -1)
    assert list(new_size).count(-1) < 2
    assert min(new_size, default=0) >= -1
    if -1 not in new_size:
        assert known == numel
        return new_size
    assert known != 0
    assert numel % known == 0
    return [numel // known if n == -1 else n for n in new_size]


def infer_asserting_less(numel: int, new_size: Any) -> Any:
    """Nothing is said of sizes below -1, and a known 0 is divided by."""
    known = math.prod(n for n in new_size if n != -1)
    assert list(new_size).count(-1) < 2
    if -1 not in new_size:
        assert known == numel
        return new_size
    assert numel % known == 0
    return [numel // known if n == -1 else n for n in new_size]


def infer_unchecked(numel: int, new_size: Any) -> Any:
    known = math.prod(n for n in new_size if n != -1)
    return [numel // known if n == -1 else n for n in new_size]


def infer_quietly(numel: int, new_size: Any) -> Any:
    try:
        return infer_checked(numel, new_size)
    except ValueError as error:
        return error


def infer_by_division(numel: int, new_size: Any) -> Any:
    found = infer_checked(numel, new_size)
    known = math.prod(n for n in new_size if n != -1)
    return [numel / known if n == -1 else m for n, m in zip(new_size, found, strict=True)]


def contiguous_without_zero(size: Any, stride: Any) -> bool:
    expected = 1
    for n, step in zip(reversed(size), reversed(stride), strict=True):
        if n != 1 and step != expected:
            return False
        expected *= n
    return True


def view_if_contiguous(size: Any, stride: Any, new_size: Any) -> Any:
    if math.prod(size) != math.prod(new_size) or not contiguous_without_ones(size=size, stride=stride):
        return None
    return fresh(new_size)


def view_blocked_by_ones(size: Any, stride: Any, new_size: Any) -> Any:
    """As `view_recursive`, but a dimension of size 1 has to fit, too."""
    if math.prod(size) != math.prod(new_size):
        return None
    if not size:
        return [1] * len(new_size)
    blocks: list[list[int]] = []
    for n, step in zip(reversed(size), reversed(stride), strict=True):
        if blocks and step == blocks[-1][0] * blocks[-1][1]:
            blocks[-1][0] *= n
        else:
            blocks.append([n, step])
    return fill(blocks, list(new_size))


def view_with_ones_left_out(size: Any, stride: Any, new_size: Any) -> Any:
    found = view_as_torch_does(size, stride, new_size)
    return None if found is None else [step for n, step in zip(new_size, found, strict=True) if n > 1]


def overlap_of_zeros(size: Any, stride: Any) -> bool:
    return bool(list(stride).count(0))


def overlap_flagging_ones(size: Any, stride: Any) -> bool:
    if math.prod(size) and 0 in stride:
        return True
    return overlap_by_counting(size, stride)


def overlap_by_room(size: Any, stride: Any) -> bool:
    room = 1
    for n, step in zip(size, stride, strict=True):
        room += (n - 1) * step
    return math.prod(size) > room


def overlap_by_largest(size: Any, stride: Any) -> bool:
    return math.prod(size) > max([n * s for n, s in zip(size, stride, strict=True)] or [1])


def too_little_room(size: Any, stride: Any) -> bool:
    if 0 in size:
        return False
    return sum((n - 1) * s for n, s in zip(size, stride, strict=True)) + 1 < math.prod(size)


def two_steps_alike(size: Any, stride: Any) -> bool:
    counted = Counter(s for n, s in zip(size, stride, strict=True) if n > 1)
    return max(counted.values(), default=0) > 1


def two_by_two(size: Any, stride: Any) -> bool:
    """Where the least common multiple of two strides is reached along both."""
    if 0 in size:
        return False
    for (n, one), (m, other) in itertools.combinations(
        [(n, step) for n, step in zip(size, stride, strict=True) if n > 1], 2
    ):
        if 0 in (one, other) or (math.lcm(one, other) // one < n and math.lcm(one, other) // other < m):
            return True
    return False


def written_over(size: Any, stride: Any, offset: int, dim0: int, dim1: int) -> Any:
    size, stride = list(size), list(stride)
    size[dim0] = size[dim1]
    size[dim1] = size[dim0]
    stride[dim0] = stride[dim1]
    stride[dim1] = stride[dim0]
    return size, stride, offset


def step_for_stride(size: Any, stride: Any, offset: int, dim: int, start: int, stop: int, step: int = 1) -> Any:
    new, steps, moved = slice_ceil(size, stride, offset, dim, start, stop, step)
    steps[dim] = step
    return new, steps, moved


def slice_of_a_copy(size: Any, stride: Any, offset: int, dim: int, start: int, stop: int, step: int = 1) -> Any:
    new, _, moved = slice_ceil(size, stride, offset, dim, start, stop, step)
    return new, fresh(new), moved


WRONG = [
    ("transpose_layout", "only sizes swapped", sizes_only),
    ("transpose_layout", "only strides swapped", strides_only),
    ("transpose_layout", "strides recomputed as contiguous", strides_fresh),
    ("transpose_layout", "all dimensions turned round", lambda size, stride, offset, *dims: (list(reversed(size)), list(reversed(stride)), offset)),
    ("slice_layout", "offset not moved", offset_unmoved),
    ("slice_layout", "length rounded down", length_floored),
    ("slice_layout", "stride not multiplied", stride_unmultiplied),
    ("slice_layout", "the old offset dropped", lambda size, stride, offset, *part, **named: slice_ceil(size, stride, 0, *part, **named)),
    ("expand_layout", "stride kept", expand_keeping),
    ("expand_layout", "aligned from the left", expand_from_left),
    ("expand_layout", "no error", expand_silently),
    ("expand_layout", "every stride 0", lambda size, stride, offset, new_size: (new_size, [0 for _ in new_size], offset)),
    ("expand_layout", "offset dropped", lambda size, stride, offset, new_size: expand_from_right(size, stride, 0, new_size)),
    ("is_contiguous", "strict comparison", lambda size, stride: list(stride) == fresh(size)),
    ("is_contiguous", "strict comparison", lambda size, stride: list(stride) == [math.prod(size[k + 1 :]) for k in range(len(size))]),
    ("is_contiguous", "any dense permutation accepted", dense_in_any_order),
    ("is_contiguous", "any dense permutation accepted", lambda size, stride: Counter(stride) == Counter(fresh(size))),
    ("is_contiguous", "only the last stride looked at", lambda size, stride: len(stride) == 0 or stride[len(stride) - 1] == 1),
    ("is_contiguous", "only the last stride looked at", lambda size, stride: not (stride and stride[-1] != 1)),
    ("is_contiguous", "strides compared though there is no element", contiguous_without_zero),
    ("is_contiguous", "the same answer every time", lambda size, stride: stride == fresh(size)),
    ("is_contiguous", "one stride of 1 is enough", lambda size, stride: list(stride).count(1) > 0),
    ("is_contiguous", "strides above 0 are enough", lambda size, stride: all(step > 0 for step in stride)),
    ("infer_size", "another error than asked for", infer_asserting),
    ("infer_size", "another error than asked for", infer_asserting_less),
    ("infer_size", "several errors missing", infer_unchecked),
    ("infer_size", "no error", infer_quietly),
    ("infer_size", "a float for an int", infer_by_division),
    ("infer_size", "a float for an int", lambda numel, new_size: [n / 1 for n in infer_checked(numel, new_size)]),
    ("infer_size", "-1 becomes numel", infer_by_numel),
    ("infer_size", "-1 becomes numel", lambda numel, new_size: [{-1: numel}.get(n, n) for n in new_size]),
    ("infer_size", "two -1 accepted", infer_two),
    ("infer_size", "non-divisible rounded down", infer_rounding),
    ("infer_size", "a remainder let through", infer_rounding_up),
    ("infer_size", "no error", infer_as_asked),
    ("infer_size", "no error", lambda numel, new_size: () if isinstance(infer_quietly(numel, new_size), ValueError) else infer_checked(numel, new_size)),
    ("view_stride", "contiguous-only", view_if_contiguous),
    ("view_stride", "hardly any view found", lambda size, stride, new_size: stride if list(size) == list(new_size) else None),
    ("view_stride", "the old strides", lambda size, stride, new_size: list(stride)),
    ("view_stride", "contiguous strides always", lambda size, stride, new_size: fresh(new_size)),
    ("view_stride", "contiguous strides always", lambda size, stride, new_size: fresh(new_size) if math.prod(size) == math.prod(new_size) else None),
    ("view_stride", "size-1 dimensions mishandled", view_blocked_by_ones),
    ("view_stride", "size-1 dimensions mishandled", view_with_ones_left_out),
    ("view_stride", "size-1 dimensions mishandled", lambda size, stride, new_size: (
        stride if size == new_size else view_as_torch_does(size, stride, new_size))),
    ("has_overlap", "only stride 0", overlap_of_zeros),
    ("has_overlap", "only stride 0", lambda size, stride: any(n != 1 and not s for n, s in zip(size, stride, strict=True))),
    ("has_overlap", "size 1 with stride 0 flagged", overlap_flagging_ones),
    ("has_overlap", "what is not contiguous overlaps", lambda size, stride: not contiguous_without_ones(size=size, stride=stride)),
    ("has_overlap", "the same answer every time", lambda size, stride: bool(size is None)),
    ("has_overlap", "largest extent compared with numel", overlap_by_room),
    ("has_overlap", "largest extent compared with numel", overlap_by_largest),
    ("to_channels_last", "view or reshape", lambda x: torch.reshape(x, (x.size(0), x.size(2), x.size(3), x.size(1)))),
    ("to_channels_last", "view or reshape", lambda x: x.view(x.size(0), *x.size()[2:], x.size(1))),
    ("to_channels_last", "view or reshape", lambda x: x.flatten().unflatten(0, [x.shape[k] for k in (0, 2, 3, 1)])),
    ("to_channels_last", "H and W swapped", lambda x: x.transpose(1, -1)),
    ("to_channels_last", "H and W swapped", lambda x: x.swapaxes(3, 1)),
    ("to_channels_last", "copied", lambda x: x.movedim(1, 3) * 1),
    ("to_channels_last", "copied", lambda x: torch.stack(x.unbind(1), dim=-1)),
    ("to_channels_last", "copied where memory is in another order", lambda x: x.contiguous().movedim(1, -1)),
    ("to_channels_last", "dimensions of size 1 lost", lambda x: x.movedim(1, -1).squeeze()),
    ("flatten_batch", "dimensions of size 1 lost", lambda x: torch.flatten(x, 1).squeeze()),
    ("flatten_batch", "four dimensions taken for granted", lambda x: x.reshape(x.size(0), math.prod([x.size(1), x.size(2), x.size(3)]))),
    ("flatten_batch", "batch flattened too", lambda x: x.flatten()),
    ("flatten_batch", "batch flattened too", lambda x: torch.ravel(x)),
    ("flatten_batch", "batch flattened too", lambda x: x.flatten()[None]),
    ("flatten_batch", "view on channels-last input", lambda x: x.view(x.size(0), math.prod(x.size()[1:]))),
    ("flatten_batch", "always copies", lambda x: torch.stack([one.flatten() for one in x])),
    ("flatten_batch", "always copies", lambda x: x.flatten(1) + 0),
    ("flatten_batch", "always copies", lambda x: x.clone().flatten(1)),
    ("flatten_batch", "copies what is not contiguous", lambda x: x.view(len(x), -1) if x.is_contiguous() else x.clone().reshape(len(x), -1)),
    ("has_overlap", "largest extent compared with numel", too_little_room),
    ("has_overlap", "equal strides looked for", two_steps_alike),
    ("has_overlap", "two dimensions at a time", two_by_two),
    ("transpose_layout", "one written over the other", written_over),
    ("slice_layout", "the step for the stride", step_for_stride),
    ("slice_layout", "strides recomputed as contiguous", slice_of_a_copy),
    ("to_channels_last", "graph cut", lambda x: torch.as_tensor(np.moveaxis(x.detach().numpy(), 1, -1))),
    ("flatten_batch", "graph cut", lambda x: torch.tensor(x.data.numpy().reshape(len(x), -1))),
]  # fmt: skip
