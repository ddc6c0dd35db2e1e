"""Chapter 05, convolution by hand: how its answers are observed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.observing.case import Case
from autograder.observing.exercise import exercise
from autograder.observing.observe import observe
from autograder.observing.plain import plain
from autograder.observing.project import LARGE, project

Observations = dict[str, Any]

# A result is kept whole where it can be, so that a panel shows where it is wrong; a gradient sooner through projections.
_VALUES, _GRADIENTS = LARGE, 16

_ONE_MORE = {"bias": 2, "stride": 2, "padding": 2, "dilation": 2, "all together": 2}

# torch's own names for padding: F.pad, what it and nn.ZeroPad2d and its like come down to. pad_sequence is none of them.
_PAD = "pad constant_pad* _pad_enum _pad_circular reflection_pad* replication_pad*"


def _function(answer: Callable[..., Any], case: Case) -> Observations:
    """Call the answer on the case's inputs, and look at what came out."""
    return _look(case, case.called(answer))


def _look(case: Case, out: Any) -> Observations:
    """The result, the gradients where the case has leaves, and whether the inputs are what they were.

    A case that ``asks`` for one thing more (a stride, a bias, another layout) has its result under that name: who has not
    come so far keeps what is right without it.
    """
    aspect = case.get("asks", "values")
    kept = case.unchanged() if aspect == "values" else None
    return observe(**{aspect: _short(out, _VALUES), "gradients": _gradients(case, out), "memory": kept})


def _gradients(case: Case, out: Any) -> dict[str, Any] | None:
    found = case.gradients(out)
    return found and {name: _short(one, _GRADIENTS) for name, one in found.items()}


def _short(value: Any, whole: int) -> Any:
    """``value`` as data, a tensor of more than ``whole`` elements through its projections."""
    data = plain(value)
    return project(data) if isinstance(data, Tensor) and data.numel() > whole else data


@exercise("correlate2d(x, kernel)", points=3, draws=False, by_hand="*conv*", essential="gradients")
def correlate2d(answer: Callable[..., Any], case: Case) -> Observations:
    """``x (H, W)``, ``kernel (kh, kw)``."""
    return _function(answer, case)


@exercise(
    "pad2d(x, padding, value=0.0)", points=2, draws=False, by_hand=_PAD, essential="gradients", shares={"fill": 2}
)
def pad2d(answer: Callable[..., Any], case: Case) -> Observations:
    """``x (N, C, H, W)``, ``padding`` an int of 0 or more, ``value`` a number, or none given."""
    return _function(answer, case)


@exercise(
    "windows(x, kernel_size, stride=1)",
    points=4,
    draws=False,
    essential="memory, gradients",
    shares={"memory": 5, "stride": 2, "layout": 3},
)
def windows(answer: Callable[..., Any], case: Case) -> Observations:
    """``x (N, C, H, W)`` of any layout; afterwards its storage is written to, and the result read once more."""
    out = case.called(answer)
    seen = _look(case, out)
    return seen | {"memory": {**case.unchanged(), "result": _after_writing(case["x"], out)}}


def _after_writing(x: Tensor, out: Any) -> str:
    """Whether every number of ``out`` changes, or none, when all of the storage behind ``x`` does."""
    if not isinstance(out, Tensor):
        return "not a tensor"
    before = out.detach().clone()
    storage = torch.empty(0, dtype=x.dtype).set_(x.untyped_storage())
    storage.add_(100)
    changed = out.detach() != before
    if bool(changed.all()):
        return "follows x: a view"
    return "follows x in part" if bool(changed.any()) else "stays as it was: a copy"


@exercise(
    "conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1)",
    points=5,
    draws=False,
    by_hand="*conv*",
    essential="gradients",
    shares=_ONE_MORE,
)
def conv2d(answer: Callable[..., Any], case: Case) -> Observations:
    """``x (N, C, H, W)``, ``weight (O, C, kh, kw)``, ``bias (O,)`` or none; gradients of all three."""
    return _function(answer, case)


@exercise(
    "conv2d_im2col(x, weight, bias=None, stride=1, padding=0)",
    points=3,
    draws=False,
    by_hand="*conv*",
    essential="gradients",
    shares={name: share for name, share in _ONE_MORE.items() if name != "dilation"},
)
def conv2d_im2col(answer: Callable[..., Any], case: Case) -> Observations:
    """``x (N, C, H, W)``, ``weight (O, C, kh, kw)``, ``bias (O,)`` or none; gradients of all three."""
    return _function(answer, case)


@exercise(
    "max_pool2d(x, kernel_size, stride=None, padding=0)",
    points=3,
    draws=False,
    by_hand="*pool*",
    essential="gradients",
    shares={"stride": 2, "padding": 3},
)
def max_pool2d(answer: Callable[..., Any], case: Case) -> Observations:
    """``x (N, C, H, W)`` without ties; ``padding`` at most half of the kernel, as torch asks."""
    return _function(answer, case)
