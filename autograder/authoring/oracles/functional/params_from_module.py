"""Chapter 04, `params_from_module`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from typing import Any

import torch

from autograder.authoring.cases import CaseMaker
from autograder.authoring.makes import MAKES, layers_of
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.space import Chosen, Space
from autograder.observing.case import Case
from autograder.observing.probes.specimen import build_module

__all__ = ["PARAMS_FROM_MODULE"]


def _sources(make: CaseMaker) -> list[Case]:
    a, b, c, d = make.sizes(4, 2, 7)
    plain = [("linear", a, b)]
    norms = [("conv", a, b, 3), ("norm", b), ("nest", ("relu",), ("linear", c, d))]
    frozen = [("linear", a, b), ("relu",), ("linear", b, c), ("freeze", 0)]
    cases = [
        ("one linear layer", plain, torch.float32, f"nn.Linear({a}, {b}) in an nn.Sequential"),
        ("batch norm has buffers too", norms, torch.float32, "conv, batch norm, and a linear layer deeper down"),
        ("float64", norms, torch.float64, "the same in float64"),
        ("a frozen layer", frozen, torch.float32, "two linear layers, the first frozen"),
    ]
    return [
        make.case(name, layers=layers, seed=make.seed(), dtype=dtype, shown=shown)
        for name, layers, dtype, shown in cases
    ]


_MORE = {"nothing": (), "a batch norm": (("norm", 3),), "a convolution": (("conv", 2, 3, (1, 2)),)}


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    layers = [*layers_of(one.make, one.features, one.outputs), *_MORE[one.beside]]
    for _ in range(one.depth):
        layers = [("nest", *layers)]
    given: dict[str, Any] = {"training": one.mode != "eval", "graded": one.graded, "dtype": one.dtype}
    if one.mode == "the whole in training, its parts in eval":
        given["evaluating"] = tuple(name for name, _ in build_module(layers).named_modules() if name)
    dtype = str(one.dtype).removeprefix("torch.")
    shown = f"{one.make} in {dtype}, and beside it {one.beside}; mode: {one.mode}"
    return make.case(layers=layers, seed=make.seed(), shown=shown, **given)


_SPACE = Space(
    _drawn,
    make=MAKES,
    features=(1, 3),
    outputs=(1, 2),
    beside=tuple(_MORE),
    depth=(0, 2),
    mode=("training", "eval", "the whole in training, its parts in eval"),
    graded=(False, True),
    dtype=(torch.float32, torch.float64, torch.bfloat16),
    words={
        "make": "the module is of the make: {}",
        "beside": "beside it stands {}",
        "depth": "it lies {} levels down",
        "mode": "the mode is: {}",
        "graded": "parameters have a .grad already: {}",
    },
)


PARAMS_FROM_MODULE = Oracle(
    "params_from_module",
    lambda model: {name: one.detach().clone().requires_grad_() for name, one in model.named_parameters()},
    _sources,
    [
        Misconception(
            "aliases the module's memory",
            lambda model: dict(model.named_parameters()),
            lambda model: {name: one.detach().requires_grad_() for name, one in model.named_parameters()},
            says="Your dictionary and the module share one block of memory: training one changes the other. Clone.",
        ),
        Misconception(
            "non-leaf",
            lambda model: {name: one.clone() for name, one in model.named_parameters()},
            lambda model: {name: one.clone().requires_grad_() for name, one in model.named_parameters()},
            says="clone is an operation like any other: its result hangs in the module's graph. Detach first.",
        ),
        Misconception(
            "no grad",
            lambda model: {name: one.detach().clone() for name, one in model.named_parameters()},
            says="detach gives a tensor that asks for no gradients. Ask for them again, for frozen parameters too.",
        ),
        Misconception(
            "frozen parameters left frozen",
            lambda model: {
                name: one.detach().clone().requires_grad_(one.requires_grad) for name, one in model.named_parameters()
            },
            says="All of them become leaves that require grad, whatever the module did with its own.",
        ),
        Misconception(
            "buffers taken too",
            lambda model: {
                name: one.detach().clone().requires_grad_(one.is_floating_point())
                for name, one in model.state_dict().items()
            },
            lambda model: {name: one.clone() for name, one in model.state_dict().items()},
            says="state_dict holds buffers such as running statistics. named_parameters() gives parameters only.",
        ),
        Misconception(
            "dtype changed",
            lambda model: {
                name: one.detach().clone().float().requires_grad_() for name, one in model.named_parameters()
            },
            says="A float64 module has float64 parameters. Keep their dtype.",
        ),
    ],
    space=_SPACE,
)
