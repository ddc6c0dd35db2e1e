"""Counting and seeing what an answer calls: in one call, by way of vmap, through a module, behind functional_call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call
from torch.nn.utils import stateless

from autograder.observing.calls import Calls
from autograder.observing.watch import Watch

IMAGES, FILTERS = torch.ones(3, 2, 4, 4), torch.ones(3, 5, 2, 3, 3)


@pytest.mark.parametrize(("convolve", "times"), [
    (lambda: torch.vmap(F.conv2d)(IMAGES, FILTERS), 1),
    (lambda: torch.vmap(F.conv2d, chunk_size=1)(IMAGES, FILTERS), 3),
    (lambda: [F.conv2d(*one) for one in zip(IMAGES, FILTERS, strict=True)], 3),
    (lambda: F.conv2d(IMAGES.flatten(0, 1), FILTERS.flatten(0, 1), groups=3), 1),
    (lambda: torch.conv2d(IMAGES, FILTERS[0]), 1),
    (lambda: nn.Conv2d(2, 5, 3)(IMAGES), 1),
    (lambda: torch.ops.aten.conv2d(IMAGES, FILTERS[0]), 1),
    (lambda: torch.einsum("nchw,nochw->no", IMAGES[..., :3, :3], FILTERS), 0),
])  # fmt: skip
def test_convolutions_are_counted_however_they_are_called(convolve: Callable[[], Any], times: int) -> None:
    with Calls() as calls:
        convolve()
    assert calls.times["conv2d"] == times


@pytest.mark.parametrize(
    "call",
    [functional_call, stateless.functional_call, stateless._functional_call],
    ids=["func", "stateless", "behind"],
)
@pytest.mark.filterwarnings("ignore")
def test_functional_call_is_seen_by_the_module_that_it_calls(call: Callable[..., Any]) -> None:
    with Watch(("functional_call",)) as watch:
        call(nn.Linear(2, 3), {}, (torch.ones(1, 2),))
    assert list(watch.used) == ["functional_call"]


def test_a_module_that_is_called_by_itself_is_no_functional_call() -> None:
    with Watch(("functional_call",)) as watch:
        nn.Linear(2, 3)(torch.ones(1, 2))
    assert not watch.used


def test_functional_call_is_free_where_nobody_forbids_it() -> None:
    with Watch(("nn.Bilinear",)) as watch:
        functional_call(nn.Linear(2, 3), {}, (torch.ones(1, 2),))
    assert not watch.used
