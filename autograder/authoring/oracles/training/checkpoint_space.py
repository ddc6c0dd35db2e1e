"""Chapter 08, `checkpoint`: what its contract lets vary."""

from __future__ import annotations

from typing import Any

import torch

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles.training.batches import draw_batches
from autograder.authoring.space import FLOATS, Chosen, Space
from autograder.observing.case import Case

__all__ = ["CHECKPOINT_SPACE"]

_NETS = {
    "two layers": ((("linear", 3, 4), ("relu",), ("linear", 4, 3)), (3,), ("0.weight", "0.bias", "2.weight", "2.bias")),
    "batch norm": (
        (("conv", 2, 3, 2), ("norm", 3), ("relu",), ("flatten",), ("linear", 3 * 2 * 3, 3)),
        (2, 3, 4),
        (
            "0.weight",
            "1.weight",
            "1.bias",
            "4.weight",
            "4.bias",
        ),  # a bias before a batch norm has a gradient of rounding
    ),
}
# relu and flatten: the mode makes no difference to them.
_WITHOUT_NUMBERS = {"two layers": ("1",), "batch norm": ("2", "3")}
_KINDS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "plain SGD": ("SGD", {"lr": 0.2}, {"lr": 0.01}),
    "SGD with momentum": ("SGD", {"lr": 0.1, "momentum": 0.9}, {"lr": 0.1, "momentum": 0.0}),
    "SGD with weight decay": ("SGD", {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.5, "nesterov": True}, {"lr": 0.3}),
    "Adam": ("Adam", {"lr": 0.02, "betas": (0.7, 0.9)}, {"lr": 0.02, "betas": (0.9, 0.999)}),
    "AdamW": ("AdamW", {"lr": 0.02, "amsgrad": True}, {"lr": 0.5, "amsgrad": True}),
}


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    layers, shape, names = _NETS[one.net]
    kind, options, other = _KINDS[one.optimizer]
    groups = (names,) if one.groups == 1 else (names[1:], names[:1])
    told = f"{one.net} in {str(one.dtype)[6:]}; {one.optimizer} with {one.groups} group{'s' * (one.groups > 1)}, saved after {one.steps} steps"
    told += f", loaded into one that has made {one.others}" + "; the first layer is frozen" * one.frozen
    told += f"; in eval mode: {', '.join(_WITHOUT_NUMBERS[one.net])}" * one.mixed
    return make.case(
        layers=(*layers, ("freeze", 0)) if one.frozen else layers, seed=make.seed(), other_seed=make.seed(), optimizer=kind, dtype=one.dtype,
        groups=tuple({"params": some, **options, "lr": options["lr"] / (n + 1)} for n, some in enumerate(groups)),
        other_groups=tuple({"params": some, **options, **other} for some in groups),
        batches=draw_batches(make, (3, 2, 4)[: one.steps + 1], 3, *shape, dtype=one.dtype),
        first=one.steps, other_first=one.others, evaluating=_WITHOUT_NUMBERS[one.net] if one.mixed else (), shown=told,
    )  # fmt: skip


CHECKPOINT_SPACE = Space(
    _drawn,
    net=tuple(_NETS),
    optimizer=tuple(_KINDS),
    groups=(1, 2),
    steps=(0, 2),
    others=(0, 1),
    mixed=(False, True),
    frozen=(False, True),
    dtype=FLOATS,
    # Adam's steps are as long for a gradient that is mostly rounding.
    within=lambda one: "Adam" not in one.optimizer or one.dtype == torch.float64,
    words={
        "net": "the model has {}",
        "optimizer": "the optimiser is {}",
        "groups": "the number of its groups is {}",
        "steps": "the number of steps before saving is {}",
        "frozen": "the first layer is frozen: {}",
        "mixed": "layers without numbers are in eval mode: {}",
        "others": "the number of steps that the one that is loaded into has made is {}",
    },
)
