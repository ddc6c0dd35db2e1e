"""Chapter 07: what is told about an answer, and what it earns, where the chapter has rules of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder import check
from autograder.judging.verdict import Status, Verdict


def failing(verdict: Verdict) -> set[str]:
    return {aspect.name for aspect in verdict.aspects if not aspect.holds}


# dropout, dropout_net


def without_scaling(x: Tensor, p: float = 0.5, training: bool = True, generator: Any = None) -> Tensor:
    return x * (torch.rand(x.shape, generator=generator) >= p) if training else x


def from_the_global_generator(x: Tensor, p: float = 0.5, training: bool = True, generator: Any = None) -> Tensor:
    return without_scaling(x, p, training) / (1 - p) if training else x


def test_dropout_without_scaling_earns_nothing_and_is_told_what_is_missing() -> None:
    verdict = check("dropout", without_scaling)
    assert (verdict.misconception, verdict.score) == ("not rescaled", 0)
    assert failing(verdict) == {"values", "gradients"}
    assert "0 or x / (1 − p)" in str(verdict)


def test_dropout_that_drops_nothing_earns_nothing_though_it_is_right_in_eval() -> None:
    verdict = check("dropout", lambda x, p=0.5, training=True, generator=None: x)
    assert verdict.score == 0
    assert {"values", "mask"} <= failing(verdict)


def test_dropout_from_the_global_generator_loses_the_generator_only() -> None:
    verdict = check("dropout", from_the_global_generator)
    assert failing(verdict) == {"generator"}
    assert verdict.misconception == "the global generator"
    assert 0 < verdict.score < verdict.points


class Net(nn.Module):
    """``drop`` says what becomes of the hidden numbers."""

    drop: Callable[..., Tensor]

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p, self.hidden, self.out = p, nn.Linear(8, 16), nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.drop(F.relu(self.hidden(x))))


def test_a_network_that_drops_in_eval_too_earns_half_at_most() -> None:
    verdict = check("dropout_net", type("Always", (Net,), {"drop": lambda self, x: F.dropout(x, self.p)}))
    assert verdict.misconception == "default training=True"
    assert {"eval"} <= failing(verdict) <= {"eval", "gradients"}
    assert 0 < verdict.score <= verdict.points / 2


def test_a_network_that_never_drops_earns_nothing_though_it_is_right_in_eval() -> None:
    verdict = check("dropout_net", type("Never", (Net,), {"drop": lambda self, x: x}))
    assert (verdict.misconception, verdict.score) == ("no dropout", 0)
    assert failing(verdict) == {"values"}


def test_a_network_without_a_forward_is_told_so() -> None:
    class Half(Net):
        def forward(self, x: Tensor) -> Tensor:
            raise NotImplementedError

    verdict = check("dropout_net", Half)
    assert (verdict.status, verdict.score) == (Status.WRONG, 0)
    assert "forward is still to be written" in str(verdict)


# batch_norm, my_batch_norm2d: the two fakes that are accepted elsewhere, as functions and as layers


def only_centred(
    x: Tensor, running_mean: Tensor, running_var: Tensor, weight: Tensor, bias: Tensor, training: bool,
    momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Ignores weight, bias and running_var."""
    mean = x.mean((0, 2, 3)) if training else running_mean
    if training:
        running_mean.lerp_(mean.detach(), momentum)
    return x - mean.view(1, -1, 1, 1)


