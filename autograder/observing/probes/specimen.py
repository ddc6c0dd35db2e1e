"""Modules that a case describes in plain words, so that a case stays data: built fresh for every run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.observing.codec import Uniform

__all__ = ["build_module", "load_by_shape", "modes"]


def build_module(spec: Sequence[Sequence[Any]], seed: int = 0) -> nn.Sequential:
    """An ``nn.Sequential`` of the layers that ``spec`` lists, its parameters drawn from ``seed``: everywhere the same bits.

    A layer is ``("linear", in, out)``, ``("conv", in, out, kernel)``, ``("norm", channels)``, ``("relu",)``,
    ``("flatten",)``, ``("dropout", p)`` or ``("nest", *layers)``. Two words change layers by their index:
    ``("tie", i, j)`` makes the weight of j the weight of i, ``("freeze", i)`` turns gradients off.

    >>> build_module([("linear", 3, 4), ("relu",), ("nest", ("linear", 4, 2))])[2][0].weight.shape
    torch.Size([2, 4])
    """
    with torch.random.fork_rng(devices=[]):
        module = _build(spec)
    _draw(module, np.random.RandomState(seed))
    return module


def _build(spec: Sequence[Sequence[Any]]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for word, *rest in spec:
        match word:
            case "linear":
                layers.append(nn.Linear(*rest))
            case "conv":
                layers.append(nn.Conv2d(*rest))
            case "norm":
                layers.append(nn.BatchNorm2d(*rest))
            case "relu":
                layers.append(nn.ReLU())
            case "flatten":
                layers.append(nn.Flatten())
            case "dropout":
                layers.append(nn.Dropout(*rest))
            case "nest":
                layers.append(_build(rest))
            case "tie":
                layers[rest[1]].weight = layers[rest[0]].weight
            case "freeze":
                layers[rest[0]].requires_grad_(False)
            case _:
                raise ValueError(f"no layer is called {word!r}")
    return nn.Sequential(*layers)


def _draw(module: nn.Module, random: np.random.RandomState) -> None:
    """Give every part numbers anew. What torch draws differs in its last bits from processor to processor."""

    def uniform(tensor: Tensor, middle: float, bound: float) -> None:
        drawn = Uniform(tuple(tensor.shape), bound, int(random.randint(2**31 - 1))).tensor()
        with torch.no_grad():
            tensor.copy_(middle + drawn)

    for part in module.modules():
        own = list(part.parameters(recurse=False))
        fan_in = max((one[0].numel() for one in own if one.dim() > 1), default=4)
        for one in own:
            uniform(one, 0, fan_in**-0.5)
        if isinstance(part, nn.BatchNorm2d):  # with running statistics that are not the ones it was born with
            assert part.running_mean is not None and part.running_var is not None
            uniform(part.weight, 1, 0.5)
            uniform(part.running_mean, 0, 1)
            uniform(part.running_var, 1.25, 0.75)


def modes(module: nn.Module) -> dict[str, bool]:
    """The ``training`` flag of every part of ``module`` by its path (``""`` is the module itself)."""
    return {name or "itself": part.training for name, part in module.named_modules()}


def load_by_shape(module: nn.Module, tensors: Mapping[str, Tensor]) -> str:
    """Put ``tensors`` into ``module``: by name where its state_dict fits, else by shape where that is unambiguous.

    Returns ``"by name"``, ``"by shape"``, or what does not fit.

    >>> load_by_shape(nn.Sequential(nn.Linear(2, 3)), {"fc.weight": torch.ones(3, 2), "fc.bias": torch.ones(3)})
    'by shape'
    """
    try:
        module.load_state_dict(dict(tensors))
    except (RuntimeError, AttributeError, TypeError):
        pass
    else:
        return "by name"
    parameters = [part for part in module.parameters() if not nn.parameter.is_lazy(part)]
    by_shape = {tuple(tensor.shape): tensor for tensor in tensors.values()}
    if len(by_shape) != len(tensors) or sorted(by_shape) != sorted(tuple(part.shape) for part in parameters):
        return "not these tensors"
    with torch.no_grad():
        for part in parameters:
            part.copy_(by_shape[tuple(part.shape)])
    return "by shape"
