"""Rounding is not an observation: what is zero in exact arithmetic is compared as zero, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.judging.compare import ROUNDING, difference, magnitude
from autograder.judging.judge import judge
from autograder.judging.reference import Known, Reference
from autograder.observing.case import Case
from autograder.observing.codec import Projection, Uniform
from autograder.observing.exercise import DEFAULT_SHARES, Exercise
from autograder.observing.observe import Run, Seen, observe

F32, F64 = ROUNDING["float32"], ROUNDING["float64"]


def number(value: float, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.tensor([value, -value / 3], dtype=dtype)


@pytest.mark.parametrize(
    ("dtype", "floor"), [(torch.float32, F32), (torch.float64, F64), (torch.bfloat16, ROUNDING["bfloat16"])]
)
@pytest.mark.parametrize("size", [1e-3, 1.0, 50.0])
def test_rounding_is_the_same_as_other_rounding_and_a_number_just_outside_is_not(
    dtype: torch.dtype, floor: float, size: float
) -> None:
    rounding = number(floor * size / 20, dtype)
    assert difference(rounding, number(-floor * size * 0.9, dtype), size=size) is None
    assert difference(rounding, torch.zeros_like(rounding), size=size) is None
    assert difference(rounding, number(floor * size * 1.1, dtype), size=size) is not None
    assert difference(rounding, number(torch.nan, dtype), size=size) is not None


@pytest.mark.parametrize("size", [1.0, 1e3])
def test_a_number_above_rounding_is_compared_as_ever(size: float) -> None:
    small = number(2 * F32 * size)
    digits = F32 * size / 64  # one epsilon of what was summed
    assert difference(small, small * (1 + 5e-5), size=size) is None
    assert difference(small, small + 1.9 * digits, size=size) is None
    assert difference(small, small + 2.2 * digits, size=size) is not None
    assert difference(small, torch.zeros_like(small), size=size) is not None


def test_one_number_among_zeros_is_enough_to_be_compared_as_ever() -> None:
    gradient = torch.tensor([0.0, 1.0])  # a ReLU's, of inputs as large as 27,000: one percent of slope is seen
    assert difference(gradient, torch.tensor([0.01, 1.0]), size=27_000.0) is not None


def test_exactly_zero_is_never_given_more_room_than_without_a_floor() -> None:
    zero = torch.zeros(3)
    assert difference(zero, zero + 0.9 * F32, size=1.0) is None
    assert difference(zero, zero + 1.1 * F32, size=1.0) is not None
    assert difference(zero, zero + 1.1e-4, size=1e6) is not None


def test_a_sum_of_many_signed_elements_has_as_much_more_rounding() -> None:
    def seen(value: float, elements: int) -> Projection:
        return Projection((elements,), torch.float32, torch.full((4,), value, dtype=torch.float64))

    for elements in (400, 160_000):
        room = F32 * elements**0.5
        assert difference(seen(room / 9, elements), seen(-0.8 * room, elements), size=1.0) is None
        assert difference(seen(room / 9, elements), seen(-1.1 * room, elements), size=1.0) is not None


@pytest.mark.parametrize("tolerance", ["exact", "statistical"])
def test_exact_and_statistical_comparisons_know_no_rounding(tolerance: str) -> None:
    assert difference(number(1e-9), number(-2e-9), tolerance, size=1.0) is not None
    assert (difference(torch.zeros(2), number(0.2), tolerance, size=1e3) is None) == (tolerance == "statistical")


def test_a_named_tolerance_brings_its_own_rounding() -> None:
    assert difference(1e-8, -2e-8, "float32", size=1.0) is None
    assert difference(1e-8, -2e-8, size=1.0) is not None


@pytest.mark.parametrize(
    ("parts", "largest"),
    [
        (({"x": torch.tensor([1.0, -3.0]), "seed": 10**9}, {"values": 2.0}), 3.0),
        (({"x": torch.tensor([10**6])}, {"values": torch.tensor([0.5])}), 0.5),
        (({"x": Uniform((3, 4), 2.0, 1)}, {"gradients": {"x": "no gradient"}}), 2.0),
        (({"params": {"a": torch.tensor([4.0])}}, {"values": (torch.tensor(1.0), torch.inf)}), 4.0),
        (({}, {"values": torch.tensor([torch.inf, torch.nan, 1.0])}), 1.0),
        (({}, {"values": Projection((20, 20), torch.float32, torch.tensor([40.0, -1.0]))}), 2.0),
        (({"size": (2, 3)}, {"values": ()}), 0.0),
    ],
)
def test_a_case_is_as_large_as_the_largest_number_given_or_expected(parts: tuple[Any, ...], largest: float) -> None:
    assert magnitude(*parts) == largest


SHIFT = Exercise("shift", "made_up", "shift(x)", 4, lambda answer, case: {}, arguments=("x",), shares=DEFAULT_SHARES)
CASES = (Case("one", {"x": torch.tensor([2.0])}, ("x",)),)


def seen(value: float, gradient: float, again: float = 0.0) -> tuple[Seen, ...]:
    return (observe(values=number(value), gradients={"x": number(gradient), "again": number(again)}),)


REFERENCE = Reference(
    CASES,
    seen(1, 3e-8, 1),
    (Known("summed", "", ({0: {"values": number(0.5), "gradients|again": number(-4e-8)}},)),),
)


def test_an_answer_with_other_rounding_earns_everything_and_one_just_outside_does_not() -> None:
    assert judge(SHIFT, REFERENCE, Run(seen(1, -1.9 * F32, 1))).solved
    wrong = judge(SHIFT, REFERENCE, Run(seen(1, -2.1 * F32, 1)))
    assert [one.name for one in wrong.aspects if not one.holds] == ["gradients"]


def test_a_misconception_is_named_by_what_is_zero_in_it_too_and_only_by_zero() -> None:
    assert judge(SHIFT, REFERENCE, Run(seen(0.5, 0, 5e-8))).misconception == "summed"
    assert judge(SHIFT, REFERENCE, Run(seen(0.5, 0, 2.1 * F32))).misconception == ""


def test_an_answer_has_no_say_in_what_counts_as_rounding() -> None:
    """However large its own numbers are, zero stays what it is."""
    more = dict(seen(1, 1e-3, 1)[0]) | {"values": number(1e9)}
    assert not next(one for one in judge(SHIFT, REFERENCE, Run((more,))).aspects if one.name == "gradients").holds
