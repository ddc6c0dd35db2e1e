"""The sample answers of chapter 04: right ones in other styles, known misconceptions in other words, torch's own."""

from __future__ import annotations

import copy
import logging
import math
import sys
import warnings
from collections import OrderedDict
from typing import Any

import torch
import torch.nn.functional as F
from answers.functional_ideas import IDEAS
from answers.scripted import OWN_FUNCTIONS, relu_in_a_script
from torch import Tensor, nn

from autograder.authoring.oracles.functional import SITUATIONS

SIZES = {"conv.weight": (16, 3, 3, 3), "conv.bias": (16,), "fc.weight": (10, 16384), "fc.bias": (10,)}


def drawn_backwards(generator: torch.Generator) -> Any:
    params = OrderedDict()
    for name in reversed(SIZES):
        fan_in = 27 if "conv" in name else 16384
        params[name] = nn.Parameter((torch.rand(SIZES[name], generator=generator) * 2 - 1) / math.sqrt(fan_in))
    return params


def through_modules(generator: torch.Generator) -> Any:
    conv, fc = nn.Conv2d(3, 16, 3), nn.Linear(16384, 10)
    params = {f"conv.{name}": one for name, one in conv.named_parameters()}
    params |= {f"fc.{name}": one for name, one in fc.named_parameters()}
    for name, one in params.items():
        nn.init.uniform_(one, -(SIZES[name][0] ** 0), 1, generator=generator)
        with torch.no_grad():
            one /= math.sqrt(27 if name.startswith("conv") else 16384)
    return params


def layer_by_layer(generator: torch.Generator) -> Any:
    """As the layers of torch start themselves: Kaiming with a = √5 for weights, ±1/√fan_in for biases."""
    params = {}
    for layer in ("conv", "fc"):
        weight, bias = torch.empty(SIZES[f"{layer}.weight"]), torch.empty(SIZES[f"{layer}.bias"])
        nn.init.kaiming_uniform_(weight, a=math.sqrt(5), generator=generator)
        bound = weight[0].numel() ** -0.5
        nn.init.uniform_(bias, -bound, bound, generator=generator)
        params |= {f"{layer}.weight": weight.requires_grad_(), f"{layer}.bias": bias.requires_grad_()}
    return params


def layers_begun_by_the_generator(generator: torch.Generator) -> Any:
    """Torch's own layers, made while the global generator stands where this one does, and goes on for it."""
    with torch.random.fork_rng(devices=[]):
        torch.set_rng_state(generator.get_state())
        layers = nn.ModuleDict({"conv": nn.Conv2d(3, 16, 3), "fc": nn.Linear(16384, 10)})
        generator.set_state(torch.get_rng_state())
    return dict(layers.named_parameters())


