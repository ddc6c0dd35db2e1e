"""What each operation of torch does with a layout, by name: a view, a copy, or an error."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from course.strides.dimensions import (
    conjugate_transposed,
    expand,
    matrix_transposed,
    movedim,
    permute,
    reversed_dims,
    squeeze,
    t,
    transpose,
    unsqueeze,
)
from course.strides.layout import Layout
from course.strides.outcome import LayoutError, Outcome
from course.strides.reshaping import clone, contiguous, flatten, flip, reshape, unflatten, view
from course.strides.slicing import Key, as_strided, diagonal, index, narrow, select, unfold

__all__ = ["ATTRIBUTES", "METHODS", "OPERATIONS", "LayoutError", "Operation", "Outcome", "apply"]

_Kind: TypeAlias = Literal["int", "ints", "int or ints", "int or None"]


@dataclass(frozen=True)
class Operation:
    """A function of a layout, the kinds of its arguments, and whether ``f(1, 2)`` may be written for ``f((1, 2))``."""

    function: Callable[..., Outcome]
    kinds: Mapping[str, _Kind] = field(default_factory=dict)
    variadic: bool = False


_SWAP: Mapping[str, _Kind] = {"dim0": "int", "dim1": "int"}
_MOVE: Mapping[str, _Kind] = {"source": "int or ints", "destination": "int or ints"}


def _swapaxes(layout: Layout, axis0: int, axis1: int) -> Outcome:
    return transpose(layout, axis0, axis1)


METHODS: Mapping[str, Operation] = {
    "view": Operation(view, {"size": "ints"}, variadic=True),
    "reshape": Operation(reshape, {"shape": "ints"}, variadic=True),
    "transpose": Operation(transpose, _SWAP),
    "swapdims": Operation(transpose, _SWAP),
    "swapaxes": Operation(_swapaxes, {"axis0": "int", "axis1": "int"}),
    "t": Operation(t),
    "permute": Operation(permute, {"dims": "ints"}, variadic=True),
    "movedim": Operation(movedim, _MOVE),
    "moveaxis": Operation(movedim, _MOVE),
    "select": Operation(select, {"dim": "int", "index": "int"}),
    "narrow": Operation(narrow, {"dim": "int", "start": "int", "length": "int"}),
    "expand": Operation(expand, {"size": "ints"}, variadic=True),
    "squeeze": Operation(squeeze, {"dim": "int or ints"}, variadic=True),
    "unsqueeze": Operation(unsqueeze, {"dim": "int"}),
    "flatten": Operation(flatten, {"start_dim": "int", "end_dim": "int"}),
    "unflatten": Operation(unflatten, {"dim": "int", "sizes": "ints"}),
    "unfold": Operation(unfold, {"dimension": "int", "size": "int", "step": "int"}),
    "diagonal": Operation(diagonal, {"offset": "int", "dim1": "int", "dim2": "int"}),
    "as_strided": Operation(as_strided, {"size": "ints", "stride": "ints", "storage_offset": "int or None"}),
    "contiguous": Operation(contiguous),
    "clone": Operation(clone),
    "flip": Operation(flip, {"dims": "ints"}, variadic=True),
}
"""Operations that are called: ``tensor.view(2, 3)``."""

ATTRIBUTES: Mapping[str, Operation] = {
    "T": Operation(reversed_dims),
    "mT": Operation(matrix_transposed),
    "H": Operation(conjugate_transposed),
    "mH": Operation(matrix_transposed),
}
"""Operations that are read: ``tensor.T``."""

OPERATIONS: Mapping[str, Operation] = {"index": Operation(index), **METHODS, **ATTRIBUTES}
"""All operations; ``index`` is ``tensor[key]``."""


def apply(layout: Layout, name: str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Outcome:
    """What the operation ``name`` gives on ``layout`` when it is called with these arguments, as torch would be.

    Raises ``LayoutError`` where torch raises, wrong arguments included, and ``KeyError`` for an operation that is
    none of ``OPERATIONS``.

    >>> apply(Layout.contiguous((2, 3)), "view", (3, 2)).layout.stride
    (2, 1)
    >>> apply(Layout.contiguous((2, 3)), "transpose", (0,), {"dim1": 1}).kind
    'view'
    """
    operation = OPERATIONS[name]
    args = tuple(args)
    if name == "index":
        key: Key = args[0]
        return index(layout, key)
    if operation.variadic and args and all(_is_int(arg) for arg in args):
        args = (args,)
    try:
        bound = inspect.signature(operation.function).bind(layout, *args, **(kwargs or {}))
    except TypeError as error:
        raise LayoutError(f"{name}: {error}") from None
    for parameter, kind in operation.kinds.items():
        if parameter in bound.arguments:
            _check(name, parameter, kind, bound.arguments[parameter])
    return operation.function(*bound.args, **bound.kwargs)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check(name: str, parameter: str, kind: _Kind, value: object) -> None:
    is_ints = isinstance(value, (tuple, list)) and all(_is_int(one) for one in value)
    right = {
        "int": _is_int(value),
        "ints": is_ints,
        "int or ints": is_ints or _is_int(value),
        "int or None": value is None or _is_int(value),
    }
    wanted = {
        "int": "a whole number",
        "ints": "a tuple of whole numbers",
        "int or ints": "a whole number or a tuple of them",
        "int or None": "a whole number or None",
    }
    if not right[kind]:
        raise LayoutError(f"{name}: {parameter} was {value!r}, expected {wanted[kind]}")
