"""Chapter 02, views and copies: what is right, and how it is commonly got wrong."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from math import ceil, prod
from typing import Any

import torch
from torch import Tensor

from autograder.case import Case
from autograder.oracles import Misconception, Oracle
from autograder.oracles.maker import CaseMaker
from autograder.oracles.storage import contiguous_stride

__all__ = ["ORACLES"]

Ints = Sequence[int]
Layout = tuple[tuple[int, ...], tuple[int, ...], int]


def _tensor(size: Ints, stride: Ints, offset: int = 0) -> Tensor:
    """A tensor of that layout without memory: torch answers for its layout all the same."""
    slots = 1 + offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True) if n)
    return torch.empty(max(slots, 0), device="meta").as_strided(tuple(size), tuple(stride), offset)


def _layout(x: Tensor) -> Layout:
    return tuple(x.size()), tuple(x.stride()), int(x.storage_offset())


def _with(values: Ints, dim: int, value: int) -> tuple[int, ...]:
    return (*values[:dim], value, *values[dim + 1 :])


def _drawn(make: CaseMaker, rank: int, step: int = 1) -> dict[str, Any]:
    """A size without equal numbers, in memory with the dimensions turned by one, every ``step``-th slot, some offset."""
    size = make.sizes(rank, 2, 7)
    order = [*range(1, rank), 0]
    dense = contiguous_stride([size[dim] for dim in order])
    stride = tuple(step * dense[order.index(dim)] for dim in range(rank))
    return {"size": size, "stride": stride, "offset": make.integer(1, 20)}


def _swaps(make: CaseMaker) -> list[Case]:
    rows: dict[str, Any] = {"size": (2, 3), "stride": (3, 1), "offset": 0}
    plain: dict[str, Any] = {"size": (2, 3, 4), "stride": (12, 4, 1), "offset": 0}
    three, four, five = _drawn(make, 3), _drawn(make, 4, 2), _drawn(make, 5)
    from_end = {"aspect": "negative dims"}
    return [
        make.case("two rows of three", **rows, dim0=0, dim1=1),
        make.case("the outermost with the innermost", **plain, dim0=0, dim1=2),
        make.case("the larger dimension named first", **plain, dim0=2, dim1=1),
        make.case("not contiguous, with an offset", **three, dim0=0, dim1=1),
        make.case("four dimensions", **four, dim0=3, dim1=1),
        make.case("five dimensions", **five, dim0=1, dim1=4),
        make.case("an expanded dimension", size=(5, 3), stride=(0, 1), offset=2, dim0=0, dim1=1),
        make.case("the last two", **plain, dim0=-2, dim1=-1, **from_end),
        make.case("one from each end", **three, dim0=0, dim1=-1, **from_end),
        make.case("the first, from the end", **four, dim0=-4, dim1=2, **from_end),
        make.case("one dimension, named twice", **three, dim0=1, dim1=-2, **from_end),
    ]


def _swapped(values: Ints, one: int, other: int) -> tuple[int, ...]:
    changed = list(values)
    changed[one], changed[other] = changed[other], changed[one]
    return tuple(changed)


def _front_only(size: Ints, stride: Ints, offset: int, one: int, other: int) -> Any:
    """A swap that compares dimension numbers with those of ``enumerate``."""

    def pick(values: Ints) -> tuple[int, ...]:
        return tuple(
            values[other] if dim == one else values[one] if dim == other else value for dim, value in enumerate(values)
        )

    return pick(size), pick(stride), offset


def _refusing(size: Ints, stride: Ints, offset: int, one: int, other: int) -> Layout:
    if min(one, other) < 0:
        raise ValueError
    return _swapped(size, one, other), _swapped(stride, one, other), offset


TRANSPOSE_LAYOUT = Oracle(
    "transpose_layout",
    lambda size, stride, offset, dim0, dim1: _layout(_tensor(size, stride, offset).transpose(dim0, dim1)),
    _swaps,
    [
        Misconception(
            "only sizes swapped",
            lambda size, stride, offset, dim0, dim1: (_swapped(size, dim0, dim1), stride, offset),
            says="With the old strides the new shape reads the elements in their old order: that is a view(), "
            "not a transpose.",
        ),
        Misconception(
            "only strides swapped",
            lambda size, stride, offset, dim0, dim1: (size, _swapped(stride, dim0, dim1), offset),
            says="A dimension is a size and a stride together. With the old size the strides run out of the tensor.",
        ),
        Misconception(
            "strides recomputed as contiguous",
            lambda size, stride, offset, dim0, dim1: (
                _swapped(size, dim0, dim1),
                contiguous_stride(_swapped(size, dim0, dim1)),
                offset,
            ),
            lambda size, stride, offset, dim0, dim1: (
                _swapped(size, dim0, dim1),
                contiguous_stride(_swapped(size, dim0, dim1)),
                0,
            ),
            says="Fresh strides would belong to a copy. A transpose moves nothing in memory: each size keeps its stride.",
        ),
        Misconception(
            "all dimensions turned round",
            lambda size, stride, offset, dim0, dim1: (size[::-1], stride[::-1], offset),
            says="Only the two dimensions named change places; the others stay.",
        ),
        Misconception(
            "offset dropped",
            lambda size, stride, offset, dim0, dim1: (_swapped(size, dim0, dim1), _swapped(stride, dim0, dim1), 0),
            says="The first element stays the first, in the slot it was in.",
        ),
        Misconception(
            "negative dims not counted from the end",
            _front_only,
            _refusing,
            says="Dimension -1 is the last one, -2 the one before it.",
        ),
    ],
)


def _slice(size: Ints, stride: Ints, offset: int, dim: int, start: int, stop: int, step: int = 1) -> Layout:
    index = (slice(None),) * dim + (slice(start, stop, step),)
    return _layout(_tensor(size, stride, offset)[index])


def _slices(make: CaseMaker) -> list[Case]:
    ten: dict[str, Any] = {"size": (10,), "stride": (1,), "offset": 0}
    rows: dict[str, Any] = {"size": (4, 6), "stride": (6, 1), "offset": 0}
    cases = [
        make.case("the first three of ten", **ten, dim=0, start=0, stop=3),
        make.case("from the fifth on", **ten, dim=0, start=4, stop=10),
        make.case("every third, not dividing evenly", **ten, dim=0, start=0, stop=10, step=3),
        make.case("two rows in the middle", **rows, dim=0, start=1, stop=3),
        make.case("every second column", **rows, dim=1, start=1, stop=6, step=2),
        make.case("every second row", **rows, dim=0, start=0, stop=4, step=2),
        make.case("a step beyond the end", **rows, dim=1, start=2, stop=5, step=7),
        make.case("everything", **rows, dim=1, start=0, stop=6, step=1),
        make.case("of an expanded dimension", size=(5, 3), stride=(0, 1), offset=2, dim=0, start=1, stop=5, step=2),
    ]
    for rank in (2, 3, 4):
        drawn = _drawn(make, rank, rank - 1)
        for dim, n in enumerate(drawn["size"]):
            start, step = make.integer(0, n - 1), make.integer(1, 3)
            stop = make.integer(start + 1, n)
            cases.append(make.case("drawn at random", **drawn, dim=dim, start=start, stop=stop, step=step))
    return [
        *cases,
        make.case("an empty slice", **rows, dim=0, start=2, stop=2, aspect="empty"),
        make.case("an empty slice with a step", **rows, dim=1, start=3, stop=3, step=2, aspect="empty"),
        make.case("an empty slice at the very end", **rows, dim=0, start=4, stop=4, step=3, aspect="empty"),
        make.case("of nothing", size=(0, 3), stride=(3, 1), offset=1, dim=0, start=0, stop=0, aspect="empty"),
    ]


def _wrong_slice(
    *,
    length: Callable[[int, int, int], int] = lambda start, stop, step: len(range(start, stop, step)),
    moved: Callable[[int, int, int], int] = lambda start, step, stride: start * stride,
    stride_of: Callable[[int, int], int] = lambda stride, step: stride * step,
    all_strides: bool = False,
    empty_as_it_was: bool = False,
) -> Callable[..., Layout]:
    """A slice with one of its three rules replaced."""

    def answer(size: Ints, stride: Ints, offset: int, dim: int, start: int, stop: int, step: int = 1) -> Layout:
        if empty_as_it_was and start == stop:
            return _with(size, dim, 0), tuple(stride), offset
        strides = tuple(stride_of(one, step) if all_strides or at == dim else one for at, one in enumerate(stride))
        return _with(size, dim, length(start, stop, step)), strides, offset + moved(start, step, stride[dim])

    return answer


SLICE_LAYOUT = Oracle(
    "slice_layout",
    _slice,
    _slices,
    [
        Misconception(
            "offset not moved",
            _wrong_slice(moved=lambda start, step, stride: 0),
            says="The slice begins at start, so its first element lies further on. The offset moves to that slot.",
        ),
        Misconception(
            "length rounded down",
            _wrong_slice(length=lambda start, stop, step: (stop - start) // step),
            says="0, 3, 6 and 9 are four numbers below 10, and 10 / 3 is 3 and a bit. A step begun is an element more.",
        ),
        Misconception(
            "stride not multiplied",
            _wrong_slice(stride_of=lambda stride, step: stride),
            says="Every second element lies two strides further on. The step multiplies the stride.",
        ),
        Misconception(
            "offset moved by start, not by start strides",
            _wrong_slice(moved=lambda start, step, stride: start),
            _wrong_slice(moved=lambda start, step, stride: start * step),
            says="Going start steps along the dimension passes over start times its stride slots.",
        ),
        Misconception(
            "offset moved by the new stride",
            _wrong_slice(moved=lambda start, step, stride: start * stride * step),
            says="start counts elements of the old dimension. Only behind it does the step begin to count.",
        ),
        Misconception(
            "step left out of the length",
            _wrong_slice(length=lambda start, stop, step: stop - start),
            says="stop - start elements lie between the two, and only every step-th is taken.",
        ),
        Misconception(
            "start left out of the length",
            _wrong_slice(length=lambda start, stop, step: ceil(stop / step)),
            _wrong_slice(length=lambda start, stop, step: stop),
            _wrong_slice(length=lambda start, stop, step: stop // step),
            says="A slice from start to stop has no element before start.",
        ),
        Misconception(
            "stop counted in",
            _wrong_slice(length=lambda start, stop, step: (stop - start) // step + 1),
            _wrong_slice(length=lambda start, stop, step: stop - start + 1),
            says="A slice ends before stop, as everywhere in Python. An empty one has no element.",
        ),
        Misconception(
            "every stride multiplied",
            _wrong_slice(all_strides=True),
            says="Only the dimension that is sliced takes longer steps.",
        ),
        Misconception(
            "an empty slice left where it was",
            _wrong_slice(empty_as_it_was=True),
            says="torch makes no exception: an empty slice moves the offset and multiplies the stride like any other.",
        ),
    ],
)


def _expand(size: Ints, stride: Ints, offset: int, new_size: Ints) -> Layout:
    try:
        return _layout(_tensor(size, stride, offset).expand(tuple(new_size)))
    except RuntimeError as error:
        raise ValueError(str(error)) from None


def _expansions(make: CaseMaker) -> list[Case]:
    a, b, c, d, e = make.sizes(5, 2, 7)
    column: dict[str, Any] = {"size": (3, 1), "stride": (1, 1), "offset": 0}
    front, errors = {"aspect": "new dims"}, {"aspect": "errors"}
    one_thick: dict[str, Any] = {"size": (a, 1, b, 1), "stride": (2 * b, 5, 2, 9), "offset": make.integer(1, 20)}
    plain = _drawn(make, 3)
    return [
        make.case("one column made four", **column, new_size=(3, 4)),
        make.case("one row made two", size=(1, 3), stride=(3, 1), offset=2, new_size=(2, 3)),
        make.case("two dimensions grow", **one_thick, new_size=(a, c, b, d)),
        make.case("one of two grows, the other stays 1", **one_thick, new_size=(a, 1, b, d)),
        make.case("nothing grows", **plain, new_size=plain["size"]),
        make.case("1 stays 1, whatever its stride", size=(1, a), stride=(77, 3), offset=1, new_size=(1, a)),
        make.case("already expanded", size=(a, 1), stride=(0, 1), offset=0, new_size=(a, b)),
        make.case("a row made two rows", size=(3,), stride=(1,), offset=0, new_size=(2, 3), **front),
        make.case("a number made a block", size=(), stride=(), offset=3, new_size=(2, 4), **front),
        make.case("new in front, and one grows", size=(2, 1), stride=(1, 1), offset=0, new_size=(2, 2, 5), **front),
        make.case("equal sizes", size=(a, 1), stride=(3, 1), offset=0, new_size=(a, a, a), **front),
        make.case("two new in front", **one_thick, new_size=(e, c, a, c, b, 1), **front),
        make.case(
            "a column in front of equal columns", size=(1, 1), stride=(4, 2), offset=1, new_size=(b, 1, c), **front
        ),
        make.case("3 is not 1", size=(3,), stride=(1,), offset=0, new_size=(4,), **errors),
        make.case("a multiple is no growth either", size=(2, 3), stride=(3, 1), offset=0, new_size=(4, 3), **errors),
        make.case("nothing shrinks", size=(a, 3), stride=(3, 1), offset=0, new_size=(a, 1), **errors),
        make.case("fits from the left only", size=(a, 1), stride=(1, 1), offset=0, new_size=(a, b, c), **errors),
        make.case("too short", size=(1, 3), stride=(3, 1), offset=0, new_size=(3,), **errors),
        make.case("no dimension at all", size=(1,), stride=(1,), offset=0, new_size=(), **errors),
    ]


def _grown(old: int, step: int, new: int) -> int:
    return step if old == new else 0


def _expanded(
    size: Ints,
    stride: Ints,
    offset: int,
    new_size: Ints,
    *,
    grown: Callable[[int, int, int], int] = _grown,
    new_stride: Callable[[Ints, Ints, Ints], Ints] = lambda size, stride, lead: (0,) * len(lead),
    checks: str = "length size",
) -> Any:
    """An expansion by rules: the stride of a dimension, the strides of new ones, and what is checked."""
    lead = len(new_size) - len(size)
    if "length" in checks and lead < 0:
        raise ValueError
    kept = new_size[lead:] if lead > 0 else new_size
    pairs = list(zip(reversed(size), reversed(kept), strict=False))[::-1]
    if "size" in checks and any(old not in (1, new) for old, new in pairs):
        raise ValueError
    steps = [
        grown(old, step, new) for (old, new), step in zip(pairs, stride[-len(pairs) :] if pairs else (), strict=True)
    ]
    return tuple(new_size), (*new_stride(size, stride, new_size[: max(lead, 0)]), *steps), offset


def _left_aligned(size: Ints, stride: Ints, offset: int, new_size: Ints, *, checked: bool = True) -> Layout:
    if len(new_size) < len(size) or (
        checked and any(old not in (1, new) for old, new in zip(size, new_size, strict=False))
    ):
        raise ValueError
    steps = [_grown(old, step, new) for old, step, new in zip(size, stride, new_size, strict=False)]
    return tuple(new_size), (*steps, *(0,) * (len(new_size) - len(size))), offset


def _expanding(**rules: Any) -> Callable[..., Any]:
    return lambda size, stride, offset, new_size: _expanded(size, stride, offset, new_size, **rules)


def _kept(old: int, step: int, new: int) -> int:
    return step


def _repeated(size: Ints, stride: Ints, lead: Ints) -> Ints:
    """Strides of new dimensions as if the tensor were repeated in memory: each jumps over the whole."""
    whole = max((n * step for n, step in zip(size, stride, strict=True)), default=1)
    return tuple(whole * step for step in contiguous_stride(lead))


def _stride_for_new(value: Callable[[Ints], int]) -> Callable[[Ints, Ints, Ints], Ints]:
    return lambda size, stride, lead: (value(stride),) * len(lead)


_NEW_STRIDES: tuple[Callable[[Ints, Ints, Ints], Ints], ...] = (
    _repeated,
    _stride_for_new(lambda stride: 1),
    _stride_for_new(lambda stride: stride[0] if stride else 1),
)

EXPAND_LAYOUT = Oracle(
    "expand_layout",
    _expand,
    _expansions,
    [
        Misconception(
            "stride kept",
            _expanding(grown=_kept),
            *(_expanding(grown=_kept, new_stride=rule) for rule in _NEW_STRIDES),
            _expanding(grown=_kept, checks=""),
            says="There is one element to stand on. A step along the expanded dimension stays in its slot: stride 0.",
        ),
        Misconception(
            "new dimensions given a stride",
            *(_expanding(new_stride=rule) for rule in _NEW_STRIDES),
            says="A new dimension repeats all that is behind it, from the same slots: stride 0.",
        ),
        Misconception(
            "aligned from the left",
            _left_aligned,
            lambda size, stride, offset, new_size: _left_aligned(size, stride, offset, new_size, checked=False),
            says="Sizes are matched from the last dimension on, as in broadcasting. What is new comes in front.",
        ),
        Misconception(
            "no error",
            _expanding(checks="length"),
            _expanding(checks="size"),
            _expanding(checks=""),
            lambda size, stride, offset, new_size: _expanded(
                size,
                stride,
                offset,
                new_size,
                checks="length",
                grown=lambda old, step, new: 0 if old == 1 != new else step,
            ),
            lambda size, stride, offset, new_size: (
                _expanded(size, stride, offset, new_size)
                if len(new_size) >= len(size) or not new_size
                else (tuple(new_size), tuple(stride[-len(new_size) :]), offset)
            ),
            says="Only a dimension of size 1 can grow, and none can be left out. Anything else is a ValueError: "
            "the elements do not exist.",
        ),
        Misconception(
            "every dimension of size 1 given stride 0",
            _expanding(grown=lambda old, step, new: 0 if old == 1 else step),
            says="A dimension that stays 1 is left alone: it keeps its stride, whatever that is.",
        ),
        Misconception(
            "copied",
            lambda size, stride, offset, new_size: (
                _expanded(size, stride, offset, new_size)[0],
                contiguous_stride(new_size),
                0,
            ),
            lambda size, stride, offset, new_size: (
                _expanded(size, stride, offset, new_size)[0],
                contiguous_stride(new_size),
                offset,
            ),
            says="Fresh strides would belong to a copy such as repeat makes. expand makes none.",
        ),
    ],
)


def _contiguity(make: CaseMaker) -> list[Case]:
    a, b, c = make.sizes(3, 2, 7)
    dense = contiguous_stride((a, b, c))
    odd = {"aspect": "sizes 1 and 0"}
    layouts: list[tuple[str, Ints, Ints, dict[str, str]]] = [
        ("fresh", (2, 3), (3, 1), {}),
        ("transposed", (3, 2), (1, 3), {}),
        ("every second column", (2, 3), (6, 2), {}),
        ("columns cut off", (2, 3), (4, 1), {}),
        ("three dimensions", (a, b, c), dense, {}),
        ("its middle dimension cut", (a, b - 1 or 2, c), (b * c + c, c, 1), {}),
        ("its first two turned", (b, a, c), (dense[1], dense[0], 1), {}),
        ("its last two turned", (a, c, b), (dense[0], 1, c), {}),
        ("channels last", (a, b, c, 3), (b * c * 3, 1, 3 * b, b), {}),
        ("expanded", (a, b), (0, 1), {}),
        ("expanded at the end", (a, b), (1, 0), {}),
        ("square, transposed", (3, 3), (1, 3), {}),
        ("every second of a row", (a,), (2,), {}),
        ("a row", (b,), (1,), {}),
        ("windows that overlap", (a, 3), (1, 1), {}),
        ("one row of three, with a stride that is never used", (1, 3), (100, 1), odd),
        ("one column", (3, 1), (1, 0), odd),
        ("one column of a wide table", (a, 1), (b, 1), odd),
        ("1 in the middle", (a, 1, b), (b, 7, 1), odd),
        ("1 in the middle of a cut table", (a, 1, b), (b + 1, b + 1, 1), odd),
        ("1 at the end, rows cut", (a, b, 1), (2 * b, 2, 2), odd),
        ("all ones", (1, 1, 1), (5, 0, 9), odd),
        ("no dimension", (), (), odd),
        ("no element", (0,), (1,), odd),
        ("no element, any stride", (a, 0, b), (1, 50, 3), odd),
        ("no element, at the end", (a, 0), (7, 9), odd),
    ]
    return [make.case(name, size=size, stride=stride, **aspect) for name, size, stride, aspect in layouts]


def _plain_stride(size: Ints) -> tuple[int, ...]:
    return tuple(prod(size[dim + 1 :]) for dim in range(len(size)))


def _row_by_row(size: Ints, stride: Ints) -> bool:
    """Contiguity in plain integers: wrong answers by hand are built on it."""
    fresh = contiguous_stride(size)
    return 0 in size or all(n == 1 or one == other for n, one, other in zip(size, stride, fresh, strict=True))


def _fills(size: Ints, stride: Ints, used: Callable[[int], bool]) -> bool:
    """Whether the dimensions that are ``used`` fill one stretch of slots in some order."""
    expected = 1
    for step, n in sorted((step, n) for n, step in zip(size, stride, strict=True) if used(n)):
        if step != expected:
            return False
        expected *= n
    return True


def _reach(size: Ints, stride: Ints) -> int:
    return 1 + sum((n - 1) * step for n, step in zip(size, stride, strict=True))


def _only_last(stride: Ints) -> bool:
    return stride[-1] == 1


IS_CONTIGUOUS = Oracle(
    "is_contiguous",
    lambda size, stride: _tensor(size, stride).is_contiguous(),
    _contiguity,
    [
        Misconception(
            "strict comparison",
            lambda size, stride: tuple(stride) == contiguous_stride(size),
            lambda size, stride: tuple(stride) == _plain_stride(size),
            lambda size, stride: 0 in size or tuple(stride) == contiguous_stride(size),
            lambda size, stride: all(
                n == 1 or i == j for n, i, j in zip(size, stride, contiguous_stride(size), strict=True)
            ),
            lambda size, stride: all(
                n == 1 or i == j for n, i, j in zip(size, stride, _plain_stride(size), strict=True)
            ),
            says="No step is ever taken along a dimension of size 1, so its stride does not matter; without elements "
            "none of them does.",
        ),
        Misconception(
            "any dense permutation accepted",
            lambda size, stride: 0 in size or _fills(size, stride, lambda n: n != 1),
            lambda size, stride: _fills(size, stride, lambda n: n != 1),
            lambda size, stride: _fills(size, stride, lambda n: True),
            lambda size, stride: sorted(stride) == sorted(contiguous_stride(size)),
            lambda size, stride: sorted(stride) == sorted(_plain_stride(size)),
            lambda size, stride: 0 in size or _reach(size, stride) == prod(size),
            lambda size, stride: _reach(size, stride) == prod(size),
            says="That there is no gap is not enough. Contiguous means in order too: the last dimension moves fastest.",
        ),
        Misconception(
            "only the last stride looked at",
            lambda size, stride: _only_last(stride),
            lambda size, stride: not stride or _only_last(stride),
            lambda size, stride: bool(stride) and _only_last(stride),
            lambda size, stride: 0 in size or not stride or size[-1] == 1 or _only_last(stride),
            lambda size, stride: 0 in size or not stride or _only_last(stride),
            says="A last stride of 1 makes each row run through memory. The rows have to follow each other too.",
        ),
        Misconception(
            "falling strides are enough",
            lambda size, stride: all(i >= j for i, j in itertools.pairwise(stride)),
            lambda size, stride: all(i > j for i, j in itertools.pairwise(stride)),
            lambda size, stride: list(stride) == sorted(stride, reverse=True),
            lambda size, stride: list(stride) == sorted(stride, reverse=True) and (not stride or _only_last(stride)),
            says="Falling strides give the order. Contiguous also means without a gap: every stride is exactly what "
            "is further in, all together.",
        ),
    ],
)


def _infer(numel: int, new_size: Ints) -> tuple[int, ...]:
    try:
        return tuple(torch.empty(numel, device="meta").view(tuple(new_size)).shape)
    except RuntimeError as error:
        raise ValueError(str(error)) from None


def _unknowns(make: CaseMaker) -> list[Case]:
    a, b, c = make.sizes(3, 2, 9)
    right: list[tuple[str, int, Ints]] = [
        ("twelve in two rows", 12, (2, -1)),
        ("twelve in rows of three", 12, (-1, 3)),
        ("in one row", 12, (-1,)),
        ("the unknown in the middle", a * b * c, (a, -1, c)),
        ("the unknown is 1", a * b, (a, -1, b)),
        ("nothing unknown", a * b * c, (b, c, a)),
        ("one number", 1, ()),
        ("one number, unknown", 1, (-1,)),
        ("with ones", a * b, (1, -1, 1)),
        ("no element", 0, (-1, 3)),
        ("no element, said", 0, (a, 0, b)),
    ]
    wrong: list[tuple[str, int, Ints]] = [
        ("two unknowns", 12, (-1, -1)),
        ("two unknowns, though one is 1", 12, (-1, 12, -1)),
        ("a remainder", 12, (5, -1)),
        ("a remainder of a large number", a * b * c + 1, (a, -1, b * c)),
        ("more known than there is", 3, (4, -1)),
        ("0 known of something", 12, (0, -1)),
        ("0 known of nothing", 0, (-1, 0)),
        ("a size of -2", 12, (-2, 6)),
        ("two of -2 and -3, whose product is right", 6, (-2, -3)),
        ("-2 beside an unknown", 12, (-2, -1)),
        ("too few", 12, (2, 5)),
        ("too many", 12, (12, 2)),
        ("no dimension for two numbers", 2, ()),
        ("something for nothing", 0, (2, 3)),
    ]
    return [make.case(name, numel=numel, new_size=size) for name, numel, size in right] + [
        make.case(name, numel=numel, new_size=size, aspect="errors") for name, numel, size in wrong
    ]


def _inferred(
    numel: int,
    new_size: Ints,
    *,
    checks: str = "two remainder zero below product",
    unknown: Callable[[int, int], int] = lambda numel, known: numel // known,
) -> tuple[int, ...]:
    """A size resolved by rules: what is checked, and what takes the place of -1."""
    known = prod(n for n in new_size if n != -1)
    if "two" in checks and list(new_size).count(-1) > 1:
        raise ValueError
    if "below" in checks and any(n < -1 for n in new_size):
        raise ValueError
    if -1 not in new_size:
        if "product" in checks and known != numel:
            raise ValueError
        return tuple(new_size)
    if "zero" in checks and known == 0:
        raise ValueError
    if "remainder" in checks and known and numel % known:
        raise ValueError
    value = unknown(numel, known)
    return tuple(value if n == -1 else n for n in new_size)


def _inferring(left_out: str, **rules: Any) -> Callable[..., Any]:
    checks = " ".join(word for word in ["two", "remainder", "zero", "below", "product"] if word not in left_out)
    return lambda numel, new_size: _inferred(numel, new_size, checks=checks, **rules)


def _replaced_by_numel(numel: int, known: int) -> int:
    return numel


INFER_SIZE = Oracle(
    "infer_size",
    _infer,
    _unknowns,
    [
        Misconception(
            "-1 becomes numel",
            _inferring("", unknown=_replaced_by_numel),
            _inferring("two remainder zero below product", unknown=_replaced_by_numel),
            _inferring("zero", unknown=_replaced_by_numel),
            lambda numel, new_size: tuple(numel if n == -1 else n for n in new_size),
            says="-1 stands for what is left: the number of elements divided by all the sizes that are known.",
        ),
        Misconception(
            "two -1 accepted",
            _inferring("two"),
            says="Two unknown sizes have many answers. torch refuses to choose, and so does yours: ValueError.",
        ),
        Misconception(
            "non-divisible rounded down",
            _inferring("remainder"),
            says="Rounding down loses elements. Where the known sizes leave a remainder, raise ValueError.",
        ),
        Misconception(
            "0 times anything",
            _inferring("zero"),
            _inferring("zero", unknown=lambda numel, known: numel // known if known else 0),
            _inferring("zero", unknown=lambda numel, known: numel // known if known else -1),
            lambda numel, new_size: _inferring("zero", unknown=lambda numel, known: numel // (known or 1))(
                numel, new_size
            ),
            lambda numel, new_size: (
                (0,) * len(new_size) if numel == 0 and {0, -1} <= set(new_size) else _inferred(numel, new_size)
            ),
            says="Beside a size of 0 every size would do, so -1 has no answer there: ValueError, even for no element.",
        ),
        Misconception(
            "sizes below -1 accepted",
            _inferring("below"),
            lambda numel, new_size: _inferring("below")(numel, [max(n, -1) for n in new_size]),
            says="-1 is the only number below 0 that means something here. -2 is a mistake, even if the product fits.",
        ),
        Misconception(
            "product not compared",
            _inferring("product"),
            says="Without a -1 the sizes must multiply to the number of elements. Otherwise: ValueError.",
        ),
        Misconception(
            "-1 left in",
            lambda numel, new_size: tuple(new_size),
            says="Put in place of -1 what is left for it.",
        ),
    ],
)


def _view_stride(size: Ints, stride: Ints, new_size: Ints) -> tuple[int, ...] | None:
    try:
        return tuple(_tensor(size, stride).view(tuple(new_size)).stride())
    except RuntimeError:
        return None


def _views(make: CaseMaker) -> list[Case]:
    a, b, c = make.sizes(3, 2, 6)
    turned = contiguous_stride((b, c, a))
    inner = (turned[2], turned[0], turned[1])  # a tensor (a, b, c) whose memory holds dimension a innermost
    none, ones = {"aspect": "impossible"}, {"aspect": "size 1"}
    cases: list[tuple[str, Ints, Ints, Ints, dict[str, str]]] = [
        ("two rows of six", (12,), (1,), (2, 6), {}),
        ("three dimensions in a row", (2, 3, 4), (12, 4, 1), (24,), {}),
        ("cut anew", (a, b, c), contiguous_stride((a, b, c)), (c * b, a), {}),
        ("every second column, in a row", (2, 3), (6, 2), (6,), {}),
        ("every third slot, in rows", (a * b,), (3,), (a, b), {}),
        ("a transpose, one dimension split", (4, 6), (1, 4), (2, 2, 6), {}),
        ("a transpose, the other one split", (4, 6), (1, 4), (4, 2, 3), {}),
        ("a transpose as it is", (3, 2), (1, 3), (3, 2), {}),
        ("the two that lie together", (a, b, c), inner, (a, b * c), {}),
        ("split and joined", (2 * a, b, c), (7, c * 100, 100), (2, a, c, b), {}),
        ("rows cut off, each split", (a, 2 * b), (2 * b + 3, 1), (a, 2, b), {}),
        ("an expanded batch", (4, 2, 3), (0, 3, 1), (4, 6), {}),
        ("expanded all over", (a, b), (0, 0), (a * b,), {}),
        ("a transpose in a row", (3, 2), (1, 3), (6,), none),
        ("columns cut off, in a row", (2, 3), (4, 1), (6,), none),
        ("an expanded row", (5, 3), (0, 1), (15,), none),
        ("two that do not lie together", (a, b, c), inner, (a * b, c), none),
        ("rows cut off, cut anew", (4, 6), (12, 1), (6, 4), none),
        ("channels last, flattened", (2, 3, 4, 5), (60, 1, 15, 3), (2, 60), none),
        ("windows that overlap", (3, 3), (1, 1), (9,), none),
        ("too many", (2, 3), (3, 1), (2, 4), none),
        ("too few", (a, b), (b, 1), (a * b - 1,), none),
        ("half of them", (12,), (1,), (6,), none),
        ("one number of two", (2,), (1,), (), none),
        ("1 in the way", (2, 1, 3), (3, 77, 1), (6,), ones),
        ("1 in the way, of every second slot", (a, 1, 1, b), (2 * b, 1, 0, 2), (a * b,), ones),
        ("1 in front, with any stride", (1, 3), (99, 2), (3,), ones),
        ("1 at the end, with any stride", (3, 1), (1, 5), (3,), ones),
        ("a new 1 in the middle", (2, 3), (3, 1), (2, 1, 3), ones),
        ("a new 1 in front", (a, b), (b, 1), (1, a * b), ones),
        ("a new 1 at the end", (a, b), (3 * b, 3), (a * b, 1), ones),
        ("a new 1 in a transpose", (2, 3), (1, 2), (2, 1, 3), ones),
        ("a number in three dimensions", (), (), (1, 1, 1), ones),
        ("a number again", (1, 1), (5, 7), (), ones),
        ("1 between two that do not lie together", (3, 1, 2), (1, 50, 3), (6,), ones),
    ]
    return [
        make.case(name, size=size, stride=stride, new_size=new, **aspect) for name, size, stride, new, aspect in cases
    ]


def _by_runs(
    size: Ints, stride: Ints, new_size: Ints, *, ones_block: bool = False, ones_end: bool = False
) -> tuple[int, ...] | None:
    """A view's strides found run by run from the right, as torch does; with the mistakes of size 1 to choose from."""
    if prod(size) != prod(new_size):
        return None
    if not size:
        return (1,) * len(new_size)
    found: list[int] = []
    left, run, base = list(new_size), 1, stride[-1]
    for dim in reversed(range(len(size))):
        run *= size[dim]
        joined = dim > 0 and stride[dim - 1] == run * base
        if dim > 0 and (joined or (size[dim - 1] == 1 and not ones_block)):
            continue
        taken = 1
        while left and (taken < run or (left[-1] == 1 and not ones_end)):
            found.append(taken * base)
            taken *= left.pop()
        if taken != run:
            return None
        if dim:
            run, base = 1, stride[dim - 1]
    return None if left else tuple(reversed(found))


