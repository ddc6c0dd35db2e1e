"""Chapter 08, training both ways: how its answers are observed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from autograder.observing.case import Case
from autograder.observing.exercise import exercise
from autograder.observing.observe import observe, raised_by
from autograder.observing.probes.checkpoints import observe_checkpoint
from autograder.observing.probes.modules import FOUR
from autograder.observing.probes.specimen import build_module, modes
from autograder.observing.probes.trained import (
    Batches,
    GradMode,
    batches_of,
    build_headed,
    build_optimizer,
    held_by,
    hyper_parameters,
    packed,
    tensors_of,
    train,
)

Observations = dict[str, Any]


@exercise("cross_entropy(logits, target)", points=3, by_hand="cross_entropy* linear_cross_entropy")
def cross_entropy(answer: Callable[..., Any], case: Case) -> Observations:
    """``logits (N, C)``, ``target (N,)`` int64; of a single class the loss counts for an aspect of its own."""
    out = case.call(answer)
    return observe(**{case.get("aspect", "values"): out}, gradients=case.gradients(out), memory=case.unchanged())


@exercise(
    "sgd_step(params, lr)",
    points=3,
    by_hand="optim.* *fused_sgd*",
    shares={"skipped": 1},
    may_change="params: its numbers, params: .grad",
)
def sgd_step(answer: Callable[..., Any], case: Case) -> Observations:
    """Give leaves their gradients, step, and look at the very tensors that were given, and at what they hold then.

    A case about ``"values"`` has gradients to step along. One about ``"memory"`` has none, or a step of length 0.
    """
    params = dict(case["params"])
    for name, one in params.items():
        one.requires_grad_(name not in case["frozen"])
        one.grad = case["gradients"].get(name)
    before = dict(params)
    memory = {name: one.detach() for name, one in params.items()}  # the same slots, seen without the tensor
    with GradMode() as grad_mode:
        case.call(answer, params=params)
    stepped = {name: one for name, one in memory.items() if name in case["gradients"]}
    skipped = {name: one for name, one in memory.items() if name not in case["gradients"]}
    same = {name: "the same tensor" if params.get(name) is one else "another tensor" for name, one in before.items()}
    state = {name: _leaf(one, memory[name]) | {"gradient": _cleared(one)} for name, one in before.items()}
    return observe(
        **{case["aspect"]: {"tensors": stepped} if case["aspect"] == "memory" else stepped},
        skipped=skipped or None,
        state={**state, "dictionary": same, "grad mode": grad_mode.left()},
    )


def _cleared(one: Tensor) -> str:
    return "cleared" if one.grad is None or not one.grad.any() else "left"


def _leaf(one: Tensor, memory: Tensor) -> dict[str, Any]:
    """``memory`` sees the slots that the tensor had at first."""
    own = torch.equal(one.detach(), memory)
    return {"leaf": one.is_leaf, "requires_grad": one.requires_grad, "memory": "its own" if own else "another"}


_TRAINED = {"values": 4, "trajectory": 4, "state": 1, "memory": 1, "shape": 1}


@exercise(
    "train_module(model, batches, lr) -> list",
    points=4,
    core="values trajectory",
    shares=_TRAINED,
    may_change="model: numbers, model: .grad",
)
def train_module(answer: Callable[..., Any], case: Case) -> Observations:
    """Train a module: its losses, where it arrives, and what else has changed. Without a batch nothing is to happen."""
    batches = batches_of(case)
    if not batches:
        return observe(empty=case.call(answer, model=nn.Linear(2, 3), batches=Batches([])))
    model = build_module(case["layers"], case["seed"]).to(case["dtype"])
    for name, part in model.named_modules():
        part.training = name not in case["evaluating"]
    for one in model.parameters():
        one.grad = torch.full_like(one, case["stale"]) if case["stale"] else None
    before, modes_before = dict(model.named_parameters()), modes(model)
    wanted = {name: one.requires_grad for name, one in before.items()}
    given = Batches(batches, case["kind"])
    with GradMode() as grad_mode:
        losses = case.call(answer, model=model, batches=given)
    after = dict(model.named_parameters())
    state = {
        "modes": "as they were" if modes(model) == modes_before else "changed",
        "parameters": "the same" if _same_objects(before, after) else "others",
        "requires_grad": "as it was"
        if {name: one.requires_grad for name, one in after.items()} == wanted
        else "changed",
        "grad mode": grad_mode.left(),
    }
    memory = _batches_unchanged(case) | {"begun to read": given.begun}
    return observe(values=_losses(losses, case["dtype"]), trajectory=packed(model), state=state, memory=memory)


@exercise(
    "train_functional(params, batches, lr) -> list",
    points=4,
    core="values trajectory",
    shares=_TRAINED,
    may_change="params: its numbers, params: .grad",
)
def train_functional(answer: Callable[..., Any], case: Case) -> Observations:
    """Train TinyCNN's four leaves: the losses, where the leaves that were given arrive, and what the dictionary holds."""
    leaves = {name: case[name].requires_grad_() for name in case["order"]}
    for one in leaves.values():
        one.grad = torch.full_like(one, case["stale"]) if case["stale"] else None
    params, memory = dict(leaves), {name: one.detach() for name, one in leaves.items()}
    given = Batches(batches_of(case), case["kind"])
    with GradMode() as grad_mode:
        losses = case.call(answer, params=params, batches=given)
    state = {
        "leaves": {name: _leaf(one, memory[name]) for name, one in leaves.items()},
        "dictionary": {name: _entry(params.get(name), one) for name, one in leaves.items()},
        "order": " ".join(map(str, params)),
        "grad mode": grad_mode.left(),
    }
    kept = _batches_unchanged(case) | {"begun to read": given.begun}
    trajectory = {name: memory[name] for name in FOUR}
    return observe(values=_losses(losses, case["dtype"]), trajectory=trajectory, state=state, memory=kept)


