"""Chapter 08, `swap_head`: what its contract lets vary."""

from __future__ import annotations

from typing import Any

import torch

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles.training.batches import draw_batches
from autograder.authoring.space import FLOATS, Chosen, Space
from autograder.observing.case import Case

__all__ = ["HEAD_SPACE"]

_BODY = ("body.0.weight", "body.0.bias")
_HEAD = ("fc.weight", "fc.bias")

# How the tensors are divided into groups.
_GROUPS = {
    "one, the head behind": ((*_BODY, *_HEAD),),
    "one, the head in front": ((_HEAD[1], _HEAD[0], *_BODY),),
    "the head in one of its own": (_BODY, _HEAD),
    "weights and biases apart": ((_BODY[0], _HEAD[0]), (_HEAD[1], _BODY[1])),
    "one a tensor": ((_HEAD[0],), (_BODY[0],), (_HEAD[1],), (_BODY[1],)),
}
# Adam's steps are as long for a gradient that is mostly rounding: only in float64.
_KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "plain SGD": ("SGD", {"lr": 0.2}),
    "SGD with momentum": ("SGD", {"lr": 0.1, "momentum": 0.9}),
    "Adam": ("Adam", {"lr": 0.02}),
    "AdamW": ("AdamW", {"lr": 0.02, "weight_decay": 0.3}),
}


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    kind, options = _KINDS[one.optimizer]
    groups = [
        {"params": names, **options, "lr": options["lr"] / (number + 1)}
        for number, names in enumerate(_GROUPS[one.groups])
    ]
    few, of = min(one.before, one.after), 3
    return make.case(
        body=(("linear", of, one.features),), head=(one.features, one.before), num_classes=one.after, seed=make.seed(),
        dtype=one.dtype, device="cpu", body_in_eval=one.body_in_eval, optimizer=kind, groups=tuple(groups), first=one.steps,
        numbers={"weight": make.drawn(one.after, one.features, dtype=one.dtype), "bias": make.drawn(one.after, dtype=one.dtype)},
        batches=draw_batches(make, (3, 2, 4, 3)[: one.steps + 2], few, of, dtype=one.dtype),
    )  # fmt: skip


HEAD_SPACE = Space(
    _drawn,
    before=(2, 3, 6),
    after=(2, 3, 6),
    features=(1, 4),
    optimizer=tuple(_KINDS),
    groups=tuple(_GROUPS),
    steps=(0, 1, 2),
    body_in_eval=(False, True),
    dtype=FLOATS,
    within=lambda one: "Adam" not in one.optimizer or one.dtype == torch.float64,
    traits={"there are as many classes as before": lambda one: one.before == one.after},
    words={
        "before": "the old head's number of classes is {}",
        "after": "the new head's number of classes is {}",
        "features": "the number of features that the head sees is {}",
        "optimizer": "the optimiser is {}",
        "groups": "its groups are {}",
        "steps": "the number of steps made before is {}",
        "body_in_eval": "the body is in eval mode: {}",
    },
)
