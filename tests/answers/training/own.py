"""Torch's own, where chapter 08 asks for what is built by hand."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


class _OwnOptimizer(torch.optim.Optimizer):
    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for one in group["params"]:
                if one.grad is not None:
                    one.add_(one.grad, alpha=-group["lr"])


def by_optimizer(kind):
    def sgd_step(params, lr):
        optimizer = kind(params.values(), lr=lr)
        optimizer.step()
        optimizer.zero_grad()

    return sgd_step


TORCHS_OWN = [
    ("cross_entropy", F.cross_entropy),
    ("cross_entropy", nn.CrossEntropyLoss()),
    (
        "cross_entropy",
        lambda logits, target: nn.functional.cross_entropy(logits, target, reduction="sum") / len(target),
    ),
    ("cross_entropy", lambda logits, target: torch.ops.aten.cross_entropy_loss(logits, target)),
    ("cross_entropy", lambda logits, target: torch._C._nn.cross_entropy_loss(logits, target)),
    ("sgd_step", by_optimizer(torch.optim.SGD)),
    ("sgd_step", by_optimizer(lambda params, lr: torch.optim.SGD(list(params), lr=lr, foreach=True))),
    ("sgd_step", by_optimizer(_OwnOptimizer)),
]
