"""Chapter 09, where functions shine: how its answers are observed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from autograder.observing.calls import Calls
from autograder.observing.case import Case
from autograder.observing.exercise import exercise
from autograder.observing.observe import observe
from autograder.observing.plain import plain
from autograder.observing.probes.built import (
    NOT_THESE,
    fresh,
    gradients,
    holders,
    is_its_own,
    knows_its_weight,
    learned_besides,
    made_in,
    put,
    together,
    what_is_registered,
    whatever_is_loaded,
)
from autograder.observing.probes.kept import same_tensor
from autograder.observing.probes.lent import call_lending
from autograder.observing.probes.standing import as_quietly, quietly
from autograder.observing.project import LARGE, project

Observations = dict[str, Any]

_WHOLE = LARGE  # of a case picked by hand: a panel shows where such a tensor is wrong

_SDPA = "*scaled_dot_product* *multi_head_attention* nn.MultiheadAttention"  # the function, and what it works inside of


def _short(value: Any) -> Any:
    """``value`` as data, a tensor of more than `LARGE` elements through its projections."""
    data = plain(value)
    if isinstance(data, Mapping):
        return {name: _short(one) for name, one in data.items()}
    return project(data) if isinstance(data, Tensor) and data.numel() > _WHOLE else data


@exercise(
    "call_with(module, tensors, x)",
    points=5,
    by_hand="functional_call _functional_call",
    essential="gradients, state",
    shares={"values": 4, "gradients": 4, "state": 3, "errors": 2, "after an error": 2},
    may_change="tensors: its numbers",
)
def call_with(answer: Callable[..., Any], case: Case) -> Observations:
    """A module of some make is lent tensors: the output, gradients, and what of the module and the dict is as it was."""
    return {aspect: _short(seen) for aspect, seen in call_lending(answer, case).items()}


def _function(answer: Callable[..., Any], case: Case) -> Observations:
    """Call the answer on the case's tensors and go backward; a case that ``asks`` for one thing has it under that name."""
    out = case.called(answer)
    return observe(**{
        case.get("asks", "values"): _short(out),
        "gradients": _short(together(case.gradients(out))),
        "memory": case.unchanged(),
    })  # fmt: skip


@exercise(
    "attention(q, k, v, mask=None)",
    points=4,
    by_hand=_SDPA,
    essential="gradients",
    shares={"mask": 3, "large scores": 1},
)
def attention(answer: Callable[..., Any], case: Case) -> Observations:
    """``q (…, L, E)``, ``k (…, S, E)``, ``v (…, S, Ev)``, a boolean mask or none."""
    return _function(answer, case)


@exercise("split_heads(x, num_heads)", points=2, essential="memory, gradients", shares={"memory": 3, "errors": 1})
def split_heads(answer: Callable[..., Any], case: Case) -> Observations:
    """``x (N, L, E)`` of any layout; afterwards its storage is written to, and the result read once more."""
    if case.get("divides") is False:
        return observe(errors=_raised(answer, case))
    out = case.called(answer)
    seen = observe(values=_short(out), gradients=_short(together(case.gradients(out))))
    return seen | observe(memory={**case.unchanged(), "result": _after_writing(case["x"], out)})


def _raised(answer: Callable[..., Any], case: Case) -> str:
    try:
        case.call(answer)
    except NotImplementedError:
        raise
    except Exception as error:
        return "ValueError" if isinstance(error, ValueError) else type(error).__name__
    return "nothing"


def _after_writing(x: Tensor, out: Any) -> str:
    """Whether every number of ``out`` changes, or none, when all of the storage behind ``x`` does."""
    if not isinstance(out, Tensor):
        return "not a tensor"
    before = out.detach().clone()
    torch.empty(0, dtype=x.dtype).set_(x.untyped_storage()).add_(100)
    changed = out.detach() != before
    if bool(changed.all()):
        return "follows x: a view"
    return "follows x in part" if bool(changed.any()) else "stays as it was: a copy"


_PROJECTIONS = tuple(f"{layer}.{tensor}" for layer in ("q", "k", "v", "out") for tensor in ("weight", "bias"))


