"""Chapter 01, storage and strides: what is right, and how it is commonly got wrong."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.case import Case
from autograder.oracles import Misconception, Oracle
from autograder.oracles.maker import CaseMaker

__all__ = ["ORACLES", "contiguous_stride"]

Ints = Sequence[int]


def contiguous_stride(size: Ints) -> tuple[int, ...]:
    """The strides of a fresh tensor, in plain integers: wrong answers by hand are built on it, and may not ask torch."""
    return tuple(prod(max(n, 1) for n in size[dim + 1 :]) for dim in range(len(size)))


def _dot(index: Ints, stride: Ints) -> int:
    return sum(i * step for i, step in zip(index, stride, strict=True))


def _drawn_layout(make: CaseMaker, rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """A size without equal numbers, and the strides of every second slot with the dimensions in another order."""
    size = make.sizes(rank, 2, 7)
    order = [*range(1, rank), 0] if rank > 2 else list(range(rank))
    dense = contiguous_stride([size[dim] for dim in order])
    return size, tuple(2 * dense[order.index(dim)] for dim in range(rank))


def _indices(make: CaseMaker) -> list[Case]:
    cases = [
        make.case("row 1, column 2 of two rows of three", index=(1, 2), stride=(3, 1)),
        make.case("the same element of the transpose", index=(2, 1), stride=(1, 3)),
        make.case("three dimensions", index=(1, 2, 3), stride=(12, 4, 1)),
        make.case("one dimension, every second slot", index=(3,), stride=(2,)),
        make.case("an expanded dimension", index=(4, 2), stride=(0, 1)),
        make.case("no dimension", index=(), stride=()),
        make.case("a slice that begins at slot 5", index=(1, 2), stride=(6, 1), offset=5),
        make.case("its first element", index=(0, 0), stride=(6, 1), offset=5),
        make.case("one number at slot 7", index=(), stride=(), offset=7),
        make.case("an offset of 0, said", index=(2, 1, 0), stride=(1, 8, 4), offset=0),
    ]
    for rank in (2, 3, 4):
        size, stride = _drawn_layout(make, rank)
        index = tuple(make.integer(1, n - 1) for n in size)
        name, offset = "an element drawn at random", make.integer(1, 30)
        cases += [make.case(name, index=index, stride=stride)]
        cases += [make.case(f"{name}, behind an offset", index=index, stride=stride, offset=offset)]
    return cases


def _horner(index: Ints, sizes: Ints, start: int = 0) -> int:
    slot = start
    for i, n in zip(index, sizes, strict=True):
        slot = slot * n + i
    return slot


def _sizes_from(stride: Ints, first: int) -> list[int]:
    """Sizes read back from the strides, as of a contiguous tensor."""
    return [first, *(outer // inner for outer, inner in itertools.pairwise(stride))][: len(stride)]


FLAT_INDEX = Oracle(
    "flat_index",
    lambda index, stride, offset=0: offset + _dot(index, stride),
    _indices,
    [
        Misconception(
            "offset forgotten",
            lambda index, stride, offset=0: _dot(index, stride),
            says="A tensor need not begin at slot 0. The offset says in which slot its first element lies.",
        ),
        Misconception(
            "strides read back to front",
            lambda index, stride, offset=0: offset + _dot(index, stride[::-1]),
            lambda index, stride, offset=0: _dot(index, stride[::-1]),
            says="The first stride belongs to the first index. Dimension 0 is moved by stride[0].",
        ),
        Misconception(
            "index multiplied by size instead of stride",
            lambda index, stride, offset=0: _horner(index, stride, offset),
            lambda index, stride, offset=0: offset + _horner(index, stride),
            lambda index, stride, offset=0: _horner(index, stride),
            lambda index, stride, offset=0: offset + _dot(index, [prod(stride[:dim]) for dim in range(len(stride))]),
            lambda index, stride, offset=0: offset + _dot(index, [*stride[1:], 1][: len(stride)]),
            lambda index, stride, offset=0: offset + _dot(index, _sizes_from(stride, 1)),
            lambda index, stride, offset=0: offset + _dot(index, _sizes_from(stride, 2)),
            lambda index, stride, offset=0: offset + _dot(index, _sizes_from(stride, max(stride, default=0))),
            lambda index, stride, offset=0: offset + sum(i * len(index) for i in index),
            says="A step along a dimension moves by its stride, whatever the sizes are. No size is needed to find a slot.",
        ),
        Misconception(
            "offset counted as a step",
            lambda index, stride, offset=0: _dot(index, stride) + offset * (stride[-1] if stride else 1),
            lambda index, stride, offset=0: _dot(index, stride) + offset * (stride[0] if stride else 1),
            lambda index, stride, offset=0: sum((offset + i) * step for i, step in zip(index, stride, strict=True)),
            says="The offset counts slots already. No stride multiplies it.",
        ),
        Misconception(
            "strides left out",
            lambda index, stride, offset=0: offset + sum(index),
            lambda index, stride, offset=0: sum(index),
            says="A step along dimension d moves by stride[d] slots, not by one.",
        ),
    ],
)


def _sizes(make: CaseMaker) -> list[Case]:
    drawn = [make.sizes(rank, 1, 9) for rank in (2, 3, 4, 5)]
    a, b, c = make.sizes(3, 2, 9)
    sizes = [(2, 3), (2, 3, 4), (5,), (), (3, 3), (1, 4, 1), (1,), *drawn]
    empty = [(0, 3), (3, 0, 2), (0,), (2, 0, 0, 5), (a, b, 0), (a, 0, b, c)]
    return [make.case(f"the size {size}", size=size) for size in [*sizes, *empty]]


def _products(size: Ints, of: Callable[[int], Ints], least: int) -> tuple[int, ...]:
    return tuple(prod(max(n, least) for n in of(dim)) for dim in range(len(size)))


CONTIGUOUS_STRIDE = Oracle(
    "contiguous_stride",
    lambda size: torch.empty(size, device="meta").stride(),
    _sizes,
    [
        Misconception(
            "column-major",
            lambda size: _products(size, lambda dim: size[:dim], 1),
            lambda size: _products(size, lambda dim: size[:dim], 0),
            lambda size: contiguous_stride(size)[::-1],
            lambda size: _products(size, lambda dim: size[dim + 1 :], 0)[::-1],
            says="In a fresh tensor the last index moves fastest: neighbours in a row are neighbours in memory.",
        ),
        Misconception(
            "sizes for strides",
            lambda size: size,
            lambda size: size[::-1],
            lambda size: (*size[1:], 1)[: len(size)],
            lambda size: (*size[1:], 1),
            lambda size: tuple(max(n, 1) for n in size),
            lambda size: tuple(max(n, 1) for n in (*size[1:], 1)[: len(size)]),
            says="A size says how many elements there are along a dimension, a stride how far the next one lies. "
            "A row's stride is the length of a whole row; what is further out skips all that is further in.",
        ),
        Misconception(
            "a dimension's own size counted in",
            lambda size: _products(size, lambda dim: size[dim:], 1),
            lambda size: _products(size, lambda dim: size[dim:], 0),
            says="The next element along a dimension lies behind everything further in, and that does not include "
            "the dimension itself. The last stride is 1.",
        ),
        Misconception(
            "size 0 multiplied in",
            lambda size: _products(size, lambda dim: size[dim + 1 :], 0),
            says="torch counts a size of 0 as 1 here, so that no stride becomes 0 by it.",
        ),
        Misconception(
            "counted in bytes",
            lambda size: tuple(4 * step for step in contiguous_stride(size)),
            lambda size: tuple(8 * step for step in contiguous_stride(size)),
            lambda size: tuple(4 * step for step in _products(size, lambda dim: size[dim + 1 :], 0)),
            lambda size: tuple(8 * step for step in _products(size, lambda dim: size[dim + 1 :], 0)),
            says="NumPy counts strides in bytes, torch in elements.",
        ),
    ],
)


def _slots(size: Ints, stride: Ints, offset: int) -> list[int]:
    return [offset + _dot(index, stride) for index in itertools.product(*map(range, size))]


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
    (n, m), (step, down) = _drawn_layout(make, 2)
    size, stride = _drawn_layout(make, 3)
    reach = _dot([n - 1 for n in size], stride)
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
    ],
)


def _inside(length: int) -> Callable[[int], int]:
    def checked(slot: int) -> int:
        if not 0 <= slot < length:
            raise IndexError(slot)
        return slot

    return checked


def _pairs(make: CaseMaker) -> list[Case]:
    n, m = make.sizes(2, 3, 7)
    whole = n * m
    cut = make.integer(2, whole - 2)
    memory = make.normal(whole)
    same = torch.ones(whole, dtype=torch.float64)
    rows, turned = ((n, m), (m, 1), 0), ((m, n), (1, m), 0)
    first, second = ((m,), (1,), 0), ((m,), (1,), m)

    def case(name: str, shown: str, a: Any, b: Any, over: int = 0, **more: Any) -> Case:
        return make.case(name, **{"memory": memory, "a": a, "b": b, "over": over, **more}, shown=shown)

    x = f"x = torch.randn({whole})"
    return [
        case("a tensor and its view", f"{x}; a = x, b = x.view({n}, {m})", None, rows),
        case("a tensor and its clone", f"{x}; a = x, b = x.clone()", None, None, 1),
        case("a tensor and itself", f"{x}; a = x, b = x", None, None, made="the same object"),
        case("twice the same numbers", f"a = torch.ones({whole}), b = torch.ones({whole})", None, None, 1, memory=same),
        case("two views alike", f"{x}; a = x.view({n}, {m}), b = x.view({n}, {m})", rows, rows),
        case("a view of a clone", f"{x}; a = x.view({n}, {m}), b = x.clone().view({n}, {m})", rows, rows, 1),
        case("a transpose", f"{x}.view({n}, {m}); a = x, b = x.t()", rows, turned),
        case("a transpose, copied", f"{x}.view({n}, {m}); a = x, b = x.clone().t()", rows, turned, 1),
        *(
            case(name, f"{text}; {shown}", *layouts, over, **kind, aspect="offsets")
            for name, shown, layouts, over in (
                ("two rows", f"x = x.view({n}, {m}); a = x[0], b = x[1]", (first, second), 0),
                (
                    "without a slot in common",
                    f"a = x[:{cut}], b = x[{cut}:]",
                    (((cut,), (1,), 0), ((whole - cut,), (1,), cut)),
                    0,
                ),
                ("a row and a clone's row", f"x = x.view({n}, {m}); a = x[0], b = x.clone()[1]", (first, second), 1),
                ("the second row of each", f"x = x.view({n}, {m}); a = x[1], b = x.clone()[1]", (second, second), 1),
            )
            for text, kind in ((x, {}), (f"x = torch.ones({whole})", {"memory": same}))
        ),
        case("detached", f"{x}; a = x, b = x.detach()", None, None, made="detached", aspect="kinds"),
        case("bits read as integers", f"{x}; b = x.view(torch.int64)", None, None, made="other dtype", aspect="kinds"),
        case(
            "a clone's bits read as integers",
            f"{x}; b = x.clone().view(torch.int64)",
            None,
            None,
            1,
            made="other dtype",
            aspect="kinds",
        ),
        case("one row expanded", f"{x}; b = x[:{m}].expand({n}, {m})", None, ((n, m), (0, 1), 0), aspect="kinds"),
        case("one number", f"{x}; a = x, b = x[{cut}]", None, ((), (), cut), aspect="kinds"),
        case("one number, copied", f"{x}; a = x, b = x.clone()[0]", None, ((), (), 0), 1, aspect="kinds"),
    ]


def _same_numbers(a: Tensor, b: Tensor) -> bool:
    return sorted(a.flatten().tolist()) == sorted(b.flatten().tolist())


SHARES_STORAGE = Oracle(
    "shares_storage",
    lambda a, b: a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr(),
    _pairs,
    [
        Misconception(
            "compares values",
            torch.equal,
            lambda a, b: a.shape == b.shape and torch.equal(a, b),
            lambda a, b: bool((a == b).all()),
            lambda a, b: (a == b).all(),
            lambda a, b: a.shape == b.shape and torch.allclose(a, b.to(a.dtype)),
            lambda a, b: torch.allclose(a, b),
            lambda a, b: a.tolist() == b.tolist(),
            lambda a, b: a.flatten().tolist() == b.flatten().tolist(),
            lambda a, b: torch.equal(a.flatten(), b.flatten()),
            _same_numbers,
            says="Two tensors can hold the same numbers in two places, and other numbers in the same place. "
            "Ask where their memory is, not what is in it.",
        ),
        Misconception(
            "compares data_ptr()",
            lambda a, b: a.data_ptr() == b.data_ptr(),
            lambda a, b: (a.data_ptr(), a.dtype) == (b.data_ptr(), b.dtype),
            says="data_ptr() is the address of a tensor's first element. Two views of one storage may begin in "
            "different slots.",
        ),
        Misconception(
            "compares with is",
            lambda a, b: a is b,
            says="Every view is a Python object of its own. What they share is the memory behind them.",
        ),
        Misconception(
            "compares _base",
            lambda a, b: a._base is b._base,
            lambda a, b: a._base is not None and a._base is b._base,
            lambda a, b: a._base is b or b._base is a,
            lambda a, b: a is b or a._base is b or b._base is a or (a._base is not None and a._base is b._base),
            lambda a, b: (a if a._base is None else a._base) is (b if b._base is None else b._base),
            says="_base is a note for autograd: a tensor that owns its memory has none, and detach() leaves none.",
        ),
        Misconception(
            "only common slots count",
            lambda a, b: np.shares_memory(a.detach().numpy(), b.detach().numpy()),
            lambda a, b: np.may_share_memory(a.detach().numpy(), b.detach().numpy()),
            says="Two slices without a slot in common can still lie in one allocation, and keep it alive together.",
        ),
    ],
)

# The eight operations that the lesson lists, under what they do to x = torch.arange(24).view(2, 3, 4).
OPERATIONS: Mapping[str, Mapping[str, Callable[[Tensor], Tensor]]] = {
    "order": {
        "x.transpose(0, 2)": lambda x: x.transpose(0, 2),
        "x.permute(2, 0, 1)": lambda x: x.permute(2, 0, 1),
    },
    "parts": {
        "x[:, ::2]": lambda x: x[:, ::2],
        "x[:, 1]": lambda x: x[:, 1],
    },
    "strides": {
        "x.unsqueeze(1).expand(2, 5, 3, 4)": lambda x: x.unsqueeze(1).expand(2, 5, 3, 4),
        "x.diagonal(0, 1, 2)": lambda x: x.diagonal(0, 1, 2),
    },
    "copies": {
        "x.flip(2)": lambda x: x.flip(2),
        "x.transpose(0, 1).reshape(3, 8)": lambda x: x.transpose(0, 1).reshape(3, 8),
    },
}


def _layout(x: Tensor) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    return tuple(x.size()), tuple(x.stride()), int(x.storage_offset())


_RIGHT = {
    text: _layout(apply(torch.arange(24).view(2, 3, 4)))
    for group in OPERATIONS.values()
    for text, apply in group.items()
}
_TURNED, _PERMUTED, _STEPPED, _SELECTED, _EXPANDED, _DIAGONAL, _FLIPPED, _RESHAPED = _RIGHT


def _predictions(make: CaseMaker) -> list[Case]:
    return [
        make.case(f"what changes: {aspect}", aspect=aspect, operations=tuple(group), shown="; ".join(group))
        for aspect, group in OPERATIONS.items()
    ]


def _but(**wrong: tuple[Ints, Ints, int]) -> dict[str, Any]:
    """The right predictions with some others in their place, by the operations' short names below."""
    names = {"turned": _TURNED, "permuted": _PERMUTED, "stepped": _STEPPED, "selected": _SELECTED}
    names |= {"expanded": _EXPANDED, "diagonal": _DIAGONAL, "flipped": _FLIPPED, "reshaped": _RESHAPED}
    return _RIGHT | {names[name]: layout for name, layout in wrong.items()}


