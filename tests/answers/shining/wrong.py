"""Chapter 09, known misconceptions in other words; those of `call_with` are in `lending`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from answers.shining.pieces import attention_einsum, heads_permuted
from answers.shining.right_classes import Symmetric, SymmetricByMask, Tied, WithFour
from torch import Tensor, nn


def attended(change: Callable[[Tensor, Tensor | None], Tensor], scale: float | None = None) -> Callable[..., Tensor]:
    """Attention whose weights come from the raw scores and the mask by ``change``."""

    def answer(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
        scores = torch.einsum("...le,...se->...ls", q, k) / (scale or math.sqrt(q.shape[-1]))
        return change(scores, mask) @ v

    return answer


def hidden(scores: Tensor, mask: Tensor | None, value: float = -math.inf) -> Tensor:
    return scores if mask is None else torch.where(mask, scores, value)


def renamed(*names: str) -> type[nn.Module]:
    """`SelfAttention` with other names for its layers."""

    class Renamed(nn.Module):
        def __init__(self, embed_dim: int, num_heads: int) -> None:
            super().__init__()
            self.h = num_heads
            for name in names:
                setattr(self, name, nn.Linear(embed_dim, embed_dim))

        def forward(self, x: Tensor) -> Tensor:
            q, k, v, out = (getattr(self, name) for name in names)
            heads = [heads_permuted(layer(x), self.h) for layer in (q, k, v)]
            return out(attention_einsum(*heads).transpose(1, 2).flatten(2))

    return Renamed


class Merged(WithFour):
    def forward(self, x: Tensor) -> Tensor:
        n, length, e = x.shape
        heads = [heads_permuted(getattr(self, name)(x), self.h) for name in "qkv"]
        return self.out(attention_einsum(*heads).contiguous().view(n, length, e))


class WithoutOut(WithFour):
    def forward(self, x: Tensor) -> Tensor:
        heads = [heads_permuted(getattr(self, name)(x), self.h) for name in "qkv"]
        return attention_einsum(*heads).transpose(1, 2).flatten(2)


class Scaled(WithFour):
    by: Callable[[int, int], float] = staticmethod(lambda e, h: math.sqrt(e))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (heads_permuted(getattr(self, name)(x), self.h) for name in "qkv")
        weights = F.softmax(q @ k.mT / self.by(x.shape[-1], self.h), dim=-1)
        return self.out((weights @ v).transpose(1, 2).flatten(2))


class Unscaled(Scaled):
    by = staticmethod(lambda e, h: 1.0)


class TwoMatrices(nn.Module):
    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(hidden, features).uniform_(-1, 1))
        self.back = nn.Parameter(torch.empty(features, hidden).uniform_(-1, 1))
        self.encoder_bias, self.decoder_bias = nn.Parameter(torch.zeros(hidden)), nn.Parameter(torch.zeros(features))

    def encode(self, x: Tensor) -> Tensor:
        return x @ self.weight.T + self.encoder_bias

    def decode(self, code: Tensor) -> Tensor:
        return code @ self.back.T + self.decoder_bias

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))


class SavedTranspose(Tied):
    def __init__(self, features: int, hidden: int) -> None:
        super().__init__(features, hidden)
        self.transposed = self.weight.detach().clone().t()

    def decode(self, code: Tensor) -> Tensor:
        return F.linear(code, self.transposed.to(code), self.decoder_bias)


class WithReLU(Tied):
    def encode(self, x: Tensor) -> Tensor:
        return super().encode(x).clamp(min=0)


class DetachedDecoder(Tied):
    def decode(self, code: Tensor) -> Tensor:
        return code @ self.weight.detach() + self.decoder_bias


class NotTransposed(Tied):
    def decode(self, code: Tensor) -> Tensor:
        return F.linear(code, self.weight, self.decoder_bias)


def made(matrix: Callable[[Tensor], Tensor]) -> type[nn.Module]:
    return type("Made", (Symmetric,), {"symmetric": lambda self: matrix(self.weight)})


class OnceSymmetric(Symmetric):
    def __init__(self, features: int) -> None:
        super().__init__(features)
        w = torch.rand(features, features)
        self.weight.data = w + w.T

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight.T + self.bias


class StoredMatrix(Symmetric):
    def __init__(self, features: int) -> None:
        super().__init__(features)
        with torch.no_grad():
            self.weight.normal_()
            self.S = self.weight.triu() + self.weight.triu(1).T

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.S.to(x) + self.bias


class PersistentMask(SymmetricByMask):
    def __init__(self, features: int) -> None:
        super().__init__(features)
        self.register_buffer("mask", torch.ones(features, features).triu())


WRONG: list[tuple[str, str, Any]] = [
    ("attention", "unscaled", attended(lambda s, m: hidden(s, m).softmax(-1), scale=1.0)),
    ("attention", "softmax over queries", attended(lambda s, m: hidden(s, m).softmax(-2))),
    ("attention", "mask inverted", attended(lambda s, m: hidden(s, None if m is None else ~m).softmax(-1))),
    ("attention", "mask after softmax",
        attended(lambda s, m: s.softmax(-1) if m is None else torch.where(m, s.softmax(-1), 0.0))),
    ("attention", "mask ignored", attended(lambda s, m: torch.softmax(s, dim=-1))),
    ("attention", "zero for minus infinity", attended(lambda s, m: hidden(s, m, 0.0).softmax(-1))),
    ("attention", "not stabilised", attended(lambda s, m: (lambda e: e / e.sum(-1, True))(hidden(s, m).exp()))),
    ("attention", "gradient lost", lambda q, k, v, mask=None: attention_einsum(q, k, v, mask).detach()),
    ("split_heads", "view without transpose", lambda x, num_heads: _refusing(
        x, num_heads).reshape(len(x), num_heads, x.shape[1], -1)),
    ("split_heads", "copied", lambda x, num_heads: heads_permuted(x, num_heads).clone()),
    ("split_heads", "heads last", lambda x, num_heads: heads_permuted(x, num_heads).permute(0, 2, 3, 1)),
    ("split_heads", "the error that torch raises", lambda x, num_heads: x.view(
        x.size(0), x.size(1), num_heads, x.size(2) // num_heads).permute(0, 2, 1, 3)),
    ("split_heads", "every heads-th number", lambda x, num_heads: torch.stack(
        [_refusing(x, num_heads)], 0)[0].view(*x.shape[:2], -1, num_heads).permute(0, 3, 1, 2)
        if x.is_contiguous() else _refusing(x, num_heads).unflatten(2, (-1, num_heads)).permute(0, 3, 1, 2)),
    ("self_attention", "heads merged in the wrong order", Merged),
    ("self_attention", "no output projection", WithoutOut),
    ("self_attention", "unscaled", Unscaled),
    ("self_attention", "scaled by the whole width", Scaled),
    ("self_attention", "other names", renamed("query", "key", "value", "proj")),
    ("dynamic_conv", "first weight for all", lambda x, weight: F.conv2d(x, weight[0], padding="same")),
    ("dynamic_conv", "one call an image", lambda x, weight: torch.cat(
        [F.conv2d(x[i : i + 1], weight[i], padding=weight.shape[3] // 2) for i in range(len(x))])),
    ("dynamic_conv", "one call an image", lambda x, weight: torch.vmap(
        lambda image, filters: F.conv2d(image, filters, padding=weight.shape[3] // 2), chunk_size=1)(x, weight)),
    ("dynamic_conv", "gradient to the weights cut", lambda x, weight: torch.vmap(
        lambda image, filters: F.conv2d(image, filters, padding="same"))(x, weight.data)),
    ("dynamic_conv", "padding forgotten", lambda x, weight: torch.vmap(F.conv2d)(x, weight)),
    ("tied_autoencoder", "two weights", TwoMatrices),
    ("tied_autoencoder", "transpose copied in __init__", SavedTranspose),
    ("tied_autoencoder", "an activation between", WithReLU),
    ("tied_autoencoder", "the decoder learns nothing", DetachedDecoder),
    ("tied_autoencoder", "weight not transposed", NotTransposed),
    ("symmetric_linear", "the mean of both triangles", made(lambda w: 0.5 * w + 0.5 * w.T)),
    ("symmetric_linear", "the diagonal doubled", made(lambda w: torch.triu(w) + torch.triu(w).T)),
    ("symmetric_linear", "the lower triangle", made(lambda w: w.tril() + w.tril().T - w.diag().diag())),
    ("symmetric_linear", "made symmetric once, in __init__", OnceSymmetric),
    ("symmetric_linear", "made symmetric once, in __init__", StoredMatrix),
    ("symmetric_linear", "something else in the state_dict", PersistentMask),
]  # fmt: skip


def _refusing(x: Tensor, num_heads: int) -> Tensor:
    if x.shape[-1] % num_heads:
        raise ValueError
    return x
