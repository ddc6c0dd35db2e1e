"""What a dotted name of torch's stands for, and whether an exercise that is built by hand forbids it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import torch
from torch import nn

from autograder.observing.watch import forbidden_modules

__all__ = ["forbidden_name", "public_names"]

_HOLDERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict, nn.ParameterList, nn.ParameterDict, nn.Identity)


def forbidden_name(dotted: str, forbidden: tuple[str, ...], *, called: bool) -> Iterator[tuple[str, None]]:
    """The names under which what ``dotted`` stands for is forbidden, if it is. A class that is derived from is ``called``.

    >>> list(forbidden_name("torch.nn.functional.relu", ("*relu*",), called=True))
    [('relu', None)]
    >>> list(forbidden_name("torch.optim.SGD", ("optim.*",), called=True))
    [('optim.SGD', None)]
    >>> list(forbidden_name("numpy.maximum", ("*",), called=True))
    []
    """
    thing = _thing(dotted)
    name = dotted.rpartition(".")[2]
    if "optim.*" in forbidden and dotted.startswith("torch.optim."):  # an optimiser's class, or the function it calls
        yield f"optim.{name}", None
    elif isinstance(thing, type) and issubclass(thing, nn.Module):
        if called:
            yield from forbidden_modules(thing, forbidden).items()
        if not called or thing is nn.Module or issubclass(thing, _HOLDERS):
            return
        plain = [pattern for pattern in forbidden if pattern.strip("*") and not pattern.startswith("nn.")]
        as_operator = {name.lower(), _underscored(name)}
        if "nn.*" in forbidden or any(fnmatchcase(one, pattern) for one in as_operator for pattern in plain):
            yield f"nn.{name}", None
    elif _is_named(thing, name, forbidden, called):
        yield name, None


def _is_named(thing: Any, name: str, forbidden: tuple[str, ...], called: bool) -> bool:
    if isinstance(thing, FunctionType) and name in forbidden:
        return True  # torch's, but no operator: written in Python, and forbidden by its whole name
    operator = _is_operator(thing) or (called and thing is torch.Tensor)
    return operator and any(fnmatchcase(name, pattern) for pattern in forbidden)


def _underscored(name: str) -> str:
    """``max_pool2d`` for ``MaxPool2d``."""
    return "".join(f"_{one.lower()}" if one.isupper() and place else one.lower() for place, one in enumerate(name))


@lru_cache(maxsize=4096)
def _thing(dotted: str) -> Any:
    """What a dotted name of torch's stands for; ``None`` for anything else."""
    first, *rest = dotted.split(".")
    if first != "torch":
        return None
    thing: Any = torch
    for word in rest:
        try:
            # A plain module's own names: others it would only import, which nobody's text may ask for here.
            thing = vars(thing)[word] if type(thing) is ModuleType else getattr(thing, word)
        except Exception:  # some of torch's names ask for what this machine has not, each with an error of its own
            return None
    return thing


@lru_cache(maxsize=256)
def public_names(module: str) -> tuple[str, ...]:
    """What ``from module import *`` brings in, where it is one of torch's."""
    thing = _thing(module)
    return tuple(getattr(thing, "__all__", dir(thing))) if isinstance(thing, ModuleType) else ()


@cache
def _overridable() -> frozenset[int]:
    every = importlib.import_module("torch.overrides").get_overridable_functions()
    return frozenset(id(function) for functions in every.values() for function in functions)


def _is_operator(thing: Any) -> bool:
    """Whether `watch` would note a call of it: what torch lets be overridden, what is written in C, what is raw."""
    raw = isinstance(thing, torch._ops.OpOverloadPacket | torch._ops.OpOverload)
    return raw or isinstance(thing, BuiltinFunctionType) or id(thing) in _overridable()
