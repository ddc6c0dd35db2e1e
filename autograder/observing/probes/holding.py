"""Modules that hold more than they have registered, as a case describes them in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["hold", "picture_of"]

Spec = Mapping[str, Sequence[Any]]


def hold(spec: Spec, root: nn.Module | None = None) -> nn.Module:
    """A module whose attributes are what ``spec`` says, set in that order. All plain tensors hold three zeros.

    An attribute is ``("tensor",)``, ``("asking",)`` (requires grad), ``("parameter",)``, ``("scaled",)`` (a Parameter
    times a number), ``("count",)`` (one whole number), ``("empty",)`` (no numbers), ``("buffer",)``, ``("scratch",)`` (a buffer that is not persistent), ``("linear", in, out)``,
    ``("bare", in, out)`` (without a bias), ``("norm", features)``, ``("module", spec)``, ``("value", anything)``,
    ``("function",)``, ``("of", path)`` (what is at that path of the outermost module already), or holds items of these
    kinds: ``("list", …)``, ``("tuple", …)``, ``("dict", {key: item})``, ``("modules", …)``, ``("parameters", …)``.

    >>> made = hold({"fc": ("linear", 2, 3), "kept": ("list", ("of", "fc"), ("tensor",))})
    >>> made.kept[0] is made.fc, len(list(made.parameters()))
    (True, 2)
    """
    module = nn.Module()
    root = root or module
    for name, (kind, *rest) in spec.items():
        if kind in ("buffer", "scratch"):
            module.register_buffer(name, torch.zeros(3), persistent=kind == "buffer")
        else:
            setattr(module, name, _made(kind, rest, root))
    return module


def _made(kind: str, rest: Sequence[Any], root: nn.Module) -> Any:
    match kind, *rest:
        case ["tensor"]:
            return torch.zeros(3)
        case ["asking"]:
            return torch.zeros(3, requires_grad=True)
        case ["count"]:
            return torch.tensor(0)
        case ["empty"]:
            return torch.zeros(0, 2)
        case ["parameter"]:
            return nn.Parameter(torch.zeros(3))
        case ["scaled"]:
            return nn.Parameter(torch.zeros(3)) * 0.1
        case ["linear", features, outputs]:
            return nn.Linear(features, outputs)
        case ["bare", features, outputs]:
            return nn.Linear(features, outputs, bias=False)
        case ["norm", features]:
            return nn.BatchNorm1d(features)
        case ["module", inside]:
            return hold(inside, root)
        case ["value", value]:
            return value
        case ["function"]:
            return F.relu
        case ["of", path]:
            return attrgetter(path)(root)
        case ["dict", items]:
            return {key: _made(item[0], item[1:], root) for key, item in items.items()}
        case ["list" | "tuple" | "modules" | "parameters", *items]:
            made = [_made(item[0], item[1:], root) for item in items]
            return {"list": list, "tuple": tuple, "modules": nn.ModuleList, "parameters": nn.ParameterList}[kind](made)
    raise ValueError(f"no attribute is called {kind!r}")


def picture_of(module: nn.Module) -> Any:
    """What may not change when somebody only looks at a module: its objects, numbers, modes, gradients and hooks."""
    return {path: _part(part) for path, part in module.named_modules()}


def _part(part: nn.Module) -> Any:
    state = vars(part)
    lists = {
        name: [(key, id(one)) for key, one in state[name].items()] for name in ("_parameters", "_buffers", "_modules")
    }
    tensors = [one for one in (*state["_parameters"].values(), *state["_buffers"].values()) if one is not None]
    own = {name: _plain(value) for name, value in state.items() if name not in lists and not name.startswith("_")}
    hooks = {name: len(value) for name, value in state.items() if name.endswith("_hooks") and value is not None}
    return lists, own, hooks, part.training, [_tensor(one) for one in tensors]


def _plain(value: Any) -> Any:
    """A plain attribute by its objects, as deep as lists and dictionaries go."""
    if isinstance(value, Tensor):
        return id(value), _tensor(value)
    if isinstance(value, list | tuple):
        return id(value), [_plain(one) for one in value]
    if isinstance(value, dict):
        return id(value), [(key, _plain(one)) for key, one in value.items()]
    if isinstance(value, nn.Module):
        return id(value), value.training, [_tensor(one) for one in value.state_dict(keep_vars=True).values()]
    return id(value)


def _tensor(one: Tensor) -> Any:
    return id(one), one._version, one.requires_grad, id(one.grad), one.detach().tolist()
