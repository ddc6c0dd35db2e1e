"""Seeing whether torch's own operator did the work: the ✋ of the exercises that are built by hand."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.overrides import TorchFunctionMode, resolve_name

__all__ = ["Watch", "held_modules"]


class Watch(TorchFunctionMode):
    """A context in which every call of a torch operator that matches ``forbidden`` is noted in ``used``.

    ``forbidden`` holds patterns for the operator's own name (``"relu*"``, ``"conv?d"``); the pattern ``"nn.*"`` means
    calling any module of ``torch.nn``. It sees the function, the method, the module and the raw operator.

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

    def __enter__(self) -> Watch:
        if "nn.*" in self.forbidden:
            self._hook = register_module_forward_pre_hook(self._module_called)
        if self.forbidden:
            super().__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        if self.forbidden:
            super().__exit__(*exception)
        if "nn.*" in self.forbidden:
            self._hook.remove()

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Note the operator's name if it is forbidden, then do what was asked."""
        name = _own_name(func)
        if any(fnmatchcase(name, pattern) for pattern in self.forbidden):
            self.used[name] = None
        return func(*args, **(kwargs or {}))

    def _module_called(self, module: nn.Module, inputs: Any) -> None:
        if type(module).__module__.startswith("torch.nn."):
            self.used[f"nn.{type(module).__name__}"] = None


def _own_name(func: Callable[..., Any]) -> str:
    """The last word of an operator's name: ``relu`` for ``F.relu``, ``Tensor.relu`` and ``aten.relu.default`` alike."""
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
