"""Chapter 09, `tied_autoencoder`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.shining.attention import GRADIENT_LOST
from autograder.authoring.oracles.shining.happening import HAPPENS, shown_after
from autograder.authoring.oracles.shining.no_parameters import IN_FLOAT64, NO_PARAMETER, in_float64, no_parameters
from autograder.authoring.space import FLOATS, LAYOUTS, Chosen, Space, absent, fits
from autograder.observing.case import Case

__all__ = ["TIED_AUTOENCODER"]


class TiedAutoencoder(nn.Module):
    """``(N, features)`` to a code ``(N, hidden)`` and back, both with one weight."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(hidden, features))
        self.encoder_bias = nn.Parameter(torch.randn(hidden))
        self.decoder_bias = nn.Parameter(torch.randn(features))

    def encode(self, x: Tensor) -> Tensor:
        """``(N, features)`` to ``(N, hidden)``."""
        return F.linear(x, self.weight, self.encoder_bias)

    def decode(self, code: Tensor) -> Tensor:
        """``(N, hidden)`` to ``(N, features)``."""
        return F.linear(code, self.weight.T, self.decoder_bias)

    def forward(self, x: Tensor) -> Tensor:
        """There and back."""
        return self.decode(self.encode(x))


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    size = (one.rows, one.features)
    return make.case(
        features=one.features,
        hidden=one.hidden,
        x=make.drawn(*size, layout=one.layout, dtype=one.dtype),
        code=make.drawn(one.rows, one.hidden, dtype=one.dtype),
        weight=make.drawn(one.hidden, one.features, dtype=one.dtype),
        encoder_bias=make.drawn(one.hidden, dtype=one.dtype),
        decoder_bias=make.drawn(one.features, dtype=one.dtype),
        leaves=one.leaves,
        shown=shown_after(
            f"TiedAutoencoder({one.features}, {one.hidden})",
            f"{str(one.dtype)[6:]} {size}",
            one.after,
            one.mode,
            one.leaves,
        ),
        training=one.mode == "training",
        **one.given("after"),
    )


_SPACE = Space(
    _drawn,
    rows=(1, 2, 5),
    features=(1, 2, 6),
    hidden=(1, 2, 3),
    layout=LAYOUTS,
    dtype=FLOATS,
    leaves=("", "x"),
    after=(absent, *HAPPENS),
    mode=("training", "eval"),
    within=(
        lambda one: not one.leaves or one.after == absent,  # what has happened counts for an aspect of its own
        lambda one: fits(one.layout, (one.rows, one.features)),
        lambda one: one.after != "double" or one.dtype == torch.float64,
        # A step of numbers that grew large in float32 is told from another one by its rounding only.
        lambda one: one.after != "step" or one.dtype == torch.float64,
    ),
    traits={"there are as many features as hidden numbers": lambda one: one.features == one.hidden},
    words={
        "rows": "the batch is of size {}",
        "features": "features is {}",
        "hidden": "hidden is {}",
        "layout": "x lies in memory like this: {}",
        "leaves": "gradients are asked for {}",
        "after": "what happens before is: {}",
        "mode": "the module is in {} mode",
    },
)


def _digits(make: CaseMaker) -> list[Case]:
    n, features, hidden, more = make.sizes(4, 2, 8)

    def case(name: str, n: int, features: int, hidden: int, *, after: str = "", dtype: torch.dtype = torch.float64,
             scattered: bool = False, leaves: str = "") -> Case:  # fmt: skip
        tensors: dict[str, Any] = {
            "weight": make.normal(hidden, features, dtype=dtype),
            "encoder_bias": make.normal(hidden, dtype=dtype),
            "decoder_bias": make.normal(features, dtype=dtype),
        }
        x, code = make.normal(n, features, dtype=dtype), make.normal(n, hidden, dtype=dtype)
        shown = shown_after(
            f"TiedAutoencoder({features}, {hidden})", f"{str(dtype)[6:]} {tuple(x.shape)}", after, leaves=leaves
        )
        return make.case(
            name,
            features=features,
            hidden=hidden,
            x=make.scattered(x) if scattered else x,
            code=code,
            leaves=leaves,
            shown=shown,
            **tensors,
            **({"after": after} if after else {}),
        )

    return [
        case("two features, a code of one", 1, 2, 1, leaves="x"),
        case("all sizes different", n, features, hidden, leaves="x"),
        case("a code larger than the input", n, 2, hidden + 2),
        case("as many features as hidden", more, features, features, leaves="x"),
        case("one feature", n, 1, hidden),
        case("one row", 1, features, more),
        case("not contiguous", n, features, hidden, scattered=True),
        case("float32", n, more, hidden, dtype=torch.float32, leaves="x"),
        case("after .double()", n, features, hidden, after="double"),
        case("after other tensors were loaded", n, more, hidden, after="loaded"),
        case("after a step", n, hidden, more, after="step"),
    ]


def _wrong(**parts: Any) -> type[nn.Module]:
    return type("Wrong", (TiedAutoencoder,), parts)