@exercise(
    "class SelfAttention(embed_dim, num_heads)",
    points=4,
    by_hand=_SDPA,
    essential="gradients",
    shares={"gradients": 3},
)
def self_attention(answer: Callable[..., Any], case: Case) -> Observations:
    """Build a layer, load the four projections, run it on ``x (N, L, E)`` and go backward."""
    case.watch.look_at(answer)
    module = _made(answer, case)
    if not isinstance(module, nn.Module):
        return _no_module(module)
    case.watch.look_at(module)
    tensors = {name: case[name] for name in _PROJECTIONS}
    state = _state(answer, case, module, _PROJECTIONS, num_heads=1)
    if "earlier" in case:  # what it has seen before its numbers came is none of its business
        with case.left_alone(module, earlier=case["earlier"]), case.watch:
            module(case["earlier"])
        quietly(module.to(case["x"].dtype), 2 * case["x"])
    held = holders(module.to(case["x"].dtype), tensors)
    if held is None or not put(module, tensors):
        return observe(values=NOT_THESE, state=state)
    module.train(case.get("training", True))
    with case.left_alone(module, x=case["x"]), case.watch:
        out = module(case["x"])
    if state is not None:
        state["learned besides"] = learned_besides(module, held, case["x"])
    seen = observe(**{case.get("asks", "values"): _short(out), "state": state}) | _after_forward(case, out, held)
    if "earlier" in case:
        seen |= observe(memory=seen["memory"] | {"in eval, without gradients": as_quietly(module, case["x"], out)})
    return seen


def _made(answer: Callable[..., Any], case: Case, **instead: Any) -> Any:
    return fresh(lambda: case.call(answer, **instead))


def _state(
    answer: Callable[..., Any], case: Case, module: nn.Module, names: tuple[str, ...], *exactly: str, **differently: Any
) -> dict[str, Any] | None:
    """What is registered, and whether another object of the class, made ``differently``, stands by itself; asked where the case has a leaf."""
    if not case.leaves:
        return None
    another = _made(answer, case, **differently)
    return what_is_registered(module, names, exactly) | {
        "another one": is_its_own(module, another),
        "dtype as it is made": made_in(another, names),
    }


def _no_module(made: Any) -> Observations:
    return observe(values="no nn.Module", state={"kind": type(made).__name__})


def _after_forward(case: Case, out: Any, held: Mapping[str, Tensor]) -> Observations:
    """The inputs and the parameters after a forward pass, which writes to none; gradients where the case has a leaf."""
    same = all(same_tensor(case[name], tensor) for name, tensor in held.items())
    memory = case.unchanged() | {"parameters": "unchanged" if same else "changed"}
    found = gradients(out, {**held, "x": case["x"]}) if case.leaves else None
    return observe(memory=memory, gradients=_short(found))


@exercise("dynamic_conv(x, weight)", points=4, essential="one call, gradients", shares={"gradients": 3, "one call": 3})
def dynamic_conv(answer: Callable[..., Any], case: Case) -> Observations:
    """``x (N, C, H, W)`` and ``weight (N, O, C, k, k)``; how often `F.conv2d` is called is counted."""
    with Calls() as calls:
        out = case.called(answer)
    others = sum(times for name, times in calls.times.items() if "conv" in name and name != "conv2d")
    return observe(**{
        case.get("asks", "values"): _short(out),
        "gradients": _short(together(case.gradients(out))),
        "memory": case.unchanged(),
        "one call": {"F.conv2d": calls.times["conv2d"], "other convolutions": others},
    })  # fmt: skip


_TIED = ("weight", "encoder_bias", "decoder_bias")


@exercise(
    "class TiedAutoencoder(features, hidden)",
    points=3,
    essential="tied, gradients",
    shares={"parts": 2, "tied": 3, "gradients": 3},
)
def tied_autoencoder(answer: Callable[..., Any], case: Case) -> Observations:
    """Load three tensors; encode, decode and do both; again when the module has been moved, loaded anew or trained a step."""
    module = _made(answer, case)
    if not isinstance(module, nn.Module):
        return _no_module(module)
    tensors, later = {name: case[name] for name in _TIED}, case.get("after")
    state = _state(answer, case, module, _TIED, "parameters")
    module, held = _lived(case, module, tensors)
    if held is None:
        return observe(values=NOT_THESE, state=state)
    with case.left_alone(module, x=case["x"], code=case["code"]):
        parts = {"encode": _part(module, "encode", case["x"]), "decode": _part(module, "decode", case["code"])}
    if isinstance(parts["decode"], Tensor) and not knows_its_weight(
        lambda: case.call(answer), tensors, lambda one: _part(one, "decode", case["code"])
    ):
        return observe(values=whatever_is_loaded("decode", module, case["weight"]), state=state)
    with (
        case.left_alone(module, x=case["x"]),
        torch.set_grad_enabled(later != "loaded"),
    ):  # some remember where no graph is
        out = module(case["x"])
    if later:
        return observe(tied=_short(out), state=state)
    return observe(values=_short(out), parts=_short(parts), state=state) | _after_forward(case, out, held)


