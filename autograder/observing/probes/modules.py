"""Chapter 03, the CNN with modules: how its answers are observed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook, register_module_parameter_registration_hook

from autograder.observing.case import Case
from autograder.observing.exercise import exercise
from autograder.observing.gradients import through
from autograder.observing.observe import observe
from autograder.observing.probes.specimen import load_by_shape, modes, specimen_of
from autograder.observing.sharing import among

Observations = dict[str, Any]

_SEED = 20_090_413  # none that an answer would begin with, so that it is seen when one does

FOUR = ("conv.weight", "conv.bias", "fc.weight", "fc.bias")


@exercise("conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1)", points=2)
def conv_output_size(answer: Callable[..., Any], case: Case) -> Observations:
    """Call the answer with ints; what it says counts for the aspect that the case is about."""
    return observe(**{case.get("aspect", "values"): case.call(answer)})


@exercise("class TinyCNN(nn.Module)", points=5, essential="gradients")
def tiny_cnn(answer: Callable[[], Any], case: Case) -> Observations:
    """Build a network, load the four tensors, run it on ``x (N, 3, 32, 32)`` and go backward."""
    return _network(answer, case, nn.Module)


@exercise("sequential_cnn() -> nn.Sequential", points=3)
def sequential_cnn(answer: Callable[[], Any], case: Case) -> Observations:
    """The same for what the function builds, which has to be an ``nn.Sequential``."""
    return _network(answer, case, nn.Sequential)


def _network(answer: Callable[[], Any], case: Case, kind: type[nn.Module]) -> Observations:
    case.reseed(_SEED)
    model = case.call(answer)
    if not isinstance(model, nn.Module):
        return observe(values=model, state={"kind": type(model).__name__})
    # A list or a dict of modules runs none of them; of a class it is said that its forward is still to be written.
    if kind is nn.Sequential and type(model).forward is nn.Module.forward:
        made = type(model).__name__
        return observe(values=f"a {made}, which has no forward", state={"kind": made})
    dtypes = {str(one.dtype).removeprefix("torch.") for one in model.parameters()}
    memory = {"parameters": among(model.parameters())}
    x, gradients = case["x"], not case.get("no_grad", False)
    if "earlier" in case:  # what it has seen before, and the numbers that it held then, are none of its business
        _run_before(model, case)
    loaded = load_by_shape(model, {name: case[name] for name in FOUR})
    state: dict[str, Any] = {
        "kind": kind.__name__ if isinstance(model, kind) else type(model).__name__,
        "made in": ", ".join(sorted(dtypes)),
        "fits": loaded,
    }
    if loaded == "not these tensors":
        state["tensors"] = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
        if not dtypes:
            state["layers"] = _unregistered(model, case["x"])
        return observe(values="the four tensors do not fit into this network", state=state)
    model.to(x.dtype).train(case.get("training", True))
    with torch.set_grad_enabled(gradients), case.left_alone(model, x=x, model=dict(model.named_parameters())):
        out = model(x)
    memory |= {name: word for name, word in case.unchanged().items() if name == "x"}
    found = _parameter_gradients(model, out) if gradients else None
    return observe(values=out, gradients=found, memory=memory, state=state)


def _run_before(model: nn.Module, case: Case) -> None:
    """Other images, while the network holds other numbers; without gradients, as one looks before one trains."""
    if load_by_shape(model, {name: -case[name] for name in FOUR}) == "not these tensors":
        return
    model.to(case["x"].dtype).train(case.get("training", True))
    with torch.no_grad():
        model(case["earlier"])


def _unregistered(model: nn.Module, x: torch.Tensor) -> str:
    """Of a network without parameters: whether it makes layers at every call, or calls some that torch does not see."""
    made: list[bool] = []
    called: list[bool] = []
    hooks = [
        register_module_parameter_registration_hook(lambda *one: made.append(True)),
        register_module_forward_pre_hook(lambda layer, given: called.append(bool(layer._parameters))),
    ]
    try:
        with torch.no_grad():
            model(x.float())
            made.clear()
            model(x.float())
    except Exception as error:
        return f"forward raises {type(error).__name__}"
    finally:
        for one in hooks:
            one.remove()
    return "made at every call" if made else "called, not registered" if any(called) else "none called"


def _parameter_gradients(model: nn.Module, out: Any) -> dict[str, Any]:
    """Gradients by the shape of the parameter, so that a wrong name is said once, by the state.

    A parameter that asks for none is told from one that the graph does not reach.
    """
    asking = [one for one in model.parameters() if one.requires_grad]
    found: dict[int, Any] = {}
    if isinstance(out, torch.Tensor) and out.requires_grad and asking:
        found = dict(zip(map(id, asking), through(out, asking), strict=True))
    gradients: dict[str, Any] = {}
    for one in model.parameters():
        gradient = found.get(id(one))
        missing = "no gradient" if one.requires_grad else "none asked for"
        gradients[str(tuple(one.shape))] = missing if gradient is None else gradient
    return gradients


@exercise("count_parameters(module, trainable_only=False) -> int", points=2, draws=False)
def count_parameters(answer: Callable[..., Any], case: Case) -> Observations:
    """Count the parameters of the module that the case describes."""
    count = case.called(answer, module=specimen_of(case))
    # Of a tensor we look at its number: the product of no sizes at all is torch's float 1.
    if isinstance(count, torch.Tensor) and count.numel() == 1 and float(count).is_integer():
        count = int(count)
    return observe(**{"trainable" if "trainable_only" in case else "values": count})


@exercise("predict_proba(model, x) -> Tensor", points=3, essential="state", draws=False)
def predict_proba(answer: Callable[..., Any], case: Case) -> Observations:
    """Ask for probabilities; whether a graph is kept, and what became of modes, is said in words of its own.

    Everything else that was given is watched in `Case.call`.
    """
    model, x = specimen_of(case), case["x"]
    if case.get("graded", False):
        x.grad = torch.ones_like(x)
    before, gradients = modes(model), not case.get("no_grad", False)
    torch.set_grad_enabled(gradients)
    try:
        out = case.call(answer, model=model)
    finally:
        enabled = torch.is_grad_enabled()
        torch.set_grad_enabled(True)
    state = {
        "graph": "kept" if isinstance(out, torch.Tensor) and out.requires_grad else "not kept",
        "mode": "as it was" if modes(model) == before else "changed",
        "grad mode": "as it was" if enabled == gradients else "left on" if enabled else "left off",
    }
    return observe(values=out, state=state)
