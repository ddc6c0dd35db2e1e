"""How a swap of heads is observed: in the middle of training, by what the model and its optimiser do from there on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from autograder.observing.case import Case
from autograder.observing.observe import observe
from autograder.observing.probes.handed import Handed, World, patched
from autograder.observing.probes.trained import (
    batches_of,
    build_headed,
    build_optimizer,
    held_by,
    hyper_parameters,
    same_objects,
    train,
    trained_on,
)

__all__ = ["observe_swap"]


def observe_swap(answer: Callable[..., Any], case: Case) -> dict[str, Any]:
    """Train, swap, give the new head known numbers, train on. On another device there are no numbers, only forms."""
    model = build_headed(case["body"], case["head"], case["seed"]).to(case["dtype"])
    model.to(case["device"])
    model.body.train(not case.get("body_in_eval", False))
    optimizer = build_optimizer(model, case["optimizer"], case["groups"])
    batches = batches_of(case) if "batches" in case else []
    train(model, optimizer, batches[: case["first"]])
    old = {f"old {name}": one for name, one in model.named_parameters() if name.startswith("fc.")}
    rest = _rest(model)
    handed = Handed(model.body) if case["device"] == "cpu" else World()
    with handed:
        case.call(answer, model=model, optimizer=optimizer)

    new = dict(getattr(model, "fc", nn.Identity()).named_parameters())
    form = {name: (tuple(one.shape), one.dtype, one.device.type) for name, one in new.items()}
    now = _rest(model)
    held = held_by(optimizer, old | now | {f"fc.{name}": one for name, one in new.items()})
    state = {
        "groups": {str(number): " ".join(names) for number, names in enumerate(held)},
        "hyper-parameters": hyper_parameters(optimizer, case["groups"]),
        "state of the old tensors": "gone" if not any(one in optimizer.state for one in old.values()) else "kept",
        "the body": handed.left,
        "patched classes": patched(case),
        "the body's tensors": "the same" if same_objects(rest, now) else "others",
    }
    if "numbers" not in case:
        return observe(shape=form, state=state)
    sizes = {name: tuple(one.shape) for name, one in case["numbers"].items()}
    if {name: tuple(one.shape) for name, one in new.items()} != sizes:
        return observe(values="the head that was asked for is not there", shape=form, state=state)
    with torch.no_grad():
        for name, one in new.items():
            one.copy_(case["numbers"][name])
    if stopped := trained_on(model, optimizer, batches[case["first"] :]):
        return observe(values=stopped, shape=form, state=state)
    trained = {name: one.detach() for name, one in model.named_parameters()}
    head = {name: one for name, one in trained.items() if name.startswith("fc.")}
    kept = {name: one for name, one in trained.items() if not name.startswith("fc.")}
    return observe(values=head, kept=kept, shape=form, state=state)


def _rest(model: nn.Module) -> dict[str, Tensor]:
    """All parameters that are not the head's."""
    return {name: one for name, one in model.named_parameters() if not name.startswith("fc.")}