def by_the_batch(
    x: Tensor, running_mean: Tensor, running_var: Tensor, weight: Tensor, bias: Tensor, training: bool,
    momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Uses the batch's statistics in eval as well."""
    out = F.layer_norm(x.transpose(0, 1).flatten(1), (x.numel() // x.shape[1],), eps=eps)
    out = out.view(x.shape[1], x.shape[0], *x.shape[2:]).transpose(0, 1)
    if training:
        running_mean.lerp_(x.detach().mean((0, 2, 3)), momentum)
        running_var.lerp_(x.detach().var((0, 2, 3)), momentum)
    return out * weight.view(1, -1, 1, 1) + bias.view(1, -1, 1, 1)


def layer_around(norm: Callable[..., Tensor]) -> type[nn.Module]:
    class Layer(nn.Module):
        def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
            super().__init__()
            self.eps, self.momentum = eps, momentum
            self.weight, self.bias = nn.Parameter(torch.ones(num_features)), nn.Parameter(torch.zeros(num_features))
            self.running_mean = nn.Buffer(torch.zeros(num_features))
            self.running_var = nn.Buffer(torch.ones(num_features))
            self.num_batches_tracked = nn.Buffer(torch.tensor(0))

        def forward(self, x: Tensor) -> Tensor:
            if self.training:
                self.num_batches_tracked += 1
            statistics = (self.running_mean, self.running_var)
            return norm(x, *statistics, self.weight, self.bias, self.training, self.momentum, self.eps)

    return Layer


def by_the_book(
    x: Tensor, running_mean: Tensor, running_var: Tensor, weight: Tensor, bias: Tensor, training: bool,
    momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    if training:
        return by_the_batch(x, running_mean, running_var, weight, bias, training, momentum, eps)
    scale = weight / (running_var + eps).sqrt()
    return x * scale.view(1, -1, 1, 1) + (bias - running_mean * scale).view(1, -1, 1, 1)


def test_what_the_fakes_are_made_of_is_right_where_nothing_is_faked() -> None:
    """So it is the fake that costs, not what stands around it."""
    assert check("batch_norm", by_the_book).solved
    assert check("my_batch_norm2d", layer_around(by_the_book)).solved


@pytest.mark.parametrize(
    ("exercise", "answer"), [("batch_norm", only_centred), ("my_batch_norm2d", layer_around(only_centred))]
)
def test_a_norm_that_ignores_weight_bias_and_variance_earns_nothing(exercise: str, answer: Any) -> None:
    verdict = check(exercise, answer)
    assert verdict.score == 0
    assert {"values", "eval", "statistics", "gradients"} <= failing(verdict)


@pytest.mark.parametrize(
    ("exercise", "answer", "name"),
    [
        ("batch_norm", by_the_batch, "training ignored: always the batch's statistics"),
        ("my_batch_norm2d", layer_around(by_the_batch), "eval uses batch statistics"),
    ],
)
def test_a_norm_by_the_batch_in_eval_is_named_and_keeps_its_statistics(exercise: str, answer: Any, name: str) -> None:
    verdict = check(exercise, answer)
    assert verdict.misconception == name
    assert "eval" in failing(verdict)
    assert not {"statistics", "state", "memory"} & failing(verdict)
    assert 0 < verdict.score < verdict.points


def test_a_layer_derived_from_torchs_is_not_by_hand() -> None:
    verdict = check("my_batch_norm2d", type("Derived", (nn.BatchNorm2d,), {}))
    assert (verdict.status, verdict.score) == (Status.NOT_BY_HAND, 0)


# evaluate, record_activations


def leaves_eval(model: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        return model.eval()(x)


def all_to_train(model: nn.Module, x: Tensor) -> Tensor:
    out = leaves_eval(model, x)
    model.train()
    return out


@pytest.mark.parametrize(("answer", "name"), [(leaves_eval, "leaves eval"), (all_to_train, "sets all to train")])
def test_an_evaluation_that_leaves_another_mode_earns_half_at_most(answer: Any, name: str) -> None:
    verdict = check("evaluate", answer)
    assert verdict.misconception == name
    assert failing(verdict) == {"state", "when it raises"}
    assert 0 < verdict.score <= verdict.points / 2


def test_an_evaluation_that_keeps_the_graph_loses_the_graph_only() -> None:
    def with_graph(model: nn.Module, x: Tensor) -> Tensor:
        modes = [(part, part.training) for part in model.modules()]
        try:
            return model.eval()(x)
        finally:
            for part, mode in modes:
                part.training = mode

    verdict = check("evaluate", with_graph)
    assert (failing(verdict), verdict.misconception) == ({"graph"}, "graph kept")


def test_hooks_that_stay_cost_the_state_and_not_the_record() -> None:
    def hooked(model: nn.Module, names: Any, x: Tensor) -> dict[str, Tensor]:
        parts, found = dict(model.named_modules()), {}
        before = [(buffer, buffer.clone()) for buffer in model.buffers()]
        for name in names:
            parts[name].register_forward_hook(
                lambda part, args, out, name=name: found.update({name: out.detach().clone()})
            )
        model(x)
        for buffer, value in before:
            buffer.copy_(value)
        return {name: found[name] for name in names}

    verdict = check("record_activations", hooked)
    assert "state" in failing(verdict)
    assert not {"values", "graph", "order"} & failing(verdict)
    assert 0 < verdict.score < verdict.points


def test_weights_that_are_dropped_are_not_called_dropout_on_the_output() -> None:
    class WeightsDropped(nn.Module):
        def __init__(self, p: float) -> None:
            super().__init__()
            self.p, self.hidden, self.out = p, nn.Linear(8, 16), nn.Linear(16, 4)

        def forward(self, x: Tensor) -> Tensor:
            return F.linear(F.relu(self.hidden(x)), F.dropout(self.out.weight, self.p, self.training), self.out.bias)

    verdict = check("dropout_net", WeightsDropped)
    assert verdict.misconception == "" and not verdict.solved


def infinite_for_dropped(x: Tensor, p: float = 0.5, training: bool = True, generator: Any = None) -> Tensor:
    """Divides by the mask, too, where it was to be multiplied."""
    return x / (torch.rand(x.shape, generator=generator) >= p).to(x.dtype) / (1 - p) if training else x


def test_infinity_is_no_kept_element() -> None:
    verdict = check("dropout", infinite_for_dropped)
    assert {"values", "mask"} <= failing(verdict)
    assert verdict.score == 0
    assert "other numbers" in str(verdict)


def test_a_weight_that_is_frozen_in_eval_is_told_as_one() -> None:
    class Frozen(nn.Module):
        def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
            super().__init__()
            self.eps, self.momentum = eps, momentum
            self.weight, self.bias = (nn.Parameter(start(num_features)) for start in (torch.ones, torch.zeros))
            self.register_buffer("running_mean", torch.zeros(num_features))
            self.register_buffer("running_var", torch.ones(num_features))
            self.register_buffer("num_batches_tracked", torch.tensor(0))

        def forward(self, x: Tensor) -> Tensor:
            self.num_batches_tracked += self.training
            self.weight.requires_grad_(self.training)
            kept = (self.running_mean, self.running_var, self.weight, self.bias)
            return F.batch_norm(x, *kept, self.training, self.momentum, self.eps)

    verdict = check("my_batch_norm2d", Frozen)
    assert "requires_grad is False" in str(verdict)
