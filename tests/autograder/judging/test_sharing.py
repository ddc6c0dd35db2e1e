"""What failing cases share: said where it is so in every case, and not a word where it is not."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from answers.beyond import BEYOND
from hypothesis import given
from hypothesis import strategies as st
from judging import verdict_on

from autograder.judging.sharing import Choice, said, shared
from autograder.observing.exercise import find

CASES = [dict(zip("abc", row, strict=True)) for row in product((1, 2, 3, 4, 5), (True, False), ("x", "absent"))]


def on(rule: Any) -> str:
    return said(shared(CASES, [rule(one) for one in CASES]), {"c": "c is {}"})


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (lambda one: one["a"] == 3, "a is 3"),
        (lambda one: one["a"] in (3, 1), "a is 1 or 3"),
        (lambda one: one["a"] != 3, "a is anything but 3"),
        (lambda one: one["b"], "b"),
        (lambda one: not one["b"], "it is not so that b"),
        (lambda one: one["c"] == "absent", "c is not given"),
        (lambda one: one["a"] == 2 and one["b"], "a is 2, and b"),
        (lambda one: one["a"] > 1 and one["c"] == "x", "a is anything but 1, and c is x"),
        (lambda one: one["a"] == 2 or one["b"], ""),
        (lambda one: one["a"] == 2 and one["b"] and one["c"] == "x", ""),
        (lambda one: True, ""),
        (lambda one: False, ""),
    ],
)
def test_what_failing_cases_share_is_said_in_one_phrase(rule: Any, sentence: str) -> None:
    assert on(rule) == sentence


def test_two_stories_that_fit_are_not_told() -> None:
    same = [{"kernel": size, "stride": size} for size in (1, 2, 3)]
    assert shared(same, [True, False, False]) == ()


def test_one_case_alone_carries_no_value_of_a_claim_about_two_names() -> None:
    passing = [{"rank": 3, "layout": "turned"}, {"rank": 2, "layout": "fresh"}]
    failing = [{"rank": 2, "layout": "turned"}, {"rank": 5, "layout": "turned"}]
    assert shared([*passing, *failing], [False, False, True, True]) == ()
    told = shared([*passing, *failing, *failing], [False, False, True, True, True, True])
    assert [one.name for one in told] == ["rank", "layout"]


def test_true_is_not_one() -> None:
    assert said(shared([{"flag": True}, {"flag": 1}], [True, False]), {}) == "flag"


@given(st.lists(st.booleans(), min_size=len(CASES), max_size=len(CASES)))
def test_whatever_is_claimed_holds_in_every_case(fails: list[bool]) -> None:
    claim = shared(CASES, fails)
    if claim:
        assert [all((case[one.name] in one.values) != one.but for one in claim) for case in CASES] == fails


def test_the_same_case_twice_with_another_end_leaves_nothing_to_say() -> None:
    assert shared([{"a": 1}, {"a": 1}], [True, False]) == ()


def test_a_claim_knows_its_words() -> None:
    claim = (Choice("x_layout", ("channels last",)),)
    assert said(claim, {"x_layout": "x lies in memory like this: {}"}) == "x lies in memory like this: channels last"
    assert said(claim, {}) == "x layout is channels last"


@pytest.mark.parametrize(
    ("exercise", "name", "sentence"),
    [
        ("conv2d", "more than five images cut off", "exactly where the batch is of size 7."),
        ("softmax", "not of a number without dimensions", "exactly where the number of dimensions is 0."),
        (
            "conv2d",
            "no padding for a kernel of one pixel",
            "exactly where the kernel is of size (1, 1), and padding is 1 or 3.",
        ),
    ],
)
def test_a_learner_reads_on_what_kind_of_input_the_answer_fails(exercise: str, name: str, sentence: str) -> None:
    answer = next(answer for one, known, answer in BEYOND if (one, known) == (exercise, name))
    verdict = verdict_on(find(exercise), answer)
    assert verdict.where.startswith("Of ") and verdict.where.endswith(sentence)
    assert verdict.where in str(verdict)
    assert verdict.where in verdict._repr_html_()
