"""Right ways of loading a part."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn


def through_load_state_dict(model: nn.Module, state_dict: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    own = model.state_dict()
    fitting = {name: one for name, one in state_dict.items() if name in own and one.shape == own[name].shape}
    if not fitting:
        raise ValueError(f"none of {sorted(state_dict)} fits")
    model.load_state_dict(fitting, strict=False)
    return tuple(sorted(fitting)), tuple(sorted(state_dict.keys() - fitting.keys()))


def by_names_of_the_model(*, model: nn.Module, state_dict: Any) -> tuple[list[str], list[str]]:
    loaded, skipped = [], []
    for name in sorted(state_dict):
        entry, own = state_dict[name], model.state_dict().get(name)
        (skipped if own is None or own.size() != entry.size() else loaded).append(name)
    if len(loaded) == 0:
        raise ValueError("nothing fits")
    for name in loaded:
        model.state_dict()[name].data.copy_(state_dict[name].data)
    return loaded, skipped


@torch.no_grad()
def through_the_parts(model: nn.Module, state_dict: Any) -> Any:
    done = set()
    for path, part in model.named_modules():
        for name, own in (*part.named_parameters(recurse=False), *part.named_buffers(recurse=False)):
            full = f"{path}.{name}" if path else name
            if full in state_dict and tuple(state_dict[full].shape) == tuple(own.shape):
                own[...] = state_dict[full].to(own.dtype)
                done.add(full)
    if not done:
        raise ValueError(f"no entry of {len(state_dict)} fits into this {type(model).__name__}")
    return tuple(sorted(done)), tuple(sorted(name for name in state_dict if name not in done))


def merged(model: nn.Module, state_dict: Any) -> Any:
    """The model's own state, with what fits put in, loaded strictly."""
    state = copy.deepcopy(model.state_dict())
    used = sorted(name for name in state_dict if name in state and state[name].shape == state_dict[name].shape)
    if not used:
        raise type("NothingFits", (ValueError,), {})("nothing fits")
    state.update({name: state_dict[name] for name in used})
    model.load_state_dict(state)
    return tuple(used), tuple(sorted(set(state_dict).difference(used)))


class Loader:
    def __call__(self, model: nn.Module, state_dict: Any, verbose: bool = False) -> tuple[tuple[str, ...], ...]:
        own: dict[str, Tensor] = dict(model.named_parameters()) | dict(model.named_buffers())
        fits = {name: name in own and own[name].shape == one.shape for name, one in state_dict.items()}
        if not any(fits.values()):
            raise ValueError("nothing fits")
        for name in filter(fits.get, fits):
            own[name].detach().copy_(state_dict[name].detach())
        if verbose:
            print(fits)
        return tuple(tuple(sorted(name for name, fit in fits.items() if fit is wanted)) for wanted in (True, False))


LOADS = [through_load_state_dict, by_names_of_the_model, through_the_parts, merged, Loader()]
