"""The names that a check needs, as they were before a learner's code ran: put back for the check, and then undone.

A submission that patches torch, or our own probes, does so in the process in which its answers are observed. While they
are, everything below has the values with which the interpreter was warmed.
"""

from __future__ import annotations

import builtins
import fnmatch
import inspect
import sys
from collections.abc import Callable, Iterator
from functools import cache
from types import CodeType, FunctionType, ModuleType
from typing import Any

__all__ = ["pristine"]

# What our own code leans on when it observes an answer and sends what it saw.
_MODULES = (
    *("builtins", "contextlib", "fnmatch", "inspect", "itertools", "json", "json.decoder", "json.encoder", "math"),
    *("operator", "socket", "struct", "numpy", "safetensors.torch", "torch", "torch._tensor", "torch.autograd"),
    *("torch.autograd.graph", "torch.nn", "torch.nn.functional", "torch.nn.init", "torch.nn.parameter"),
    *("torch.nn.modules.activation", "torch.nn.modules.batchnorm", "torch.nn.modules.container"),
    *("torch.nn.modules.conv", "torch.nn.modules.dropout", "torch.nn.modules.flatten", "torch.nn.modules.linear"),
    *("torch.nn.modules.module", "torch.overrides", "torch.random"),
)

# What the engine itself puts in the place of another for the whole of a submission.
_OTHERS = {("builtins", "input"), ("builtins", "_"), ("autograder", "check")}

# Names that say something about a module or a class, and that no code calls.
_INERT = {
    *("__all__", "__annotations__", "__builtins__", "__cached__", "__constants__", "__dict__", "__doc__", "__file__"),
    *("__loader__", "__match_args__", "__module__", "__name__", "__package__", "__path__", "__qualname__", "__spec__"),
    *("__abstractmethods__", "__dataclass_fields__", "__dataclass_params__", "__orig_bases__", "__parameters__"),
    *("__slots__", "__weakref__", "_abc_impl"),
}

_HEAP = 1 << 9  # the flag of classes that are made in Python, and can be changed
_PARTS = ("__code__", "__defaults__", "__kwdefaults__")
_CACHE = type(cache(len))


def pristine() -> Callable[[], Callable[[], None]]:
    """Remember the names of the modules that are loaded, of their classes, and the code of our own functions.

    The function returned gives them back their values of now, takes away what was added since in front of an inherited
    or built-in name, has what functions keep of earlier calls forgotten (but for the numbers of cases), and returns one
    that undoes all but the last. Neither looks anything up where a learner's code could have put something else.

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
    called = {name for owner in owners for one in _functions_of(owner) for name in _names_in(one.__code__)}
    kept = [
        (one, _setter(one), _dropper(one), vars(one), _needed(one, called), frozenset(vars(one)), _behind(one))
        for one in owners
    ]
    ours = {one: None for owner in owners if _is_ours(owner) for one in _functions_of(owner)}
    parts: list[Any] = [(one, FunctionType.__setattr__, part, getattr(one, part)) for one in ours for part in _PARTS]
    # Another class of a module, or another base of a class, answers before the names in them do.
    parts += [(one, _setter(one), "__class__", one.__class__) for one in owners]
    parts += [(one, _setter(one), "__bases__", one.__bases__) for one in owners if isinstance(one, type)]
    # What a cache holds may have been found while something else stood in the place of what its function calls.
    asked = [vars(owner) for owner in owners if _is_ours(owner) or owner is fnmatch]
    caches = [one for names in asked for one in names.values() if isinstance(one, _CACHE)]
    forget = [one.cache_clear for one in caches if not _makes_numbers(one)]
    gone, value_of, count = object(), getattr, len

    def put_back() -> Callable[[], None]:
        for clear in forget:
            clear()
        changed: list[Any] = []
        for owner, put, part, value in parts:
            if (found := value_of(owner, part)) is not value:
                changed += [(owner, put, None, part, found)]
                put(owner, part, value)
        for owner, put, drop, now, names, known, behind in kept:
            for name, value in names:
                if (found := now.get(name, gone)) is not value:
                    changed += [(owner, put, drop, name, found)]
                    put(owner, name, value)
            if count(now) != count(known):
                for name in [name for name in now if name not in known and (behind is None or name in behind)]:
                    changed += [(owner, put, drop, name, now[name])]
                    drop(owner, name)

        def undo() -> None:
            for owner, put, drop, name, found in changed:
                if found is gone:
                    drop(owner, name)
                else:
                    put(owner, name, found)

        return undo

    return put_back


def _makes_numbers(cached: Any) -> bool:
    """Whether a function makes what cases consist of, which takes long. Whoever changes that is asked something else, and has
    to answer what was asked.
    """
    return bool(cached.__wrapped__.__annotations__.get("return") == "Tensor")


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
    return name in _MODULES or name == "autograder" or name.startswith("autograder.")


def _needed(owner: Any, called: set[str]) -> list[tuple[str, Any]]:
    """The names of ``owner`` to put back, few of others' many: looking at a value in a child costs a page of memory."""
    return [
        (name, value)
        for name, value in vars(owner).items()
        if (name in called or name.startswith("__") or _is_ours(owner))
        and name not in _INERT
        and (owner.__name__, name) not in _OTHERS
    ]


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _names_in(one)


def _behind(owner: Any) -> frozenset[str] | None:
    """The names that one added to ``owner`` would hide: none may be added to what is ours (``None``)."""
    if _is_ours(owner):
        return None
    bases = owner.__mro__[1:] if isinstance(owner, type) else (builtins,)
    return frozenset(name for base in bases for name in vars(base))


def _is_ours(owner: Any) -> bool:
    name = owner.__name__ if isinstance(owner, ModuleType) else owner.__module__
    return bool(name == "autograder" or name.startswith("autograder."))


def _functions_of(owner: Any) -> Iterator[FunctionType]:
    for value in vars(owner).values():
        yield from _functions(value)


def _functions(value: Any) -> Iterator[FunctionType]:
    match value:
        case FunctionType():
            yield value
            if (inner := inspect.unwrap(value)) is not value:
                yield from _functions(inner)
        case staticmethod() | classmethod():
            yield from _functions(value.__func__)
        case property():
            yield from _functions(value.fget)
        case _ if isinstance(value, _CACHE):
            yield from _functions(value.__wrapped__)


def _setter(owner: Any) -> Callable[[Any, str, Any], None]:
    """Sets a name past whatever the owner itself does on setting."""
    return type.__setattr__ if isinstance(owner, type) else ModuleType.__setattr__


def _dropper(owner: Any) -> Callable[[Any, str], None]:
    return type.__delattr__ if isinstance(owner, type) else ModuleType.__delattr__
