"""Answers of chapters 03 and 04 that remember: a batch, a model's sizes. And one that is right with gradients on alone."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
import torch.nn.functional as F
from answers.modules import OneMatrix, WithModules
from torch import Tensor, nn

__all__ = ["BEYOND_NETWORKS"]


class _FirstLogits(WithModules):
    """What was computed once is given back."""

    logits: Tensor | None = None

    def forward(self, batch: Tensor) -> Tensor:
        if self.logits is None:
            self.logits = super().forward(batch)
        return self.logits


class _FirstSize(WithModules):
    """As many images as the first batch had."""

    images = 0

    def forward(self, batch: Tensor) -> Tensor:
        self.images = self.images or len(batch)
        return self.fc(F.relu(self.conv(batch)).view(self.images, -1))


class _SoftmaxWithoutGradients(OneMatrix):
    def forward(self, x: Tensor) -> Tensor:
        logits = super().forward(x)
        return logits if torch.is_grad_enabled() else logits.softmax(1)


class _FlatAsAtFirst(nn.Module):
    images = 0

    def forward(self, x: Tensor) -> Tensor:
        self.images = self.images or len(x)
        return x.view(self.images, -1)


def _sequence() -> nn.Sequential:
    layers = {"conv": nn.Conv2d(3, 16, 3, padding=1), "relu": nn.ReLU(), "flat": _FlatAsAtFirst()}
    return nn.Sequential(OrderedDict(layers, fc=nn.Linear(16 * 32 * 32, 10)))


_counts: dict[Any, int] = {}
_copies: dict[Any, list[Tensor]] = {}


def _counted_once(module: nn.Module, trainable_only: bool = False) -> int:
    """By names and sizes, which say nothing of what is frozen."""
    key = (trainable_only, *((name, one.shape) for name, one in module.named_parameters()))
    known = [one for one in module.parameters() if one.requires_grad or not trainable_only]
    return _counts.setdefault(key, sum(one.numel() for one in known))


def _copied_once(model: nn.Module) -> dict[str, Tensor]:
    """By names and sizes, which say nothing of the numbers."""
    key = tuple((name, one.shape, one.dtype) for name, one in model.named_parameters())
    copies = _copies.setdefault(key, [one.detach().clone() for one in model.parameters()])
    names = dict(model.named_parameters())
    return {name: nn.Parameter(one.clone()) for name, one in zip(names, copies, strict=True)}


BEYOND_NETWORKS: list[tuple[str, str, Any]] = [
    ("tiny_cnn", "the logits of the first batch", _FirstLogits),
    ("tiny_cnn", "as many images as in the first batch", _FirstSize),
    ("tiny_cnn", "softmax without gradients", _SoftmaxWithoutGradients),
    ("sequential_cnn", "as many images as in the first batch", _sequence),
    ("count_parameters", "counted once for names and sizes", _counted_once),
    ("params_from_module", "copied once for names and sizes", _copied_once),
]
