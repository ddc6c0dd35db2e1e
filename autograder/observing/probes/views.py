"""Chapter 02, views and copies: how its answers are observed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any

import torch
from torch import Tensor

from autograder.observing.case import Case
from autograder.observing.exercise import exercise
from autograder.observing.observe import observe, raised_by
from autograder.observing.plain import plain
from autograder.observing.whole import whole

Observations = dict[str, Any]


def _said(answer: Callable[..., Any], case: Case) -> Observations:
    """What the answer says of plain integers counts for the aspect that the case is about; for errors, what it raises."""
    if case.get("aspect") == "errors":
        return observe(errors=raised_by(lambda: case.call(answer)))
    return observe(**{case.get("aspect", "values"): whole(case.call(answer))})


@exercise("transpose_layout(size, stride, offset, dim0, dim1)", points=2, draws=False, by_hand="*")
def transpose_layout(answer: Callable[..., Any], case: Case) -> Observations:
    """Dimensions counted from the front, or (an aspect of their own) from the end."""
    return _said(answer, case)


@exercise("slice_layout(size, stride, offset, dim, start, stop, step=1)", points=3, draws=False, by_hand="*")
def slice_layout(answer: Callable[..., Any], case: Case) -> Observations:
    """The layout as a whole and its three parts; of an empty slice as a whole only."""
    seen = _said(answer, case)
    layout = seen.get("values")
    if "aspect" in case:
        return seen
    parts = layout if isinstance(layout, tuple) and len(layout) == 3 else ("no part",) * 3
    return seen | dict(zip(("size", "stride", "offset"), parts, strict=True))


@exercise(
    "expand_layout(size, stride, offset, new_size)",
    points=3,
    draws=False,
    by_hand="*",
    shares={"new dims": 2, "errors": 2},
)
def expand_layout(answer: Callable[..., Any], case: Case) -> Observations:
    """Dimensions of size 1 that grow, new dimensions in front, and what cannot be expanded."""
    return _said(answer, case)


@exercise("is_contiguous(size, stride) -> bool", points=3, draws=False, by_hand="*", shares={"sizes 1 and 0": 3})
def is_contiguous(answer: Callable[..., Any], case: Case) -> Observations:
    """Sizes of 1 and 0 are an aspect of their own."""
    return _said(answer, case)


@exercise("infer_size(numel, new_size) -> tuple", points=3, draws=False, by_hand="*", shares={"errors": 3})
def infer_size(answer: Callable[..., Any], case: Case) -> Observations:
    """Sizes with one -1 or none, and what has no answer: where no error comes, it is said what comes in its place."""
    if case.get("aspect") != "errors":
        return _said(answer, case)
    size = partial(_size_instead, numel=case["numel"], new_size=case["new_size"])
    return observe(errors=raised_by(lambda: case.call(answer), size))


def _size_instead(given: Any, numel: int, new_size: tuple[int, ...]) -> str:
    """Whether what came back in the place of an error is a size, and whether a remainder is lost in it."""
    size = plain(given)
    if not isinstance(size, tuple) or len(size) != len(new_size) or any(type(n) is not int for n in size):
        return "no error, and no size"
    known = prod(n for n in new_size if n != -1)
    lost = known > 0 and numel % known and size == tuple(numel // known if n == -1 else n for n in new_size)
    return "no error, and a size rounded down" if lost else "nothing"


@exercise(
    "view_stride(size, stride, new_size) -> tuple or None",
    points=5,
    draws=False,
    by_hand="*",
    shares={"impossible": 2, "size 1": 2},
)
def view_stride(answer: Callable[..., Any], case: Case) -> Observations:
    """Where a view exists, where none does, and dimensions of size 1."""
    # In a dict, since an answer of None would pass for an aspect that is not asked.
    return observe(**{case.get("aspect", "values"): {"stride": whole(case.call(answer))}})


@exercise("has_overlap(size, stride) -> bool", points=4, draws=False, shares={"interleaved": 2, "sizes 1 and 0": 2})
def has_overlap(answer: Callable[..., Any], case: Case) -> Observations:
    """Ordinary layouts, layouts whose rows lie between each other, and sizes of 1 and 0."""
    return _said(answer, case)


def _seen_through(answer: Callable[..., Any], case: Case) -> Observations:
    """Call the answer on ``x`` and go backward; then write to x's storage, and see whether the result shows it.

    Where the case is about an aspect of its own (no view exists), all that is seen counts for that.
    """
    x = case["x"]
    out = case.called(answer)
    if not isinstance(out, Tensor):
        return observe(**({case["aspect"]: {"result": out}} if "aspect" in case else {"values": out}))
    read, gradients, memory = out.detach().clone(), case.gradients(out), case.unchanged()
    # Every slot by itself: x may name some of them more than once.
    torch.empty(0, dtype=x.dtype).set_(x.untyped_storage()).add_(1)
    shown = torch.equal(out.detach(), read + 1)
    if "aspect" in case:
        return observe(**{case["aspect"]: {"result": read, "gradients": gradients} | memory})
    memory["result"] = "a view" if shown else "a copy"
    return observe(values=read, gradients=gradients, memory=memory)


@exercise("to_channels_last(x) -> Tensor", points=2, draws=False, essential="memory, gradients", shares={"memory": 3})
def to_channels_last(answer: Callable[..., Any], case: Case) -> Observations:
    """``x (N, C, H, W)``."""
    return _seen_through(answer, case)


@exercise(
    "flatten_batch(x) -> Tensor",
    points=4,
    draws=False,
    essential="memory, gradients",
    shares={"memory": 3, "no view": 2},
)
def flatten_batch(answer: Callable[..., Any], case: Case) -> Observations:
    """``x (N, ...)``, laid out in memory in many ways."""
    return _seen_through(answer, case)