def _new_ones(value: Callable[[Ints, int], int | None]) -> Callable[[Ints, Ints, Ints], Any]:
    """Right but for new dimensions of size 1, which get ``value(new_size, dim)`` or are left out."""

    def answer(size: Ints, stride: Ints, new_size: Ints) -> Any:
        right = _by_runs(size, stride, new_size)
        if right is None:
            return None
        steps = [value(new_size, dim) if new_size[dim] == 1 else step for dim, step in enumerate(right)]
        return tuple(step for step in steps if step is not None)

    return answer


def _if_contiguous(size: Ints, stride: Ints, new_size: Ints, *, strict: bool, count: bool = True) -> Any:
    fresh = tuple(stride) == contiguous_stride(size) if strict else _row_by_row(size, stride)
    return contiguous_stride(new_size) if fresh and (not count or prod(size) == prod(new_size)) else None


def _counted(answer: Callable[..., Any]) -> Callable[..., Any]:
    """``answer`` where the number of elements is the same, None elsewhere."""
    return lambda size, stride, new_size: answer(size, stride, new_size) if prod(size) == prod(new_size) else None


def _raising_by_runs(size: Ints, stride: Ints, new_size: Ints) -> tuple[int, ...]:
    found = _by_runs(size, stride, new_size)
    if found is None:
        raise ValueError
    return found


