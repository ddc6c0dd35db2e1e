"""Chapter 06, what a module registers: how its answers are observed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from autograder.observing.case import Case
from autograder.observing.exercise import exercise
from autograder.observing.gradients import by_name
from autograder.observing.observe import observe
from autograder.observing.probes.drawing import numbers_of
from autograder.observing.probes.holding import hold, picture_of
from autograder.observing.probes.mini import mini_observations
from autograder.observing.probes.stacking import stacked_observations
from autograder.observing.probes.standing import (
    as_quietly,
    calls,
    fit,
    kind_of,
    made,
    mode_of,
    quietly,
    registered,
    untouched,
)

Observations = dict[str, Any]


@exercise(
    "predict_registered: dict",
    points=3,
    core="tensors, modules, buffers",
    shares={"tensors": 1, "modules": 1, "buffers": 1},
)
def predict_registered(answer: Any, case: Case) -> Observations:
    """The words for the attributes of the case, which are all about one aspect."""
    found = answer() if callable(answer) else answer  # a function that makes the dict is as good
    words = found if isinstance(found, Mapping) else {}
    said = {one: words.get(one, "no prediction") for one in case["attributes"]}
    return observe(**{case["aspect"]: {one: word.strip().lower() if isinstance(word, str) else word
                                       for one, word in said.items()}})  # fmt: skip


_LAYER = {"values": 4, "gradients": 2, "state": 3, "start": 2}


@exercise(
    "class MyLinear(in_features, out_features, bias=True)",
    points=4,
    by_hand="nn.Linear",
    essential="state, gradients",
    shares=_LAYER,
)
def my_linear(answer: Callable[..., Any], case: Case) -> Observations:
    """Load ``weight (out, in)`` and ``bias (out,)``, run on ``x (…, in)``; or make many, and look at their numbers."""
    return _many(answer, case) if "layers" in case else _layer(answer, case)


@exercise(
    "class MyConv2d(in_channels, out_channels, kernel_size, stride=1, padding=0, bias=True)",
    points=3,
    by_hand="nn.Conv2d",
    essential="state, gradients",
    shares=_LAYER,
)
def my_conv2d(answer: Callable[..., Any], case: Case) -> Observations:
    """The same with ``weight (out, in, k, k)`` and ``x (N, in, H, W)``."""
    return _many(answer, case) if "layers" in case else _layer(answer, case)


def _layer(answer: Callable[..., Any], case: Case) -> Observations:
    x, tensors = case["x"], case["tensors"]
    layer = made(answer, case)
    if not isinstance(layer, nn.Module):
        return observe(values=layer, state={"kind": type(layer).__name__})
    kinds = {name: kind_of(getattr(layer, name, None)) for name in ("weight", "bias")}
    state = registered(layer) | {"attributes": kinds}
    if "earlier" in case:  # what it has seen before its numbers came is none of its business
        calls(layer, case, case["earlier"], "earlier")
        quietly(layer.to(x.dtype), 2 * x)
    layer.to(x.dtype)
    if not fit(layer, tensors):
        return observe(values="the state of torch's own layer does not fit", state=state)
    layer.train(case.get("training", True))
    out = calls(layer, case, x)
    gradients = by_name(out, {"x": x, **dict(layer.named_parameters())})
    memory = case.unchanged() | {"parameters": untouched(layer, tensors)}
    with torch.no_grad():
        for one in made(answer, case).parameters():
            one.fill_(7)
    if "earlier" in case:
        state["in eval, without gradients"] = as_quietly(layer, x, out)
    memory["another layer"] = "has its own" if untouched(layer, tensors) == memory["parameters"] else "shares memory"
    return observe(values=out, gradients=gradients, memory=memory, state=state)


def _many(answer: Callable[..., Any], case: Case) -> Observations:
    """The first numbers of many layers."""
    layers = [made(answer, case) for _ in range(case["layers"])]
    if not all(isinstance(layer, nn.Module) for layer in layers):
        return observe(start="not made of modules")
    found = [dict(layer.named_parameters()) for layer in layers]
    return observe(start={name: numbers_of([one.get(name) for one in found]) for name in case["names"]})


@exercise("find_unregistered(module) -> list", points=4, shares={"values": 4, "registered": 2})
def find_unregistered(answer: Callable[..., Any], case: Case) -> Observations:
    """Ask about the module that the case describes, and see whether it stays as it is."""
    module = hold(case["attributes"])
    if case.get("in_use", False):  # as a model is in the middle of training, frozen in part
        known = module.get_submodule("known").eval()
        known.get_parameter("weight").requires_grad_(False)
        bias = known.get_parameter("bias")
        bias.grad = torch.ones_like(bias)
    before = picture_of(module)
    found = case.call(answer, module=module)
    kept = "unchanged" if picture_of(module) == before else "changed"
    return observe(**{case.get("aspect", "values"): found}, memory={"module": kept})


@exercise(
    "class StackedMLP(widths)", points=3, essential="state, gradients", shares={"values": 4, "gradients": 2, "state": 3}
)
def stacked_mlp(answer: Callable[..., Any], case: Case) -> Observations:
    """Load the layers' tensors by their shapes, in every order in which they fit, and run on ``x (N, widths[0])``."""
    return stacked_observations(answer, case)


