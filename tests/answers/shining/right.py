"""Chapter 09, right answers, as different as people write them; those of `call_with` are in `lending`."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from answers.shining.pieces import attention_einsum, heads_permuted
from answers.shining.right_classes import (
    Folded,
    FromPieces,
    HeadByHead,
    InEinsum,
    Symmetric,
    SymmetricByIndex,
    SymmetricByMask,
    SymmetricByProperty,
    SymmetricByWhere,
    SymmetricInPlace,
    Tied,
    TiedAndCounting,
    TiedByEinsum,
    TiedByProperty,
    TiedInOneLine,
    TiedWithAGuard,
    WithAScale,
    WithFour,
)
from torch import Tensor, nn


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
