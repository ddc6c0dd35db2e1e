"""Torch's own classes and functions: which of them an answer has patched, and all of them as they were."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import repeat
from operator import is_
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

__all__ = ["TorchsOwn", "put_back"]

# What Python calls by itself; the other names between underscores come and go by themselves.
_CALLED = ("__call__", "__getattr__", "__getattribute__", "__setattr__", "__delattr__", "__init__", "__dir__")

_NOTHING = object()
_NAMESPACES: tuple[ModuleType, ...] = (torch, nn, nn.init, F)


class TorchsOwn:
    """Torch's layers, its tensor and its functions as they are when it is made. They are many: looked at once a run.

    Optimisers are left out: torch itself puts another ``step`` into their classes when the first of a kind is made.

    >>> own, kept = TorchsOwn(), nn.Linear.forward
    >>> nn.Linear.forward = nn.Module.forward
    >>> own.put_back(), nn.Linear.forward is kept, own.put_back()
    (('the class Linear of torch',), True, ())
    """

    def __init__(self) -> None:
        self.classes = {kind: dict(vars(kind)) for kind in _kinds()}
        self.spaces = [(space, dict(vars(space))) for space in _NAMESPACES]

    def put_back(self) -> tuple[str, ...]:
        """Set back whatever is not as it was, and name it."""
        patched = [
            f"the class {kind.__name__} of torch" for kind, names in self.classes.items() if put_back(kind, names)
        ]
        for space, names in self.spaces:
            if _same(vars(space), names):
                continue
            for name, one in names.items():
                now = vars(space).get(name)
                if now is not one and _is_function(name, one) and not _is_torchs(now, name):
                    setattr(space, name, one)
                    patched.append(f"the function {space.__name__}.{name}")
        return tuple(patched)


@cache
def _kinds() -> tuple[type, ...]:
    layers = [one for one in vars(nn).values() if isinstance(one, type) and issubclass(one, nn.Module)]
    bases = [kind for one in layers for kind in one.__mro__ if issubclass(kind, nn.Module)]
    return tuple(dict.fromkeys((*layers, *bases, torch.Tensor, nn.Parameter)))


def _is_function(name: str, one: Any) -> bool:
    # torch.Storage follows the default dtype: torch itself puts another one there.
    return callable(one) and not name.startswith("_") and name != "Storage"


def _same(now: Mapping[str, Any], names: Mapping[str, Any]) -> bool:
    """Whether the very same objects stand under the same names: one pass, for what hardly ever changes."""
    return len(now) == len(names) and all(map(is_, now.values(), map(names.get, now, repeat(_NOTHING))))


def _is_torchs(now: Any, name: str) -> bool:
    """Torch wraps some of its functions anew when a part of it is imported; they keep their name."""
    return getattr(now, "__name__", "") == name and getattr(now, "__module__", "").partition(".")[0] == "torch"


def _is_the_compilers(now: Any) -> bool:
    """The first `torch.compile` gives `nn.Module` other methods, for good."""
    return (getattr(now, "__module__", "") or "").startswith("torch._dynamo")


def put_back(kind: type, names: Mapping[str, Any]) -> bool:
    """Give a class the ``names`` that it had; whether it had others.

    >>> class Layer(nn.Module):
    ...     pass
    >>> before = dict(vars(Layer))
    >>> Layer.forward = print
    >>> put_back(Layer, before), "forward" in vars(Layer), put_back(Layer, before)
    (True, False, False)
    """
    now = vars(kind)
    if _same(now, names):
        return False
    changed = [name for name, value in names.items() if now.get(name) is not value]
    added = [name for name in now if name not in names]
    public = [name for name in (*changed, *added) if not name.startswith("__") or name in _CALLED]
    told = [name for name in public if not _is_the_compilers(now.get(name))]
    for name in told:
        if name in names:
            setattr(kind, name, names[name])
        else:
            delattr(kind, name)
    return bool(told)
