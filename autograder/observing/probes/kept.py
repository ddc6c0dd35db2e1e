"""What of a module is as it was: noted before an answer has it, compared afterwards, and said in words.

Beside the watcher of every chapter, `autograder.observing.left_alone`, since `call_with` may take a module apart and has to put it together again,
also after an error: the values of all plain attributes count here, private ones such as the set of buffers that are not saved
too, and an error's case says of the module what it says of the error.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

__all__ = ["Kept", "same_tensor"]

_REGISTERED = ("_parameters", "_buffers", "_modules")


class Kept:
    """Notes what ``module`` is made of; `said` tells what is no longer so.

    Objects are compared by identity, tensors by their numbers too.

    >>> module = nn.Linear(2, 3)
    >>> kept = Kept(module)
    >>> module._parameters["weight"] = module._parameters.pop("weight")
    >>> kept.said()
    'other order'
    >>> module.weight = nn.Parameter(module.weight + 1)
    >>> kept.said()
    'other objects with other numbers, other order'
    """

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.parts = list(module.named_modules())
        self.parameters = dict(module.named_parameters())
        self.classes = [type(part) for _, part in self.parts]
        self.registered = [dict(getattr(part, home)) for part, home in self._homes()]
        self.attributes = [_attributes(part) for _, part in self.parts]
        self.hooks = [_hooks(part) for _, part in self.parts]
        self.tensors = [one for home in self.registered for one in home.values() if isinstance(one, Tensor)]
        self.values = [one.detach().clone() for one in self.tensors]
        self.asks = [one.requires_grad for one in self.tensors]
        self.grads = [(one.grad, None if one.grad is None else one.grad.clone()) for one in self._leaves()]

    def _homes(self) -> Iterator[tuple[nn.Module, str]]:
        return ((part, home) for _, part in self.parts for home in _REGISTERED)

    def _leaves(self) -> list[Tensor]:
        return [one for one in self.tensors if one.is_leaf]

    def said(self) -> str:
        """``"as it was"``, or which of its objects, their order, values, gradients, hooks, modules, attributes and who asks for gradients are others."""
        now = [dict(getattr(part, home)) for part, home in self._homes()]
        pairs = list(zip(self.registered, now, strict=True))
        objects = all(one.keys() == two.keys() and all(one[name] is two[name] for name in one) for one, two in pairs)
        there = [two.get(name) for one, two in pairs for name in one if isinstance(one[name], Tensor)]
        others = not objects and not all(map(same_tensor, self.values, there))
        same = {
            "objects with other numbers" if others else "objects": objects,
            "order": all(list(one) == list(two) for one, two in pairs),
            "values": all(map(same_tensor, self.values, self.tensors)),
            "grad": self._same_grads(),
            "hooks": [_hooks(part) for _, part in self.parts] == self.hooks,
            "modules": self._same_modules(),
            "modes or attributes": [_attributes(part) for _, part in self.parts] == self.attributes,
            "requires_grad": [one.requires_grad for one in self.tensors] == self.asks,
        }
        return ", ".join(f"other {what}" for what, kept in same.items() if not kept) or "as it was"

    def _same_grads(self) -> bool:
        return all(
            tensor.grad is grad and (value is None or same_tensor(value, grad))
            for tensor, (grad, value) in zip(self._leaves(), self.grads, strict=True)
        )

    def _same_modules(self) -> bool:
        """The same submodules by the same names, each of the class that it was of."""
        parts = list(self.module.named_modules())
        return (
            [name for name, _ in parts] == [name for name, _ in self.parts]
            and all(one is other for (_, one), (_, other) in zip(parts, self.parts, strict=True))
            and [type(part) for _, part in parts] == self.classes
        )


def same_tensor(before: Any, after: Any) -> bool:
    """Whether both are tensors of the same dtype, shape and numbers, NaN included.

    >>> import torch
    >>> same_tensor(torch.tensor([1.0, float("nan")]), torch.tensor([1.0, float("nan")]))
    True
    """
    return (
        isinstance(before, Tensor)
        and isinstance(after, Tensor)
        and before.dtype == after.dtype
        and before.shape == after.shape
        and bool(((before == after.detach()) | ((before != before) & (after.detach() != after.detach()))).all())
    )


def _attributes(part: nn.Module) -> dict[str, Any]:
    """Everything else that a module holds: plain values themselves, objects by who they are."""
    return {
        name: _plain(value) for name, value in vars(part).items() if name not in _REGISTERED and "_hooks" not in name
    }


def _plain(value: Any) -> Any:
    if isinstance(value, set):
        return frozenset(value)
    return value if isinstance(value, bool | int | float | str | tuple | None) else id(value)


def _hooks(part: nn.Module) -> dict[str, list[tuple[Any, int]]]:
    return {
        name: [(key, id(hook)) for key, hook in held.items()]
        for name, held in vars(part).items()
        if "_hooks" in name and isinstance(held, dict)
    }
