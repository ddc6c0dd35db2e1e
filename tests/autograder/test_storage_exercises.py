"""Chapter 01: right answers in other styles earn everything, nothing else does, and wrong ones have names."""

from __future__ import annotations

import itertools
import math
import operator
import warnings
from collections.abc import Callable
from functools import reduce
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
from autograder.oracles.storage import OPERATIONS, ORACLES
from autograder.reference import PUBLIC, load
from autograder.verdict import Verdict

EXERCISES = {one.id: one for one in exercises_of("storage")}


def check(exercise: str, answer: Any, directory: Path = PUBLIC) -> Verdict:
    """As `autograder.check` does it, on any reference."""
    task = EXERCISES[exercise]
    reference = load(task, directory)
    return judge(task, reference, run(task, answer, reference.cases))


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("private")
    (directory / "storage.safetensors").write_bytes(record("storage", seed=b"other"))
    return directory


# Right answers, as different as people write them.


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


STUBS = [(one, stub) for one in EXERCISES if one != "predict_layout" for stub in (untouched, None, ...)]
STUBS += [("predict_layout", stub) for stub in (dict.fromkeys(predicted(), ...), {}, None, untouched)]


@pytest.mark.parametrize(("exercise", "stub"), STUBS)
def test_a_stub_is_not_attempted_and_earns_nothing(exercise: str, stub: Any) -> None:
    verdict = check(exercise, stub)
    assert (verdict.status.value, verdict.score) == ("not attempted", 0)


@pytest.mark.parametrize("exercise", [one for one in EXERCISES if one != "predict_layout"])
def test_no_answer_that_is_always_the_same_earns_anything(exercise: str) -> None:
    constants = [True, False, None, 0, torch.zeros(2, 3)]
    for expected in load(EXERCISES[exercise]).expected:
        constants += [value for aspect, value in expected.items() if aspect not in ("memory", "errors")]
    for constant in constants:
        verdict = check(exercise, lambda *args, constant=constant, **kwargs: constant)
        assert verdict.score == 0, f"{constant}\n{verdict}"


def test_no_layout_predicted_for_everything_earns_anything() -> None:
    for layout in predicted().values():
        assert check("predict_layout", dict.fromkeys(predicted(), layout)).score == 0


