"""Chapter 09, `symmetric_linear`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.shining.attention import GRADIENT_LOST
from autograder.authoring.oracles.shining.happening import HAPPENS, shown_after
from autograder.authoring.oracles.shining.no_parameters import IN_FLOAT64, NO_PARAMETER, in_float64, no_parameters
from autograder.authoring.space import FLOATS, LAYOUTS, Chosen, Space, absent, fits
from autograder.observing.case import Case

__all__ = ["SYMMETRIC_LINEAR"]


def _mirrored(weight: Tensor) -> Tensor:
    return weight.triu() + weight.triu(1).mT


class SymmetricLinear(nn.Module):
    """``(…, features)`` to ``(…, features)``, by the upper triangle of a weight, mirrored."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(features, features))
        self.bias = nn.Parameter(torch.randn(features))

    def forward(self, x: Tensor) -> Tensor:
        """The symmetric weight is computed in every call."""
        return F.linear(x, _mirrored(self.weight), self.bias)


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    size = (*one.front, one.features)
    return make.case(
        features=one.features,
        x=make.drawn(*size, layout=one.layout, dtype=one.dtype),
        weight=make.drawn(one.features, one.features, dtype=one.dtype),
        bias=make.drawn(one.features, dtype=one.dtype),
        leaves=one.leaves,
        shown=shown_after(
            f"SymmetricLinear({one.features})", f"{str(one.dtype)[6:]} {size}", one.after, one.mode, one.leaves
        ),
        training=one.mode == "training",
        **one.given("after"),
        **_asks(one.features),
    )


def _asks(features: int) -> dict[str, str]:
    """A single number is symmetric whatever is done to it: that counts by itself."""
    return {"asks": "one feature"} if features == 1 else {}


_SPACE = Space(
    _drawn,
    front=((), (1,), (3,), (2, 1), (2, 3), (1, 2, 2)),
    features=(1, 2, 3, 6),
    layout=LAYOUTS,
    dtype=FLOATS,
    leaves=("", "x"),
    after=(absent, *HAPPENS),
    mode=("training", "eval"),
    within=(
        lambda one: not one.leaves or one.after == absent,  # what has happened counts for an aspect of its own
        lambda one: fits(one.layout, (*one.front, one.features)),
        lambda one: one.after not in ("double", "step") or one.dtype == torch.float64,
    ),
    words={
        "front": "the dimensions of x before the last are {}",
        "features": "features is {}",
        "layout": "x lies in memory like this: {}",
        "leaves": "gradients are asked for {}",
        "after": "what happens before is: {}",
        "mode": "the module is in {} mode",
    },
)


def _rows(make: CaseMaker) -> list[Case]:
    n, features, more, length = make.sizes(4, 2, 7)

    def case(name: str, size: tuple[int, ...], *, after: str = "", dtype: torch.dtype = torch.float64,
             scattered: bool = False, weight: Tensor | None = None, leaves: str = "") -> Case:  # fmt: skip
        features, x = size[-1], make.normal(*size, dtype=dtype)
        shown = shown_after(f"SymmetricLinear({features})", f"{str(dtype)[6:]} {tuple(x.shape)}", after, leaves=leaves)
        return make.case(
            name,
            features=features,
            x=make.scattered(x) if scattered else x,
            weight=make.normal(features, features, dtype=dtype) if weight is None else weight,
            bias=make.normal(features, dtype=dtype),
            leaves=leaves,
            shown=shown,
            **({"after": after} if after else {}),
            **_asks(features),
        )

    return [
        case("two features", (1, 2), weight=torch.tensor([[1.0, 2.0], [77.0, 3.0]], dtype=torch.float64), leaves="x"),
        case("a few rows", (n, features), leaves="x"),
        case("as many rows as features", (more, more)),
        case("one feature", (n, 1)),
        case("one vector", (features,)),
        case("three dimensions", (n, length, features), leaves="x"),
        case("not contiguous", (n, more), scattered=True),
        case("float32", (n, features), dtype=torch.float32, leaves="x"),
        case("after .double()", (n, more), after="double"),
        case("after other tensors were loaded", (n, features), after="loaded"),
        case("after a step", (n, features), after="step"),
    ]


