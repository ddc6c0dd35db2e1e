"""Of an exception in an answer the learner's own deepest line is kept, and no other line's source is looked up."""

from __future__ import annotations

import traceback
from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.judging.reference import PUBLIC, load
from autograder.observing.codec import Raised
from autograder.observing.exercise import find
from autograder.observing.observe import Run, run


def deeper(x: Tensor) -> Tensor:
    return deeper(x)


def in_torch(x: Tensor) -> Tensor:
    return torch.nn.functional.relu(x).view(7, 7, 7, 7)


def in_a_library(x: Tensor) -> Tensor:
    return torch.nn.Linear(3, 2)(x.new_zeros(1, 5))  # raises in a module's own file, three frames below


def of(answer: Any) -> Run:
    task = find("relu")
    return run(task, answer, load(task, PUBLIC).cases[:3])


@pytest.mark.parametrize(
    ("answer", "name", "line"),
    [
        (deeper, "RecursionError", "return deeper(x)"),
        (in_torch, "RuntimeError", "return torch.nn.functional.relu(x).view(7, 7, 7, 7)"),
        (in_a_library, "RuntimeError", "return torch.nn.Linear(3, 2)(x.new_zeros(1, 5))  # raises in"),
    ],
)
def test_one_line_is_looked_up_however_deep_it_went(
    answer: Any, name: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[int] = []
    extract = traceback.extract_tb

    def counted(*given: Any, **more: Any) -> traceback.StackSummary:
        found = extract(*given, **more)
        looked_up.append(len(found))
        return found

    monkeypatch.setattr(traceback, "extract_tb", counted)
    raised = of(answer).seen
    assert all(isinstance(one, Raised) and one.type == name for one in raised)
    assert {(one.line[: len(line)], one.inside) for one in raised if isinstance(one, Raised)} == {
        (line, answer.__name__)
    }
    assert looked_up == [1, 1, 1]
