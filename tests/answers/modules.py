"""The sample answers of chapter 03: right ones in other styles, known misconceptions in other words."""

from __future__ import annotations

import math
import warnings
from collections import OrderedDict
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn


class WithModules(nn.Module):
    def __init__(self, *unused: Any, classes: int = 10) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, (3, 3), stride=(1, 1), padding="same")
        self.act = nn.ReLU(inplace=True)
        self.flat = nn.Flatten()
        self.fc = nn.Linear(in_features=32 * 32 * 16, out_features=classes)

    def forward(self, batch: Tensor) -> Tensor:
        return self.fc(self.flat(self.act(self.conv(batch))))


class Lazy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.LazyConv2d(16, 3, padding=1)
        self.fc = nn.LazyLinear(10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x).clamp(min=0)
        return self.fc(x.reshape(x.size(0), -1))


class Derived(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(
            OrderedDict(conv=nn.Conv2d(3, 16, 3, 1, 1), a=nn.ReLU(), b=nn.Flatten(1, -1), fc=nn.Linear(16384, 10))
        )


class PaddedByHand(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(16384, 10)  # the order of attributes is free
        self.conv = nn.Conv2d(3, 16, 3)

    def forward(self, x: Tensor) -> Tensor:
        warnings.warn("a warning costs nothing", stacklevel=2)
        hidden = self.conv(F.pad(x, (1, 1, 1, 1)))
        return self.fc(torch.where(hidden > 0, hidden, 0.0).view(-1, 16 * 32 * 32))


class OneMatrix(nn.Module):
    """The head as one matrix product over the pixels, on the layer's own parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, kernel_size=3, padding=(1, 1), dilation=1, groups=1)
        self.fc = nn.Linear(16 * 32**2, 10, bias=True)

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.maximum(self.conv(x), x.new_zeros(()))
        weight = self.fc.weight.unflatten(1, hidden.shape[1:])
        return torch.einsum("nchw,ochw->no", hidden, weight) + self.fc.bias


def sequential_by_attribute() -> nn.Sequential:
    net = nn.Sequential()
    net.conv = nn.Conv2d(3, 16, 3, padding="same")
    net.rectify = nn.Threshold(0.0, 0.0)
    net.flatten = nn.Flatten()
    net.fc = nn.Linear(16384, 10)
    return net


def sequential_added() -> nn.Sequential:
    net = nn.Sequential()
    net.add_module("conv", nn.Conv2d(3, 16, 3, padding=1))
    net.add_module("activation", nn.ReLU())
    net.add_module("flatten", nn.Flatten())
    net.add_module("fc", nn.Linear(16384, 10))
    return net


def probabilities_with_mode(model: nn.Module, x: Tensor) -> Tensor:
    was = model.training
    model.eval()
    try:
        with torch.inference_mode():
            return torch.softmax(model(x), dim=-1)
    finally:
        model.train(was)


def counted_by_loop(module: nn.Module, trainable_only: bool = False, *, verbose: bool = False) -> int:
    total = 0
    for parameter in module.parameters():
        if trainable_only and not parameter.requires_grad:
            continue
        total += math.prod(parameter.shape)
    return total


class Counter:
    def __call__(self, module: nn.Module, trainable_only: bool = False) -> Any:
        return np.int64(counted_by_loop(module, trainable_only))


class InADict(nn.Module):
    """Layers where torch does not look for them."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = {"conv": nn.Conv2d(3, 16, (3, 3), padding=(1, 1)), "fc": nn.Linear(16384, 10)}

    def forward(self, x: Tensor) -> Tensor:
        return self.parts["fc"](self.parts["conv"](x).relu().flatten(start_dim=1))


class InTheClass(nn.Module):
    """Layers of the class, which no object's __init__ has made."""

    conv = nn.Conv2d(3, 16, 3, padding=1)
    fc = nn.Linear(16384, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.conv(x).relu().flatten(1))


class Frozen(WithModules):
    def __init__(self) -> None:
        super().__init__()
        self.conv.requires_grad_(False)


class MadeEachTime(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        hidden = F.relu(nn.Conv2d(3, 16, 3, 1, "same")(x))
        return nn.Linear(hidden[0].numel(), 10)(hidden.flatten(1))


class MadeAlike(MadeEachTime):
    def forward(self, x: Tensor) -> Tensor:
        torch.manual_seed(0)
        return super().forward(x)


class WithoutLayers(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros(len(x), 10)


class Noise(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.randn(len(x), 10)


class PlainTensors(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = torch.randn(16, 3, 3, 3), torch.randn(10, 16384)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(F.conv2d(x, self.conv, padding=1).relu().flatten(1), self.fc)


RIGHT = {
    "conv_output_size": [
        lambda size, kernel_size, stride=1, padding=0, dilation=1: (
            (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1
        ),
        lambda size, kernel_size, stride=1, padding=0, dilation=1: len(
            range(0, size + 2 * padding - dilation * (kernel_size - 1), stride)
        ),
        lambda size, kernel_size, stride=1, padding=0, dilation=1, /: (
            (padding - dilation * (kernel_size - 1) + size + padding - 1) // stride + 1
        ),
        lambda size, kernel_size, step=1, pad=0, /, dilation=1: (
            -((dilation * (kernel_size - 1) + 1 - size - 2 * pad) // -step) * -1 + 1
        ),
        lambda *, size, kernel_size, stride=1, padding=0, dilation=1: math.floor(
            1 + (size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride
        ),
        lambda size, kernel_size, stride=1, padding=0, dilation=1: nn.Conv2d(
            1, 1, kernel_size, stride, padding, dilation
        )(torch.zeros(1, 1, size, size)).size(2),
        lambda size, kernel_size, stride=1, padding=0, dilation=1: torch.tensor(
            (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1
        ),
    ],
    "tiny_cnn": [WithModules, Lazy, Derived, PaddedByHand, OneMatrix],
    "sequential_cnn": [
        sequential_added,
        sequential_by_attribute,
        Derived,
        lambda: nn.Sequential(
            OrderedDict(
                [
                    ("conv", nn.Conv2d(3, 16, kernel_size=3, padding=1)),
                    ("relu", nn.ReLU(inplace=True)),
                    ("flatten", nn.Flatten(start_dim=1)),
                    ("fc", nn.Linear(16 * 32 * 32, 10)),
                ]
            )
        ),
        lambda: nn.Sequential(
            OrderedDict(
                {"conv": nn.Conv2d(3, 16, 3, 1, 1), "0": nn.ReLU(), "1": nn.Flatten(), "fc": nn.Linear(16384, 10)}
            )
        ),
    ],
    "count_parameters": [
        counted_by_loop,
        Counter(),
        lambda module, trainable_only=False: sum(
            len(p.detach().flatten()) for p in module.parameters() if not (trainable_only and not p.requires_grad)
        ),
        lambda module, trainable_only=False: sum(
            p.nelement() for p in set(module.parameters()) if p.requires_grad or not trainable_only
        ),
        lambda module, trainable_only=False: sum(
            torch.as_tensor(p.shape).prod() for _, p in module.named_parameters() if p.requires_grad >= trainable_only
        ),
    ],
    "predict_proba": [
        probabilities_with_mode,
        torch.no_grad()(lambda model, x: F.softmax(model(x), dim=1)),
        lambda model, x: nn.Softmax(dim=1)(model(x).detach()),
        lambda *, model, x: model(x).data.log_softmax(1).exp(),
        lambda model, x: (lambda e: e / e.sum(1, keepdim=True))(
            (lambda z: z - z.amax(1, True))(model(x).detach()).exp()
        ),
    ],
}


def network(forward: Any, **layers: nn.Module) -> Any:
    class Answer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = layers.get("conv") or nn.Conv2d(3, 16, 3, padding=1)
            self.fc = layers.get("fc") or nn.Linear(16384, 10)

        def forward(self, x: Tensor) -> Tensor:
            return forward(self, x)

    return Answer


def eval_and_forget(model: nn.Module, x: Tensor) -> Tensor:
    model.train(False)
    with torch.no_grad():
        return torch.softmax(model(x), 1)


def switching(model: nn.Module, x: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    try:
        return torch.softmax(model(x), 1)
    finally:
        torch.set_grad_enabled(True)


def buffers_unless_trainable(module: nn.Module, trainable_only: bool = False) -> int:
    if trainable_only:
        return sum(one.numel() for one in module.parameters() if one.requires_grad)
    return sum(one.numel() for one in module.state_dict().values())


WRONG = [
    ("conv_output_size", "padding once", lambda size, kernel_size, stride=1, padding=0, dilation=1: (
        (size + padding - dilation * (kernel_size - 1) - 1) // stride + 1)),
    ("conv_output_size", "dilation ignored", lambda size, kernel_size, stride=1, padding=0, dilation=1: (
        (size + 2 * padding - kernel_size) // stride + 1)),
    ("conv_output_size", "rounded up", lambda size, kernel_size, stride=1, padding=0, dilation=1: (
        -(-(size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride) + 1)),
    ("conv_output_size", "dilation times the kernel's size", lambda size, kernel_size, stride=1, padding=0, dilation=1: (
        (size - kernel_size * dilation + padding * 2 + stride) // stride)),
    ("tiny_cnn", "graph cut", network(torch.no_grad()(lambda m, x: m.fc(F.relu(m.conv(x)).flatten(1))))),
    ("tiny_cnn", "graph cut", network(lambda m, x: m.fc(torch.relu(m.conv(x)).flatten(1).data))),
    ("tiny_cnn", "layers not registered", InADict),
    ("tiny_cnn", "layers not registered", InTheClass),
    ("tiny_cnn", "parameters frozen", Frozen),
    ("tiny_cnn", "layers made in forward", MadeEachTime),
    ("tiny_cnn", "layers made in forward", MadeAlike),
    ("tiny_cnn", "softmax inside", network(lambda m, x: nn.Softmax(dim=-1)(m.fc(torch.relu(m.conv(x)).flatten(1))))),
    ("tiny_cnn", "no padding", network(
        lambda m, x: m.fc(F.relu(m.conv(x)).reshape(x.shape[0], -1)), conv=nn.Conv2d(3, 16, 3, padding=0))),
    ("tiny_cnn", "ReLU missing", network(lambda m, x: m.fc(nn.Flatten()(m.conv(x))))),
    ("tiny_cnn", "batch flattened", network(lambda m, x: m.fc(torch.flatten(m.conv(x).relu())))),
    ("tiny_cnn", "batch flattened", network(lambda m, x: m.fc(m.conv(x).relu().view(-1)))),
    ("sequential_cnn", "flatten from dim 0", lambda: nn.Sequential(OrderedDict(
        conv=nn.Conv2d(3, 16, 3, padding=1), r=nn.ReLU(), f=nn.Flatten(start_dim=0), fc=nn.Linear(16384, 10)))),
    ("sequential_cnn", "parameters frozen", lambda: Derived().requires_grad_(False)),
    ("sequential_cnn", "other names", lambda: nn.Sequential(OrderedDict(
        first=nn.Conv2d(3, 16, 3, padding=1), r=nn.ReLU(), f=nn.Flatten(), last=nn.Linear(16384, 10)))),
    ("sequential_cnn", "other names", lambda: nn.Sequential(
        nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 16, 3, padding=1), relu=nn.ReLU())), nn.Flatten(), nn.Linear(16384, 10))),
    ("count_parameters", "a float for an int", lambda module, trainable_only=False: sum(
        np.prod(p.size()) for p in module.parameters() if p.requires_grad or not trainable_only)),
    ("count_parameters", "tensors counted", lambda module, trainable_only=False: len(
        [p for p in module.parameters() if p.requires_grad or not trainable_only])),
    ("count_parameters", "buffers counted", lambda module, trainable_only=False: sum(
        t.numel() for t in [*module.parameters(), *module.buffers()]
        if not trainable_only or t.requires_grad or not isinstance(t, nn.Parameter))),
    ("predict_proba", "softmax over the batch", torch.no_grad()(lambda model, x: torch.softmax(model(x), dim=0))),
    ("predict_proba", "log-probabilities", torch.no_grad()(lambda model, x: F.log_softmax(model(x), dim=1))),
    ("predict_proba", "leaves the model in eval mode", eval_and_forget),
    ("predict_proba", "exp of large logits", torch.no_grad()(lambda model, x: (e := torch.exp(model(x))) / e.sum(-1, keepdim=True))),
    ("predict_proba", "gradients switched on for everybody", switching),
    ("predict_proba", "graph kept", lambda model, x: model(x).softmax(dim=-1)),
    ("predict_proba", "classes, not probabilities", lambda model, x: torch.argmax(model(x).data, dim=-1)),
    ("predict_proba", "a batch of one image dropped", lambda model, x: torch.softmax(model(x).data, dim=-1).squeeze()),
    ("sequential_cnn", "ReLU on the logits", lambda: nn.Sequential(OrderedDict(
        conv=nn.Conv2d(3, 16, (3, 3), padding=(1, 1)), act=nn.ReLU(), flat=nn.Flatten(1), fc=nn.Linear(16384, 10),
        again=nn.ReLU()))),
    ("conv_output_size", "padding once", lambda size, kernel_size, stride=1, padding=0, dilation=1: (
        len(range(dilation * (kernel_size - 1), size + padding, stride)))),
    ("count_parameters", "buffers counted", buffers_unless_trainable),
    ("predict_proba", "softmax over the batch", torch.no_grad()(lambda model, x: (lambda e: e / e.sum(dim=0))(torch.exp(model(x))))),
    ("predict_proba", "log-probabilities", torch.no_grad()(lambda model, x: torch.log(F.softmax(model(x), dim=-1)))),
]  # fmt: skip

TORCHS_OWN: list[tuple[str, Any]] = []  # torch builds everything in this chapter
