"""Chapter 02, `expand_layout`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.storage.layout import Ints, Layout, contiguous_stride, layout_of
from autograder.authoring.oracles.storage.strides import LAYOUT_WORDS, ONES, WAYS, has_way, size_of, stride_of
from autograder.authoring.oracles.views.layout import tensor_of, turned_layout
from autograder.authoring.space import RANKS, Chosen, Space
from autograder.observing.case import Case

__all__ = ["EXPAND_LAYOUT"]


def _expand(size: Ints, stride: Ints, offset: int, new_size: Ints) -> Layout:
    try:
        return layout_of(tensor_of(size, stride, offset).expand(tuple(new_size)))
    except RuntimeError as error:
        raise ValueError(str(error)) from None


def _expansions(make: CaseMaker) -> list[Case]:
    a, b, c, d, e = make.sizes(5, 2, 7)
    column: dict[str, Any] = {"size": (3, 1), "stride": (1, 1), "offset": 0}
    front, errors = {"aspect": "new dims"}, {"aspect": "errors"}
    one_thick: dict[str, Any] = {"size": (a, 1, b, 1), "stride": (2 * b, 5, 2, 9), "offset": make.integer(1, 20)}
    plain = turned_layout(make, 3)
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
        make.case("0 is not 1", size=(0, 3), stride=(3, 1), offset=0, new_size=(2, 3), **errors),
        make.case("too short", size=(1, 3), stride=(3, 1), offset=0, new_size=(3,), **errors),
        make.case("no dimension at all", size=(1,), stride=(1,), offset=0, new_size=(), **errors),
    ]


_RIGHT = (
    *("nothing", "all sizes of 1 grow", "the first size of 1 grows", "the last size of 1 grows"),
    *("one dimension more", "three dimensions more, and all sizes of 1 grow"),
)
_NOTHING = ("a 0 in front", "a 0 at the end")
_WRONG = (
    *("the last size other than 1 grows by 1", "the first size other than 1 is doubled"),
    *("the last size other than 1 becomes 1", "the first dimension is left out"),
)


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    size = size_of(make, one.rank, one.odd)
    new = _changed(make, size, one.change)
    aspect = "errors" if one.change in _WRONG else "new dims" if "more" in one.change else "values"
    return make.case(size=size, stride=stride_of(size, one.way), offset=one.offset, new_size=new, aspect=aspect)


def _changed(make: CaseMaker, size: Ints, change: str) -> tuple[int, ...]:
    ones, others = ([dim for dim, n in enumerate(size) if (n == 1) == odd] for odd in (True, False))
    new = list(size)
    if change.endswith(("grow", "grows")):
        for dim in ones[:1] if "first" in change else ones[-1:] if "last" in change else ones:
            new[dim] = make.integer(2, 20)
    more = [make.integer(2, 20) for _ in range(3 if change.startswith("three") else change.startswith("one"))]
    match _WRONG.index(change) if change in _WRONG else -1:
        case 0:
            new[others[-1]] += 1
        case 1:
            new[others[0]] *= 2
        case 2:
            new[others[-1]] = 1
        case 3:
            new = new[1:]
    return (*more, *new)


_SPACE = Space(
    _drawn,
    rank=RANKS,
    odd=(*ONES, *_NOTHING),
    way=tuple(way for way in WAYS if way not in ("cut in every dimension", "stored channels last")),
    change=(*_RIGHT, *_WRONG),
    offset=(0, 9),
    within=(
        lambda one: has_way(one.rank, one.odd, one.way),
        # There is a size of 1 to grow, another one to change, a dimension to leave out.
        lambda one: "of 1 grow" not in one.change or one.odd in ONES[1:],
        lambda one: "other" not in one.change or (one.odd != ONES[-1] and one.rank > (one.odd in ONES[1:])),
        # Twice nothing is nothing.
        lambda one: "doubled" not in one.change or one.odd != _NOTHING[0],
        lambda one: "left out" not in one.change or one.rank > 0,
    ),
    words=LAYOUT_WORDS | {"change": "asked for is: {}"},
)


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
            lambda size, stride, offset, new_size: (tuple(new_size), tuple(stride), offset),
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
            "every stride 0",
            _expanding(grown=lambda old, step, new: 0),
            lambda size, stride, offset, new_size: (tuple(new_size), (0,) * len(new_size), offset),
            says="Stride 0 is for what is repeated. A dimension that stays as it was keeps its stride, or its elements are lost.",
        ),
        Misconception(
            "offset dropped",
            lambda size, stride, offset, new_size: (*_expanded(size, stride, offset, new_size)[:2], 0),
            says="The first element stays the first, in the slot it was in.",
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
    space=_SPACE,
)
