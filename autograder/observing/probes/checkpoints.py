"""How a checkpoint is observed: saved in the middle of training, loaded into others, and fed with crafted bytes."""

from __future__ import annotations

import contextlib
import copy
import io
import pickle
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.observing.case import Case
from autograder.observing.observe import observe
from autograder.observing.probes.handed import Handed, patched
from autograder.observing.probes.kept import same_tensor
from autograder.observing.probes.specimen import specimen_of
from autograder.observing.probes.trained import (
    batches_of,
    build_optimizer,
    hyper_parameters,
    packed,
    tensors_of,
    train,
    trained_on,
)

__all__ = ["observe_checkpoint"]

Save = Callable[..., Any]
Load = Callable[..., Any]
Pair = tuple[Any, torch.optim.Optimizer]

_LEAST = 1 / 4  # of the numbers' own bytes: random ones are packed no tighter, and a few are zeros and ones


def observe_checkpoint(save: Save, load: Load, case: Case) -> dict[str, Any]:
    """What the two answers do to one pair of model and optimiser, and to another that is to go on in its place."""
    if case.get("crafted"):
        return observe(safety=_fed_with_crafted_bytes(save, load, case))
    batches = batches_of(case)
    model, optimizer = _pair(case, "seed", "groups")
    train(model, optimizer, batches[: case["first"]])
    saved, steps = tensors_of(model), _steps_of(optimizer)
    with Handed(model) as saving:
        data = case.call(save, model=model, optimizer=optimizer)
    noted = case.noted.get("state", {}).get("model", ())  # to be saved is no reason to change: here no part of it may
    if not isinstance(data, bytes) or not data:
        what = "none" if isinstance(data, bytes) else type(data).__name__
        told = (
            "no bytes were saved"
            if what in ("none", "NoneType")
            else f"no bytes were saved: {what[:40]} was handed back"
        )
        return observe(values=told, state={"saved": what})
    left_alone, on_course = _same(saved, tensors_of(model)), _same(steps, _steps_of(optimizer))
    trained_on(model, optimizer, batches[case["first"] :])  # whoever saved references has these numbers now
    onwards = tensors_of(model)

    other, its_optimizer = _pair(case, "other_seed", "other_groups")
    train(other, its_optimizer, batches[: case["other_first"]])
    objects = {id(one) for one in (*other.parameters(), *other.buffers())}
    loading = replace(case, arguments=("data", "model", "optimizer"))
    with Handed(other) as reading:
        answered = loading.call(load, data=data, model=other, optimizer=its_optimizer)
    now = [*other.parameters(), *other.buffers()]
    held = [one for group in its_optimizer.param_groups for one in group["params"]]
    state = {
        "saved": "bytes",
        "answered": _answered(answered, other, its_optimizer),
        "hyper-parameters": hyper_parameters(its_optimizer, case["groups"]),
        "left by saving": saving.left | {"others": ", ".join(noted) or "nothing"},
        "left by loading": reading.left,
        "patched classes": patched(case),
    }
    memory = {
        "the model's tensors": "the same" if {id(one) for one in now} == objects else "others",
        "the optimiser's tensors": "the model's" if all(id(one) in objects for one in held) else "others",
    }
    loaded = packed(other)
    stopped = trained_on(other, its_optimizer, batches[case["first"] :])
    memory["saving"] = "left the model alone" if left_alone else "changed the model"
    memory["the optimiser, once saved"] = "left alone" if on_course else "changed"
    memory["the first model"] = "left alone" if _same(onwards, tensors_of(model)) else "changed"
    enough = len(data) >= _LEAST * sum(one.nbytes for one in saved.values())
    room = {"room for the numbers": "enough" if enough else "too little"}
    return observe(values=stopped or packed(other), model=loaded, bytes=room, state=state, memory=memory)


def _pair(case: Case, seed: str, groups: str) -> Pair:
    model = specimen_of(case, seed)
    return model, build_optimizer(model, case["optimizer"], case[groups])


