"""Chapter 05: what is told about an answer, and what it earns, where the chapter has rules of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from answers.convolution.right import conv_by_shifts, im2col_linear, pool_by_windows
from answers.convolution.windows import pad_by_cat, windows_strided
from answers.convolution.wrong import conv_changed, pool_after_zeros
from answers.convolution.wrong_windows import always_zero, sliced_to_minus_padding
from torch import Tensor

from autograder import check
from autograder.judging.reference import load
from autograder.judging.verdict import Verdict
from autograder.observing.exercise import Exercise, exercises_of

EXERCISES = {one.id: one for one in exercises_of("convolution")}


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize(
    "constant",
    [
        lambda *_, **__: torch.zeros(()),
        lambda *args, **_: args[0],
        lambda *args, **_: args[0] * 0,
    ],
)
def test_an_answer_that_looks_at_nothing_earns_nothing(exercise: str, constant: Any) -> None:
    # Padding by nothing gives the image back, and so does a window of one pixel.
    assert check(exercise, constant).score < (1 if exercise in ("pad2d", "max_pool2d") else 0.01)


def failing(verdict: Verdict) -> list[str]:
    return [one.name for one in verdict.aspects if not one.holds]


def test_windows_that_are_copied_earn_everything_but_memory() -> None:
    verdict = check("windows", lambda x, kernel_size, stride=1: windows_strided(x, kernel_size, stride).clone())
    assert failing(verdict) == ["memory"]
    assert 0 < verdict.score < verdict.points


@pytest.mark.parametrize(("exercise", "answer", "missing"), [
    ("conv2d", conv_changed(lambda given: {"dilation": 1}), ["gradients", "dilation", "all together"]),
    ("conv2d", conv_changed(lambda given: {"bias": None}), ["gradients", "bias", "all together"]),
    ("conv2d_im2col", lambda x, weight, bias=None, stride=1, padding=0: im2col_linear(x, weight, bias, 1, padding),
        ["gradients", "stride", "all together"]),
    ("pad2d", sliced_to_minus_padding, ["gradients", "padding 0"]),
    ("pad2d", always_zero, ["fill"]),
    ("max_pool2d", pool_after_zeros, ["gradients", "padding"]),
    ("windows", lambda x, kernel_size, stride=1: windows_strided(x, kernel_size), ["gradients", "stride", "all together"]),
])  # fmt: skip
def test_what_is_right_without_one_thing_keeps_its_share(exercise: str, answer: Any, missing: list[str]) -> None:
    verdict = check(exercise, answer)
    assert sorted(failing(verdict)) == sorted(missing)
    assert 0 < verdict.score < verdict.points


def test_a_convolution_without_gradients_earns_its_values() -> None:
    verdict = check("conv2d", lambda *args, **kwargs: conv_by_shifts(*args, **kwargs).detach())
    assert failing(verdict) == ["gradients"]
    assert verdict.says


def test_writing_into_the_input_costs_memory_only() -> None:
    def rude(x: Tensor, padding: int, value: float = 0.0) -> Tensor:
        out = pad_by_cat(x, padding, value)
        x.data.zero_()
        return out

    verdict = check("pad2d", rude)
    assert failing(verdict) == ["memory"]


def test_a_padding_that_only_just_loses_is_found_out() -> None:
    verdict = check("max_pool2d", lambda x, kernel_size, stride=None, padding=0: pool_by_windows(
        F.pad(x, (padding,) * 4, value=-100.0), kernel_size, stride))  # fmt: skip
    assert 0 < verdict.score < verdict.points


def test_the_first_case_shown_has_numbers_to_follow() -> None:
    for exercise in EXERCISES.values():
        assert all(
            value.numel() <= 24 for value in load(exercise).cases[0].inputs.values() if isinstance(value, Tensor)
        )


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_another_seed_gives_other_numbers(exercise: Exercise, private: Callable[[str], Path]) -> None:
    mine, theirs = load(exercise), load(exercise, private("convolution"))
    assert [one.name for one in mine.cases] == [one.name for one in theirs.cases]
    assert not torch.equal(mine.cases[-1]["x"].flatten()[:4], theirs.cases[-1]["x"].flatten()[:4])