def _from_last(size: Ints, stride: Ints, new_size: Ints) -> tuple[int, ...]:
    return tuple(step * (stride[-1] if stride else 1) for step in contiguous_stride(new_size))


VIEW_STRIDE = Oracle(
    "view_stride",
    _view_stride,
    _views,
    [
        Misconception(
            "contiguous-only",
            lambda size, stride, new_size: _if_contiguous(size, stride, new_size, strict=True),
            lambda size, stride, new_size: _if_contiguous(size, stride, new_size, strict=False),
            lambda size, stride, new_size: _if_contiguous(size, stride, new_size, strict=True, count=False),
            lambda size, stride, new_size: _if_contiguous(size, stride, new_size, strict=False, count=False),
            says="A view can exist of a tensor that is not contiguous. Only dimensions that are merged have to lie "
            "together, and any dimension can be split.",
        ),
        Misconception(
            "contiguous strides always",
            lambda size, stride, new_size: contiguous_stride(new_size),
            _counted(lambda size, stride, new_size: contiguous_stride(new_size)),
            says="Fresh strides read memory from slot to slot. A view must find the elements where they lie, "
            "and where no strides do, there is no view.",
        ),
        Misconception(
            "size-1 dimensions mishandled",
            lambda size, stride, new_size: _by_runs(size, stride, new_size, ones_block=True),
            lambda size, stride, new_size: _by_runs(size, stride, new_size, ones_end=True),
            lambda size, stride, new_size: _by_runs(size, stride, new_size, ones_block=True, ones_end=True),
            _new_ones(lambda new_size, dim: 1),
            _new_ones(lambda new_size, dim: 0),
            _new_ones(lambda new_size, dim: None),
            _new_ones(lambda new_size, dim: contiguous_stride(new_size)[dim]),
            says="No step is taken along a dimension of size 1: its stride never stands in the way of a merge. "
            "A new one gets the stride of a whole run of what is to its right.",
        ),
        Misconception(
            "the last stride taken for all",
            _from_last,
            _counted(_from_last),
            says="Each run of dimensions that lie together has a base stride of its own: that of its last dimension.",
        ),
        Misconception(
            "number of elements not compared",
            lambda size, stride, new_size: (
                _by_runs(size, stride, new_size) if prod(size) == prod(new_size) else contiguous_stride(new_size)
            ),
            lambda size, stride, new_size: (
                _by_runs(size, stride, new_size) if prod(size) == prod(new_size) else _from_last(size, stride, new_size)
            ),
            says="A view shows every element once. Where the sizes multiply to another number, there is none.",
        ),
        Misconception(
            "an error for an impossible view",
            _raising_by_runs,
            says="view() raises where no view exists. Asked for is None: the answer is known, and it is no.",
        ),
    ],
)