def _steps_of(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Hyper-parameters and copies of the state, by the numbers and names that a state_dict gives them."""
    taken = optimizer.state_dict()
    state = {f"{number} {name}": one for number, its in taken["state"].items() for name, one in its.items()}
    return {"groups": taken["param_groups"], **{name: copy.deepcopy(one) for name, one in state.items()}}


def _same(ones: dict[str, Any], others: dict[str, Any]) -> bool:
    return ones.keys() == others.keys() and all(_equal(ones[name], others[name]) for name in ones)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor):
        return same_tensor(one, other)
    return type(one) is type(other) and bool(one == other)


def _answered(answered: Any, model: nn.Module, optimizer: torch.optim.Optimizer) -> str:
    """What loading has handed back, in words."""
    names = {id(model): "the model", id(optimizer): "the optimiser", id(None): "nothing"}
    if not isinstance(answered, tuple | list):
        return names.get(id(answered), "something else")
    said = [names.get(id(one), "something else") for one in answered]
    return "both" if said == ["the model", "the optimiser"] else ", ".join(said)


# Crafted bytes: a pickle may name any function, and the one who loads it calls that function. Ours counts its calls.

_opened = 0


def open_the_door() -> str:
    """What the crafted bytes call where they are let."""
    global _opened
    _opened += 1
    return "code from the bytes was run"


class _Crafted:
    """Pickles as a call of `open_the_door`."""

    def __reduce__(self) -> tuple[Callable[[], str], tuple[()]]:
        return open_the_door, ()

    def __deepcopy__(self, memo: object) -> _Crafted:
        return self  # a copy in memory is no loading


class _Noted(nn.Module):
    """Passes on what it gets, and has a crafted note in its state_dict."""

    def forward(self, x: Tensor) -> Tensor:
        return x

    def get_extra_state(self) -> Any:
        return _Crafted()

    def set_extra_state(self, state: Any) -> None:
        """Keeps nothing."""


def _fed_with_crafted_bytes(save: Save, load: Load, case: Case) -> dict[str, str]:
    """For each way of crafting bytes: whether loading them ran the code that they name."""
    own = "the answer's own way, with something crafted in "
    crafted = {**_in_known_formats(), **{own + place: None for place in _PLACES}}
    found = {}
    for name, data in crafted.items():
        model, optimizer = _pair(case, "other_seed", "other_groups")
        place = name.removeprefix(own)
        if place in _PLACES:
            data = _saved(save, *_spoilt(_pair(case, "seed", "groups"), place))
            if place == "the model's state_dict":
                model.append(_Noted())
        before = _opened
        if data is not None:
            with contextlib.suppress(Exception):  # refusing such bytes with any error is right
                load(data, model, optimizer)
        found[name] = "no code was run" if _opened == before else "code from the bytes was run"
    return found


_PLACES = ("the model's state_dict", "the module itself", "the optimiser's state_dict")


def _spoilt(pair: Pair, place: str) -> Pair:
    """The same pair with something crafted in one place."""
    model, optimizer = pair
    if place == "the model's state_dict":
        model.append(_Noted())
    elif place == "the module itself":
        model.__dict__["note"] = _Crafted()
    else:
        optimizer.param_groups[0]["note"] = _Crafted()
    return pair


def _saved(save: Save, model: nn.Module, optimizer: torch.optim.Optimizer) -> bytes | None:
    """What the answer saves; ``None`` where it refuses what is crafted already now."""
    try:
        data = save(model, optimizer)
    except Exception:
        return None
    return data if isinstance(data, bytes) else None


def _in_known_formats() -> dict[str, bytes | None]:
    both = {"model": _Crafted(), "optimizer": _Crafted()}
    found: dict[str, bytes | None] = {"pickle": pickle.dumps(both)}
    for name, zipped in (("torch.save", True), ("torch.save's old format", False)):
        file = io.BytesIO()
        torch.save(both, file, _use_new_zipfile_serialization=zipped)
        found[name] = file.getvalue()
    file = io.BytesIO()
    np.savez(file, **{name: np.array([one], dtype=object) for name, one in both.items()})  # type: ignore[arg-type]
    found["numpy.savez"] = file.getvalue()
    found["Python's own text"] = f"__import__('importlib').import_module({__name__!r}).open_the_door()".encode()
    return found
