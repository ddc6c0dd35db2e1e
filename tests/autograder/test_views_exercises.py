"""Chapter 02: right answers in other styles earn everything, nothing else does, and wrong ones have names."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from autograder.exercise import exercises_of
from autograder.judge import judge
from autograder.observe import run
from autograder.oracles.record import record, same_reference
from autograder.oracles.views import ORACLES
from autograder.reference import PUBLIC, load
from autograder.verdict import Verdict

EXERCISES = {one.id: one for one in exercises_of("views")}


def check(exercise: str, answer: Any, directory: Path = PUBLIC) -> Verdict:
    """As `autograder.check` does it, on any reference."""
    task = EXERCISES[exercise]
    reference = load(task, directory)
    return judge(task, reference, run(task, answer, reference.cases))


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("private")
    (directory / "views.safetensors").write_bytes(record("views", seed=b"other"))
    return directory


# Right answers, as different as people write them.


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
    "has_overlap": [overlap_by_counting, overlap_by_sets, overlap_by_torch, overlap_by_differences, Overlap()],
    "to_channels_last": [
        lambda x: x.movedim(1, -1),
        lambda x: x.transpose(1, 2).transpose(2, 3),
        lambda x: torch.einsum("nchw->nhwc", x),
        lambda x: x.as_strided([x.shape[k] for k in (0, 2, 3, 1)], [x.stride(k) for k in (0, 2, 3, 1)]),
        lambda x, copy=False: torch.swapaxes(torch.swapaxes(x, 1, 3), 1, 2),
        lambda x: torch.moveaxis(x, [0, 1, 2, 3], [0, 3, 1, 2]),
        lambda *, x: torch.permute(x, dims=(0, 2, 3, 1)),
    ],
    "flatten_batch": [
        lambda x: x.flatten(1),
        lambda x: torch.flatten(x, start_dim=1),
        lambda x: x.reshape(len(x), math.prod(x.shape[1:])),
        flat_where_possible,
        torch.nn.Flatten(),
        lambda *, x: torch.reshape(x, (x.shape[0], -1)),
        FlattenBatch(),
    ],
}
EVERY_RIGHT = [(exercise, answer) for exercise, answers in RIGHT.items() for answer in answers]


def test_every_exercise_has_five_right_answers_in_other_styles() -> None:
    assert set(RIGHT) == set(EXERCISES)
    assert min(map(len, RIGHT.values())) >= 5


@pytest.mark.parametrize(("exercise", "answer"), EVERY_RIGHT)
def test_a_right_answer_in_another_style_earns_all_points(exercise: str, answer: Any) -> None:
    verdict = check(exercise, answer)
    assert verdict.solved, str(verdict)
    assert verdict.score == EXERCISES[exercise].points


@pytest.mark.parametrize(("exercise", "answer"), EVERY_RIGHT)
def test_a_private_seed_accepts_what_is_right(exercise: str, answer: Any, private: Path) -> None:
    verdict = check(exercise, answer, private)
    assert verdict.solved, str(verdict)


# Nothing for nothing


def untouched(*args: Any, **kwargs: Any) -> Any:
    raise NotImplementedError


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("stub", [untouched, None, ...])
def test_a_stub_is_not_attempted_and_earns_nothing(exercise: str, stub: Any) -> None:
    verdict = check(exercise, stub)
    assert (verdict.status.value, verdict.score) == ("not attempted", 0)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_no_answer_that_is_always_the_same_earns_anything(exercise: str) -> None:
    constants = [True, False, None, (), 0, torch.zeros(2, 3)]
    for expected in load(EXERCISES[exercise]).expected:
        values = [value for aspect, value in expected.items() if aspect not in ("memory", "errors", "gradients")]
        constants += [one["stride"] if exercise == "view_stride" else one for one in values]
    for constant in constants:
        verdict = check(exercise, lambda *args, constant=constant, **kwargs: constant)
        assert verdict.score == 0, f"{constant}\n{verdict}"


def test_always_raising_earns_nothing() -> None:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise ValueError("no")

    assert [check(exercise, refuse).score for exercise in EXERCISES] == [0] * len(EXERCISES)


@pytest.mark.parametrize("exercise", ["transpose_layout", "slice_layout", "expand_layout"])
def test_giving_the_layout_back_earns_nothing_much(exercise: str) -> None:
    verdict = check(exercise, lambda size, stride, offset, *rest, **named: (size, stride, offset))
    assert verdict.score == 0, str(verdict)


# torch's own


def by_torch(size: Any, stride: Any, offset: int = 0) -> Tensor:
    return torch.empty(5000).as_strided(size, stride, offset)


def layout_of(x: Tensor) -> Any:
    return tuple(x.size()), tuple(x.stride()), x.storage_offset()


def view_by_torch(size: Any, stride: Any, new_size: Any) -> Any:
    try:
        return torch.empty_strided(size, stride, device="meta").view(new_size).stride()
    except RuntimeError:
        return None


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("transpose_layout", lambda size, stride, offset, a, b: layout_of(by_torch(size, stride, offset).transpose(a, b))),
        ("slice_layout", lambda size, stride, offset, dim, start, stop, step=1: layout_of(
            by_torch(size, stride, offset)[(slice(None),) * dim + (slice(start, stop, step),)])),
        ("expand_layout", lambda size, stride, offset, new_size: layout_of(by_torch(size, stride, offset).expand(new_size))),
        ("is_contiguous", lambda size, stride: torch.empty_strided(size, stride).is_contiguous()),
        ("infer_size", lambda numel, new_size: tuple(torch.empty(numel).view(new_size).shape)),
        ("infer_size", lambda numel, new_size: tuple(torch.zeros(numel, device="meta").reshape(*new_size).shape)),
        ("view_stride", view_by_torch),
    ],
)  # fmt: skip
def test_torchs_own_operator_earns_nothing_by_hand(exercise: str, answer: Any) -> None:
    verdict = check(exercise, answer)
    assert (verdict.status.value, verdict.score) == ("not by hand", 0)
    assert "torch's own; here you build it" in verdict.note


# Misconceptions

VARIANTS = [
    (oracle.exercise, one.name, variant)
    for oracle in ORACLES
    for one in oracle.misconceptions
    for variant in one.variants
]


@pytest.mark.parametrize(("exercise", "name", "answer"), VARIANTS)
def test_every_known_misconception_is_called_by_its_name(exercise: str, name: str, answer: Any) -> None:
    verdict = check(exercise, answer)
    assert verdict.misconception == name, str(verdict)
    assert verdict.score < verdict.points


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


WRONG = [
    ("transpose_layout", "only sizes swapped", sizes_only),
    ("transpose_layout", "only strides swapped", strides_only),
    ("transpose_layout", "strides recomputed as contiguous", strides_fresh),
    ("transpose_layout", "all dimensions turned round", lambda size, stride, offset, *dims: (list(reversed(size)), list(reversed(stride)), offset)),
    ("slice_layout", "offset not moved", offset_unmoved),
    ("slice_layout", "length rounded down", length_floored),
    ("slice_layout", "stride not multiplied", stride_unmultiplied),
    ("expand_layout", "stride kept", expand_keeping),
    ("expand_layout", "aligned from the left", expand_from_left),
    ("expand_layout", "no error", expand_silently),
    ("is_contiguous", "strict comparison", lambda size, stride: list(stride) == fresh(size)),
    ("is_contiguous", "strict comparison", lambda size, stride: list(stride) == [math.prod(size[k + 1 :]) for k in range(len(size))]),
    ("is_contiguous", "any dense permutation accepted", dense_in_any_order),
    ("is_contiguous", "any dense permutation accepted", lambda size, stride: Counter(stride) == Counter(fresh(size))),
    ("is_contiguous", "only the last stride looked at", lambda size, stride: len(stride) == 0 or stride[len(stride) - 1] == 1),
    ("is_contiguous", "only the last stride looked at", lambda size, stride: not (stride and stride[-1] != 1)),
    ("infer_size", "-1 becomes numel", infer_by_numel),
    ("infer_size", "-1 becomes numel", lambda numel, new_size: [{-1: numel}.get(n, n) for n in new_size]),
    ("infer_size", "two -1 accepted", infer_two),
    ("infer_size", "non-divisible rounded down", infer_rounding),
    ("view_stride", "contiguous-only", view_if_contiguous),
    ("view_stride", "contiguous strides always", lambda size, stride, new_size: fresh(new_size)),
    ("view_stride", "contiguous strides always", lambda size, stride, new_size: fresh(new_size) if math.prod(size) == math.prod(new_size) else None),
    ("view_stride", "size-1 dimensions mishandled", view_blocked_by_ones),
    ("view_stride", "size-1 dimensions mishandled", view_with_ones_left_out),
    ("has_overlap", "only stride 0", overlap_of_zeros),
    ("has_overlap", "only stride 0", lambda size, stride: any(n != 1 and not s for n, s in zip(size, stride, strict=True))),
    ("has_overlap", "size 1 with stride 0 flagged", overlap_flagging_ones),
    ("has_overlap", "largest extent compared with numel", overlap_by_room),
    ("has_overlap", "largest extent compared with numel", overlap_by_largest),
    ("to_channels_last", "view or reshape", lambda x: torch.reshape(x, (x.size(0), x.size(2), x.size(3), x.size(1)))),
    ("to_channels_last", "view or reshape", lambda x: x.view(x.size(0), *x.size()[2:], x.size(1))),
    ("to_channels_last", "view or reshape", lambda x: x.flatten().unflatten(0, [x.shape[k] for k in (0, 2, 3, 1)])),
    ("to_channels_last", "H and W swapped", lambda x: x.transpose(1, -1)),
    ("to_channels_last", "H and W swapped", lambda x: x.swapaxes(3, 1)),
    ("to_channels_last", "copied", lambda x: x.movedim(1, 3) * 1),
    ("to_channels_last", "copied", lambda x: torch.stack(x.unbind(1), dim=-1)),
    ("flatten_batch", "batch flattened too", lambda x: x.flatten()),
    ("flatten_batch", "batch flattened too", lambda x: torch.ravel(x)),
    ("flatten_batch", "batch flattened too", lambda x: x.flatten()[None]),
    ("flatten_batch", "view on channels-last input", lambda x: x.view(x.size(0), math.prod(x.size()[1:]))),
    ("flatten_batch", "always copies", lambda x: torch.stack([one.flatten() for one in x])),
    ("flatten_batch", "always copies", lambda x: x.flatten(1) + 0),
    ("flatten_batch", "always copies", lambda x: x.clone().flatten(1)),
    ("flatten_batch", "copies what is not contiguous", lambda x: x.view(len(x), -1) if x.is_contiguous() else x.clone().reshape(len(x), -1)),
]  # fmt: skip


@pytest.mark.parametrize(("exercise", "name", "answer"), WRONG)
def test_a_misconception_in_other_words_is_known_too(exercise: str, name: str, answer: Any) -> None:
    verdict = check(exercise, answer)
    assert verdict.misconception == name, str(verdict)
    assert not verdict.solved


@pytest.mark.parametrize(("exercise", "name", "answer"), WRONG + VARIANTS)
def test_a_private_seed_knows_what_is_wrong(exercise: str, name: str, answer: Any, private: Path) -> None:
    verdict = check(exercise, answer, private)
    assert verdict.misconception == name, str(verdict)
    assert not verdict.solved


# What is told, and what it earns


def test_right_sizes_and_strides_of_a_slice_are_said_to_be_right() -> None:
    verdict = check("slice_layout", offset_unmoved)
    held = {one.name: one.holds for one in verdict.aspects}
    assert held == {"values": False, "size": True, "stride": True, "offset": False, "empty": False}
    assert 0 < verdict.score < verdict.points


def test_an_expansion_without_errors_keeps_what_its_layouts_are_worth() -> None:
    verdict = check("expand_layout", expand_silently)
    assert [one.name for one in verdict.aspects if not one.holds] == ["errors"]
    assert verdict.finding is not None
    assert (verdict.finding.got, verdict.finding.expected) == ("errors: 'nothing'", "errors: 'ValueError'")


def test_copying_always_costs_the_memory_only() -> None:
    verdict = check("flatten_batch", lambda x: x.clone().flatten(1))
    assert [one.name for one in verdict.aspects if not one.holds] == ["memory"]


def test_a_view_that_fails_where_none_exists_costs_that_only() -> None:
    verdict = check("flatten_batch", lambda x: x.view(len(x), -1))
    assert [one.name for one in verdict.aspects if not one.holds] == ["no view"]


def test_an_error_of_its_own_kind_that_is_a_value_error_counts_as_one() -> None:
    assert check("expand_layout", expand_numpy).solved


def test_the_right_strides_are_torchs_on_layouts_drawn_at_random() -> None:
    draw = random.Random(0)
    for _ in range(500):
        x = torch.arange(64)[: draw.choice([1, 6, 12, 24])].reshape(draw.choice([(-1,), (-1, 1), (1, -1), (1, -1, 1)]))
        for _ in range(3):
            x = x.transpose(draw.randrange(x.dim()), draw.randrange(x.dim()))
            x = x.unsqueeze(draw.randrange(x.dim() + 1)) if draw.random() < 0.4 and x.dim() < 5 else x
            dim = draw.randrange(x.dim())
            x = x.unflatten(dim, (2, -1)) if x.shape[dim] % 2 == 0 else x
            x = x.narrow(dim, 0, max(1, x.shape[dim] - 1)) if draw.random() < 0.2 else x
        new_size = random_size(draw, x.numel())
        expected = view_by_torch(x.shape, x.stride(), new_size)
        for answer in (view_by_blocks, view_as_torch_does, view_by_slots):
            found = answer(tuple(x.shape), x.stride(), new_size)
            assert (None if found is None else tuple(found)) == expected, (x.shape, x.stride(), new_size)


def random_size(draw: random.Random, numel: int) -> tuple[int, ...]:
    size, rest = [], numel
    while rest > 1:
        n = draw.choice([k for k in range(2, rest + 1) if rest % k == 0])
        size.append(n)
        rest //= n
    for _ in range(draw.randrange(3)):
        size.insert(draw.randrange(len(size) + 1), 1)
    return tuple(size)


def test_the_committed_reference_is_what_the_oracles_say() -> None:
    assert same_reference((PUBLIC / "views.safetensors").read_bytes(), record("views"))
