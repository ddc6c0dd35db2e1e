"""Chapter 10: what is told about an answer, and what it earns, where the chapter has rules of its own."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from answers.capstone import (
    Plain,
    Reporter,
    loop_of_single_samples,
    plain_functional,
    report_on_copies,
    windowed,
    with_a_skeleton_on_meta,
)
from torch import Tensor, nn

from autograder import check
from autograder.judging.verdict import Verdict
from autograder.observing.probes.impostors import impostor


def holding(verdict: Verdict) -> dict[str, bool]:
    return {aspect.name: aspect.holds for aspect in verdict.aspects}


def failing(verdict: Verdict) -> set[str]:
    return {name for name, holds in holding(verdict).items() if not holds}


# hybrid_cnn


def test_other_names_cost_what_depends_on_them_and_no_more() -> None:
    class Renamed(nn.Module):
        def __init__(self, p: float = 0.25) -> None:
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16)
            self.drop, self.fc1 = nn.Dropout(p), nn.Linear(4096, 10)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc1(self.drop(F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)).flatten(1))

    assert failing(check("hybrid_cnn", Renamed)) == {"state", "modules"}


def test_a_half_written_class_is_told_that_it_is_half() -> None:
    class Half(Plain):
        def forward(self, batch: Tensor) -> Tensor:
            raise NotImplementedError

    verdict = check("hybrid_cnn", Half)
    assert (verdict.status.value, verdict.score) == ("not right yet", 0)
    assert "forward is still to be written" in str(verdict)


def test_a_class_that_takes_no_p_keeps_what_is_right_in_evaluation() -> None:
    class WithoutP(Plain):
        def __init__(self) -> None:
            super().__init__()

    verdict = check("hybrid_cnn", WithoutP)
    assert holding(verdict)["values"]
    assert 0 < verdict.score < verdict.points


@pytest.mark.parametrize("layer", [nn.Dropout2d, nn.AlphaDropout, nn.Identity], ids=lambda one: one.__name__)
def test_another_kind_of_dropout_is_seen_by_what_it_drops(layer: Callable[..., nn.Module]) -> None:
    class Other(Plain):
        def __init__(self, p: float = 0.25) -> None:
            super().__init__(p)
            self.dropout = layer(p)

    assert failing(check("hybrid_cnn", Other)) == {"dropout"}


# parity_report


def test_a_report_of_tensors_is_right_but_for_its_form() -> None:
    def tensors(model: nn.Module, x: Tensor, target: Tensor) -> Any:
        report = report_on_copies(model, x, target)
        return {build: {what: torch.tensor(size) for what, size in found.items()} for build, found in report.items()}

    assert failing(check("parity_report", tensors)) == {"shape"}


def test_half_a_report_earns_less_than_half() -> None:
    def half(model: nn.Module, x: Tensor, target: Tensor) -> Any:
        return {"functional": report_on_copies(model, x, target)["functional"]}

    verdict = check("parity_report", half)
    assert {"functional-logits", "functional-gradients"} <= {name for name, holds in holding(verdict).items() if holds}
    assert 0 < verdict.score < verdict.points / 2


def test_a_report_of_zeros_earns_nothing() -> None:
    """It is right of TinyCNN itself, and of nothing else."""
    zeros = {build: {"logits": 0.0, "gradients": 0.0} for build in ("functional", "by_hand")}
    verdict = check("parity_report", lambda model, x, target: zeros)
    assert holding(verdict)["parity"]
    assert verdict.score == 0


def test_a_convolution_of_torchs_is_not_by_hand() -> None:
    verdict = check("parity_report", Reporter(dict.fromkeys(("functional", "by_hand"), plain_functional)))
    assert failing(verdict) == {"by hand"}
    assert verdict.misconception == "a convolution of torch's by hand"


def test_a_mistake_in_one_build_costs_that_build() -> None:
    def without_bias(x: Tensor, params: Any) -> Tensor:
        return windowed(x, {**params, "conv.bias": 0 * params["conv.bias"]})

    verdict = check("parity_report", Reporter({"functional": plain_functional, "by_hand": without_bias}))
    assert failing(verdict) == {"by_hand-logits", "by_hand-gradients", "parity", "by hand", "small differences"}


def keeps_a_hook(model: nn.Module) -> None:
    model.register_forward_hook(lambda *seen: None)


def changes_the_default_dtype(model: nn.Module) -> None:
    torch.set_default_dtype(torch.float64)


def leaves_gradients_off(model: nn.Module) -> None:
    torch.set_grad_enabled(False)


def leaves_eval_mode(model: nn.Module) -> None:
    model.eval()


@pytest.mark.parametrize("trace", [keeps_a_hook, changes_the_default_dtype, leaves_gradients_off, leaves_eval_mode])
def test_what_an_answer_leaves_behind_costs_itself_and_no_neighbour(trace: Callable[[nn.Module], None]) -> None:
    def report(model: nn.Module, x: Tensor, target: Tensor) -> Any:
        found = report_on_copies(model, x, target)
        trace(model)
        return found

    def together(models: list[nn.Module], x: Tensor) -> Tensor:
        found = with_a_skeleton_on_meta(models, x)
        trace(models[-1])
        return found

    def gradients(model: nn.Module, x: Tensor, target: Tensor) -> Any:
        found = loop_of_single_samples(model, x, target)
        trace(model)
        return found

    traced = {"parity_report": report, "ensemble_logits": together, "per_sample_gradients": gradients}
    for exercise, answer in traced.items():
        assert failing(check(exercise, answer)) == {"state"}, exercise
        assert torch.get_default_dtype() == torch.float32
        assert torch.is_grad_enabled()
    assert check("hybrid_cnn", Plain).solved


@pytest.mark.parametrize("kind", ["leaky", "round the corner", "one far below", "one far above", "watched"])
def test_every_impostor_has_other_logits_than_tinycnn(kind: str) -> None:
    honest, other = impostor("").double(), impostor(kind).double()
    other.load_state_dict(honest.state_dict())
    x = torch.rand(2, 3, 32, 32, dtype=torch.float64)
    assert (honest(x) - other(x)).abs().max() > 1e-3


@pytest.mark.parametrize("name", ["conv.weight", "conv.bias", "fc.weight", "fc.bias"])
def test_an_impostor_of_one_gradient_has_that_gradient_three_times_and_all_else_right(name: str) -> None:
    honest, other = impostor("").double(), impostor(name).double()
    other.load_state_dict(honest.state_dict())
    x, target = torch.rand(2, 3, 32, 32, dtype=torch.float64), torch.tensor([3, 4])
    for model in (honest, other):
        F.cross_entropy(model(x), target).backward()
    torch.testing.assert_close(other(x), honest(x))
    for key, parameter in honest.named_parameters():
        assert parameter.grad is not None
        torch.testing.assert_close(other.get_parameter(key).grad, parameter.grad * (3 if key == name else 1))


# ensemble_logits


def test_a_loop_has_the_right_logits_and_misses_the_point() -> None:
    def loop(models: list[nn.Module], x: Tensor) -> Tensor:
        return torch.stack([copy.deepcopy(model).eval()(x) for model in models]).detach()

    verdict = check("ensemble_logits", loop)
    assert failing(verdict) == {"passes"}
    assert verdict.misconception == "a loop over the networks"


def test_an_answer_for_at_most_four_networks_is_not_right() -> None:
    assert "values" in failing(check("ensemble_logits", lambda models, x: with_a_skeleton_on_meta(models[:4], x)))


# per_sample_gradients


def test_an_answer_that_writes_into_the_batch_loses_its_memory_only() -> None:
    def writes(model: nn.Module, x: Tensor, target: Tensor) -> Any:
        found = loop_of_single_samples(model, x, target)
        x.zero_()
        return found

    assert failing(check("per_sample_gradients", writes)) == {"memory"}


# the guide at the end of the lesson


def test_every_line_of_the_decision_guide_stands_in_the_cell_that_runs_it(root: Path) -> None:
    text = (root / "course/lessons/10_capstone.py").read_text()
    guide, _, rest = text.partition("## 6 · When a module, when a function")[2].partition("# Every line of it, run:")
    cell = rest.partition("# %%\n")[2].partition("# %% [markdown]")[0].splitlines()
    rows = re.findall(r"^# \| [^|]+ \| ([^|]+) \| ([^|]+) \| `([^`]+)` \|$", guide, re.MULTILINE)
    assert len(rows) >= 10
    assert {choice.split()[1].strip(",") for choice, _, _ in rows} >= {"module", "function"}
    for _, because, line in rows:
        assert because.strip()
        assert line in cell
