"""Chapter 10, `per_sample_gradients`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.space import FLOATS, Chosen, Space, fits
from autograder.observing.case import Case

__all__ = ["PER_SAMPLE_GRADIENTS"]

Gradients = dict[str, Tensor]


def per_sample_gradients(model: nn.Module, x: Tensor, target: Tensor) -> Gradients:
    """Each sample's own gradient by ``grad`` under ``vmap``."""
    params = {name: one.detach() for name, one in model.named_parameters()}

    def loss(params: dict[str, Tensor], one: Tensor, its_class: Tensor) -> Tensor:
        return F.cross_entropy(functional_call(model, params, (one[None],)), its_class[None])

    found: Gradients = torch.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))(params, x, target)
    return found


def _networks(make: CaseMaker) -> list[Case]:
    a, b = make.sizes(2, 3, 5)
    features = 4 * (a - 2) * (b - 2)
    conv = [("conv", 2, 4, 3), ("relu",), ("flatten",), ("linear", features, 3)]
    normed = [("conv", 2, 4, 3), ("norm", 4), ("relu",), ("flatten",), ("linear", features, 3)]
    nested = [("flatten",), ("nest", ("linear", 2 * a * b, 7), ("relu",), ("dropout", 0.5)), ("linear", 7, 4)]
    tied = [("flatten",), ("linear", 6, 6), ("relu",), ("linear", 6, 6), ("tie", 1, 3)]

    def case(says: str, layers: Any, x: Tensor, classes: int, *, training: bool = True, **more: Any) -> Case:
        target = torch.tensor([make.integer(0, classes - 1) for _ in range(len(x))])
        shown = f"{says}: x {str(x.dtype)[6:]} {tuple(x.shape)}, target {tuple(target.tolist())}"
        given = {"layers": layers, "seed": make.seed(), "training": training, "x": x, "target": target} | more
        return make.case(says, shown=shown, **given)

    def images(batch: int, dtype: torch.dtype = torch.float32) -> Tensor:
        return make.normal(batch, 2, a, b, dtype=dtype)

    return [
        case("one linear layer, two samples", [("linear", 2, 2)], make.small_integers(2, 2, dtype=torch.float32), 2),
        case("one sample", [("linear", 3, 4)], make.normal(1, 3), 4),
        case("a convolution", conv, images(3), 3),
        case("gradients that somebody collected", conv, images(4), 3, with_grad=("0.weight", "3.bias")),
        case("batch norm in evaluation", normed, images(3), 3, training=False, with_grad=("1.weight",)),
        case("only batch norm in evaluation", normed, images(2), 3, evaluated=("1",)),
        case("dropout in evaluation", nested, images(5), 4, training=False),
        case("only dropout in evaluation", nested, images(3), 4, evaluated=("1.2",), with_grad=("2.weight",)),
        case("a weight used twice", tied, make.normal(4, 2, 3), 6),
        case("seven samples in float64, not contiguous", conv, make.scattered(images(7, torch.float64)), 3),
        case("two other samples", [("linear", 2, 2)], make.small_integers(2, 2, dtype=torch.float32), 2),
    ]


def _layers(one: Chosen) -> tuple[list[Any], tuple[str, ...]]:
    """Networks of ``x (N, 2, 3, 4)``, and which of their parts may not be in training mode."""
    classes = one.classes
    match one.layers:
        case "one linear layer":
            return [("flatten",), ("linear", 24, classes)], ()
        case "a convolution and batch norm":
            conv = [("conv", 2, 3, 2), ("norm", 3), ("relu",), ("flatten",), ("linear", 18, classes)]
            return conv, ("1",)
        case "a part in a part, and dropout":
            return [("flatten",), ("nest", ("linear", 24, 5), ("dropout", 0.5)), ("linear", 5, classes)], ("1.1",)
    return [("flatten",), ("linear", 24, 24), ("relu",), ("linear", 24, 24), ("tie", 1, 3), ("linear", 24, classes)], ()


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    layers, evaluated = _layers(one)
    last = len([layer for layer in layers if layer[0] != "tie"]) - 1
    return make.case(
        layers=layers,
        seed=make.seed(),
        training=one.training,
        evaluated=evaluated,
        with_grad=(f"{last}.{one.with_grad}",) if one.with_grad else (),
        x=make.drawn(one.batch, 2, 3, 4, layout=one.layout, dtype=one.dtype),
        target=torch.tensor([make.integer(0, one.classes - 1) for _ in range(one.batch)]),
        shown=f"{one.layers}: x {str(one.dtype)[6:]} ({one.batch}, 2, 3, 4), {one.classes} classes",
    )


_SPACE = Space(
    _drawn,
    layers=(
        "one linear layer",
        "a convolution and batch norm",
        "a part in a part, and dropout",
        "a weight used twice",
    ),
    batch=(1, 2, 7),
    classes=(2, 5),
    training=(False, True),
    with_grad=("", "weight", "bias"),
    layout=("contiguous", "every second row", "dimensions in another order", "expanded"),
    dtype=FLOATS,
    within=lambda one: fits(one.layout, (one.batch, 2, 3, 4)),
    words={
        "layers": "the network is {}",
        "batch": "the number of samples is {}",
        "classes": "the number of classes is {}",
        "training": "the model is in training mode: {}",
        "with_grad": "somebody has collected gradients in the last layer's {}",
        "layout": "x lies in memory like this: {}",
    },
)


def _batch(model: nn.Module, x: Tensor, target: Tensor, reduction: str = "mean") -> Gradients:
    names = [name for name, _ in model.named_parameters()]
    loss = F.cross_entropy(model(x), target, reduction=reduction)
    return dict(zip(names, torch.autograd.grad(loss, list(model.parameters())), strict=True))


