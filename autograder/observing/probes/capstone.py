"""Chapter 10, the capstone: how its answers are observed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from autograder.observing.case import Case
from autograder.observing.exercise import exercise
from autograder.observing.gradients import by_name
from autograder.observing.observe import observe
from autograder.observing.probes.handed_over import Module, settings_kept
from autograder.observing.probes.impostors import impostor, other_convolution
from autograder.observing.probes.layers_of_hybrid import layers_of_hybrid
from autograder.observing.probes.specimen import build_module
from autograder.observing.probes.standing import mode_of

Observations = dict[str, Any]

FOUR = ("conv.weight", "conv.bias", "fc.weight", "fc.bias")
BUILDS = ("functional", "by_hand")


@exercise(
    "class HybridCNN(p=0.25)",
    points=4,
    essential="gradients",
    shares={"values": 4, "gradients": 1, "training": 3, "dropout": 2, "modules": 1, "state": 1},
)
def hybrid_cnn(answer: Callable[..., Any], case: Case) -> Observations:
    """Build one, load its tensors, set its modes, run it on ``x (N, 3, 32, 32)``; a case ``asks`` for one thing."""
    model = case.call(answer)
    if not isinstance(model, nn.Module):
        return observe(values=model, state={"kind": type(model).__name__})
    at_first, layers = mode_of(model), layers_of_hybrid(model, case)
    if layers is None:
        sizes = {name: _size(tensor) for name, tensor in model.state_dict().items()}
        return observe(values="the tensors do not fit into this network", state={"tensors": sizes})
    if "spoilt" in case:  # what happens to another network is none of this one's business
        for one in case.call(answer).parameters():
            one.data.add_(1) if not nn.parameter.is_lazy(one) else None
    model.to(case["x"].dtype).train(case["training"])
    named = dict(model.named_modules())
    asked = "as asked for" if all(named.get(name) is one for name, one in layers.items()) else "other names"
    state = {"names of the layers": asked, "after train(mode)": _told(layers, case["training"])}
    for part in case.get("evaluated", ()):
        if part not in layers:
            return observe(modules=f"no module called {part}", state=state)
        layers[part].eval()
    before = Module(model)
    case.reseed(case["draws"])  # what an answer drew while it was made changes nothing
    with torch.set_grad_enabled(not case.get("no_grad", False)), case.left_alone(model, x=case["x"]):
        outs = [model(case["x"]) for _ in range(case.get("passes", 1))]
    seen: dict[str, Any] = {"gradients": _gradients(layers, outs[-1], case)}
    if case["asks"] != "values":
        logits = {} if case.get("by chance") else {"logits": outs[-1]}
        seen[case["asks"]] = logits | _statistics(layers)
        return observe(**seen, state=state)
    kept = {"buffers": before.memory()["buffers"], "mode": before.state()["mode"]}
    if "first" not in case:  # an answer that keeps one network has left it in any mode in an earlier check
        state["mode at first"] = at_first
    return observe(values=outs[-1], **seen, memory=case.unchanged() | kept, state=state)


def _told(layers: Mapping[str, nn.Module], training: bool) -> str:
    """Whether the mode that the network was told has come to its layers."""
    others = [name for name, layer in layers.items() if layer.training != training]
    return f"{' and '.join(others)} in another mode" if others else "all layers in that mode"


def _size(tensor: Tensor) -> Any:
    return "lazy" if nn.parameter.is_lazy(tensor) else tuple(tensor.shape)


def _gradients(layers: Mapping[str, Any], out: Any, case: Case) -> dict[str, Any] | None:
    """Of a fixed weighted sum over the logits, those that the case asks for."""
    names = case.get("gradients", ())
    if not names:
        return None
    return by_name(out, {name: getattr(layers[name.partition(".")[0]], name.partition(".")[2]) for name in names})


def _statistics(layers: Mapping[str, Any]) -> dict[str, Any]:
    return dict(layers["norm"].named_buffers())


@exercise(
    "parity_report(model, x, target) -> dict",
    points=5,
    core="functional-logits, functional-gradients, by_hand-logits, by_hand-gradients",
    shares={f"{build}-{what}": 2 for build in BUILDS for what in ("logits", "gradients")}
    | {"parity": 2, "by hand": 2, "state": 1, "memory": 1, "shape": 1},
)
def parity_report(answer: Callable[..., Any], case: Case) -> Observations:
    """Ask for a report on TinyCNN, or on a network that ``kind`` makes another; or while torch's convolution is another."""
    model = impostor(case["kind"]).to(case["x"].dtype)
    model.load_state_dict({name: case[name] for name in FOUR})
    model.train(case["training"])
    for part in case.get("evaluated", ()):
        model.get_submodule(part).eval()
    _give_gradients(model, case)
    before = Module(model)
    with settings_kept() as kept, other_convolution() if "other_convolution" in case else nullcontext():
        report = case.call(answer, model=model)
    state = before.state() | kept
    memory = case.unchanged() | before.memory()
    forms = {f"{build} {what}": _form(_entry(report, build, what)) for build, what in case["asks"]}
    numbers = {(build, what): _number(_entry(report, build, what)) for build, what in case["asks"]}
    if aspect := case.get("aspect"):
        small = aspect == "small differences"  # smaller than what two processors are allowed to differ by: told by size
        return observe(**{
            aspect: {f"{build} {what}": _size_of(one) if small else one for (build, what), one in numbers.items()}
        })  # fmt: skip
    seen = {f"{build}-{what}": one for (build, what), one in numbers.items()}
    return observe(**seen, state=state, memory=memory, shape=forms)


