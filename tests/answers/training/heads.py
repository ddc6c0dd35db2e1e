"""Right ways of swapping a head."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn


def by_index(model: Any, optimizer: Any, num_classes: int) -> None:
    old = model.fc
    model.fc = nn.Linear(old.in_features, num_classes, device=old.weight.device, dtype=old.weight.dtype)
    pairs = [(old.weight, model.fc.weight), (old.bias, model.fc.bias)]
    for group in optimizer.param_groups:
        for place, one in enumerate(group["params"]):
            for before, after in pairs:
                if one is before:
                    group["params"][place] = after
    for before, _ in pairs:
        if before in optimizer.state:
            del optimizer.state[before]


def by_identity(*, model: Any, optimizer: Any, num_classes: int) -> nn.Module:
    head = nn.Linear(model.fc.in_features, num_classes).to(model.fc.weight)
    instead = {id(before): after for before, after in zip(model.fc.parameters(), head.parameters(), strict=True)}
    for group in optimizer.param_groups:
        group["params"] = [instead.get(id(one), one) for one in group["params"]]
    for before in list(optimizer.state):
        if id(before) in instead:
            optimizer.state.pop(before)
    setattr(model, "fc", head)  # noqa: B010
    return model


def state_rebuilt(model: Any, optimizer: Any, num_classes: int) -> None:
    old, new = model.fc, nn.Linear(model.fc.in_features, num_classes, bias=True)
    new.to(device=old.weight.device, dtype=old.weight.dtype)
    del model.fc
    model.add_module("fc", new)
    for name, parameter in old.named_parameters():
        fresh = new.get_parameter(name)
        for group in optimizer.param_groups:
            places = [place for place, one in enumerate(group["params"]) if one is parameter]
            for place in places:
                group["params"].pop(place)
                group["params"].insert(place, fresh)
    kept = [(one, state) for one, state in optimizer.state.items() if one not in set(old.parameters())]
    optimizer.state.clear()
    optimizer.state.update(kept)


def in_the_same_module(model: Any, optimizer: Any, num_classes: int) -> None:
    """A copy of the layer gets tensors of the new size."""
    head = copy.deepcopy(model.fc)
    head.out_features = num_classes
    head.weight = nn.Parameter(torch.empty(num_classes, head.in_features).to(head.weight).normal_(0, 0.01))
    head.bias = nn.Parameter(head.weight.detach().new_zeros(num_classes))
    before, model.fc = model.fc, head
    for group in optimizer.param_groups:
        for old, new in ((before.weight, head.weight), (before.bias, head.bias)):
            group["params"][:] = [new if one is old else one for one in group["params"]]
            optimizer.state.pop(old, None)


class Swapper:
    """With an empty state for each new tensor, as an optimiser makes one when it is asked."""

    def __call__(self, model: Any, optimizer: Any, num_classes: int, bias: bool = True) -> None:
        old, new = (
            model.fc,
            nn.utils.skip_init(
                nn.Linear,
                model.fc.in_features,
                num_classes,
                bias=bias,
                dtype=model.fc.weight.dtype,
                device=model.fc.weight.device,
            ),
        )
        with torch.no_grad():
            new.weight.zero_()
            new.bias.zero_()
        model.fc = new
        for before, after in ((old.weight, new.weight), (old.bias, new.bias)):
            for group in optimizer.param_groups:
                group["params"] = [*map(lambda one: after if one is before else one, group["params"])]  # noqa: C417
            optimizer.state.pop(before, {})
            optimizer.state[after] = {}


SWAPS = [by_index, by_identity, state_rebuilt, in_the_same_module, Swapper()]
