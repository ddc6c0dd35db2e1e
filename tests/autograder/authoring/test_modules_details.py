"""Chapter 03: what is told about an answer, and what it earns, where the chapter has rules of its own."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder import check


def test_a_network_with_other_names_is_partly_right() -> None:
    class Renamed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.fc1 = nn.Conv2d(3, 16, 3, padding=1), nn.Linear(16384, 10)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc1(F.relu(self.conv1(x)).flatten(1))

    verdict = check("tiny_cnn", Renamed)
    assert verdict.misconception == "other names"
    assert 0 < verdict.score < verdict.points


def test_a_buffer_beside_the_four_tensors_is_no_other_name() -> None:
    class Beside(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.fc = nn.Conv2d(3, 16, 3, padding=1), nn.Linear(16384, 10)
            self.register_buffer("seen", torch.zeros(1))

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(F.relu(self.conv(x)).flatten(1))

    verdict = check("tiny_cnn", Beside)
    assert not verdict.misconception
    assert "got      by name, beside others" in str(verdict)
    assert 0 < verdict.score < verdict.points


def test_a_half_written_class_is_told_that_it_is_half() -> None:
    class Half(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.fc = nn.Conv2d(3, 16, 3, padding=1), nn.Linear(16384, 10)

        def forward(self, x: Tensor) -> Tensor:
            raise NotImplementedError

    verdict = check("tiny_cnn", Half)
    assert (verdict.status.value, verdict.score) == ("not right yet", 0)
    assert "forward is still to be written" in str(verdict)


def test_a_list_of_modules_is_said_to_be_one() -> None:
    def stored() -> nn.Module:
        return nn.ModuleList([nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(16384, 10)])

    verdict = check("sequential_cnn", stored)
    assert (verdict.status.value, verdict.score, verdict.advice) == ("not right yet", 0, "")
    assert "got      a ModuleList, which has no forward" in str(verdict)


def test_a_network_in_the_place_of_the_function_that_makes_it_is_said_to_be_one() -> None:
    network = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(16384, 10))
    verdict = check("sequential_cnn", network)
    assert verdict.score == 0
    assert "an object of the class Sequential. It takes the function itself: sequential_cnn" in str(verdict)
