"""First ideas for chapter 09 that are wrong, each with the name of what is wrong about it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from answers.shining.pieces import attention_einsum, heads_permuted
from answers.shining.right_classes import Symmetric, Tied, WithFour
from answers.shining.wrong import attended, hidden
from torch import Tensor, nn

__all__ = ["IDEAS"]


def scaled(
    scale: Callable[[Tensor, Tensor], float], after: Callable[[Tensor], float] = lambda q: 1.0
) -> Callable[..., Tensor]:
    def answer(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
        scores = torch.matmul(q, k.transpose(-2, -1)) * scale(q, k)
        return torch.matmul(hidden(scores, mask).softmax(-1), v) * after(q)

    return answer


def from_the_front(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    return torch.softmax(hidden(q @ k.transpose(1, 2) / math.sqrt(q.shape[-1]), mask), -1) @ v


def all_turned(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    return torch.softmax(hidden(q @ k.T / math.sqrt(q.shape[-1]), mask), -1) @ v


def refused_by(error: type[Exception]) -> Callable[[Tensor, int], Tensor]:
    def answer(x: Tensor, num_heads: int) -> Tensor:
        if x.shape[2] % num_heads != 0:
            raise error(f"{num_heads} does not divide {x.shape[2]}")
        return heads_permuted(x, num_heads)

    return answer


def divided(cut: Callable[[Tensor, int], Tensor]) -> Callable[[Tensor, int], Tensor]:
    def answer(x: Tensor, num_heads: int) -> Tensor:
        if x.shape[2] % num_heads:
            raise ValueError("does not divide")
        return cut(x, num_heads)

    return answer


def attending(
    weights: Callable[[Tensor, Tensor, Tensor], Tensor],
    values: Callable[[Any, Tensor], Tensor] = lambda self, x: self.v(x),
    end: Callable[[Tensor, Tensor], Tensor] = lambda out, x: out,
) -> type[nn.Module]:
    class SelfAttention(WithFour):
        def forward(self, x: Tensor) -> Tensor:
            q, k, v = (heads_permuted(one, self.h) for one in (self.q(x), self.k(x), values(self, x)))
            return end(self.out((weights(q, k, x) @ v).transpose(1, 2).flatten(2)), x)

    return SelfAttention


def usual(q: Tensor, k: Tensor, x: Tensor) -> Tensor:
    return torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, -1)


def looking_back(q: Tensor, k: Tensor, x: Tensor) -> Tensor:
    length = x.shape[1]
    later = torch.ones(length, length).triu(1).bool()
    return torch.softmax((q @ k.mT / q.shape[-1] ** 0.5).masked_fill(later, -math.inf), -1)


def grouped(x: Tensor, weight: Tensor, padding: int | None = None) -> Tensor:
    n, o, c, k, _ = weight.shape
    out = F.conv2d(x.reshape(1, n * c, *x.shape[-2:]), weight.reshape(n * o, c, k, k),
                   padding=k // 2 if padding is None else padding, groups=n)  # fmt: skip
    return out.unflatten(1, (n, o))[0]


def tied(**methods: Any) -> type[nn.Module]:
    return type("TiedAutoencoder", (Tied,), methods)


class Turned(Tied):
    def __init__(self, features: int, hidden: int) -> None:
        super().__init__(features, hidden)
        self.weight = nn.Parameter(torch.zeros(features, hidden).uniform_(-1, 1))

    def encode(self, x: Tensor) -> Tensor:
        return x @ self.weight + self.encoder_bias

    def decode(self, code: Tensor) -> Tensor:
        return code @ self.weight.T + self.decoder_bias


def symmetric(matrix: Callable[[Tensor], Tensor] = lambda w: w.triu() + w.triu(1).T,
              use: Callable[[Any, Tensor, Tensor], Tensor] = lambda self, x, s: F.linear(x, s, self.bias)) -> type[nn.Module]:  # fmt: skip
    return type("SymmetricLinear", (Symmetric,), {"forward": lambda self, x: use(self, x, matrix(self.weight))})


class Kept(Tied):
    """Its transpose is a view that was made once, and is no part of the module."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__(features, hidden)
        self.back = self.weight.t()

    def decode(self, code: Tensor) -> Tensor:
        return torch.matmul(code, self.back.t()) + self.decoder_bias


