"""Chapter 09, `self_attention`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar
from weakref import WeakValueDictionary

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.shining.attention import GRADIENT_LOST, ROOT_IN_FLOAT32
from autograder.authoring.oracles.shining.split_heads import split_heads
from autograder.authoring.space import FLOATS, LAYOUTS, Chosen, Space, fits
from autograder.observing.case import Case

__all__ = ["SELF_ATTENTION"]

Mixing = Callable[..., Tensor]


class _Layer(nn.Module):
    """Four projections around ``mixing``, which gets q, k and v as ``(N, heads, L, E / heads)``."""

    merge: Callable[[Tensor], Tensor] = staticmethod(lambda heads: heads.transpose(1, 2).flatten(2))
    mixing: Mixing = staticmethod(F.scaled_dot_product_attention)
    split: Callable[[Tensor, int], Tensor] = staticmethod(split_heads)

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.q, self.k, self.v, self.out = (nn.Linear(embed_dim, embed_dim) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        """``(N, L, E)`` to ``(N, L, E)``."""
        return self.out(self.mixed(x))

    def mixed(self, x: Tensor) -> Tensor:
        q, k, v = (self.split(layer(x), self.num_heads) for layer in (self.q, self.k, self.v))
        return self.merge(self.mixing(q, k, v))


def _written_out(
    scale: Callable[[Tensor], float] = lambda q: q.shape[-1] ** -0.5, softmax: Callable[[Tensor], Tensor] | None = None
) -> Mixing:
    """Attention by hand: no misconception leans on torch's own."""

    def mixing(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        scores = q @ k.mT * scale(q)
        return (F.softmax(scores, -1) if softmax is None else softmax(scores)) @ v

    return mixing


def _wrong(**parts: Any) -> type[nn.Module]:
    """A layer like the right one, but for some of its parts."""
    return type("Wrong", (_Layer,), {"mixing": staticmethod(_written_out())} | parts)


def _tokens(make: CaseMaker) -> list[Case]:
    n, length = make.sizes(2, 5, 7)  # more than a head has numbers, so that nobody is right who takes one for the other
    heads, part = make.sizes(2, 2, 4)
    heads, part = (heads, part) if heads * part < 12 else (2, 3)

    def case(name: str, size: tuple[int, int], heads: int, part: int, *, dtype: torch.dtype = torch.float64,
             order: tuple[int, ...] = (), leaves: str = "", scale: float = 1.5, **more: Any) -> Case:  # fmt: skip
        e = heads * part
        tensors: dict[str, Any] = {
            f"{layer}.{kind}": make.uniform((e, e) if kind == "weight" else (e,), 1.7 * e**-0.5, dtype)
            for layer in ("q", "k", "v", "out")
            for kind in ("weight", "bias")
        }
        x = make.normal(*size, e, dtype=dtype, scale=scale)
        x = make.scattered(x, order=order) if order else x
        shown = f"SelfAttention({e}, {heads}), x {str(dtype)[6:]} {tuple(x.shape)}, the eight tensors loaded"
        return make.case(name, embed_dim=e, num_heads=heads, x=x, leaves=leaves, shown=shown, **tensors, **more)

    return [
        case("one head, two numbers", (1, 3), 1, 2),
        case("two heads of two", (1, 3), 2, 2, leaves="x"),
        case("all sizes different", (n, length), heads, part, leaves="x"),
        case("as many tokens as heads", (n, heads), heads, part),
        case("one number a head", (n, length), heads, 1),
        case("one head", (n, length), 1, part, leaves="x"),
        case("one image", (1, length + 3), part, heads),
        case("one token", (n, 1), heads, part, asks="one token"),
        case("other layout in memory", (length, n), heads, part, order=(2, 0, 1), leaves="x"),
        case("tokens last in memory", (n, length), part, heads, order=(0, 2, 1)),
        case("float32", (n, length), heads, part, dtype=torch.float32, leaves="x"),
        case("large numbers", (n, length), heads, part, scale=300.0),
    ]


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    e = one.heads * one.part
    tensors: dict[str, Any] = {}
    for layer in ("q", "k", "v", "out"):
        tensors[f"{layer}.weight"] = make.drawn(e, e, draw="uniform", scale=1.7 * e**-0.5, dtype=one.dtype)
        tensors[f"{layer}.bias"] = make.drawn(e, draw="uniform", scale=1.7 * e**-0.5, dtype=one.dtype)
    x = make.drawn(one.images, one.tokens, e, layout=one.layout, scale=1.5, dtype=one.dtype)
    before = ", asked before" if one.earlier else ""
    shown = f"SelfAttention({e}, {one.heads}){before}, x {str(one.dtype)[6:]} {(one.images, one.tokens, e)}, "
    shown += f"the eight tensors loaded{', in eval mode' if one.mode == 'eval' else ''}"
    more: dict[str, Any] = {"asks": "one token"} if one.tokens == 1 else {}
    if one.mode == "eval":
        more["training"] = False
    if one.earlier:
        more["earlier"] = make.drawn(one.images + 1, {1: 4, 2: 1, 5: 3}[one.tokens], e, dtype=torch.float32)
    return make.case(embed_dim=e, num_heads=one.heads, x=x, leaves=one.leaves, shown=shown, **tensors, **more)


_SPACE = Space(
    _drawn,
    images=(1, 5),
    tokens=(1, 2, 5),
    heads=(1, 2, 3),
    part=(1, 2, 4),
    layout=LAYOUTS,
    dtype=FLOATS,
    leaves=("", "x"),
    mode=("training", "eval"),
    earlier=(False, True),
    within=lambda one: fits(one.layout, (one.images, one.tokens, one.heads * one.part)),
    traits={"there are as many tokens as heads": lambda one: one.tokens == one.heads},
    words={
        "images": "the batch is of size {}",
        "tokens": "the tokens are {}",
        "heads": "num_heads is {}",
        "part": "the number of numbers in a head is {}",
        "layout": "x lies in memory like this: {}",
        "leaves": "gradients are asked for {}",
        "mode": "the layer is in {} mode",
        "earlier": "the layer has seen other tokens before: {}",
    },
)


class _OneLayerForAll(_Layer):
    mixing = staticmethod(_written_out())

    def mixed(self, x: Tensor) -> Tensor:
        q = self.split(self.q(x), self.num_heads)
        return self.merge(self.mixing(q, q, q))


class _LearnedScale(_Layer):
    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__(embed_dim, num_heads)
        self.scale = nn.Parameter(torch.tensor((embed_dim // num_heads) ** -0.5, dtype=torch.float64))

    def mixed(self, x: Tensor) -> Tensor:
        q, k, v = (self.split(layer(x), self.num_heads) for layer in (self.q, self.k, self.v))
        return self.merge(F.softmax(q @ k.mT * self.scale.to(q.dtype), -1) @ v)


class _Shared(_Layer):
    """All objects have the same layers, as long as one of them is there: what is seen depends on no earlier check."""

    mixing = staticmethod(_written_out())
    made: ClassVar[WeakValueDictionary[tuple[int, str], nn.Linear]] = WeakValueDictionary()

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__(embed_dim, num_heads)
        for name in ("q", "k", "v", "out"):
            setattr(self, name, _Shared.made.setdefault((embed_dim, name), getattr(self, name)))


class _WithoutBiases(_Layer):
    mixing = staticmethod(_written_out())

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__(embed_dim, num_heads)
        self.q, self.k, self.v, self.out = (nn.Linear(embed_dim, embed_dim, bias=False) for _ in range(4))


class _Stacked(_Layer):
    mixing = staticmethod(_written_out())

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__(embed_dim, num_heads)
        del self.q, self.k, self.v
        self.qkv = nn.Linear(embed_dim, 3 * embed_dim)

    def mixed(self, x: Tensor) -> Tensor:
        q, k, v = (self.split(one, self.num_heads) for one in self.qkv(x).chunk(3, -1))
        return self.merge(self.mixing(q, k, v))


def _causal(q: Tensor, k: Tensor) -> Tensor:
    scores = q @ k.mT * q.shape[-1] ** -0.5
    before = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
    return F.softmax(scores.masked_fill(~before, float("-inf")), -1)


def _naive(scores: Tensor) -> Tensor:
    e = scores.exp()
    return e / e.sum(-1, keepdim=True)


def _raw_values(self: Any, x: Tensor) -> Tensor:
    q, k, v = (self.split(one, self.num_heads) for one in (self.q(x), self.k(x), x))
    out: Tensor = self.merge(_written_out()(q, k, v))
    return out


SELF_ATTENTION = Oracle(
    "self_attention",
    _Layer,
    _tokens,
    [
        Misconception(
            "heads merged in the wrong order",
            _wrong(merge=staticmethod(lambda heads: heads.reshape(heads.shape[0], heads.shape[2], -1))),
            _wrong(
                merge=staticmethod(lambda heads: heads.transpose(1, 2).transpose(2, 3).flatten(2)),
            ),
            says="The way back is the one you came: exchange heads and tokens first, then put the heads side by side. "
            "reshape alone goes through memory in another order.",
        ),
        Misconception(
            "scaled by another size",
            _wrong(mixing=staticmethod(_written_out(scale=lambda q: q.shape[1] ** -0.5))),
            _wrong(mixing=staticmethod(_written_out(scale=lambda q: q.shape[2] ** -0.5))),
            says="The scores grow with how many numbers a head compares, E / heads: neither with the heads nor with the tokens.",
        ),
        Misconception(
            "scaled by the size, not by its root",
            _wrong(mixing=staticmethod(_written_out(scale=lambda q: 1 / q.shape[-1]))),
            says="A sum of n random products grows with √n. Divide the scores by the root.",
        ),
        Misconception(
            "√(E / heads) in float32",
            _wrong(
                mixing=staticmethod(_written_out(scale=lambda q: 1 / torch.tensor(q.shape[-1]).sqrt().double().item()))
            ),
            _wrong(
                mixing=staticmethod(
                    _written_out(scale=lambda q: (1 / torch.tensor(q.shape[-1]).sqrt()).double().item())
                )
            ),
            says=ROOT_IN_FLOAT32,
        ),
        Misconception(
            "not stabilised",
            _wrong(mixing=staticmethod(_written_out(softmax=_naive))),
            says="exp of a large score is infinite, and infinity by infinity is NaN. F.softmax sees to it.",
        ),
        Misconception(
            "x added to the result",
            _wrong(forward=lambda self, x: x + _Layer.forward(self, x)),
            says="A residual is what is put around such a layer. Here the layer alone is asked for.",
        ),
        Misconception(
            "only what was before",
            _wrong(mixing=staticmethod(lambda q, k, v: _causal(q, k) @ v)),
            says="Every token may attend to every token: no mask is asked for.",
        ),
        Misconception(
            "softmax forgotten",
            _wrong(mixing=staticmethod(_written_out(softmax=lambda scores: scores))),
            says="Scores are no weights yet: softmax over the keys makes them positive and lets them sum to 1.",
        ),
        Misconception(
            "queries and keys exchanged",
            _wrong(mixing=staticmethod(lambda q, k, v: _written_out()(k, q, v))),
            says="Each token asks with its query and is looked at by its key: q @ k.mT, queries first.",
        ),
        Misconception(
            "values not projected",
            _wrong(mixed=_raw_values),
            says="What is mixed are values, v(x), not x itself.",
        ),
        Misconception(
            "no output projection",
            _wrong(forward=_Layer.mixed),
            says="The heads only stand side by side so far. out is a layer over all of them, and belongs to the end.",
        ),
        Misconception(
            "unscaled",
            _wrong(mixing=staticmethod(_written_out(scale=lambda q: 1.0))),
            says="The scores of each head are divided by the root of how many numbers a head has.",
        ),
        Misconception(
            "scaled by the whole width",
            _wrong(mixing=staticmethod(_written_out(scale=lambda q: (q.shape[-1] * q.shape[1]) ** -0.5))),
            says="A head compares E / heads numbers, and its scores grow with the root of that, not of E.",
        ),
        Misconception(
            "heads ignored",
            _wrong(split=staticmethod(lambda x, h: x[:, None])),
            says="Each head has a softmax of its own, over its own part of the numbers. Your layer looks with all of them at once.",
        ),
        Misconception(
            "heads split without transpose",
            _wrong(
                split=staticmethod(lambda x, h: x.reshape(x.shape[0], h, x.shape[1], -1)),
            ),
            _wrong(
                split=staticmethod(lambda x, h: x.reshape(x.shape[0], h, x.shape[1], -1)),
                merge=staticmethod(lambda heads: heads.reshape(heads.shape[0], heads.shape[2], -1)),
            ),
            says="Cut straight to (N, heads, L, E / heads), a head gets whole tokens instead of a part of each. Divide the last "
            "dimension first, then exchange two.",
        ),
        Misconception(
            "heads attend to heads",
            _wrong(
                split=staticmethod(lambda x, h: x.unflatten(-1, (h, -1))),
                merge=staticmethod(lambda heads: heads.flatten(2)),
            ),
            says="With (N, L, heads, E / heads) each token's heads look at each other, and no token ever looks at another. "
            "Tokens have to be the last dimension but one.",
        ),
        Misconception(
            "softmax over queries",
            _wrong(mixing=staticmethod(_written_out(softmax=lambda scores: F.softmax(scores, -2)))),
            says="Each query divides its attention over the keys: softmax goes along the last dimension.",
        ),
        Misconception(
            "one projection for all",
            _OneLayerForAll,
            says="Queries, keys and values are made by three different layers: q, k and v.",
        ),
        Misconception(
            "something else is learned",
            _LearnedScale,
            says="Besides the four layers, another Parameter of yours gets a gradient, and is something else after a step. What is to "
            "stay as it is, such as the scale, is a number, or a buffer.",
        ),
        Misconception(
            "other names",
            _Stacked,
            says="The layers are called q, k, v and out, each nn.Linear(embed_dim, embed_dim): by these names they are loaded.",
        ),
        Misconception(
            "no biases",
            _WithoutBiases,
            says="nn.Linear(embed_dim, embed_dim) has a bias, and all four layers have theirs.",
        ),
        Misconception(
            "one layer for all objects",
            _Shared,
            says="Two objects of your class share their layers: training one changes the other. Make the layers in __init__.",
        ),
        Misconception(
            "gradient lost",
            _wrong(forward=lambda self, x: self.out(self.mixed(x).detach())),
            says=GRADIENT_LOST,
        ),
    ],
    space=_SPACE,
)
