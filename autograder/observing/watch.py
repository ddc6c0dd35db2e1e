"""Seeing whether torch's own operator did the work: the ✋ of the exercises that are built by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import lru_cache
from types import CodeType
from typing import Any

from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook, register_module_parameter_registration_hook
from torch.nn.utils import stateless
from torch.optim.optimizer import Optimizer, register_optimizer_step_pre_hook
from torch.overrides import TorchFunctionMode, resolve_name

from autograder.observing.scripted import Scripts

__all__ = ["Watch", "forbidden_modules", "own_name"]

# torch's own that are written in Python and call a module: no mode is told of them, but the module's call stands on them.
_IN_PYTHON: dict[CodeType, str] = {stateless._functional_call.__code__: "functional_call"}


class Watch(TorchFunctionMode):
    """A context in which every call of a torch operator that matches ``forbidden`` is noted in ``used``.

    ``forbidden`` holds patterns for the operator's own name (``"relu*"``, ``"conv?d"``); the pattern ``"nn.*"`` means
    calling any module of ``torch.nn``, one such as ``"nn.*BatchNorm*"`` calling, holding or deriving from these,
    ``"optim.*"`` the step of any optimiser. It sees the function, the method, the module and the raw operator, and what stands
    in the graph of a script; ``functional_call``, which is no operator, it sees by the module that is called there.

    >>> import torch
    >>> with Watch(("*relu*",)) as watch:
    ...     _ = torch.ones(2).relu()
    >>> watch.used
    {'relu': None}
    """

    def __init__(self, forbidden: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.forbidden = forbidden
        in_python = set(_IN_PYTHON.values()) & set(forbidden)
        self._of_modules = bool(in_python) or any(pattern.startswith("nn.") for pattern in forbidden)
        self.used: dict[str, None] = {}  # a set that keeps the order
        self._hooks: list[Any] = []
        self._scripts = Scripts(self._stands_in_a_script)

    def __enter__(self) -> Watch:
        if self._of_modules:
            # The second sees a module that is made only for the numbers that it draws, and not kept.
            self._hooks += [
                register_module_forward_pre_hook(self._module_called),
                register_module_parameter_registration_hook(self._module_registers),
            ]
        if "optim.*" in self.forbidden:
            self._hooks.append(register_optimizer_step_pre_hook(self._stepped))
        if self.forbidden:
            self._scripts.__enter__()
            super().__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        if self.forbidden:
            super().__exit__(*exception)
            self._scripts.__exit__(*exception)
        while self._hooks:
            self._hooks.pop().remove()

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Note the operator's name if it is forbidden, then do what was asked."""
        if name := _forbidden(func, self.forbidden):
            self.used[name] = None
        return func(*args, **(kwargs or {}))

    def _stands_in_a_script(self, name: str) -> None:
        # Where nothing of torch may be used, "*", a script of plain numbers is none of it: its + is an operator, too.
        if any(fnmatchcase(name, pattern) for pattern in self.forbidden if pattern != "*"):
            self.used[name] = None

    def _module_called(self, module: nn.Module, inputs: Any) -> None:
        if "nn.*" in self.forbidden and type(module).__module__.startswith("torch.nn."):
            self.used[f"nn.{type(module).__name__}"] = None
        self.used.update(dict.fromkeys(name for name in _standing_on() if name in self.forbidden))
        self.look_at(type(module))

    def _stepped(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        self.used[f"optim.{type(optimizer).__name__}"] = None

    def _module_registers(self, module: nn.Module, name: str, parameter: nn.Parameter) -> None:
        self.look_at(type(module))

    def look_at(self, made: Any) -> None:
        """Note the forbidden modules that a class derives from, or that a module is, derives from or holds.

        >>> watch = Watch(("nn.Linear",))
        >>> watch.look_at(nn.Sequential(nn.ReLU(), nn.Linear(2, 3)))
        >>> watch.used
        {'nn.Linear': None}
        """
        parts = made.modules() if isinstance(made, nn.Module) else [made]
        for kind in dict.fromkeys(part if isinstance(part, type) else type(part) for part in parts):
            self.used.update(forbidden_modules(kind, self.forbidden))


def forbidden_modules(kind: type, forbidden: tuple[str, ...]) -> dict[str, None]:
    """The first module of ``torch.nn`` in the line of ``kind`` that ``forbidden`` names, otherwise than by ``"nn.*"``.

    >>> class Mine(nn.BatchNorm2d):
    ...     pass
    >>> forbidden_modules(Mine, ("nn.*BatchNorm*",))
    {'nn.BatchNorm2d': None}
    """
    patterns = [pattern for pattern in forbidden if pattern.startswith("nn.") and pattern != "nn.*"]
    for one in kind.__mro__ if patterns else ():
        name = f"nn.{one.__name__}"
        if one.__module__.startswith("torch.nn.") and any(fnmatchcase(name, pattern) for pattern in patterns):
            return {name: None}
    return {}


def _standing_on() -> list[str]:
    """Which of torch's own that are written in Python have led to this call."""
    found, frame = [], sys._getframe().f_back
    while frame is not None:
        if frame.f_code in _IN_PYTHON:
            found.append(_IN_PYTHON[frame.f_code])
        frame = frame.f_back
    return found


@lru_cache(maxsize=2048)
def _forbidden(func: Callable[..., Any], forbidden: tuple[str, ...]) -> str:
    """The operator's own name if one of the patterns is for it, else nothing.

    The table in which torch looks it up can be written to, and the name of what is written in C cannot.
    """
    for name in (own_name(func), str(getattr(func, "__name__", ""))):
        if any(fnmatchcase(name, pattern) for pattern in forbidden):
            return name
    return ""


@lru_cache(maxsize=2048)  # resolve_name goes through all of torch's warnings at every call
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
