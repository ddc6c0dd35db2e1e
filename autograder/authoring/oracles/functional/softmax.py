"""Chapter 04, `softmax`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.space import (
    FLOATS,
    LAYOUTS,
    NO_GRAD_WORDS,
    RANKS,
    Chosen,
    Space,
    asks_for_no_gradient,
    fits,
    sizes_of_rank,
)
from autograder.observing.case import Case

__all__ = ["SOFTMAX"]


def _scores(make: CaseMaker) -> list[Case]:
    a, b, c = make.sizes(3, 2, 6)
    large = make.normal(a, b + 1)  # beside the two large ones stands a small one
    large[0, 0], large[0, 1] = 1e4, 1e4 - 1
    return [
        make.case("two classes", x=torch.tensor([[0.0, 1.0]], dtype=torch.float64), dim=1),
        make.case("along dimension 0", x=make.normal(a, b), dim=0, leaves="x"),
        make.case("square, along dimension 1", x=make.normal(a, a), dim=1, leaves="x"),
        make.case("square, along dimension 0", x=make.normal(b, b), dim=0, leaves="x"),
        make.case("the last of three", x=make.normal(a, b, c), dim=-1, leaves="x"),
        make.case("the middle of three", x=make.normal(a, b, c), dim=1, leaves="x"),
        make.case("counted from the end", x=make.normal(c, a, b), dim=-2, leaves="x"),
        make.case("one vector", x=make.normal(c), dim=0, leaves="x"),
        make.case("four dimensions", x=make.normal(1, a, b, c), dim=-3, leaves="x"),
        make.case("not contiguous", x=make.scattered(make.normal(a, b, c)), dim=1, leaves="x"),
        make.case("float32", x=make.normal(a, b, dtype=torch.float32), dim=1, leaves="x"),
        make.case("as large as 1e4", x=large, dim=1, leaves="x"),
        make.case("as small as -1e4", x=-large.abs() - 1e4, dim=1, leaves="x"),
        make.case("large and small rows", x=torch.stack([large[0] + 1e4, large[1] - 1e4]), dim=1, leaves="x"),
        make.case("asked before, of other numbers", x=torch.tensor([[0.0, 1.0, 3.0]]), dim=1, asked_before=True),
    ]


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    x = make.drawn(*_size(one), layout=one.layout, scale=one.scale, dtype=one.dtype)
    return make.case(x=x, dim=one.dim, leaves=one.leaves, **one.flags("no_grad"))


def _size(one: Chosen) -> tuple[int, ...]:
    return sizes_of_rank(one.rank, one.smallest)


_SPACE = Space(
    _drawn,
    rank=RANKS,
    dim=(-6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5),
    smallest=(1, 4),
    scale=(1.0, 10.0),
    layout=LAYOUTS,
    dtype=FLOATS,
    leaves=("x", ""),
    no_grad=(False, True),
    within=(
        lambda one: -max(one.rank, 1) <= one.dim < max(one.rank, 1),
        lambda one: fits(one.layout, _size(one)),
        asks_for_no_gradient,
        # In float32 the gradient of what is spread so far is mostly rounding.
        lambda one: one.scale == 1.0 or one.dtype == torch.float64,
    ),
    words={
        "rank": "the number of dimensions is {}",
        "smallest": "the second dimension of x is of size {}",
        "scale": "the numbers are spread by {}",
        "layout": "x lies in memory like this: {}",
        "leaves": "gradients are asked for {}",
        **NO_GRAD_WORDS,
    },
)


def _ignoring(dim: int) -> Callable[..., Tensor]:
    """Softmax along a dimension of its own choice, or the first where there is no such dimension."""
    return lambda x, _: _by_hand(x, dim if -x.dim() <= dim < x.dim() else 0)


def _by_hand(x: Tensor, dim: int, keepdim: bool = True, shift: bool = True) -> Tensor:
    e = (x - x.amax(dim, keepdim=True)).exp() if shift else x.exp()
    return e / e.sum(dim, keepdim=keepdim)


def _shifted(x: Tensor, dim: int) -> Tensor:
    return (x - x.amax(dim, keepdim=True)).exp()


def _to_the_power_of(base: float) -> Callable[..., Tensor]:
    def answer(x: Tensor, dim: int) -> Tensor:
        powers = base ** (x - x.amax(dim, keepdim=True))
        return powers / powers.sum(dim, keepdim=True)

    return answer


def _clamped(most: float) -> Callable[..., Tensor]:
    def answer(x: Tensor, dim: int) -> Tensor:
        e = x.clamp(max=most).exp()
        return e / e.sum(dim, keepdim=True)

    return answer


def _in_numpy(x: Tensor, dim: int) -> Tensor:
    rows = x.detach().numpy()
    e = np.exp(rows - rows.max(dim, keepdims=True))
    return torch.from_numpy(e / e.sum(dim, keepdims=True))


def _with_epsilon(small: float) -> Callable[..., Tensor]:
    return lambda x, dim: _shifted(x, dim) / (_shifted(x, dim).sum(dim, keepdim=True) + small)


SOFTMAX = Oracle(
    "softmax",
    F.softmax,
    _scores,
    [
        Misconception(
            "wrong dim",
            _ignoring(-1),
            _ignoring(0),
            _ignoring(1),
            *(lambda x, _, dim=dim: _by_hand(x, dim) for dim in (0, 1)),
            lambda x, dim: _by_hand(x.flatten(), 0).view(x.shape),
            lambda x, dim: _by_hand(x, -1 - dim if dim >= 0 else -dim - 1),
            lambda x, dim: x.exp() / x.exp().sum(),
            lambda x, dim: (x - x.max()).exp() / (x - x.max()).exp().sum(),
            says="The numbers along dim sum to 1, whichever dimension that is and from whichever end it is counted.",
        ),
        Misconception(
            "not stabilised",
            lambda x, dim: _by_hand(x, dim, shift=False),
            lambda x, dim: x.exp() / x.exp().sum(dim).unsqueeze(dim),
            lambda x, dim: (x - x.exp().sum(dim, keepdim=True).log()).exp(),
            lambda x, dim: _by_hand(x, dim, shift=False).nan_to_num(),
            says="exp(1e4) is infinite and exp(-1e4) is 0. Softmax does not change when a number is subtracted everywhere: "
            "subtract the largest along dim.",
        ),
        Misconception(
            "one largest for all rows",
            lambda x, dim: _by_hand(x - x.max(), dim, shift=False),
            says="The largest of the whole tensor leaves small rows at exp(-2e4) = 0, and 0/0. "
            "Subtract the largest along dim, row by row.",
        ),
        Misconception(
            "keepdim forgotten",
            lambda x, dim: _by_hand(x, dim, keepdim=False),
            lambda x, dim: _by_hand(x, dim, keepdim=False, shift=False),
            lambda x, dim: (x - x.amax(dim)).exp() / (x - x.amax(dim)).exp().sum(dim),
            lambda x, dim: x.exp() / x.exp().sum(dim).unsqueeze(-1),
            lambda x, dim: x.exp() / x.exp().sum(dim).unsqueeze(1),
            lambda x, dim: x.exp() / x.exp().sum(dim)[:, None],
            lambda x, dim: _shifted(x, dim) / _shifted(x, dim).sum(dim).unsqueeze(-1),
            lambda x, dim: _shifted(x, dim) / _shifted(x, dim).sum(dim).unsqueeze(1),
            lambda x, dim: (x - x.amax(dim)).exp() / (x - x.amax(dim)).exp().sum(dim, keepdim=True),
            says="Without keepdim the summed dimension is gone, and broadcasting lines up the wrong ones. "
            "In a square tensor nothing complains.",
        ),
        Misconception(
            "log-probabilities",
            lambda x, dim: x - x.logsumexp(dim, keepdim=True),
            says="These are logarithms. Asked for are the probabilities.",
        ),
        Misconception(
            "gradient lost",
            lambda x, dim: _by_hand(x.detach(), dim),
            _in_numpy,
            says="detach, .data, item and torch.tensor cut the graph: no gradient reaches x any more.",
        ),
        Misconception(
            "the sum taken for a constant",
            lambda x, dim: _shifted(x, dim) / _shifted(x, dim).sum(dim, keepdim=True).detach(),
            says="The sum depends on every number, so gradients go through it too. "
            "What may be cut off is the largest that is subtracted: it changes nothing.",
        ),
        Misconception(
            "not divided by the sum",
            _shifted,
            lambda x, dim: x.exp(),
            lambda x, dim: (x - x.max()).exp(),
            says="The numbers along dim have to sum to 1: divide by their sum.",
        ),
        Misconception(
            "mean for sum",
            lambda x, dim: _shifted(x, dim) / _shifted(x, dim).mean(dim, keepdim=True),
            lambda x, dim: x.exp() / x.exp().mean(dim, keepdim=True),
            says="Divided by their mean the numbers sum to how many there are. Divide by their sum.",
        ),
        Misconception(
            "divided by the largest, not moved by it",
            lambda x, dim: _by_hand(x / x.amax(dim, keepdim=True), dim, shift=False),
            says="Softmax stays the same when a number is subtracted everywhere. Dividing changes it.",
        ),
        Misconception(
            "powers of another number",
            _to_the_power_of(2.0),
            _to_the_power_of(10.0),
            says="exp is e to the power of x. Another base gives weights of another sharpness.",
        ),
        Misconception(
            "clamped before exp",
            *(_clamped(most) for most in (80.0, 88.0, 100.0, 700.0)),
            says="Beyond the limit all numbers count the same, and their gradient is lost. Subtract the largest of the row: "
            "that changes nothing in the result, and no exponential exceeds 1.",
        ),
        Misconception(
            "exp forgotten",
            lambda x, dim: x / x.sum(dim, keepdim=True),
            says="Softmax takes exp of every number first, so that all are positive. Only then it divides by the sum.",
        ),
        Misconception(
            "something else subtracted than the largest",
            lambda x, dim: _by_hand(x - x.mean(dim, keepdim=True), dim, shift=False),
            lambda x, dim: _by_hand(x - x.amin(dim, keepdim=True), dim, shift=False),
            *(lambda x, dim, of=of: _by_hand(x - of(x), dim, shift=False) for of in (torch.mean, torch.min)),
            says="Any number may be subtracted, but only the largest along dim keeps exp from growing beyond all bounds.",
        ),
        Misconception(
            "a small number added to the sum",
            *(_with_epsilon(small) for small in (1e-5, 1e-6, 1e-7, 1e-8)),
            says="After the largest is subtracted the sum is at least 1: nothing can be divided by zero, "
            "and in float64 the small number is seen.",
        ),
        Misconception(
            "dimensions counted from the end taken for others",
            lambda x, dim: _by_hand(x, abs(dim)),
            says="A negative dim counts from the end: −1 is the last dimension, −2 the one before.",
        ),
        Misconception(
            "in place",
            lambda x, dim: _by_hand(x.data.sub_(x.data.amax(dim, keepdim=True)), dim),
            says="x is still needed by whoever gave it. -= and operations that end in _ write; make a new tensor.",
        ),
        Misconception(
            "dtype of the input lost",
            lambda x, dim: _by_hand(x, dim).float(),
            lambda x, dim: _by_hand(x.float(), dim),
            lambda x, dim: (lambda e: e / e.sum(dim, keepdim=True))((x - x.amax(dim, keepdim=True)).float().exp()),
            says="The result has x's dtype, and float64 asks for its sixteen digits. float() makes float32.",
        ),
    ],
    space=_SPACE,
)