PREDICT_LAYOUT = Oracle(
    "predict_layout",
    _RIGHT,
    _predictions,
    [
        Misconception(
            "a copy believed a view",
            *(
                _but(flipped=((2, 3, 4), (12, 4, step), offset))
                for step, offset in ((-1, 3), (-1, 0), (-1, 23), (1, 3))
            ),
            *(
                _but(reshaped=((3, 8), stride, 0))
                for stride in ((4, 1), (4, 12), (4, 3), (12, 1), (4, 4), (1, 3), (1, 4))
            ),
            says="No stride is negative in torch, and a run of elements that is not evenly spaced has no stride at all. "
            "flip always copies, reshape where it must: a copy begins at slot 0 of new memory, in order.",
        ),
        Misconception(
            "step left out of the stride",
            _but(stepped=((2, 2, 4), (12, 4, 1), 0)),
            _but(stepped=((2, 2, 4), (8, 4, 1), 0)),
            says="Taking every second row means going two rows at a time: the step multiplies the stride.",
        ),
        Misconception(
            "expanded dimension given a stride",
            *(_but(expanded=((2, 5, 3, 4), (outer, step, 4, 1), 0)) for outer in (12, 60) for step in (1, 4, 12)),
            says="expand makes no more memory. All five stand on the same slots: a step along them moves by 0.",
        ),
        Misconception(
            "a view believed a copy",
            _but(turned=((4, 3, 2), (6, 2, 1), 0)),
            _but(permuted=((4, 2, 3), (6, 3, 1), 0)),
            says="transpose and permute move nothing in memory. They take each dimension's stride along with its size.",
        ),
        Misconception(
            "offset forgotten",
            _but(selected=((2, 4), (12, 1), 0)),
            says="x[:, 1] begins at x[0, 1, 0]. Work out in which slot that lies.",
        ),
        Misconception(
            "a chosen dimension kept",
            *(_but(selected=((2, 1, 4), (12, step, 1), offset)) for step in (4, 1, 0) for offset in (4, 0)),
            says="An integer index takes its dimension away, size and stride both. A slice keeps it.",
        ),
        Misconception(
            "a diagonal with the stride of a row or a column",
            *(_but(diagonal=((2, 3), (12, step), 0)) for step in (1, 4, 3)),
            says="One step along the diagonal is a step down and a step to the right at once: both strides add up.",
        ),
        Misconception(
            "permute read backwards",
            _but(permuted=((3, 4, 2), (4, 1, 12), 0)),
            says="permute(2, 0, 1) asks: which old dimension comes first, which second, which third? Old dimension 2 first.",
        ),
    ],
)

ORACLES = (FLAT_INDEX, CONTIGUOUS_STRIDE, READ_STRIDED, SHARES_STORAGE, PREDICT_LAYOUT)
