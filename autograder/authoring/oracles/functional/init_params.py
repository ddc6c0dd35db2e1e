"""Chapter 04, `init_params`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.functional.parameters import BOUNDS, SIZES
from autograder.authoring.space import NO_GRAD_WORDS, Chosen, Space
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
    return make.case(seed=seed, other_seed=other, taken=one.taken, shown=shown, **one.flags("no_grad"))


_SPACE = Space(
    _drawn,
    taken=(0, 1, 700),
    seed=("small", "large"),
    other=("the next", "any"),
    no_grad=(False, True),
    words={
        "taken": "the number of numbers taken from the generator before is {}",
        "seed": "the seed is {}",
        "other": "the other seed is {}",
        **NO_GRAD_WORDS,
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


def _each(one: Callable[[str, torch.Generator], Tensor]) -> Callable[[torch.Generator], dict[str, Tensor]]:
    return lambda generator: {name: one(name, generator).requires_grad_() for name in SIZES}


def _even(conv: float = 1, fc: float = 1, bias: float = 1) -> Callable[[str, torch.Generator], Tensor]:
    """Even numbers within so many times the bound of a layer, or of the biases."""

    def one(name: str, generator: torch.Generator) -> Tensor:
        times = (conv if name.startswith("conv") else fc) * (bias if name.endswith("bias") else 1)
        return torch.empty(SIZES[name]).uniform_(-times * BOUNDS[name], times * BOUNDS[name], generator=generator)

    return one


def _by_own_size(name: str, generator: torch.Generator) -> Tensor:
    bound = math.prod(SIZES[name]) ** -0.5
    return torch.empty(SIZES[name]).uniform_(-bound, bound, generator=generator)


def _normal(name: str, generator: torch.Generator) -> Tensor:
    return torch.randn(SIZES[name], generator=generator) * BOUNDS[name]


def _normal_within(name: str, generator: torch.Generator) -> Tensor:
    return nn.init.trunc_normal_(torch.empty(SIZES[name]), a=-1, b=1, generator=generator) * BOUNDS[name]


def _weight_or(instead: Callable[..., Tensor], name: str, drawn: Tensor) -> Tensor:
    return drawn if name.endswith("weight") else instead(SIZES[name])


def _bias_or(name: str, generator: torch.Generator, bias: Tensor) -> Tensor:
    return bias if name.endswith("bias") else _even()(name, generator)


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
            says="Normal numbers of size 1 give logits in the hundreds: each sums 16,384 features. "
            "Scale by 1/√fan_in of the layer.",
        ),
        Misconception(
            "unscaled rand",
            _each(lambda name, generator: torch.rand(SIZES[name], generator=generator)),
            _each(lambda name, generator: _weight_or(torch.zeros, name, torch.rand(SIZES[name], generator=generator))),
            says="torch.rand is uniform from 0 to 1. Asked for is uniform from −1/√fan_in to 1/√fan_in of the layer.",
        ),
        Misconception(
            "normal numbers for even ones",
            _each(_normal),
            _each(lambda name, generator: _weight_or(torch.zeros, name, _normal(name, generator))),
            _each(lambda name, generator: torch.randn(SIZES[name], generator=generator) * 0.01),
            says="torch.randn draws around zero, and now and then far beyond. Asked for is uniform: "
            "every number within ±1/√fan_in as likely as any other, and none beyond. torch.rand or uniform_ draw so.",
        ),
        Misconception(
            "bounds too wide",
            _each(_even(conv=2, fc=2)),
            says="Even, but beyond ±1/√fan_in in both layers. Neither √3 nor √6 belongs in front of it: "
            "the bound is 1/√27 for the convolution and 1/√16384 for the linear layer.",
        ),
        Misconception(
            "bounds too narrow",
            _each(_even(conv=0.5, fc=0.5)),
            _each(_even(conv=BOUNDS["conv.weight"], fc=BOUNDS["fc.weight"])),
            says="Even, but too close to zero in both layers. The bound is 1/√fan_in, with a root, "
            "and the numbers lie from minus the bound to the bound: twice as wide as torch.rand's.",
        ),
        Misconception(
            "the convolution's bound too wide",
            _each(_even(conv=2)),
            says="The convolution's numbers reach too far. Each of its outputs sums 3 channels of 3 × 3 pixels: "
            "fan_in counts the kernel's places too.",
        ),
        Misconception(
            "bounds not by each layer's fan_in",
            _each(_even(conv=0.5, fc=2)),
            says="The convolution's numbers lie too close to zero, and the linear layer's reach too far. "
            "Each layer has its own bound, by what one of its outputs sums: 27 numbers here, 16,384 there.",
        ),
        Misconception(
            "bounds by the number of elements",
            _each(_by_own_size),
            says="numel() counts the weights of all outputs together. fan_in is what one output sums: 27 and 16,384.",
        ),
        Misconception(
            "biases bounded by their own size",
            _each(_even(bias=2)),
            says="A bias has the bound of its layer: the fan_in of the weight beside it. "
            "Its own size says how many outputs there are.",
        ),
        Misconception(
            "unevenly within the bounds",
            _each(
                lambda name, generator: (
                    BOUNDS[name] * torch.empty(SIZES[name]).uniform_(-1, 1, generator=generator) ** 3
                )
            ),
            _each(lambda name, generator: _normal(name, generator).clamp(-BOUNDS[name], BOUNDS[name])),
            _each(_normal_within),
            says="All numbers lie within the bounds, but some more likely than others. Uniform means: all equally.",
        ),
        Misconception(
            "biases left out",
            lambda generator: {name: one for name, one in init_params(generator).items() if name.endswith("weight")},
            says="Each layer has a bias as well: conv.bias of 16 numbers and fc.bias of 10.",
        ),
        Misconception(
            "other names",
            lambda generator: {name.replace(".", "_"): one for name, one in init_params(generator).items()},
            says="The four names are conv.weight, conv.bias, fc.weight and fc.bias, with a dot, as in a state_dict.",
        ),
        Misconception(
            "inputs and outputs swapped in the weight",
            lambda generator: {
                name: one.detach().view(3, 16, 3, 3).requires_grad_() if name == "conv.weight" else one
                for name, one in init_params(generator).items()
            },
            says="A convolution's weight is stored (out, in, kh, kw): (16, 3, 3, 3).",
        ),
        Misconception(
            "the same numbers every time",
            lambda generator: init_params(torch.Generator().manual_seed(0)),
            lambda generator: init_params(generator.manual_seed(0)),
            lambda generator: init_params(torch.manual_seed(0)),
            lambda generator: init_params(torch.Generator()),
            says="Every call gives the same numbers, whatever generator is given. Whoever calls has chosen the seed: "
            "draw from the generator as it stands, at every call.",
        ),
        Misconception(
            "all zeros",
            _each(lambda name, generator: torch.zeros(SIZES[name])),
            lambda generator: {name: torch.zeros(size) for name, size in SIZES.items()},
            says="From zeros no gradient comes back to the convolution, and all its filters stay alike. "
            "Draw each number, biases too.",
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
            _each(lambda name, generator: _bias_or(name, generator, torch.zeros(SIZES[name]))),
            says="Here the biases are drawn too, within ±1/√fan_in of their layer.",
        ),
        Misconception(
            "no gradients asked for",
            lambda generator: {name: one.detach() for name, one in init_params(generator).items()},
            says="A plain tensor collects no gradient. What is to be trained needs requires_grad.",
        ),
        Misconception(
            "dtype of another kind",
            _each(lambda name, generator: _even()(name, generator).double()),
            says="Asked for are float32 leaves, torch's default: in float64 they fit no float32 image.",
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
