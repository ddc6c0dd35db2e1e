"""Chapter 09, `call_with`: its right answer with places to go wrong in, and other wrong ones."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn

__all__ = [
    "another_error",
    "anything",
    "as_a_copy",
    "as_a_parameter",
    "asked_on_the_way",
    "copied",
    "data_exchanged",
    "every_name",
    "half_a_name",
    "lent",
    "loaded",
    "loaded_and_back",
    "loaded_and_back_unless_it_breaks",
    "on_a_copy",
    "only_at_the_top",
    "only_parameters",
    "only_saved",
    "parameters_set_as_attributes",
    "refuse",
    "registered_anew",
    "set_as_attributes",
    "top_level_only",
    "unasked",
]

Tensors = Mapping[str, Tensor]
Answer = Callable[[nn.Module, Tensors, Tensor], Any]


def _known(module: nn.Module) -> dict[str, Tensor]:
    return dict(module.named_parameters()) | dict(module.named_buffers())


def refuse(module: nn.Module, tensors: Tensors) -> None:
    """What is right: a KeyError that names what the module does not have."""
    for name in tensors:
        if name not in _known(module):
            raise KeyError(f"{name} is neither a parameter nor a buffer of this module")


def _place(module: nn.Module, name: str) -> tuple[nn.Module, dict[str, Any], str]:
    path, _, leaf = name.rpartition(".")
    part = module.get_submodule(path)
    return part, part._parameters if leaf in part._parameters else part._buffers, leaf


def lent(
    *,
    check: Callable[[nn.Module, Tensors], None] = refuse,
    entry: Callable[[Tensor], Any] = lambda tensor: tensor,
    of_parameters: Callable[[Tensor], Any] = lambda tensor: tensor,
    call: Callable[[nn.Module, Tensor], Any] = lambda module, x: module(x),
    back: bool = True,
    whatever_happens: bool = True,
    again: Callable[[nn.Module, dict[str, Any], str, Any], None] = lambda part, home, leaf, own: home.update(
        {leaf: own}
    ),
    chosen: Callable[[nn.Module, str], bool] = lambda module, name: True,
) -> Answer:
    """The right answer, with places to go wrong in."""

    def answer(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
        check(module, tensors)
        kept: list[tuple[nn.Module, dict[str, Any], str, Any]] = []

        def restore() -> None:
            for part, home, leaf, own in kept if back else ():
                again(part, home, leaf, own)

        try:
            for name, tensor in tensors.items():
                if name not in _known(module) or not chosen(module, name):
                    continue
                part, home, leaf = _place(module, name)
                kept.append((part, home, leaf, home[leaf]))
                home[leaf] = entry(of_parameters(tensor) if home is part._parameters else tensor)
            out = call(module, x)
        except Exception:
            if whatever_happens:
                restore()
            raise
        restore()
        return out

    return answer


def anything(module: nn.Module, tensors: Tensors) -> None:
    """No name is asked about."""


def loaded(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    """By load_state_dict, and left there."""
    module.load_state_dict(dict(tensors), strict=False)
    return module(x)


def loaded_and_back(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    """By load_state_dict, there and back."""
    refuse(module, tensors)
    own = copy.deepcopy(module.state_dict())
    module.load_state_dict(dict(tensors), strict=False)
    try:
        return module(x)
    finally:
        module.load_state_dict(own)


def loaded_and_back_unless_it_breaks(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    """The same in three lines, in which no name is asked about and an error is not thought of."""
    own = copy.deepcopy(module.state_dict())
    module.load_state_dict(dict(tensors), strict=False)
    out = module(x)
    module.load_state_dict(own)
    return out


def _write(tensor: Tensor, values: Tensor, seen: bool) -> None:
    """Into the module's own memory, where autograd sees it or, by way of ``.data``, does not."""
    with torch.no_grad():
        (tensor if seen else tensor.data).copy_(values)