@exercise(
    "class RunningMean(num_features)",
    points=4,
    core="values, state",
    essential="gradients",
    shares={"values": 4, "gradients": 1, "state": 4},
)
def running_mean(answer: Callable[..., Any], case: Case) -> Observations:
    """Go through the batches of the case, each in its mode; look at outputs, gradients and buffers after each."""
    module = made(answer, case)
    if not isinstance(module, nn.Module):
        return observe(values=module, state={"kind": type(module).__name__})
    at_first = mode_of(module)
    outputs: dict[str, Any] = {}
    gradients: dict[str, Any] = {}
    buffers: dict[str, Any] = {"at first": _buffers(module)}
    for number, mode in enumerate(case["modes"], 1):
        if number == case.get("loaded before"):
            saved = module.state_dict()
            buffers["the same module"] = _taken(module, saved)
            module = made(answer, case)
            buffers["another module"] = _taken(module, saved)
        x = case[f"x{number}"]
        module.to(x.dtype).train(mode == "train")
        with torch.set_grad_enabled(not case.get("no_grad", False)):
            out = calls(module, case, x, f"x{number}")
        outputs[f"batch {number}, {mode}"] = out.detach().clone() if isinstance(out, Tensor) else out
        if case.leaves:
            gradients |= by_name(out, {f"x{number}": x})
        memory = case.unchanged()
        storage = torch.empty(0, dtype=x.dtype).set_(x.untyped_storage())
        before = storage.clone()
        storage.zero_()  # a buffer that lies in the batch's memory shows it
        buffers[f"after batch {number}"] = _buffers(module)
        storage.copy_(before)
    parameters = tuple(sorted(name for name, _ in module.named_parameters()))
    state = {"parameters": parameters, "buffers": buffers}
    if case.get("new"):
        state["mode at first"] = at_first
    return observe(values=outputs, gradients=gradients or None, memory=memory, state=state)


def _taken(module: nn.Module, state: Mapping[str, Tensor]) -> str:
    return "takes the state" if fit(module, state) else "does not take the state"


def _buffers(module: nn.Module) -> dict[str, Any]:
    """Of ``mean`` and ``count``: what they are to the module, and their numbers."""
    saved, buffers = module.state_dict(), dict(module.named_buffers())
    found: dict[str, Any] = {}
    for name in ("mean", "count"):
        value = getattr(module, name, None)
        found[name] = value.detach().clone() if isinstance(value, Tensor) else value
        if isinstance(value, Tensor) and name == "count":  # exact, with no tolerance
            whole = value.dtype == torch.int64
            found |= {name: value.tolist() if whole else found[name], f"{name} has": (tuple(value.shape), value.dtype)}
        found[f"{name} is"] = kind_of(value)
        if name in buffers:
            found[f"{name} is"] = "a buffer" if name in saved else "a buffer, not saved"
        if isinstance(value, Tensor) and value.requires_grad:
            found[f"{name} is"] += ", in a graph"
    return found


@exercise(
    "class MiniModule",
    points=5,
    by_hand="nn.Module",
    shares={"values": 4, "replacing": 3, "saving": 3, "modes": 3},
)
def mini_module(answer: Any, case: Case) -> Observations:
    """Derive a class from the answer, build what the case describes, and look at names, state and modes."""
    return mini_observations(answer, case)
