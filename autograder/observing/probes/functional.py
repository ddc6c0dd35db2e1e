"""Chapter 04, the same CNN with functions: how its answers are observed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from autograder.observing.case import Case
from autograder.observing.exercise import exercise
from autograder.observing.observe import observe
from autograder.observing.probes.drawing import has_given, numbers_of, repeated_in
from autograder.observing.probes.modules import FOUR
from autograder.observing.probes.specimen import specimen_of
from autograder.observing.sharing import among

Observations = dict[str, Any]


@exercise(
    "init_params(generator) -> dict",
    points=4,
    core="values, shape, generator",
    essential="values, shape, generator",
    shares={"shape": 2, "generator": 3},
)
def init_params(answer: Callable[..., Any], case: Case) -> Observations:
    """Draw parameters many times: sizes, their numbers, leaves; or from the same generator state twice, and from another."""
    others: list[Any] = []

    def drawn(generator: torch.Generator) -> dict[str, Any]:
        made = case.called(answer, generator=generator)
        if hasattr(made, "items"):
            return dict(made.items())
        others.append(made)  # pairs, in a list or a zip, are no dict
        return {}

    if "other_seed" in case:
        three = _three_draws(drawn, case)
        leaves = {name: _leaf(three["first"].get(name)) for name in FOUR} if case.get("no_grad", False) else None
        return observe(generator=others[0] if others else three, state=leaves)
    generator = torch.Generator().manual_seed(case["seed"])
    draws = [drawn(generator) for _ in range(case["draws"])]
    if others:
        return observe(values=others[0])
    params = draws[0]
    return observe(
        values={name: numbers_of([draw.get(name) for draw in draws]) for name in case["bounds"]},
        **{"all different": repeated_in(draws, case["bounds"])},
        shape={name: _form(one) for name, one in params.items()},
        state={name: _leaf(params.get(name)) for name in FOUR},
        memory={"entries": among(params.values())},
    )


def _three_draws(drawn: Callable[[torch.Generator], dict[str, Any]], case: Case) -> dict[str, Any]:
    """Draws from one generator state under two global seeds, and from another state; how far the generator went on."""

    def generator(seed: int) -> torch.Generator:
        made = torch.Generator().manual_seed(seed)
        torch.rand(case.get("taken", 0), generator=made)  # somebody has drawn from it before
        return made

    def draw(used: torch.Generator, global_seed: int) -> dict[str, Any]:
        case.reseed(global_seed)
        return drawn(used)

    used = generator(case["seed"])
    first = draw(used, case["seed"] + 1)
    # One number everywhere was not drawn: biases of zero are no word on whose generator it was.
    numbers = sum(value.numel() for value in first.values() if isinstance(value, Tensor) and _varies(value))
    return {
        "first": first,
        "again": draw(generator(case["seed"]), case["seed"] + 2),
        "other": draw(generator(case["other_seed"]), case["seed"] + 1),
        "taken": "as many as it gave" if has_given(generator(case["seed"]), used, numbers) else "fewer than it gave",
    }


def _varies(value: Tensor) -> bool:
    numbers = value.detach().reshape(-1)
    return bool((numbers[1:] != numbers[:1]).any())


def _form(value: Any) -> Any:
    return (tuple(value.shape), value.dtype) if isinstance(value, Tensor) else type(value).__name__


def _leaf(value: Any) -> dict[str, Any]:
    if not isinstance(value, Tensor):
        return {"tensor": type(value).__name__}
    return {"leaf": value.is_leaf, "requires_grad": value.requires_grad}


def _function(answer: Callable[..., Any], case: Case) -> Observations:
    """Call the answer on the case's tensors and go backward where the case has leaves."""
    out = case.called(answer)
    aspect = case.get("aspect", "values")
    return observe(**{aspect: out}, gradients=case.gradients(out), memory=case.unchanged())


