"""Chapter 09, `attention`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.shining.tables import SPACE, tables

__all__ = ["ATTENTION", "GRADIENT_LOST", "ROOT_IN_FLOAT32"]

GRADIENT_LOST = "detach, .data, item, tolist and torch.tensor cut the graph: no gradient comes back through the result."

ROOT_IN_FLOAT32 = (
    "The scale is right to seven digits only: torch.tensor of a whole number has a root in float32. math.sqrt(E) and E ** 0.5 "
    "are Python's numbers, as exact as float64."
)


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """Torch's own, with the mask at its full size."""
    whole = None if mask is None else mask.expand(*q.shape[:-1], k.shape[-2])
    return F.scaled_dot_product_attention(q, k, v, attn_mask=whole)


def _softmax(scores: Tensor, dim: int = -1) -> Tensor:
    return F.softmax(scores, dim)


def _hidden(scores: Tensor, mask: Tensor | None, filled: float = float("-inf")) -> Tensor:
    return scores if mask is None else scores.masked_fill(~mask, filled)


def _attention(
    *,
    scale: Callable[[Tensor, Tensor, Tensor], float] = lambda q, k, v: q.shape[-1] ** -0.5,
    mask: Callable[[Tensor, Tensor | None], Tensor] = _hidden,
    softmax: Callable[[Tensor], Tensor] = _softmax,
    weights: Callable[[Tensor, Tensor | None], Tensor] = lambda weights, mask: weights,
) -> Callable[..., Tensor]:
    """The right answer written out, with places to go wrong in."""

    def answer(q: Tensor, k: Tensor, v: Tensor, mask_: Tensor | None = None) -> Tensor:
        scores = q @ k.mT * scale(q, k, v)
        return weights(softmax(mask(scores, mask_)), mask_) @ v

    return lambda q, k, v, mask=None: answer(q, k, v, mask)


def _after(weights: Tensor, mask: Tensor | None) -> Tensor:
    return weights if mask is None else weights * mask


def _naive(scores: Tensor) -> Tensor:
    e = scores.exp()
    return e / e.sum(-1, keepdim=True)


def _masked_where_true(least: float) -> Callable[[Tensor, Tensor | None], Tensor]:
    return lambda scores, mask: scores if mask is None else scores.masked_fill(mask, least)


