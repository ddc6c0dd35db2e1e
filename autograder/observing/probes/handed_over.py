"""What was handed to an answer and has to be left alone: a module with all its parts, and torch's settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

__all__ = ["Module", "settings_kept"]

# The tensor itself, since whoever puts another in its place leaves an optimiser behind with the old one, and its values.
_Kept = tuple[Tensor | None, Tensor | None]

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
    parts: Mapping[str, tuple[bool, int]] = field(init=False)
    parameters: Mapping[str, _Kept] = field(init=False)
    buffers: Mapping[str, _Kept] = field(init=False)
    gradients: Mapping[str, _Kept] = field(init=False)
    asking: Mapping[str, bool] = field(init=False)

    def __post_init__(self) -> None:
        parameters = dict(self.module.named_parameters(remove_duplicate=False))
        buffers = self.module.named_buffers(remove_duplicate=False)
        now = {
            "parts": _modes_and_hooks(self.module),
            "parameters": {name: _kept(one) for name, one in parameters.items()},
            "buffers": {name: _kept(one) for name, one in buffers},
            "gradients": {name: _kept(one.grad) for name, one in parameters.items()},
            "asking": {name: one.requires_grad for name, one in parameters.items()},
        }
        for name, value in now.items():
            object.__setattr__(self, name, value)

    def memory(self) -> dict[str, str]:
        """Whether parameters and buffers are the same objects with the same values, and so every ``.grad``."""
        parameters = dict(self.module.named_parameters(remove_duplicate=False))
        return {
            "parameters": _word(_same(self.parameters, parameters)),
            "buffers": _word(_same(self.buffers, dict(self.module.named_buffers(remove_duplicate=False)))),
            "grad": _word(_same(self.gradients, {name: one.grad for name, one in parameters.items()})),
        }

    def state(self) -> dict[str, str]:
        """Whether the mode of every part, ``requires_grad`` and the number of hooks are the same."""
        parts = _modes_and_hooks(self.module)
        asking = {name: one.requires_grad for name, one in self.module.named_parameters(remove_duplicate=False)}
        return {
            "mode": _word([mode for mode, _ in parts.values()] == [mode for mode, _ in self.parts.values()]),
            "requires_grad": _word(self.asking == asking),
            "hooks": _word([hooks for _, hooks in parts.values()] == [hooks for _, hooks in self.parts.values()]),
        }


def _kept(value: Tensor | None) -> _Kept:
    return value, None if value is None else value.detach().clone()


def _modes_and_hooks(module: nn.Module) -> dict[str, tuple[bool, int]]:
    return {
        name: (part.training, sum(len(getattr(part, kind)) for kind in _HOOKS)) for name, part in module.named_modules()
    }


def _same(before: Mapping[str, _Kept], after: Mapping[str, Tensor | None]) -> bool:
    """In the same order, too: the order of registration is the order in which an optimiser knows its parameters."""
    return list(before) == list(after) and all(
        one is after[name] and _equal(copy, after[name]) for name, (one, copy) in before.items()
    )


def _equal(one: Tensor | None, other: Tensor | None) -> bool:
    if one is None or other is None:
        return one is other
    form = one.shape == other.shape and one.dtype == other.dtype
    return form and torch.equal(one.nan_to_num(), other.detach().nan_to_num())


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
