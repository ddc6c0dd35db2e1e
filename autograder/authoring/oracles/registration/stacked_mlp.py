"""Chapter 06, `stacked_mlp`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.space import FLOATS, LAYOUTS, Chosen, Space, fits
from autograder.observing.case import Case

__all__ = ["STACKED_MLP", "StackedMLP"]


class StackedMLP(nn.Module):
    """``x (N, widths[0])`` to ``(N, widths[-1])``."""

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.layers = self.keep(self.made(widths))

    def made(self, widths: Sequence[int]) -> list[nn.Linear]:
        """A layer from each width to the next."""
        return [nn.Linear(a, b) for a, b in pairwise(widths)]

    def keep(self, layers: list[nn.Linear]) -> Any:
        """Where the layers lie."""
        return nn.ModuleList(layers)

    def between(self, hidden: Tensor) -> Tensor:
        """What is between two layers."""
        return F.relu(hidden)

    def after(self, out: Tensor) -> Tensor:
        """What is after the last one."""
        return out

    def forward(self, x: Tensor) -> Tensor:
        """Layer by layer."""
        for number, layer in enumerate(self.layers):
            x = layer(x if number == 0 else self.between(x))
        return self.after(x)


def _networks(make: CaseMaker) -> list[Case]:
    a, b, c, d, e = make.sizes(5, 2, 7)
    single = torch.float32

    def case(name: str, batch: int, *widths: int, dtype: torch.dtype = torch.float64, scattered: bool = False) -> Case:
        x = make.normal(batch, widths[0], dtype=dtype)
        tensors = {}
        for number, (features, outputs) in enumerate(pairwise(widths)):
            tensors[f"weight {number}"] = make.normal(outputs, features, dtype=dtype)
            tensors[f"bias {number}"] = make.normal(outputs, dtype=dtype)
        return make.case(
            name,
            widths=widths,
            x=make.scattered(x) if scattered else x,
            tensors=tensors,
            leaves="" if _repeats(widths) else "x",
            shown=f"StackedMLP({widths}), weights and biases put in;  x {str(dtype)[6:]} {tuple(x.shape)}",
        )

    return [
        case("three widths", 4, 2, 3, 1),
        case("two widths: one layer", 3, a, b),
        case("five widths", 5, c, a, e, b, d),
        case("one row, float32", 1, b, d, a, c, dtype=single),
        case("a width twice", 4, a, c, c, b),
        case("a width of one", 6, c, 1, d),
        case("all widths the same", 3, b, b, b),
        case("a width three times", 2, d, e, e, e, a, dtype=single),
        case("eight widths", 2, a, b, d, c, e, b + 5, a + 6, d + 7),
        case("not contiguous", 4, e, b, c, scattered=True),
        case("two widths, both one", 2, 1, 1),
    ]


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    tensors = {}
    for number, (features, outputs) in enumerate(pairwise(one.widths)):
        tensors[f"weight {number}"] = make.drawn(outputs, features, dtype=one.dtype)
        tensors[f"bias {number}"] = make.drawn(outputs, dtype=one.dtype)
    x = (one.rows, one.widths[0])
    return make.case(
        widths=one.widths,
        x=make.drawn(*x, layout=one.x_layout, dtype=one.dtype),
        tensors=tensors,
        leaves="" if _repeats(one.widths) else "x",
        shown=f"StackedMLP({one.widths}), its tensors put in{', in eval mode' if one.mode == 'eval' else ''};  "
        f"x {str(one.dtype)[6:]} {x}, in memory: {one.x_layout}",
        training=one.mode == "training",
    )


def _repeats(widths: tuple[int, ...]) -> bool:
    """Whether two tensors have the same shape: which layer is which is then the answer's own affair."""
    shapes = [*pairwise(widths), *widths[1:]]
    return len(set(shapes)) < len(shapes)


_SPACE = Space(
    _drawn,
    widths=(
        *((1, 1), (3, 2), (1, 4), (2, 1, 3), (3, 3, 3), (2, 5, 3, 4), (2, 4, 4, 3)),
        *((7, 6, 5, 4, 3, 2, 1), (2, 3, 1, 4, 6, 5, 8, 7, 9)),
    ),
    rows=(1, 2, 5),
    x_layout=LAYOUTS,
    dtype=FLOATS,
    mode=("training", "eval"),
    within=lambda one: fits(one.x_layout, (one.rows, one.widths[0])),
    traits={
        "there is one layer only": lambda one: len(one.widths) == 2,
        "a width comes twice in a row": lambda one: any(a == b for a, b in pairwise(one.widths)),
    },
    words={
        "widths": "the widths are {}",
        "rows": "the number of rows of x is {}",
        "x_layout": "x lies in memory like this: {}",
        "mode": "the network is in {} mode",
    },
)


def _but(**methods: Any) -> type[nn.Module]:
    return type("Wrong", (StackedMLP,), methods)