def _overlaps(size: Ints, stride: Ints) -> bool:
    seen: set[int] = set()
    for index in itertools.product(*map(range, size)):
        slot = sum(i * step for i, step in zip(index, stride, strict=True))
        if slot in seen:
            return True
        seen.add(slot)
    return False


def _namings(make: CaseMaker) -> list[Case]:
    a, b, c = make.sizes(3, 3, 7)
    between, odd = {"aspect": "interleaved"}, {"aspect": "sizes 1 and 0"}
    many = contiguous_stride((10, 10, 5, 4))
    layouts: list[tuple[str, Ints, Ints, dict[str, str]]] = [
        ("two rows of three", (2, 3), (3, 1), {}),
        ("a row expanded", (2, 3), (0, 1), {}),
        ("windows that overlap", (3, 3), (1, 1), {}),
        ("transposed", (3, 2), (1, 3), {}),
        ("every second column", (2, 3), (6, 2), {}),
        ("three dimensions, turned", (a, b, c), (1, a * c, a), {}),
        ("windows with a step", (4, 3), (2, 1), {}),
        ("windows side by side", (4, 2), (2, 1), {}),
        ("expanded at the end", (a, b), (1, 0), {}),
        ("far more room than elements, and yet", (3, 5), (40, 10), {}),
        ("twice the same stride, far apart", (a, b), (50, 50), {}),
        ("a number", (), (), {}),
        ("two thousand, fresh", (10, 10, 5, 4), many, {}),
        ("two thousand, one stride too short", (10, 10, 5, 4), (many[0], many[1] - 1, *many[2:]), {}),
        ("rows between each other", (2, 3), (3, 2), between),
        ("rows that meet", (3, 3), (3, 2), between),
        ("three rows between each other", (3, 4), (5, 3), between),
        ("rows that meet late", (4, 4), (5, 3), between),
        ("coprime strides", (a, b), (b, a), between),
        ("coprime strides, one row more", (a + 1, b + 1), (b, a), between),
        ("three strides", (2, 2, 2), (5, 3, 2), between),
        ("three strides, and one sum", (2, 3, 2), (4, 3, 2), between),
        ("four strides", (2, 2, 2, 2), (7, 11, 3, 20), between),
        ("one row, stride 0", (1, 3), (0, 1), odd),
        ("one row of one number", (1, 1), (0, 0), odd),
        ("one row, the stride of a number", (1, a), (1, 1), odd),
        ("one row, twice as long as wide", (1, a, b), (0, b, 1), odd),
        ("one row among overlapping ones", (a, 1, b), (1, 0, 1), odd),
        ("no element", (0, 3), (1, 0), odd),
        ("no element, at the end", (a, 0), (0, 0), odd),
        ("ones in the way", (1, 3, 1), (7, 0, 3), odd),
    ]
    return [make.case(name, size=size, stride=stride, **aspect) for name, size, stride, aspect in layouts]


