"""What of a module is no longer as it was is said, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from autograder.observing.probes.kept import Kept
from autograder.observing.probes.makes import MAKES, make_module


def network() -> nn.Sequential:
    module = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    for parameter in module.parameters():
        parameter.grad = torch.ones_like(parameter)
    return module


def write(module: Any) -> None:
    module[0].weight.data += 1


def again(module: Any) -> None:
    module[0]._parameters["weight"] = module[0]._parameters.pop("weight")


def anew(module: Any) -> None:
    module[0].weight = nn.Parameter(module[0].weight.detach().clone())


@pytest.mark.parametrize(("change", "said"), [
    (lambda module: None, "as it was"),
    (lambda module: module(torch.ones(4, 2)), "other values"),  # batch norm's statistics
    (write, "other values"),
    (again, "other order"),
    (anew, "other objects"),
    (lambda module: module.zero_grad(), "other grad"),
    (lambda module: module[0].weight.grad.add_(1), "other grad"),
    (lambda module: module.register_forward_hook(print), "other hooks"),
    (lambda module: module[1].register_forward_pre_hook(print), "other hooks"),
    (lambda module: module[1].eval(), "other modes or attributes"),
    (lambda module: module[0].requires_grad_(False), "other requires_grad"),
    (lambda module: setattr(module, "note", 3), "other modes or attributes"),
    (lambda module: module[1]._non_persistent_buffers_set.add("running_mean"), "other modes or attributes"),
    (lambda module: module.append(nn.ReLU()), "other objects, other order, other modules"),
])  # fmt: skip
def test_a_change_is_said_by_its_kind(change: Callable[[Any], Any], said: str) -> None:
    module = network()
    kept = Kept(module)
    change(module)
    assert kept.said() == said


def test_what_is_exchanged_and_put_back_is_as_it_was() -> None:
    module: Any = network()
    kept = Kept(module)
    own = module[0]._parameters["weight"]
    module[0]._parameters["weight"] = own * 2
    module[0]._parameters["weight"] = own
    assert kept.said() == "as it was"


@pytest.mark.parametrize("make", MAKES)
def test_modules_of_all_makes_are_the_same_for_the_same_seed(make: str) -> None:
    sizes = (3,) if make in ("buffers", "twice") else (3, 4)
    one, other, third = (make_module(make, sizes, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())
    assert not all(torch.equal(tensor, third[name]) for name, tensor in one.items())
