"""Chapter 03, the CNN with modules: how its answers are observed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from autograder.observing.case import Case
from autograder.observing.exercise import exercise
from autograder.observing.observe import observe
from autograder.observing.probes.specimen import build_module, load_by_shape, modes

Observations = dict[str, Any]

FOUR = ("conv.weight", "conv.bias", "fc.weight", "fc.bias")


@exercise("conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1)", points=2)
def conv_output_size(answer: Callable[..., Any], case: Case) -> Observations:
    """Call the answer with ints; what it says counts for the aspect that the case is about."""
    return observe(**{case.get("aspect", "values"): case.call(answer)})


@exercise("class TinyCNN(nn.Module)", points=5)
def tiny_cnn(answer: Callable[[], Any], case: Case) -> Observations:
    """Build a network, load the four tensors, run it on ``x (N, 3, 32, 32)`` and go backward."""
    return _network(answer(), case, nn.Module)


@exercise("sequential_cnn() -> nn.Sequential", points=3)
def sequential_cnn(answer: Callable[[], Any], case: Case) -> Observations:
    """The same for what the function builds, which has to be an ``nn.Sequential``."""
    return _network(answer(), case, nn.Sequential)


def _network(model: Any, case: Case, kind: type[nn.Module]) -> Observations:
    if not isinstance(model, nn.Module):
        return observe(values=model, state={"kind": type(model).__name__})
    four = {name: case[name] for name in FOUR}
    loaded = load_by_shape(model, four)
    state: dict[str, Any] = {"kind": kind.__name__ if isinstance(model, kind) else type(model).__name__, "fits": loaded}
    if loaded == "not these tensors":
        state["tensors"] = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
        return observe(values="the four tensors do not fit into this network", state=state)
    x = case["x"]
    model.to(x.dtype)
    out = model(x)
    return observe(values=out, gradients=_parameter_gradients(model, out), memory=case.unchanged(), state=state)


def _parameter_gradients(model: nn.Module, out: Any) -> dict[str, Any]:
    """Gradients by the shape of the parameter, so that a wrong name is said once, by the state."""
    parameters = list(model.parameters())
    if not isinstance(out, torch.Tensor) or not out.requires_grad:
        return {str(tuple(one.shape)): "no gradient" for one in parameters}
    weights = torch.cos(torch.arange(out.numel(), dtype=out.dtype)).view(out.shape)
    found = torch.autograd.grad(out, parameters, weights, allow_unused=True)
    return {
        str(tuple(one.shape)): "no gradient" if gradient is None else gradient
        for one, gradient in zip(parameters, found, strict=True)
    }


@exercise("count_parameters(module, trainable_only=False) -> int", points=2)
def count_parameters(answer: Callable[..., Any], case: Case) -> Observations:
    """Count the parameters of the module that the case describes."""
    module = build_module(case["layers"])
    if "trainable_only" not in case:
        return observe(values=case.call(answer, module=module))
    return observe(trainable=case.call(answer, module=module))


@exercise("predict_proba(model, x) -> Tensor", points=3, essential="state")
def predict_proba(answer: Callable[..., Any], case: Case) -> Observations:
    """Ask for probabilities; look at the graph, the model's modes, its parameters and its gradients afterwards."""
    model = build_module(case["layers"], case["seed"]).train(case["training"]).to(case["x"].dtype)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    modes_before = modes(model)
    try:
        out = case.call(answer, model=model)
        grad_mode = torch.is_grad_enabled()
    finally:
        torch.set_grad_enabled(True)
    same = all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    state = {
        "graph": "kept" if isinstance(out, torch.Tensor) and out.requires_grad else "not kept",
        "mode": "as it was" if modes(model) == modes_before else "changed",
        "grad mode": "as it was" if grad_mode else "left off",
        "requires_grad": "as it was" if all(one.requires_grad for one in model.parameters()) else "changed",
    }
    memory = case.unchanged() | {"model": "unchanged" if same else "changed"}
    return observe(values=out, state=state, memory=memory)
