"""Chapter 04, `linear`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.space import (
    FLOATS,
    GRADS,
    LAYOUTS,
    NO_GRAD_WORDS,
    Chosen,
    Space,
    absent,
    computed,
    fits,
    plain,
)
from autograder.observing.case import Case

__all__ = ["LINEAR"]


def _products(make: CaseMaker) -> list[Case]:
    n, m, a, b = make.sizes(4, 2, 7)
    square: dict[str, Any] = {"x": make.normal(n, a), "weight": make.normal(a, a)}
    return [
        make.case(
            "one row, two features",
            x=torch.tensor([[1.0, 2.0]]),
            weight=torch.tensor([[1.0, 2.0], [3.0, 4.0]]),
        ),
        make.case(
            "with a bias",
            x=torch.tensor([[1.0, 2.0]]),
            weight=torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]),
            bias=torch.tensor([10.0, 20.0, 30.0]),
        ),
        make.case("square weight", **square, bias=make.normal(a), leaves="x weight bias"),
        make.case("no bias", **square, leaves="x weight"),
        make.case(
            "a bias of zeros",
            x=make.normal(n, a),
            weight=make.normal(b, a),
            bias=torch.zeros(b, dtype=torch.float64),
            leaves="x weight bias",
        ),
        make.case("bias=None said", x=make.normal(1, a), weight=make.normal(b, a), bias=None, leaves="x weight"),
        make.case(
            "as many rows as outputs",
            x=make.normal(a, b),
            weight=make.normal(a, b),
            bias=make.normal(a),
            leaves="x bias",
        ),
        make.case(
            "two dimensions in front",
            x=make.normal(n, m, a),
            weight=make.normal(b, a),
            bias=make.normal(b),
            leaves="x weight bias",
        ),
        make.case(
            "one vector", x=make.normal(a), weight=make.normal(b, a), bias=make.normal(b), leaves="x weight bias"
        ),
        make.case(
            "not contiguous, with offsets",
            x=make.scattered(make.normal(n, a)),
            weight=make.scattered(make.normal(b, a), offset=3),
            bias=make.normal(b),
            leaves="x weight bias",
        ),
        make.case(
            "float32",
            x=make.normal(n, a, dtype=torch.float32),
            weight=make.normal(b, a, dtype=torch.float32),
            bias=make.normal(b, dtype=torch.float32),
            leaves="x weight bias",
        ),
        make.case(
            "asked before, of other numbers",
            x=torch.tensor([[1.0, 2.0, 3.0]]),
            weight=torch.tensor([[1.0, -2.0, 1.0], [3.0, 0.0, -1.0]]),
            bias=torch.tensor([10.0, 20.0]),
            asked_before=True,
        ),
    ]


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    inputs: dict[str, Any] = {
        "x": make.drawn(*one.front, one.features, layout=one.x_layout, scale=one.scale, dtype=one.dtype),
        "weight": make.drawn(one.outputs, one.features, layout=one.weight_layout, dtype=one.dtype),
    }
    if 0 in one.front:  # any answer of the right size has its values: there are none
        inputs["aspect"] = "empty batch"
    leaves = one.leaves
    if one.bias in GRADS:
        inputs["bias"] = make.drawn(one.outputs, dtype=one.dtype)
        leaves += "" if one.bias == plain else " bias"
    elif one.bias is None:
        inputs["bias"] = None
    return make.case(leaves=leaves, computed="bias" if one.bias == computed else "", **inputs, **one.flags("no_grad"))


_SPACE = Space(
    _drawn,
    front=((), (1,), (3,), (0,), (2, 1), (1, 3), (2, 3, 2), (2, 1, 3, 2)),
    features=(1, 2, 5),
    outputs=(1, 2, 4),
    bias=(absent, None, *GRADS),
    x_layout=LAYOUTS,
    weight_layout=LAYOUTS,
    scale=(1.0, 100.0),
    dtype=FLOATS,
    leaves=("", "x", "weight", "x weight"),
    no_grad=(False, True),
    within=(
        lambda one: fits(one.x_layout, (*one.front, one.features)),
        lambda one: fits(one.weight_layout, (one.outputs, one.features)),
        lambda one: not one.no_grad or (not one.leaves and one.bias in (absent, None, plain)),
    ),
    traits={
        "the weight is square": lambda one: one.outputs == one.features,
        "there are as many rows as outputs": lambda one: len(one.front) > 0 and one.front[-1] == one.outputs,
    },
    words={
        "front": "the dimensions of x before the last are {}",
        "bias": "the bias is {}",
        "features": "the number of features is {}",
        "outputs": "the number of outputs is {}",
        "x_layout": "x lies in memory like this: {}",
        "weight_layout": "the weight lies in memory like this: {}",
        "scale": "the numbers of x are spread by {}",
        "leaves": "gradients are asked for {}",
        **NO_GRAD_WORDS,
    },
)


def _added(out: Tensor, bias: Tensor | None) -> Tensor:
    return out if bias is None else out + bias


def _turned_in_place(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return _added(x @ weight.t_(), bias)


def _wrong_axis(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    out = x @ weight.T
    return out if bias is None else out + bias.unsqueeze(-1)


LINEAR = Oracle(
    "linear",
    F.linear,
    _products,
    [
        Misconception(
            "weight not transposed",
            lambda x, weight, bias=None: _added(x @ weight, bias),
            lambda x, weight, bias=None: _added(torch.mm(x, weight), bias),
            says="The weight is stored (out, in). A product with x (…, in) needs its transpose. "
            "With a square weight nothing complains, and the numbers are wrong.",
        ),
        Misconception(
            "weight reshaped, not transposed",
            lambda x, weight, bias=None: _added(x @ weight.reshape(weight.shape[1], weight.shape[0]), bias),
            says="reshape keeps the order in memory and only cuts it anew. A transpose swaps rows and columns.",
        ),
        Misconception(
            "bias forgotten",
            lambda x, weight, bias=None: x @ weight.T,
            says="Where a bias is given it is added to every row.",
        ),
        Misconception(
            "bias added along the wrong axis",
            _wrong_axis,
            lambda x, weight, bias=None: x @ weight.T if bias is None else x @ weight.T + bias[:, None],
            lambda x, weight, bias=None: x @ weight.T if bias is None else x @ weight.T + bias.view(-1, 1),
            lambda x, weight, bias=None: _added(weight @ x.mT, bias).mT,
            says="The bias has one number an output. It belongs to the last dimension, which broadcasting does by itself.",
        ),
        Misconception(
            "bias added to x",
            lambda x, weight, bias=None: (x if bias is None else x + bias) @ weight.T,
            says="The bias has as many numbers as there are outputs, and is added to the result, not to x. With a square weight "
            "nothing complains.",
        ),
        Misconception(
            "weight transposed in place",
            _turned_in_place,
            says="t_() turns the very tensor that you were given, for everybody who holds it. weight.T is a view, and leaves it.",
        ),
        Misconception(
            "bias subtracted",
            lambda x, weight, bias=None: x @ weight.T if bias is None else x @ weight.T - bias,
            says="The bias is added.",
        ),
        Misconception(
            "gradient lost",
            lambda x, weight, bias=None: _added(x @ weight.T, bias).detach(),
            lambda x, weight, bias=None: _added(x.detach() @ weight.T, bias),
            lambda x, weight, bias=None: _added(x @ weight.detach().T, bias),
            lambda x, weight, bias=None: _added(x.detach() @ weight.detach().T, bias),
            lambda x, weight, bias=None: _added(x @ weight.T, None if bias is None else bias.detach()),
            lambda x, weight, bias=None: _added(x @ weight.detach().T, None if bias is None else bias.detach()),
            says="detach, .data, item and torch.tensor cut the graph: no gradient comes back through them, "
            "neither to x nor to weight and bias.",
        ),
        Misconception(
            "weight times x",
            lambda x, weight, bias=None: _added(weight @ x, bias),
            lambda x, weight, bias=None: _added(weight @ x.T, bias),
            lambda x, weight, bias=None: weight @ x.T if bias is None else weight @ x.T + bias[:, None],
            says="With the weight in front the result lies on its side, (out, N). Rows of x come first: "
            "x @ weight.T is (N, out).",
        ),
        Misconception(
            "two dimensions only",
            lambda x, weight, bias=None: _added(torch.mm(x, weight.T), bias),
            lambda x, weight, bias=None: _added(x[0] @ weight.T, bias),
            says="x may have any number of dimensions before the last, none among them. mm knows matrices only; @ knows all.",
        ),
        Misconception(
            "dimensions in front flattened",
            lambda x, weight, bias=None: _added(x.reshape(-1, x.shape[-1]) @ weight.T, bias),
            lambda x, weight, bias=None: _added(x.flatten(1) @ weight.T, bias),
            says="What stands before the last dimension of x stays as it is: (2, 3, in) becomes (2, 3, out).",
        ),
        Misconception(
            "dimensions of size 1 dropped",
            lambda x, weight, bias=None: _added(x @ weight.T, bias).squeeze(),
            lambda x, weight, bias=None: _added(x @ weight.T, bias).squeeze(0),
            lambda x, weight, bias=None: _added(x @ weight.T, bias).squeeze(-1),
            says="squeeze drops every dimension of size 1. A batch of one row is a batch, and one output is an output.",
        ),
        Misconception(
            "bias taken for granted",
            lambda x, weight, bias: x @ weight.T + bias,
            lambda x, weight, bias=None: x @ weight.T + bias,
            says="bias may be left out, and may be None: then nothing is added.",
        ),
        Misconception(
            "asked whether the bias is true",
            lambda x, weight, bias=None: x @ weight.T + bias if bias else x @ weight.T,
            lambda x, weight, bias=None: x @ weight.T + (bias or 0),
            says="A tensor of several numbers is neither true nor false. Ask whether bias is None.",
        ),
        Misconception(
            "products not summed",
            lambda x, weight, bias=None: _added(x * weight, bias),
            lambda x, weight, bias=None: x.unsqueeze(-2) * weight,
            says="* multiplies number by number. A matrix product sums over the features: @.",
        ),
        Misconception(
            "bias added twice",
            lambda x, weight, bias=None: _added(_added(x @ weight.T, bias), bias),
            says="The bias is added once.",
        ),
        Misconception(
            "mean for sum",
            lambda x, weight, bias=None: _added(x @ weight.T / weight.shape[1], bias),
            says="The products are summed over the features, not averaged.",
        ),
        Misconception(
            "one bias for all outputs",
            lambda x, weight, bias=None: _added(x @ weight.T, None if bias is None else bias.sum()),
            lambda x, weight, bias=None: _added(x @ weight.T, None if bias is None else bias.mean()),
            lambda x, weight, bias=None: _added(x @ weight.T, None if bias is None else bias[0]),
            says="Each output has a number of its own in the bias.",
        ),
        Misconception(
            "dtype of the input lost",
            lambda x, weight, bias=None: _added(x @ weight.T, bias).float(),
            lambda x, weight, bias=None: _added(x.float() @ weight.float().T, None if bias is None else bias.float()),
            says="The result has x's dtype. float() and torch.zeros make float32.",
        ),
    ],
    space=_SPACE,
)
