"""A training loop with a place for each mistake, so that both builds' loops go wrong in the same ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["TENSORS_FOR_FLOATS", "loop", "loss_of_probabilities"]

TENSORS_FOR_FLOATS = (
    "Asked for is a list of floats. A loss is a tensor, and drags its whole graph along for as long as it is kept, unless "
    "it is detached. Keep loss.item()."
)

Loss = Callable[[Tensor, Tensor], Tensor]


def loop(
    forward: Callable[[Tensor], Tensor],
    tensors: Iterable[Tensor],
    batches: Iterable[tuple[Tensor, Tensor]],
    lr: float,
    *,
    loss_of: Loss = F.cross_entropy,
    clear: str = "before",
    when: str = "before",
    keep: Callable[[Tensor], Any] = Tensor.item,
) -> list[Any]:
    """Train ``tensors`` in place by torch's own SGD; the right loop, unless told otherwise.

    ``clear`` says when gradients are cleared: ``"before"`` each backward, ``"after"`` each step, ``"never"``, or
    ``"between"`` backward and step. ``when`` is the side of the step on which the loss is taken, ``keep`` what is kept of it.
    """
    held = list(tensors)
    optimizer = torch.optim.SGD(held, lr=lr)
    losses = []
    for x, target in batches:
        loss = loss_of(forward(x), target)
        if clear == "before":
            optimizer.zero_grad()
        loss.backward()
        if clear == "between":
            optimizer.zero_grad()
        optimizer.step()
        if clear == "after":
            optimizer.zero_grad()
        losses.append(keep(loss if when == "before" else loss_of(forward(x), target)))
    return losses


def loss_of_probabilities(dim: int) -> Loss:
    """Cross-entropy of what a softmax over ``dim`` has been put on: what comes of a softmax too many."""
    return lambda logits, target: F.cross_entropy(logits.softmax(dim), target)
