"""Modules that an answer's class makes: their tensors put in by name, their outputs and gradients looked at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from autograder.observing.gradients import FROZEN, by_name
from autograder.observing.probes.kept import same_tensor

__all__ = [
    "NOT_THESE",
    "fresh",
    "gradients",
    "holders",
    "is_its_own",
    "knows_its_weight",
    "learned_besides",
    "made_in",
    "put",
    "together",
    "what_is_registered",
    "whatever_is_loaded",
]

NOT_THESE = "its tensors are not those asked for"
_FEW = 3  # so many names that are missing are told one by one


def holders(module: nn.Module, tensors: Mapping[str, Tensor]) -> dict[str, nn.Parameter] | None:
    """The parameters of ``module`` that ``tensors`` belong in: by name, else by shape where that is unambiguous.

    ``None`` where they do not fit.

    >>> layer = nn.Linear(2, 3)
    >>> holders(layer, {"w": torch.ones(3, 2), "b": torch.ones(3)})["b"] is layer.bias
    True
    """
    own = {name: one for name, one in module.named_parameters() if not nn.parameter.is_lazy(one)}
    if all(name in own and own[name].shape == tensor.shape for name, tensor in tensors.items()):
        return {name: own[name] for name in tensors}
    by_shape = {one.shape: one for one in own.values()}
    asked = [tensor.shape for tensor in tensors.values()]
    if len(by_shape) != len(own) or set(by_shape) != set(asked) or len(asked) != len(own):
        return None
    return {name: by_shape[tensor.shape] for name, tensor in tensors.items()}


def put(module: nn.Module, tensors: Mapping[str, Tensor]) -> bool:
    """Load ``tensors`` into the parameters that they belong in; whether they fit."""
    held = holders(module, tensors)
    if held is None:
        return False
    if set(tensors) <= set(module.state_dict()):
        module.load_state_dict(dict(tensors), strict=False)  # as a learner would: whatever a class does there is done
    else:
        with torch.no_grad():
            for name, one in held.items():
                one.copy_(tensors[name])
    return True


def what_is_registered(module: nn.Module, names: tuple[str, ...], exactly: tuple[str, ...] = ()) -> dict[str, str]:
    """Whether the parameters are those of ``names``; what is named ``exactly`` must hold no others either.

    >>> what_is_registered(nn.Linear(2, 3), ("weight",)), what_is_registered(nn.Linear(2, 3), ("weight",), ("parameters",))
    ({'parameters': 'all of them'}, {'parameters': 'all of them, others too'})
    >>> what_is_registered(nn.BatchNorm2d(3), ("weight", "running_mean"))
    {'parameters': 'running_mean is a buffer, 6 numbers in all'}
    """
    found: dict[str, Any] = {"parameters": dict(module.named_parameters()), "state_dict": module.state_dict()}
    asked = dict.fromkeys(("parameters", *exactly))
    return {what: _beside(module, names, found[what], what in exactly) for what in asked}


def _beside(module: nn.Module, names: tuple[str, ...], found: Mapping[str, Tensor], exactly: bool) -> str:
    if not set(names) <= set(found):
        numbers = sum(one.numel() for one in found.values() if not nn.parameter.is_lazy(one))
        missing = [_missing(module, name) for name in names if name not in found]
        told = missing if len(missing) <= _FEW else ["some of them missing"]
        return ", ".join([*told, f"{numbers} numbers in all"])
    return "all of them, others too" if exactly and not set(found) <= set(names) else "all of them"


def _missing(module: nn.Module, name: str) -> str:
    """What stands under a name that is none of the parameters'."""
    one: Any = module
    for part in name.split("."):
        one = getattr(one, part, None)
    if other := next((other for other, parameter in module.named_parameters() if parameter is one), ""):
        return f"{name} is {other} once more"
    if any(one is buffer for buffer in module.buffers()):
        return f"{name} is a buffer"
    return f"{name} is no Parameter" if isinstance(one, Tensor) else f"{name} missing"


