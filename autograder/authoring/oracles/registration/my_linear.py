"""Chapter 06, `my_linear`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.registration.layer_spaces import LINEAR_SPACE
from autograder.authoring.oracles.registration.layers import Layer, but, in_common, layer_case, start_case
from autograder.observing.case import Case

__all__ = ["MY_LINEAR", "MyLinear"]


class MyLinear(Layer):
    """``x (…, in_features)`` to ``(…, out_features)``."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__()
        self.build((out_features, in_features), in_features, bias)

    def sums(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """As ``F.linear`` does them."""
        return F.linear(x, weight, bias)


def _layers(make: CaseMaker) -> list[Case]:
    n, m, a, b = make.sizes(4, 2, 6)

    def case(name: str, x: Tensor, outputs: int, **bias: bool) -> Case:
        features = x.shape[-1]
        words = ", ".join([f"MyLinear({features}, {outputs}", *(f"bias={said}" for said in bias.values())]) + ")"
        sizes = {"in_features": features, "out_features": outputs, **bias}
        return layer_case(make, name, x, sizes, (outputs, features), words)

    def start(features: int, outputs: int, **bias: bool) -> Case:
        sizes: dict[str, Any] = {"in_features": features, "out_features": outputs, **bias}
        words = f"MyLinear({features}, {outputs}{', bias=False' if bias else ''})"
        bounds = {
            "1/√in_features": features**-0.5,
            "1/√out_features": outputs**-0.5,
            "1/in_features": 1 / features,
            "1": 1.0,
        }
        return start_case(make, f"{features} features, {outputs} outputs", sizes, bounds, words)

    single = torch.float32
    return [
        case("one row, two features", torch.tensor([[1.0, 2.0]]), 3),
        case("without a bias", torch.tensor([[1.0, 2.0]]), 3, bias=False),
        case("as many outputs as features", make.normal(n, a), a),
        case("as many rows as outputs", make.normal(b, a), b, bias=True),
        case("one feature, one output", make.normal(m, 1), 1),
        case("one feature, without a bias", make.normal(m, 1), b, bias=False),
        case("two dimensions in front", make.normal(n, m, a), b),
        case("four dimensions in front, some of size one", make.normal(1, m, 1, n, a), b),
        case("one vector", make.normal(a), b),
        case("one vector, without a bias, one output", make.normal(b, dtype=single), 1, bias=False),
        case("not contiguous, with an offset", make.scattered(make.normal(n, a)), b),
        case("float32, not contiguous, without a bias", make.scattered(make.normal(n, b, dtype=single)), a, bias=False),
        case("no rows", make.normal(0, a), b),
        start(9, 30),
        start(30, 9),
        start(20, 8, bias=False),
    ]


MY_LINEAR = Oracle(
    "my_linear",
    MyLinear,
    _layers,
    [
        *in_common(MyLinear, "nn.Linear"),
        Misconception(
            "bounds by the number of outputs",
            but(MyLinear, bound=lambda self, size, fan_in: size[0] ** -0.5),
            says="An output sums up in_features products. How many outputs there are does not matter to any of them.",
        ),
        Misconception(
            "divided by fan_in, not by its root",
            but(MyLinear, bound=lambda self, size, fan_in: 1 / fan_in),
            says="A sum of n random numbers grows with √n. The bound is 1/√in_features.",
        ),
        Misconception(
            "bias never",
            but(MyLinear, asked=lambda self, bias: False),
            says="Unless bias=False is said, there is a bias.",
        ),
        Misconception(
            "bias kept, and never added",
            but(MyLinear, forward=lambda self, x: F.linear(x, self.weight)),
            says="F.linear takes the bias as its third argument; without it, there is none in the sum.",
        ),
        Misconception(
            "weight not transposed",
            but(MyLinear, forward=lambda self, x: x @ self.weight + (0 if self.bias is None else self.bias)),
            says="The weight is stored (out, in). A product with x (…, in) needs its transpose. With a square weight nothing "
            "complains.",
        ),
        Misconception(
            "bias taken for granted",
            but(MyLinear, forward=lambda self, x: x @ self.weight.T + self.bias),
            says="With bias=False, self.bias is None, and None cannot be added. Ask first whether there is one.",
        ),
        Misconception(
            "dimensions of size 1 dropped",
            but(MyLinear, forward=lambda self, x: F.linear(x, self.weight, self.bias).squeeze()),
            says="squeeze drops dimensions of size 1. One row, one output: each keeps its dimension.",
        ),
        Misconception(
            "two dimensions only",
            but(MyLinear, forward=lambda self, x: _by_mm(x, self.weight, self.bias)),
            says="mm and addmm take matrices alone. x is (…, in_features): @ and F.linear take any dimensions in front.",
        ),
        Misconception(
            "weight kept as (in, out)",
            but(
                MyLinear,
                __init__=lambda self, in_features, out_features, bias=True: _turned(
                    self, in_features, out_features, bias
                ),
                forward=lambda self, x: x @ self.weight + (0 if self.bias is None else self.bias),
            ),
            says="nn.Linear keeps its weight as (out_features, in_features). A state_dict fits by size as well as by name.",
        ),
    ],
    space=LINEAR_SPACE,
)


def _by_mm(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    out = torch.mm(x, weight.T)
    return out if bias is None else out + bias


def _turned(self: Any, in_features: int, out_features: int, bias: bool) -> None:
    Layer.__init__(self)
    self.build((out_features, in_features), in_features, bias)
    self.weight = torch.nn.Parameter(self.weight.detach().T.contiguous())
