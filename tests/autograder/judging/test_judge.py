"""The judge on made-up observations: what holds, what it is worth, what is said."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest
import torch

from autograder.judging.judge import judge
from autograder.judging.reference import Known, Reference
from autograder.judging.verdict import Status
from autograder.observing.case import Case
from autograder.observing.codec import Raised
from autograder.observing.exercise import DEFAULT_SHARES, Exercise
from autograder.observing.observe import Run, Seen, observe

DOUBLE = Exercise("double", "made_up", "double(x)", 4, lambda answer, case: {}, arguments=("x",), shares=DEFAULT_SHARES)
CASES = (Case("one", {"x": torch.tensor([1.0])}, ("x",)), Case("two", {"x": torch.tensor([1.0, 2.0])}, ("x",)))


def seen(factor: float, *, gradient: float = 2.0, memory: str = "unchanged") -> tuple[Seen, ...]:
    return tuple(
        observe(values=case.inputs["x"] * factor, gradients={"x": gradient}, memory={"x": memory}) for case in CASES
    )


HALVED: tuple[Mapping[int, Seen], ...] = (
    {0: {"values": torch.tensor([0.5])}, 1: {"values": torch.tensor([0.5, 1.0])}},
)
REFERENCE = Reference(CASES, seen(2), (Known("halved", "Twice, not half.", HALVED),))


def test_the_reference_itself_earns_everything() -> None:
    verdict = judge(DOUBLE, REFERENCE, Run(seen(2)))
    assert (verdict.status, verdict.score) == (Status.SOLVED, 4)
    assert [one.name for one in verdict.aspects] == ["values", "gradients", "shape", "memory"]


def test_an_aspect_that_fails_costs_its_share() -> None:
    verdict = judge(DOUBLE, REFERENCE, Run(seen(2, memory="changed")))
    assert verdict.status is Status.PARTLY
    assert verdict.score == pytest.approx(4 * 7 / 8)  # values 4, gradients 2, shape 1 of 8 shares


def test_nothing_is_earned_where_the_values_hold_in_no_case() -> None:
    verdict = judge(DOUBLE, REFERENCE, Run(seen(3)))
    assert (verdict.status, verdict.score) == (Status.WRONG, 0)


def test_values_that_hold_in_some_case_earn_a_part_and_keep_the_other_shares() -> None:
    first, second = seen(2)[0], seen(3)[1]
    verdict = judge(DOUBLE, REFERENCE, Run((first, second)))
    assert verdict.score == math.floor(100 * 4 * (4 + 4 * 0.75 * (1 / 2) ** 2) / 8) / 100
    assert verdict.aspects[0].note == "holds in 1 of 2 cases"
    assert verdict.finding is not None
    assert verdict.finding.case == "two"
    assert (verdict.finding.got, verdict.finding.expected) == ("[3., 6.]", "[2., 4.]")


def test_a_wrong_dtype_fails_shape_and_values() -> None:
    wrong = tuple(
        observe(values=one["values"].double(), gradients=one["gradients"], memory=one["memory"]) for one in seen(2)
    )
    verdict = judge(DOUBLE, REFERENCE, Run(wrong))
    assert {one.name for one in verdict.aspects if not one.holds} == {"shape", "values"}
    assert verdict.finding is not None
    assert (verdict.finding.got, verdict.finding.expected) == ("float64 (1,)", "float32 (1,)")


def test_the_misconception_is_named_where_its_observations_are_reproduced() -> None:
    verdict = judge(DOUBLE, REFERENCE, Run(seen(0.5)))
    assert (verdict.misconception, verdict.says) == ("halved", "Twice, not half.")


def test_another_wrong_answer_has_no_name() -> None:
    assert judge(DOUBLE, REFERENCE, Run(seen(3))).misconception == ""


def test_a_crash_shows_the_learners_own_line() -> None:
    crash = Raised("ZeroDivisionError", "division by zero", "return 1 / 0", 2)
    verdict = judge(DOUBLE, REFERENCE, Run((crash, crash)))
    assert verdict.status is Status.CRASHED
    assert "Every case raised ZeroDivisionError “division by zero” in your line 2 “return 1 / 0”" in verdict.note


def test_a_crash_in_one_case_is_no_crash_of_all() -> None:
    verdict = judge(DOUBLE, REFERENCE, Run((seen(2)[0], Raised("ValueError", "no"))))
    assert verdict.status is Status.PARTLY
    assert "1 of 2 cases raised ValueError" in verdict.note


@pytest.mark.parametrize("run", [Run((), attempted=False), Run((Raised("NotImplementedError", ""),) * 2)])
def test_a_stub_is_not_attempted(run: Run) -> None:
    verdict = judge(DOUBLE, REFERENCE, run)
    assert (verdict.status, verdict.score) == (Status.NOT_ATTEMPTED, 0)


def test_what_was_not_observed_counts_as_failed() -> None:
    assert judge(DOUBLE, REFERENCE, Run(seen(2)[:1])).score < 4
    assert judge(DOUBLE, REFERENCE, Run(())).score == 0


def test_torchs_own_operator_earns_nothing() -> None:
    verdict = judge(DOUBLE, REFERENCE, Run(seen(2), used=("mul",)))
    assert (verdict.status, verdict.score) == (Status.NOT_BY_HAND, 0)
    assert "mul" in verdict.note


def test_more_than_was_asked_costs_nothing_but_within_an_aspect_it_does() -> None:
    more = tuple({**one, "state": {"mode": "x"}} for one in seen(2))
    assert judge(DOUBLE, REFERENCE, Run(more)).solved
    inside = tuple({**one, "memory": {"x": "unchanged", "y": "changed"}} for one in seen(2))
    assert not judge(DOUBLE, REFERENCE, Run(inside)).solved


def test_a_score_is_rounded_down_and_never_all_points_for_less() -> None:
    many = Exercise("double", "made_up", "double(x)", 1, DOUBLE.probe, shares=DEFAULT_SHARES | {"memory": 1e-9})
    assert judge(many, REFERENCE, Run(seen(2, memory="changed"))).score == 0.99


class EqualToEverything(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return True


def test_an_object_equal_to_everything_is_seen_as_the_plain_tensor_it_is() -> None:
    trick = torch.tensor([7.0]).as_subclass(EqualToEverything)
    one = observe(values=trick, gradients={"x": 2.0}, memory={"x": "unchanged"})
    assert judge(DOUBLE, REFERENCE, Run((one, one))).score == 0


class Equal:
    def __eq__(self, other: object) -> bool:
        return True

    def __float__(self) -> float:
        return 2.0


def test_a_foreign_object_is_only_its_types_name() -> None:
    one = observe(values=Equal(), gradients=Equal(), memory=Equal())
    assert judge(DOUBLE, REFERENCE, Run((one, one))).score == 0
