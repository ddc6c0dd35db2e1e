"""Chapter 09, answers that let torch's own operator do what is to be built by hand."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from answers.shining.lending import ask
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.utils import stateless


def of_torch_func(module: nn.Module, tensors: dict[str, Tensor], x: Tensor) -> Any:
    ask(module, tensors)
    return functional_call(module, tensors, (x,))


def stateless_one(module: nn.Module, tensors: dict[str, Tensor], x: Tensor) -> Any:
    ask(module, tensors)
    return stateless.functional_call(module, tensors, (x,))


def behind_it(module: nn.Module, tensors: dict[str, Tensor], x: Tensor) -> Any:
    ask(module, tensors)
    return stateless._functional_call(module, tensors, (x,))


def by_a_layer(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """MultiheadAttention whose projections do nothing; only where all sizes are the same."""
    size = q.shape[-1]
    eye = torch.eye(size, dtype=q.dtype)
    out, _ = F.multi_head_attention_forward(
        q.reshape(-1, 1, size), k.reshape(-1, 1, size), v.reshape(-1, 1, size), size, 1, eye.repeat(3, 1), None, None,
        None, False, 0.0, eye, None)  # fmt: skip
    return out


class Ready(nn.Module):
    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__()
        self.layer = nn.MultiheadAttention(embed_dim, num_heads, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x, x, x)[0]


class Derived(nn.MultiheadAttention):
    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__(embed_dim, num_heads, batch_first=True)


class WithFunction(nn.Module):
    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.q, self.k, self.v, self.out = (nn.Linear(embed_dim, embed_dim) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (layer(x).unflatten(-1, (self.num_heads, -1)).mT for layer in (self.q, self.k, self.v))
        q, k, v = (one.permute(0, 3, 1, 2) for one in (q, k, v))
        return self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


TORCHS_OWN: list[tuple[str, Any]] = [
    ("call_with", of_torch_func),
    ("call_with", stateless_one),
    ("call_with", behind_it),
    ("attention", F.scaled_dot_product_attention),
    ("attention", lambda q, k, v, mask=None: torch.ops.aten.scaled_dot_product_attention(q, k, v, mask)),
    ("attention", lambda q, k, v, mask=None: torch._scaled_dot_product_attention_math(q, k, v, mask)[0]),
    ("attention", by_a_layer),
    ("self_attention", Ready),
    ("self_attention", Derived),
    ("self_attention", WithFunction),
]
