"""Chapter 03, `predict_proba`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.makes import MAKES, layers_of
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.space import FLOATS, LAYOUTS, NO_GRAD_WORDS, Chosen, Space, fits
from autograder.observing.case import Case

__all__ = ["PREDICT_PROBA"]


def _models(make: CaseMaker) -> list[Case]:
    def case(name: str, batch: int, channels: int, side: int, training: bool, x: Tensor) -> Case:
        layers = [("flatten",), ("linear", channels * side * side, 10)]
        mode = "training" if training else "eval"
        shown = f"a linear model in {mode} mode, x {str(x.dtype)[6:]} {tuple(x.shape)}"
        dtype = x.dtype
        return make.case(name, layers=layers, seed=make.seed(), training=training, dtype=dtype, x=x, shown=shown)

    a, b = make.sizes(2, 3, 6)
    return [
        case("two images", 2, 1, 2, False, make.normal(2, 1, 2, 2)),
        case("one image", 1, 2, a, True, make.normal(1, 2, a, a, scale=2)),
        case("as many images as classes", 10, 1, b, True, make.normal(10, 1, b, b)),
        case("float32, not contiguous", 3, 2, a, False, make.scattered(make.normal(3, 2, a, a, dtype=torch.float32))),
        case("two other images", 2, 1, 2, False, make.normal(2, 1, 2, 2)),
        make.case(
            "asked before, when the model held other numbers",
            layers=[("flatten",), ("linear", 3, 10)],
            seed=7,
            x=torch.tensor([[1.0, -2.0, 3.0]]),
            asked_before=True,
            shown="a linear model and x float32 (1, 3)",
        ),
    ]


_CLASSES = 10

# Ten numbers each: a model of buffers only gives as many logits as it gets features.
_IMAGES = {"(1, 2, 5)": (1, 2, 5), "(2, 1, 5)": (2, 1, 5), "(5, 2, 1)": (5, 2, 1)}


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    size = (one.images, *_IMAGES[one.image])
    features = size[1] * size[2] * size[3]
    layers: list[Sequence[Any]] = [("flatten",), ("nest", *layers_of(one.make, features, _CLASSES))]
    if one.inside == "dropout":  # in eval mode, or the probabilities would be drawn
        layers = [("dropout", 0.5), *layers]
    elif one.inside == "a batch norm":
        layers = [("norm", size[1]), *layers]
    x = make.drawn(*size, layout=one.layout, scale=one.scale, dtype=one.dtype)
    mode = "training" if one.training else "eval"
    shown = f"{one.make} with {one.inside} before it, in {mode} mode, x {str(one.dtype)[6:]} {size}"
    return make.case(
        layers=layers,
        seed=make.seed(),
        training=one.training,
        graded=one.graded,
        no_grad=one.no_grad,
        dtype=one.dtype,
        x=x,
        shown=shown,
        leaves=one.leaves,
    )


_SPACE = Space(
    _drawn,
    make=MAKES,
    images=(1, 2, 7, 10),
    image=tuple(_IMAGES),
    inside=("nothing", "dropout", "a batch norm"),
    training=(True, False),
    graded=(False, True),
    layout=LAYOUTS,
    scale=(1.0, 30.0, 10_000.0),
    no_grad=(False, True),
    dtype=FLOATS,
    leaves=("", "x"),
    within=(
        lambda one: fits(one.layout, (one.images, *_IMAGES[one.image])),
        lambda one: one.inside == "nothing" or not one.training,
        # In float32 large logits are mostly rounding.
        lambda one: one.scale == 1.0 or one.dtype == torch.float64,
    ),
    traits={"there are as many images as classes": lambda one: one.images == _CLASSES},
    words={
        "make": "the model is of the make: {}",
        "images": "the number of images is {}",
        "image": "each image is of size {}",
        "inside": "before the layers stands {}",
        "training": "training mode is {}",
        "graded": "parameters and image have a .grad already: {}",
        "layout": "x lies in memory like this: {}",
        "scale": "the numbers of x are spread by {}",
        **NO_GRAD_WORDS,
        "leaves": "gradients are asked for {}",
    },
)


def _probabilities(model: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        return model(x).softmax(1)


def _left_in_eval(model: nn.Module, x: Tensor) -> Tensor:
    model.eval()
    return _probabilities(model, x)


def _left_in_train(model: nn.Module, x: Tensor) -> Tensor:
    model.eval()
    out = _probabilities(model, x)
    model.train()
    return out


def _grad_mode_left_off(model: nn.Module, x: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    return model(x).softmax(1)


def _grad_mode_switched_on(model: nn.Module, x: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    out = model(x).softmax(1)
    torch.set_grad_enabled(True)
    return out


PREDICT_PROBA = Oracle(
    "predict_proba",
    _probabilities,
    _models,
    [
        Misconception(
            "softmax over the batch",
            lambda model, x: model(x).detach().softmax(0),
            lambda model, x: model(x).detach().exp() / model(x).detach().exp().sum(0),
            says="Each row is one image and sums to 1. Softmax goes along the classes, dimension 1.",
        ),
        Misconception(
            "softmax over everything",
            lambda model, x: model(x).detach().flatten().softmax(0).view(-1, 10),
            lambda model, x: model(x).detach().exp() / model(x).detach().exp().sum(),
            says="Each image has a distribution of its own: every row sums to 1, not the whole tensor.",
        ),
        Misconception(
            "log-probabilities",
            lambda model, x: model(x).detach().log_softmax(1),
            lambda model, x: model(x).detach().softmax(1).log(),
            says="log_softmax gives logarithms, all below 0. Asked for are probabilities between 0 and 1.",
        ),
        Misconception(
            "logits, not probabilities",
            lambda model, x: model(x).detach(),
            says="The model returns logits. Softmax makes probabilities of them.",
        ),
        Misconception(
            "classes, not probabilities",
            lambda model, x: model(x).detach().argmax(1),
            lambda model, x: model(x).detach().softmax(1).amax(1),
            says="Asked for are ten probabilities an image, (N, 10). argmax and max leave one number.",
        ),
        Misconception(
            "a batch of one image dropped",
            lambda model, x: model(x).detach().softmax(1).squeeze(),
            says="One image is a batch of one: the result is (1, 10). squeeze takes that dimension away.",
        ),
        Misconception(
            "exp of large logits",
            lambda model, x: model(x).detach().exp() / model(x).detach().exp().sum(1, keepdim=True),
            says="exp of a large logit is infinite, and infinity by infinity is no number. softmax takes the largest away first.",
        ),
        Misconception(
            "graph kept",
            lambda model, x: model(x).softmax(1),
            says="Nobody goes backward from a prediction. torch.no_grad() keeps the graph from being built.",
        ),
        Misconception(
            "leaves the model in eval mode",
            _left_in_eval,
            says="Whoever trains on afterwards finds dropout off. Put the mode back as it was.",
        ),
        Misconception(
            "leaves the model in training mode",
            _left_in_train,
            says="The model may have come in eval mode. Put the mode back as it was.",
        ),
        Misconception(
            "gradients left off for everybody",
            _grad_mode_left_off,
            says="torch.set_grad_enabled(False) stays after the function. A with block ends.",
        ),
        Misconception(
            "gradients switched on for everybody",
            _grad_mode_switched_on,
            says="Whoever calls may have switched gradients off. A with block puts back what was there; set_grad_enabled(True) does not.",
        ),
    ],
    space=_SPACE,
)
