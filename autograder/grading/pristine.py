"""The names that a check needs, as they were before a learner's code ran: put back for the check, and then undone.

A submission that patches torch, or our own probes, does so in the process in which its answers are observed. While they
are, everything below has the values with which the interpreter was warmed.
"""

from __future__ import annotations

import builtins
import inspect
import sys
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any

__all__ = ["pristine"]

# Our own names, and those of others that probes, watch and codec lean on; of the last ones what lies below, too.
_MODULES = (
    *("builtins", "contextlib", "dataclasses", "fnmatch", "inspect", "io", "itertools", "json", "json.decoder"),
    *("json.encoder", "logging", "math", "operator", "socket", "struct", "traceback", "warnings"),
    *("numpy", "safetensors", "safetensors.torch", "torch", "torch._tensor", "torch.autograd", "torch.autograd.graph"),
    *("torch.nn", "torch.nn.functional", "torch.nn.init", "torch.nn.parameter", "torch.overrides", "torch.random"),
)
_BELOW = ("autograder", "torch.nn.modules")

# What the engine itself puts in the place of another for the whole of a submission.
_OTHERS = {("builtins", "input"), ("builtins", "_"), ("autograder", "check"), ("warnings", "filters")}

_HEAP = 1 << 9  # the flag of classes that are made in Python, and can be changed
_PARTS = ("__code__", "__defaults__", "__kwdefaults__")


def pristine() -> Callable[[], Callable[[], None]]:
    """Remember the names of the modules that are loaded, of their classes, and the code of our own functions.

    The function returned gives them back their values of now, takes away what was added since in front of an inherited
    or built-in name, and returns one that undoes all this. Neither looks anything up where a learner's code could have
    put something else.

    >>> import torch
    >>> put_back, equal = pristine(), torch.equal
    >>> torch.equal = lambda *tensors: True
    >>> undo = put_back()
    >>> torch.equal(torch.ones(1), torch.zeros(1))
    False
    >>> undo()
    >>> torch.equal(torch.ones(1), torch.zeros(1))
    True
    >>> torch.equal = equal
    """
    owners = _owners()
    kept = [
        (one, _setter(one), _dropper(one), vars(one), dict(vars(one)), _except(one), _behind(one)) for one in owners
    ]
    ours = [value for owner in owners if _is_ours(owner) for value in vars(owner).values()]
    functions = {one: None for value in ours for one in _functions(value)}
    parts = [(one, part, getattr(one, part)) for one in functions for part in _PARTS]
    gone, value_of, set_part, count = object(), getattr, FunctionType.__setattr__, len

    def put_back() -> Callable[[], None]:
        changed: list[Any] = []
        for owner, put, drop, now, names, left, behind in kept:
            for name, value in names.items():
                if (found := now.get(name, gone)) is not value and name not in left:
                    changed += [(owner, put, drop, name, found)]
                    put(owner, name, value)
            if count(now) != count(names):
                for name in [name for name in now if name not in names and (behind is None or name in behind)]:
                    changed += [(owner, put, drop, name, now[name])]
                    drop(owner, name)
        for function, part, value in parts:
            if (found := value_of(function, part)) is not value:
                changed += [(function, set_part, None, part, found)]
                set_part(function, part, value)

        def undo() -> None:
            for owner, put, drop, name, found in changed:
                if found is gone:
                    drop(owner, name)
                else:
                    put(owner, name, found)

        return undo

    return put_back


def _owners() -> list[Any]:
    """The modules, and the Python classes that are at home in them."""
    modules = [module for name, module in list(sys.modules.items()) if _is_needed(name)]
    values = [(module, value) for module in modules for value in list(vars(module).values())]
    classes = {
        value: None
        for module, value in values
        if isinstance(value, type) and value.__module__ == module.__name__ and value.__flags__ & _HEAP
    }
    return [*modules, *classes]


def _is_needed(name: str) -> bool:
    return name in _MODULES or any(name == one or name.startswith(f"{one}.") for one in _BELOW)


def _except(owner: Any) -> frozenset[str]:
    return frozenset(name for one, name in _OTHERS if one == owner.__name__)


def _behind(owner: Any) -> frozenset[str] | None:
    """The names that one added to ``owner`` would hide: none may be added to what is ours (``None``)."""
    if _is_ours(owner):
        return None
    bases = owner.__mro__[1:] if isinstance(owner, type) else (builtins,)
    return frozenset(name for base in bases for name in vars(base))


def _is_ours(owner: Any) -> bool:
    name = owner.__name__ if isinstance(owner, ModuleType) else owner.__module__
    return bool(name == "autograder" or name.startswith("autograder."))


def _functions(value: Any) -> Iterator[FunctionType]:
    match value:
        case FunctionType():
            yield from (value, inspect.unwrap(value))
        case staticmethod() | classmethod():
            yield from _functions(value.__func__)
        case property():
            yield from _functions(value.fget)


def _setter(owner: Any) -> Callable[[Any, str, Any], None]:
    """Sets a name past whatever the owner itself does on setting."""
    return type.__setattr__ if isinstance(owner, type) else ModuleType.__setattr__


def _dropper(owner: Any) -> Callable[[Any, str], None]:
    return type.__delattr__ if isinstance(owner, type) else ModuleType.__delattr__
