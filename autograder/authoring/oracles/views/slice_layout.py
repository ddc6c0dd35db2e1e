"""Chapter 02, `slice_layout`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.storage.layout import Ints, Layout, contiguous_stride, layout_of, plain_stride
from autograder.authoring.oracles.storage.strides import LAYOUT_WORDS, ONES, WAYS, has_way, size_of, stride_of
from autograder.authoring.oracles.views.layout import tensor_of, turned_layout
from autograder.authoring.space import Chosen, Space, absent
from autograder.observing.case import Case

__all__ = ["SLICE_LAYOUT"]


def _with(values: Ints, dim: int, value: int) -> tuple[int, ...]:
    return (*values[:dim], value, *values[dim + 1 :])


def _slice(size: Ints, stride: Ints, offset: int, dim: int, start: int, stop: int, step: int = 1) -> Layout:
    index = (slice(None),) * dim + (slice(start, stop, step),)
    return layout_of(tensor_of(size, stride, offset)[index])


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
        drawn = turned_layout(make, rank, rank - 1)
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


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    length, start, stop = one.part
    size = _with(size_of(make, one.rank, one.odd), one.dim, length)
    where = {"dim": one.dim, "start": start, "stop": stop, **one.given("step")}
    aspect = {"aspect": "empty"} if start == stop else {}
    return make.case(size=size, stride=stride_of(size, one.way), offset=one.offset, **where, **aspect)


_SPACE = Space(
    _drawn,
    rank=(1, 2, 3, 4, 5, 6),
    dim=(0, 1, 2, 3, 4, 5),
    # The size of the dimension, start and stop.
    part=((1, 0, 1), (2, 1, 2), (5, 0, 5), (7, 0, 6), (12, 3, 12), (12, 4, 11), (0, 0, 0), (5, 2, 2)),
    step=(absent, 1, 2, 3, 7),
    odd=ONES,
    way=tuple(way for way in WAYS if way != "cut in every dimension"),
    offset=(0, 3, 40),
    within=(
        lambda one: one.dim < one.rank,
        # The dimension that is sliced gets a size of its own; what is odd stands elsewhere.
        lambda one: has_way(one.rank, one.odd, one.way),
    ),
    traits={"the slice is empty": lambda one: one.part[1] == one.part[2]},
    words=LAYOUT_WORDS | {"dim": "dim is {}", "part": "the size of dim, start and stop are {}", "step": "step is {}"},
)


def _wrong_slice(
    *,
    length: Callable[[int, int, int], Any] = lambda start, stop, step: len(range(start, stop, step)),
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


def _with_strides_of(fresh: Callable[[Ints], tuple[int, ...]]) -> Callable[..., Layout]:
    def answer(*args: Any, **kwargs: Any) -> Layout:
        size, _, offset = _wrong_slice()(*args, **kwargs)
        return size, fresh(size), offset

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
            "the old offset dropped",
            lambda size, stride, offset, dim, start, stop, step=1: _wrong_slice()(
                size, stride, 0, dim, start, stop, step
            ),
            says="The tensor that is sliced may begin behind slot 0 itself. What the slice skips is added to its offset.",
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
            "the step for the stride",
            _wrong_slice(stride_of=lambda stride, step: step),
            says="The step counts elements of the old dimension, and from one to the next of those it is a stride: the new stride "
            "is step · stride.",
        ),
        Misconception(
            "strides recomputed as contiguous",
            *(_with_strides_of(fresh) for fresh in (contiguous_stride, plain_stride)),
            says="Fresh strides would belong to a copy. A slice moves nothing in memory: all other dimensions keep their stride.",
        ),
        Misconception(
            "an empty slice left where it was",
            _wrong_slice(empty_as_it_was=True),
            says="torch makes no exception: an empty slice moves the offset and multiplies the stride like any other.",
        ),
        Misconception(
            "a float for an int",
            _wrong_slice(length=lambda start, stop, step: (stop - start) / step),
            _wrong_slice(length=lambda start, stop, step: float(ceil((stop - start) / step))),
            says="A division with / gives a float, 2.0 for 2, and so does numpy.ceil. A size is a whole number: // and math.ceil give one.",
        ),
    ],
    space=_SPACE,
)