def _repeated(reduction: str) -> Callable[..., Gradients]:
    def answer(model: nn.Module, x: Tensor, target: Tensor) -> Gradients:
        found = _batch(model, x, target, reduction)
        return {name: one.expand(len(x), *one.shape) for name, one in found.items()}

    return answer


def _repeated_by_backward(*, cleared: bool) -> Callable[..., Gradients]:
    def answer(model: nn.Module, x: Tensor, target: Tensor) -> Gradients:
        if cleared:
            model.zero_grad()
        F.cross_entropy(model(x), target).backward()
        return {
            name: torch.stack([one.grad] * len(x)) for name, one in model.named_parameters() if one.grad is not None
        }

    return answer


def _by_backward(
    *, before: str = "each", after: Callable[[nn.Module], Any] = lambda model: None
) -> Callable[..., Gradients]:
    """A loop over ``backward``, with gradients cleared ``before`` each, the first or none, and something done ``after`` all."""

    def answer(model: nn.Module, x: Tensor, target: Tensor) -> Gradients:
        found: dict[str, list[Tensor]] = {name: [] for name, _ in model.named_parameters()}
        for i in range(len(x)):
            if before == "each" or (before == "the first" and i == 0):
                model.zero_grad()
            F.cross_entropy(model(x[i : i + 1]), target[i : i + 1]).backward()
            for name, parameter in model.named_parameters():
                assert parameter.grad is not None
                found[name].append(parameter.grad.clone())
        after(model)
        return {name: torch.stack(every) for name, every in found.items()}

    return answer


def _changed(change: Callable[[Tensor], Tensor]) -> Callable[..., Gradients]:
    return lambda model, x, target: {name: change(one) for name, one in per_sample_gradients(model, x, target).items()}


def _of_the_chosen_logit(model: nn.Module, x: Tensor, target: Tensor) -> Gradients:
    params = {name: one.detach() for name, one in model.named_parameters()}

    def chosen(params: dict[str, Tensor], one: Tensor, its_class: Tensor) -> Tensor:
        logits = functional_call(model, params, (one[None],))
        return -logits.gather(1, its_class[None, None]).sum()

    found: Gradients = torch.vmap(torch.func.grad(chosen), in_dims=(None, 0, 0))(params, x, target)
    return found


def _left_in_eval(model: nn.Module, x: Tensor, target: Tensor) -> Gradients:
    model.eval()
    return per_sample_gradients(model, x, target)


def _put_in_training(model: nn.Module, x: Tensor, target: Tensor) -> Gradients:
    model.eval()
    found = per_sample_gradients(model, x, target)
    model.train()
    return found


PER_SAMPLE_GRADIENTS = Oracle(
    "per_sample_gradients",
    per_sample_gradients,
    _networks,
    [
        Misconception(
            "batch gradient repeated",
            _repeated("mean"),
            _repeated("sum"),
            _repeated_by_backward(cleared=True),
            _repeated_by_backward(cleared=False),
            says="These are N times the gradient of the whole batch. Each sample has a gradient of its own.",
        ),
        Misconception(
            "divided by N",
            lambda model, x, target: {
                name: one / len(x) for name, one in per_sample_gradients(model, x, target).items()
            },
            says="Sample i alone is a batch of one: its loss is not divided by N. What is divided is each one's part in the mean.",
        ),
        Misconception(
            ".grad overwritten",
            _by_backward(),
            _by_backward(after=lambda model: model.zero_grad()),
            _by_backward(after=lambda model: model.zero_grad(set_to_none=False)),
            says="backward() and zero_grad() write into .grad, where somebody may have collected gradients. torch.autograd.grad and "
            "torch.func.grad return them instead.",
        ),
        Misconception(
            "gradients added up over the samples",
            _by_backward(before="the first"),
            _by_backward(before="none"),
            _changed(lambda one: one.cumsum(0)),
            says="backward() adds to .grad: the second entry holds the first one's gradient as well.",
        ),
        Misconception(
            "summed over the samples",
            lambda model, x, target: _batch(model, x, target, "sum"),
            lambda model, x, target: _batch(model, x, target),
            says="That is one gradient for the whole batch. Each entry has N in front: (N, …).",
        ),
        Misconception(
            "samples on the last axis",
            _changed(lambda one: one.movedim(0, -1)),
            says="The samples come first: (N, …). torch.stack puts its dimension in front unless told.",
        ),
        Misconception(
            "multiplied by N",
            lambda model, x, target: {
                name: one * len(x) for name, one in per_sample_gradients(model, x, target).items()
            },
            says="Sample i alone is a batch of one: its gradient is what it is, and nothing is multiplied.",
        ),
        Misconception(
            "weights only",
            lambda model, x, target: {
                name: one for name, one in per_sample_gradients(model, x, target).items() if name.endswith("weight")
            },
            says="Every parameter has an entry, the biases, too: model.named_parameters().",
        ),
        Misconception(
            "each sample's in one row",
            _changed(lambda one: one.flatten(1)),
            says="A gradient has its parameter's shape: (N, *parameter.shape).",
        ),
        Misconception(
            "all put in training mode",
            _put_in_training,
            says="train() puts every part into training, also those that were in eval. Leave the modes as they are.",
        ),
        Misconception(
            "gradient of a logit",
            _of_the_chosen_logit,
            says="Asked for is the gradient of the cross-entropy. It depends on all logits, not on the target's alone.",
        ),
        Misconception(
            "leaves the model in eval mode",
            _left_in_eval,
            says="Whoever trains on afterwards finds dropout off. Leave the mode as it is.",
        ),
    ],
    space=_SPACE,
)
