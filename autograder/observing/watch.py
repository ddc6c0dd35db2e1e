"""Seeing whether torch's own operator did the work: the ✋ of the exercises that are built by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable
from fnmatch import fnmatchcase
from types import CodeType
from typing import Any

from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.nn.utils import stateless
from torch.overrides import TorchFunctionMode, resolve_name

__all__ = ["Watch", "held_modules", "own_name"]

# torch's own that are written in Python and call a module: no mode is told of them, but the module's call stands on them.
_IN_PYTHON: dict[CodeType, str] = {stateless._functional_call.__code__: "functional_call"}


class Watch(TorchFunctionMode):
    """A context in which every call of a torch operator that matches ``forbidden`` is noted in ``used``.

    ``forbidden`` holds patterns for the operator's own name (``"relu*"``, ``"conv?d"``); the pattern ``"nn.*"`` means
    calling any module of ``torch.nn``. It sees the function, the method, the module and the raw operator, and
    ``"functional_call"``, which is in no list of operators, by the module that it calls.

    >>> import torch
    >>> with Watch(("*relu*",)) as watch:
    ...     _ = torch.ones(2).relu()
    >>> watch.used
    {'relu': None}
    """

    def __init__(self, forbidden: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.forbidden = forbidden
        self.used: dict[str, None] = {}  # a set that keeps the order

    @property
    def _sees_modules(self) -> bool:
        return "nn.*" in self.forbidden or not set(_IN_PYTHON.values()).isdisjoint(self.forbidden)

    def __enter__(self) -> Watch:
        if self._sees_modules:
            self._hook = register_module_forward_pre_hook(self._module_called)
        if self.forbidden:
            super().__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        if self.forbidden:
            super().__exit__(*exception)
        if self._sees_modules:
            self._hook.remove()

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Note the operator's name if it is forbidden, then do what was asked."""
        name = own_name(func)
        if any(fnmatchcase(name, pattern) for pattern in self.forbidden):
            self.used[name] = None
        return func(*args, **(kwargs or {}))

    def _module_called(self, module: nn.Module, inputs: Any) -> None:
        if "nn.*" in self.forbidden and type(module).__module__.startswith("torch.nn."):
            self.used[f"nn.{type(module).__name__}"] = None
        self.used.update(dict.fromkeys(name for name in _standing_on() if name in self.forbidden))


def _standing_on() -> list[str]:
    """Which of torch's own that are written in Python have led to this call."""
    found, frame = [], sys._getframe().f_back
    while frame is not None:
        if frame.f_code in _IN_PYTHON:
            found.append(_IN_PYTHON[frame.f_code])
        frame = frame.f_back
    return found


def own_name(func: Callable[..., Any]) -> str:
    """The last word of an operator's name: ``relu`` for ``F.relu``, ``Tensor.relu`` and ``aten.relu.default`` alike.

    >>> import torch
    >>> own_name(torch.Tensor.relu), own_name(torch.special.softmax)
    ('relu', 'softmax')
    """
    name = resolve_name(func) or getattr(func, "__name__", "")
    parts = [part for part in name.split(".") if part != "__get__"]
    if parts and parts[0] == "aten":
        parts = parts[:2]
    return parts[-1].removeprefix("special_") if parts else ""


def held_modules(answer: Any, kinds: tuple[type, ...]) -> list[str]:
    """Names of the ``kinds`` that a module is, derives from or holds (a class is asked what it derives from).

    >>> held_modules(nn.Sequential(nn.Linear(2, 3)), (nn.Linear,))
    ['nn.Linear']
    """
    if isinstance(answer, type):
        return [f"nn.{kind.__name__}" for kind in kinds if issubclass(answer, kind)]
    if not isinstance(answer, nn.Module):
        return []
    parts = list(answer.modules())
    return [f"nn.{kind.__name__}" for kind in kinds if any(isinstance(part, kind) for part in parts)]