def _shared(self: Any, layers: list[nn.Linear]) -> nn.ModuleList:
    """For each size of layer, the first one of that size in all places."""
    first: dict[tuple[int, ...], nn.Linear] = {}
    return nn.ModuleList([first.setdefault(tuple(layer.weight.shape), layer) for layer in layers])


def _relu_first(self: Any, x: Tensor) -> Tensor:
    for layer in self.layers:
        x = layer(F.relu(x))
    return x


def _only_first(self: Any, x: Tensor) -> Tensor:
    x = F.relu(self.layers[0](x)) if len(self.layers) > 1 else self.layers[0](x)
    for layer in self.layers[1:]:
        x = layer(x)
    return x


class _MadeInForward(nn.Module):
    def __init__(self, widths: Any) -> None:
        super().__init__()
        self.widths = widths

    def forward(self, x: Tensor) -> Tensor:
        return StackedMLP(self.widths).to(x)(x)


def _one_for_all_between(self: Any, widths: Sequence[int]) -> list[nn.Linear]:
    """``[layer] * n`` for those that are neither first nor last."""
    layers = StackedMLP.made(self, widths)
    return [*layers[:1], *[nn.Linear(widths[1], widths[1])] * (len(layers) - 2), *layers[1:][-1:]]


STACKED_MLP = Oracle(
    "stacked_mlp",
    StackedMLP,
    _networks,
    [
        Misconception(
            "Python list",
            _but(keep=lambda self, layers: layers),
            _but(keep=lambda self, layers: tuple(layers)),
            _but(keep=lambda self, layers: dict(enumerate(layers))),
            says="A Python list, a tuple or a dictionary is no module, so none of the layers in it is registered: no state_dict, "
            "no optimiser and no .to finds them. nn.ModuleList is a list that registers.",
        ),
        Misconception(
            "ReLU after the last",
            _but(after=lambda self, out: F.relu(out)),
            says="The last layer gives the result, which may be negative. ReLU stands between layers only.",
        ),
        Misconception(
            "one layer shared",
            _but(keep=_shared),
            _but(made=lambda self, widths: [nn.Linear(*widths[:2])] * (len(widths) - 1)),
            _but(made=_one_for_all_between),
            says="[layer] * 2 is one layer in two places. Each layer has weights of its own, also where two widths are equal.",
        ),
        Misconception(
            "equal widths taken once",
            _but(made=lambda self, widths: [nn.Linear(*pair) for pair in dict.fromkeys(pairwise(widths))]),
            says="Between every two widths stands a layer, also where the same two widths come again. A set or a dict keeps each "
            "pair only once.",
        ),
        Misconception(
            "layers made in forward",
            _MadeInForward,
            says="A layer made in forward is new, with new random weights, at every call. Make layers in __init__.",
        ),
        Misconception(
            "another nonlinearity",
            _but(between=lambda self, hidden: torch.sigmoid(hidden)),
            _but(between=lambda self, hidden: torch.tanh(hidden)),
            _but(between=lambda self, hidden: F.leaky_relu(hidden)),
            _but(between=lambda self, hidden: F.gelu(hidden)),
            says="Asked for is ReLU: what is negative becomes 0, what is positive stays as it is.",
        ),
        Misconception(
            "gradient lost",
            _but(after=lambda self, out: out.detach()),
            _but(forward=lambda self, x: StackedMLP.forward(self, x.detach())),
            says="detach, .data and torch.no_grad cut the graph: what stands before them gets no gradient, and is not trained.",
        ),
        Misconception(
            "dimensions of size 1 dropped",
            _but(after=lambda self, out: out.squeeze()),
            says="squeeze drops dimensions of size 1. One row, one number: each keeps its dimension.",
        ),
        Misconception(
            "no biases",
            _but(made=lambda self, widths: [nn.Linear(a, b, bias=False) for a, b in pairwise(widths)]),
            says="nn.Linear has a bias unless it is told otherwise, and each layer here has one.",
        ),
        Misconception(
            "the last layer forgotten",
            _but(made=lambda self, widths: StackedMLP.made(self, widths[:-1])),
            says="n widths make n − 1 layers: one for each pair of neighbours, the last pair too.",
        ),
        Misconception(
            "inputs and outputs swapped",
            _but(made=lambda self, widths: [nn.Linear(b, a) for a, b in pairwise(widths)]),
            says="nn.Linear takes in_features first, then out_features: from one width to the next.",
        ),
        Misconception(
            "ReLU missing",
            _but(between=lambda self, hidden: hidden),
            says="Without a nonlinearity between them, several linear layers are one linear layer.",
        ),
        Misconception(
            "ReLU before the first",
            _but(forward=_relu_first),
            says="The first layer sees x as it is, negative numbers too. ReLU stands between two layers.",
        ),
        Misconception(
            "ReLU once only",
            _but(forward=_only_first),
            says="There is a ReLU between every two layers, not only behind the first.",
        ),
        Misconception(
            "softmax at the end",
            _but(after=lambda self, out: out.softmax(-1)),
            says="Asked for is what the last linear layer gives, as it is.",
        ),
    ],
    space=_SPACE,
)
