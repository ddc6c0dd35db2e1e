"""Answers that go by what is no argument: whether gradients are on, and which object it was the last time."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import torch
import torch.nn.functional as F
from answers.convolution.right import conv_by_shifts, im2col_folded, pool_by_windows
from answers.convolution.windows import correlate_by_shifts, pad_by_cat, windows_strided
from answers.functional import SIZES
from answers.functional_ideas import network
from answers.modules import OneMatrix, probabilities_with_mode
from answers.shining.lending import with_a_stack
from answers.shining.pieces import attention_einsum, heads_permuted
from answers.shining.right import dynamic_unbatched
from answers.storage.right import read_by_hand
from torch import Tensor, nn

from autograder.authoring.oracles.training.batches import written_out

__all__ = ["BEYOND_REMEMBERING"]

Answer = Callable[..., Any]


def _relu(x: Tensor) -> Tensor:
    return x.clamp(min=0)


def _linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return x @ weight.T + (0 if bias is None else bias)


def _softmax(x: Tensor, dim: int) -> Tensor:
    return (x - x.logsumexp(dim, keepdim=True)).exp()


def _counted(module: nn.Module, trainable_only: bool = False) -> int:
    return sum(one.numel() for one in module.parameters() if one.requires_grad or not trainable_only)


def _taken(model: nn.Module) -> dict[str, Tensor]:
    return {name: one.detach().clone().requires_grad_() for name, one in model.named_parameters()}


def _started(generator: torch.Generator) -> dict[str, Tensor]:
    return {
        name: ((torch.rand(size, generator=generator) * 2 - 1) / math.sqrt(27 if "conv" in name else 16384))
        for name, size in SIZES.items()
    }


_mean_and_variance = lru_cache(maxsize=None)(lambda x: (x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)))


def _normed_by_the_object(
    x: Tensor, running_mean: Tensor, running_var: Tensor, weight: Tensor, bias: Tensor, training: bool, momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    mean, variance = (running_mean, running_var)
    if training:
        mean, variance = _mean_and_variance(x)
        count = x.numel() // x.shape[1]
        running_mean.lerp_(mean.detach(), momentum)
        running_var.lerp_(variance.detach() * count / max(count - 1, 1), momentum)
    scale = weight / (variance + eps).sqrt()
    return (x - mean[:, None, None]) * scale[:, None, None] + bias[:, None, None]


_lendings: dict[tuple[int, ...], tuple[Any, Tensor]] = {}


def _lent_and_remembered(module: nn.Module, tensors: dict[str, Tensor], x: Tensor) -> Any:
    """What it gave for these very objects is given again."""
    objects = (module, *tensors.values(), x)
    key = tuple(id(one) for one in objects)
    if key not in _lendings:
        _lendings[key] = objects, with_a_stack(module, tensors, x)
    return _lendings[key][1]


def _without(right: Answer, otherwise: Callable[[Any], Any]) -> Answer:
    """``right``, and something else of what it gives where gradients are off."""
    return lambda *args, **named: right(*args, **named) if torch.is_grad_enabled() else otherwise(right(*args, **named))


def _twice(result: Tensor) -> Tensor:
    return 2 * result


def _flattened(x: Tensor) -> Tensor:
    return x.reshape(len(x), -1)


def _channels_last(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1)


def _read_after_a_look(storage: Tensor, size: Any, stride: Any, offset: int = 0) -> Tensor:
    assert storage[0].dim() == 0, "one dimension"
    return read_by_hand(storage, size, stride, offset)


def _switching_on(x: Tensor) -> Tensor:
    with torch.no_grad():
        signs = x > 0
    torch.set_grad_enabled(True)
    return x * signs


_networks: dict[int, tuple[Any, Tensor]] = {}


def _network_turned_once(x: Tensor, params: dict[str, Tensor]) -> Tensor:
    """The linear layer's weight is turned once for each tensor."""
    weight = params["fc.weight"]
    if id(weight) not in _networks or _networks[id(weight)][0] is not weight:
        _networks[id(weight)] = weight, weight.T.contiguous()
    hidden = F.conv2d(x, params["conv.weight"], params["conv.bias"], padding=1).relu()
    return hidden.flatten(1) @ _networks[id(weight)][1] + params["fc.bias"]


class _Remembering(OneMatrix):
    """A weight that is turned once where ``now`` says so, and used there from then on."""

    turned: Tensor | None = None

    def now(self) -> bool:
        return True

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.conv(x).relu().flatten(1)
        if not self.now():
            return self.fc(hidden)
        if self.turned is None:
            self.turned = self.fc.weight.detach().T.contiguous()
        return hidden @ self.turned.to(hidden.dtype) + self.fc.bias


