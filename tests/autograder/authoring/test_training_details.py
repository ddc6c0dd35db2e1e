"""Chapter 08: what is told about an answer, and what it earns, where the chapter has rules of its own."""

from __future__ import annotations

import io
import pickle
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from answers.training.checkpoints import load_by_torch, save_by_torch
from answers.training.heads import by_identity
from answers.training.loading import through_load_state_dict
from answers.training.right import by_the_book, with_zeros_left, written_out
from torch import Tensor, nn

from autograder import check
from autograder.authoring.oracles import oracles_of
from autograder.authoring.oracles.training import BUGS
from autograder.judging.reference import load
from autograder.judging.verdict import Verdict
from autograder.observing.exercise import find
from autograder.observing.probes import checkpoints


def aspects(verdict: Verdict) -> dict[str, bool]:
    return {aspect.name: aspect.holds for aspect in verdict.aspects}


# diagnose


def test_one_name_for_every_listing_earns_nothing() -> None:
    for name in BUGS.values():
        assert check("diagnose", dict.fromkeys(BUGS, name)).score == 0


def test_three_listings_that_belong_together_earn_a_third() -> None:
    assert check("diagnose", {number: BUGS[number] for number in (1, 5, 6)}).score == 1
    assert check("diagnose", dict.fromkeys(BUGS, ...)).status.value == "not attempted"


# What an answer leaves behind costs itself


@contextmanager
def sandboxed() -> Iterator[None]:
    dtype, enabled = torch.get_default_dtype(), torch.is_grad_enabled()
    yield
    assert torch.get_default_dtype() == dtype and torch.is_grad_enabled() == enabled