# torch's own


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("contiguous_stride", lambda size: torch.empty(size).stride()),
        ("contiguous_stride", lambda size: torch.empty(size, device="meta").stride()),
        ("contiguous_stride", lambda size: torch.zeros(*size).stride()),
        ("contiguous_stride", lambda size: tuple(torch.tensor(size[k + 1 :]).clamp(min=1).prod().item() for k in range(len(size)))),
        ("contiguous_stride", lambda size: torch._prims_common.make_contiguous_strides_for(size)),
        ("read_strided", lambda storage, size, stride, offset=0: storage.as_strided(size, stride, offset).clone()),
        ("read_strided", lambda storage, size, stride, offset=0: torch.as_strided(storage, size, stride, offset).clone()),
        ("read_strided", lambda storage, size, stride, offset=0: torch.as_strided_copy(storage, size, stride, offset)),
        ("read_strided", lambda storage, size, stride, offset=0: torch.ops.aten.as_strided(storage, size, stride, offset).clone()),
        ("read_strided", lambda storage, size, stride, offset=0: storage.clone().as_strided_(size, stride, offset)),
    ],
)  # fmt: skip
def test_torchs_own_operator_earns_nothing_by_hand(exercise: str, answer: Any) -> None:
    verdict = check(exercise, answer)
    assert (verdict.status.value, verdict.score) == ("not by hand", 0)


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
    width, array = storage.element_size() * storage.stride(0), storage.numpy()
    return torch.from_numpy(np.lib.stride_tricks.as_strided(array[offset:], size, [s * width for s in stride]))


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
    ("contiguous_stride", "column-major", column_major),
    ("contiguous_stride", "column-major", lambda size: strides_from_the_right(size)[::-1]),
    ("contiguous_stride", "column-major", lambda size: [s // 8 for s in np.empty([n or 1 for n in size], order="F").strides]),
    ("contiguous_stride", "sizes for strides", lambda size: [int(n) for n in size]),
    ("contiguous_stride", "sizes for strides", lambda size: [*size[1:], 1] if size else []),
    ("contiguous_stride", "a dimension's own size counted in", own_size_counted),
    ("contiguous_stride", "size 0 multiplied in", zero_multiplied),
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
    ("shares_storage", "compares values", values_in_a_loop),
    ("shares_storage", "compares values", lambda a, b: a.size() == b.size() and not bool((a != b).any())),
    ("shares_storage", "compares values", lambda a, b: np.array_equal(a.detach().numpy(), b.detach().numpy())),
    ("shares_storage", "compares data_ptr()", lambda a, b: a.data_ptr() - b.data_ptr() == 0),
    ("shares_storage", "compares data_ptr()", lambda a, b: a.detach().numpy().ctypes.data == b.detach().numpy().ctypes.data),
    ("shares_storage", "compares with is", lambda a, b: id(a) == id(b)),
    ("shares_storage", "only common slots count", lambda a, b: np.shares_memory(a.detach().numpy(), b.detach().numpy(), max_work=-1)),
    ("predict_layout", "a copy believed a view", wrong("x.flip(2)", (2, 3, 4), (12, 4, -1), 3)),
    ("predict_layout", "a copy believed a view", wrong("x.transpose(0, 1).reshape(3, 8)", (3, 8), (4, 1), 0)),
    ("predict_layout", "step left out of the stride", wrong("x[:, ::2]", (2, 2, 4), (12, 4, 1), 0)),
    ("predict_layout", "expanded dimension given a stride", wrong("x.unsqueeze(1).expand(2, 5, 3, 4)", (2, 5, 3, 4), (60, 12, 4, 1), 0)),
    ("predict_layout", "expanded dimension given a stride", wrong("x.unsqueeze(1).expand(2, 5, 3, 4)", (2, 5, 3, 4), (12, 12, 4, 1), 0)),
    ("predict_layout", "a view believed a copy", wrong("x.transpose(0, 2)", (4, 3, 2), (6, 2, 1), 0)),
    ("predict_layout", "offset forgotten", wrong("x[:, 1]", (2, 4), (12, 1), 0)),
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


def test_a_read_that_knows_no_error_keeps_what_its_values_are_worth() -> None:
    def unchecked(storage: Tensor, size: Any, stride: Any, offset: int = 0) -> Tensor:
        slots = [slot_in_a_loop(index, stride, offset) % len(storage) for index in itertools.product(*map(range, size))]
        return storage[torch.tensor(slots, dtype=torch.long)].reshape(size)

    verdict = check("read_strided", unchecked)
    assert [one.name for one in verdict.aspects if not one.holds] == ["errors"]
    assert 0 < verdict.score < verdict.points


def test_a_result_in_the_storages_memory_costs_the_memory_only() -> None:
    verdict = check("read_strided", shared)
    assert [one.name for one in verdict.aspects if not one.holds] == ["memory"]
    assert verdict.finding is not None
    assert "the storage's memory" in verdict.finding.got


def test_writing_to_the_storage_is_found_out() -> None:
    def rude(storage: Tensor, size: Any, stride: Any, offset: int = 0) -> Tensor:
        out = read_by_hand(storage, size, stride, offset)
        storage.zero_()
        return out

    assert [one.name for one in check("read_strided", rude).aspects if not one.holds] == ["memory"]


def test_asking_for_shared_memory_may_not_change_it() -> None:
    def rude(a: Tensor, b: Tensor) -> bool:
        same = a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()
        a.untyped_storage().fill_(0)
        return same

    verdict = check("shares_storage", rude)
    assert verdict.score == 0
    assert "written to" in str(verdict)


def test_three_right_groups_of_four_earn_three_quarters() -> None:
    verdict = check("predict_layout", wrong("x[:, ::2]", (1,), (1,), 0))
    assert [one.name for one in verdict.aspects if not one.holds] == ["parts"]
    assert verdict.score == 3


def test_the_operations_are_what_torch_does_with_them() -> None:
    x = torch.arange(24).view(2, 3, 4)
    for text, apply in (pair for group in OPERATIONS.values() for pair in group.items()):
        written = eval(text, {"x": x})
        assert torch.equal(written, apply(x))
        assert (written.stride(), written.storage_offset()) == (apply(x).stride(), apply(x).storage_offset())


def test_the_committed_reference_is_what_the_oracles_say() -> None:
    assert same_reference((PUBLIC / "storage.safetensors").read_bytes(), record("storage"))
