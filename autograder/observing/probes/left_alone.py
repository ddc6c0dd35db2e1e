"""What was handed to an answer and has to be left alone: a module with all its parts, and torch's settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Module", "settings_kept"]

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


@dataclass(frozen=True)
class Module:
    """A module as it was when this was made; `memory` and `state` say afterwards what of it has changed.

    >>> layer = nn.Linear(2, 3)
    >>> before = Module(layer)
    >>> _ = layer.eval()
    >>> before.state()["mode"], before.memory()["parameters"]
    ('changed', 'unchanged')
    """

    module: nn.Module
    modes: Mapping[str, bool] = field(init=False)
    tensors: Mapping[str, tuple[int, Tensor]] = field(init=False)
    gradients: Mapping[str, tuple[int, Tensor | None]] = field(init=False)
    asking: Mapping[str, bool] = field(init=False)
    hooks: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        for name, value in self._now().items():
            object.__setattr__(self, name, value)

    def _now(self) -> dict[str, Any]:
        module = self.module
        parameters = dict(module.named_parameters(remove_duplicate=False))
        tensors = parameters | dict(module.named_buffers(remove_duplicate=False))
        return {
            "modes": {name: part.training for name, part in module.named_modules()},
            # By identity as well: whoever puts another tensor in the place leaves an optimiser behind with the old one.
            "tensors": {name: (id(one), one.detach().clone()) for name, one in tensors.items()},
            "gradients": {name: (id(one.grad), _copy(one.grad)) for name, one in parameters.items()},
            "asking": {name: one.requires_grad for name, one in parameters.items()},
            "hooks": {name: sum(len(getattr(part, kind)) for kind in _HOOKS) for name, part in module.named_modules()},
        }

    def memory(self) -> dict[str, str]:
        """Whether parameters and buffers are the same objects with the same values, and so every ``.grad``."""
        now = self._now()
        own = {name for name, _ in self.module.named_parameters(remove_duplicate=False)}
        before: Any = {"parameters": {}, "buffers": {}}
        after: Any = {"parameters": {}, "buffers": {}}
        for into, tensors in ((before, self.tensors), (after, now["tensors"])):
            for name, one in tensors.items():
                into["parameters" if name in own else "buffers"][name] = one
        return {
            "parameters": _word(_same(before["parameters"], after["parameters"])),
            "buffers": _word(_same(before["buffers"], after["buffers"])),
            "grad": _word(_same(self.gradients, now["gradients"])),
        }

    def state(self) -> dict[str, str]:
        """Whether the mode of every part, ``requires_grad`` and the number of hooks are the same."""
        now = self._now()
        return {
            "mode": _word(self.modes == now["modes"]),
            "requires_grad": _word(self.asking == now["asking"]),
            "hooks": _word(self.hooks == now["hooks"]),
        }


def _copy(value: Tensor | None) -> Tensor | None:
    return None if value is None else value.detach().clone()


def _same(before: Mapping[str, tuple[int, Any]], after: Mapping[str, tuple[int, Any]]) -> bool:
    """In the same order, too: the order of registration is the order in which an optimiser knows its parameters."""
    return list(before) == list(after) and all(
        before[name][0] == after[name][0] and _equal(before[name][1], after[name][1]) for name in before
    )


def _equal(one: Tensor | None, other: Tensor | None) -> bool:
    if one is None or other is None:
        return one is other
    form = one.shape == other.shape and one.dtype == other.dtype
    return form and torch.equal(one.nan_to_num(), other.nan_to_num())


def _word(same: bool) -> str:
    return "unchanged" if same else "changed"


@contextmanager
def settings_kept() -> Iterator[dict[str, str]]:
    """Notes in the dict it gives whether grad mode and default dtype were left as they were, and puts both back.

    >>> with settings_kept() as kept:
    ...     _ = torch.set_grad_enabled(False)
    >>> kept["grad mode"], torch.is_grad_enabled()
    ('changed', True)
    """
    grad, dtype = torch.is_grad_enabled(), torch.get_default_dtype()
    kept: dict[str, str] = {}
    try:
        yield kept
    finally:
        kept["grad mode"] = _word(torch.is_grad_enabled() == grad)
        kept["default dtype"] = _word(torch.get_default_dtype() == dtype)
        torch.set_grad_enabled(grad)
        torch.set_default_dtype(dtype)