ATTENTION = Oracle(
    "attention",
    attention,
    tables,
    [
        Misconception(
            "unscaled",
            _attention(scale=lambda q, k, v: 1.0),
            says="A sum of E products grows with √E. Divide the scores by it before softmax.",
        ),
        Misconception(
            "scaled by E, not by its root",
            _attention(scale=lambda q, k, v: 1 / q.shape[-1]),
            says="A sum of E random products grows with the root of E. Divide by √E.",
        ),
        Misconception(
            "scaled by another size",
            _attention(scale=lambda q, k, v: v.shape[-1] ** -0.5),
            _attention(scale=lambda q, k, v: k.shape[-2] ** -0.5),
            _attention(scale=lambda q, k, v: q.shape[-2] ** -0.5),
            says="E is how many numbers a query and a key have: the last dimension of q. "
            "Neither their count nor the size of a value.",
        ),
        Misconception(
            "multiplied by √E",
            _attention(scale=lambda q, k, v: q.shape[-1] ** 0.5),
            says="The scores are too large already, by √E. Divide by it.",
        ),
        Misconception(
            "√E in float32",
            _attention(scale=lambda q, k, v: 1 / torch.tensor(q.shape[-1]).sqrt().double().item()),
            _attention(scale=lambda q, k, v: (1 / torch.tensor(q.shape[-1]).sqrt()).double().item()),
            says=ROOT_IN_FLOAT32,
        ),
        Misconception(
            "scaled after softmax",
            lambda q, k, v, mask=None: _attention(scale=lambda q, k, v: 1.0)(q, k, v, mask) * q.shape[-1] ** -0.5,
            says="Weights sum to 1, and are to stay so. It is the scores that are divided by √E, before softmax.",
        ),
        Misconception(
            "dimensions counted from the front",
            lambda q, k, v, mask=None: F.softmax(_hidden(q @ k.transpose(1, 2) * q.shape[-1] ** -0.5, mask), -1) @ v,
            says="How many dimensions stand in front is not known. Count from the end: transpose(-2, -1).",
        ),
        Misconception(
            "all dimensions turned",
            lambda q, k, v, mask=None: F.softmax(_hidden(q @ k.T * q.shape[-1] ** -0.5, mask), -1) @ v,
            says="T turns all dimensions round, also those in front. Exchange the last two alone: k.mT, or transpose(-2, -1).",
        ),
        Misconception(
            "mask added",
            _attention(mask=lambda scores, mask: scores if mask is None else scores + mask),
            says="A boolean counts as 0 or 1: added, it hardly changes a score. What may not be looked at gets minus infinity.",
        ),
        Misconception(
            "nothing times infinity",
            _attention(mask=lambda scores, mask: scores if mask is None else scores + ~mask * float("-inf")),
            says="False · −∞ is 0 · −∞, which is NaN. masked_fill and torch.where write where they are told, and compute nothing.",
        ),
        Misconception(
            "asked whether the mask is true",
            lambda q, k, v, mask=None: _attention()(q, k, v, mask if mask else None),
            says="A tensor of several numbers is neither true nor false. Ask: if mask is not None.",
        ),
        Misconception(
            "dimensions of size 1 dropped",
            lambda q, k, v, mask=None: _attention()(q, k, v, mask).squeeze(),
            says="squeeze drops dimensions of size 1. One query, one value: each keeps its dimension.",
        ),
        Misconception(
            "dtype of the input lost",
            lambda q, k, v, mask=None: _attention()(q.float(), k.float(), v.float(), mask),
            says="What comes back has the dtype of q, k and v: leave out float() and float32 tensors of your own.",
        ),
        Misconception(
            "another function for softmax",
            _attention(softmax=torch.sigmoid),
            _attention(softmax=lambda scores: (lambda e: e / e.sum(-1, keepdim=True))(scores.relu())),
            says="softmax makes weights that are positive and sum to 1 over the keys, whatever the scores.",
        ),
        Misconception(
            "softmax over queries",
            _attention(softmax=lambda scores: F.softmax(scores, -2)),
            says="Each query divides its attention over the keys: softmax goes along the last dimension of (…, L, S).",
        ),
        Misconception(
            "softmax along a dimension counted from the front",
            _attention(softmax=lambda scores: F.softmax(scores, 0)),
            _attention(softmax=lambda scores: F.softmax(scores, 1)),
            says="Keys are the last dimension of the scores (…, L, S), however many stand in front: dim=-1.",
        ),
        Misconception(
            "mask inverted",
            *(_attention(mask=_masked_where_true(least)) for least in (float("-inf"), -1e9)),
            says="True means: may attend. masked_fill writes where its mask is True, so it has to get the opposite.",
        ),
        Misconception(
            "mask after softmax",
            _attention(mask=lambda scores, mask: scores, weights=_after),
            says="Zeros put in after softmax leave rows that no longer sum to 1. Hide the scores before it.",
        ),
        Misconception(
            "zero for minus infinity",
            _attention(mask=lambda scores, mask: _hidden(scores, mask, 0.0)),
            _attention(mask=lambda scores, mask: scores if mask is None else scores * mask),
            says="A score of 0 is not nothing: e⁰ is 1. What may not be looked at gets minus infinity.",
        ),
        Misconception(
            "a mask that only just wins",
            _attention(mask=lambda scores, mask: _hidden(scores, mask, -1e4)),
            _attention(mask=lambda scores, mask: scores if mask is None else scores - 1e4 * ~mask),
            says="Scores may lie anywhere from −10,000 to 10,000: where all others are low, what your number hides is not hidden. "
            "Minus infinity is below every score.",
        ),
        Misconception(
            "mask ignored",
            _attention(mask=lambda scores, mask: scores),
            says="Where there is a mask, a query may attend only to keys for which it says True.",
        ),
        Misconception(
            "not stabilised",
            _attention(softmax=_naive),
            says="exp of a large score is infinite, and infinity by infinity is NaN. F.softmax sees to it.",
        ),
        Misconception(
            "softmax forgotten",
            _attention(softmax=lambda scores: scores),
            says="Scores are no weights yet: softmax over the keys makes them positive and lets them sum to 1.",
        ),
        Misconception(
            "gradient lost",
            lambda q, k, v, mask=None: _attention()(q.detach(), k.detach(), v.detach(), mask),
            lambda q, k, v, mask=None: _attention()(q, k, v.detach(), mask),
            _attention(weights=lambda weights, mask: weights.detach()),
            says=GRADIENT_LOST,
        ),
    ],
    space=SPACE,
)
