"""Inputs and outputs as short text: small tensors whole, large ones by dtype and shape."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from autograder.observing.case import Case
from autograder.observing.codec import Drawn, Other, Projection, Raised, Uniform
from autograder.observing.exercise import Exercise

__all__ = ["show_case", "show_form", "show_value"]

_WHOLE = 24  # elements that a person still reads as numbers


def show_value(value: Any) -> str:
    """``value`` in a line.

    >>> show_value(torch.tensor([[1.0, 2.5], [float("nan"), -3.0]]))
    '[[1., 2.5], [nan, -3.]]'
    >>> show_value(torch.zeros(2, 3, 32, 32))
    'float32 (2, 3, 32, 32) from 0 to 0'
    """
    match value:
        case Tensor() if value.numel() <= _WHOLE and (value.numel() or value.dim() == 1):
            return _numbers(value.tolist()) + _suffix(value.dtype)
        case Tensor():
            return _form(value.dtype, tuple(value.shape)) + (_range(value) if value.numel() else "")
        case Uniform():
            return _form(value.dtype, value.size)
        case Drawn():
            lies = "" if value.layout == "contiguous" else f", {value.layout}"
            small = math.prod(value.size) <= _WHOLE
            return (show_value(value.tensor()) if small else _form(value.dtype, value.size)) + lies
        case Projection():
            return _form(value.dtype, value.size) + " (too large to print)"
        case Raised():
            return f"{value.type}: {value.message}"
        case Other():
            return "nothing" if value.type == "nothing" else f"a {value.type}"
        case tuple():
            return "(" + ", ".join(show_value(item) for item in value) + ("," if len(value) == 1 else "") + ")"
        case Mapping():
            return "{" + ", ".join(f"{key!r}: {show_value(item)}" for key, item in value.items()) + "}"
        case float():
            return f"{value:.6g}"
        case str() if " " in value:
            return value  # a sentence of the probe's
    return repr(value)


def show_form(value: Any) -> str:
    """A tensor by its dtype and size, where the numbers would only distract; anything else as it is.

    >>> show_form(torch.zeros(2, 3))
    'float32 (2, 3)'
    """
    match value:
        case Tensor():
            return _form(value.dtype, tuple(value.shape))
        case Projection():
            return _form(value.dtype, value.size)
    return show_value(value)


def show_case(exercise: Exercise, case: Case) -> str:
    """The call that was tried: what the author says of the case, or the arguments by name."""
    if case.shown:
        return case.shown
    parts = [f"{name} = {show_value(case.inputs[name])}" for name in exercise.arguments if name in case.inputs]
    return "   ".join(parts) or case.name


def _form(dtype: torch.dtype, size: tuple[int, ...]) -> str:
    return f"{str(dtype).removeprefix('torch.')} {size}"


def _range(value: Tensor) -> str:
    if not value.is_floating_point():
        return ""
    return f" from {value.min().item():.4g} to {value.max().item():.4g}"


def _suffix(dtype: torch.dtype) -> str:
    return "" if dtype in (torch.float32, torch.float64, torch.int64, torch.bool) else f" {str(dtype)[6:]}"


def _numbers(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_numbers(item) for item in value) + "]"
    if isinstance(value, float):
        text = f"{value:.5g}"
        return text + "." if text.lstrip("-").isdigit() else text
    return repr(value)
