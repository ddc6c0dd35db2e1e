"""Chapter 04, `init_params`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.functional.parameters import BOUNDS, SIZES
from autograder.authoring.space import Chosen, Space
from autograder.observing.case import Case

__all__ = ["INIT_PARAMS"]


def init_params(generator: torch.Generator | None) -> dict[str, Tensor]:
    """Uniform in ±1/√fan_in, as torch's default initialisation (kaiming with a = √5) comes out."""
    return {
        name: torch.empty(size).uniform_(-BOUNDS[name], BOUNDS[name], generator=generator).requires_grad_()
        for name, size in SIZES.items()
    }


def _draws(make: CaseMaker) -> list[Case]:
    return [
        make.case("thirty draws", seed=make.seed(), draws=30, bounds=BOUNDS, shown="thirty draws from one generator"),
        make.case("whose numbers", seed=make.seed(), other_seed=make.seed(), shown="generators of two seeds"),
    ]


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    seed = {"small": make.integer(1, 100), "large": make.seed()}[one.seed]
    other = seed + 1 if one.other == "the next" else make.seed()
    shown = f"generators of the seeds {seed} and {other}, {one.taken} numbers taken before"
    return make.case(seed=seed, other_seed=other, taken=one.taken, shown=shown)


_SPACE = Space(
    _drawn,
    taken=(0, 1, 700),
    seed=("small", "large"),
    other=("the next", "any"),
    words={
        "taken": "{} numbers were taken from the generator before",
        "seed": "the seed is {}",
        "other": "the other seed is {}",
    },
)


def _randn(generator: torch.Generator) -> dict[str, Tensor]:
    return {name: torch.randn(size, generator=generator).requires_grad_() for name, size in SIZES.items()}


def _non_leaf(generator: torch.Generator) -> dict[str, Tensor]:
    def one(name: str) -> Tensor:
        return (torch.rand(SIZES[name], generator=generator, requires_grad=True) * 2 - 1) * BOUNDS[name]

    return {name: one(name) for name in SIZES}


def _transposed(generator: torch.Generator) -> dict[str, Tensor]:
    params = init_params(generator)
    return params | {"fc.weight": params["fc.weight"].detach().t().contiguous().requires_grad_()}


def _changed_bias(change: Callable[[Tensor], Tensor]) -> Callable[[torch.Generator], dict[str, Tensor]]:
    def answer(generator: torch.Generator) -> dict[str, Tensor]:
        params = init_params(generator)
        return {
            name: change(one.detach()).requires_grad_() if name.endswith("bias") else one
            for name, one in params.items()
        }

    return answer


INIT_PARAMS = Oracle(
    "init_params",
    init_params,
    _draws,
    [
        Misconception(
            "unscaled randn",
            _randn,
            lambda generator: {
                name: one if name.endswith("weight") else torch.zeros(SIZES[name], requires_grad=True)
                for name, one in _randn(generator).items()
            },
            lambda generator: {
                name: torch.rand(size, generator=generator).requires_grad_() for name, size in SIZES.items()
            },
            says="Normal numbers of size 1 give logits in the hundreds: each sums 16,384 features. "
            "Scale by 1/√fan_in of the layer.",
        ),
        Misconception(
            "non-leaf (scaled after requires_grad)",
            _non_leaf,
            says="A tensor computed from one that requires grad is a result, not a leaf: no .grad will land in it. "
            "Scale first, ask for gradients last.",
        ),
        Misconception(
            "weight transposed",
            _transposed,
            says="torch keeps a linear weight as (out, in): (10, 16384).",
        ),
        Misconception(
            "global generator",
            lambda generator: init_params(None),
            says="Draw from the generator you were given. The global one is somebody else's.",
        ),
        Misconception(
            "biases left at zero",
            _changed_bias(torch.zeros_like),
            says="Here the biases are drawn too, within ±1/√fan_in of their layer.",
        ),
        Misconception(
            "no gradients asked for",
            lambda generator: {name: one.detach() for name, one in init_params(generator).items()},
            says="A plain tensor collects no gradient. What is to be trained needs requires_grad.",
        ),
        Misconception(
            "only positive numbers",
            lambda generator: {
                name: (torch.rand(size, generator=generator) * BOUNDS[name]).requires_grad_()
                for name, size in SIZES.items()
            },
            says="torch.rand is uniform from 0 to 1. Asked for is uniform from minus the bound to the bound.",
        ),
    ],
    space=_SPACE,
)
