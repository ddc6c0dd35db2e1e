"""Chapter 08, `sgd_step`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.space import DTYPES, RANKS, WRITTEN, Chosen, Space, fits, sizes_of_rank
from autograder.judging.show import show_value
from autograder.observing.case import Case

__all__ = ["SGD_STEP"]

Params = dict[str, Tensor]


def _step(params: Params, lr: float) -> None:
    with torch.no_grad():
        for one in params.values():
            if one.grad is not None:
                one.add_(one.grad, alpha=-lr)
                one.grad = None


def _told(
    make: CaseMaker,
    name: str,
    params: Mapping[str, Any],
    gradients: Mapping[str, Any],
    *,
    lr: float,
    frozen: tuple[str, ...] = (),
) -> Case:
    """A case that is shown with its gradients: they are no argument, and a step cannot be followed without them."""
    shown = f"params = {show_value(params)}   their gradients = {show_value(gradients)}   lr = {lr}"
    return make.case(name, lr=lr, params=params, gradients=gradients, frozen=frozen, aspect="values", shown=shown)


def _leaves(make: CaseMaker) -> list[Case]:
    a, b, c, d = make.sizes(4, 2, 6)

    def case(
        name: str,
        lr: float,
        params: Mapping[str, Tensor],
        *,
        without: str = "",
        frozen: str = "",
        aspect: str = "values",
        scattered: bool = False,
    ) -> Case:
        """Those named in ``without`` and ``frozen`` have no gradient."""
        nothing = f"{without} {frozen}".split()
        drawn = {name: make.normal(*one.shape, dtype=one.dtype) for name, one in params.items() if name not in nothing}
        gradients = {name: make.scattered(one, offset=2) if scattered else one for name, one in drawn.items()}
        sizes = ", ".join(f"{name} {tuple(one.shape)}" for name, one in params.items())
        told = "".join(f", {word} without a gradient" for word in [" and ".join(nothing)] if word)
        return make.case(
            name, lr=lr, params=dict(params), gradients=gradients, frozen=tuple(frozen.split()), aspect=aspect,
            shown=f"{sizes}; lr={lr}{told}",
        )  # fmt: skip

    weight, bias = make.normal(a, b), make.normal(a)
    return [
        _told(make, "one number", {"weight": make.small_integers(1)}, {"weight": make.small_integers(1)}, lr=0.5),
        case("two leaves", 0.25, {"weight": weight, "bias": bias}),
        case(
            "a leaf without a gradient", 0.1, {"bias": bias, "scale": make.normal(c), "weight": weight}, without="scale"
        ),
        case("a frozen leaf", 0.5, {"weight": weight, "fixed": make.normal(b, c)}, frozen="fixed"),
        case("four dimensions in float32", 0.01, {"conv.weight": make.normal(a, 2, 3, 1, dtype=torch.float32)}),
        case(
            "stored in another order, behind an offset",
            0.3,
            {"weight": make.scattered(make.normal(b, c)), "bias": make.scattered(make.normal(d), offset=3)},
        ),
        case("gradients stored in another order", 0.3, {"weight": make.normal(d, 2, a)}, scattered=True),
        case(
            "no dimension, one number, no number", 0.7, {"a": make.normal(), "b": make.normal(1), "c": make.normal(0)}
        ),
        case("a step longer than the gradient", 3.0, {"weight": make.normal(d, a)}),
        case("a whole number as lr", 1, {"weight": make.normal(c, b)}),
        case(
            "three dtypes",
            0.5,
            {
                "a": make.normal(b, dtype=torch.float32),
                "b": make.normal(c),
                "c": make.normal(d, dtype=torch.bfloat16),
            },
        ),
        case("a step of length 0", 0.0, {"weight": weight, "bias": bias}, aspect="memory"),
        case("no gradient at all", 0.1, {"weight": weight, "bias": bias}, without="weight bias", aspect="memory"),
        _told(
            make,
            "a gradient that is infinite",
            {"weight": make.small_integers(2)},
            {"weight": torch.tensor([math.inf, 1.0], dtype=torch.float64)},
            lr=0.5,
        ),
        case("two other leaves of the same size", 0.25, {"weight": make.normal(a, b), "bias": make.normal(a)}),
    ]


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    size = sizes_of_rank(one.rank, one.smallest)
    params = {"weight": make.drawn(*size, layout=one.layout, dtype=one.dtype)}
    gradients = {"weight": make.drawn(*size, layout=one.gradient_layout, dtype=one.dtype)}
    if one.beside != "nothing":
        params["beside"] = make.drawn(3, dtype=one.dtype)
    if one.beside == "another leaf":
        gradients["beside"] = make.drawn(3, dtype=one.dtype)
    if one.first:
        params = dict(reversed(params.items()))
    frozen = ("beside",) if one.beside == "a frozen leaf" else ()
    return _told(make, "", params, gradients, lr=one.lr, frozen=frozen)


_SPACE = Space(
    _drawn,
    rank=RANKS,
    smallest=(1, 5),
    layout=WRITTEN,
    gradient_layout=WRITTEN,
    dtype=tuple(dtype for dtype in DTYPES if dtype.is_floating_point),
    lr=(0.001, 0.5, 1, 10.0),
    beside=("nothing", "another leaf", "a leaf without a gradient", "a frozen leaf"),
    first=(False, True),
    within=(
        lambda one: fits(one.layout, sizes_of_rank(one.rank, one.smallest)),
        lambda one: fits(one.gradient_layout, sizes_of_rank(one.rank, one.smallest)),
        lambda one: one.beside != "nothing" or not one.first,
        # A step that half precision rounds away could not be seen.
        lambda one: one.dtype != torch.bfloat16 or one.lr >= 0.5,
    ),
    words={
        "rank": "the number of a leaf's dimensions is {}",
        "smallest": "the second dimension of a leaf is of size {}",
        "layout": "a leaf lies in memory like this: {}",
        "gradient_layout": "a gradient lies in memory like this: {}",
        "beside": "beside it there is {}",
        "first": "the other leaf comes first: {}",
    },
)


def _stepped(params: Params) -> Iterator[tuple[str, Tensor, Tensor]]:
    for name, one in list(params.items()):
        if one.grad is not None:
            yield name, one, one.grad


def _in_place(change: Callable[[Tensor, Tensor, float], Any], *, clear: bool = True) -> Callable[[Params, float], None]:
    """Steps in place by ``change(leaf, gradient, lr)``."""

    def answer(params: Params, lr: float) -> None:
        with torch.no_grad():
            for _, one, gradient in _stepped(params):
                change(one, gradient, lr)
                if clear:
                    one.grad = None

    return answer


def _into_the_dictionary(*, clear: bool, moved: bool = False) -> Callable[[Params, float], None]:
    """New leaves in the dictionary; ``moved``: in the places of those that are skipped, too."""

    def answer(params: Params, lr: float) -> None:
        for name, one, gradient in _stepped(params):
            params[name] = (one - lr * gradient).detach().requires_grad_()
            if clear:
                one.grad = None
        if moved:
            params.update({name: one.detach().clone().requires_grad_() for name, one in params.items()})

    return answer


def _computed_into_the_dictionary(params: Params, lr: float, *, skip: bool) -> None:
    """Tensors that were computed, in the places of leaves: with their graph, and with no thought of the gradients."""
    for name, one in list(params.items()):
        if one.grad is not None or not skip:
            params[name] = one - lr * one.grad  # type: ignore[operator]


def _loop_variable(params: Params, lr: float, *, clear: bool) -> None:
    for _, one, gradient in _stepped(params):
        if clear:
            one.grad = None
        one = one - lr * gradient


def _loop_variable_with_nothing_skipped(params: Params, lr: float) -> None:
    for one in params.values():
        one = one - lr * one.grad  # type: ignore[operator]


def _other_memory(params: Params, lr: float, *, clear: bool) -> None:
    for _, one, gradient in _stepped(params):
        one.data = one.data - lr * gradient
        if clear:
            one.grad = None


def _other_memory_with_nothing_skipped(params: Params, lr: float) -> None:
    for one in params.values():
        one.data = one.data - lr * one.grad  # type: ignore[operator]


def _nothing_skipped(params: Params, lr: float) -> None:
    with torch.no_grad():
        for one in params.values():
            one -= lr * one.grad  # type: ignore[operator]
            one.grad = None


def _with_gradients_on(params: Params, lr: float) -> None:
    for _, one, gradient in _stepped(params):
        one -= lr * gradient
        one.grad = None


def _left_off(params: Params, lr: float) -> None:
    torch.set_grad_enabled(False)
    _step(params, lr)


def _frozen_afterwards(params: Params, lr: float) -> None:
    for _, one, gradient in _stepped(params):
        one.requires_grad_(False)
        one.add_(gradient, alpha=-lr)
        one.grad = None


def _times_zero(one: Tensor, gradient: Tensor, lr: float) -> None:
    one.sub_(lr * gradient)
    gradient.mul_(0)


def _cleared_first(params: Params, lr: float) -> None:
    with torch.no_grad():
        for _, one, gradient in _stepped(params):
            gradient.zero_()
            one.add_(gradient, alpha=-lr)


def _first_only(params: Params, lr: float) -> None:
    """As a return inside of the loop does it."""
    with torch.no_grad():
        for _, one, gradient in _stepped(params):
            one.sub_(lr * gradient)
            one.grad = None
            return


def _returned(params: Params, lr: float) -> Params:
    return {
        name: one if one.grad is None else (one - lr * one.grad).detach().requires_grad_()
        for name, one in params.items()
    }


SGD_STEP = Oracle(
    "sgd_step",
    _step,
    _leaves,
    [
        Misconception(
            "rebinding to new tensors",
            *(_into_the_dictionary(clear=clear, moved=moved) for clear in (True, False) for moved in (True, False)),
            *(partial(_computed_into_the_dictionary, skip=skip) for skip in (True, False)),
            says="The result is a new tensor, put where the old one was. Whoever else holds the old one, a module or an "
            "optimiser, sees nothing of it. Write into the memory that is there: p.add_(…), p -= ….",
        ),
        Misconception(
            "other memory under the same leaves",
            *(partial(_other_memory, clear=clear) for clear in (True, False)),
            _other_memory_with_nothing_skipped,
            says="p.data = … keeps the leaf and puts other memory under it. Whoever looked into the old memory sees nothing of "
            "the step. p -= … under torch.no_grad() writes into the memory that is there.",
        ),
        Misconception(
            "gradient left",
            _in_place(lambda one, gradient, lr: one.add_(gradient, alpha=-lr), clear=False),
            says="backward adds to .grad. What you leave there is added to the next step's gradient. Clear it.",
        ),
        Misconception(
            "cleared by arithmetic",
            _in_place(_times_zero, clear=False),
            says="Infinity times 0, or minus itself, is not 0 but NaN, and a NaN stays, whatever is added to it. zero_() writes "
            "zeros over whatever is there, and p.grad = None does without.",
        ),
        Misconception(
            "descent reversed",
            _in_place(lambda one, gradient, lr: one.add_(gradient, alpha=lr)),
            _in_place(lambda one, gradient, lr: one.add_(gradient, alpha=lr), clear=False),
            says="The gradient points to where the loss grows. Go the other way: minus lr times the gradient.",
        ),
        Misconception(
            "lr ignored",
            _in_place(lambda one, gradient, lr: one.sub_(gradient)),
            says="The step is lr times the gradient, not the gradient itself.",
        ),
        Misconception(
            "the first leaf only",
            _first_only,
            says="Only one leaf has moved. Is there a return inside of the loop?",
        ),
        Misconception(
            "only the gradient's direction used",
            _in_place(lambda one, gradient, lr: one.sub_(lr * gradient / (gradient.norm() + 1e-9))),
            _in_place(lambda one, gradient, lr: one.sub_(lr * gradient.sign())),
            says="The step is lr times the gradient as it is: a steep place makes a long step.",
        ),
        Misconception(
            "divided by lr",
            _in_place(lambda one, gradient, lr: one.sub_(gradient / lr if lr else 0)),
            says="A small lr makes a small step: the gradient is multiplied by it.",
        ),
        Misconception(
            "multiplied by the gradient",
            _in_place(lambda one, gradient, lr: one.mul_(1 - lr * gradient)),
            says="lr times the gradient is taken off the number. It does not scale it.",
        ),
        Misconception(
            "leaves without a gradient not skipped",
            _nothing_skipped,
            says="A leaf that the loss did not use has None as its .grad, and None cannot be multiplied. Skip it.",
        ),
        Misconception(
            "stepped with gradients on",
            _with_gradients_on,
            says="While gradients are on, a leaf may not be written into: the change would have to be differentiated, too. "
            "Step inside of with torch.no_grad().",
        ),
        Misconception(
            "gradients switched off for everybody",
            _left_off,
            says="torch.set_grad_enabled(False) stays off when your function is left, and the next backward fails. "
            "with torch.no_grad() ends by itself.",
        ),
        Misconception(
            "requires_grad switched off",
            _frozen_afterwards,
            says="The leaves have to ask for gradients afterwards, too: there is a next step. torch.no_grad() leaves them so.",
        ),
        Misconception(
            "the leaves stand still",
            lambda params, lr: _loop_variable(params, lr, clear=True),
            lambda params, lr: _loop_variable(params, lr, clear=False),
            _loop_variable_with_nothing_skipped,
            _cleared_first,
            _returned,
            says="No leaf has moved. p = p − … gives a name to a new tensor and leaves the old one as it was; and a step along "
            "a gradient that was cleared before it moves nothing.",
        ),
    ],
    space=_SPACE,
)
