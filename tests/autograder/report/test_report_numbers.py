"""The numbers of a class: by hand where they are small, by their laws where they are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autograder.report.charts import kinds
from autograder.report.learner import Answer, Learner, read_learners
from autograder.report.numbers import (
    ENOUGH,
    discrimination,
    exercise_names,
    exercise_numbers,
    misconceptions,
    scores,
    statuses,
    unexplained,
)
from autograder.report.signs import ORDER

Results = Callable[..., list[dict[str, Any]]]
One = Callable[..., dict[str, Any]]

STATUSES = st.sampled_from([*ORDER, "from a later version"])
ANSWERS = st.builds(
    lambda name, status, share, of, held: Answer(name, status, share * of, of, held),
    st.sampled_from(["relu", "linear", "softmax"]),
    STATUSES,
    st.sampled_from([0.0, 0.25, 1 / 3, 1.0]),
    st.integers(1, 5),
    st.sampled_from(["", "in place", "wrong dim"]),
)


def _learner(student: str, status: str, answers: list[Answer]) -> Learner:
    return Learner(student, status, "", sum(a.points for a in answers), sum(a.of for a in answers), tuple(answers))


CLASSES = st.lists(
    st.builds(
        _learner,
        st.text(max_size=5),
        STATUSES,
        st.lists(ANSWERS, max_size=3, unique_by=lambda answer: answer.exercise),
    ),
    max_size=20,
    unique_by=lambda one: one.student,
)


def test_statuses_are_counted_one_by_one(result: One) -> None:
    learners = read_learners([result("a"), result("b"), result("c", "missing")])
    assert statuses(learners) == {"graded": 2, "missing": 1}


def test_scores_leave_out_those_with_nothing_to_mark(result: One) -> None:
    class_ = [
        result("a", relu=(0, 4)),
        result("b", relu=(1, 4)),
        result("c", relu=(4, 4)),
        result("d", "timed out", relu=(3, 4)),
        *(result(status, status, relu=(0, 4, status)) for status in ("missing", "unreadable", "not attempted")),
    ]
    found = scores(read_learners(class_))
    assert found is not None
    assert (found.learners, found.mean, found.median, found.lowest, found.highest) == (4, 0.5, 0.5, 0.0, 1.0)
    assert found.bins == (1, 0, 1, 0, 0, 0, 0, 1, 0, 1)


def test_a_class_with_nothing_to_mark_has_no_scores(result: One) -> None:
    assert scores([]) is None
    assert scores(read_learners([result("a", "missing", relu=(0, 2, "missing"))])) is None
    assert scores(read_learners([result("a")])) is None


@pytest.mark.parametrize(("points", "tenth"), [(0.1 + 0.2, 3), (0.3, 3), (0.7, 7), (0.1 * 3 + 0.3, 6), (0.999, 9)])
def test_dust_of_binary_fractions_moves_nobody_to_another_tenth(points: float, tenth: int) -> None:
    found = scores([Learner("a", "graded", "", points, 1.0, ())])
    assert found is not None and found.bins.index(1) == tenth


def test_an_exercise_counts_who_solved_and_who_tried(result: One) -> None:
    class_ = [
        result("a", relu=(2, 2)),
        result("b", relu=(1, 2)),
        result("c", relu=(0, 2, "timed out")),
        result("d", relu=(0, 2, "not attempted")),
        result("e", "missing", relu=(0, 2, "missing")),
    ]
    (found,) = exercise_numbers(read_learners(class_))
    assert (found.solved, found.tried, found.share) == (1, 3, 0.5)
    assert found.statuses == {"solved": 1, "partly right": 1, "timed out": 1, "not attempted": 1, "missing": 1}


def test_nobody_tried_has_no_mean(result: One) -> None:
    (found,) = exercise_numbers(read_learners([result("a", relu=(0, 2, "not attempted"))]))
    assert (found.solved, found.tried, found.share) == (0, 0, None)


def test_discrimination_by_hand(result: One) -> None:
    # relu 1 1 1 1 1 0 0 0 0 0 against linear 4 4 4 4 0 4 0 0 0 0: r = (4 - 10 · ½ · ½) / (10 · ½ · ½) = 0.6
    linear = [4, 4, 4, 4, 0, 4, 0, 0, 0, 0]
    class_ = [result(f"{n}", relu=(int(n < 5), 1), linear=(points, 4)) for n, points in enumerate(linear)]
    class_ += [result("blank", "missing", relu=(0, 1, "missing"), linear=(0, 4, "missing"))]
    found = {one.exercise: one.discrimination.value for one in exercise_numbers(read_learners(class_))}
    assert found == {"relu": pytest.approx(0.6), "linear": pytest.approx(0.6)}


def test_partly_right_is_not_solved_in_the_correlation(result: One) -> None:
    linear = [4, 4, 4, 4, 0, 4, 0, 0, 0, 0]
    class_ = [result(f"{n}", relu=(2 if n < 5 else n % 2, 2), linear=(p, 4)) for n, p in enumerate(linear)]
    found = exercise_numbers(read_learners(class_))
    assert found[0].discrimination.value == pytest.approx(0.6)
    assert [one.look for one in found] == ["", ""]


def test_what_is_worth_a_look_is_said_and_nothing_else(result: One) -> None:
    class_ = [
        result(f"{n}", weak=(int(n < 4), 1), flat=(n % 2, 1), hard=(int(n == 19), 1), rest=(n // 2, 9))
        for n in range(20)
    ]
    found = {one.exercise: one.look for one in exercise_numbers(read_learners(class_))}
    assert found["weak"] == "who solves it has fewer points elsewhere"
    assert found["hard"] == "hardly anybody solves it"
    assert found["flat"] == "who solves it has hardly more points elsewhere"
    few = exercise_numbers(read_learners(class_[: ENOUGH - 1]))
    assert [one.look for one in few] == [""] * 4
    nobody = [result(f"{n}", never=(0, 1), rest=(n, 20)) for n in range(ENOUGH)]
    first = exercise_numbers(read_learners(nobody))[0]
    assert (first.look, first.discrimination.reason) == ("nobody solves it", "nobody solved it")


def test_an_exercise_is_not_correlated_with_itself(result: One) -> None:
    class_ = [result(f"{n}", relu=(n % 2, 1), linear=(1, 1)) for n in range(ENOUGH)]
    found = exercise_numbers(read_learners(class_))
    assert found[0].discrimination.reason == "all have the same points elsewhere"
    assert found[1].discrimination.reason == "all solved it"


def test_points_that_differ_only_by_dust_are_the_same() -> None:
    assert discrimination([0, 1] * 5, [0.1 + 0.2, 0.3] * 5).value is None


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 40)), max_size=40))
def test_discrimination_is_a_correlation_or_a_reason(pairs: list[tuple[int, int]]) -> None:
    here, there = [a / 3 for a, _ in pairs], [b / 4 for _, b in pairs]
    found = discrimination(here, there)
    assert (found.value is None) == bool(found.reason)
    assert found.value is None or -1 <= found.value <= 1
    assert (found.reason == "not enough learners") == (len(pairs) < ENOUGH)


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 40)), min_size=ENOUGH, max_size=40), st.integers(1, 9))
def test_discrimination_knows_no_units(pairs: list[tuple[int, int]], scale: int) -> None:
    here, there = [float(a) for a, _ in pairs], [float(b) for _, b in pairs]
    found = discrimination(here, there)
    assume(found.value is not None)
    assert discrimination([scale * a + 2 for a in here], there).value == pytest.approx(found.value, abs=1e-9)
    assert discrimination([9 - a for a in here], there).value == pytest.approx(-found.value, abs=1e-9)


def test_misconceptions_are_named_with_their_holders_the_most_common_first(result: One) -> None:
    class_ = [
        result("zoe", relu=(0, 2, "", "in place"), linear=(0, 3, "", "bias forgotten")),
        result("ada", relu=(2, 2), linear=(0, 3, "", "bias forgotten")),
        result("bob", relu=(0, 2, "", "absolute value"), linear=(0, 3)),
        result("cat", relu=(0, 2, "not attempted"), linear=(1, 3)),
    ]
    learners = read_learners(class_)
    found = [(one.exercise, one.name, one.students, one.tried) for one in misconceptions(learners)]
    assert found == [
        ("linear", "bias forgotten", ("ada", "zoe"), 4),
        ("relu", "absolute value", ("bob",), 3),
        ("relu", "in place", ("zoe",), 3),
    ]
    assert unexplained(learners) == 2


def test_exercises_come_in_the_order_of_the_course_whoever_moved_cells(result: One) -> None:
    learners = read_learners([result("a", own=(1, 1), softmax=(1, 1), relu=(1, 1))])
    assert exercise_names(learners, ("relu", "linear", "softmax")) == ("relu", "softmax", "own")


@given(CLASSES)
def test_every_learner_and_every_answer_is_counted_once(learners: list[Learner]) -> None:
    assert sum(statuses(learners).values()) == len(learners)
    spread = scores(learners)
    assert (sum(spread.bins) if spread else 0) == sum(one.tried and bool(one.of) for one in learners)
    numbers = exercise_numbers(learners)
    answers = [answer for one in learners for answer in one.answers]
    assert sum(sum(one.statuses.values()) for one in numbers) == len(answers)
    assert all(one.solved <= one.tried <= sum(one.statuses.values()) for one in numbers)
    assert all(sum(kinds(one.statuses).values()) == sum(one.statuses.values()) for one in numbers)
    held = misconceptions(learners)
    assert sum(len(one.students) for one in held) == sum(bool(answer.misconception) for answer in answers)
    assert [len(one.students) for one in held] == sorted((len(one.students) for one in held), reverse=True)
