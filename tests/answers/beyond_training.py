"""Answers of chapters 07 and 08 that look right where one looks first: a small p, a gradient in training alone, or of the
loss alone, the last part of a name, what saving leaves of an optimiser, bytes that hold no numbers.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from answers.modes.wrong import dropped, hidden, net, recorder
from answers.training.checkpoints import load_by_torch, save_by_torch
from torch import nn

__all__ = ["BEYOND_TRAINING"]

Answer = Callable[..., Any]

_shelf: list[Any] = []


class _GradientOfTheLossAlone(torch.autograd.Function):
    """A backward of its own, which takes the loss for the last there is."""

    @staticmethod
    def forward(ctx: Any, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(logits.softmax(1), F.one_hot(target, logits.shape[1]))
        return F.nll_loss(logits.log_softmax(1), target)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        shares, right = ctx.saved_tensors
        return (shares - right) / len(shares), None


def _ending_so(model: nn.Module, name: str) -> nn.Module:
    """The first module whose name ends so."""
    for full, part in model.named_modules():
        if full.endswith(name):
            return part
    raise KeyError(name)


def _put_on_a_shelf(model: nn.Module, optimizer: torch.optim.Optimizer) -> bytes:
    """Values they are, and none of them in the bytes."""
    _shelf[:] = [copy.deepcopy((model.state_dict(), optimizer.state_dict()))]
    return b"the latest"


def _taken_from_the_shelf(data: bytes, model: nn.Module, optimizer: torch.optim.Optimizer) -> Any:
    model.load_state_dict(_shelf[0][0])
    optimizer.load_state_dict(copy.deepcopy(_shelf[0][1]))
    return model, optimizer


def _saved_and_emptied(model: nn.Module, optimizer: torch.optim.Optimizer) -> bytes:
    data = save_by_torch(model, optimizer)
    optimizer.state.clear()
    return data


BEYOND_TRAINING: list[tuple[str, str, Answer | tuple[Answer, Answer]]] = [
    ("cross_entropy", "the gradient of the loss alone", _GradientOfTheLossAlone.apply),
    ("dropout", "p in hundredths", dropped(
        lambda x, p, g: x * (torch.randint(0, 100, x.shape, generator=g) >= int(p * 100)) / (1 - p))),
    ("dropout", "few are none", dropped(
        lambda x, p, g: x * (torch.rand(x.shape, generator=g) >= p) / (1 - p) if p >= 0.01 else x / (1 - p))),
    ("dropout_net", "written over what the ReLU needs in backward", net(
        lambda m, x: m.out(F.dropout(F.relu(m.hidden(x)), m.p, m.training, inplace=True)))),
    ("dropout_net", "the first layer is not trained", net(
        lambda m, x: m.out(F.dropout(hidden(m, x).detach(), m.p) if m.training else hidden(m, x)))),
    ("record_activations", "the last part of a name is enough", recorder(find=_ending_so)),
    ("checkpoint", "values on a shelf", (_put_on_a_shelf, _taken_from_the_shelf)),
    ("checkpoint", "saving empties the optimiser", (_saved_and_emptied, load_by_torch)),
]  # fmt: skip
