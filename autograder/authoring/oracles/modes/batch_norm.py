"""Chapter 07, `batch_norm`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.space import FLOATS, LAYOUTS, NO_GRAD_WORDS, Chosen, Space, absent, asks_for_no_gradient, fits
from autograder.observing.case import Case
from autograder.observing.layouts import laid_out

__all__ = ["BATCH_NORM", "four_tensors"]


def four_tensors(make: CaseMaker, channels: int, dtype: torch.dtype = torch.float64) -> dict[str, Tensor]:
    """Statistics and parameters of a batch norm that has seen something: none of them as it was born."""
    return {
        "running_mean": make.normal(channels, dtype=dtype) * 2,
        "running_var": make.normal(channels, dtype=dtype).abs() + 0.5,
        "weight": make.normal(channels, dtype=dtype) + 0.2,
        "bias": make.normal(channels, dtype=dtype) - 1,
    }


def _cases(make: CaseMaker) -> list[Case]:
    a, b, c, d = make.sizes(4, 2, 5)
    readable = {
        "running_mean": torch.tensor([2.0], dtype=torch.float64),
        "running_var": torch.tensor([3.0], dtype=torch.float64),
        "weight": torch.tensor([2.0], dtype=torch.float64),
        "bias": torch.tensor([1.0], dtype=torch.float64),
    }
    every = "x weight bias"

    def case(name: str, x: Tensor, training: bool, leaves: str = "", four: Any = None, **inputs: Any) -> Case:
        four = four if four is not None else four_tensors(make, x.shape[1], x.dtype)
        return make.case(name, x=x, training=training, leaves=leaves, **four, **inputs)

    def apart(*size: int, dtype: torch.dtype = torch.float64) -> Tensor:
        """Channels of different means and deviations."""
        numbers = make.normal(*size, dtype=dtype)
        channel = torch.arange(1, size[1] + 1, dtype=dtype)[:, None, None]
        return numbers * channel + 3 * channel

    three = torch.tensor([[[[10.0, 30.0, 80.0]]]], dtype=torch.float64)
    alike = torch.cat([torch.full((2, 1, 2, 1), 5.0, dtype=torch.float64), make.normal(2, 1, 2, 1)], 1)
    behind = {key: make.scattered(one, offset=3) for key, one in four_tensors(make, b).items()}
    strided = {key: torch.stack([one, one + 100], 1)[:, 0] for key, one in four_tensors(make, a).items()}
    return [
        case("three numbers, in training", three, True, every, readable, eps=1.0),
        case("three numbers, in eval", three, False, every, readable, eps=1.0),
        case("a batch in training", apart(a, b, c, 1), True, every),
        case("a batch in eval", apart(d, b, 1, 2), False, every),
        case("one image", apart(1, c, a, b), True),
        case("one pixel", apart(d + 1, b, 1, 1), True),
        case("momentum 1: only the new", apart(c, b, 1, 2), True, momentum=1.0, eps=0.1),
        case("channels last", apart(2, 2, d, b).contiguous(memory_format=torch.channels_last), True, "x"),
        case("tensors behind others in memory", apart(c, b, 2, 1), True, "", behind),
        case("every second slot of a larger tensor", apart(2, a, 2, 1), True, "", strided),
        case("a channel whose numbers are all alike", alike, True),
        case("float32", apart(7, 5, 4, 6, dtype=torch.float32), True, every),
        case(
            "three batches, one after the other",
            apart(a, b, 2, 1),
            True,
            x1=apart(2, b, 1, 3),
            x2=apart(1, b, 4, 1),
            more=("x1", "x2"),
        ),
        case("another batch of the same size in training", apart(a, b, c, 1), True, every),
        case("asked before, of other numbers", three, True, "", readable, eps=1.0, asked_before=True),
    ]


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    x = make.drawn(*_size(one), scale=2.0, layout=one.layout, dtype=one.dtype)
    four = four_tensors(make, one.channels, one.dtype)
    lie = {"running_mean": one.kept, "running_var": one.kept, "weight": one.learned, "bias": one.learned}
    laid: dict[str, Any] = {name: laid_out(tensor, lie[name]) for name, tensor in four.items()}
    more = one.given("momentum", "eps") | one.flags("no_grad")
    return make.case(x=x, training=one.training, leaves=one.leaves, **laid, **more)


def _size(one: Chosen) -> tuple[int, ...]:
    return one.images, one.channels, one.height, one.width


_SPACE = Space(
    _drawn,
    images=(1, 2, 5),
    channels=(1, 3),
    height=(1, 3),
    width=(1, 2, 4),
    training=(True, False),
    momentum=(absent, 0.0, 0.4),
    eps=(absent, 1e-9, 0.25),
    layout=LAYOUTS,
    kept=("contiguous", "behind an offset", "every second row"),
    learned=("contiguous", "every second row", "expanded"),
    dtype=FLOATS,
    leaves=("x weight bias", ""),
    no_grad=(False, True),
    within=(
        asks_for_no_gradient,
        lambda one: fits(one.layout, _size(one)),
        lambda one: fits(one.kept, (one.channels,)),
        lambda one: fits(one.learned, (one.channels,)),
        # Two numbers are normalised to ±1 whatever they are: their gradient is mostly rounding.
        lambda one: not one.training or one.images * one.height * one.width > 2,
        # Of images that are all alike the variance may be one of rounding.
        lambda one: not one.training or one.layout != "expanded" or one.height * one.width > 2,
    ),
    words={
        "images": "the number of images is {}",
        "channels": "the number of channels is {}",
        "training": "training is {}",
        "layout": "x lies in memory like this: {}",
        "kept": "the running statistics lie in memory like this: {}",
        "learned": "weight and bias lie in memory like this: {}",
        "leaves": "gradients are asked for {}",
        **NO_GRAD_WORDS,
    },
)

Dims = tuple[int, ...]


def _norm(
    x: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    weight: Tensor,
    bias: Tensor,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
    *,
    normalise: bool = False,
    keep: bool = True,
    over: Dims = (0, 2, 3),
    spread: Callable[[Tensor, bool], Tensor] = lambda x, unbiased: x.var((0, 2, 3), unbiased=unbiased),
    share: Callable[[float], float] = lambda momentum: momentum,
    divide: Callable[[Tensor, float], Tensor] = lambda var, eps: (var + eps).sqrt(),
    affine: bool = True,
    cut: bool = False,
    own: Callable[[bool], bool] = lambda training: training,
    update: Callable[[bool], bool] = lambda training: training,
    finish: Callable[[Tensor, Tensor, Tensor], Tensor] = lambda out, weight, bias: out * weight + bias,
    moved_by: Callable[[Tensor, Tensor, float], Tensor] = lambda kept, one, share: (1 - share) * kept + share * one,
    keeps: Callable[[Tensor, Tensor], tuple[Tensor, ...]] = lambda mean, var: (mean, var),
    centre: bool = True,
    put: Callable[[Tensor, Tensor], Any] = Tensor.copy_,
    graph: bool = False,
    late: bool = False,
) -> Tensor:
    """Batch norm by hand. ``normalise`` and ``keep`` say whether the variance is unbiased; the rest is what people change."""
    mean, var = x.mean(over, keepdim=True), x.var(over, unbiased=normalise, keepdim=True)
    new = x.mean((0, 2, 3)), spread(x, keep)
    if cut:
        mean, var = mean.detach(), var.detach()
    before = running_mean.clone(), running_var.clone()
    if update(training):
        for kept, one in zip((running_mean, running_var), keeps(*new), strict=False):
            one = one if graph else one.detach()
            moved = moved_by(kept, one, share(momentum))
            put(kept, moved)
    if not own(training):
        used = before if late else (running_mean, running_var)
        mean, var = used[0][:, None, None], used[1][:, None, None]
    out = (x - mean if centre else x) / divide(var, eps)
    return finish(out, weight[:, None, None], bias[:, None, None]) if affine else out


def _lay_under(kept: Tensor, moved: Tensor) -> None:
    kept.data = moved.detach()


def _with(**changes: Any) -> Callable[..., Tensor]:
    def answer(
        x: Tensor,
        running_mean: Tensor,
        running_var: Tensor,
        weight: Tensor,
        bias: Tensor,
        training: bool,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ) -> Tensor:
        return _norm(x, running_mean, running_var, weight, bias, training, momentum, eps, **changes)

    return answer


def _over_x(x: Tensor, *args: Any, **named: Any) -> Tensor:
    out = _with()(x, *args, **named)
    x.data.copy_(out.detach())
    return out


def _along_the_last(
    x: Tensor, running_mean: Tensor, running_var: Tensor, weight: Tensor, bias: Tensor, *args: Any, **named: Any
) -> Tensor:
    return _with(affine=False)(x, running_mean, running_var, weight, bias, *args, **named) * weight + bias


BATCH_NORM = Oracle(
    "batch_norm",
    _with(),  # by hand: F.batch_norm itself takes a wrong gradient where x is channels last and weight is every second slot
    _cases,
    [
        Misconception(
            "unbiased variance to normalise",
            _with(normalise=True),
            says="The batch is normalised with the biased variance: the squares divided by n. Only then does its deviation become 1.",
        ),
        Misconception(
            "biased variance kept",
            _with(keep=False),
            says="running_var moves towards the unbiased variance: the squares divided by n − 1.",
        ),
        Misconception(
            "both variances the wrong way round",
            _with(normalise=True, keep=False),
            says="The batch is normalised with the biased variance (divided by n), and the unbiased one (n − 1) is kept.",
        ),
        Misconception(
            "momentum the wrong way round",
            _with(share=lambda momentum: 1 - momentum),
            says="Momentum is the share of the new: (1 − momentum) · running + momentum · new.",
        ),
        Misconception(
            "statistics per sample",
            _with(over=(2, 3)),
            *(
                _with(over=(2, 3), keep=keep, spread=lambda x, unbiased: x.var((2, 3), unbiased=unbiased).mean(0))
                for keep in (True, False)
            ),
            says="A channel has one mean over the whole batch: over dimensions 0, 2 and 3. Over 2 and 3 alone each image has its own.",
        ),
        Misconception(
            "statistics per place",
            _with(over=(0,)),
            says="A channel has one mean over all places, too: over dimensions 0, 2 and 3.",
        ),
        Misconception(
            "one mean for all channels",
            _with(over=(0, 1, 2, 3)),
            says="Every channel has a mean of its own: dimension 1 stays.",
        ),
        Misconception(
            "eps outside of the root",
            _with(divide=lambda var, eps: var.sqrt() + eps),
            says="eps is added to the variance, before the root is taken.",
        ),
        Misconception(
            "divided by the variance",
            _with(divide=lambda var, eps: var + eps),
            says="Divide by the standard deviation: the root of the variance and eps.",
        ),
        Misconception(
            "eps left out",
            _with(divide=lambda var, eps: (var + 1e-5).sqrt()),
            _with(divide=lambda var, eps: var.sqrt()),
            says="The eps that is given is added to the variance, in both modes.",
        ),
        Misconception(
            "weight and bias ignored",
            _with(affine=False),
            says="After it has been normalised, each channel is multiplied by its weight, and its bias is added.",
        ),
        Misconception(
            "weight forgotten",
            _with(finish=lambda out, weight, bias: out + bias),
            says="After it has been normalised, each channel is multiplied by its weight. Only then its bias is added.",
        ),
        Misconception(
            "bias forgotten",
            _with(finish=lambda out, weight, bias: out * weight),
            says="After it has been multiplied by its weight, each channel gets its bias.",
        ),
        Misconception(
            "weight and bias exchanged",
            _with(finish=lambda out, weight, bias: out * bias + weight),
            says="The weight multiplies, the bias is added.",
        ),
        Misconception(
            "mean not subtracted",
            _with(centre=False),
            says="Normalised is what has mean 0 and deviation 1: subtract the mean first, then divide.",
        ),
        Misconception(
            "the old statistics kept whole",
            _with(moved_by=lambda kept, one, share: kept + share * one),
            says="The running statistics are an average: (1 − momentum) · running + momentum · new. Yours grow and grow.",
        ),
        Misconception(
            "momentum not used",
            _with(share=lambda momentum: 0.1),
            _with(share=lambda momentum: 1.0),
            says="Momentum is the share of the new that is asked for: (1 − momentum) · running + momentum · new.",
        ),
        Misconception(
            "running_var not moved",
            _with(keeps=lambda mean, var: (mean,)),
            says="Two statistics are kept: the mean and the variance, by the same rule.",
        ),
        Misconception(
            "deviation kept for variance",
            _with(keeps=lambda mean, var: (mean, var.sqrt())),
            says="running_var is a variance: the root is taken when it is used.",
        ),
        Misconception(
            "the mode the other way round",
            _with(own=lambda training: not training, update=lambda training: not training),
            says="training=True is when the batch's own statistics are used, and the running ones move.",
        ),
        Misconception(
            "weights along the last dimension",
            _along_the_last,
            says="Broadcasting begins at the last dimension, which is the width. Channels are dimension 1: weight[:, None, None].",
        ),
        Misconception(
            "gradient lost",
            lambda *args, **named: _with()(*args, **named).detach(),
            says="detach, .data and torch.no_grad cut the graph. The running statistics alone are moved outside of it.",
        ),
        Misconception(
            "dtype of the input lost",
            lambda *args, **named: _with()(*args, **named).float(),
            says="What comes back has the dtype of x: leave out float() and float32 tensors of your own.",
        ),
        Misconception(
            "in place",
            _over_x,
            says="Your answer writes into x. Only the running statistics are to be changed.",
        ),
        Misconception(
            "training ignored: always the batch's statistics",
            _with(own=lambda training: True),
            _with(own=lambda training: True, update=lambda training: True),
            says="Out of training the running statistics are what the batch is normalised with, whatever is in it.",
        ),
        Misconception(
            "training ignored: always the running statistics",
            _with(own=lambda training: False),
            _with(own=lambda training: False, update=lambda training: False),
            says="In training the batch is normalised with its own mean and variance. The running ones are for eval.",
        ),
        Misconception(
            "running statistics moved in eval",
            _with(update=lambda training: True),
            _with(update=lambda training: True, late=True),
            says="Out of training the running statistics stay as they are.",
        ),
        Misconception(
            "running statistics not moved in place",
            _with(put=lambda kept, moved: None),
            says="After a batch in training both are as they were. Write into the tensors that are handed to you, with lerp_ or copy_: "
            "running_mean = … only gives another tensor that name.",
        ),
        Misconception(
            "other memory laid under the running statistics",
            _with(put=_lay_under),
            says=".data = … lays other memory under a tensor. Whoever shares its own, such as a state_dict that was taken before, "
            "goes on with the old numbers. Write into it, with lerp_ or copy_.",
        ),
        Misconception(
            "running statistics in the graph",
            _with(graph=True),
            says="The running statistics hang in the graph of the batch, and of every batch to come. Move them under torch.no_grad().",
        ),
        Misconception(
            "mean and variance cut from the graph",
            _with(cut=True),
            says="The batch's mean and variance depend on x, and the gradient goes through them, too. Only the running statistics stay outside.",
        ),
    ],
    space=_SPACE,
)
