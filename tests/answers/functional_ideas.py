"""First ideas for chapter 04 that are wrong, each with the name of what is wrong about it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIZES = {"conv.weight": (16, 3, 3, 3), "conv.bias": (16,), "fc.weight": (10, 16384), "fc.bias": (10,)}


def root_of_fan_in(name: str) -> float:
    return math.sqrt(27 if "conv" in name else 16384)


def started(draw: Callable[[str, tuple[int, ...], torch.Generator], Tensor]) -> Callable[..., Any]:
    return lambda generator: {name: nn.Parameter(draw(name, size, generator)) for name, size in SIZES.items()}


def around_zero(size: tuple[int, ...], generator: torch.Generator | None) -> Tensor:
    return 2 * torch.rand(size, generator=generator) - 1


def seeded_again(generator: torch.Generator) -> Any:
    generator.manual_seed(0)
    return started(lambda name, size, same: around_zero(size, same) / root_of_fan_in(name))(generator)


_DRAWN: dict[str, Any] = {}


def drawn_once(generator: torch.Generator) -> Any:
    if not _DRAWN:
        _DRAWN.update(seeded_again(torch.Generator()))
    return {name: one.detach().clone().requires_grad_() for name, one in _DRAWN.items()}


def plus(out: Tensor, bias: Tensor | None) -> Tensor:
    return out if bias is None else out + bias


def network(x: Tensor, params: Any, act: Callable[[Tensor], Tensor] = torch.relu) -> Tensor:
    hidden = act(torch.conv2d(x, params["conv.weight"], params["conv.bias"], padding=1))
    return hidden.reshape(len(x), -1) @ params["fc.weight"].T + params["fc.bias"]


def network_of_values(x: Tensor, params: Any) -> Tensor:
    weight, bias, fc_weight, fc_bias = params.values()
    return F.linear(F.conv2d(x, weight, bias, padding=1).relu().flatten(1), fc_weight, fc_bias)


@torch.no_grad()
def network_without_grad(x: Tensor, params: Any) -> Tensor:
    return network(x, params)


def relu_in_numpy(x: Tensor) -> Tensor:
    rows = x.detach().numpy().copy()
    rows[rows < 0] = 0
    return torch.from_numpy(rows)


def softmax_by(x: Tensor, dim: int, least: Tensor) -> Tensor:
    e = (x - least).exp()
    return e / e.sum(dim=dim, keepdim=True)


def softmax_in_numpy(x: Tensor, dim: int) -> Tensor:
    rows = x.detach().numpy()
    e = np.exp(rows - np.amax(rows, axis=dim, keepdims=True))
    return torch.tensor(e / e.sum(axis=dim, keepdims=True))


def softmax_subtracting(x: Tensor, dim: int) -> Tensor:
    row = x.detach()
    row -= row.amax(dim, keepdim=True)
    return row.exp() / row.exp().sum(dim, keepdim=True)


def zeroed_behind_the_graph(x: Tensor) -> Tensor:
    x.data[x.data < 0] = 0
    return x


def zeroed_without_a_graph(x: Tensor) -> Tensor:
    with torch.no_grad():
        x.masked_fill_(x < 0, 0)
    return x


IDEAS: list[tuple[str, str, Callable[..., Any]]] = [
    ("init_params", "normal numbers for even ones", started(
        lambda name, size, generator: torch.randn(size, generator=generator) / root_of_fan_in(name))),
    ("init_params", "normal numbers for even ones", started(
        lambda name, size, generator: torch.empty(size).normal_(0, 2**0.5 / root_of_fan_in(name), generator=generator))),
    ("init_params", "normal numbers for even ones", started(
        lambda name, size, generator: torch.randn(size, generator=generator).div(100))),
    ("init_params", "unscaled rand", started(lambda name, size, generator: torch.rand(size, generator=generator))),
    ("init_params", "bounds too wide", started(lambda name, size, generator: around_zero(size, generator))),
    ("init_params", "bounds too wide", started(
        lambda name, size, generator: around_zero(size, generator) * 6**0.5 / root_of_fan_in(name))),
    ("init_params", "bounds too narrow", started(
        lambda name, size, generator: (torch.rand(size, generator=generator) - 0.5) / root_of_fan_in(name))),
    ("init_params", "bounds too narrow", started(
        lambda name, size, generator: around_zero(size, generator) / root_of_fan_in(name) ** 2)),
    ("init_params", "the convolution's bound too wide", started(
        lambda name, size, generator: around_zero(size, generator) / (3**0.5 if "conv" in name else 128))),
    ("init_params", "bounds not by each layer's fan_in", started(
        lambda name, size, generator: 0.1 * around_zero(size, generator))),
    ("init_params", "bounds not by each layer's fan_in", started(
        lambda name, size, generator: around_zero(size, generator) / (12 if "conv" in name else 10**0.5))),
    ("init_params", "biases bounded by their own size", started(
        lambda name, size, generator: around_zero(size, generator) / math.prod(size[1:]) ** 0.5)),
    ("init_params", "bounds by the number of elements", started(
        lambda name, size, generator: around_zero(size, generator) / math.prod(size) ** 0.5)),
    ("init_params", "the same numbers every time", lambda generator: started(
        lambda name, size, same: around_zero(size, same) / root_of_fan_in(name))(torch.manual_seed(42))),
    ("init_params", "the same numbers every time", lambda generator: started(
        lambda name, size, same: around_zero(size, same) / root_of_fan_in(name))(generator.manual_seed(2024))),
    ("init_params", "unevenly within the bounds", started(
        lambda name, size, generator: around_zero(size, generator) ** 3 / root_of_fan_in(name))),
    ("init_params", "unevenly within the bounds", started(
        lambda name, size, generator: torch.randn(size, generator=generator).clamp(-1, 1) / root_of_fan_in(name))),
    ("init_params", "unevenly within the bounds", started(lambda name, size, generator: nn.init.trunc_normal_(
        torch.empty(size), a=-1, b=1, generator=generator) / root_of_fan_in(name))),
    ("init_params", "only positive numbers", started(
        lambda name, size, generator: torch.rand(size, generator=generator) / root_of_fan_in(name))),
    ("init_params", "all zeros", started(lambda name, size, generator: torch.zeros(*size))),
    ("init_params", "biases left at zero", started(lambda name, size, generator: (
        torch.zeros(size) if len(size) == 1 else around_zero(size, generator) / root_of_fan_in(name)))),
    ("init_params", "dtype of another kind", started(
        lambda name, size, generator: around_zero(size, generator).double() / root_of_fan_in(name))),
    ("init_params", "the same numbers every time", seeded_again),
    ("init_params", "the same numbers every time", drawn_once),
    ("relu", "gradient lost", relu_in_numpy),
    ("relu", "gradient lost", torch.no_grad()(lambda x: (x + x.abs()) / 2)),
    ("relu", "yes and no for numbers", lambda x: torch.gt(x, 0)),
    ("relu", "the step instead of the ramp", lambda x: torch.gt(x, 0).float()),
    ("relu", "only the positive numbers kept", lambda x: torch.masked_select(x, x > 0)),
    ("relu", "cut off above", lambda x: x.clip(min=0, max=6)),
    ("relu", "a leak below zero", lambda x: torch.maximum(x, x * 0.01)),
    ("relu", "smoothed", lambda x: (1 + x.exp()).log()),
    ("relu", "dtype of the input lost", lambda x: (x * (x > 0)).to(torch.float32)),
    ("linear", "gradient lost", lambda x, weight, bias=None: plus(x @ weight.data.t(), bias)),
    ("linear", "gradient lost", lambda x, weight, bias=None: plus(x.data @ weight.t(), bias)),
    ("linear", "weight times x", lambda x, weight, bias=None: plus(torch.matmul(weight, x), bias)),
    ("linear", "two dimensions only", lambda x, weight, bias=None: plus(x.mm(weight.t()), bias)),
    ("linear", "dimensions in front flattened", lambda x, weight, bias=None: plus(x.view(
        -1, x.size(-1)) @ weight.t() if x.is_contiguous() else x.reshape(-1, x.size(-1)) @ weight.t(), bias)),
    ("linear", "dimensions of size 1 dropped", lambda x, weight, bias=None: torch.squeeze(plus(x.matmul(weight.T), bias))),
    ("linear", "bias taken for granted", lambda x, weight, bias=None: torch.matmul(x, weight.t()) + bias),
    ("linear", "asked whether the bias is true", lambda x, weight, bias=None: (
        x @ weight.T if not bias else x @ weight.T + bias)),
    ("linear", "products not summed", lambda x, weight, bias=None: plus(torch.mul(x, weight), bias)),
    ("linear", "mean for sum", lambda x, weight, bias=None: plus((x.unsqueeze(-2) * weight).mean(-1), bias)),
    ("linear", "one bias for all outputs", lambda x, weight, bias=None: plus(
        x @ weight.T, None if bias is None else torch.sum(bias))),
    ("linear", "bias added to x", lambda x, weight, bias=None: torch.matmul(plus(x, bias), weight.T)),
    ("linear", "weight transposed in place", lambda x, weight, bias=None: plus(torch.matmul(x, weight.t_()), bias)),
    ("linear", "dtype of the input lost", lambda x, weight, bias=None: plus(
        torch.matmul(x, weight.T), bias).to(torch.float32)),
    ("softmax", "wrong dim", lambda x, dim: softmax_by(x, 0, x.amax(0, keepdim=True))),
    ("softmax", "wrong dim", lambda x, dim: softmax_by(x, 1, x.amax(1, keepdim=True))),
    ("softmax", "keepdim forgotten", lambda x, dim: x.exp() / torch.sum(torch.exp(x), dim).unsqueeze(-1)),
    ("softmax", "the sum taken for a constant", lambda x, dim: (
        (e := (x - x.amax(dim, True)).exp()) / e.data.sum(dim, keepdim=True))),
    ("softmax", "not divided by the sum", lambda x, dim: torch.exp(x - x.max(dim, keepdim=True)[0])),
    ("softmax", "mean for sum", lambda x, dim: torch.exp(x) / torch.exp(x).mean(dim, True)),
    ("softmax", "divided by the largest, not moved by it", lambda x, dim: softmax_by(
        x / x.max(dim, keepdim=True).values, dim, torch.zeros(()))),
    ("softmax", "exp forgotten", lambda x, dim: x.div(x.sum(dim, True))),
    ("softmax", "something else subtracted than the largest", lambda x, dim: softmax_by(x, dim, x.mean(dim, keepdim=True))),
    ("softmax", "something else subtracted than the largest", lambda x, dim: softmax_by(x, dim, x.amin(dim, keepdim=True))),
    ("softmax", "something else subtracted than the largest", lambda x, dim: softmax_by(
        x, dim, (x.amax(dim, keepdim=True) + x.amin(dim, keepdim=True)) / 2)),
    ("softmax", "something else subtracted than the largest", lambda x, dim: softmax_by(x, dim, x.mean())),
    ("softmax", "not stabilised", lambda x, dim: torch.nan_to_num(softmax_by(x, dim, torch.zeros(())))),
    ("softmax", "a small number added to the sum", lambda x, dim: (
        (e := (x - x.amax(dim, True)).exp()) / (1e-8 + e.sum(dim, True)))),
    ("softmax", "powers of another number", lambda x, dim: (
        (e := torch.exp2(x - x.amax(dim, True))) / e.sum(dim, True))),
    ("softmax", "clamped before exp", lambda x, dim: (e := torch.exp(torch.clamp(x, max=80))) / e.sum(dim, True)),
    ("softmax", "gradient lost", softmax_in_numpy),
    ("softmax", "in place", softmax_subtracting),
    ("softmax", "dtype of the input lost", lambda x, dim: softmax_by(x, dim, x.amax(dim, keepdim=True)).to(torch.float32)),
    ("params_from_module", "buffers taken too", lambda model: {
        name: one.clone().requires_grad_() for name, one in model.state_dict().items() if one.dtype != torch.int64}),
    ("params_from_module", "parameters deeper down forgotten", lambda model: {
        name: nn.Parameter(one.detach().clone()) for name, one in model.named_parameters(recurse=False)}),
    ("params_from_module", "frozen parameters left out", lambda model: {
        name: nn.Parameter(one.detach().clone()) for name, one in model.named_parameters() if one.requires_grad}),
    ("params_from_module", "names without the dot", lambda model: {
        "_".join(name.split(".")): one.detach().clone().requires_grad_() for name, one in model.named_parameters()}),
    ("params_from_module", "names without the way to them", lambda model: {
        name.rpartition(".")[2]: nn.Parameter(one.detach().clone()) for name, one in model.named_parameters()}),
    ("params_from_module", "numbers for names", lambda model: {
        number: nn.Parameter(one.detach().clone()) for number, one in enumerate(model.parameters())}),
    ("params_from_module", "other numbers than the module's", lambda model: {
        name: nn.Parameter(torch.zeros(one.shape, dtype=one.dtype)) for name, one in model.named_parameters()}),
    ("functional_cnn", "tensors by their place, not by their name", network_of_values),
    ("functional_cnn", "graph cut", lambda x, params: network(x, {name: one.data for name, one in params.items()})),
    ("functional_cnn", "graph cut", network_without_grad),
    ("functional_cnn", "graph cut", lambda x, params: network(x, params, lambda hidden: hidden.data.clamp(min=0))),
    ("functional_cnn", "a batch of one image dropped", lambda x, params: torch.squeeze(network(x, params))),
    ("functional_cnn", "ReLU on the logits", lambda x, params: network(x, params, lambda hidden: hidden).clamp(min=0)),
    ("functional_cnn", "another nonlinearity", lambda x, params: network(x, params, torch.sigmoid)),
    ("functional_cnn", "classes, not logits", lambda x, params: torch.argmax(network(x, params), dim=-1)),
    ("functional_cnn", "averaged over the batch", lambda x, params: torch.mean(network(x, params), 0)),
    ("functional_cnn", "pooled", lambda x, params: network(x, params, lambda hidden: F.max_pool2d(hidden.relu(), 2, 2))),
    ("functional_cnn", "pooled", lambda x, params: network(x, params, lambda hidden: hidden.relu()[..., ::2, ::2])),
    ("functional_cnn", "dtype of the input lost", lambda x, params: network(
        x.to(torch.float32), {name: one.to(torch.float32) for name, one in params.items()})),
    ("relu", "in place", zeroed_behind_the_graph),
    ("relu", "in place", zeroed_without_a_graph),
    ("linear", "weight not transposed", lambda x, weight, bias=None: (
        torch.mm(x, weight) if bias is None else torch.addmm(bias, x, weight))),
    ("linear", "bias added along the wrong axis", lambda x, weight, bias=None: (
        plus(torch.matmul(weight, x.transpose(-1, -2)), bias).transpose(-1, -2))),
    ("softmax", "not stabilised", lambda x, dim: torch.exp(x) / torch.sum(torch.exp(x), dim).unsqueeze(dim)),
    ("softmax", "not stabilised", lambda x, dim: torch.exp(x - torch.log(torch.sum(torch.exp(x), dim, keepdim=True)))),
    ("params_from_module", "non-leaf", lambda model: {
        name: nn.Parameter(one.data).clone() for name, one in model.named_parameters()}),
]  # fmt: skip
