"""How a module that an answer has made stands: what it registered, whether a state fits, what a forward pass leaves alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from autograder.observing.case import Case

__all__ = ["as_quietly", "calls", "fit", "kind_of", "made", "mode_of", "quietly", "registered", "untouched"]


def made(answer: Any, case: Case, **instead: Any) -> Any:
    """What the answer makes of the case's arguments, looked at for what may not be used (✋)."""
    module = case.call(answer, **instead)
    case.watch.look_at(module)
    return module


def calls(module: Any, case: Case, x: Tensor, name: str = "x") -> Any:
    """The module called on ``x``, which the case calls ``name``, watched."""
    with case.left_alone(module, **{name: x}), case.watch:
        return module(x)


def quietly(module: nn.Module, x: Tensor) -> Any:
    """The module in eval and without gradients, where some remember what they have computed."""
    with torch.no_grad():
        return module.eval()(x.detach())


def as_quietly(module: nn.Module, x: Tensor, out: Any) -> str:
    """Whether it gives the same of ``x`` as ``out``, which it gave with gradients, up to rounding.

    >>> x, layer = torch.ones(1, 2), nn.Linear(2, 3)
    >>> as_quietly(layer, x, layer(x)), as_quietly(nn.Dropout(1.0), x, 0 * x)
    ('the same', 'something else')
    """
    again = quietly(module, x)
    alike = (
        isinstance(again, Tensor) and isinstance(out, Tensor) and again.shape == out.shape and again.dtype == out.dtype
    )
    return "the same" if alike and torch.allclose(again, out.detach(), 1e-2, 1e-3, equal_nan=True) else "something else"


def mode_of(module: nn.Module) -> str:
    """The mode that a module is in, in words; a new one is in training.

    >>> mode_of(nn.Linear(2, 3))
    'training'
    """
    return "training" if module.training else "eval"


def registered(module: nn.Module) -> dict[str, Any]:
    """What the module's lists hold: size and dtype of each entry of the state, and which names are parameters."""
    return {
        "state_dict": {name: _form(value) for name, value in sorted(module.state_dict().items())},
        "parameters": tuple(sorted(name for name, _ in module.named_parameters(remove_duplicate=False))),
    }


def kind_of(value: Any) -> str:
    """In words, what an attribute holds that ought to be a parameter.

    >>> kind_of(nn.Parameter(torch.ones(2)) * 3), kind_of(torch.ones(2, requires_grad=True)), kind_of(None)
    ('computed from a Parameter', 'a plain tensor', 'none')
    """
    if value is None or value is False:
        return "none"
    if isinstance(value, nn.Parameter):
        return "a Parameter"
    if not isinstance(value, Tensor):
        return f"a {type(value).__name__}"
    if value.grad_fn is None:
        return "a plain tensor"
    return f"computed from {'a Parameter' if _reaches_a_parameter(value.grad_fn) else 'a plain tensor'}"


def _reaches_a_parameter(node: Any, most: int = 100) -> bool:
    """Whether the graph behind a result begins at a Parameter."""
    waiting, seen = [node], 0
    while waiting and seen < most:
        node, seen = waiting.pop(), seen + 1
        if isinstance(getattr(node, "variable", None), nn.Parameter):
            return True
        waiting += [before for before, _ in node.next_functions if before is not None]
    return False


def _form(value: Any) -> Any:
    return (tuple(value.shape), value.dtype) if isinstance(value, Tensor) else type(value).__name__


def fit(module: nn.Module, tensors: Mapping[str, Tensor]) -> bool:
    """Load ``tensors`` by name; whether they fit as they are: names, sizes and nothing left over.

    >>> fit(nn.Linear(2, 3, bias=False), {"weight": torch.ones(3, 2)}), fit(nn.Linear(2, 3), {"weight": torch.ones(3, 2)})
    (True, False)
    """
    try:
        module.load_state_dict(dict(tensors))
    except (RuntimeError, AttributeError, TypeError):
        return False
    return True


def untouched(module: nn.Module, tensors: Mapping[str, Tensor]) -> str:
    """Whether the module's state still is what was loaded."""
    state = module.state_dict()
    same = set(state) == set(tensors) and all(torch.equal(state[name], one) for name, one in tensors.items())
    return "unchanged" if same else "changed"
