"""What a check costs: which calls count as the answer's own, and what is shown."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import torch
from rich.console import Console
from torch import Tensor, nn

from autograder.__main__ import main
from autograder.observing.exercise import find
from autograder.sample import checks


class _Steps:
    """A clock that is one second further each time that it is looked at."""

    def __init__(self) -> None:
        self.now = 0.0

    def process_time(self) -> float:
        self.now += 1.0
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> checks._Clock:
    monkeypatch.setattr(checks, "time", _Steps())
    return checks._Clock()


def test_a_call_within_a_call_is_not_counted_twice(clock: checks._Clock) -> None:
    def inner() -> int:
        return 3

    timed = clock.on(inner)
    assert clock.on(lambda: timed() + 1)() == 4
    assert clock.seconds == 2.0  # begun at 1, the inner one at 2, ended at 3


def test_a_call_that_raises_counts(clock: checks._Clock) -> None:
    def raises() -> None:
        raise ValueError("as asked")

    with pytest.raises(ValueError, match="as asked"):
        clock.on((raises, len))[0]()
    assert clock.seconds == 1.0


def test_of_a_class_its_making_and_its_forward_count(clock: checks._Clock) -> None:
    class Net(nn.Module):
        def __init__(self, size: int) -> None:
            super().__init__()
            self.fc = nn.Linear(size, 1)

        def forward(self, x: Tensor) -> Any:
            return self.fc(x)

    model = clock.on(Net)(2)
    assert isinstance(model, Net) and clock.seconds == 1.0
    assert model(torch.ones(3, 2)).shape == (3, 1) and clock.seconds == 2.0


def test_words_that_are_no_call_cost_nothing(clock: checks._Clock) -> None:
    answer = {"one": 1}
    assert clock.on(answer) is answer
    assert checks.CheckCost("one", 3, check=2.0, answer=0.0).times == float("inf")


def test_every_exercise_asked_for_is_shown_with_its_cases(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--checks", "relu", "find_unregistered", "--json"]) == 0
    said = capsys.readouterr()
    assert set(json.loads(said.out)["checks"]) == {"relu", "find_unregistered"}
    assert all(f"{one} " in said.err for one in ("relu", "find_unregistered"))


def test_an_unknown_exercise_is_named_with_the_closest() -> None:
    with pytest.raises(ValueError, match="did you mean relu"):
        checks.show_costs(Console(file=io.StringIO()), ["reluu"])


def test_threads_are_as_before() -> None:
    before = torch.get_num_threads()
    checks.cost_of(find("relu"), times=1)
    assert torch.get_num_threads() == before
