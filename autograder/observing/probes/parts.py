"""How loading a part of a state is observed: by the model's very tensors, and by whom else they belong to afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from autograder.observing.case import Case
from autograder.observing.observe import observe, raised_by
from autograder.observing.probes.handed import Handed, patched
from autograder.observing.probes.specimen import build_module
from autograder.observing.probes.trained import same_objects, tensors_of

__all__ = ["observe_loading"]


def observe_loading(answer: Callable[..., Any], case: Case) -> dict[str, Any]:
    """Load into a model whose tensors are watched. Where nothing fits, an error is asked for instead of values."""
    model = build_module(case["layers"], case["seed"]).to(case["dtype"])
    for name, part in model.named_modules():
        part.training = name not in case["evaluating"]
    for one in model.parameters():
        one.grad = torch.ones_like(one)
    given = dict(case["state_dict"])
    for one in given.values():
        one.requires_grad_(case["trained"] and one.is_floating_point())  # as parameters of another module do
    state_dict, own, before = dict(given), _own(model), tensors_of(model)
    memory = {name: one.detach() for name, one in own.items()}  # the same slots, seen without the tensor

    errors, result = None, None
    with Handed(model, "gradients") as handed:
        if case["fits"]:
            result = case.call(answer, model=model, state_dict=state_dict)
        else:
            errors = raised_by(lambda: case.call(answer, model=model, state_dict=state_dict))

    now, loaded = _own(model), tensors_of(model)
    untouched = case.fresh(case.watch, case.earlier)["state_dict"]
    entries = same_objects(state_dict, given) and all(_equal(given[name], one) for name, one in untouched.items())
    for one in given.values():  # whoever shares memory with an entry sees this
        one.detach().zero_()
    shared = [name for name, one in now.items() if not _equal(one, loaded[name])]
    own_memory = all(_equal(memory[name], one) for name, one in loaded.items() if name in memory)
    kept = {
        "objects": "the same" if same_objects(own, now) else "others",
        "memory": "the model's own" if own_memory else "another",
        "entries": "unchanged" if entries else "changed",
        "shares memory with": ", ".join(shared) or "no entry",
    }
    requires_grad = {name: one.requires_grad for name, one in now.items()}
    state = handed.left | {"requires_grad": requires_grad, "patched classes": patched(case)}
    if not case["fits"]:
        kept["model"] = "as it was" if all(_equal(loaded.get(name), one) for name, one in before.items()) else "changed"
        return observe(errors=errors, memory=kept, state=state)
    return observe(values=loaded, names=_two_tuples(result), memory=kept, state=state)


def _own(model: nn.Module) -> dict[str, Tensor]:
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def _equal(one: Any, other: Any) -> bool:
    both = isinstance(one, Tensor) and isinstance(other, Tensor)
    return both and one.dtype == other.dtype and torch.equal(one.detach(), other.detach())


def _two_tuples(result: Any) -> Any:
    if result is None:
        return "nothing handed back"
    if not isinstance(result, Sequence) or isinstance(result, str) or len(result) != 2:
        return "not two tuples"
    return {"loaded": result[0], "skipped": result[1]}
