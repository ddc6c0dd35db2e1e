"""Chapter 09, right answers that are classes."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from answers.shining.pieces import attention_einsum, heads_permuted
from torch import Tensor, nn


class WithFour(nn.Module):
    """The contract's names, everything else in a row."""

    def __init__(self, embed_dim: int, num_heads: int, bias: bool = True) -> None:
        super().__init__()
        self.h = num_heads
        for name in ("q", "k", "v", "out"):
            setattr(self, name, nn.Linear(embed_dim, embed_dim, bias=bias))

    def forward(self, x: Tensor) -> Tensor:
        n, length, e = x.shape
        q, k, v = (getattr(self, name)(x).view(n, length, self.h, e // self.h).transpose(1, 2) for name in "qkv")
        weights = F.softmax(q @ k.transpose(2, 3) / math.sqrt(e // self.h), dim=3)
        return self.out((weights @ v).transpose(1, 2).reshape(n, length, e))


class HeadByHead(nn.Module):
    """A loop over the heads, put together by cat."""

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__()
        self.out, self.v, self.k, self.q = (nn.Linear(embed_dim, embed_dim) for _ in range(4))
        self.size = embed_dim // num_heads

    def forward(self, x: Tensor) -> Tensor:
        heads = []
        for q, k, v in zip(*(layer(x).split(self.size, dim=-1) for layer in (self.q, self.k, self.v)), strict=True):
            scores = torch.baddbmm(q.new_zeros(1), q, k.mT, alpha=self.size**-0.5)
            heads.append(scores.softmax(-1) @ v)
        return self.out(torch.cat(heads, dim=-1))


class InEinsum(nn.Module):
    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.q, self.k = nn.Linear(embed_dim, embed_dim), nn.Linear(embed_dim, embed_dim)
        self.v, self.out = nn.Linear(embed_dim, embed_dim), nn.Linear(embed_dim, embed_dim)
        self.drop = nn.Dropout(0.0)

    def forward(self, x: Tensor, mask: Any = None) -> Tensor:
        q, k, v = (
            F.linear(x, one.weight, one.bias).unflatten(-1, (self.num_heads, -1)) for one in (self.q, self.k, self.v)
        )
        scores = torch.einsum("nlhe,nshe->nhls", q, k) * q.shape[-1] ** -0.5
        mixed = torch.einsum("nhls,nshe->nlhe", self.drop(F.softmax(scores, -1)), v)
        return self.out(mixed.flatten(2))


class Folded(nn.Module):
    """Heads folded into the batch."""

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__()
        self.heads = num_heads
        self.q = nn.Linear(embed_dim, embed_dim)
        self.k = nn.Linear(embed_dim, embed_dim)
        self.v = nn.Linear(embed_dim, embed_dim)
        self.out = nn.Linear(embed_dim, embed_dim)
        nn.init.xavier_uniform_(self.q.weight)

    def fold(self, t: Tensor) -> Tensor:
        return torch.cat(t.chunk(self.heads, dim=2), dim=0)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.fold(self.q(x)), self.fold(self.k(x)), self.fold(self.v(x))
        weights = F.softmax(torch.bmm(q, k.transpose(1, 2)) / q.size(-1) ** 0.5, dim=2)
        return self.out(torch.cat(torch.bmm(weights, v).chunk(self.heads, dim=0), dim=2))


class FromPieces(nn.Module):
    def __init__(self, *, embed_dim: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        for name in ["q", "k", "v", "out"]:
            self.add_module(name, nn.LazyLinear(embed_dim) if False else nn.Linear(embed_dim, embed_dim))

    def forward(self, x: Tensor) -> Tensor:
        heads = [heads_permuted(self.get_submodule(name)(x), self.num_heads) for name in "qkv"]
        return self.get_submodule("out")(attention_einsum(*heads).transpose(1, 2).flatten(2))


class WithAScale(WithFour):
    """What every head divides by is kept as a buffer."""

    scale: Tensor

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__(embed_dim, num_heads)
        self.register_buffer("scale", torch.tensor(embed_dim // num_heads, dtype=torch.float64).sqrt())

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (heads_permuted(getattr(self, name)(x), self.h) for name in "qkv")
        weights = torch.softmax(q @ k.mT / self.scale.item(), -1)
        return self.out((weights @ v).movedim(1, 2).flatten(-2))


class Tied(nn.Module):
    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.decoder_bias = nn.Parameter(torch.zeros(features))
        self.encoder_bias = nn.Parameter(torch.zeros(hidden))
        self.weight = nn.Parameter(nn.init.kaiming_uniform_(torch.empty(hidden, features), a=5**0.5))

    def encode(self, x: Tensor) -> Tensor:
        return x @ self.weight.T + self.encoder_bias

    def decode(self, code: Tensor) -> Tensor:
        return code @ self.weight + self.decoder_bias

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))


class TiedByProperty(nn.Module):
    def __init__(self, features: int, hidden: int, scale: float = 0.1) -> None:
        super().__init__()
        self.register_parameter("weight", nn.Parameter(torch.randn(hidden, features) * scale))
        self.register_parameter("encoder_bias", nn.Parameter(torch.randn(hidden)))
        self.register_parameter("decoder_bias", nn.Parameter(torch.randn(features)))

    @property
    def transposed(self) -> Tensor:
        return self.weight.transpose(0, 1)

    def encode(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.encoder_bias)

    def decode(self, code: Tensor) -> Tensor:
        return F.linear(code, self.transposed.contiguous(), self.decoder_bias)

    def forward(self, x: Tensor) -> Tensor:
        code = self.encode(x)
        return self.decode(code)


class TiedInOneLine(Tied):
    def forward(self, x: Tensor) -> Tensor:
        return torch.addmm(self.decoder_bias, torch.addmm(self.encoder_bias, x, self.weight.t()), self.weight)


class TiedByEinsum(nn.Module):
    def __init__(self, *, features: int, hidden: int) -> None:
        super().__init__()
        self.sizes = (features, hidden)
        self.weight = nn.Parameter(torch.ones(hidden, features))
        self.encoder_bias = nn.Parameter(torch.ones(hidden))
        self.decoder_bias = nn.Parameter(torch.ones(features))

    def encode(self, x: Tensor) -> Tensor:
        return torch.einsum("nf,hf->nh", x, self.weight).add(self.encoder_bias)

    def decode(self, code: Tensor) -> Tensor:
        return torch.einsum("nh,hf->nf", code, self.weight).add(self.decoder_bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))


class TiedAndCounting(Tied):
    """Counts its calls in a buffer of its own."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__(features, hidden)
        self.register_buffer("calls", torch.tensor(0))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return super().forward(x)


class TiedWithAGuard(TiedByProperty):
    """Methods that are callables of their own kind, and a check on the way."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__(features, hidden)
        self.forward = lambda x: self.decode(self.encode(x)) if x.shape[-1] == features else x  # type: ignore[method-assign]


class Symmetric(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(features, features))
        self.bias = nn.Parameter(torch.zeros(features))

    def symmetric(self) -> Tensor:
        upper = torch.triu(self.weight)
        return upper + upper.T - torch.diag(torch.diagonal(upper))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.symmetric(), self.bias)


class SymmetricByWhere(Symmetric):
    def symmetric(self) -> Tensor:
        i = torch.arange(len(self.weight))
        return torch.where(i[:, None] <= i, self.weight, self.weight.T)


class SymmetricByMask(nn.Module):
    mask: Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(features, features))
        self.bias = nn.Parameter(torch.randn(features))
        self.register_buffer("mask", torch.ones(features, features).triu(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        upper = self.weight * self.mask
        return x @ (upper + (self.weight * self.mask.triu(1)).T) + self.bias


class SymmetricByIndex(Symmetric):
    def symmetric(self) -> Tensor:
        n = self.weight.shape[0]
        rows, columns = torch.meshgrid(torch.arange(n), torch.arange(n), indexing="ij")
        return self.weight[torch.minimum(rows, columns), torch.maximum(rows, columns)]


class SymmetricInPlace(Symmetric):
    def symmetric(self) -> Tensor:
        out = self.weight.clone()
        rows, columns = torch.tril_indices(*out.shape, offset=-1)
        out[rows, columns] = self.weight[columns, rows]
        return out


class SymmetricByProperty(Symmetric):
    @property
    def matrix(self) -> Tensor:
        return self.weight.triu() + self.weight.triu(diagonal=1).transpose(-2, -1)

    def forward(self, input: Tensor) -> Tensor:
        return torch.matmul(input, self.matrix).add_(self.bias)