def _by(symmetric: Callable[[Tensor], Tensor]) -> type[nn.Module]:
    """A layer whose weight is made another way."""

    def forward(self: SymmetricLinear, x: Tensor) -> Tensor:
        return F.linear(x, symmetric(self.weight), self.bias)

    return type("Wrong", (SymmetricLinear,), {"forward": forward})


class _StartsSymmetric(SymmetricLinear):
    def __init__(self, features: int) -> None:
        super().__init__(features)
        self.weight = nn.Parameter(_mirrored(self.weight.detach()))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)


class _Once(SymmetricLinear):
    def __init__(self, features: int) -> None:
        super().__init__(features)
        self.symmetric = self._made()

    def _made(self) -> Any:
        return _mirrored(self.weight.detach())

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.symmetric.to(x.dtype), self.bias)


class _GraphOnce(_Once):
    def _made(self) -> Any:
        return _mirrored(self.weight)


def _in_its_dtype(kind: type[_Once]) -> type[nn.Module]:
    """The same, but what was made in ``__init__`` keeps the dtype of that time."""
    return type("Once", (kind,), {"forward": lambda self, x: F.linear(x, self.symmetric, self.bias)})


class _AtTheFirstCall(SymmetricLinear):
    symmetric: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        if self.symmetric is None:
            self.symmetric = _mirrored(self.weight)
        return F.linear(x, self.symmetric.to(x.dtype), self.bias)


class _WrittenBack(SymmetricLinear):
    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            self.weight.copy_(_mirrored(self.weight))
        return F.linear(x, self.weight, self.bias)


class _Function(nn.Module):
    def forward(self, weight: Tensor) -> Tensor:
        return _mirrored(weight)


def _parametrized(features: int) -> nn.Module:
    layer = nn.Linear(features, features)
    parametrize.register_parametrization(layer, "weight", _Function())
    return layer


class _Saved(SymmetricLinear):
    def __init__(self, features: int) -> None:
        super().__init__(features)
        self.register_buffer("upper", torch.ones(features, features).triu())


def _changed(change: Callable[[Tensor], Tensor]) -> type[nn.Module]:
    return type("Wrong", (SymmetricLinear,), {"forward": lambda self, x: change(SymmetricLinear.forward(self, x))})


class _ByMm(SymmetricLinear):
    def forward(self, x: Tensor) -> Tensor:
        return torch.mm(x, _mirrored(self.weight)) + self.bias


class _AnewInForward(SymmetricLinear):
    def forward(self, x: Tensor) -> Tensor:
        self.weight = nn.Parameter(_mirrored(self.weight))
        return F.linear(x, self.weight, self.bias)


