"""Chapter 03, `count_parameters`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.makes import MAKE_WORDS, MAKES, layers_of
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.space import NO_GRAD_WORDS, Chosen, Space, absent
from autograder.observing.case import Case

__all__ = ["COUNT_PARAMETERS"]


def _counted(make: CaseMaker) -> list[Case]:
    a, b, c, d = make.sizes(4, 2, 9)
    kernel = make.integer(2, 4)
    small = [("linear", 3, 2)]
    frozen = [("linear", a, b), ("relu",), ("linear", b, c), ("freeze", 0)]
    wholly = [("linear", a, c), ("freeze", 0)]
    tied = [("linear", a, a), ("relu",), ("linear", a, a), ("tie", 0, 2)]
    deep = [("conv", a, b, kernel), ("norm", b), ("nest", ("relu",), ("nest", ("linear", c, d)))]
    both = [("linear", d, d), ("linear", d, d), ("norm", b), ("tie", 0, 1), ("freeze", 0)]
    return [
        make.case("one linear layer", layers=small, shown="nn.Sequential(nn.Linear(3, 2))"),
        make.case("no parameters", layers=[("relu",)], shown="nn.Sequential(nn.ReLU())"),
        make.case("batch norm has buffers too", layers=[("norm", 4)], shown="nn.Sequential(nn.BatchNorm2d(4))"),
        make.case(
            "half of a longer tensor",
            layers=[("module", ("part", "second", 2, 3))],
            shown="a module with nn.Parameter(torch.zeros(2, 2, 3)[1])",
        ),
        make.case("layers inside layers", layers=deep, shown=f"conv {a}→{b}, batch norm, and deeper a linear {c}→{d}"),
        make.case("one weight in two layers", layers=tied, shown=f"two nn.Linear({a}, {a}) that share one weight"),
        make.case("a frozen layer still counts", layers=frozen, shown=f"linear {a}→{b} (frozen), linear {b}→{c}"),
        make.case(
            "trainable only",
            layers=frozen,
            trainable_only=True,
            shown=f"linear {a}→{b} (frozen), linear {b}→{c}; trainable_only=True",
        ),
        make.case(
            "the same layers, nothing frozen",
            layers=frozen[:-1],
            trainable_only=True,
            shown=f"linear {a}→{b}, linear {b}→{c}; trainable_only=True",
        ),
        make.case("wholly frozen", layers=wholly, shown=f"nn.Linear({a}, {c}) in an nn.Sequential, frozen"),
        make.case(
            "wholly frozen, trainable only",
            layers=wholly,
            trainable_only=True,
            shown=f"nn.Linear({a}, {c}) in an nn.Sequential, frozen; trainable_only=True",
        ),
        make.case("trainable only, said False", layers=frozen, trainable_only=False, shown="trainable_only=False"),
        make.case(
            "trainable only, shared", layers=both, trainable_only=True, shown="shared and frozen; trainable_only=True"
        ),
        make.case(
            "the same numbers twice",
            layers=[("norm", 4), ("nest", ("norm", 4))],
            equal=True,
            shown="two nn.BatchNorm2d(4), in which every parameter is 1",
        ),
        make.case(
            "asked before, when it was frozen",
            layers=[("linear", 3, 2)],
            trainable_only=True,
            asked_before="when it was frozen",
            shown="nn.Sequential(nn.Linear(3, 2)); trainable_only=True",
        ),
        make.case(
            "two halves of one tensor",
            layers=[("module", ("halves", "first", "second", 2, 3))],
            shown="a module with nn.Parameter(both[0]) and nn.Parameter(both[1]) of both = torch.zeros(2, 2, 3)",
        ),
    ]


_INSIDE = {
    "nothing else": (),
    "a batch norm": (("norm", 3),),
    "a convolution": (("conv", 2, 3, (2, 3)),),
    "a parameter that is half of a longer tensor": (("module", ("part", "second", 2, 3)),),
    "a layer twice": (("linear", 2, 2), ("linear", 2, 2), ("tie", 0, 1), ("freeze", 0)),
}


def _alone(one: Chosen) -> bool:
    return bool(one.depth == 0 and one.beside == "nothing else")


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    inside = _INSIDE[one.beside]
    layers = layers_of(one.make, one.features, one.outputs)
    for _ in range(one.depth):
        layers = [("nest", *layers)]
    if inside:
        layers = [*layers, ("nest", *inside)]
    shown = f"{one.make}, and beside it {one.beside}; trainable_only {one.trainable}"
    given = {"trainable_only": one.trainable} if one.trainable != absent else {}
    given |= one.flags("no_grad")
    return make.case(
        layers=layers, training=one.training, mixed=one.mixed, graded=one.graded, dtype=one.dtype, shown=shown, **given
    )


_SPACE = Space(
    _drawn,
    make=MAKES,
    features=(1, 4),
    outputs=(1, 3),
    beside=tuple(_INSIDE),
    depth=(0, 1, 3),
    trainable=(absent, False, True),
    training=(True, False),
    mixed=(False, True),
    graded=(False, True),
    no_grad=(False, True),
    dtype=(torch.float32, torch.float64, torch.bfloat16),
    traits={"the module is no nn.Sequential": lambda one: _alone(one) and layers_of(one.make, 1, 1)[0][0] == "module"},
    words={
        **MAKE_WORDS,
        "trainable": "trainable_only is {}",
        "training": "training mode is {}",
        "mixed": "the first part inside is in the other mode: {}",
        "graded": "parameters have a .grad already: {}",
        **NO_GRAD_WORDS,
    },
)


def _chosen(module: nn.Module, trainable_only: bool) -> list[nn.Parameter]:
    return [one for one in module.parameters() if one.requires_grad or not trainable_only]


COUNT_PARAMETERS = Oracle(
    "count_parameters",
    lambda module, trainable_only=False: sum(one.numel() for one in _chosen(module, trainable_only)),
    _counted,
    [
        Misconception(
            "tensors counted",
            lambda module, trainable_only=False: len(_chosen(module, trainable_only)),
            lambda module, trainable_only=False: len(_chosen(module, False)),
            says="A weight of size (2, 3) is one tensor and six parameters. Count elements: numel().",
        ),
        Misconception(
            "buffers counted",
            lambda module, trainable_only=False: (
                sum(one.numel() for one in _chosen(module, trainable_only))
                + sum(one.numel() for one in module.buffers())
            ),
            lambda module, trainable_only=False: sum(one.numel() for one in module.state_dict().values()),
            lambda module, trainable_only=False: sum(
                one.numel() for one in (_chosen(module, True) if trainable_only else module.state_dict().values())
            ),
            lambda module, trainable_only=False: sum(
                one.numel()
                for one in module.state_dict(keep_vars=True).values()
                if one.requires_grad or not trainable_only
            ),
            says="A state_dict holds buffers too, such as running statistics. They are saved, but no parameters.",
        ),
        Misconception(
            "shared counted twice",
            lambda module, trainable_only=False: sum(
                one.numel()
                for part in module.modules()
                for one in part.parameters(recurse=False)
                if one.requires_grad or not trainable_only
            ),
            lambda module, trainable_only=False: sum(
                one.numel()
                for _, one in module.named_parameters(remove_duplicate=False)
                if one.requires_grad or not trainable_only
            ),
            says="One Parameter in two layers is still one Parameter. module.parameters() gives it once.",
        ),
        Misconception(
            "trainable_only ignored",
            lambda module, trainable_only=False: sum(one.numel() for one in module.parameters()),
            says="With trainable_only=True a parameter whose requires_grad is False does not count.",
        ),
        Misconception(
            "always trainable only",
            lambda module, trainable_only=False: sum(one.numel() for one in _chosen(module, True)),
            says="Frozen parameters count as well, unless trainable_only says otherwise.",
        ),
        Misconception(
            "a float for an int",
            lambda module, trainable_only=False: float(sum(one.numel() for one in _chosen(module, trainable_only))),
            lambda module, trainable_only=False: sum(np.prod(one.shape) for one in _chosen(module, trainable_only)),
            says="The number is right, but it is a float, for some module at least: 6.0 for 6. (numpy.prod of no sizes at all, as "
            "of a parameter without dimensions, is one.) A count is a whole number.",
        ),
        Misconception(
            "children not looked into",
            lambda module, trainable_only=False: sum(
                one.numel()
                for part in module.children()
                for one in part.parameters(recurse=False)
                if one.requires_grad or not trainable_only
            ),
            says="children() goes one level down. parameters() goes all the way.",
        ),
    ],
    space=_SPACE,
)