def _give_gradients(model: nn.Module, case: Case) -> None:
    """Somebody has collected gradients before, in the parameters that the case names."""
    for name in case.get("with_grad", ()):
        parameter = model.get_parameter(name)
        parameter.grad = torch.full_like(parameter, 0.5)


def _entry(report: Any, build: str, what: str) -> Any:
    inner = report.get(build) if isinstance(report, Mapping) else None
    return inner.get(what) if isinstance(inner, Mapping) else None


def _form(value: Any) -> str:
    return "float" if isinstance(value, float) else type(value).__name__


def _size_of(number: Any) -> Any:
    """A number to one digit."""
    return f"{number:.0e}" if isinstance(number, float) else number


def _number(value: Any) -> Any:
    """As a float, whoever holds it: that it is none is said once, by its form."""
    if isinstance(value, Tensor) and value.numel() == 1 and not value.is_complex():
        return float(value.detach().reshape(()))
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _counting(calls: list[int], negates: bool) -> Callable[[Any, int], nn.Module]:
    """A class of networks that a case describes; each pass through one, or through a copy of one, is noted in ``calls``.

    One that ``negates`` asks for its own mode, and in training gives its logits with the other sign.
    """

    class Network(nn.Module):
        def __init__(self, layers: Any, seed: int) -> None:
            super().__init__()
            self.net = build_module(layers, seed)

        def forward(self, x: Tensor) -> Tensor:
            calls.append(1)
            return -self.net(x) if negates and self.training else self.net(x)

    return Network


@exercise(
    "ensemble_logits(models, x)",
    points=4,
    essential="passes",
    shares={"values": 4, "passes": 4, "state": 2, "memory": 1, "shape": 1},
)
def ensemble_logits(answer: Callable[..., Any], case: Case) -> Observations:
    """Ask several networks of one build, in any modes; look at how often ``forward`` ran, and at them afterwards."""
    calls: list[int] = []
    network = _counting(calls, case.get("negates", False))
    different = [network(case["layers"], seed).to(case["x"].dtype) for seed in case["seeds"]]
    models = [different[number] for number in case["order"]]
    for model, parts in zip(different, case["training"], strict=True):
        for name, part in model.named_modules():
            part.train(name in parts)
        if case.get("frozen"):
            model.requires_grad_(False)
        _give_gradients(model, case)
    before = [Module(model) for model in different]
    with settings_kept() as kept:
        out = case.call(answer, models=tuple(models) if case.get("as_tuple") else models)
    passes = {"forward ran": f"{len(calls)} times" if len(calls) != 1 else "once"}
    state = {f"network {number}": one.state() for number, one in enumerate(before)} | {"settings": kept}
    memory = {f"network {number}": one.memory() for number, one in enumerate(before)}
    return observe(values=out, passes=passes, state=state, memory=case.unchanged() | memory)


@exercise(
    "per_sample_gradients(model, x, target) -> dict",
    points=3,
    shares={"values": 6, "state": 1, "memory": 2, "shape": 1},
)
def per_sample_gradients(answer: Callable[..., Any], case: Case) -> Observations:
    """Ask for the gradients of every sample of a small network; look at the network afterwards."""
    model = build_module(case["layers"], case["seed"]).to(case["x"].dtype).train(case["training"])
    for part in case.get("evaluated", ()):
        model.get_submodule(part).eval()
    _give_gradients(model, case)
    before = Module(model)
    with settings_kept() as kept:
        found = case.call(answer, model=model)
    values = dict(found) if isinstance(found, Mapping) else found
    return observe(values=values, state=before.state() | kept, memory=case.unchanged() | before.memory())
