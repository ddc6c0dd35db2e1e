"""Chapter 08, training both ways: how its answers are observed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from autograder.observing.case import Case
from autograder.observing.exercise import exercise
from autograder.observing.observe import observe
from autograder.observing.probes.checkpoints import observe_checkpoint
from autograder.observing.probes.handed import Handed, World, patched
from autograder.observing.probes.heads import observe_swap
from autograder.observing.probes.modules import FOUR
from autograder.observing.probes.parts import observe_loading
from autograder.observing.probes.specimen import build_module
from autograder.observing.probes.trained import Batches, batches_of, packed, same_objects

Observations = dict[str, Any]


@exercise(
    "cross_entropy(logits, target)", points=3, by_hand="cross_entropy* linear_cross_entropy", essential="gradients"
)
def cross_entropy(answer: Callable[..., Any], case: Case) -> Observations:
    """``logits (N, C)``, ``target (N,)`` int64; of a single class the loss counts for an aspect of its own.

    Gradients are those of the loss, or of what it ``counts`` times as much for.
    """
    with World() as world:
        out = case.called(answer)
    memory = case.unchanged() | {"world": world.left}
    loss = case.get("counts", 1.0) * out if isinstance(out, Tensor) else out
    return observe(**{case.get("aspect", "values"): out}, gradients=case.gradients(loss), memory=memory)


@exercise("sgd_step(params, lr)", points=3, by_hand="optim.* *fused_sgd*", shares={"skipped": 1}, may_change="params")
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
    with World() as world:
        case.call(answer, params=params)
    stepped = {name: one for name, one in memory.items() if name in case["gradients"]}
    skipped = {name: one for name, one in memory.items() if name not in case["gradients"]}
    same = {name: "the same tensor" if params.get(name) is one else "another tensor" for name, one in before.items()}
    state = {name: _leaf(one, memory[name]) | {"gradient": _cleared(one)} for name, one in before.items()}
    return observe(
        **{case["aspect"]: {"tensors": stepped} if case["aspect"] == "memory" else stepped},
        skipped=skipped or None,
        state={**state, "dictionary": same, "world": world.left},
    )


def _cleared(one: Tensor) -> str:
    return "cleared" if one.grad is None or not one.grad.any() else "left"


def _leaf(one: Tensor, memory: Tensor) -> dict[str, Any]:
    """``memory`` sees the slots that the tensor had at first."""
    own = torch.equal(one.detach(), memory)
    return {"leaf": one.is_leaf, "requires_grad": one.requires_grad, "memory": "its own" if own else "another"}


_TRAINED = {"values": 4, "trajectory": 4, "state": 1, "memory": 1, "shape": 1}


@exercise(
    "train_module(model, batches, lr) -> list", points=4, core="values, trajectory", shares=_TRAINED, may_change="model"
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
    before = dict(model.named_parameters())
    given = Batches(batches, case["kind"])
    with Handed(model) as handed:
        losses = case.call(answer, model=model, batches=given)
    after = dict(model.named_parameters())
    state = handed.left | {
        "patched classes": patched(case),
        "parameters": "the same" if same_objects(before, after) else "others",
        "requires_grad": {name: one.requires_grad for name, one in after.items()},
    }
    memory = _batches_unchanged(case) | {"begun to read": given.begun}
    return observe(values=_losses(losses, case["dtype"]), trajectory=packed(model), state=state, memory=memory)


@exercise(
    "train_functional(params, batches, lr) -> list",
    points=4,
    core="values, trajectory",
    shares=_TRAINED,
    may_change="params",
)
def train_functional(answer: Callable[..., Any], case: Case) -> Observations:
    """Train TinyCNN's four leaves: the losses, where the leaves that were given arrive, and what the dictionary holds."""
    leaves = {name: case[name].requires_grad_() for name in case["order"]}
    for one in leaves.values():
        one.grad = torch.full_like(one, case["stale"]) if case["stale"] else None
    params, memory = dict(leaves), {name: one.detach() for name, one in leaves.items()}
    given = Batches(batches_of(case), case["kind"])
    with World() as world:
        losses = case.call(answer, params=params, batches=given)
    state = {
        "leaves": {name: _leaf(one, memory[name]) for name, one in leaves.items()},
        "dictionary": {name: _entry(params.get(name), one) for name, one in leaves.items()},
        "order": " ".join(map(str, params)),
        "world": world.left,
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
    untouched = case.fresh(case.watch, case.earlier)["batches"]
    same = all(
        torch.equal(one[part].detach(), untouched[number][part])
        for number, one in case["batches"].items()
        for part in ("x", "target")
    )
    return {"batches": "unchanged" if same else "changed"}


def _losses(found: Any, dtype: torch.dtype) -> Any:
    """A list of floats as a tensor of the network's dtype, so that it is compared by that dtype's rounding."""
    if isinstance(found, Tensor):
        return "a tensor, no list of floats"
    plain = isinstance(found, Sequence) and not isinstance(found, str)
    if plain and found and all(isinstance(one, float) for one in found):
        return torch.tensor([float(one) for one in found], dtype=torch.float64).to(dtype)
    return found


@exercise(
    "diagnose: dict", points=3, core="gradients, tensors, modes", shares={"gradients": 1, "tensors": 1, "modes": 1}
)
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


# Of the old head anything may change, of the rest nothing but which head the model has.
_OF_THE_HEAD = ("its parameters", "its attributes", "shape or dtype", "numbers", "where it lies in memory", "requires_grad",
                ".grad", "hooks")  # fmt: skip


@exercise(
    "swap_head(model, optimizer, num_classes)",
    points=4,
    shares={"kept": 2},
    may_change=", ".join(["optimizer", "model: its modules", *(f"model: {what} of fc" for what in _OF_THE_HEAD)]),
)
def swap_head(answer: Callable[..., Any], case: Case) -> Observations:
    """Swap the head in the middle of training, and see who is stepped from there on."""
    return observe_swap(answer, case)


@exercise("load_partly(model, state_dict) -> tuple", points=4, shares={"names": 2, "memory": 2}, may_change="model")
def load_partly(answer: Callable[..., Any], case: Case) -> Observations:
    """Load what fits, and look at the model's very tensors, and at whom else they belong to."""
    return observe_loading(answer, case)


@exercise(
    "save_checkpoint(model, optimizer) -> bytes and load_checkpoint(data, model, optimizer)",
    points=5,
    core="values, model",
    essential="bytes",
    may_change="model, optimizer",
    shares={"values": 4, "model": 2, "bytes": 1, "state": 2, "memory": 1, "safety": 4},
)
def checkpoint(answer: Any, case: Case) -> Observations:
    """Save in the middle of training, go on, load into others, and see whether they go the same way; load what is crafted."""
    save, load = (answer, answer) if callable(answer) else answer
    return observe_checkpoint(save, load, case)
