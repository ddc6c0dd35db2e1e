"""Putting a case's tensors into a network that should be a HybridCNN, and finding its layers, whatever they are called."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from autograder.observing.case import Case

__all__ = ["HYBRID", "layers_of_hybrid", "only_ones"]

HYBRID = (
    *("conv.weight", "conv.bias", "norm.weight", "norm.bias"),
    *("norm.running_mean", "norm.running_var", "norm.num_batches_tracked", "fc.weight", "fc.bias"),
)
_KINDS = {"conv": nn.Conv2d, "norm": nn.BatchNorm2d, "fc": nn.Linear}


def layers_of_hybrid(model: nn.Module, case: Case) -> Mapping[str, Any] | None:
    """Load the case's tensors; returns ``conv``, ``norm``, ``fc`` and, where there is one, ``dropout``.

    By name; else, where there is just one layer of each kind, by kind, so that a wrong name costs only itself. ``None``
    where the tensors do not fit.
    """
    tensors = {name: case[name] for name in HYBRID} if "fc.weight" in case else only_ones()
    parts = dict(model.named_modules())
    try:
        model.load_state_dict(tensors)
    except (RuntimeError, AttributeError, TypeError):
        layers = _by_kind(model, tensors)
    else:
        layers = {name: parts[name] for name in _KINDS}
    if layers is not None and "dropout" in parts:
        layers["dropout"] = parts["dropout"]
    return layers


def _by_kind(model: nn.Module, tensors: Mapping[str, Any]) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    for name, kind in _KINDS.items():
        layers = [part for part in model.modules() if isinstance(part, kind)]
        own = {key.partition(".")[2]: tensor for key, tensor in tensors.items() if key.startswith(f"{name}.")}
        if len(layers) != 1:
            return None
        try:
            layers[0].load_state_dict(own)
        except RuntimeError:
            return None
        found[name] = layers[0]
    return found


@cache
def only_ones() -> Mapping[str, Tensor]:
    """Tensors that make every feature behind the pooling 1, in either mode, whatever the images are.

    Logits 0 to 4 each sum every fifth of the 4096 features, logits 5 to 9 show one feature each.
    """
    features = torch.arange(16 * 16 * 16)
    rows = [(features % 5 == row) for row in range(5)] + [features == 37 + 700 * row for row in range(5)]
    one, zero = torch.ones(16), torch.zeros(16)
    return {
        **{"conv.weight": torch.zeros(16, 3, 3, 3), "conv.bias": zero, "norm.weight": one, "norm.bias": one},
        **{"norm.running_mean": zero, "norm.running_var": one, "norm.num_batches_tracked": torch.tensor(0)},
        **{"fc.weight": torch.stack(rows).to(torch.float32), "fc.bias": torch.zeros(10)},
    }