class _WithoutGradients(_Remembering):
    def now(self) -> bool:
        return not torch.is_grad_enabled()


class _InEval(_Remembering):
    def now(self) -> bool:
        return not self.training


class _InEvalUntilTraining(_InEval):
    """What is remembered of eval mode is forgotten in training."""

    def forward(self, x: Tensor) -> Tensor:
        self.turned = None if self.training else self.turned
        return super().forward(x)


class _FromThenOn(_Remembering):
    """Turned in a call without gradients, and used wherever it is there."""

    def now(self) -> bool:
        return self.turned is not None or not torch.is_grad_enabled()


class _Flat(nn.Linear):
    """A linear layer that turns its weight once where gradients are off."""

    turned: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        if torch.is_grad_enabled():
            return super().forward(x)
        self.turned = self.weight.detach().T.contiguous() if self.turned is None else self.turned
        return x @ self.turned.to(x.dtype) + self.bias


def _sequence() -> nn.Sequential:
    net = nn.Sequential()
    for name, layer in (("conv", nn.Conv2d(3, 16, 3, padding=1)), ("relu", nn.ReLU()), ("flat", nn.Flatten())):
        net.add_module(name, layer)
    net.add_module("fc", _Flat(16384, 10))
    return net


BEYOND_REMEMBERING: list[tuple[str, str, Any]] = [
    *(
        (exercise, f"{what} without gradients", _without(right, otherwise))
        for exercise, what, right, otherwise in (
            ("relu", "twice as much", _relu, _twice),
            ("linear", "twice as much", _linear, _twice),
            ("softmax", "logarithms", _softmax, torch.log),
            ("functional_cnn", "softmax", network, partial(torch.softmax, dim=1)),
            ("correlate2d", "twice as much", correlate_by_shifts, _twice),
            ("pad2d", "twice as much", pad_by_cat, _twice),
            ("windows", "a copy", windows_strided, Tensor.clone),
            ("conv2d", "twice as much", conv_by_shifts, _twice),
            ("conv2d_im2col", "twice as much", im2col_folded, _twice),
            ("max_pool2d", "twice as much", pool_by_windows, _twice),
            ("to_channels_last", "a copy", _channels_last, Tensor.clone),
            ("flatten_batch", "a copy", _flattened, Tensor.clone),
            ("count_parameters", "none", _counted, lambda count: 0),
            ("cross_entropy", "twice as much", written_out, _twice),
            ("attention", "twice as much", attention_einsum, _twice),
            ("dynamic_conv", "twice as much", dynamic_unbatched, _twice),
            ("split_heads", "a copy", heads_permuted, Tensor.clone),
            ("call_with", "twice as much", with_a_stack, _twice),
        )
    ),
    ("relu", "in place where nobody sees it", lambda x: x.clamp(min=0) if torch.is_grad_enabled() else x.clamp_(min=0)),
    ("relu", "gradients on for everybody", _switching_on),
    ("params_from_module", "no gradients asked for where they are off", lambda model: {
        name: one.requires_grad_(torch.is_grad_enabled()) for name, one in _taken(model).items()}),
    ("init_params", "no gradients asked for where they are off", lambda generator: {
        name: one.requires_grad_(torch.is_grad_enabled()) for name, one in _started(generator).items()}),
    *(
        (exercise, "remembered by the object", lru_cache(maxsize=None)(right))
        for exercise, right in (
            ("relu", _relu),
            ("linear", _linear),
            ("softmax", _softmax),
            ("correlate2d", correlate_by_shifts),
            ("pad2d", pad_by_cat),
            ("conv2d", conv_by_shifts),
            ("conv2d_im2col", im2col_folded),
            ("max_pool2d", pool_by_windows),
            ("flatten_batch", _flattened),
            ("count_parameters", _counted),
            ("params_from_module", _taken),
            ("predict_proba", probabilities_with_mode),
            ("cross_entropy", written_out),
            ("attention", attention_einsum),
            ("dynamic_conv", dynamic_unbatched),
        )
    ),
    ("call_with", "remembered by the object", _lent_and_remembered),
    ("batch_norm", "statistics remembered by the object", _normed_by_the_object),
    ("functional_cnn", "a weight turned once for each tensor", _network_turned_once),
    ("tiny_cnn", "a weight remembered without gradients", _WithoutGradients),
    ("tiny_cnn", "a weight remembered in eval", _InEval),
    ("tiny_cnn", "a weight remembered in eval until training", _InEvalUntilTraining),
    ("tiny_cnn", "a weight remembered from a call without gradients on", _FromThenOn),
    ("sequential_cnn", "a weight remembered without gradients", _sequence),
    ("read_strided", "the first slot is looked at, whatever is read", _read_after_a_look),
]  # fmt: skip
