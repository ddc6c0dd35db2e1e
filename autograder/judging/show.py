"""Inputs and outputs as short text: small tensors whole, large ones by dtype and shape."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from autograder.observing.case import Case
from autograder.observing.codec import Drawn, Listed, Other, Projection, Raised, Uniform
from autograder.observing.exercise import Exercise

__all__ = ["show_apart", "show_case", "show_form", "show_value"]

_WHOLE = 24  # elements that a person still reads as numbers
_ITEMS = 24  # of a sequence or dict
_LETTERS = 600  # of one line
_DIGITS = 5

_KINDS = {
    "bool": "a bool",
    "int": "an int",
    "float": "a float",
    "str": "text",
    "Tensor": "a tensor",
    "Projection": "a tensor",
    "tuple": "a tuple",
    "Listed": "a list",
    "dict": "a dict",
    "dtype": "a dtype",
}

_OTHERS = {
    "nothing": "nothing",
    "ndarray": "a NumPy array",
    "type": "a class",
    "builtin_function_or_method": "a function",
    "ellipsis": "...",
}


def show_value(value: Any, digits: int = _DIGITS) -> str:
    """``value`` in a line, numbers with so many digits.

    >>> show_value(torch.tensor([[1.0, 2.5], [float("nan"), -3.0]]))
    '[[1., 2.5], [nan, -3.]]'
    >>> show_value(torch.zeros(2, 3, 32, 32)), show_value((8, 8.0))
    ('float32 (2, 3, 32, 32) from 0 to 0', '(8, 8.0)')
    """
    text = _value(value, digits, 0)
    return text if len(text) <= _LETTERS else text[:_LETTERS] + " …"


def _value(value: Any, digits: int, depth: int) -> str:
    match value:
        case Tensor() if value.numel() <= _WHOLE and (value.numel() or value.dim() == 1):
            return _numbers(value.tolist(), digits) + _suffix(value.dtype)
        case Tensor():
            return _form(value.dtype, tuple(value.shape)) + (_range(value) if value.numel() else "")
        case Uniform():
            return _form(value.dtype, value.size)
        case Drawn():
            lies = "" if value.layout == "contiguous" else f", {value.layout}"
            small = math.prod(value.size) <= _WHOLE
            return (_value(value.tensor(), digits, depth) if small else _form(value.dtype, value.size)) + lies
        case Projection():
            return _form(value.dtype, value.size)
        case Raised():
            return f"{value.type}: {value.message}" if value.message else value.type
        case Other():
            return _OTHERS.get(value.type) or ("an " if value.type[:1] in "AEIOaeio" else "a ") + value.type
        case tuple() | Mapping() if depth > 4:
            return "…"
        case tuple():
            items = [_value(item, digits, depth + 1) for item in value[:_ITEMS]] + ["…"] * (len(value) > _ITEMS)
            if isinstance(value, Listed):
                return "[" + ", ".join(items) + "]"
            return "(" + ", ".join(items) + ("," if len(value) == 1 else "") + ")"
        case Mapping():
            pairs = [f"{key!r}: {_value(item, digits, depth + 1)}" for key, item in [*value.items()][:_ITEMS]]
            return "{" + ", ".join(pairs + ["…"] * (len(value) > _ITEMS)) + "}"
        case float():
            text = f"{value:.{digits + 1}g}"
            return text + ".0" if text.lstrip("-").isdigit() else text
        case str() if " " in value:
            return value  # a sentence of the probe's
    try:
        return repr(value)
    except ValueError:  # Python writes no number of more than 4,300 digits
        return "a number too long to write"


def show_form(value: Any) -> str:
    """A tensor by its dtype and size, where the numbers would only distract; anything else as it is.

    >>> show_form(torch.zeros(2, 3)), show_form((torch.zeros(2, 3), 1))
    ('float32 (2, 3)', '(float32 (2, 3), 1)')
    """
    match value:
        case Tensor():
            return _form(value.dtype, tuple(value.shape))
        case Projection():
            return _form(value.dtype, value.size)
        case tuple() if any(isinstance(one, Tensor | Projection) for one in value) and len(value) <= _ITEMS:
            ends = "[]" if isinstance(value, Listed) else "()"
            return ends[0] + ", ".join(map(show_form, value)) + ends[1]
        case Mapping() if any(isinstance(one, Tensor | Projection) for one in value.values()) and len(value) <= _ITEMS:
            return "{" + ", ".join(f"{key!r}: {show_form(one)}" for key, one in value.items()) + "}"
    return show_value(value)


def show_apart(got: Any, expected: Any) -> tuple[str, str]:
    """Two values that differ as two texts that do: by their form, by more digits, by what kind of thing they are.

    >>> show_apart(8.0, 8), show_apart(torch.tensor(True), True)
    (('8.0 (a float)', '8 (an int)'), ('True (a tensor)', 'True (a bool)'))
    >>> show_apart(torch.tensor([1.000001]), torch.tensor([1.0])), show_apart("(3, 1)", (3, 1))
    (('[1.000001]', '[1.]'), ("'(3, 1)'", '(3, 1)'))
    >>> show_apart("kept", "gone")
    ('kept', 'gone')
    """
    if isinstance(got, Raised):
        return show_value(got), show_form(expected)
    if isinstance(got, str) and isinstance(expected, str) and got.isprintable() and got.strip():
        return got[:_LETTERS], expected[:_LETTERS]  # words of the probe's, which it has for what it saw
    tensors = isinstance(got, Tensor | Projection) and isinstance(expected, Tensor | Projection)
    form = show_form(got), show_form(expected)
    if not tensors:
        kinds = _kind(got), _kind(expected)
        if isinstance(got, Tensor | Projection) != isinstance(expected, Tensor | Projection) and _large(got, expected):
            return form
        if form[0] != form[1] and any(map(_holds_tensors, (got, expected))):
            return form
        texts = _apart(got, expected)
        return (
            (f"{texts[0]} ({kinds[0]})", f"{texts[1]} ({kinds[1]})") if all(kinds) and kinds[0] != kinds[1] else texts
        )
    return form if form[0] != form[1] else _apart(got, expected)


def _apart(got: Any, expected: Any) -> tuple[str, str]:
    for digits in (_DIGITS, 8, 12, 17):
        texts = show_value(got, digits), show_value(expected, digits)
        if texts[0] != texts[1]:
            return texts
    return (repr(got), texts[1]) if isinstance(got, str) else texts


def _holds_tensors(value: Any) -> bool:
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple) else ()
    return any(isinstance(one, Tensor | Projection) for one in items)


def _large(*values: Any) -> bool:
    return any(isinstance(one, Projection) or (isinstance(one, Tensor) and one.numel() > 1) for one in values)


def _kind(value: Any) -> str:
    if isinstance(value, str) and " " in value:
        return ""  # a sentence of the probe's
    return _KINDS.get(type(value).__name__, "")


def show_case(exercise: Exercise, case: Case) -> str:
    """The call that was tried: what the author says of the case, or the arguments by name; and how it was called."""
    parts = [case.shown or _arguments(exercise, case) or case.name]
    if case.inputs.get("no_grad"):
        parts.append("under torch.no_grad()")
    if before := case.inputs.get("asked_before"):
        parts.append(
            f"called once before, {before if isinstance(before, str) else 'when all of it held other numbers'}"
        )
    return ", ".join(parts)


def _arguments(exercise: Exercise, case: Case) -> str:
    parts = [f"{name} = {_argument(case.inputs[name])}" for name in exercise.arguments if name in case.inputs]
    if "counts" in case.inputs:
        parts.append(f"gradients of {case.inputs['counts']:g} times the result")
    return "   ".join(parts)


def _argument(value: Any) -> str:
    """An input in a line; of a tensor that lies otherwise in memory than a fresh one, how it does.

    >>> _argument(torch.arange(4)), _argument(torch.arange(6)[1::2])
    ('[0, 1, 2, 3]', '[1, 3, 5], with strides (2,) and offset 1')
    """
    text = show_value(value)
    if isinstance(value, Tensor) and (not value.is_contiguous() or value.storage_offset()):
        text += f", with strides {value.stride()} and offset {value.storage_offset()}"
    return text


def _form(dtype: torch.dtype, size: tuple[int, ...]) -> str:
    return f"{str(dtype).removeprefix('torch.')} {size}"


def _range(value: Tensor) -> str:
    if not value.is_floating_point():
        return ""
    return f" from {value.min().item():.4g} to {value.max().item():.4g}"


def _suffix(dtype: torch.dtype) -> str:
    return "" if dtype in (torch.float32, torch.float64, torch.int64, torch.bool) else f" {str(dtype)[6:]}"


def _numbers(value: Any, digits: int) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_numbers(item, digits) for item in value) + "]"
    if isinstance(value, float):
        text = f"{value:.{digits}g}"
        return text + "." if text.lstrip("-").isdigit() else text
    return repr(value)
