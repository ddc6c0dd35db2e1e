"""How numbers spread is told from the numbers, and not by the luck of a seed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from autograder.judging.spread import EVENLY, spread
from autograder.observing.probes.drawing import numbers_of

SIZE, SEEDS = (16, 3, 3, 3), range(20)

Draw = Callable[[torch.Generator], Tensor]


def said(draw: Draw) -> set[str]:
    """All that is said of thirty draws, whatever the seed is."""
    made = [torch.Generator().manual_seed(seed) for seed in SEEDS]
    return {spread(numbers_of([draw(generator) for _ in range(30)]), 1.0) for generator in made}


def cut_off(generator: torch.Generator) -> Tensor:
    return torch.randn(SIZE, generator=generator).clamp(-1, 1)


def drawn_anew(generator: torch.Generator) -> Tensor:
    return torch.nn.init.trunc_normal_(torch.empty(SIZE), a=-1, b=1, generator=generator)


def in_steps(generator: torch.Generator) -> Tensor:
    return torch.randint(-128, 128, SIZE, generator=generator) / 128


def even(generator: torch.Generator) -> Tensor:
    return torch.empty(SIZE).uniform_(-1, 1, generator=generator)


@pytest.mark.parametrize("draw", [cut_off, drawn_anew])
def test_normal_numbers_within_a_bound_are_uneven_whatever_the_seed(draw: Draw) -> None:
    assert said(draw) == {"unevenly"}


@pytest.mark.parametrize("draw", [even, in_steps])
def test_even_numbers_are_even_also_where_they_come_in_steps(draw: Draw) -> None:
    assert said(draw) == {EVENLY}
