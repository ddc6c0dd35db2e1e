"""A module that an answer is lent tensors for: the dict that a case describes, the call, and what is left behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from autograder.observing.case import Case
from autograder.observing.observe import observe
from autograder.observing.probes.built import gradients
from autograder.observing.probes.kept import Kept, same_tensor
from autograder.observing.probes.makes import make_module

__all__ = ["call_lending"]

Observations = dict[str, Any]


@dataclass(frozen=True)
class Lent:
    """What an answer is handed: a module, the dict of tensors, and the leaves that the dict's tensors come from."""

    module: nn.Module
    tensors: dict[str, Any]
    leaves: dict[str, Tensor]
    given: dict[str, Any]  # the same entries once more: nobody else holds this dict
    before: dict[str, Tensor]
    asks: dict[str, bool]
    runs: list[int]
    kept: Kept


def _lend(case: Case) -> Lent:
    """The module of the case's make, some of its parameters with a gradient, and its dict: leaves, results, plain ones."""
    module = make_module(case["make"], case["sizes"], case["seed"]).to(case.get("module_dtype", case["x"].dtype))
    module.train(case.get("training", True))
    for number, parameter in enumerate(module.parameters()):
        if number % 2 == 0 and parameter.requires_grad:
            parameter.grad = torch.full_like(parameter, 7.0)
    parameters = dict(module.named_parameters())
    tensors: dict[str, Any] = {}
    leaves: dict[str, Tensor] = {}
    for name, tensor in case["tensors"].items():
        if name not in parameters or case.get("plain"):
            tensors[name] = tensor
            continue
        leaves[name] = tensor.requires_grad_()
        tensors[name] = tensor * 2 - 1 if name in case.get("results", ()) else tensor
    if "unknown" in case:
        tensors[case["unknown"]] = torch.ones(2)
    runs: list[int] = []
    module.register_forward_pre_hook(lambda module, args: runs.append(1))
    before = {name: one.detach().clone() for name, one in tensors.items()}
    asks = {name: one.requires_grad for name, one in tensors.items()}
    return Lent(module, tensors, leaves, dict(tensors), before, asks, runs, Kept(module))


def call_lending(answer: Callable[..., Any], case: Case) -> Observations:
    """Call the answer as the case says, and look at the output, the module and the dict."""
    lent = _lend(case)
    if "unknown" in case:
        return observe(errors=_of_an_unknown_name(answer, case, lent))
    if case.get("breaks"):
        return observe(**{"after an error": _of_an_error(answer, case, lent)})
    out = case.called(answer, module=lent.module, tensors=lent.tensors)
    updated = {name: lent.tensors.get(name) for name in case.get("updated", ())}
    return observe(
        values=out,
        gradients=_gradients(case, lent, out),
        state={"the module": _module_said(lent)},
        memory=case.unchanged() | {"the dict": _dict_kept(lent, tuple(updated))},
        buffers={name: lent.given[name] for name in updated} or None,
    )


def _gradients(case: Case, lent: Lent, out: Any) -> dict[str, Any] | None:
    """Of the dict's leaves, of the module's own parameters that were left out, and of the input."""
    own = {
        f"its own {name}": one
        for name, one in lent.kept.parameters.items()
        if name not in lent.tensors and one.requires_grad
    }
    leaves = {**lent.leaves, **own, **{name: case[name] for name in case.leaves}}
    if not leaves:
        return {"out": "has a graph" if isinstance(out, Tensor) and out.requires_grad else "has none"}
    return gradients(out, leaves)


def _dict_kept(lent: Lent, updated: tuple[str, ...]) -> str:
    """Whether the dict holds the same tensors in the same order, and those that are not updated the same numbers."""
    if list(lent.tensors) != list(lent.given):
        return "other names than before"
    if any(lent.tensors[name] is not one for name, one in lent.given.items()):
        return "other tensors than before"
    same = all(same_tensor(one, lent.given[name]) for name, one in lent.before.items() if name not in updated)
    asks = all(lent.given[name].requires_grad == one for name, one in lent.asks.items())
    leaves = all(one.is_leaf and one.grad is None for one in lent.leaves.values())
    return "as it was" if same and asks and leaves else "written to"


def _of_an_unknown_name(answer: Callable[..., Any], case: Case, lent: Lent) -> dict[str, Any]:
    """Which error is raised, whether it says the whole name, whether the network ran, and what is left behind."""
    raised, named = "nothing", "no error"
    try:
        case.call(answer, module=lent.module, tensors=lent.tensors)
    except NotImplementedError:
        raise
    except Exception as error:
        raised = "KeyError" if isinstance(error, KeyError) else type(error).__name__
        named = "the whole name" if case["unknown"] in str(error) else "not the whole name"
    ran = "ran all the same" if lent.runs else "did not run"
    return {"raised": raised, "said": named, "the network": ran, **_left_behind(lent)}


def _of_an_error(answer: Callable[..., Any], case: Case, lent: Lent) -> dict[str, Any]:
    """Which error comes out when the network itself breaks, and what is left behind."""
    raised = "nothing"
    try:
        case.call(answer, module=lent.module, tensors=lent.tensors)
    except NotImplementedError:
        raise
    except Exception as error:
        raised = type(error).__name__
    return {"raised": raised, **_left_behind(lent)}


def _module_said(lent: Lent) -> str:
    """What of the module is no longer as it was, and whether the dict's tensors are what stands there instead."""
    homes = [home for part in lent.module.modules() for home in (part._parameters, part._buffers)]
    there = {id(one) for home in homes for one in home.values()}
    said = lent.kept.said()
    return f"{said}: the dict's" if any(id(one) in there for one in lent.given.values()) else said


def _left_behind(lent: Lent) -> dict[str, str]:
    return {"the dict": _dict_kept(lent, ()), "the module": _module_said(lent)}
