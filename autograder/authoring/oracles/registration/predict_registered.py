"""Chapter 06, `predict_registered`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import torch
import torch.nn.functional as F
from torch import nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.observing.case import Case

__all__ = ["ATTRIBUTES", "PREDICT_REGISTERED", "Box"]


class Box(nn.Module):
    """The class of the lesson, line by line."""

    def __init__(self) -> None:
        super().__init__()
        self.plain = torch.zeros(3)
        self.asking = torch.zeros(3, requires_grad=True)
        self.weight = nn.Parameter(torch.zeros(3))
        self.scaled = nn.Parameter(torch.ones(3)) * 0.1
        self.layer = nn.Linear(3, 3)
        self.layers = [nn.Linear(3, 3), nn.Linear(3, 3)]
        self.stack = nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3)])
        self.register_buffer("mean", torch.zeros(3))
        self.register_buffer("scratch", torch.zeros(3), persistent=False)
        self.act = F.relu


# The ten attributes under what they are about. In each group are several answers, so that one word for all is wrong.
ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "tensors": ("asking", "weight", "scaled"),
    "modules": ("layer", "layers", "stack", "act"),
    "buffers": ("plain", "mean", "scratch"),
}


def _said_by_torch() -> dict[str, str]:
    """Of each attribute, on which list torch has put its name."""
    box = Box()
    lists = (("parameter", box._parameters), ("buffer", box._buffers), ("module", box._modules))
    on = {name: word for word, entries in lists for name in entries}
    return {name: on.get(name, "nothing") for group in ATTRIBUTES.values() for name in group}


_RIGHT = _said_by_torch()


def _predictions(make: CaseMaker) -> list[Case]:
    return [
        make.case(f"what it is about: {aspect}", aspect=aspect, attributes=group, shown=", ".join(group))
        for aspect, group in ATTRIBUTES.items()
    ]


def _but(word: str, *names: str) -> list[dict[str, str]]:
    """The right predictions with ``word`` for some of ``names``: one variant for each choice of at least one of them."""
    chosen = [some for count in range(1, len(names) + 1) for some in combinations(names, count)]
    return [_RIGHT | dict.fromkeys(some, word) for some in chosen]


PREDICT_REGISTERED = Oracle(
    "predict_registered",
    _RIGHT,
    _predictions,
    [
        Misconception(
            "requires_grad makes a parameter",
            _RIGHT | {"asking": "parameter"},
            says="requires_grad says that gradients are wanted. Registered is what is of the type nn.Parameter, "
            "whatever it asks for.",
        ),
        Misconception(
            "a list of layers counts",
            _RIGHT | {"layers": "module"},
            _RIGHT | {"layers": "parameter"},
            says="A Python list is no module, and nobody looks into it. nn.ModuleList is a list that is one.",
        ),
        Misconception(
            "every tensor is a buffer",
            *_but("buffer", "plain", "asking", "scaled"),
            says="A plain tensor is an attribute like any other. It becomes a buffer by register_buffer or nn.Buffer.",
        ),
        Misconception(
            "a Parameter times a number is a Parameter",
            _RIGHT | {"scaled": "parameter"},
            says="Arithmetic gives a plain tensor, computed from the Parameter. The Parameter itself got no name at all.",
        ),
        Misconception(
            "whatever asks for gradients is a parameter",
            _RIGHT | {"asking": "parameter", "scaled": "parameter"},
            says="Only the type counts. A tensor that requires grad and a Parameter times a number are plain tensors.",
        ),
        Misconception(
            "a buffer that is not saved is none",
            _RIGHT | {"scratch": "nothing"},
            says="persistent=False keeps it out of the state_dict, and out of nothing else.",
        ),
        Misconception(
            "nn.ModuleList taken for a plain list",
            _RIGHT | {"stack": "nothing"},
            says="nn.ModuleList derives from nn.Module. So what becomes of it when it is assigned?",
        ),
        Misconception(
            "a function taken for a module",
            _RIGHT | {"act": "module"},
            says="F.relu is a function. nn.ReLU() would be a module.",
        ),
        Misconception(
            "buffers taken for parameters",
            *_but("parameter", "mean", "scratch"),
            says="register_buffer is for what is not learned: no optimiser gets it from parameters().",
        ),
    ],
)
