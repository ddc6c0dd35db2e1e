"""Chapter 07, `dropout`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.space import LAYOUTS, RANKS, Chosen, Space, absent, fits, sizes_of_rank
from autograder.observing.case import Case

__all__ = ["DROPOUT"]

Generator = torch.Generator | None

_DRAWS = 40  # so many that surely not all is dropped, and no two elements have one fate by chance
_FEWER = 28  # where only that is asked: with one half, all is dropped by chance four times in a thousand million


def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator = None) -> Tensor:
    """Inverted dropout: `F.dropout` itself would draw from the global generator alone."""
    return _dropped(x, p, training, generator)


def _dropped(
    x: Tensor,
    p: float = 0.5,
    training: bool = True,
    generator: Generator = None,
    *,
    kept: Callable[[float], float] = lambda p: 1 / (1 - p),
    in_eval: Callable[[float], float] = lambda p: 1.0,
    mask_of: Callable[[Tensor], Sequence[int]] = lambda x: x.shape,
    probability: Callable[[float], float] = lambda p: p,
    draw: Callable[..., Tensor] = torch.rand,
) -> Tensor:
    """Dropout with another factor for what is kept, in eval, with a mask of another shape or drawn otherwise, or another probability."""
    if not training:
        return x * in_eval(p)
    numbers = draw(list(mask_of(x)), generator=generator)  # in float32, as nearly everybody draws them
    return x * (numbers >= probability(p)) * kept(p)


def _cases(make: CaseMaker) -> list[Case]:
    a, b, c, d = make.sizes(4, 2, 6)
    small = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], dtype=torch.float64)
    size, wide = (48, 5, 8, 6), (96, 120)
    large, long = make.uniform(size, 2.0), make.uniform(wide, 3.0, torch.float64)

    def one(name: str, x: Tensor, **inputs: Any) -> Case:
        leaves = "" if "no_grad" in inputs else "x"
        return make.case(name, x=x, seed=make.seed(), drawn=True, draws=_DRAWS, leaves=leaves, **inputs)

    def many(name: str, x: Tensor, shown: str, **inputs: Any) -> Case:
        return make.case(name, x=x, drawn=True, mask=True, draws=160, shown=shown, **inputs)

    def still(name: str, aspect: str, x: Any, **inputs: Any) -> Case:
        return make.case(name, x=x, aspect=aspect, leaves="x", **inputs)

    return [
        one("eight numbers", small),
        still("out of training", "eval", small, p=0.5, training=False),
        many(
            "many draws of a few numbers",
            make.normal(2, 3, 4),
            "160 draws for x float64 (2, 3, 4), p = 0.5, from one generator",
            seed=make.seed(),
        ),
        many(
            "many draws for a row",
            make.normal(9),
            "160 draws for x float64 (9,), p = 0.6, from one generator",
            p=0.6,
            seed=make.seed(),
        ),
        one("a quarter", make.normal(a, b), p=0.25),
        one("three quarters", make.normal(b, c, a), p=0.75, training=True),
        still("nothing to drop", "nothing to drop", make.normal(a, c), p=0.0),
        still("out of training, p other than one half", "eval", make.normal(b, d), p=0.8, training=False),
        make.case(
            "out of training, with a generator",
            x=make.normal(c, a),
            p=0.3,
            training=False,
            seed=make.seed(),
            aspect="eval",
            leaves="x",
        ),
        one(
            "gradients off",
            make.normal(b, c, dtype=torch.float64),
            p=0.4,
            no_grad=True,
            shown=f"x float64 ({b}, {c}), p = 0.4, from one generator",
        ),
        one("not contiguous", make.scattered(make.normal(a, b, c)), p=0.4),
        one("float32", make.normal(a, d, dtype=torch.float32), p=0.5),
        one("one row of bfloat16", make.normal(1, b * a, dtype=torch.bfloat16), p=0.5),
        one("one number without dimensions", make.normal(), p=0.5),
        still("no numbers", "nothing to drop", torch.zeros(0, a, dtype=torch.float64), p=0.5),
        make.case(
            "whose random numbers",
            x=make.normal(12, 15),
            other_x=make.normal(12, 15),
            p=0.5,
            seed=make.seed(),
            other_seed=make.seed(),
            shown="generators in one state, in the next, of another seed",
        ),
        many(
            "many draws, no generator",
            make.normal(3, 2, 4, dtype=torch.float32),
            "160 draws for x float32 (3, 2, 4), p = 0.25, no generator",
            p=0.25,
        ),
        many(
            "many draws, nearly all dropped",
            make.normal(4, 5),
            "160 draws for x float64 (4, 5), p = 0.7, training by name",
            p=0.7,
            training=True,
            seed=make.seed(),
        ),
        make.case(
            "a large batch",
            x=large,
            drawn=True,
            mask=True,
            shown=f"x float32 {size}, p = 0.5, no generator",
        ),
        make.case(
            "a large batch, few to be dropped",
            x=long,
            drawn=True,
            share=True,
            draws=3,
            p=0.004,
            seed=make.seed(),
            shown=f"x float64 {wide}, p = 0.004, three times",
        ),
        make.case(
            "a large batch, few to be kept",
            x=long,
            drawn=True,
            mask=True,
            p=0.9,
            seed=make.seed(),
            shown=f"x float64 {wide}, p = 0.9",
        ),
        make.case(
            "a large batch, a quarter",
            x=large,
            drawn=True,
            mask=True,
            p=0.25,
            training=True,
            seed=make.seed(),
            shown=f"x float32 {size}, p = 0.25",
        ),
    ]


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    """One combination."""
    size = _size(one)
    inputs = {"x": make.drawn(*size, layout=one.layout, dtype=one.dtype), **one.given("p", "training")}
    if one.generator:
        inputs["seed"] = make.seed()
    if not one.get("training", True):
        return make.case(aspect="eval", leaves=one.leaves, **inputs)
    if one.get("p", 0.5) == 0 or 0 in size:
        return make.case(aspect="nothing to drop", leaves=one.leaves, **inputs)
    inputs |= {"mask": True, "draws": _DRAWS} if one.layout == "contiguous" and one.rank > 2 else {"draws": _FEWER}
    return make.case(drawn=True, leaves=one.leaves, **inputs)


def _size(one: Chosen) -> tuple[int, ...]:
    return sizes_of_rank(one.rank, one.second)


_SPACE = Space(
    _drawn,
    rank=RANKS,
    second=(2, 1, 0),
    p=(absent, 0.0, 0.25, 0.5),
    training=(absent, True, False),
    generator=(True, False),
    layout=LAYOUTS,
    dtype=(torch.float64, torch.float32, torch.bfloat16),
    leaves=("x", ""),
    within=lambda one: fits(one.layout, _size(one)),
    words={
        "rank": "the number of dimensions of x is {}",
        "second": "the second dimension of x is of size {}",
        "training": "training is {}",
        "generator": "a generator is given: {}",
        "layout": "x lies in memory like this: {}",
        "leaves": "gradients are asked for {}",
    },
)


def _rows(x: Tensor) -> Sequence[int]:
    return (x.shape[0], *[1] * (x.dim() - 1)) if x.dim() else ()


def _one_for_all_rows(x: Tensor) -> Sequence[int]:
    return x.shape[1:] if x.dim() else ()


def _channels(x: Tensor) -> Sequence[int]:
    return (*x.shape[:2], *[1] * (x.dim() - 2))


def _in_place(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator = None) -> Tensor:
    if training:
        with torch.no_grad():
            x *= (torch.rand(x.shape, generator=generator) >= p) / (1 - p)
    return x


def _with(**changes: Any) -> Callable[..., Tensor]:
    def answer(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator = None) -> Tensor:
        return _dropped(x, p, training, generator, **changes)

    return answer


def _same_mask(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator = None) -> Tensor:
    seed = 0 if generator is None else generator.initial_seed()
    return _dropped(x, p, training, torch.Generator().manual_seed(seed))


def _reseeded(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator = None) -> Tensor:
    if training and generator is not None:
        generator.manual_seed(0)
    return _dropped(x, p, training, generator)


def _globally_seeded(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator = None) -> Tensor:
    if training:
        torch.manual_seed(0)
    return _dropped(x, p, training, None)


def _in_float32(in_eval: bool) -> Callable[..., Tensor]:
    def answer(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator = None) -> Tensor:
        return _dropped(x.float() if training or in_eval else x, p, training, generator)

    return answer


def _fixed_number(x: Tensor, p: float = 0.5, training: bool = True, generator: Generator = None) -> Tensor:
    if not training:
        return x
    order = torch.randperm(x.numel(), generator=generator)
    return x * (order >= round(p * x.numel())).view(x.shape) / (1 - p)


DROPOUT = Oracle(
    "dropout",
    dropout,
    _cases,
    [
        Misconception(
            "not rescaled",
            _with(kept=lambda p: 1.0),
            says="What is kept has to make up for what is missing, so that the sums of the next layer stay as large as they are "
            "in eval: divide it by 1 − p.",
        ),
        Misconception(
            "scaled in eval",
            _with(kept=lambda p: 1.0, in_eval=lambda p: 1 - p),
            _with(in_eval=lambda p: 1 - p),
            _with(in_eval=lambda p: 1 / (1 - p)),
            says="Inverted dropout has made up for everything in training. In eval the answer is x, as it is.",
        ),
        Misconception(
            "one mask per batch row",
            _with(mask_of=_rows),
            _with(mask_of=lambda x: (x.shape[0], *[1] * (x.dim() - 1))),
            says="A mask of one number per row drops whole rows. Every element is decided by itself: draw as many numbers as x has.",
        ),
        Misconception(
            "one mask for all rows",
            _with(mask_of=_one_for_all_rows),
            _with(mask_of=lambda x: x.shape[-1:]),
            says="Broadcasting gives every row of the batch the same mask. Draw a number for each element of x.",
        ),
        Misconception(
            "one mask per channel",
            _with(mask_of=_channels),
            says="This drops whole channels: another kind of dropout. Here every element is decided by itself.",
        ),
        Misconception(
            "training ignored",
            lambda x, p=0.5, training=True, generator=None: _dropped(x, p, True, generator),
            says="Out of training nothing is dropped, and nothing is scaled.",
        ),
        Misconception(
            "p taken for the share that is kept",
            _with(probability=lambda p: 1 - p),
            _with(probability=lambda p: 1 - p, kept=lambda p: 1 / p if p else 1.0),
            says="p is the probability with which an element is dropped; it is kept with 1 − p.",
        ),
        Misconception(
            "one half dropped, whatever p is",
            _with(probability=lambda p: 0.5),
            _with(probability=lambda p: 0.5 if p else 0.0),
            says="Half of the elements go. p says how many: rand() < p is true with probability p, randint(0, 2) with one half.",
        ),
        Misconception(
            "p held against normal numbers",
            _with(draw=torch.randn),
            says="torch.randn draws normal numbers, and they lie below p far more often than with probability p. torch.rand draws evenly "
            "between 0 and 1.",
        ),
        Misconception(
            "multiplied by 1 − p",
            _with(kept=lambda p: 1 - p),
            says="What is kept has to grow, to make up for what is missing: it is divided by 1 − p.",
        ),
        Misconception(
            "all or nothing",
            _with(mask_of=lambda x: [1] * x.dim()),
            says="One random number decides over the whole tensor. Draw as many as x has elements.",
        ),
        Misconception(
            "dropped in eval only",
            lambda x, p=0.5, training=True, generator=None: _dropped(x, p, not training, generator),
            says="The other way round: in training elements are dropped, and out of it x comes back as it is.",
        ),
        Misconception(
            "training off unless told",
            lambda x, p=0.5, training=False, generator=None: _dropped(x, p, training, generator),
            says="Unless it is said otherwise, training is True, as in F.dropout.",
        ),
        Misconception(
            "dtype of the input lost",
            _in_float32(True),
            _in_float32(False),
            says="What comes back has the dtype of x: float() and a mask made by torch.rand alone make float32 of it.",
        ),
        Misconception(
            "divided by p",
            _with(kept=lambda p: 1 / p if p else 1.0),
            says="The share that is left is 1 − p, so that is what to divide by.",
        ),
        Misconception(
            "the global generator",
            lambda x, p=0.5, training=True, generator=None: _dropped(x, p, training, None),
            says="Where a generator is given, all random numbers come from it: hand it on to what draws.",
        ),
        Misconception(
            "nothing dropped without a generator",
            lambda x, p=0.5, training=True, generator=None: _dropped(
                x, p, training and generator is not None, generator
            ),
            says="Without a generator of its own the global one decides, as everywhere in torch: torch.rand(…, generator=None) draws from it.",
        ),
        Misconception(
            "the same mask at every call",
            _same_mask,
            lambda x, p=0.5, training=True, generator=None: _dropped(x, p, training, torch.Generator().manual_seed(0)),
            _reseeded,
            _globally_seeded,
            says="Going back to a seed at each call drops the same elements each time. A generator goes on by itself.",
        ),
        Misconception(
            "a fixed number of zeros",
            _fixed_number,
            says="Dropping just so many elements ties them to each other. Each is decided by itself, so that their number varies.",
        ),
        Misconception(
            "in place",
            _in_place,
            says="Your answer writes into x. Make a new tensor: the input is still somebody else's.",
        ),
        Misconception(
            "gradient lost",
            lambda x, p=0.5, training=True, generator=None: _dropped(x.detach(), p, training, generator),
            lambda x, p=0.5, training=True, generator=None: (
                _dropped(x.detach(), p, training, generator) if training else x
            ),
            says="detach, .data and torch.tensor cut the graph. The gradient goes through what is kept, times 1 / (1 − p).",
        ),
    ],
    space=_SPACE,
)
