"""A misconception is named where it explains all that is wrong in the values, and only there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from answers.modules import Frozen, InADict, MadeAlike, Noise, PlainTensors, WithoutLayers
from answers.storage.right import read_by_hand
from answers.views.right import infer_checked
from answers.views.wrong import infer_rounding, infer_rounding_up
from judging import verdict_on
from torch import Tensor, nn

from autograder.authoring.oracles.capstone.hybrid_cnn import HybridCNN
from autograder.authoring.oracles.functional.parameters import BOUNDS, SIZES
from autograder.authoring.oracles.modes.dropout_net import DropoutNet
from autograder.authoring.oracles.registration.my_conv2d import MyConv2d
from autograder.authoring.oracles.registration.my_linear import MyLinear
from autograder.authoring.oracles.registration.stacked_mlp import StackedMLP
from autograder.authoring.oracles.shining.symmetric_linear import SymmetricLinear
from autograder.authoring.oracles.shining.tied_autoencoder import TiedAutoencoder
from autograder.judging.reference import load
from autograder.observing.exercise import find


def started(draw: Callable[..., Tensor], generator: torch.Generator) -> dict[str, Tensor]:
    """Of each tensor the numbers that ``draw`` gives, times 1/√fan_in."""
    return {name: (draw(size, generator=generator) * BOUNDS[name]).requires_grad_() for name, size in SIZES.items()}


def uneven_within_the_bounds(generator: torch.Generator) -> dict[str, Tensor]:
    return started(lambda *size, **given: (2 * torch.rand(*size, **given) - 1) ** 3, generator)


def scaled_normal_numbers(generator: torch.Generator) -> dict[str, Tensor]:
    return started(torch.randn, generator)


def half_the_bounds(generator: torch.Generator) -> dict[str, Tensor]:
    return started(lambda *size, **given: torch.rand(*size, **given) - 0.5, generator)


def windows_in_the_image(size: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    span = dilation * (kernel_size - 1) + 1
    if span > size:
        raise ValueError("the kernel is larger than the image")
    return (size + 2 * padding - span) // stride + 1


def mode_turned_round(model: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        out = model(x).softmax(1)
    model.train(not model.training)
    return out


def nothing_for_a_remainder(numel: int, new_size: Any) -> Any:
    found = infer_rounding(numel, new_size)
    try:
        return infer_checked(numel, new_size)
    except ValueError:
        return None if -1 in new_size else found


def nothing_for_two(numel: int, new_size: Any) -> Any:
    return None if new_size.count(-1) > 1 else infer_checked(numel, new_size)


def zeros_below_slot_0(storage: Tensor, size: Any, stride: Any, offset: int = 0) -> Tensor:
    try:
        return read_by_hand(storage, size, stride, offset)
    except IndexError:
        if offset >= 0:
            raise
        return storage.new_zeros(size)


def frozen(make: Callable[..., nn.Module], part: str = "") -> Callable[..., nn.Module]:
    """What ``make`` makes, with all parameters frozen whose names have ``part`` in them: nothing is cut."""

    def answer(*given: Any, **named: Any) -> nn.Module:
        module = make(*given, **named)
        for name, one in module.named_parameters():
            one.requires_grad_(part not in name)
        return module

    return answer


FROZEN: list[tuple[str, Callable[..., Any]]] = [
    (name, frozen(make, part))
    for name, make in [
        ("my_linear", MyLinear),
        ("my_conv2d", MyConv2d),
        ("stacked_mlp", StackedMLP),
        ("dropout_net", DropoutNet),
        ("tied_autoencoder", TiedAutoencoder),
        ("symmetric_linear", SymmetricLinear),
        ("hybrid_cnn", HybridCNN),
    ]
    for part in ("", "weight")
]


@pytest.mark.parametrize(("name", "answer"), FROZEN)
def test_a_frozen_parameter_is_told_as_one_and_not_as_a_cut_or_an_error(name: str, answer: Callable[..., Any]) -> None:
    verdict = verdict_on(find(name), answer)
    said = str(verdict)
    assert not verdict.solved
    assert not verdict.misconception, said
    assert "RuntimeError" not in said
    assert not next(one for one in verdict.aspects if one.name == "gradients").holds
    assert "requires_grad is False" in said or "no gradient reaches the last layer" in said


def detached_and_left(module: nn.Module, tensors: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """Nothing is put back, and what stands there is not the dict's."""
    known = dict(module.named_parameters()) | dict(module.named_buffers())
    for name in tensors:
        if name not in known:
            raise KeyError(name)
    for name, tensor in tensors.items():
        path, _, leaf = name.rpartition(".")
        part = module.get_submodule(path)
        home = part._parameters if leaf in part._parameters else part._buffers
        home[leaf] = tensor.detach()
    return module(x)


# Answers with another mistake than the one they were told.
NOT_TOLD: list[tuple[str, Callable[..., Any], str]] = [
    ("relu", lambda x: torch.zeros(10**6), "gradient lost"),
    ("relu", lambda x: torch.zeros_like(x), "gradient lost"),
    ("tiny_cnn", InADict, "layers made in forward"),
    ("tiny_cnn", Noise, "layers made in forward"),
    ("tiny_cnn", MadeAlike, "layers not registered"),
    ("tiny_cnn", WithoutLayers, "layers not registered"),
    ("tiny_cnn", PlainTensors, "layers not registered"),
    ("read_strided", zeros_below_slot_0, "Python's negative index let through"),
    ("infer_size", infer_rounding_up, "non-divisible rounded down"),
    ("infer_size", nothing_for_a_remainder, "non-divisible rounded down"),
    ("infer_size", nothing_for_two, "two -1 accepted"),
    ("call_with", lambda module, tensors, x: torch.zeros(2, 3), "gradient cut"),
    ("call_with", lambda module, tensors, x: 3.0, "gradient cut"),
    ("call_with", detached_and_left, "another object put back"),
    ("conv2d", lambda x, weight, **more: torch.zeros(1, 1, 1, 1), "gradient lost"),
    ("linear", lambda x, weight, bias=None: torch.zeros(3), "gradient lost"),
    ("init_params", uneven_within_the_bounds, "only positive numbers"),
    ("init_params", scaled_normal_numbers, "unscaled randn"),
    ("init_params", half_the_bounds, "only positive numbers"),
    ("init_params", half_the_bounds, "unevenly within the bounds"),
    ("softmax", lambda x, dim: torch.zeros_like(x), "gradient lost"),
    ("conv_output_size", windows_in_the_image, "a float, not an int"),
    ("predict_proba", mode_turned_round, "leaves the model in training mode"),
    ("tiny_cnn", Frozen, "graph cut"),
    ("cross_entropy", lambda logits, target: torch.tensor(0.0), "graph cut"),
]


@pytest.mark.parametrize(("name", "answer", "told"), NOT_TOLD)
def test_another_mistake_is_not_told_by_that_name(name: str, answer: Callable[..., Any], told: str) -> None:
    verdict = verdict_on(find(name), answer)
    assert not verdict.solved
    assert verdict.misconception != told, str(verdict)
    assert told in {one.name for one in load(find(name)).misconceptions}
