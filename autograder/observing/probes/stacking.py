"""`stacked_mlp`: a network whose layers have any names, in any order of registration.

The tensors are put in by their shapes. Where several have the same shape, every way to put them in is tried and all
outputs are noted in order of size: that is the same for every network that uses each layer once, whatever it calls them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations, product
from typing import Any

import torch
from torch import Tensor, nn

from autograder.observing.case import Case
from autograder.observing.gradients import by_name
from autograder.observing.observe import observe
from autograder.observing.probes.standing import calls, made

__all__ = ["stacked_observations"]

_SPOILT = 7.0


def stacked_observations(answer: Any, case: Case) -> dict[str, Any]:
    """Outputs for every way to put the case's tensors in, gradients where there is one way, and what is registered."""
    x, tensors = case["x"], case["tensors"]
    module = made(answer, case)
    if not isinstance(module, nn.Module):
        return observe(values=module, state={"kind": type(module).__name__})
    module.to(x.dtype).train(case.get("training", True))
    state = {"parameters": _shapes(module.parameters()), "saved": _shapes(module.state_dict().values())}
    if state["parameters"] != _shapes(tensors.values()):
        return observe(values=_unfit(module, case), state=state)
    outputs, gradients = [], None
    for way in _ways(module, tensors):
        _put(way)
        outputs.append(calls(module, case, x))
        if case.leaves:
            gradients = by_name(outputs[-1], {"x": x} | {name: one for name, (one, _) in way.items()})
    memory = case.unchanged()
    with torch.no_grad():
        for one in made(answer, case).parameters():
            one.fill_(_SPOILT)
    spoilt = any(bool((one == _SPOILT).all()) for one in module.parameters())
    memory["another network"] = "shares memory" if spoilt else "has its own"
    values = outputs[0] if len(outputs) == 1 else sorted(outputs, key=_size)
    return observe(values=values, gradients=gradients, memory=memory, state=state)


def _unfit(module: nn.Module, case: Case) -> str:
    """Of a network whose tensors do not fit: whether layers stand where none is registered; where it has no tensors at all,
    whether two calls show that they are made anew.
    """
    if any(_holds_layers(one) for part in module.modules() for name, one in vars(part).items() if name != "_modules"):
        return "layers in a list, a tuple or a dictionary, where none is registered"
    x = case["x"].detach().to(torch.get_default_dtype())  # nobody moves a layer that is not registered
    if next(module.parameters(), None) is None:
        try:
            one, other = (calls(module, case, x) for _ in range(2))
        except Exception:  # what an unfinished network raises is no matter of this
            return "the layers' tensors do not fit"
        if isinstance(one, Tensor) and isinstance(other, Tensor) and not torch.equal(one, other):
            return "no tensors, and other numbers at every call"
    return "the layers' tensors do not fit"


def _holds_layers(value: Any) -> bool:
    """Whether an attribute is a plain container of modules."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return any(isinstance(item, nn.Module) for item in items)


def _shapes(tensors: Any) -> list[tuple[int, ...]]:
    return sorted(tuple(one.shape) for one in tensors)


def _ways(module: nn.Module, tensors: Mapping[str, Tensor]) -> Iterator[dict[str, tuple[nn.Parameter, Tensor]]]:
    """For every way to put the tensors in by their shapes: which parameter takes the tensor of which name."""
    groups: dict[tuple[int, ...], list[str]] = {}
    for name, tensor in tensors.items():
        groups.setdefault(tuple(tensor.shape), []).append(name)
    parameters = [one for shape in groups for one in module.parameters() if tuple(one.shape) == shape]
    for choice in product(*(permutations(names) for names in groups.values())):
        names = [name for group in choice for name in group]
        yield {name: (one, tensors[name]) for name, one in zip(names, parameters, strict=True)}


def _put(way: Mapping[str, tuple[nn.Parameter, Tensor]]) -> None:
    with torch.no_grad():
        for parameter, tensor in way.values():
            parameter.copy_(tensor)


def _size(out: Any) -> float:
    """A weighted sum: a plain one is the same for all outputs of a softmax, and rounding would order them."""
    if not isinstance(out, Tensor) or out.is_complex():
        return 0.0
    numbers = out.detach().double().flatten()
    return float(numbers @ torch.cos(torch.arange(numbers.numel(), dtype=torch.float64)))
