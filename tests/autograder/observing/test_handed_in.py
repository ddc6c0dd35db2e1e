"""What sort of thing an answer is: told of anything, broken objects included."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from autograder.observing.handed_in import form_of, look_at


class Broken:
    @property
    def __class__(self) -> Any:
        raise RuntimeError("broken")

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("broken")


def relu(x: Any) -> Any:
    return x


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (None, ("nothing",)),
        (torch.ones(2), ("tensor",)),
        (np.ones(2), ("array",)),
        (np.int64(3), ("numpy", "int64")),
        (True, ("bool",)),
        ((1, 2.0), ("tuple", ("int",), ("float",))),
        (torch.ones(2, 2).max(-1), ("tuple", ("tensor",), ("tensor",))),
        ({"w": torch.ones(1), 3: None}, ("dict", ("w", ("tensor",)), ("3", ("nothing",)))),
        ((one for one in ()), ("generator",)),
        (range(2), ("tuple", ("int",), ("int",))),
        (relu, ("function", "relu")),
        (partial(relu, 1), ("function", "")),
        (nn.Linear, ("class", "Linear")),
        (nn.Linear(2, 1), ("module", "Linear", ("weight", "(1, 2)"), ("bias", "(1,)"))),
        (nn.LazyLinear(1), ("module", "LazyLinear", ("weight", ""), ("bias", ""))),
        ([[[[1]]]], ("list", ("list", ("list",)))),
    ],
)
def test_a_thing_has_its_form(value: Any, form: tuple[Any, ...]) -> None:
    assert form_of(value) == form


def test_a_broken_object_stops_nobody() -> None:
    assert form_of(Broken())[0] == "object"
    assert look_at(Broken()).functions == {}


def stub(x: Any) -> Any:
    """What it is for."""
    raise NotImplementedError("write it")


def begun(x: Any) -> Any:
    y = x + 1
    raise NotImplementedError(y)


def guarded(x: Any) -> Any:
    if x:
        raise NotImplementedError
    return x


def nothing(x: Any) -> Any:
    """Only said."""


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        raise NotImplementedError()

    @staticmethod
    def one(x: Any) -> Any:
        return x

    @property
    def two(self) -> Any:
        raise NotImplementedError


def test_stubs_are_told_from_what_is_written() -> None:
    states = [look_at(one).functions[one.__name__] for one in (stub, begun, guarded, nothing, relu)]
    assert states == ["stub", "written", "written", "empty", "written"]
    assert look_at(Net).functions == {"__init__": "stub", "one": "written", "two": "stub"}
    assert look_at((stub, relu)).functions == {"stub": "stub", "relu": "written"}
    assert look_at(nn.Linear).functions == {}
