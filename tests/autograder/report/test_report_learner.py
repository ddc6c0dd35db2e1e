"""Results are read from grading's own objects and from their JSON, and refused with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from autograder.grading.submissions.state import State
from autograder.grading.submissions.verdicts import Decided, Result
from autograder.judging import panel
from autograder.judging.verdict import Status, Verdict
from autograder.plain import plain
from autograder.report.learner import read_learners
from autograder.report.signs import ORDER, sign

One = Callable[..., dict[str, Any]]


def graded() -> Result:
    verdict = Verdict("relu", "relu(x)", 2, 0.5, Status.PARTLY, misconception="in place")
    return Result("ada", State.GRADED, "", {"check_relu": Decided(State.GRADED, verdict)})


def test_results_and_their_json_are_read_the_same() -> None:
    assert read_learners([graded()]) == read_learners([json.loads(json.dumps(graded().as_json()))])
    answer = read_learners([graded()])[0].answer("relu")
    assert answer is not None
    assert (answer.status, answer.points, answer.of, answer.misconception) == ("partly right", 0.5, 2, "in place")


def test_an_exercise_that_is_checked_twice_has_two_columns() -> None:
    content = graded().as_json()
    content["exercises"] *= 2
    assert [one.exercise for one in read_learners([content])[0].answers] == ["relu", "relu (2)"]


def test_a_result_of_another_shape_is_refused_by_name(result: One) -> None:
    content = result("ada", relu=(1, 2))
    del content["exercises"][0]["of"]
    with pytest.raises(ValueError, match=r"the result of 'ada' cannot be read \(KeyError: 'of'\).*grade the chapter"):
        read_learners([content])


@pytest.mark.parametrize("points", [float("nan"), float("inf"), -1, "many", None])
def test_points_that_are_no_points_are_refused(result: One, points: Any) -> None:
    content = result("ada", relu=(1, 2))
    content["points"] = points
    with pytest.raises(ValueError, match="the result of 'ada' cannot be read"):
        read_learners([content])


def test_a_learner_with_two_results_is_refused(result: One) -> None:
    with pytest.raises(ValueError, match="'ada' has more than one result"):
        read_learners([result("ada"), result("ada")])


def test_every_status_has_a_sign_of_its_own() -> None:
    assert set(ORDER) == {
        *map(str, State),
        *map(str, Status),
        "to be read",
    }  # the last is said of a cell of somebody's own
    assert len({sign(status) for status in ORDER}) == len(ORDER)


@pytest.mark.parametrize("status", Status)
def test_signs_are_those_that_learners_see(status: Status) -> None:
    assert panel.text(Verdict("relu", "relu(x)", 2, 0.0, status)).startswith(f"{sign(status)} relu {status}")


def test_no_character_stays_unseen() -> None:
    assert plain("a\x00b\r\n\u202ec\udc80é林") == "a␀b␍␊\ufffdc\ufffdé林"


@pytest.mark.parametrize("name", [" ", "\u3000\u00a0", "\u200b", "\u200e \u200f"])
def test_a_name_of_blanks_can_be_seen(name: str) -> None:
    assert plain(name) == "␣" * len(name)
    assert plain(f"{name}ada") == f"{name}ada"