def _any_zero(size: Ints, stride: Ints) -> bool:
    return any(step == 0 and n > 1 for n, step in zip(size, stride, strict=True))


def _nested(size: Ints, stride: Ints, *, least: int = 2) -> bool:
    """Whether the strides do not each jump over all that is further in."""
    reach = 0
    for step, n in sorted((step, n) for n, step in zip(size, stride, strict=True) if n >= least):
        if step <= reach:
            return True
        reach += (n - 1) * step
    return False


def _products_nested(size: Ints, stride: Ints) -> bool:
    expected = 1
    for step, n in sorted((step, n) for n, step in zip(size, stride, strict=True) if n > 1):
        if step < expected:
            return True
        expected = step * n
    return False


def _extents(size: Ints, stride: Ints) -> list[int]:
    return [n * step for n, step in zip(size, stride, strict=True)]


HAS_OVERLAP = Oracle(
    "has_overlap",
    _overlaps,
    _namings,
    [
        Misconception(
            "only stride 0",
            _any_zero,
            lambda size, stride: 0 in stride,
            lambda size, stride: 0 not in size and _any_zero(size, stride),
            lambda size, stride: 0 not in size and 0 in stride,
            says="Two indices can meet with every stride above 0: with strides (1, 1), one step down is one step right.",
        ),
        Misconception(
            "size 1 with stride 0 flagged",
            lambda size, stride: 0 in stride or _overlaps(size, stride),
            lambda size, stride: (0 in stride and 0 not in size) or _overlaps(size, stride),
            lambda size, stride: (0 in stride and prod(size) > 1) or _overlaps(size, stride),
            lambda size, stride: (0 in stride and prod(size) > 1) or _nested(size, stride),
            says="Along a dimension of size 1 there is only one index. A stride of 0 there lets nothing meet.",
        ),
        Misconception(
            "largest extent compared with numel",
            lambda size, stride: _reach(size, stride) < prod(size),
            lambda size, stride: max(_extents(size, stride), default=1) < prod(size),
            lambda size, stride: (
                max(((n - 1) * i + 1 for n, i in zip(size, stride, strict=True)), default=1) < prod(size)
            ),
            lambda size, stride: (
                max(((n - 1) * i for n, i in zip(size, stride, strict=True)), default=0) < prod(size) - 1
            ),
            lambda size, stride: max(((n - 1) * i for n, i in zip(size, stride, strict=True)), default=1) < prod(size),
            lambda size, stride: sum(_extents(size, stride)) < prod(size),
            says="Too little room proves an overlap, but enough room proves nothing: with gaps in it, elements can "
            "still meet.",
        ),
        Misconception(
            "every stride must jump over what is further in",
            _nested,
            lambda size, stride: 0 not in size and _nested(size, stride),
            _products_nested,
            lambda size, stride: 0 not in size and _products_nested(size, stride),
            lambda size, stride: _nested(size, stride, least=0),
            says="That is how it is in ordinary tensors, and it is safe. But rows can lie between each other "
            "without meeting: sizes (2, 3), strides (3, 2).",
        ),
        Misconception(
            "equal strides looked for",
            lambda size, stride: len(set(stride)) < len(stride),
            lambda size, stride: len(set(stride)) < len(stride) or 0 in stride,
            lambda size, stride: 0 in stride or len(set(stride)) < len(stride),
            says="Different strides can add up to the same slot, too: 2 steps of 3 are 3 steps of 2.",
        ),
    ],
)


