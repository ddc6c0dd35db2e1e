"""Chapter 08, `cross_entropy`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.training.batches import classes, written_out
from autograder.authoring.space import FLOATS, LAYOUTS, WRITTEN, Chosen, Space, fits
from autograder.observing.case import Case
from autograder.observing.layouts import laid_out

__all__ = ["CROSS_ENTROPY"]


def _rows(make: CaseMaker) -> list[Case]:
    def case(
        name: str, count: int, of: int, dtype: torch.dtype = torch.float64, scale: float = 1.0, scattered: bool = False
    ) -> Case:
        """``count`` rows of ``of`` logits."""
        logits, target = make.normal(count, of, dtype=dtype, scale=scale), classes(make, count, of)
        if scattered:
            logits, target = make.scattered(logits), make.scattered(torch.stack([target, target]))[1]
        size = f", of size {scale:g}" if scale != 1 else ""
        shown = f"logits {str(dtype)[6:]} {(count, of)}{size}, target {tuple(target.tolist())}"
        return make.case(name, logits=logits, target=target, leaves="logits", shown=shown)

    few, more, many = make.sizes(3, 3, 8)
    return [
        make.case(
            "one row, two classes",
            logits=make.small_integers(1, 2),
            target=torch.tensor([make.integer(0, 1)]),
            leaves="logits",
        ),
        case("a few rows", 2, 3),
        case("more rows than classes", many + 2, more),
        case("fewer rows than classes", few, few + 3),
        case("as many rows as classes", few, few),
        case("one row of ten", 1, 10, torch.float32),
        case("stored in another order, behind an offset", many, few + 1, scattered=True),
        case("numbers as large as ten thousand", few, many, scale=1e4),
        case("a thousand, in float32", many, more, torch.float32, scale=1e3),
        make.case(
            "a single class",
            logits=make.normal(few, 1),
            target=torch.zeros(few, dtype=torch.int64),
            leaves="logits",
            aspect="single class",
            shown=f"logits float64 {(few, 1)}: there is nothing to choose",
        ),
        make.case("gradients off", logits=make.normal(many, few), target=classes(make, many, few), no_grad=True),
        make.case(
            "asked before, of other numbers",
            logits=torch.tensor([[0.0, 1.0, 3.0]]),
            target=torch.tensor([1]),
            asked_before=True,
        ),
    ]


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    logits = make.drawn(one.rows, one.classes, scale=one.scale, layout=one.layout, dtype=one.dtype)
    target = classes(make, one.rows, one.classes)
    # In one row at least the right class is not the likeliest: a loss of almost nothing is hard to tell from rounding.
    target[0] = logits.tensor()[0].argmin()
    if one.right == "the same class everywhere":
        target = torch.full_like(target, int(target[0]))
    more: dict[str, Any] = {"counts": 3.0} if one.leaves else {}  # a backward of one's own has to take it up
    return make.case(logits=logits, target=laid_out(target, one.target_layout), leaves=one.leaves, **more)


_SPACE = Space(
    _drawn,
    rows=(1, 2, 5, 12),
    classes=(2, 3, 10),
    right=("any class", "the same class everywhere"),
    scale=(0.01, 1.0, 100.0, 1e3),
    layout=LAYOUTS,
    target_layout=WRITTEN,
    dtype=FLOATS,
    leaves=("logits", ""),
    within=(
        lambda one: fits(one.layout, (one.rows, one.classes)),
        lambda one: fits(one.target_layout, (one.rows,)),
    ),
    traits={"there are as many rows as classes": lambda one: one.rows == one.classes},
    words={
        "rows": "the number of rows is {}",
        "classes": "the number of classes is {}",
        "right": "the right class is {}",
        "scale": "the logits are spread by {}",
        "layout": "the logits lie in memory like this: {}",
        "target_layout": "the target lies in memory like this: {}",
        "leaves": "gradients are asked for {}",
    },
)


def _of_right(logarithms: Tensor, target: Tensor) -> Tensor:
    """Minus the mean of what stands at the right class."""
    return -logarithms.gather(1, target[:, None]).mean()


def _epsilon(size: float) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda logits, target: _of_right((logits.softmax(1) + size).log(), target)


def _clamped(size: float) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda logits, target: _of_right(logits.softmax(1).clamp(min=size).log(), target)


def _written_out_from(moved: Tensor, target: Tensor) -> Tensor:
    """The loss by exponentials of what was moved already."""
    return (moved.exp().sum(1).log() - moved.gather(1, target[:, None])[:, 0]).mean()


def _moved_in_place(logits: Tensor, target: Tensor) -> Tensor:
    with torch.no_grad():
        logits.sub_(logits.amax(1, keepdim=True))
    return written_out(logits, target)


CROSS_ENTROPY = Oracle(
    "cross_entropy",
    F.cross_entropy,
    _rows,
    [
        Misconception(
            "softmax twice",
            lambda logits, target: written_out(logits.softmax(1), target),
            lambda logits, target: written_out(logits.log_softmax(1).exp().softmax(1), target),
            says="The logits go into the logarithm of one softmax. Softmax before that makes probabilities, and a "
            "second softmax of those is nearly even: with ten classes the loss cannot go below 1.461.",
        ),
        Misconception(
            "sum for mean",
            lambda logits, target: F.nll_loss(logits.log_softmax(1), target, reduction="sum"),
            says="The loss of a batch is the mean over its rows, so that the size of the batch does not change the step.",
        ),
        Misconception(
            "not stabilised",
            lambda logits, target: _of_right((logits.exp() / logits.exp().sum(1, keepdim=True)).log(), target),
            lambda logits, target: _of_right(logits.softmax(1).log(), target),
            lambda logits, target: -logits.softmax(1).gather(1, target[:, None]).log().mean(),
            lambda logits, target: (
                -(logits.exp() / logits.exp().sum(1, keepdim=True)).gather(1, target[:, None]).log().mean()
            ),
            lambda logits, target: -(logits.exp().gather(1, target[:, None])[:, 0] / logits.exp().sum(1)).log().mean(),
            lambda logits, target: (logits.exp().sum(1).log() - logits.gather(1, target[:, None])[:, 0]).mean(),
            says="e to the power of a large number is infinite, and of a very small one 0, whose logarithm is −infinity. "
            "Take the logarithm and the exponentials together: logsumexp or log_softmax do.",
        ),
        Misconception(
            "epsilon inside the logarithm",
            *(_epsilon(size) for size in (1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5)),
            says="A small number added inside the logarithm hides the infinity and changes the loss: where the right class "
            "has a probability of almost 0, the loss has to be large. log_softmax needs no such number.",
        ),
        Misconception(
            "clamped inside the logarithm",
            *(_clamped(size) for size in (1e-12, 1e-10, 1e-8, 1e-7, 1e-6)),
            says="A probability that is held above a small number hides the infinity, and the gradient with it: where the right "
            "class has almost none, the loss stands still. log_softmax needs no such number.",
        ),
        Misconception(
            "softmax left out",
            lambda logits, target: _of_right(logits, target),
            says="Logits are no log-probabilities yet: they need log_softmax. F.nll_loss takes its result, F.cross_entropy does both.",
        ),
        Misconception(
            "one loss a row",
            lambda logits, target: -logits.log_softmax(1).gather(1, target[:, None]).squeeze(1),
            lambda logits, target: -logits.log_softmax(1).gather(1, target[:, None]),
            says="The loss of a batch is one number without dimensions: the mean over its rows.",
        ),
        Misconception(
            "a dimension too many",
            lambda logits, target: written_out(logits, target)[None],
            says="One number without dimensions is asked for, not a row of one.",
        ),
        Misconception(
            "every row with every target",
            lambda logits, target: -logits.log_softmax(1)[:, target].mean(),
            says="[:, target] takes the columns of all targets from every row. Row i needs target[i] alone: gather, or a pair of "
            "indices, arange(N) and target.",
        ),
        Misconception(
            "one largest number for all rows",
            lambda logits, target: _written_out_from(logits - logits.max(), target),
            says="Where another row is larger by far, all of this row's exponentials are 0. Each row subtracts its own largest.",
        ),
        Misconception(
            "divided by the classes",
            lambda logits, target: F.nll_loss(logits.log_softmax(1), target, reduction="sum") / logits.shape[1],
            says="The mean is over the rows: divide by N, not by C.",
        ),
        Misconception(
            "logarithm to another base",
            lambda logits, target: written_out(logits, target) / math.log(2),
            says="log is the natural logarithm, as in exp. log2 gives bits.",
        ),
        Misconception(
            "the share of mistakes",
            lambda logits, target: (logits.argmax(1) != target).to(logits.dtype).mean(),
            says="How many rows are wrong is what people read. It has no gradient: a loss tells how likely the right class was.",
        ),
        Misconception(
            "squared error",
            lambda logits, target: F.mse_loss(logits.softmax(1), F.one_hot(target, logits.shape[1]).to(logits.dtype)),
            says="Asked for is minus the logarithm of the right class's probability, not the squared distance from it.",
        ),
        Misconception(
            "dtype of the input lost",
            lambda logits, target: written_out(logits.float(), target),
            lambda logits, target: written_out(logits, target).float(),
            says="The loss has the dtype of the logits: leave out float() and float32 tensors of your own.",
        ),
        Misconception(
            "in place",
            _moved_in_place,
            says="logits -= … writes into what you were given. logits - logits.amax(…) makes a new tensor.",
        ),
        Misconception(
            "sign forgotten",
            lambda logits, target: -written_out(logits, target),
            says="A log-probability is at most 0, and a loss is to go down: it is minus the log-probability.",
        ),
        Misconception(
            "logarithm forgotten",
            lambda logits, target: _of_right(logits.softmax(1), target),
            lambda logits, target: 1 + _of_right(logits.softmax(1), target),
            says="The loss is minus the logarithm of the right class's probability, not the probability itself.",
        ),
        Misconception(
            "softmax over the batch",
            lambda logits, target: _of_right(logits.log_softmax(0), target),
            says="The classes of one row compete with each other: dimension 1. Dimension 0 counts the rows.",
        ),
        Misconception(
            "averaged over the classes, too",
            lambda logits, target: written_out(logits, target) / logits.shape[1],
            says="Each row has one loss. The mean is over rows, N of them, not over N · C numbers.",
        ),
        Misconception(
            "graph cut",
            lambda logits, target: written_out(logits.detach(), target),
            lambda logits, target: torch.tensor(written_out(logits, target).item()),
            says="detach, item and torch.no_grad cut the graph: no gradient reaches the logits, and nothing can be learned.",
        ),
    ],
    space=_SPACE,
)
