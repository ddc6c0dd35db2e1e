"""What the sample classes' misconceptions are said to deserve is what the judge gives for them."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from judging import verdict_on
from torch import nn

from autograder.observing.exercise import find
from autograder.sample.any_chapter import WRONG_IDEAS
from autograder.sample.learners import SAMPLE_CLASS, Answer

IDEAS = [
    *WRONG_IDEAS.values(),
    *(item for one in SAMPLE_CLASS if one.what.startswith("misconception") for item in one.answers.items()),
]


@pytest.mark.parametrize(("exercise", "answer"), IDEAS, ids=[name for name, _ in IDEAS])
def test_a_misconception_deserves_what_the_judge_gives(exercise: str, answer: Answer) -> None:
    names: dict[str, Any] = {"torch": torch, "nn": nn, "F": F}
    exec(answer.source, names)  # our own text
    [defined] = re.findall(r"^(?:def|class) (\w+)", answer.source, re.MULTILINE)
    verdict = verdict_on(find(exercise), names[defined])
    assert verdict.score == answer.points
    assert answer.says in str(verdict)