class _TwoWeights(TiedAutoencoder):
    def __init__(self, features: int, hidden: int) -> None:
        super().__init__(features, hidden)
        self.decoder_weight = nn.Parameter(torch.randn(features, hidden))

    def decode(self, code: Tensor) -> Tensor:
        return F.linear(code, self.decoder_weight, self.decoder_bias)


class _TwoLayers(nn.Module):
    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.Linear(features, hidden), nn.Linear(hidden, features)

    def encode(self, x: Tensor) -> Tensor:
        return self.encoder(x)

    def decode(self, code: Tensor) -> Tensor:
        return self.decoder(code)

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x))


class _TransposedParameter(TiedAutoencoder):
    def __init__(self, features: int, hidden: int) -> None:
        super().__init__(features, hidden)
        self.decoder_weight = nn.Parameter(self.weight.T)  # the same memory, as long as nobody moves it

    def decode(self, code: Tensor) -> Tensor:
        return F.linear(code, self.decoder_weight, self.decoder_bias)


class _Once(TiedAutoencoder):
    """The transpose made in ``__init__``."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__(features, hidden)
        self.transposed = self._made()

    def _made(self) -> Tensor:
        return self.weight.detach().T.clone()

    def decode(self, code: Tensor) -> Tensor:
        return F.linear(code, self.transposed.to(code.dtype), self.decoder_bias)


class _ViewOnce(_Once):
    def _made(self) -> Tensor:
        return self.weight.data.T


class _GraphOnce(_Once):
    def _made(self) -> Tensor:
        return self.weight.T


class _GraphCopiedOnce(_Once):
    def _made(self) -> Tensor:
        return self.weight.T.clone()


class _GraphContiguousOnce(_Once):
    def _made(self) -> Tensor:
        return self.weight.T.contiguous()


def _in_its_dtype(kind: type[_Once]) -> list[type[nn.Module]]:
    """The same, but what was made in ``__init__`` keeps the dtype of that time: F.linear and @ complain of it in words of their own."""
    ways: list[Callable[[Any, Tensor], Tensor]] = [
        lambda self, code: F.linear(code, self.transposed, self.decoder_bias),
        lambda self, code: code @ self.transposed.T + self.decoder_bias,
    ]
    return [type("Once", (kind,), {"decode": way}) for way in ways]


class _BufferOnce(TiedAutoencoder):
    transposed: Tensor

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__(features, hidden)
        self.register_buffer("transposed", self._made())

    def _made(self) -> Tensor:
        return self.weight.detach().T.clone()

    def decode(self, code: Tensor) -> Tensor:
        return F.linear(code, self.transposed, self.decoder_bias)


class _ContiguousBufferOnce(_BufferOnce):
    def _made(self) -> Tensor:
        return self.weight.detach().T.contiguous()  # one row or one column is that already: the same memory


class _OneBias(nn.Module):
    """One bias for both ways, as large as the code; where that does not fit, torch raises."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(hidden, features))
        self.bias = nn.Parameter(torch.randn(hidden))

    def encode(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)

    def decode(self, code: Tensor) -> Tensor:
        return F.linear(code, self.weight.T, self.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))


class _OneBiasTwice(TiedAutoencoder):
    def __init__(self, features: int, hidden: int) -> None:
        super().__init__(features, hidden)
        self.decoder_bias = self.encoder_bias


class _OtherWayRound(TiedAutoencoder):
    def __init__(self, features: int, hidden: int) -> None:
        super().__init__(features, hidden)
        self.weight = nn.Parameter(torch.randn(features, hidden))

    def encode(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight.T, self.encoder_bias)

    def decode(self, code: Tensor) -> Tensor:
        return F.linear(code, self.weight, self.decoder_bias)


class _OtherNames(nn.Module):
    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.randn(hidden, features))
        self.b1, self.b2 = nn.Parameter(torch.randn(hidden)), nn.Parameter(torch.randn(features))

    def encode(self, x: Tensor) -> Tensor:
        return F.linear(x, self.w, self.b1)

    def decode(self, code: Tensor) -> Tensor:
        return F.linear(code, self.w.T, self.b2)

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))


class _LayerForTheWeight(nn.Module):
    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.encoder, self.decoder_bias = nn.Linear(features, hidden), nn.Parameter(torch.zeros(features))

    def encode(self, x: Tensor) -> Tensor:
        return self.encoder(x)

    def decode(self, code: Tensor) -> Tensor:
        return F.linear(code, self.encoder.weight.T, self.decoder_bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))


