"""Chapter 03, `count_parameters`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from torch import nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.observing.case import Case

__all__ = ["COUNT_PARAMETERS"]


def _counted(make: CaseMaker) -> list[Case]:
    a, b, c, d = make.sizes(4, 2, 9)
    kernel = make.integer(2, 4)
    small = [("linear", 3, 2)]
    frozen = [("linear", a, b), ("relu",), ("linear", b, c), ("freeze", 0)]
    tied = [("linear", a, a), ("relu",), ("linear", a, a), ("tie", 0, 2)]
    deep = [("conv", a, b, kernel), ("norm", b), ("nest", ("relu",), ("nest", ("linear", c, d)))]
    both = [("linear", d, d), ("linear", d, d), ("norm", b), ("tie", 0, 1), ("freeze", 0)]
    return [
        make.case("one linear layer", layers=small, shown="nn.Linear(3, 2)"),
        make.case("no parameters", layers=[("relu",)], shown="nn.ReLU()"),
        make.case("batch norm has buffers too", layers=[("norm", 4)], shown="nn.BatchNorm2d(4)"),
        make.case("layers inside layers", layers=deep, shown=f"conv {a}→{b}, batch norm, and deeper a linear {c}→{d}"),
        make.case("one weight in two layers", layers=tied, shown=f"two nn.Linear({a}, {a}) that share one weight"),
        make.case("a frozen layer still counts", layers=frozen, shown=f"linear {a}→{b} (frozen), linear {b}→{c}"),
        make.case(
            "trainable only",
            layers=frozen,
            trainable_only=True,
            shown=f"linear {a}→{b} (frozen), linear {b}→{c}; trainable_only=True",
        ),
        make.case("trainable only, said False", layers=frozen, trainable_only=False, shown="trainable_only=False"),
        make.case(
            "trainable only, shared", layers=both, trainable_only=True, shown="shared and frozen; trainable_only=True"
        ),
    ]


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
)