def together(found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Gradients as one: which of the leaves they reach, and all their numbers in a row.

    >>> together({"x": torch.ones(2), "weight": "no gradient"})
    {'reach': 'x', 'numbers': tensor([1., 1.])}
    >>> together({"x": "no gradient", "weight": FROZEN})
    {'reach': 'none of them; of weight none asked for: requires_grad is False'}
    """
    if found is None:
        return None
    reached = {name: one for name, one in found.items() if isinstance(one, Tensor)}
    frozen = ", ".join(name for name, one in found.items() if isinstance(one, str) and one == FROZEN)
    reach = (", ".join(reached) or "none of them") + (f"; of {frozen} {FROZEN}" if frozen else "")
    if not reached:
        return {"reach": reach}
    return {"reach": reach, "numbers": torch.cat([one.detach().flatten() for one in reached.values()])}


def gradients(out: Any, leaves: Mapping[str, Tensor]) -> dict[str, Any] | None:
    """The gradients of ``leaves`` of a fixed weighted sum over ``out``, `together`."""
    return together(by_name(out, leaves))


def fresh(make: Callable[[], Any]) -> Any:
    """What ``make()`` makes, from the same random numbers at every call."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(9)
        return make()


def is_its_own(module: nn.Module, another: Any) -> str:
    """Whether another object of the same class has memory of its own, or shares ``module``'s."""
    if not isinstance(another, nn.Module):
        return "no module"
    return "tensors of its own" if _storages(another).isdisjoint(_storages(module)) else "the first one's tensors"


def made_in(module: Any, names: Collection[str]) -> str:
    """The dtypes of the parameters of ``module`` called ``names``, each once.

    >>> made_in(nn.Linear(2, 3), ["weight"]), made_in(nn.Linear(2, 3).double(), ["weight", "bias"])
    ('float32', 'float64')
    """
    if not isinstance(module, nn.Module):
        return "no module"
    dtypes = {str(one.dtype).removeprefix("torch.") for name, one in module.named_parameters() if name in names}
    return " and ".join(sorted(dtypes)) or "none"


def learned_besides(module: nn.Module, held: Mapping[str, Tensor], x: Tensor) -> str:
    """Whether a parameter that is none of those ``held`` takes part in what ``module`` gives of ``x``, and is learned with them.

    >>> layer = nn.Linear(2, 3)
    >>> learned_besides(layer, {"weight": layer.weight}, torch.ones(1, 2))
    'another Parameter'
    """
    known = {id(one) for one in held.values()}
    others = {
        name: one
        for name, one in module.named_parameters()
        if one.requires_grad and id(one) not in known and not nn.parameter.is_lazy(one)
    }
    reached = by_name(module(x), others) if others else {}
    return "another Parameter" if any(isinstance(one, Tensor) for one in reached.values()) else "nothing"


def _storages(module: nn.Module) -> set[int]:
    return {one.untyped_storage().data_ptr() for one in module.parameters() if not nn.parameter.is_lazy(one)}


def knows_its_weight(
    make: Callable[[], Any], tensors: Mapping[str, Tensor], call: Callable[[nn.Module], Any], name: str = "weight"
) -> bool:
    """Whether what ``call`` gives of a module depends on the weight that was loaded into it before it ever ran.

    Where it does not, it holds numbers of its own that were drawn when it was made: nothing to compare.
    """
    others = {**tensors, name: 1 - 2 * tensors[name]}
    found = []
    for given in (tensors, others):
        module = fresh(make).to(tensors[name].dtype)
        put(module, given)
        with torch.no_grad():
            found.append(call(module))
    one, other = found
    return not (isinstance(one, Tensor) and same_tensor(one, other))


def whatever_is_loaded(what: str, module: nn.Module, weight: Tensor) -> str:
    """In words, that ``what`` does not depend on ``weight``, and whether a tensor that is no parameter may stand in its place.

    >>> whatever_is_loaded("forward", nn.Linear(2, 2), torch.ones(2, 2))
    'forward gives the same, whatever weight is loaded'
    """
    plain = (one for part in module.modules() for one in (*vars(part).values(), *part._buffers.values()))
    kept = any(isinstance(one, Tensor) and one.numel() == weight.numel() for one in plain)
    said = f"{what} gives the same, whatever weight is loaded"
    return f"{said}, and there is another tensor of its size" if kept else said