TIED_AUTOENCODER = Oracle(
    "tied_autoencoder",
    TiedAutoencoder,
    _digits,
    [
        Misconception(
            "two weights",
            _TwoWeights,
            _TwoLayers,
            _TransposedParameter,
            says="Your decoder has a weight of its own. There is one weight, and decode uses its transpose.",
        ),
        Misconception(
            "transpose copied in __init__",
            _Once,
            _ViewOnce,
            _GraphOnce,
            _GraphCopiedOnce,
            _BufferOnce,
            _ContiguousBufferOnce,
            *(
                one
                for kind in (_Once, _ViewOnce, _GraphOnce, _GraphCopiedOnce, _GraphContiguousOnce)
                for one in _in_its_dtype(kind)
            ),
            says="A transpose made in __init__ is one of the tensor that was there then. After .double(), a loaded state_dict or a "
            "step it is another one's. Take the transpose in decode, at every call.",
        ),
        Misconception(
            "bias shared",
            _OneBias,
            _OneBiasTwice,
            _wrong(decode=lambda self, code: F.linear(code, self.weight.T, self.encoder_bias)),
            says="The code has hidden numbers and the result features: each way has a bias of its own.",
        ),
        Misconception(
            "made in float64",
            in_float64(TiedAutoencoder),
            in_float64(TiedAutoencoder, "weight"),
            says=IN_FLOAT64,
        ),
        Misconception(
            "a tensor that is no Parameter",
            no_parameters(TiedAutoencoder, "weight", "encoder_bias", "decoder_bias"),
            *(
                no_parameters(TiedAutoencoder, *names, keep=keep)
                for names in (("encoder_bias", "decoder_bias"), ("decoder_bias",))
                for keep in (setattr, nn.Module.register_buffer)
            ),
            says=NO_PARAMETER,
        ),
        Misconception(
            "weight not transposed",
            _wrong(decode=lambda self, code: F.linear(code, self.weight, self.decoder_bias)),
            says="F.linear takes a weight (out, in): of (hidden, features), the way back needs the transpose. "
            "In a square weight nothing complains.",
        ),
        Misconception(
            "weight kept the other way round",
            _OtherWayRound,
            says="The weight is (hidden, features), as nn.Linear keeps one from features to hidden. encode uses it as it is, decode "
            "its transpose.",
        ),
        Misconception(
            "other names",
            _LayerForTheWeight,
            _OtherNames,
            says="Asked for are three Parameters of the module itself, called weight, encoder_bias and decoder_bias. Those of an "
            "nn.Linear in it are called otherwise.",
        ),
        Misconception(
            "the way back as an inverse",
            _wrong(decode=lambda self, code: F.linear(code - self.encoder_bias, self.weight.T, self.decoder_bias)),
            _wrong(
                decode=lambda self, code: F.linear(
                    code - self.encoder_bias, torch.linalg.pinv(self.weight), self.decoder_bias
                )
            ),
            says="decode undoes nothing: it is F.linear with the transpose and a bias of its own. That it comes near to x is learned.",
        ),
        Misconception(
            "no biases",
            _wrong(encode=lambda self, x: x @ self.weight.T, decode=lambda self, code: code @ self.weight),
            says="Both ways add a bias: encoder_bias and decoder_bias.",
        ),
        Misconception(
            "decoder bias forgotten",
            _wrong(decode=lambda self, code: F.linear(code, self.weight.T)),
            says="decode adds decoder_bias.",
        ),
        Misconception(
            "encoder bias forgotten",
            _wrong(encode=lambda self, x: F.linear(x, self.weight)),
            says="encode adds encoder_bias.",
        ),
        Misconception(
            "an activation between",
            _wrong(encode=lambda self, x: F.relu(F.linear(x, self.weight, self.encoder_bias))),
            _wrong(forward=lambda self, x: self.decode(F.relu(self.encode(x)))),
            _wrong(encode=lambda self, x: torch.sigmoid(F.linear(x, self.weight, self.encoder_bias))),
            _wrong(encode=lambda self, x: torch.tanh(F.linear(x, self.weight, self.encoder_bias))),
            says="No activation is asked for here: the code is a linear function of the input.",
        ),
        Misconception(
            "an activation at the end",
            _wrong(decode=lambda self, code: torch.sigmoid(F.linear(code, self.weight.T, self.decoder_bias))),
            _wrong(decode=lambda self, code: torch.relu(F.linear(code, self.weight.T, self.decoder_bias))),
            says="No activation is asked for here: decode is F.linear and nothing more.",
        ),
        Misconception(
            "the code given back",
            _wrong(forward=TiedAutoencoder.encode),
            says="forward goes there and back: it decodes the code.",
        ),
        Misconception(
            "the decoder learns nothing",
            _wrong(decode=lambda self, code: F.linear(code, self.weight.detach().T, self.decoder_bias)),
            says="With detach or .data, the gradient of the decoder never reaches the weight. It has two jobs and learns from both.",
        ),
        Misconception(
            "gradient lost",
            _wrong(forward=lambda self, x: self.decode(self.encode(x)).detach()),
            _wrong(forward=lambda self, x: self.decode(self.encode(x).detach())),
            _wrong(encode=lambda self, x: F.linear(x, self.weight.detach(), self.encoder_bias)),
            says=GRADIENT_LOST,
        ),
    ],
    space=_SPACE,
)