def leaves_no_grad(answer: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        found = answer(*args, **kwargs)
        torch.set_grad_enabled(False)
        return found

    return wrapped


def changes_dtype(answer: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        found = answer(*args, **kwargs)
        torch.set_default_dtype(torch.float64)
        return found

    return wrapped


def keeps_hooks(answer: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(model: nn.Module, *args: Any, **kwargs: Any) -> Any:
        found = answer(model=model, **kwargs) if kwargs else answer(model, *args)
        for part in model.modules():
            part.register_forward_hook(lambda *seen: None)
        return found

    return wrapped


def patches_a_class(answer: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        found = answer(*args, **kwargs)
        forward = nn.Linear.forward
        nn.Linear.forward = lambda self, x: forward(self, x)  # type: ignore[method-assign]
        return found

    return wrapped


RIGHT = {
    "sgd_step": with_zeros_left,
    "train_module": by_the_book,
    "train_functional": written_out,
    "load_partly": through_load_state_dict,
}


@pytest.mark.parametrize("spoil", [leaves_no_grad, changes_dtype])
@pytest.mark.parametrize("exercise", RIGHT)
def test_a_changed_setting_costs_the_answer_and_no_neighbour(exercise: str, spoil: Any) -> None:
    with sandboxed():
        verdict = check(exercise, spoil(RIGHT[exercise]))
    assert 0 < verdict.score < verdict.points
    assert not aspects(verdict)["state"]
    assert check(exercise, RIGHT[exercise]).solved


@pytest.mark.parametrize("spoil", [keeps_hooks, patches_a_class])
@pytest.mark.parametrize("exercise", ["train_module", "load_partly"])
def test_hooks_and_patches_left_behind_cost_the_answer_and_no_neighbour(exercise: str, spoil: Any) -> None:
    forward = nn.Linear.forward
    verdict = check(exercise, spoil(RIGHT[exercise]))
    assert 0 < verdict.score < verdict.points
    assert not aspects(verdict)["state"]
    assert nn.Linear.forward is forward
    assert check(exercise, RIGHT[exercise]).solved


# Training


def test_the_two_builds_are_observed_on_the_same_trajectory_whatever_makes_the_step() -> None:
    """A step by v - lr * g rounds otherwise, and is as right."""

    def by_minus(params: dict[str, Tensor], batches: Any, lr: float) -> list[float]:
        losses = []
        for x, target in batches:
            hidden = F.relu(F.conv2d(x, params["conv.weight"], params["conv.bias"], padding=1)).flatten(1)
            loss = F.cross_entropy(F.linear(hidden, params["fc.weight"], params["fc.bias"]), target)
            gradients = torch.autograd.grad(loss, list(params.values()))
            with torch.no_grad():
                for one, gradient in zip(params.values(), gradients, strict=True):
                    one.copy_(one - lr * gradient)
            losses.append(loss.item())
        return losses

    assert check("train_functional", by_minus).solved


def test_right_losses_of_a_model_that_was_not_given_earn_no_trajectory() -> None:
    def on_a_copy(model: nn.Module, batches: Any, lr: float) -> list[float]:
        import copy

        return by_the_book(copy.deepcopy(model), batches, lr)

    verdict = check("train_module", on_a_copy)
    assert aspects(verdict)["values"] and not aspects(verdict)["trajectory"]
    assert 0 < verdict.score < verdict.points


@pytest.mark.parametrize("momentum", [0.1, 0.5])
def test_another_momentum_than_the_known_one_has_no_name(momentum: float) -> None:
    def with_momentum(model: nn.Module, batches: Any, lr: float) -> list[float]:
        optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
        losses = []
        for x, target in batches:
            loss = F.cross_entropy(model(x), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    verdict = check("train_module", with_momentum)
    assert verdict.misconception == "" and not verdict.solved


def test_doing_nothing_is_not_called_rebinding() -> None:
    verdict = check("sgd_step", lambda params, lr: None)
    assert verdict.score == 0
    assert verdict.misconception == "the leaves stand still"


# swap_head


def test_a_new_optimiser_handed_back_is_a_stale_parameter() -> None:
    def anew(model: Any, optimizer: Any, num_classes: int) -> Any:
        model.fc = nn.Linear(
            model.fc.in_features, num_classes, dtype=model.fc.weight.dtype, device=model.fc.weight.device
        )
        return torch.optim.SGD(model.parameters(), lr=0.1)

    verdict = check("swap_head", anew)
    assert verdict.misconception == "stale parameter"
    assert verdict.score == 0


def test_a_weight_alone_in_its_place_is_not_enough() -> None:
    def bias_forgotten(model: Any, optimizer: Any, num_classes: int) -> None:
        bias, state = model.fc.bias, optimizer.state.get(model.fc.bias)
        by_identity(model=model, optimizer=optimizer, num_classes=num_classes)
        for group in optimizer.param_groups:
            group["params"] = [bias if one is model.fc.bias else one for one in group["params"]]
        if state is not None:
            optimizer.state[bias] = state

    verdict = check("swap_head", bias_forgotten)
    assert not verdict.solved and not aspects(verdict)["values"] and not aspects(verdict)["state"]


# load_partly


def test_an_error_of_another_kind_where_nothing_fits_costs_the_errors() -> None:
    def with_runtime_error(model: nn.Module, state_dict: Any) -> Any:
        try:
            return through_load_state_dict(model, state_dict)
        except ValueError as error:
            raise RuntimeError(str(error)) from None

    verdict = check("load_partly", with_runtime_error)
    assert [name for name, holds in aspects(verdict).items() if not holds] == ["errors"]


def test_a_model_that_was_cleared_before_the_error_is_not_as_it_was() -> None:
    def clears_first(model: nn.Module, state_dict: Any) -> Any:
        own = model.state_dict()
        if not any(name in own and own[name].shape == one.shape for name, one in state_dict.items()):
            for one in own.values():
                one.zero_()
        return through_load_state_dict(model, state_dict)

    verdict = check("load_partly", clears_first)
    assert aspects(verdict)["errors"] and not aspects(verdict)["memory"]


# checkpoint


@pytest.mark.parametrize("name", checkpoints._in_known_formats())
def test_crafted_bytes_do_run_code_where_they_are_let(name: str) -> None:
    """Otherwise loading them safely would prove nothing."""
    import numpy as np

    readers = {
        "pickle": pickle.loads,
        "torch.save": lambda data: torch.load(io.BytesIO(data), weights_only=False),
        "torch.save's old format": lambda data: torch.load(io.BytesIO(data), weights_only=False),
        "numpy.savez": lambda data: np.load(io.BytesIO(data), allow_pickle=True)["model"],
        "Python's own text": lambda data: eval(data.decode()),
    }
    before = checkpoints._opened
    readers[name](checkpoints._in_known_formats()[name])
    assert checkpoints._opened > before


def test_making_crafted_bytes_runs_nothing() -> None:
    before = checkpoints._opened
    checkpoints._in_known_formats()
    assert checkpoints._opened == before


def test_a_format_of_ones_own_is_crafted_too() -> None:
    """Whoever hides a pickle in bytes that only they can read runs what is hidden in it."""

    def hidden_save(model: nn.Module, optimizer: Any) -> bytes:
        return pickle.dumps((model.state_dict(), optimizer.state_dict()))[::-1]

    def hidden_load(data: bytes, model: nn.Module, optimizer: Any) -> Any:
        weights, steps = pickle.loads(data[::-1])
        model.load_state_dict(weights)
        optimizer.load_state_dict(steps)
        return model, optimizer

    verdict = check("checkpoint", (hidden_save, hidden_load))
    assert not aspects(verdict)["safety"]
    assert all(holds for name, holds in aspects(verdict).items() if name != "safety")


def test_one_function_alone_is_not_enough_and_breaks_nothing() -> None:
    assert check("checkpoint", save_by_torch).score == 0
    assert check("checkpoint", (save_by_torch,)).score == 0
    assert check("checkpoint", (save_by_torch, None)).score == 0


def test_half_a_checkpoint_is_told_that_it_is_half() -> None:
    def stub(data: bytes, model: nn.Module, optimizer: Any) -> Any:
        raise NotImplementedError

    verdict = check("checkpoint", (save_by_torch, stub))
    assert (verdict.status.value, verdict.score) == ("not right yet", 0)
    assert "stub is still to be written" in str(verdict)


def test_bytes_that_are_empty_are_called_that_and_an_empty_file_that_is_read_is_not() -> None:
    def never_saved(model: nn.Module, optimizer: Any) -> bytes:
        return io.BytesIO().getvalue()

    def load_nothing(data: bytes, model: nn.Module, optimizer: Any) -> Any:
        return load_by_torch(io.BytesIO().getvalue(), model, optimizer)

    assert check("checkpoint", (never_saved, load_by_torch)).misconception == "empty bytes"
    assert check("checkpoint", (save_by_torch, load_nothing)).misconception == ""


def test_what_was_handed_back_in_the_place_of_bytes_is_named() -> None:
    def file_left_open(model: nn.Module, optimizer: Any) -> Any:
        return io.BytesIO(save_by_torch(model, optimizer))

    verdict = check("checkpoint", (file_left_open, load_by_torch))
    assert (verdict.score, verdict.misconception) == (0, "")
    assert "no bytes were saved: BytesIO was handed back" in str(verdict)


def test_a_drawn_case_of_a_checkpoint_says_what_it_is() -> None:
    def woken(data: bytes, model: nn.Module, optimizer: Any) -> Any:
        load_by_torch(data, model, optimizer)
        return model.train(), optimizer

    said = str(check("checkpoint", (save_by_torch, woken)))
    assert re.search(
        r"tried +(two layers|batch norm) in float\d\d; .+ groups?, saved after \d steps, loaded into", said
    )
    assert "in eval mode: " in said


def test_a_checkpoint_may_be_loaded_more_than_once() -> None:
    assert check("checkpoint", (save_by_torch, lambda data, model, optimizer: (
        load_by_torch(data, model, optimizer) and load_by_torch(data, model, optimizer)))).solved  # fmt: skip


# Cases


@pytest.mark.parametrize(
    "exercise", ["cross_entropy", "sgd_step", "train_module", "swap_head", "load_partly", "checkpoint"]
)
def test_every_feasible_pair_of_choices_meets(exercise: str) -> None:
    space = oracles_of("training")[exercise].space
    assert space is not None and space.unmet() == []


def test_no_case_asks_adam_for_a_step_along_rounding() -> None:
    """A bias before a batch norm has a gradient that is 0 but for rounding, and Adam's steps are as long for that."""
    for exercise in ("swap_head", "checkpoint"):
        for case in load(find(exercise)).cases:
            if case["optimizer"] != "SGD" and case["device" if "device" in case else "dtype"] != "meta":
                assert case["dtype"] == torch.float64
                norms = any(word == "norm" for word, *_ in case.inputs.get("layers", ()))
                assert not (norms and any("0.bias" in group["params"] for group in case["groups"]))


@pytest.mark.parametrize(
    "kind", [lambda *two: dict(zip(("loaded", "skipped"), two, strict=True)), lambda *two: (*two, ())]
)
def test_what_is_handed_back_in_another_form_is_not_called_nothing(kind: Any) -> None:
    right = oracles_of("training")["load_partly"].answer
    verdict = check("load_partly", lambda model, state_dict: kind(*right(model, state_dict)))
    assert verdict.misconception == "" and not verdict.solved


def test_an_optimiser_without_room_for_new_state_is_said_to_stop_the_training() -> None:
    right = oracles_of("training")["swap_head"].answer

    def into_a_plain_dict(model: Any, optimizer: Any, num_classes: int) -> None:
        right(model, optimizer, num_classes)
        optimizer.state = dict(optimizer.state)

    verdict = check("swap_head", into_a_plain_dict)
    assert verdict.finding is not None and verdict.finding.got == "training on raises KeyError"
    assert "raised" not in verdict.note
