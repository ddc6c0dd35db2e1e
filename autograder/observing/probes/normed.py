"""Seeing a layer's state: what it is made with, what loads into what, what gradients reach its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from autograder.observing.gradients import by_name

__all__ = ["as_made", "gradients_of", "loads", "run_quietly"]


def gradients_of(out: Tensor, leaves: Mapping[str, Tensor]) -> dict[str, Any]:
    """The gradient to each leaf that asks for one, and of a Parameter that it asks for none, of a weighted sum over ``out``."""
    asked = {name: one for name, one in leaves.items() if one.requires_grad or isinstance(one, nn.Parameter)}
    return by_name(out, asked)


def run_quietly(layer: nn.Module, x: Tensor) -> None:
    """A forward pass without a graph, for what it does to the layer."""
    with torch.no_grad():
        layer(x)


def as_made(layer: nn.Module, torchs: nn.Module) -> dict[str, Any]:
    """The tensors of a new layer by name, as what they are registered, and whether torch's own takes them."""
    learned, buffers = dict(layer.named_parameters()), dict(layer.named_buffers())
    return {
        "tensors": dict(layer.state_dict()),
        "learned": {name: one.requires_grad for name, one in learned.items()},
        "buffers": tuple(sorted(buffers)),
        "mode": "training" if layer.training else "eval",
        "nn.BatchNorm2d takes its state": loads(torchs, layer.state_dict()),
    }


def loads(into: nn.Module, state: Mapping[str, Tensor]) -> str:
    """Load ``state``, as much of it as fits; what does not, in words."""
    try:
        into.load_state_dict(dict(state))
    except (RuntimeError, AttributeError, TypeError, KeyError):
        own = into.state_dict()
        fitting = {name: one for name, one in state.items() if name in own and own[name].shape == one.shape}
        into.load_state_dict(fitting, strict=False)
        names = sorted(set(own) ^ set(state) | (set(own) & set(state)) - set(fitting))
        return f"not {', '.join(names)}" if names else "not wholly"
    return "yes"