def channels_for_groups(x: Tensor, weight: Tensor) -> Tensor:
    n, o, c, k, _ = weight.shape
    out = F.conv2d(x.view(1, n * c, *x.shape[2:]), weight.view(n * o, c, k, k), padding=k // 2, groups=c)
    return out.view(n, o, *x.shape[2:])


def in_init(made: Callable[[Tensor], Tensor], keep: Callable[[Any, str, Any], None] = setattr) -> type[nn.Module]:
    class TiedAutoencoder(Tied):
        def __init__(self, features: int, hidden: int) -> None:
            super().__init__(features, hidden)
            keep(self, "back", made(self.weight))

        def decode(self, code: Tensor) -> Tensor:
            return F.linear(code, self.back, self.decoder_bias)

    return TiedAutoencoder


IDEAS: list[tuple[str, str, Any]] = [
    ("attention", "multiplied by √E", scaled(lambda q, k: math.sqrt(q.shape[-1]))),
    ("attention", "scaled by another size", scaled(lambda q, k: 1 / math.sqrt(q.shape[-2]))),
    ("attention", "scaled after softmax", scaled(lambda q, k: 1.0, lambda q: 1 / math.sqrt(q.shape[-1]))),
    ("attention", "dimensions counted from the front", from_the_front),
    ("attention", "all dimensions turned", all_turned),
    ("attention", "mask added", attended(lambda s, m: torch.softmax(s if m is None else s + m.to(s.dtype), -1))),
    ("attention", "nothing times infinity", attended(
        lambda s, m: torch.softmax(s if m is None else s + (~m) * -math.inf, -1))),
    ("attention", "asked whether the mask is true", lambda q, k, v, mask=None: attention_einsum(q, k, v, mask or None)),
    ("attention", "dimensions of size 1 dropped", lambda q, k, v, mask=None: torch.squeeze(attention_einsum(q, k, v, mask))),
    ("attention", "dtype of the input lost", lambda q, k, v, mask=None: attention_einsum(q.float(), k.float(), v.float(), mask)),
    ("attention", "another function for softmax", attended(lambda s, m: torch.sigmoid(hidden(s, m)))),
    ("attention", "gradient lost", lambda q, k, v, mask=None: attention_einsum(q, k, v.data, mask)),
    ("attention", "gradient lost", attended(lambda s, m: hidden(s, m).softmax(-1).data)),
    ("split_heads", "another error than a ValueError", refused_by(AssertionError)),
    ("split_heads", "another error than a ValueError", refused_by(TypeError)),
    ("split_heads", "tokens divided", divided(lambda x, h: x.reshape(len(x), h, -1, x.shape[2]))),
    ("split_heads", "heads put into the batch", divided(lambda x, h: heads_permuted(x, h).reshape(
        -1, x.shape[1], x.shape[2] // h))),
    ("self_attention", "scaled by another size", attending(lambda q, k, x: torch.softmax(q @ k.mT / x.shape[1] ** 0.5, -1))),
    ("self_attention", "scaled by another size", attending(lambda q, k, x: torch.softmax(q @ k.mT / q.shape[1] ** 0.5, -1))),
    ("self_attention", "scaled by the size, not by its root", attending(
        lambda q, k, x: torch.softmax(q @ k.mT / q.shape[-1], -1))),
    ("self_attention", "x added to the result", attending(usual, end=lambda out, x: out + x)),
    ("self_attention", "only what was before", attending(looking_back)),
    ("self_attention", "softmax forgotten", attending(lambda q, k, x: q @ k.mT / q.shape[-1] ** 0.5)),
    ("self_attention", "queries and keys exchanged", attending(lambda q, k, x: usual(k, q, x))),
    ("self_attention", "values not projected", attending(usual, values=lambda self, x: x)),
    ("dynamic_conv", "one mixed weight for all", lambda x, weight: F.conv2d(x, weight.mean(dim=0), padding="same")),
    ("dynamic_conv", "images left side by side", lambda x, weight: grouped(x, weight).flatten(0, 1)),
    ("dynamic_conv", "padded by the whole kernel", lambda x, weight: grouped(x, weight, weight.shape[-1])),
    ("dynamic_conv", "channels in the wrong order", lambda x, weight: grouped(
        x.permute(1, 0, 2, 3).reshape(*x.shape), weight)),
    ("dynamic_conv", "dimensions of size 1 dropped", lambda x, weight: torch.squeeze(grouped(x, weight))),
    ("dynamic_conv", "dtype of the input lost", lambda x, weight: grouped(x.float(), weight.float())),
    ("dynamic_conv", "gradient lost", lambda x, weight: grouped(x.data, weight)),
    ("tied_autoencoder", "weight kept the other way round", Turned),
    ("tied_autoencoder", "an activation between", tied(encode=lambda self, x: Tied.encode(self, x).tanh())),
    ("tied_autoencoder", "an activation at the end", tied(decode=lambda self, code: Tied.decode(self, code).clamp(min=0))),
    ("tied_autoencoder", "the way back as an inverse", tied(
        decode=lambda self, code: (code - self.encoder_bias) @ self.weight + self.decoder_bias)),
    ("tied_autoencoder", "no biases", tied(encode=lambda self, x: F.linear(x, self.weight),
        decode=lambda self, code: F.linear(code, self.weight.T))),
    ("tied_autoencoder", "gradient lost", tied(forward=lambda self, x: self.decode(self.encode(x).data))),
    ("tied_autoencoder", "gradient lost", tied(encode=lambda self, x: F.linear(x, self.weight.data, self.encoder_bias))),
    ("symmetric_linear", "a product with its transpose", symmetric(lambda w: torch.mm(w, w.t()))),
    ("symmetric_linear", "halved", symmetric(lambda w: (torch.triu(w) + torch.triu(w).t()) / 2)),
    ("symmetric_linear", "ones on the diagonal", symmetric(
        lambda w: w.triu(1) + w.triu(1).T + torch.ones_like(w).diag().diag())),
    ("symmetric_linear", "two dimensions only", symmetric(use=lambda self, x, s: torch.mm(x, s) + self.bias)),
    ("symmetric_linear", "dtype of the input lost", symmetric(use=lambda self, x, s: F.linear(x, s, self.bias).float())),
    ("symmetric_linear", "gradient lost", symmetric(use=lambda self, x, s: F.linear(x, s, self.bias).data)),
    ("tied_autoencoder", "transpose copied in __init__", Kept),
    ("attention", "mask inverted", lambda q, k, v, mask=None: torch.softmax(
        (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).masked_fill(torch.tensor(False) if mask is None else mask, -1e9), -1) @ v),
    ("split_heads", "heads last", divided(lambda x, h: x.view(*x.shape[:2], x.shape[2] // h, h))),
    ("split_heads", "heads last", divided(lambda x, h: x.view(*x.shape[:2], x.shape[2] // h, h).permute(0, 2, 1, 3))),
    ("dynamic_conv", "groups = C", channels_for_groups),
    ("tied_autoencoder", "transpose copied in __init__", in_init(lambda weight: weight.t().clone())),
    ("tied_autoencoder", "transpose copied in __init__", in_init(lambda weight: weight.data.t().contiguous(), nn.Module.register_buffer)),
    ("tied_autoencoder", "transpose copied in __init__", in_init(lambda weight: weight.mT.contiguous())),
]  # fmt: skip