@exercise("relu(x)", points=2, by_hand="*relu*", essential="gradients", draws=False)
def relu(answer: Callable[..., Any], case: Case) -> Observations:
    """``x`` of any shape; no element is exactly 0. Of whole numbers the contract does not say how they come back."""
    out = case.called(answer)
    result = {"result": among([case["x"], out])} if isinstance(out, Tensor) else {}
    seen = observe(values=out, gradients=case.gradients(out), memory=case.unchanged() | result)
    if not case["x"].is_floating_point() and isinstance(out, Tensor) and out.is_floating_point():
        seen["values"] = out.to(case["x"].dtype) if torch.equal(out, out.trunc()) else out
    return seen


@exercise("linear(x, weight, bias=None)", points=3, by_hand="linear", essential="gradients", draws=False)
def linear(answer: Callable[..., Any], case: Case) -> Observations:
    """``x (…, in)``, ``weight (out, in)``, ``bias (out,)`` or none."""
    return _function(answer, case)


@exercise("softmax(x, dim)", points=3, by_hand="*softmax* softmin", essential="gradients", draws=False)
def softmax(answer: Callable[..., Any], case: Case) -> Observations:
    """``x`` of any rank, ``dim`` counted from either end."""
    return _function(answer, case)


@exercise(
    "params_from_module(model) -> dict",
    points=3,
    essential="memory, state",
    shares={"values": 2, "memory": 8, "state": 3},
    draws=False,
)
def params_from_module(answer: Callable[..., Any], case: Case) -> Observations:
    """Take the parameters out of a module; write to the module, and see whether what was taken changes.

    A second call must not give what the first has given: that, and the module itself, is watched in `Case.call`.
    """
    model = specimen_of(case)
    params = case.called(answer, model=model)
    if not hasattr(params, "items"):
        return observe(values=params)
    case.called(answer, model=model)
    params = _once(dict(params.items()), model)
    taken = {name: value.detach().clone() if isinstance(value, Tensor) else value for name, value in params.items()}
    with torch.no_grad():
        for one in model.parameters():
            one.add_(1)
    own = all(torch.equal(value, taken[name]) for name, value in params.items() if isinstance(value, Tensor))
    return observe(
        values=taken,
        state={name: _leaf(value) for name, value in params.items()},
        memory={"storage": "its own" if own else "the module's", "entries": among(params.values())},
    )


def _once(params: Mapping[str, Any], model: nn.Module) -> dict[str, Any]:
    """``params`` without the further names of a parameter in two places: whether they are keys, the contract leaves open.

    A further name that holds anything but what the first holds stays.
    """
    first = {id(one): name for name, one in model.named_parameters()}
    further = {
        name: first[id(one)] for name, one in model.named_parameters(remove_duplicate=False) if name != first[id(one)]
    }
    return {
        name: one for name, one in params.items() if name not in further or not _same(one, params.get(further[name]))
    }


def _same(one: Any, other: Any) -> bool:
    return (
        isinstance(one, Tensor) and isinstance(other, Tensor) and torch.equal(one, other) and _leaf(one) == _leaf(other)
    )


@exercise("functional_cnn(x, params)", points=5, by_hand="nn.*", essential="gradients", draws=False)
def functional_cnn(answer: Callable[..., Any], case: Case) -> Observations:
    """``x (N, 3, 32, 32)`` and the four tensors, in the order of keys that the case gives; gradients of all five."""
    params = {name: case[name] for name in case["order"]}
    for one in params.values():
        one.grad = torch.ones_like(one)  # of an earlier batch, which a forward leaves alone
    out = case.called(answer, params=params)
    return observe(values=out, gradients=case.gradients(out))


@exercise("which_api: dict", points=2, core="weights, mode, state", shares={"weights": 1, "mode": 1, "state": 1})
def which_api(answer: Any, case: Case) -> Observations:
    """The choices for the situations of the case, which are all about one aspect."""
    made = answer() if callable(answer) else answer  # a function that makes the dict is as good
    choices = made if isinstance(made, Mapping) else {}
    chosen = {one: choices.get(one, "no choice") for one in case["situations"]}
    return observe(**{case["aspect"]: {one: _word(choice) for one, choice in chosen.items()}})


def _word(choice: Any) -> Any:
    return choice.strip().lower() if isinstance(choice, str) else choice
