"""Chapter 04: what is told about an answer, and what it earns, where the chapter has rules of its own."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from answers.functional import CHOICES
from torch import Tensor, nn

from autograder import check
from autograder.authoring.oracles.functional.parameters import BOUNDS, SIZES


def test_a_layer_of_nn_is_refused_in_the_functional_cnn() -> None:
    def with_a_layer(x: Tensor, params: Any) -> Tensor:
        conv = nn.Conv2d(3, 16, 3, padding=1).to(x.dtype)
        conv.weight, conv.bias = nn.Parameter(params["conv.weight"]), nn.Parameter(params["conv.bias"])
        return F.linear(conv(x).relu().flatten(1), params["fc.weight"], params["fc.bias"])

    assert "nn.Conv2d" in check("functional_cnn", with_a_layer).note


def test_even_numbers_around_another_middle_are_not_called_normal() -> None:
    def shifted(generator: torch.Generator) -> dict[str, Tensor]:
        return {
            name: ((torch.rand(size, generator=generator) * 2 - 0.7) * BOUNDS[name]).requires_grad_()
            for name, size in SIZES.items()
        }

    verdict = check("init_params", shifted)
    assert not verdict.misconception
    assert "unevenly, beyond its bound" in str(verdict)


def test_half_right_choices_earn_their_share() -> None:

    assert 0 < check("which_api", {one: choice for one, choice in CHOICES.items() if "conv" in one}).score < 1
    assert check("which_api", dict.fromkeys(CHOICES, ...)).status.value == "not attempted"
