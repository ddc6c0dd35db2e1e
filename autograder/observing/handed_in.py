"""What sort of thing an answer is, and what sort of thing its calls gave back. For words: nothing here earns a point.

An answer's own code can bend all of it, and would only mislead itself.
"""

from __future__ import annotations

import dis
import functools
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

import numpy as np
from torch import Tensor, nn

__all__ = ["EMPTY", "STUB", "WRITTEN", "Form", "HandedIn", "form_of", "look_at"]

# A kind, then what it is of: ("list", ("tensor",), ("nothing",)), ("dict", ("w", ("tensor",))), ("class", "TinyCNN"),
# ("module", "Linear", ("weight", "(2, 3)")).
Form = tuple[Any, ...]

STUB, EMPTY, WRITTEN = "stub", "empty", "written"

_MOST = 24  # items of a dict, methods of a class
_SHOWN = 4  # items of a sequence
_LETTERS = 60
_LONG = 400  # bytes of code; no stub has as many
_THEIRS = ("torch", "collections", "abc", "typing")  # whose methods are nobody's answer
_WORDLESS = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE", "COPY_FREE_VARS", "MAKE_CELL"}


@dataclass(frozen=True)
class HandedIn:
    """The ``form`` of an answer; its functions or a class's methods, each written, a stub or empty; what came ``returned``.

    ``returned`` has one form a case, of what the answer's last call gave in it, and ``()`` where none came back.
    """

    form: Form = ()
    functions: Mapping[str, str] = field(default_factory=dict)
    prints: bool = False
    returned: tuple[Form, ...] = ()


def form_of(value: Any) -> Form:
    """What sort of thing ``value`` is.

    >>> import torch
    >>> form_of([torch.ones(2), None]), form_of({"w": 1}), form_of(nn.ReLU), form_of(np.ones(2))
    (('list', ('tensor',), ('nothing',)), ('dict', ('w', ('int',))), ('class', 'ReLU'), ('array',))
    """
    try:
        return _form(value, 0)
    except Exception:  # an object that breaks when it is looked at
        return ("object", "")


def _form(value: Any, depth: int) -> Form:
    match value:
        case None:
            return ("nothing",)
        case Tensor():
            return ("tensor",)
        case np.ndarray():
            return ("array",)
        case np.generic():
            return ("numpy", _word(value.dtype))
        case bool() | int() | float() | str() | bytes():
            return (next(kind.__name__ for kind in (bool, int, float, str, bytes) if isinstance(value, kind)),)
        case list() | tuple() | range():
            kind = "list" if isinstance(value, list) else "tuple"
            return (kind, *(_form(one, depth + 1) for one in islice(value, _SHOWN))) if depth < 2 else (kind,)
        case dict():
            if depth == 2:
                return ("dict",)
            return ("dict", *((_word(key), _form(one, depth + 1)) for key, one in islice(dict.items(value), _MOST)))
        case types.GeneratorType() | map() | filter() | zip():
            return ("generator",)
        case types.CoroutineType():
            return ("coroutine",)
        case type():
            return ("class", _word(value.__name__))
        case nn.Module():
            return ("module", _word(type(value).__name__), *_tensors_of(value))
        case types.FunctionType() | types.MethodType() | types.BuiltinFunctionType() | functools.partial():
            return ("function", _word(getattr(value, "__name__", "")))
    return ("object", _word(type(value).__name__))


def _tensors_of(module: nn.Module) -> list[tuple[str, str]]:
    """The names of a module's parameters and buffers, with their sizes; which are buffers is said, too."""
    parameters = ((name, one, "") for name, one in module.named_parameters(remove_duplicate=False))
    buffers = ((name, one, " as a buffer") for name, one in module.named_buffers(remove_duplicate=False))
    return [
        (_word(name), ("" if nn.parameter.is_lazy(one) else str(tuple(one.shape))) + kind)
        for name, one, kind in islice(chain(parameters, buffers), _MOST)
    ]


def _word(value: Any) -> str:
    return str(value).encode(errors="replace").decode()[:_LETTERS]


def look_at(answer: Any) -> HandedIn:
    """What is to be said of ``answer`` before it is tried.

    >>> def relu(x):
    ...     raise NotImplementedError()
    >>> look_at(relu).functions
    {'relu': 'stub'}
    """
    try:
        found = dict(islice(_functions(answer), _MOST))
        written = {name: _state(one.__code__) for name, one in found.items()}
        return HandedIn(form_of(answer), written, any("print" in one.__code__.co_names for one in found.values()))
    except Exception:  # an object that breaks when it is looked at
        return HandedIn(form_of(answer))


def _functions(answer: Any) -> Iterator[tuple[str, types.FunctionType]]:
    """The functions that an answer consists of: itself, several of a tuple, the methods of its class."""
    match answer:
        case types.FunctionType():
            yield _word(answer.__name__), answer
        case types.MethodType():
            yield from _functions(answer.__func__)
        case tuple():
            for one in answer[:_SHOWN]:
                yield from _functions(one)
        case type():
            seen: set[str] = set()
            for kind in answer.__mro__:
                if kind.__module__.partition(".")[0] not in _THEIRS:
                    for name, one in vars(kind).items():
                        function = _unwrapped(one)
                        if isinstance(function, types.FunctionType) and name not in seen:
                            seen.add(name)
                            yield _word(name), function
        case _ if not isinstance(answer, Mapping | Tensor | np.ndarray):
            yield from _functions(type(answer))


def _unwrapped(one: Any) -> Any:
    match one:
        case staticmethod() | classmethod():
            return one.__func__
        case property():
            return one.fget
    return one


def _state(code: types.CodeType) -> str:
    """Whether a function only raises ``NotImplementedError`` (after ``super().__init__()``), does nothing, or is written."""
    if len(code.co_code) > _LONG:
        return WRITTEN
    steps = list(dis.get_instructions(code))
    names = {one.opname for one in steps}
    ends = any(name.startswith("RETURN") for name in names)
    if "NotImplementedError" in code.co_names and not ends:
        only = set(code.co_names) <= {"NotImplementedError", "super", "__init__", "__class__"}
        if only and not any(name.startswith("STORE") or "JUMP" in name or name == "FOR_ITER" for name in names):
            return STUB
    if names <= _WORDLESS and all(one.argval is None for one in steps if one.opname in ("LOAD_CONST", "RETURN_CONST")):
        return EMPTY
    return WRITTEN
