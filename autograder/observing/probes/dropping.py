"""Seeing what a dropout does: whose random numbers decide, and what of them enters the next layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.modules.module import register_module_forward_pre_hook

from autograder.observing.case import Case
from autograder.observing.gradients import FROZEN, by_name
from autograder.observing.project import LARGE

__all__ = ["Astray", "draws_of_generators", "entered", "kind_of", "pieces", "reached", "tensor_or_kind"]


def kind_of(value: Any) -> str:
    """What is said of a result that is no tensor: never the result itself, which may be what a case expects."""
    return f"a {type(value).__name__}, no tensor"


def tensor_or_kind(value: Any) -> Any:
    """A copy of a tensor that has no graph, or what kind of thing it is instead."""
    return value.detach().clone() if isinstance(value, Tensor) else kind_of(value)


def pieces(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The numbers of all of them, in pieces that an observation may hold."""
    return torch.cat([one.detach().flatten() for one in tensors]).split(LARGE)


def draws_of_generators(answer: Callable[..., Any], case: Case) -> dict[str, Any]:
    """From one state of the generator, under two global ones and for two inputs; from the next state; from another seed."""

    def draw(generator: torch.Generator, x: str = "x") -> Any:
        out = case.call(answer, generator=generator, x=case[x])
        return out if isinstance(out, Tensor) else kind_of(out)

    def seeded(seed: str, global_seed: int) -> torch.Generator:
        case.reseed(global_seed)
        return torch.Generator().manual_seed(case[seed])

    generator = seeded("seed", 1)
    before = torch.default_generator.get_state()
    drawn = {"first": draw(generator), "next": draw(generator)}
    alone = torch.equal(before, torch.default_generator.get_state())
    return drawn | {
        "again": draw(seeded("seed", 2)),
        "other x": draw(seeded("seed", 1), "other_x"),
        "other seed": draw(seeded("other_seed", 1)),
        "global generator": "left alone" if alone else "drawn from",
    }


def entered(model: nn.Module, logits: Tensor, again: Tensor) -> Any:
    """What entered the last layer, row by row: the gradient of each row's logits to the last weight is just that."""
    weights = [one for one in model.parameters() if tuple(one.shape) == (4, 16)]
    if not logits.requires_grad or len(weights) != 1:
        return "no gradient reaches the last layer"
    if not weights[0].requires_grad:
        return f"of the last layer's weight: {FROZEN}"
    rows = [torch.autograd.grad(row.sum(), weights[0], retain_graph=True, allow_unused=True)[0] for row in logits]
    if any(one is None for one in rows):
        return "no gradient reaches the last layer"
    return {"logits": pieces(logits), "asked again": pieces(again), "entered": pieces(*rows)}


def reached(out: Tensor, leaves: Mapping[str, Tensor]) -> dict[str, str]:
    """Whether a gradient comes to each of ``leaves``, in words: where numbers are dropped at random, which one is chance.

    >>> x = torch.ones(2, requires_grad=True)
    >>> reached(2 * x, {"x": x}), reached(2 * x.detach(), {"x": x})
    ({'x': 'a gradient'}, {'x': 'no gradient'})
    """
    try:
        found = by_name(out, leaves)
    except RuntimeError:  # what backward needs was written over
        return dict.fromkeys(leaves, "an error of backward")
    return {name: one if isinstance(one, str) else "a gradient" for name, one in found.items()}


class Astray:
    """Notes dropout modules that are called and that the model's own mode has not reached."""

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._called: list[nn.Module] = []

    def __enter__(self) -> Astray:
        self._hook = register_module_forward_pre_hook(self._note)
        return self

    def __exit__(self, *exception: Any) -> None:
        self._hook.remove()

    def _note(self, module: nn.Module, inputs: Any) -> None:
        if isinstance(module, _DropoutNd) and module.training != self._model.training:
            self._called.append(module)

    def word(self) -> str:
        """What was called, if anything: new in every pass, or kept where nobody has registered it."""
        if not self._called:
            return "none that eval cannot reach"
        if len(set(map(id, self._called))) == len(self._called) > 1:
            return "a new one in every forward pass"
        return "one that eval does not reach"