def _entry(found: Any, given: Tensor) -> str:
    """What the dictionary holds now where it held the leaf ``given``."""
    if found is given:
        return "the given leaf"
    if not isinstance(found, Tensor):
        return "no tensor"
    return "another leaf" if found.is_leaf else "a result with a graph"


def _batches_unchanged(case: Case) -> dict[str, str]:
    untouched = case.fresh(case.watch)["batches"]
    same = all(
        torch.equal(one[part].detach(), untouched[number][part])
        for number, one in case["batches"].items()
        for part in ("x", "target")
    )
    return {"batches": "unchanged" if same else "changed"}


def _losses(found: Any, dtype: torch.dtype) -> Any:
    """A list of floats as a tensor of the network's dtype, so that it is compared by that dtype's rounding."""
    plain = isinstance(found, Sequence) and not isinstance(found, str)
    if plain and found and all(isinstance(one, float) for one in found):
        return torch.tensor([float(one) for one in found], dtype=torch.float64).to(dtype)
    return found


def _same_objects(ones: Mapping[str, Any], others: Mapping[str, Any]) -> bool:
    return ones.keys() == others.keys() and all(ones[name] is others[name] for name in ones)


@exercise("diagnose: dict", points=3, core="gradients tensors modes", shares={"gradients": 1, "tensors": 1, "modes": 1})
def diagnose(answer: Any, case: Case) -> Observations:
    """The names for the listings of the case, which have something in common."""
    made = answer() if callable(answer) else answer  # a function that makes the dict is as good
    named = made if isinstance(made, Mapping) else {}
    by_number = {str(number).strip(): name for number, name in named.items()}  # "3" is as good as 3
    return observe(**{case["aspect"]: {str(one): _words(by_number.get(str(one))) for one in case["listings"]}})


def _words(name: Any) -> Any:
    if name is None or name is Ellipsis:
        return "no name"
    return " ".join(name.split()).strip(". ").lower() if isinstance(name, str) else name


@exercise("swap_head(model, optimizer, num_classes)", points=4, shares={"kept": 2}, may_change="model: its modules")
def swap_head(answer: Callable[..., Any], case: Case) -> Observations:
    """Swap the head in the middle of training, give the new head known numbers, train on, and see what has moved."""
    model = build_headed(case["body"], case["head"], case["seed"]).to(case["dtype"])
    model.to(case["device"])
    optimizer = build_optimizer(model, case["optimizer"], case["groups"])
    batches = batches_of(case) if "batches" in case else []
    train(model, optimizer, batches[: case["first"]])
    old = {f"old {name}": one for name, one in model.named_parameters() if name.startswith("fc.")}
    rest = {name: one for name, one in model.named_parameters() if not name.startswith("fc.")}
    modes_before = modes(model.body)
    case.call(answer, model=model, optimizer=optimizer)

    new = dict(getattr(model, "fc", nn.Identity()).named_parameters())
    form = {name: (tuple(one.shape), one.dtype, one.device.type) for name, one in new.items()}
    now = {name: one for name, one in model.named_parameters() if not name.startswith("fc.")}
    held = held_by(optimizer, old | now | {f"fc.{name}": one for name, one in new.items()})
    state = {
        "groups": {str(number): " ".join(names) for number, names in enumerate(held)},
        "hyper-parameters": hyper_parameters(optimizer, case["groups"]),
        "state of the old tensors": "gone" if not any(one in optimizer.state for one in old.values()) else "kept",
        "modes of the body": "as they were" if modes(model.body) == modes_before else "changed",
        "the body's tensors": "the same" if _same_objects(rest, now) else "others",
    }
    if "numbers" not in case:
        return observe(shape=form, state=state)
    if {name: tuple(one.shape) for name, one in new.items()} != {
        name: tuple(one.shape) for name, one in case["numbers"].items()
    }:
        return observe(values="the head that was asked for is not there", shape=form, state=state)
    with torch.no_grad():
        for name, one in new.items():
            one.copy_(case["numbers"][name])
    try:
        train(model, optimizer, batches[case["first"] :])
    except RuntimeError as error:  # another dtype, for instance
        return observe(values=f"training on raises {type(error).__name__}", shape=form, state=state)
    trained = {name: one.detach() for name, one in model.named_parameters()}
    return observe(
        values={name: one for name, one in trained.items() if name.startswith("fc.")},
        kept={name: one for name, one in trained.items() if not name.startswith("fc.")},
        shape=form,
        state=state,
    )