def _part(module: nn.Module, name: str, x: Tensor) -> Any:
    """What the method ``name`` gives of ``x``, or in words that there is none."""
    method = getattr(module, name, None)
    return method(x) if callable(method) else f"there is no {name}"


_SYMMETRIC = ("weight", "bias")


@exercise(
    "class SymmetricLinear(features)",
    points=3,
    essential="afterwards, gradients",
    shares={"gradients": 3, "afterwards": 3},
)
def symmetric_linear(answer: Callable[..., Any], case: Case) -> Observations:
    """Load both tensors and run it on ``x (…, features)``; again when it has been moved, loaded anew or trained a step."""
    module = _made(answer, case)
    if not isinstance(module, nn.Module):
        return _no_module(module)
    tensors, later = {name: case[name] for name in _SYMMETRIC}, case.get("after")
    state = _state(answer, case, module, _SYMMETRIC, "parameters", "state_dict")
    if state is not None:
        state["as it is made"] = _matrix_of(_made(answer, case), case["features"])
    module, held = _lived(case, module, tensors)
    if held is None:
        return observe(values=NOT_THESE, state=state)
    with case.left_alone(module, x=case["x"]):
        if not knows_its_weight(lambda: case.call(answer), tensors, lambda one: one(case["x"])):
            return observe(values=whatever_is_loaded("forward", module, case["weight"]), state=state)
        with torch.set_grad_enabled(later != "loaded"):  # some remember where no graph is
            out = module(case["x"])
    seen = observe(**{case.get("asks", "afterwards" if later else "values"): _short(out), "state": state})
    return seen if later else seen | _after_forward(case, out, held)


def _matrix_of(module: nn.Module, features: int) -> str:
    """Whether the matrix that ``module`` multiplies with, before anything is loaded, is symmetric; in any dtype."""
    dtypes = {one.dtype for one in module.parameters()} or {torch.float32}
    if len(dtypes) > 1:
        return "of more than one dtype"
    (dtype,) = dtypes
    with torch.no_grad():
        matrix = module(torch.eye(features, dtype=dtype)) - module(torch.zeros(features, features, dtype=dtype))
    if not isinstance(matrix, Tensor) or matrix.shape != (features, features):
        return "no matrix"
    if not matrix.isfinite().all():
        return "not all numbers are finite"
    return "symmetric" if torch.allclose(matrix, matrix.T, rtol=1e-3, atol=1e-4) else "not symmetric"


def _step(module: nn.Module, loss: Tensor) -> None:
    """What `torch.optim.SGD` does, whose first use in a process takes seconds to import."""
    if loss.requires_grad:  # of a frozen module none does, and its gradients say so
        loss.backward()
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.grad is not None:
                parameter.sub_(0.01 * parameter.grad)
    module.zero_grad()


def _lived(
    case: Case, module: nn.Module, tensors: Mapping[str, Tensor]
) -> tuple[nn.Module, dict[str, nn.Parameter] | None]:
    """The module with the case's tensors, after what happens to it there, and the parameters that hold them then.

    What happens counts for an aspect of its own: who computes too early keeps what is right before it.
    """
    x, happens = case["x"].detach(), case.get("after", "")
    module = module.to(torch.float32 if happens == "double" else x.dtype)
    if not put(module, tensors):
        return module, None
    module.train()
    match happens:
        case "double":
            module(x.float())  # whoever computes something once, at the first call, has it from here on
            module = module.double()
        case "loaded":
            module(x)
            with torch.no_grad():
                module.eval()(x)  # nor is what was computed in eval mode good for ever
            put(module, {name: 0.25 - tensor / 2 for name, tensor in tensors.items()})
        case "step":
            _step(module, module(x).square().sum())
    held = holders(module, tensors)
    if held is not None and happens == "double":
        with torch.no_grad():
            held["weight"].mul_(1.5).add_(0.25)
    module.train(case.get("training", True))
    if held is not None and case.leaves:
        with torch.no_grad():
            module(x)  # what is remembered from here has no gradient
    return module, held
