"""The answer to a question, entry by entry."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.judging.judge import judge
from autograder.judging.judgement import Entry
from autograder.judging.reference import load
from autograder.observing.exercise import find
from autograder.observing.observe import run

PREDICT = find("predict_layout")
REFERENCE = load(PREDICT)


def nested(times: int) -> Any:
    value: Any = 1
    for _ in range(times):
        value = (value,)
    return value


def entry(prediction: Any) -> Entry:
    """What is said of ``prediction`` for one operation, where nothing else is predicted."""
    verdict = judge(PREDICT, REFERENCE, run(PREDICT, {"x[:, 1]": prediction}, REFERENCE.cases))
    return next(one for one in verdict.entries if one.name == "x[:, 1]")


@pytest.mark.parametrize("times", [1, 3, 40, 400])
def test_an_entry_nested_however_deep_is_told_what_is_asked_for(times: int) -> None:
    """Each level once: twice each would be more steps than anybody waits for, in the controller too."""
    assert entry(nested(times)).state == "wrong"
    assert (
        entry(nested(times)).why == "Asked for is (a tuple of whole numbers, a tuple of whole numbers, a whole number)."
    )
