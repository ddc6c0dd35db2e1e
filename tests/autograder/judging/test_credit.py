"""What a part of an answer earns: the table of docs/authors.md, computed; and the rule behind it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from answers.convolution import RIGHT as RIGHT_CONVOLUTIONS
from answers.functional import RIGHT
from judging import verdict_on
from torch import Tensor

from autograder.authoring.oracles import oracles_of
from autograder.authoring.oracles.functional.parameters import BOUNDS, SIZES
from autograder.judging.credit import Held, credit
from autograder.observing.exercise import Exercise, catalogue, find

conv = RIGHT_CONVOLUTIONS["conv2d"][0]
WINDOWS = oracles_of("convolution")["windows"].answer


def drawn(
    generator: torch.Generator | None, sizes: dict[str, tuple[int, ...]] = SIZES, *zeros: str
) -> dict[str, Tensor]:
    def one(name: str) -> Tensor:
        if name in zeros:
            return torch.zeros(sizes[name])
        return torch.empty(sizes[name]).uniform_(-BOUNDS[name], BOUNDS[name], generator=generator)

    return {name: one(name).requires_grad_() for name in sizes}


def with_numpy(x: Tensor, weight: Tensor, bias: Tensor | None = None, **more: Any) -> Tensor:
    numbers = [None if one is None else torch.from_numpy(one.detach().numpy()) for one in (x, weight, bias)]
    return conv(*numbers, **more)


def by_order(x: Tensor, params: dict[str, Tensor]) -> Tensor:
    first, second, third, fourth = params.values()
    return RIGHT["functional_cnn"][0](
        x, {"conv.weight": first, "conv.bias": second, "fc.weight": third, "fc.bias": fourth}
    )


ANSWERS: dict[tuple[str, str], Callable[..., Any]] = {
    ("init_params", "`conv.weight` of another shape"): lambda generator: drawn(
        generator, SIZES | {"conv.weight": (3, 16, 3, 3)}
    ),
    ("init_params", "from the global generator"): lambda generator: drawn(None),
    ("init_params", "biases of zero"): lambda generator: drawn(generator, SIZES, "conv.bias", "fc.bias"),
    ("params_from_module", "`dict(model.named_parameters())`"): lambda model: dict(model.named_parameters()),
    ("params_from_module", "detached, but not cloned"): lambda model: {
        name: one.detach().requires_grad_() for name, one in model.named_parameters()
    },
    ("functional_cnn", "parameters by the order of `.values()`"): by_order,
    ("linear", "with `mm`, for two dimensions only"): lambda x, weight, bias=None: (
        x.mm(weight.t()) if bias is None else x.mm(weight.t()) + bias
    ),
    ("softmax", "always over the last dimension"): lambda x, dim: RIGHT["softmax"][0](x, -1),
    ("conv2d", "through NumPy, without gradients"): with_numpy,
    ("conv2d", "`dilation` ignored"): lambda x, weight, bias=None, stride=1, padding=0, dilation=1: conv(
        x, weight, bias, stride, padding
    ),
    ("windows", "a copy"): lambda *words, **more: WINDOWS(*words, **more).clone(),
    ("flatten_batch", "always a copy"): lambda x: x.clone().reshape(len(x), -1),
    ("to_channels_last", "a copy"): lambda x: x.permute(0, 2, 3, 1).contiguous(),
    ("count_parameters", "the trainable ones only"): lambda module, trainable_only=False: sum(
        one.numel() for one in module.parameters() if one.requires_grad
    ),
    ("cross_entropy", "the sum for the mean"): lambda logits, target: F.nll_loss(
        logits.log_softmax(1), target, reduction="sum"
    ),
}


@pytest.fixture(scope="module")
def table(root: Path) -> dict[tuple[str, str], tuple[str, int]]:
    """What docs/authors.md says: percent and points of each answer."""
    text = (root / "docs/authors.md").read_text(encoding="utf-8").partition("## What a part of an answer earns")[2]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| `")
    ]
    return {(name.strip("`"), answer): (earned, int(points)) for name, answer, points, earned, *_ in rows}


def test_the_table_has_fifteen_answers_and_they_are_these(table: dict[tuple[str, str], Any]) -> None:
    assert len(table) == 15
    assert set(table) == set(ANSWERS)


@pytest.mark.parametrize("which", ANSWERS, ids=": ".join)
def test_an_answer_earns_what_the_table_says(which: tuple[str, str], table: dict[tuple[str, str], Any]) -> None:
    one = find(which[0])
    verdict = verdict_on(one, ANSWERS[which])
    assert (f"{verdict.score:g}", one.points) == table[which], str(verdict)
    assert 0 < verdict.score < one.points


def exercise_for(core: str, essential: str) -> Exercise:
    shares = {"values": 5, "memory": 3, "shape": 2}
    one = Exercise("x", "none", "x()", 10, lambda answer, case: {}, shares=shares)
    return replace(one, core=tuple(core.split()), essential=tuple(essential.split()))


def held(signs: str) -> Held:
    chosen, _, drawn = signs.partition(" ")
    return Held([sign == "+" for sign in chosen], [sign == "+" for sign in drawn])


@pytest.mark.parametrize(
    ("core", "essential", "values", "memory", "shape", "points"),
    [
        ("values", "", "++++", "++++", "++++", 10),
        ("values", "", "++++", "----", "++++", 7),
        ("values", "", "+++-", "++++", "++++", 5 + 5 * 0.75 * 0.75**2),
        ("values", "", "++++ ++--", "++++", "++++", 5 + 5 * 0.75 * 0.75**2),  # chosen and drawn count the same
        ("values", "", "+---", "++++", "----", 3 + 5 * 0.75 * 0.25**2),
        ("values", "", "+----", "++++", "++++", 0),  # right by chance
        ("values", "", "----", "++++", "++++", 0),
        ("values shape", "", "----", "++++", "++++", 5),
        ("values", "memory", "++++", "----", "++++", 5),  # not 7
        ("values", "memory", "++++", "++--", "++++", 5),
        ("values", "memory", "++++", "+++-", "++++", 7 + 3 * 0.75 * 0.75**2),
        ("values", "memory", "----", "++++", "++++", 0),
    ],
)
def test_the_rule(core: str, essential: str, values: str, memory: str, shape: str, points: float) -> None:
    found = {"values": held(values), "memory": held(memory), "shape": held(shape)}
    assert credit(exercise_for(core, essential), found) == math.floor(100 * points) / 100


def test_the_more_cases_hold_the_more_is_earned_and_never_all() -> None:
    parts = [Held([True] * holds + [False] * (100 - holds)).part_of_share for holds in range(101)]
    assert parts == sorted(parts)
    assert 0 == parts[0] < parts[1] < parts[99] < 0.75
    assert parts[100] == 1


@pytest.mark.parametrize(
    ("name", "constant"),
    [
        ("is_contiguous", True),
        ("is_contiguous", False),
        ("has_overlap", False),
        ("has_overlap", True),
        ("shares_storage", True),
        ("shares_storage", False),
        ("flat_index", 0),
        ("infer_size", (1,)),
        ("count_parameters", 6),
        ("find_unregistered", []),
        ("view_stride", None),
        ("conv_output_size", 1),
    ],
)
def test_what_is_the_same_in_every_case_earns_nothing(name: str, constant: Any) -> None:
    assert verdict_on(find(name), lambda *words, **more: constant).score == 0


def test_an_answer_that_is_the_same_where_values_are_asked_for_is_called_so_there_alone() -> None:
    everywhere = verdict_on(find("has_overlap"), lambda size, stride: False)
    assert everywhere.note.startswith("Your answer is the same, whatever it is given.")
    there = verdict_on(find("has_overlap"), lambda size, stride: 0 in size)
    assert there.note.startswith("Your answer is the same in every case that asks for values.")
    assert everywhere.score == there.score == 0


@pytest.mark.parametrize("one", catalogue().values(), ids=lambda one: one.id)
def test_what_an_exercise_is_for_is_asked_for(one: Exercise) -> None:
    """Every core aspect is one that the cases know; a misspelt one would never be missed."""
    from autograder.judging.reference import load

    asked = {aspect for aspects in load(one).aspects for aspect in aspects}
    assert set(one.core) | set(one.essential) <= asked