def _images(make: CaseMaker) -> list[Case]:
    n, c, h, w = make.sizes(4, 2, 6)
    x = make.normal(n, c, h, w)
    base = make.normal(n, c + 2, 2 * h, w)
    return [
        make.case("one image of two channels", x=torch.arange(12.0).view(1, 2, 2, 3)),
        make.case("a batch", x=x, leaves="x"),
        make.case("square images", x=make.normal(n, c, h, h), leaves="x"),
        make.case("one image, as many channels as rows", x=make.normal(1, h, h, w), leaves="x"),
        make.case("one channel", x=make.normal(n, 1, h, w)),
        make.case("stored channels last", x=make.scattered(x, order=(0, 2, 3, 1)), leaves="x"),
        make.case("stored back to front", x=make.scattered(x), leaves="x"),
        make.case("cut out of larger images", x=base[:, 1 : c + 1, ::2], leaves="x"),
        make.case("float32", x=x.float(), leaves="x"),
    ]


def _as_view_sizes(x: Tensor) -> tuple[int, int, int, int]:
    n, c, h, w = x.shape
    return n, h, w, c


TO_CHANNELS_LAST = Oracle(
    "to_channels_last",
    lambda x: x.permute(0, 2, 3, 1),
    _images,
    [
        Misconception(
            "view or reshape",
            lambda x: x.view(_as_view_sizes(x)),
            lambda x: x.reshape(_as_view_sizes(x)),
            lambda x: x.contiguous().view(_as_view_sizes(x)),
            lambda x: x.clone().reshape(_as_view_sizes(x)),
            says="view and reshape keep the order of the elements and only cut it anew: colours of different pixels end "
            "up side by side. Dimensions have to change places.",
        ),
        Misconception(
            "H and W swapped",
            lambda x: x.permute(0, 3, 2, 1),
            lambda x: x.permute(0, 3, 2, 1).contiguous(),
            says="The channels move to the end, and H stays before W. Swapping two dimensions is not enough: "
            "it turns the image over its diagonal.",
        ),
        Misconception(
            "copied",
            lambda x: x.permute(0, 2, 3, 1).clone(),
            lambda x: x.permute(0, 2, 3, 1).contiguous(),
            says="The numbers are right, but they lie in new memory. Only the order of sizes and strides has to change.",
        ),
        Misconception(
            "only the memory's order changed",
            lambda x: x.contiguous(memory_format=torch.channels_last),
            lambda x: x.to(memory_format=torch.channels_last).clone(),
            says="memory_format changes the strides and keeps the shape (N, C, H, W). Asked for is the shape (N, H, W, C).",
        ),
        Misconception(
            "permute read backwards",
            lambda x: x.permute(0, 3, 1, 2),
            lambda x: x.permute(0, 3, 1, 2).contiguous(),
            says="permute names, for each new dimension, the old one that goes there.",
        ),
        Misconception(
            "graph cut",
            lambda x: x.detach().permute(0, 2, 3, 1),
            lambda x: x.detach().permute(0, 2, 3, 1).clone(),
            says="detach, .data and torch.tensor cut the graph: no gradient reaches x any more.",
        ),
    ],
)


