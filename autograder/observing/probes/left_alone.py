"""What has to be left alone while an answer has a model in its hands: noticed before, and looked at again afterwards.

Beside the watcher of every chapter, `autograder.observing.left_alone`, since chapters 07 and 08 ask for more than that something has changed:
which mode each part has then, in words that a misconception is known by; the same where the model raises; and a buffer by its numbers
alone, since there the contract lets an answer put another in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import module as torchs

from autograder.observing.probes.specimen import modes

__all__ = ["Noticed", "notice", "world_put_back"]

_SAME, _CHANGED = "as they were", "not as they were"


@dataclass(frozen=True)
class Noticed:
    """A model as it was: its parts with their hooks, its tensors with values and gradients, and torch's gradient mode."""

    model: nn.Module
    hooks: dict[str, dict[Any, Any]]
    tensors: dict[str, tuple[Tensor, Tensor, bool]]
    gradients: dict[str, tuple[Tensor | None, Tensor | None]]
    classes: dict[type, dict[str, Any]]
    enabled: bool

    def again(self) -> dict[str, Any]:
        """What is there now: the mode of every part, and a word for all that should be as it was.

        A parameter has to be the same object, a buffer to hold the same numbers under its name.

        >>> model = nn.Linear(2, 3)
        >>> before = notice(model)
        >>> _ = model.eval().register_forward_hook(print)
        >>> {what: word for what, word in before.again().items() if what in ("modes", "hooks", "buffers")}
        {'modes': {'itself': 'eval'}, 'hooks': 'not as they were', 'buffers': 'as they were'}
        """
        now = notice(self.model)
        parameters = {name: one for name, one in self.tensors.items() if isinstance(one[0], nn.Parameter)}
        buffers = {name: one for name, one in self.tensors.items() if name not in parameters}
        return {
            "modes": {name: "training" if training else "eval" for name, training in modes(self.model).items()},
            "hooks": _word(_same_hooks(self.hooks, now.hooks)),
            "forward": _word(
                self.classes == now.classes and not any("forward" in vars(one) for one in _parts(self.model))
            ),
            "parameters": _word(_same_tensors(parameters, now.tensors, identity=True)),
            "buffers": _word(_same_tensors(buffers, now.tensors, identity=False)),
            "gradients": _word(_same_gradients(self.gradients, now.gradients)),
            "gradient mode": "as it was" if now.enabled == self.enabled else "not as it was",
        }

    def left(
        self, only: tuple[str, ...] = ("modes", "hooks", "forward", "gradients", "gradient mode")
    ) -> dict[str, Any]:
        """Of `again`, what has to be as it was even where the model raises."""
        return {what: word for what, word in self.again().items() if what in only}


def notice(model: nn.Module) -> Noticed:
    """Everything about ``model`` that an answer might change and should not."""
    named = {
        **dict(model.named_parameters(remove_duplicate=False)),
        **dict(model.named_buffers(remove_duplicate=False)),
    }
    return Noticed(
        model,
        {**{name: _hooks_of(part) for name, part in model.named_modules()}, "all modules": _global_hooks()},
        {name: (one, one.detach().clone(), one.requires_grad) for name, one in named.items()},
        {
            name: (one.grad, None if one.grad is None else one.grad.detach().clone())
            for name, one in model.named_parameters()
        },
        {kind: dict(vars(kind)) for kind in _kinds(model)},
        torch.is_grad_enabled(),
    )


@contextmanager
def world_put_back(noticed: Noticed) -> Iterator[None]:
    """Put back, at the end, what an answer has changed for others than its own model: classes, hooks for all, grad mode."""
    try:
        yield
    finally:
        torch.set_grad_enabled(True)
        for name, hooks in _global_dicts().items():
            kept = noticed.hooks["all modules"]
            for key in [key for key in hooks if (name, key) not in kept]:
                del hooks[key]
        for kind, names in noticed.classes.items():
            for name in [name for name in vars(kind) if name not in names]:
                delattr(kind, name)
            for name, value in names.items():
                if vars(kind).get(name) is not value:
                    setattr(kind, name, value)


def _parts(model: nn.Module) -> list[nn.Module]:
    return list(model.modules())


def _kinds(model: nn.Module) -> set[type]:
    """The classes of all parts, and what they derive from."""
    made = {type(part) for part in _parts(model)}
    return {kind for one in made for kind in one.__mro__ if issubclass(kind, nn.Module)}


def _hooks_of(part: nn.Module) -> dict[Any, Any]:
    """All kinds of hooks of one module, by kind and key."""
    return {
        (kind, key): hook
        for kind, hooks in vars(part).items()
        if "hooks" in kind and isinstance(hooks, dict)
        for key, hook in hooks.items()
    }


def _global_dicts() -> dict[str, dict[Any, Any]]:
    return {
        name: hooks
        for name, hooks in vars(torchs).items()
        if name.startswith("_global_") and "hooks" in name and isinstance(hooks, dict)
    }


def _global_hooks() -> dict[Any, Any]:
    return {(name, key): hook for name, hooks in _global_dicts().items() for key, hook in hooks.items()}


def _word(same: bool) -> str:
    return _SAME if same else _CHANGED


def _same_hooks(before: dict[str, dict[Any, Any]], now: dict[str, dict[Any, Any]]) -> bool:
    return before.keys() == now.keys() and all(
        list(mine) == list(now[name]) and all(hook is now[name][key] for key, hook in mine.items())
        for name, mine in before.items()
    )


def _same_tensors(
    before: dict[str, tuple[Tensor, Tensor, bool]], now: dict[str, tuple[Tensor, Tensor, bool]], identity: bool
) -> bool:
    return all(
        name in now
        and (not identity or now[name][0] is tensor)
        and _same(values, now[name][1])
        and now[name][2] == requires_grad
        for name, (tensor, values, requires_grad) in before.items()
    )


def _same_gradients(
    before: dict[str, tuple[Tensor | None, Tensor | None]], now: dict[str, tuple[Tensor | None, Tensor | None]]
) -> bool:
    return all(
        name in now
        and (now[name][1] is None if values is None else now[name][1] is not None and _same(values, now[name][1]))
        for name, (_, values) in before.items()
    )


def _same(one: Tensor, other: Tensor | None) -> bool:
    return (
        other is not None
        and one.shape == other.shape
        and one.dtype == other.dtype
        and torch.equal(one.nan_to_num(), other.nan_to_num())
    )
