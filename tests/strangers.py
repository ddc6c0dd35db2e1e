"""What a stranger may send: anything at all, or the right thing with one thing changed; and what reading it costs.

Costs are counted, not timed: bytes by tracemalloc, steps by Python's own tracing.
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from hypothesis import strategies as st

__all__ = ["JSON", "bent", "grows_evenly", "peak", "steps", "torn"]

LONG = 10**4000
ODD = st.sampled_from(
    [
        *(None, True, False, 0, -1, 1, 1 << 31, 1 << 63, -(1 << 63), 1 << 64, LONG, 0.5, 1e308),
        *("", "~", "nan", "inf", "t0", "end", "\ud800", "\0", "x" * 300, "9" * 5000),
        *([], {}, [[]], [{}], {"~": "seq"}, {"~": {}}, {"": {}}),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def peak(call: Callable[[], Any]) -> int:
    """The most bytes that ``call`` had at a time."""
    call()  # what is imported or remembered the first time is not its cost
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def steps(call: Callable[[], Any]) -> int:
    """How many lines of Python ``call`` runs, and how many functions it calls, written in C or not."""
    counted = 0

    def line(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal counted
        counted += event == "line"
        return line

    def function(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    before = sys.gettrace(), sys.getprofile()
    sys.settrace(line)
    sys.setprofile(function)
    try:
        call()
    finally:
        sys.setprofile(before[1])
        sys.settrace(before[0])
    return counted


def grows_evenly(cost: Callable[[int], int], size: int) -> bool:
    """Whether ``cost`` of four times as much is about four times as high: squares would be sixteen."""
    return cost(4 * size) <= 6 * cost(size)


@st.composite
def torn(draw: st.DrawFn, right: bytes) -> bytes:
    """``right`` with one thing changed: a byte, a piece taken out, put in or said twice, the end cut off."""
    if not right:
        return draw(st.binary(max_size=20))
    start = draw(st.integers(0, len(right) - 1))
    end = draw(st.integers(start, min(len(right), start + 40)))
    put = draw(
        st.sampled_from([b"", right[start:end] * 2, b"\xff" * 8, b"9" * 30, b"[" * 30, b"NaN", b"\\ud800", b"\0"])
        | st.binary(min_size=1, max_size=8)
    )
    return right[:start] + put + right[draw(st.sampled_from([start, end, len(right)])) :]


@st.composite
def bent(draw: st.DrawFn, right: Any) -> Any:
    """``right``, a JSON value, with one thing changed: something in it replaced, left out, said twice or nested."""
    path = draw(st.sampled_from(list(_paths(right))))
    return _changed(right, path, draw)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _paths(item, (*path, key))


def _changed(value: Any, path: tuple[Any, ...], draw: st.DrawFn) -> Any:
    if not path:
        how = draw(st.sampled_from(["other", "any", "nested", "deep", "more"]))
        if how == "nested":
            return draw(st.sampled_from([[value], {"a": value}]))
        if how == "deep":
            for _ in range(draw(st.sampled_from([20, 40, 200]))):
                value = [value]
            return value
        if how == "more" and isinstance(value, list | str):
            return value * draw(st.sampled_from([2, 100]))
        if how == "more" and type(value) is int:
            return value + draw(st.sampled_from([-1, 1, 1 << 20]))
        return draw(JSON if how == "any" else ODD)
    key, *rest = path
    copy = dict(value) if isinstance(value, dict) else list(value)
    if not rest and draw(st.integers(0, 3)) == 0:
        if isinstance(copy, dict) and draw(st.booleans()):
            copy[draw(ODD.filter(lambda one: isinstance(one, str)))] = copy[key]
        del copy[key]
    else:
        copy[key] = _changed(value[key], tuple(rest), draw)
    return copy
