"""Chapter 01, `read_strided`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.storage.layout import Ints, contiguous_stride, dot, drawn_layout
from autograder.authoring.oracles.storage.strides import LAYOUT_WORDS, ONES, WAYS, has_way, size_of, stride_of
from autograder.authoring.space import DTYPES, RANKS, WRITTEN, Chosen, Space, absent, fits
from autograder.observing.case import Case
from autograder.observing.layouts import laid_out

__all__ = ["READ_STRIDED"]


def _slots(size: Ints, stride: Ints, offset: int) -> list[int]:
    return [offset + dot(index, stride) for index in itertools.product(*map(range, size))]


def read_strided(
    storage: Tensor,
    size: Ints,
    stride: Ints,
    offset: int = 0,
    *,
    let_through: Callable[[int, int], bool] = lambda slot, length: False,
) -> Tensor:
    """Every element by its own slot. ``let_through(slot, length)`` allows slots that lie outside."""
    length = len(storage)
    slots = _slots(size, stride, offset)
    if any(not 0 <= slot < length and not let_through(slot, length) for slot in slots):
        raise IndexError(f"a slot outside of 0 … {length - 1}")
    return storage[torch.tensor(slots, dtype=torch.int64)].reshape(tuple(size))


def _readings(make: CaseMaker) -> list[Case]:
    twelve, numbers = torch.arange(12.0), make.normal(90)  # 2 · 7 · 6 slots at the most, behind an offset
    (n, m), (step, down) = drawn_layout(make, 2)
    size, stride = drawn_layout(make, 3)
    reach = dot([n - 1 for n in size], stride)
    some = make.normal(reach + 9)
    gapped = make.normal(2 * reach + 20)[3::2]
    fits = len(twelve) - 8
    cases = [
        make.case("two rows of three", storage=twelve, size=(2, 3), stride=(3, 1)),
        make.case("their transpose", storage=twelve, size=(3, 2), stride=(1, 3)),
        make.case("a row further on", storage=twelve, size=(4,), stride=(1,), offset=4),
        make.case("every second slot of the end", storage=twelve, size=(fits,), stride=(2,), offset=5),
        make.case("one number, no dimension", storage=twelve, size=(), stride=(), offset=7),
        make.case("a row read again and again", storage=twelve, size=(3, 4), stride=(0, 1), offset=2),
        make.case("windows that overlap", storage=twelve, size=(4, 3), stride=(2, 1), offset=1),
        make.case("integers", storage=torch.arange(20, 32), size=(2, 2), stride=(5, 2), offset=1),
        make.case("rows drawn at random", storage=numbers, size=(n, m), stride=(step, down), offset=3),
        make.case("three dimensions", storage=some, size=size, stride=stride, offset=4),
        make.case("float32", storage=some.float(), size=size, stride=stride),
        make.case("a storage that is itself a slice", storage=gapped, size=size, stride=stride, offset=2),
        make.case("no element", aspect="empty", storage=twelve, size=(0, 3), stride=(3, 1)),
        make.case("no element, far outside", aspect="empty", storage=twelve, size=(2, 0), stride=(1, 50), offset=99),
        make.case("no element of no slots", aspect="empty", storage=torch.zeros(0), size=(2, 0), stride=(1, 1)),
        make.case("no element, before slot 0", aspect="empty", storage=twelve, size=(0,), stride=(1,), offset=-3),
    ]
    outside: list[tuple[str, Ints, Ints, int]] = [
        ("one slot too far", (3, 4), (4, 1), 1),
        ("the last row only", (2, 3), (10, 1), 0),
        ("one number behind the end", (), (), 12),
        ("all far behind the end", (2,), (1,), 40),
        ("one number before slot 0", (), (), -1),
        ("begins before slot 0", (2, 3), (3, 1), -2),
        ("wholly before slot 0", (2,), (1,), -5),
    ]
    return cases + [
        make.case(name, outside=True, storage=twelve, size=size, stride=stride, offset=offset)
        for name, size, stride, offset in outside
    ]


_BEFORE = "before slot 0"


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    size = size_of(make, one.rank, one.odd, few=True)
    stride = tuple(one.step * step for step in stride_of(size, one.way))
    reach = sum((n - 1) * step for n, step in zip(size, stride, strict=True) if n)
    given = one.given("offset")
    if one.end == _BEFORE:
        given = {"offset": -1 if one.offset == 0 else -reach - 2}
    slots = {"inside": 1, "with room": 4, "one slot too far": 0, _BEFORE: 3}[one.end] + one.get("offset", 0) + reach
    inputs: dict[str, Any] = {"storage": _storage(make, slots, one), "size": size, "stride": stride, **given}
    if 0 in size:
        return make.case(aspect="empty", **inputs)
    return make.case(**inputs) if one.end in ("inside", "with room") else make.case(outside=True, **inputs)


def _storage(make: CaseMaker, slots: int, one: Chosen) -> Any:
    layout = one.layout if fits(one.layout, (slots,)) else "contiguous"
    if one.dtype == torch.bool:  # a recipe would draw True only
        return laid_out(make.normal(slots) > 0, layout)
    return make.drawn(slots, layout=layout, dtype=one.dtype)


_SPACE = Space(
    _drawn,
    rank=RANKS,
    odd=(*ONES, "a 0 in front", "a 0 at the end"),
    way=tuple(way for way in WAYS if way not in ("cut in every dimension", "stored channels last")),
    step=(1, 3),
    offset=(absent, 0, 2),
    end=("inside", "with room", "one slot too far", _BEFORE),
    layout=WRITTEN[:3],
    dtype=(*DTYPES, torch.bool, torch.int16),
    within=(
        lambda one: has_way(one.rank, one.odd, one.way),
        lambda one: one.end != _BEFORE or one.offset != absent,
    ),
    words=LAYOUT_WORDS
    | {
        "step": "all strides are multiplied by {}",
        "end": "the slots asked for lie: {}",
        "layout": "the storage lies in memory like this: {}",
    },
)


def _strides_ignored(storage: Tensor, size: Ints, stride: Ints, offset: int = 0) -> Tensor:
    return read_strided(storage, size, contiguous_stride(size), offset)


def _through_numpy(storage: Tensor, size: Ints, stride: Ints, offset: int = 0) -> Tensor:
    if not prod(size):
        return storage.new_empty(tuple(size))
    read_strided(storage, size, stride, offset)
    array = storage.numpy()[offset:]
    width = array.strides[0]
    return torch.from_numpy(np.lib.stride_tricks.as_strided(array, tuple(size), [step * width for step in stride]))


def _through_set(storage: Tensor, size: Ints, stride: Ints, offset: int = 0) -> Tensor:
    read_strided(storage, size, stride, offset)
    return storage.new_empty(0).set_(storage.untyped_storage(), max(offset, 0), tuple(size), tuple(stride))


def _by_bytes(storage: Tensor, size: Ints, stride: Ints, offset: int, width: int) -> Tensor:
    """Slots of ``width`` bytes, whatever the dtype."""
    read_strided(storage, size, stride, offset)
    data = storage.detach().clone().view(torch.uint8).numpy().tobytes()
    slots = [slot * width for slot in _slots(size, stride, offset)]
    found = b"".join(data[at : at + storage.element_size()].ljust(storage.element_size(), b"\0") for at in slots)
    numbers = torch.frombuffer(bytearray(found), dtype=storage.dtype) if found else storage.new_empty(0)
    return numbers.reshape(tuple(size))


READ_STRIDED = Oracle(
    "read_strided",
    read_strided,
    _readings,
    [
        Misconception(
            "offset dropped",
            lambda storage, size, stride, offset=0: read_strided(storage, size, stride),
            says="The first element lies in slot offset. Every other one is counted from there.",
        ),
        Misconception(
            "strides ignored",
            _strides_ignored,
            lambda storage, size, stride, offset=0: storage[offset : offset + prod(size)].reshape(tuple(size)).clone(),
            lambda storage, size, stride, offset=0: _strides_ignored(storage, size, stride),
            lambda storage, size, stride, offset=0: storage[: prod(size)].reshape(tuple(size)).clone(),
            lambda storage, size, stride, offset=0: torch.stack(
                [storage[offset + k] for k in range(prod(size))]
            ).reshape(tuple(size)),
            lambda storage, size, stride, offset=0: read_strided(
                storage, size, contiguous_stride(size), offset, let_through=lambda slot, length: -length <= slot < 0
            ),
            says="The elements are not one after the other in memory. Where the next one lies is what the strides say.",
        ),
        Misconception(
            "Python's negative index let through",
            lambda storage, size, stride, offset=0: read_strided(
                storage, size, stride, offset, let_through=lambda slot, length: -length <= slot < 0
            ),
            lambda storage, size, stride, offset=0: read_strided(
                storage, size, stride, offset, let_through=lambda slot, length: slot < 0
            ),
            says="storage[-1] is the last element to Python, but there is no slot -1. Look before you read.",
        ),
        Misconception(
            "result shares memory",
            _through_numpy,
            _through_set,
            lambda storage, size, stride, offset=0: _through_set(
                storage,
                size,
                [step * storage.stride(0) for step in stride],
                storage.storage_offset() + offset * storage.stride(0),
            ),
            says="Writing to the storage afterwards changed your result. Asked for is a new tensor with numbers of its own.",
        ),
        Misconception(
            "no number out of nothing",
            lambda storage, size, stride, offset=0: torch.stack(
                [storage[slot] for slot in map(_inside(len(storage)), _slots(size, stride, offset))]
            ).reshape(tuple(size)),
            says="A read of no element at all is no error, wherever it begins: its result is an empty tensor.",
        ),
        Misconception(
            "dtype lost",
            lambda storage, size, stride, offset=0: read_strided(storage, size, stride, offset).float(),
            lambda storage, size, stride, offset=0: read_strided(storage, size, stride, offset).double(),
            lambda storage, size, stride, offset=0: torch.tensor(
                read_strided(storage, size, stride, offset).tolist()
            ).reshape(tuple(size)),
            says="The result has the dtype of the storage. torch.zeros and torch.tensor choose their own unless told.",
        ),
        Misconception(
            "slots outside cut off or filled up",
            lambda storage, size, stride, offset=0: storage[
                torch.tensor(_slots(size, stride, offset), dtype=torch.int64).clamp(0, len(storage) - 1)
            ].reshape(tuple(size)),
            says="A slot that does not exist has no number. Raise IndexError, and make none up.",
        ),
        Misconception(
            "left in one row",
            *(
                lambda storage, size, stride, offset=0, let_through=let_through: read_strided(
                    storage, size, stride, offset, let_through=let_through
                ).flatten()
                for let_through in (lambda slot, length: False, lambda slot, length: -length <= slot < 0)
            ),
            says="These are the numbers, one after the other. The result is asked for in its size.",
        ),
        Misconception(
            "eight bytes an element taken for granted",
            lambda storage, size, stride, offset=0: _by_bytes(storage, size, stride, offset, 8),
            lambda storage, size, stride, offset=0: _by_bytes(storage, size, stride, offset, 4),
            says="Not every number takes as many bytes: a float32 takes four, a bfloat16 two. Slots are counted in elements.",
        ),
        Misconception(
            "dimensions of size 1 lost",
            lambda storage, size, stride, offset=0: read_strided(storage, size, stride, offset).squeeze(),
            says="A dimension of size 1 is a dimension: the result is of the size that was asked for. squeeze takes them away.",
        ),
    ],
    space=_SPACE,
)


def _inside(length: int) -> Callable[[int], int]:
    def checked(slot: int) -> int:
        if not 0 <= slot < length:
            raise IndexError(slot)
        return slot

    return checked
