"""Chapter 04, `params_from_module`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.makes import MAKE_WORDS, MAKES, layers_of
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.space import NO_GRAD_WORDS, Chosen, Space
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
        ("another of that size", plain, torch.float32, f"another nn.Linear({a}, {b}) in an nn.Sequential"),
        ("batch norm has buffers too", norms, torch.float32, "conv, batch norm, and a linear layer deeper down"),
        ("float64", norms, torch.float64, "the same in float64"),
        ("a frozen layer", frozen, torch.float32, "two linear layers, the first frozen"),
    ]
    return [
        make.case(name, layers=layers, seed=make.seed(), dtype=dtype, shown=shown)
        for name, layers, dtype, shown in cases
    ] + [
        make.case(
            "asked before, when it held other numbers",
            layers=[("linear", 2, 3)],
            seed=7,
            asked_before=True,
            shown="nn.Linear(2, 3) in an nn.Sequential",
        )
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
    return make.case(layers=layers, seed=make.seed(), shown=shown, **given, **one.flags("no_grad"))


_SPACE = Space(
    _drawn,
    make=MAKES,
    features=(1, 3),
    outputs=(1, 2),
    beside=tuple(_MORE),
    depth=(0, 2),
    mode=("training", "eval", "the whole in training, its parts in eval"),
    graded=(False, True),
    no_grad=(False, True),
    dtype=(torch.float32, torch.float64, torch.bfloat16),
    words={
        **MAKE_WORDS,
        "mode": "the mode is: {}",
        "graded": "parameters have a .grad already: {}",
        **NO_GRAD_WORDS,
    },
)


def _kept(model: nn.Module, keep: Callable[[str, Tensor], bool] = lambda name, one: True) -> dict[str, Tensor]:
    """The right answer, but for what is not kept."""
    return {name: one.detach().clone().requires_grad_() for name, one in model.named_parameters() if keep(name, one)}


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
            "parameters deeper down forgotten",
            lambda model: _kept(model, lambda name, one: "." not in name),
            lambda model: _kept(model, lambda name, one: name.count(".") == 1),
            lambda model: _kept(model, lambda name, one: name.count(".") < 2),
            says="A module in a module has parameters too, at any depth. named_parameters() finds them all.",
        ),
        Misconception(
            "frozen parameters left out",
            lambda model: _kept(model, lambda name, one: one.requires_grad),
            says="A frozen parameter is a parameter: it is copied too, and requires grad in the copy.",
        ),
        Misconception(
            "names without the way to them",
            lambda model: {name.split(".")[-1]: one for name, one in _kept(model).items()},
            says="The key is the whole dotted name, as named_parameters() gives it: 'fc.weight' and 'conv.weight' differ.",
        ),
        Misconception(
            "names without the dot",
            lambda model: {name.replace(".", "_"): one for name, one in _kept(model).items()},
            says="The key is the name as named_parameters() gives it, a dot between its parts: 'fc.weight'.",
        ),
        Misconception(
            "numbers for names",
            lambda model: dict(enumerate(_kept(model).values())),
            lambda model: {f"{index}": one for index, one in enumerate(_kept(model).values())},
            says="parameters() gives no names. named_parameters() gives pairs of name and parameter.",
        ),
        Misconception(
            "other numbers than the module's",
            lambda model: {name: torch.zeros_like(one).requires_grad_() for name, one in model.named_parameters()},
            lambda model: {name: torch.ones_like(one).requires_grad_() for name, one in model.named_parameters()},
            says="The values are the module's own, copied: the network goes on from where it is.",
        ),
        Misconception(
            "the module's frozen parameters thawed",
            lambda model: {
                name: one.requires_grad_().detach().clone().requires_grad_() for name, one in model.named_parameters()
            },
            says="requires_grad_ on the module's own parameter changes the module. Clone first, and ask the copy.",
        ),
        Misconception(
            "non-leaf",
            lambda model: {name: one.clone() for name, one in model.named_parameters()},
            lambda model: {name: one.clone().requires_grad_() for name, one in model.named_parameters()},
            lambda model: {name: one.detach().requires_grad_().clone() for name, one in model.named_parameters()},
            says="clone is an operation like any other: of what requires grad it gives a result, not a leaf. Detach and clone first, "
            "ask for gradients last.",
        ),
        Misconception(
            "no grad",
            lambda model: {name: one.detach().clone() for name, one in model.named_parameters()},
            says="What comes out of detach or torch.no_grad asks for no gradients. Ask for them, for frozen parameters too.",
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
            lambda model: {name: one.clone().requires_grad_() for name, one in model.state_dict().items()},
            lambda model: {
                name: one.clone().requires_grad_()
                for name, one in model.state_dict().items()
                if one.is_floating_point()
            },
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