@exercise(
    "load_partly(model, state_dict) -> tuple", points=4, shares={"names": 2, "memory": 2}, may_change="model: numbers"
)
def load_partly(answer: Callable[..., Any], case: Case) -> Observations:
    """Load, and look at the model's very tensors, at the names, and at whom else they belong to."""
    model = build_module(case["layers"], case["seed"]).to(case["dtype"])
    for name, part in model.named_modules():
        part.training = name not in case["evaluating"]
    state_dict = dict(case["state_dict"])
    if case["trained"]:  # as parameters of another module are
        state_dict = {name: one.requires_grad_(one.is_floating_point()) for name, one in state_dict.items()}
    given = dict(state_dict)
    own = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    memory = {name: one.detach() for name, one in own.items()}
    gradients = {name: torch.ones_like(one) for name, one in own.items() if one.requires_grad}
    for name, one in gradients.items():
        own[name].grad = one.clone()
    wanted, modes_before, before = (
        {name: one.requires_grad for name, one in own.items()},
        modes(model),
        tensors_of(model),
    )

    errors, result = None, None
    with GradMode() as grad_mode:
        if case["fits"]:
            result = case.call(answer, model=model, state_dict=state_dict)
        else:
            errors = raised_by(lambda: case.call(answer, model=model, state_dict=state_dict))

    now = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    loaded = tensors_of(model)
    untouched = case.fresh(case.watch)["state_dict"]
    entries = _same_objects(state_dict, given) and all(_equal(given[name], one) for name, one in untouched.items())
    for one in given.values():  # whoever shares memory with an entry sees this
        one.detach().zero_()
    with torch.no_grad():
        shared = [name for name, one in now.items() if not torch.equal(one, loaded[name])]
    kept = {
        "objects": "the same" if _same_objects(own, now) else "others",
        "memory": "the model's own"
        if all(_equal(memory[name], one) for name, one in loaded.items())
        else "other memory",
        "entries": "unchanged" if entries else "changed",
        "shares memory with": ", ".join(shared) or "no entry",
    }
    state = {
        "modes": "as they were" if modes(model) == modes_before else "changed",
        "requires_grad": "as it was" if {name: one.requires_grad for name, one in now.items()} == wanted else "changed",
        "gradients": "as they were"
        if all(_equal(now[name].grad, one) for name, one in gradients.items())
        else "changed",
        "grad mode": grad_mode.left(),
    }
    if not case["fits"]:
        kept["model"] = "as it was" if all(_equal(before[name], one) for name, one in loaded.items()) else "changed"
        return observe(errors=errors, memory=kept, state=state)
    return observe(values=loaded, names=_two_tuples(result), memory=kept, state=state)


def _equal(one: Any, other: Any) -> bool:
    both = isinstance(one, Tensor) and isinstance(other, Tensor)
    return both and one.dtype == other.dtype and torch.equal(one.detach(), other.detach())


def _two_tuples(result: Any) -> Any:
    if not isinstance(result, Sequence) or isinstance(result, str) or len(result) != 2:
        return "not two tuples"
    return {"loaded": result[0], "skipped": result[1]}


@exercise(
    "save_checkpoint(model, optimizer) -> bytes and load_checkpoint(data, model, optimizer)",
    points=5,
    core="values model",
    shares={"values": 4, "model": 2, "state": 2, "memory": 1, "safety": 4},
    may_change="model: numbers",
)
def checkpoint(answer: Any, case: Case) -> Observations:
    """Save in the middle of training, go on, load into others, and see whether they go the same way; load what is crafted."""
    save, load = (answer, answer) if callable(answer) else answer
    return observe_checkpoint(save, load, case)
