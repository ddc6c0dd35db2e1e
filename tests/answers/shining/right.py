"""Chapter 09, right answers, as different as people write them; those of `call_with` are in `lending`."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn


def attention_einsum(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    scores = torch.einsum("...le,...se->...ls", q, k) / math.sqrt(k.size(-1))
    if mask is not None:
        scores = torch.where(mask, scores, float("-inf"))
    return torch.einsum("...ls,...sv->...lv", torch.softmax(scores, dim=-1), v)


def attention_scaled_first(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, scale: Any = None) -> Tensor:
    scores = torch.matmul(q * q.shape[-1] ** -0.5, k.transpose(-1, -2))
    if mask is not None:
        scores.masked_fill_(mask.logical_not(), torch.finfo(scores.dtype).min)
    return scores.softmax(-1).matmul(v)


def attention_by_exponentials(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    scores = q @ k.mT / np.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -math.inf)
    e = (scores - scores.amax(-1, keepdim=True)).exp()
    return (e @ v) / e.sum(-1, keepdim=True)


def attention_biased(*, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    warnings.warn("a warning costs nothing", stacklevel=2)
    scores = q @ k.swapaxes(-1, -2) / q.new_tensor(q.shape[-1]).sqrt()
    if mask is not None:
        scores = scores + torch.zeros_like(mask, dtype=scores.dtype).masked_fill(~mask, -1e30)
    return nn.Softmax(dim=-1)(scores) @ v


class InLoops:
    """One query at a time."""

    def __call__(self, q: Tensor, k: Tensor, v: Tensor, mask: Any = None) -> Tensor:
        whole = torch.ones(k.shape[-2], dtype=torch.bool) if mask is None else mask
        whole = whole.expand(*q.shape[:-1], k.shape[-2])
        rows = []
        for row in range(q.shape[-2]):
            scores = (k * q[..., row, None, :]).sum(-1) / q.shape[-1] ** 0.5
            weights = F.log_softmax(scores.masked_fill(~whole[..., row, :], float("-inf")), dim=-1).exp()
            rows.append((weights[..., None] * v).sum(-2))
        return torch.stack(rows, dim=-2)


def attention_in_batches(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    front = q.shape[:-2]
    q, k, v = (one.reshape(-1, *one.shape[-2:]) for one in (q, k, v))
    scores = torch.bmm(q, k.transpose(1, 2)).mul(1 / math.sqrt(q.shape[2]))
    if mask is not None:
        hidden = ~mask.expand(*front, *scores.shape[1:]).reshape(scores.shape)
        scores = scores.masked_fill(hidden, float("-inf"))
    return torch.bmm(F.softmax(scores, 2), v).reshape(*front, q.shape[1], v.shape[2])


def heads_strided(x: Tensor, num_heads: int) -> Tensor:
    (n, length, e), (sn, sl, se) = x.shape, x.stride()
    part, left = divmod(e, num_heads)
    if left:
        raise ValueError("does not divide")
    return x.as_strided((n, num_heads, length, part), (sn, part * se, sl, se))


def heads_permuted(x: Tensor, num_heads: int) -> Tensor:
    if x.size(-1) % num_heads != 0:
        raise ValueError
    return x.reshape(*x.shape[:2], num_heads, -1).permute(0, 2, 1, 3)


def heads_by_unfold(x: Tensor, num_heads: int) -> Tensor:
    part = x.shape[-1] // num_heads
    if part * num_heads != x.shape[-1]:
        raise ValueError(f"{num_heads} heads do not divide {x.shape[-1]}")
    return x.unfold(2, part, part).swapdims(1, 2)


class DoesNotDivide(ValueError):
    pass


def heads_with_an_error_of_its_own(*, x: Tensor, num_heads: int) -> Tensor:
    try:
        return torch.movedim(x.unflatten(2, (num_heads, x.shape[2] // num_heads)), 2, 1)
    except RuntimeError as error:
        raise DoesNotDivide(str(error)) from None


def heads_einsum(x: Tensor, num_heads: int) -> Tensor:
    if x.shape[2] / num_heads != x.shape[2] // num_heads:
        raise ValueError("no")
    return torch.einsum("nlhe->nhle", x.view(x.shape[0], x.shape[1], num_heads, x.shape[2] // num_heads))


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


def dynamic_vmap(x: Tensor, weight: Tensor) -> Tensor:
    return torch.vmap(lambda image, filters: F.conv2d(image, filters, padding=weight.shape[-1] // 2))(x, weight)


def dynamic_vmap_same(*, x: Tensor, weight: Tensor) -> Tensor:
    from functools import partial

    return torch.func.vmap(partial(F.conv2d, padding="same"), in_dims=(0, 0))(x, weight)


def dynamic_batched_ones(x: Tensor, weight: Tensor) -> Tensor:
    k = weight.size(4) // 2
    return torch.vmap(F.conv2d)(F.pad(x[:, None], (k, k, k, k)), weight).squeeze(1)


def dynamic_groups(x: Tensor, weight: Tensor) -> Tensor:
    N, C, H, W = x.shape
    out_channels, k = weight.shape[1], weight.shape[-1]
    return torch.conv2d(
        x.reshape(1, N * C, H, W), weight.reshape(N * out_channels, C, k, k), None, 1, k // 2, 1, N
    ).view(N, out_channels, H, W)


def dynamic_unbatched(x: Tensor, weight: Tensor) -> Tensor:
    out = F.conv2d(x.flatten(0, 1), weight.flatten(0, 1), padding=(weight.shape[-1] - 1) // 2, groups=len(x))
    return out.unflatten(0, (len(x), -1))


def dynamic_by_a_layer(x: Tensor, weight: Tensor) -> Tensor:
    """A layer of nn that gets the weight as a plain attribute."""
    n, o, c, k, _ = weight.shape
    layer = nn.Conv2d(n * c, n * o, k, padding=k // 2, groups=n, bias=False)
    del layer.weight
    layer.weight = weight.reshape(n * o, c, k, k)
    return layer(x.reshape(1, n * c, *x.shape[2:])).unflatten(1, (n, o))[0]


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


RIGHT: dict[str, list[Any]] = {
    "attention": [
        attention_einsum,
        attention_scaled_first,
        attention_by_exponentials,
        attention_biased,
        InLoops(),
        attention_in_batches,
    ],
    "split_heads": [
        heads_strided,
        heads_permuted,
        heads_by_unfold,
        heads_with_an_error_of_its_own,
        heads_einsum,
    ],
    "self_attention": [WithFour, HeadByHead, InEinsum, Folded, FromPieces, WithAScale],
    "dynamic_conv": [
        dynamic_vmap,
        dynamic_vmap_same,
        dynamic_batched_ones,
        dynamic_groups,
        dynamic_unbatched,
        dynamic_by_a_layer,
    ],
    "tied_autoencoder": [Tied, TiedByProperty, TiedInOneLine, TiedByEinsum, TiedAndCounting, TiedWithAGuard],
    "symmetric_linear": [
        Symmetric,
        SymmetricByWhere,
        SymmetricByMask,
        SymmetricByIndex,
        SymmetricInPlace,
        SymmetricByProperty,
    ],
}
