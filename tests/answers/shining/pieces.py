"""Chapter 09, two right answers that others are built of."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def attention_einsum(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    scores = torch.einsum("...le,...se->...ls", q, k) / math.sqrt(k.size(-1))
    if mask is not None:
        scores = torch.where(mask, scores, float("-inf"))
    return torch.einsum("...ls,...sv->...lv", torch.softmax(scores, dim=-1), v)


def heads_permuted(x: Tensor, num_heads: int) -> Tensor:
    if x.size(-1) % num_heads != 0:
        raise ValueError
    return x.reshape(*x.shape[:2], num_heads, -1).permute(0, 2, 1, 3)