SYMMETRIC_LINEAR = Oracle(
    "symmetric_linear",
    SymmetricLinear,
    _rows,
    [
        Misconception(
            "made symmetric once, in __init__",
            _StartsSymmetric,
            _Once,
            _GraphOnce,
            *map(_in_its_dtype, (_Once, _GraphOnce)),
            says="What is made in __init__ knows nothing of a step, a loaded state_dict or .double() that come later. "
            "Compute S in forward, from the weight that is there then.",
        ),
        Misconception(
            "made symmetric at the first call",
            _AtTheFirstCall,
            says="What the first call has computed is old after a step, a loaded state_dict or .double(). Compute S in every call.",
        ),
        Misconception(
            "the mean of both triangles",
            _by(lambda weight: (weight + weight.mT) / 2),
            says="That is symmetric, too, but another matrix. S has the upper triangle of weight; what is below the diagonal is not used.",
        ),
        Misconception(
            "the sum of both triangles",
            _by(lambda weight: weight + weight.mT),
            says="S has the upper triangle of weight, as it is; what is below the diagonal is not used.",
        ),
        Misconception(
            "the diagonal doubled",
            _by(lambda weight: weight.triu() + weight.triu().mT),
            says="Both triu() have the diagonal, so that it counts twice. Mirror what is strictly above it: triu(1).",
        ),
        Misconception(
            "the diagonal left out",
            _by(lambda weight: weight.triu(1) + weight.triu(1).mT),
            says="triu(1) is what is strictly above the diagonal. The diagonal belongs to S, once.",
        ),
        Misconception(
            "a product with its transpose",
            _by(lambda weight: weight @ weight.mT),
            _by(lambda weight: weight * weight.mT),
            says="That is symmetric, too, but another matrix. S has the upper triangle of weight, number by number.",
        ),
        Misconception(
            "halved",
            _by(lambda weight: (weight.triu() + weight.triu().mT) / 2),
            says="Half of it is right on the diagonal alone. Above it stands the weight as it is, and below its mirror image.",
        ),
        Misconception(
            "ones on the diagonal",
            _by(lambda weight: weight.triu(1) + weight.triu(1).mT + torch.eye(len(weight), dtype=weight.dtype)),
            says="The diagonal of weight belongs to S, as it is.",
        ),
        Misconception(
            "two dimensions only",
            _ByMm,
            says="mm takes matrices alone. x is (…, features): @ and F.linear take any dimensions in front.",
        ),
        Misconception(
            "a Parameter made in forward",
            _AnewInForward,
            says="nn.Parameter(…) makes a new leaf: the gradient ends there, and the weight that was given never learns. "
            "S is a plain result.",
        ),
        Misconception(
            "dtype of the input lost",
            _changed(lambda out: out.float()),
            says="What comes back has the dtype of x and the weight: leave out float().",
        ),
        Misconception(
            "the lower triangle",
            _by(lambda weight: weight.tril() + weight.tril(-1).mT),
            says="tril is the lower triangle. S has the upper one, and its mirror image below.",
        ),
        Misconception(
            "not mirrored",
            _by(lambda weight: weight.triu()),
            _by(lambda weight: weight),
            says="S has to be symmetric: below the diagonal stands the mirror image of what is above it.",
        ),
        Misconception(
            "weight overwritten in forward",
            _WrittenBack,
            says="forward writes into the Parameter, and its gradient is then one of S, not of the triangle that S is made of. "
            "Leave the weight as it is and compute S beside it.",
        ),
        Misconception(
            "bias forgotten",
            type("Wrong", (SymmetricLinear,), {"forward": lambda self, x: F.linear(x, _mirrored(self.weight))}),
            says="F.linear gets the bias, too.",
        ),
        Misconception(
            "made in float64",
            in_float64(SymmetricLinear),
            in_float64(SymmetricLinear, "weight"),
            says=IN_FLOAT64,
        ),
        Misconception(
            "a tensor that is no Parameter",
            no_parameters(SymmetricLinear, "weight", "bias"),
            no_parameters(SymmetricLinear, "bias"),
            no_parameters(SymmetricLinear, "bias", keep=nn.Module.register_buffer),
            says=NO_PARAMETER,
        ),
        Misconception(
            "other names",
            _parametrized,
            says="The state_dict holds weight and bias, by these names. parametrize moves the weight to "
            "parametrizations.weight.original: good for a layer that exists, not here.",
        ),
        Misconception(
            "something else in the state_dict",
            _Saved,
            says="The state_dict holds weight and bias and nothing else. A mask that can be computed again need not be saved: "
            "persistent=False, or make it in forward.",
        ),
        Misconception(
            "gradient lost",
            _by(lambda weight: _mirrored(weight.detach())),
            _changed(lambda out: out.detach()),
            says=GRADIENT_LOST,
        ),
    ],
    space=_SPACE,
)