def _batches(make: CaseMaker) -> list[Case]:
    n, c, h, w = make.sizes(4, 2, 6)
    x = make.normal(n, c, h, w)
    return [
        make.case("two images of three numbers", x=torch.arange(6.0).view(2, 3, 1)),
        make.case("a batch of images", x=x, leaves="x"),
        make.case("one image", x=make.normal(1, c, h, w), leaves="x"),
        make.case("flat already", x=make.normal(n, w), leaves="x"),
        make.case("one number each", x=make.normal(n, 1, 1), leaves="x"),
        make.case("three dimensions behind a transpose of the batch", x=make.normal(c, h, w, n).permute(3, 0, 1, 2)),
        make.case("stored channels last", x=make.scattered(x, order=(0, 2, 3, 1)), leaves="x", aspect="no view"),
        make.case("stored back to front", x=make.scattered(x), leaves="x", aspect="no view"),
        make.case("every second image", x=make.normal(2 * n, c, h)[::2], leaves="x"),
        make.case("every second number of flat ones", x=make.normal(n, 2 * w)[:, 1::2], leaves="x"),
        make.case("every second number, in rows", x=make.normal(n, c, 2 * w)[:, :, ::2], leaves="x"),
        make.case("every second row", x=make.normal(n, 2 * c, h)[:, ::2], leaves="x", aspect="no view"),
        make.case("one image for all", x=make.normal(1, c, h).expand(n, c, h)),
        make.case("one row for all", x=make.normal(n, 1, h).expand(n, c, h), aspect="no view"),
        make.case("five dimensions in float32", x=make.normal(n, 2, c, 3, h, dtype=torch.float32), leaves="x"),
    ]