def drawn_then_scaled(generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Any:
    params = {name: torch.rand(size, generator=generator, dtype=dtype) for name, size in SIZES.items()}
    for name, one in params.items():
        one.sub_(0.5).mul_(2).div_(128.0 if name[0] == "f" else 27**0.5).requires_grad_(True)
    return params


def parameters_by_state(model: nn.Module) -> Any:
    state = copy.deepcopy(model.state_dict())
    return {name: state[name].requires_grad_() for name in dict(model.named_parameters())}


def parameters_walked_to(model: nn.Module, prefix: str = "") -> Any:
    """From module to module by hand: a parameter in two places comes under both names."""
    own = model._parameters.items()
    params = {prefix + name: nn.Parameter(one.detach().clone()) for name, one in own if one is not None}
    for name, child in model.named_children():
        params |= parameters_walked_to(child, f"{prefix}{name}.")
    return params


def weight_of_an_image(x: Tensor, params: Any) -> Tensor:
    """The head's weight in the image's own shape, multiplied and summed."""
    hidden = torch.conv2d(x, params["conv.weight"], params["conv.bias"], padding=1).clamp_min(0)
    weight = params["fc.weight"].view(10, *hidden.shape[1:])
    return torch.tensordot(hidden, weight, dims=([1, 2, 3], [1, 2, 3])) + params["fc.bias"]


CHOICES = {situation: choice for group in SITUATIONS.values() for situation, choice in group.items()}


def in_place_rows(x: Tensor) -> Tensor:
    out = x.clone()
    out[out < 0] = 0
    return out


def noisy(x: Tensor) -> Tensor:
    warnings.warn("a warning inside costs nothing", stacklevel=2)
    logging.warning("nor does a log line")
    print("nor a word on stderr", file=sys.stderr)
    return torch.maximum(x, torch.zeros_like(x))


class Linear:
    def __call__(self, x: Tensor, weight: Tensor, bias: Tensor | None = None, scale: float = 1.0) -> Tensor:
        out = torch.matmul(x, weight.transpose(0, 1)) * scale
        if bias is not None:
            out += bias
        return out


def softmax_in_place(x: Tensor, dim: int) -> Tensor:
    e = x - x.max(dim, keepdim=True).values
    e = torch.exp(e)
    return e / torch.sum(e, dim=dim, keepdim=True)


def written_out(x: Tensor, params: Any) -> Tensor:
    hidden = torch.conv2d(x, params["conv.weight"], padding="same") + params["conv.bias"][:, None, None]
    return hidden.clamp(min=0).reshape(len(x), -1) @ params["fc.weight"].T + params["fc.bias"]


def unfolded(x: Tensor, params: Any) -> Tensor:
    columns = F.unfold(x, 3, padding=1)
    hidden = params["conv.weight"].view(16, -1) @ columns + params["conv.bias"].view(16, 1)
    return F.linear(torch.flatten(torch.relu(hidden), 1), params["fc.weight"], params["fc.bias"])


RIGHT = {
    "init_params": [
        drawn_backwards,
        through_modules,
        layer_by_layer,
        drawn_then_scaled,
        layers_begun_by_the_generator,
        lambda *, generator: drawn_backwards(generator),
    ],
    "relu": [
        in_place_rows,
        noisy,
        lambda x: x.clamp(min=0),
        lambda x: torch.where(x > 0, x, torch.zeros_like(x)),
        lambda x: x * (x > 0),
        lambda x: (x + x.abs()) / 2,
        lambda *, x: torch.max(x, x.new_zeros(())),
        lambda x, inplace=False: x.clone().masked_fill_(x < 0, 0.0),
        relu_in_a_script,
    ],
    "linear": [
        Linear(),
        lambda x, weight, bias=None: x @ weight.T + (0 if bias is None else bias),
        lambda x, weight, bias=None: (
            torch.einsum("...i,oi->...o", x, weight) if bias is None else torch.einsum("...i,oi->...o", x, weight).add(bias)
        ),
        lambda x, weight, *, bias=None: (
            (x.unsqueeze(-2) * weight).sum(-1) if bias is None else (x.unsqueeze(-2) * weight).sum(-1) + bias
        ),
        lambda x, weight, bias=None: torch.tensordot(x, weight, ([-1], [1])) + (bias if bias is not None else 0),
    ],
    "softmax": [
        softmax_in_place,
        lambda x, dim: (x - x.logsumexp(dim, keepdim=True)).exp(),
        lambda x, dim: torch.exp(x - torch.logsumexp(x, dim, True)),
        lambda x, dim: torch.func.grad(lambda scores: scores.logsumexp(dim).sum())(x),
        lambda x, dim: F.normalize(torch.exp(x - x.amax(dim, keepdim=True)), p=1, dim=dim),
        lambda x, dim: (lambda e: e / e.sum(dim, True))(torch.exp(x - x.amax(dim, True).detach())),
        lambda *, x, dim: (
            (lambda m: (m - m.amax(-1, True)).exp() / (m - m.amax(-1, True)).exp().sum(-1, True))(x.movedim(dim, -1)).movedim(
                -1, dim
            )
        ),
    ],
    "params_from_module": [
        lambda model: {name: one.detach().clone().requires_grad_(True) for name, one in model.named_parameters()},
        lambda model: {name: nn.Parameter(one.detach().clone()) for name, one in model.named_parameters()},
        lambda model: OrderedDict((n, torch.empty_like(p).copy_(p.data).requires_grad_()) for n, p in model.named_parameters()),
        lambda model: {n: p.requires_grad_() for n, p in copy.deepcopy(model).named_parameters()},
        parameters_by_state,
        parameters_walked_to,
        lambda model: {n: p.detach().clone().requires_grad_() for n, p in model.named_parameters(remove_duplicate=False)},
    ],
    "which_api": [
        CHOICES,
        {situation: choice.upper() + " " for situation, choice in CHOICES.items()},
        dict(reversed(CHOICES.items())),
        CHOICES | {"a situation of one's own": "module"},
        lambda: dict(CHOICES),
    ],
    "functional_cnn": [
        written_out,
        unfolded,
        weight_of_an_image,
        lambda x, params: F.linear(
            F.relu(F.conv2d(x, weight=params["conv.weight"], bias=params["conv.bias"], stride=1, padding=1)).view(
                x.size(0), -1
            ),
            params["fc.weight"],
            params["fc.bias"],
        ),
        lambda x, params: torch.einsum(
            "nf,of->no",
            torch.where((h := F.conv2d(x, params["conv.weight"], params["conv.bias"], 1, 1)) > 0, h, 0 * h).flatten(1),
            params["fc.weight"],
        ).add(params["fc.bias"]),
    ],
}  # fmt: skip


def reset_grad(x: Tensor) -> Tensor:
    x[x < 0] = 0
    return x


WRONG = [
    ("init_params", "unscaled randn", lambda generator: {
        name: nn.Parameter(torch.randn(*size, generator=generator)) for name, size in SIZES.items()}),
    ("init_params", "weight transposed", lambda generator: {
        name: one if name != "fc.weight" else nn.Parameter(one.data.T) for name, one in drawn_backwards(generator).items()}),
    ("init_params", "global generator", lambda generator: drawn_backwards(torch.default_generator)),
    ("init_params", "non-leaf (scaled after requires_grad)", lambda generator: {
        name: torch.empty(size).uniform_(-1, 1, generator=generator).requires_grad_() / math.sqrt(
            27 if "conv" in name else 16384) for name, size in SIZES.items()}),
    ("relu", "in place", reset_grad),
    ("relu", "in place", lambda x: x.data.clamp_(min=0)),
    ("relu", "absolute value", lambda x: torch.where(x > 0, x, -x)),
    ("relu", "gradient lost", lambda x: torch.tensor([max(v, 0.0) for v in x.flatten().tolist()], dtype=x.dtype).view(x.shape)),
    ("linear", "weight not transposed", lambda x, weight, bias=None: (
        torch.matmul(x, weight) if bias is None else torch.matmul(x, weight) + bias)),
    ("linear", "bias forgotten", lambda x, weight, bias=None: torch.einsum("...i,oi->...o", x, weight)),
    ("linear", "bias added along the wrong axis", lambda x, weight, bias=None: (
        x @ weight.t() if bias is None else (x @ weight.t()) + bias.reshape(-1, 1))),
    ("softmax", "wrong dim", lambda x, dim: (lambda e: e / e.sum(-1, keepdim=True))((x - x.amax(-1, keepdim=True)).exp())),
    ("softmax", "not stabilised", lambda x, dim: torch.exp(x) / torch.exp(x).sum(dim=dim, keepdim=True)),
    ("softmax", "keepdim forgotten", lambda x, dim: torch.exp(x) / torch.exp(x).sum(dim=dim)),
    ("params_from_module", "aliases the module's memory", lambda model: {n: p for n, p in model.named_parameters()}),  # noqa: C416
    ("params_from_module", "aliases the module's memory", lambda model: {
        n: p.data.requires_grad_() for n, p in model.named_parameters()}),
    ("params_from_module", "non-leaf", lambda model: {n: p.clone() for n, p in model.named_parameters()}),
    ("params_from_module", "no grad", lambda model: {n: p.data.clone() for n, p in model.named_parameters()}),
    ("functional_cnn", "padding forgotten", lambda x, params: F.linear(
        F.conv2d(x, params["conv.weight"], params["conv.bias"]).relu().flatten(1), params["fc.weight"], params["fc.bias"])),
    ("functional_cnn", "bias forgotten", lambda x, params: (
        F.conv2d(x, params["conv.weight"], padding=1).relu().flatten(1) @ params["fc.weight"].T)),
    ("functional_cnn", "softmax inside", lambda x, params: torch.softmax(written_out(x, params), dim=-1)),
    ("functional_cnn", "flattened in channels-last order", lambda x, params: F.linear(
        F.conv2d(x, params["conv.weight"], params["conv.bias"], padding=1).relu().permute(0, 2, 3, 1).reshape(len(x), -1),
        params["fc.weight"], params["fc.bias"])),
    *IDEAS,
]  # fmt: skip


TORCHS_OWN = [
    ("relu", F.relu),
    ("relu", torch.relu),
    ("relu", nn.ReLU()),
    ("relu", lambda x: x.relu()),
    ("relu", lambda x: x.clone().relu_()),
    ("relu", lambda x: F.relu(x, inplace=False)),
    ("relu", lambda x: torch.ops.aten.relu(x)),
    ("relu", lambda x: F.leaky_relu(x, 0.0)),
    ("linear", F.linear),
    ("linear", lambda x, weight, bias=None: torch.ops.aten.linear(x, weight, bias)),
    ("linear", lambda x, weight, bias=None: torch._C._nn.linear(x, weight, bias)),
    ("softmax", F.softmax),
    ("softmax", torch.softmax),
    ("softmax", lambda x, dim: x.softmax(dim)),
    ("softmax", lambda x, dim: nn.Softmax(dim)(x)),
    ("softmax", lambda x, dim: torch.special.softmax(x, dim)),
    ("softmax", lambda x, dim: x.log_softmax(dim).exp()),
    ("softmax", lambda x, dim: nn.LogSoftmax(dim)(x).exp()),
    ("softmax", lambda x, dim: F.softmin(-x, dim)),
    *OWN_FUNCTIONS,
]