def copied(
    restored: bool,
    check: Callable[[nn.Module, Tensors], None] = refuse,
    *,
    seen: bool = True,
    everything: bool = True,
) -> Answer:
    """By writing into the module's own tensors, and back again or not: all that it has, or what was written over."""

    def answer(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
        check(module, tensors)
        own = {name: one.detach().clone() for name, one in _known(module).items() if everything or name in tensors}
        try:
            for name, tensor in tensors.items():
                with suppress(KeyError):
                    _write(_known(module)[name], tensor, seen)
            return module(x)
        finally:
            for name, one in own.items() if restored else ():
                _write(_known(module)[name], one, seen)

    return answer


def data_exchanged(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    """By exchanging what the module's tensors hold."""
    refuse(module, tensors)
    own = {name: _known(module)[name].data for name in tensors}
    try:
        for name, tensor in tensors.items():
            _known(module)[name].data = tensor.detach()
        return module(x)
    finally:
        for name, one in own.items():
            _known(module)[name].data = one


def top_level_only(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    """As if no name had a way in it."""
    homes: dict[str, dict[str, Any]] = {name: home for home in (module._parameters, module._buffers) for name in home}
    own = {name: homes[name][name] for name in tensors if name in homes}
    try:
        for name in own:
            homes[name][name] = tensors[name]
        return module(x)
    finally:
        for name, one in own.items():
            homes[name][name] = one


def set_as_attributes(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    """By setattr, which takes a tensor in the place of a Parameter only when that is gone; and left there."""
    refuse(module, tensors)
    for name, tensor in tensors.items():
        part, home, leaf = _place(module, name)
        del home[leaf]
        setattr(part, leaf, tensor)
    return module(x)


def parameters_set_as_attributes(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    """The same, but a buffer takes a tensor by setattr as it is."""
    refuse(module, tensors)
    for name, tensor in tensors.items():
        part, home, leaf = _place(module, name)
        if home is part._parameters:
            del home[leaf]
        setattr(part, leaf, tensor)
    return module(x)


def only_at_the_top(module: nn.Module, tensors: Tensors) -> None:
    """A KeyError for every name that has a way in it."""
    for name in tensors:
        if name not in module._parameters and name not in module._buffers:
            raise KeyError(name)


def registered_anew(part: nn.Module, home: dict[str, Any], leaf: str, own: Any) -> None:
    """Put back at the end of its dictionary."""
    del home[leaf]
    home[leaf] = own


def as_a_parameter(part: nn.Module, home: dict[str, Any], leaf: str, own: Any) -> None:
    """Put back as a new Parameter; a buffer as it was."""
    home[leaf] = nn.Parameter(own.detach(), own.requires_grad) if isinstance(own, nn.Parameter) else own


def as_a_copy(part: nn.Module, home: dict[str, Any], leaf: str, own: Any) -> None:
    """A clone put back, of a Parameter and of a buffer."""
    home[leaf] = own.detach().clone().requires_grad_(own.requires_grad)


def on_a_copy(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    """Lent to a copy of the module."""
    refuse(module, tensors)
    twin = copy.deepcopy(module)
    for name, tensor in tensors.items():
        _, home, leaf = _place(twin, name)
        home[leaf] = tensor
    return twin(x)


def every_name(module: nn.Module, tensors: Tensors) -> None:
    """As if no name could be left out."""
    refuse(module, tensors)
    for name in _known(module):
        tensors[name]


def only_parameters(module: nn.Module, tensors: Tensors) -> None:
    """As if a module had no buffers."""
    for name in tensors:
        if name not in dict(module.named_parameters()):
            raise KeyError(f"{name} is no parameter of this module")


def only_saved(module: nn.Module, tensors: Tensors) -> None:
    """As if a state_dict had every name."""
    for name in tensors:
        if name not in module.state_dict():
            raise KeyError(f"{name} is not in the state_dict")


def asked_on_the_way(back: bool) -> Answer:
    """Each name is looked up when its turn comes: those before it are exchanged already."""

    def answer(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
        kept: list[tuple[dict[str, Any], str, Any]] = []
        for name, tensor in tensors.items():
            if name not in _known(module):
                raise KeyError(name)
            _, home, leaf = _place(module, name)
            kept.append((home, leaf, home[leaf]))
            home[leaf] = tensor
        try:
            return module(x)
        finally:
            for home, leaf, own in kept:
                home[leaf] = own

    return answer


def half_a_name(module: nn.Module, tensors: Tensors) -> None:
    """A KeyError that says the last part of the name."""
    for name in tensors:
        if name not in _known(module):
            raise KeyError(name.rpartition(".")[2] if "." in name else "?")


def another_error(kind: type[Exception]) -> Callable[[nn.Module, Tensors], None]:
    """An error of another kind."""

    def check(module: nn.Module, tensors: Tensors) -> None:
        for name in tensors:
            if name not in _known(module):
                raise kind(f"{name} is neither a parameter nor a buffer of this module")

    return check


def unasked(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    """No name is asked about: what get_submodule and the dicts raise comes out."""
    kept: list[tuple[dict[str, Any], str, Any]] = []
    try:
        for name, tensor in tensors.items():
            _, home, leaf = _place(module, name)
            kept.append((home, leaf, home[leaf]))
            home[leaf] = tensor
        return module(x)
    finally:
        for home, leaf, own in kept:
            home[leaf] = own