FLATTEN_BATCH = Oracle(
    "flatten_batch",
    lambda x: x.reshape(x.shape[0], -1),
    _batches,
    [
        Misconception(
            "batch flattened too",
            lambda x: x.reshape(-1),
            lambda x: x.reshape(1, -1),
            lambda x: x.view(-1),
            lambda x: x.view(1, -1),
            lambda x: x.reshape(-1).clone(),
            lambda x: x.reshape(1, -1).clone(),
            says="Dimension 0 counts the images and has to stay. Flatten what is behind it.",
        ),
        Misconception(
            "view on channels-last input",
            lambda x: x.view(x.shape[0], -1),
            says="view() only works where strides can describe the result. For all else a copy is needed, and reshape "
            "makes one exactly then.",
        ),
        Misconception(
            "always copies",
            lambda x: x.reshape(x.shape[0], -1).clone(),
            says="Where strides can describe the flat tensor no number has to move. You copied all the same.",
        ),
        Misconception(
            "copies what is not contiguous",
            lambda x: x.contiguous().view(x.shape[0], -1),
            lambda x: x.reshape(x.shape[0], -1).contiguous(),
            says="A tensor that is not contiguous can have a flat view all the same: it depends on which dimensions are "
            "merged.",
        ),
        Misconception(
            "flattened in the order of memory",
            lambda x: x.permute(0, *range(2, x.dim()), 1).reshape(x.shape[0], -1),
            lambda x: x.transpose(1, -1).reshape(x.shape[0], -1),
            says="The flat order is that of the indices, the last one moving fastest, however the tensor is stored.",
        ),
        Misconception(
            "the last dimension kept",
            lambda x: x.reshape(-1, x.shape[-1]),
            lambda x: x.flatten(0, -2),
            says="Dimension 0 stays and all others become one. You kept the last and merged the rest.",
        ),
        Misconception(
            "graph cut",
            lambda x: x.detach().reshape(x.shape[0], -1),
            says="detach, .data and torch.tensor cut the graph: no gradient reaches x any more.",
        ),
    ],
)

ORACLES = (
    TRANSPOSE_LAYOUT,
    SLICE_LAYOUT,
    EXPAND_LAYOUT,
    IS_CONTIGUOUS,
    INFER_SIZE,
    VIEW_STRIDE,
    HAS_OVERLAP,
    TO_CHANNELS_LAST,
    FLATTEN_BATCH,
)
