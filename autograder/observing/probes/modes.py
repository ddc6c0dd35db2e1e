"""Chapter 07, train and eval: how its answers are observed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from autograder.observing.case import Case
from autograder.observing.exercise import exercise
from autograder.observing.observe import observe
from autograder.observing.probes.dropping import (
    Astray,
    draws_of_generators,
    entered,
    kind_of,
    pieces,
    reached,
    tensor_or_kind,
)
from autograder.observing.probes.kept import same_tensor
from autograder.observing.probes.left_alone import notice, world_put_back
from autograder.observing.probes.looked_into import as_recorded, kind_of_error, model_of, raised_in, write_over
from autograder.observing.probes.normed import as_made, gradients_of, loads, run_quietly
from autograder.observing.probes.specimen import load_by_shape
from autograder.observing.probes.standing import fit, mode_of

Observations = dict[str, Any]

DROPOUT_NET = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")
BATCH_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


@exercise(
    "dropout(x, p=0.5, training=True, generator=None)",
    points=4,
    by_hand="*dropout*",
    essential="eval, gradients",
    shares={"values": 8, "mask": 6, "eval": 5, "generator": 4, "gradients": 3},
)
def dropout(answer: Callable[..., Any], case: Case) -> Observations:
    """``x`` of any shape: one draw, many from one generator, or draws from generators in several states."""
    if "other_seed" in case:
        return observe(generator=draws_of_generators(answer, case))
    instead = {"generator": torch.Generator().manual_seed(case["seed"])} if "seed" in case else {}
    call = case.prepared(answer, **instead)
    with torch.set_grad_enabled(not case.get("no_grad", False)):
        out = call()
    if not isinstance(out, Tensor):
        return observe(**{case.get("aspect", "values"): kind_of(out)})
    memory = case.unchanged()
    if "aspect" in case:
        # Nothing is to be drawn here. What is drawn all the same comes out differently, if it is asked often enough.
        gradients = case.gradients(out)
        again = [call() for _ in range(max(2, 40 // max(1, out.numel())))]
        if any(not isinstance(one, Tensor) or not torch.equal(one.detach(), out.detach()) for one in again):
            never = dict.fromkeys(gradients or {}, "of an answer that is never the same")
            return observe(**{case["aspect"]: "another answer each time"}, gradients=never or None, memory=memory)
        return observe(**{case["aspect"]: out}, gradients=gradients, memory=memory)
    shape = {"size": tuple(out.shape), "dtype": out.dtype}
    with torch.set_grad_enabled(not case.get("no_grad", False)):
        outs = [out, *(call() for _ in range(1, case.get("draws", 1)))]
    if any(not isinstance(one, Tensor) or one.shape != out.shape for one in outs):
        return observe(values="not always a tensor of one size", shape=shape, memory=memory)
    outs.sort(key=lambda one: not (one != 0).any())  # first one in which something is kept: its gradient says something
    return observe(values=pieces(*outs), gradients=case.gradients(outs[0]), shape=shape, memory=memory)


def _against(alike: bool, these: bool, as_ever: str) -> str:
    """What is dropped where ``these`` results are alike or not, said against those that are always asked for."""
    return as_ever if these is alike else "drops nothing" if these else "drops"


@exercise("class DropoutNet(p)", points=3, essential="eval, gradients", shares={"values": 6, "eval": 6, "state": 3})
def dropout_net(answer: Callable[..., Any], case: Case) -> Observations:
    """Build a network, load its four tensors, set its mode, and ask it several times for the same ``x (N, 8)``."""
    model = case.call(answer)
    training = case["mode"][-1] == "train"
    if not isinstance(model, nn.Module):
        return observe(**{case.get("aspect", "values"): kind_of(model).replace("tensor", "module")})
    if case.get("beside"):
        answer(case["beside"])  # another network, with another p, is nobody's business
    model.to(case["x"].dtype)
    state: dict[str, Any] = {"mode at first": mode_of(model)} if case.get("new") else {}
    state["fits"] = load_by_shape(model, {name: case[name] for name in DROPOUT_NET})
    around = nn.Sequential(model) if case.get("inside") else model
    for mode in case["mode"]:
        around.train(mode == "train")
    with case.left_alone(model, x=case["x"]), Astray(model) as astray:
        # What is drawn where nothing should be comes out differently, if it is asked often enough.
        first, *more = [model(case["x"]) for _ in range(2 if training else 8)]
    if not training:
        state["dropout modules"] = astray.word()
    else:  # whether gradients are recorded is no matter of the mode
        around.train()  # whatever has become of its mode
        alike = same_tensor(first, more[0])
        with torch.no_grad():
            unrecorded = same_tensor(model(case["x"]), model(case["x"]))
        state["under torch.no_grad()"] = _against(alike, unrecorded, "as with gradients")
        row = case["x"][:1]
        alone = model(row)
        never = all(same_tensor(alone, model(row)) for _ in range(15))  # by chance not once in 10²⁰ times
        state["one row alone"] = _against(alike, never, "as in a batch")
    memory = case.unchanged()
    if not all(isinstance(one, Tensor) for one in (first, *more)):
        return observe(**{case.get("aspect", "values"): kind_of(first)}, state=state, memory=memory)
    by_shape = {str(tuple(one.shape)): one for one in model.parameters()}
    if training:
        seen = {case.get("aspect", "values"): entered(model, first, more[0])}
        return observe(**seen, gradients=reached(first, by_shape), state=state, memory=memory)
    return observe(
        eval={"logits": first, "asked again": next((one for one in more if not torch.equal(one, first)), first)},
        gradients=gradients_of(first, {"x": case["x"], **by_shape}) if case.leaves else None,
        state=state,
        memory=memory,
    )


@exercise(
    "batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5)",
    points=5,
    by_hand="*batch_norm*",
    core="values, eval",
    essential="gradients",
    shares={"values": 5, "eval": 4, "statistics": 4, "gradients": 3},
    may_change="running_mean: its numbers, running_var: its numbers",
)
def batch_norm(answer: Callable[..., Any], case: Case) -> Observations:
    """One batch ``x (N, C, H, W)``, or several one after the other; then the statistics, through memory shared with them."""
    kept = {name: case[name].detach() for name in ("running_mean", "running_var")}
    with torch.set_grad_enabled(not case.get("no_grad", False)):
        out = case.call(answer)
    aspect = "values" if case["training"] else "eval"
    if not isinstance(out, Tensor):
        return observe(**{aspect: kind_of(out)})
    gradients = case.gradients(out)
    following = {name: tensor_or_kind(case.call(answer, x=case[name])) for name in case.get("more", ())}
    graph = any(case[name].requires_grad for name in kept)
    own = all(case[name].data_ptr() == one.data_ptr() for name, one in kept.items())
    memory = {name: word for name, word in case.unchanged().items() if name not in kept}
    return observe(
        **{aspect: {"x": out, **following} if following else out},
        gradients=gradients,
        statistics={"memory": "their own" if own else "another's"} | kept | {"graph": "kept" if graph else "not kept"},
        memory=memory,
    )


@exercise(
    "class MyBatchNorm2d(num_features, eps=1e-5, momentum=0.1)",
    points=4,
    by_hand="nn.*BatchNorm* nn._NormBase",
    core="values, eval",
    essential="gradients",
    shares={"eval": 6, "state": 4, "statistics": 3},
)
def my_batch_norm2d(answer: Callable[..., Any], case: Case) -> Observations:
    """Build a layer; look at it as it is made, or load a state, run batches in the modes that the case says, look again."""
    case.watch.look_at(answer)
    layer = case.call(answer)
    case.watch.look_at(layer)
    if not isinstance(layer, nn.Module):
        return observe(**{case.get("aspect", "values"): kind_of(layer).replace("tensor", "module")})
    torchs = nn.BatchNorm2d(case["num_features"])
    if case.get("made"):
        return observe(state=as_made(layer, torchs))
    layer.to(case["x"].dtype)
    torchs.to(case["x"].dtype).load_state_dict({name: case[name] for name in BATCH_NORM})
    state = {"takes the state of nn.BatchNorm2d": loads(layer, torchs.state_dict())}
    if case.get("beside"):
        run_quietly(answer(case["num_features"]).train(), case["x"].float())  # another layer has statistics of its own
    around = nn.Sequential(layer) if case.get("inside") else layer
    outs: dict[str, Any] = {}
    for number, mode in enumerate(case["modes"]):
        around.train(mode == "train")
        name = f"x{number}" if number else "x"
        recorded = torch.set_grad_enabled(not case.get("no_grad", False))
        with recorded, case.left_alone(layer, **{name: case[name]}), case.watch:
            outs[f"batch {number + 1}"] = layer(case[name])
    last = outs[f"batch {len(outs)}"]
    if not isinstance(last, Tensor):
        return observe(**{case.get("aspect", "values"): kind_of(last)}, state=state)
    gradients = gradients_of(last, {"x": case["x"], **dict(layer.named_parameters())}) if case.leaves else None
    graph = any(one.requires_grad for one in layer.buffers())
    state["running statistics"] = "in the graph of a batch" if graph else "in no graph"
    after = layer.state_dict()
    state["gives a state to nn.BatchNorm2d"] = loads(torchs, after)
    state["takes its own state again"] = "yes" if fit(layer, after) else "no"
    return observe(
        **{case.get("aspect", "values"): outs},
        gradients=gradients,
        statistics={name: after.get(name) for name in BATCH_NORM[2:]},
        state=state,
        memory=case.unchanged(),
    )


@exercise(
    "record_activations(model, names, x) -> dict",
    points=5,
    shares={"values": 5, "state": 4, "memory": 2, "graph": 2, "unknown name": 2, "when it raises": 2, "order": 1},
    may_change="model: its buffers",
)
def record_activations(answer: Callable[..., Any], case: Case) -> Observations:
    """Record what parts of a model give; then look at the model, and write over everything that the record might share."""
    model, log = model_of(case)
    before = notice(model)
    with world_put_back(before):
        if "unknown" in case:
            raised = raised_in(lambda: case.call(answer, model=model))
            named = any(name in str(raised) for name in case["unknown"])
            said = {"raised": kind_of_error(raised, KeyError), "names it": named, "passes": len(log)}
            return observe(**{"unknown name": said | before.left(only=("hooks",))})
        if case.get("refuses"):
            raised_in(lambda: case.call(_as_far_as_it_came(answer, model), model=model))
            return observe(**{"when it raises": before.left() | {"passes": len(log)}})
        found = case.call(answer, model=model)
        state = before.again() | {"passes": len(log)}
        if not isinstance(found, Mapping):
            return observe(values=f"a {type(found).__name__}, no dict", state=state)
        recorded = {name: tensor_or_kind(one) for name, one in found.items()}
        graph = {name: "kept" if getattr(one, "requires_grad", False) else "not kept" for name, one in found.items()}
        memory = {"x": case.unchanged().get("x", "unchanged")}
        write_over(model, case)
        memory |= {name: as_recorded(recorded[name], one) for name, one in found.items()}
    return observe(values=recorded, order=tuple(found), graph=graph, state=state, memory=memory)


def _as_far_as_it_came(answer: Callable[..., Any], model: nn.Module) -> Callable[..., Any]:
    """The answer; where it raises, buffers are put back: the contract does not say what becomes of half a pass."""

    @functools.wraps(answer)
    def answered(*words: Any, **more: Any) -> Any:
        held = [(part._buffers, name, one) for part in model.modules() for name, one in part._buffers.items()]
        buffers = [(home, name, one, one.clone()) for home, name, one in held if one is not None]
        try:
            return answer(*words, **more)
        except BaseException:
            for home, name, one, before in buffers:
                home[name] = one.copy_(before)
            raise

    return answered


@exercise("evaluate(model, x)", points=3, essential="state", shares={"state": 4, "graph": 2, "when it raises": 2})
def evaluate(answer: Callable[..., Any], case: Case) -> Observations:
    """Ask for logits in eval mode; look at the graph, at every part's mode, and at torch's gradient mode afterwards."""
    model, _ = model_of(case)
    before = notice(model)
    with world_put_back(before):
        if case.get("refuses"):
            raised = raised_in(lambda: case.call(answer, model=model))
            came = "nothing" if raised is None else f"{type(raised).__name__}: {raised}"
            return observe(**{"when it raises": {"came through": came} | before.left()})
        out = case.call(answer, model=model)
        state = before.again()
        if not isinstance(out, Tensor):
            return observe(values=kind_of(out), state=state)
        graph = {"logits": "kept" if out.requires_grad else "not kept"}
        return observe(values=out, graph=graph, state=state, memory=case.unchanged())
