"""Chapter 03, the CNN with modules: what is right, and how it is commonly got wrong."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder.case import Case
from autograder.oracles import Misconception, Oracle
from autograder.oracles.maker import CaseMaker

__all__ = ["ORACLES", "TinyCNN", "network_inputs"]


def conv_output_size(size: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """Sizes as torch's documentation of ``Conv2d`` gives them, here asked of torch itself."""
    with torch.no_grad():
        return F.conv1d(torch.zeros(1, 1, size), torch.zeros(1, 1, kernel_size), None, stride, padding, dilation).shape[
            -1
        ]


def _sizes(make: CaseMaker) -> list[Case]:
    cases = [
        make.case("a 3 × 3 kernel on 5 × 5", size=5, kernel_size=3),
        make.case("one pixel of padding on each side", size=5, kernel_size=3, stride=1, padding=1),
        make.case("every second position", size=6, kernel_size=3, stride=2),
        make.case("a stride that leaves pixels over", size=9, kernel_size=3, stride=3, padding=1),
        make.case("the kernel as large as the input", size=7, kernel_size=7),
        make.case("TinyCNN's own", size=32, kernel_size=3, stride=1, padding=1, dilation=1),
        make.case("one pixel, one weight", size=1, kernel_size=1, stride=4),
        make.case("dilation 2: three weights span five pixels", size=7, kernel_size=3, dilation=2, aspect="dilation"),
        make.case("all at once", size=19, kernel_size=4, stride=3, padding=2, dilation=2, aspect="dilation"),
    ]
    for index in range(6):
        kernel, dilation = make.integer(2, 5), make.integer(2, 3) if index % 2 else 1
        drawn: dict[str, Any] = {"kernel_size": kernel, "stride": make.integer(2, 4), "padding": make.integer(1, 3)}
        size = make.integer(dilation * (kernel - 1) + 1, 40)
        aspect: dict[str, Any] = {"dilation": dilation, "aspect": "dilation"} if dilation > 1 else {}
        cases.append(make.case("sizes drawn at random", size=size, **drawn, **aspect))
    return cases


def _span(size: int, kernel: int, stride: int, padding: float, dilation: int) -> float:
    return (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1


CONV_OUTPUT_SIZE = Oracle(
    "conv_output_size",
    conv_output_size,
    _sizes,
    [
        Misconception(
            "padding once",
            lambda size, kernel_size, stride=1, padding=0, dilation=1: math.floor(
                _span(size, kernel_size, stride, padding / 2, dilation)
            ),
            says="Padding is added on both sides: the padded size is size + 2 · padding.",
        ),
        Misconception(
            "dilation ignored",
            lambda size, kernel_size, stride=1, padding=0, dilation=1: math.floor(
                _span(size, kernel_size, stride, padding, 1)
            ),
            says="A dilated kernel reaches further than it has weights: 3 weights with dilation 2 span 5 pixels.",
        ),
        Misconception(
            "rounded up",
            lambda size, kernel_size, stride=1, padding=0, dilation=1: math.ceil(
                _span(size, kernel_size, stride, padding, dilation)
            ),
            lambda size, kernel_size, stride=1, padding=0, dilation=1: round(
                _span(size, kernel_size, stride, padding, dilation)
            ),
            says="A last window that does not fit whole is left out. Count the whole windows only.",
        ),
        Misconception(
            "the first window not counted",
            lambda size, kernel_size, stride=1, padding=0, dilation=1: math.floor(
                _span(size, kernel_size, stride, padding, dilation) - 1
            ),
            says="The division counts the steps. Windows are one more than steps: fence posts and fences.",
        ),
        Misconception(
            "stride ignored",
            lambda size, kernel_size, stride=1, padding=0, dilation=1: math.floor(
                _span(size, kernel_size, 1, padding, dilation)
            ),
            says="With stride s only every s-th position has a window.",
        ),
        Misconception(
            "a float, not an int",
            lambda size, kernel_size, stride=1, padding=0, dilation=1: _span(
                size, kernel_size, stride, padding, dilation
            ),
            lambda size, kernel_size, stride=1, padding=0, dilation=1: float(
                math.floor(_span(size, kernel_size, stride, padding, dilation))
            ),
            says="A size is a whole number. / gives a float in Python; // divides and rounds down in one step.",
        ),
    ],
)


class TinyCNN(nn.Module):
    """The network of the course: ``x (N, 3, 32, 32)`` to logits ``(N, 10)``."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1)
        self.fc = nn.Linear(16 * 32 * 32, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of a batch."""
        return self.fc(F.relu(self.conv(x)).flatten(1))


def _built(
    forward: Callable[[Any, Tensor], Tensor],
    conv: Callable[[], nn.Module] = lambda: nn.Conv2d(3, 16, 3, padding=1),
    fc: Callable[[], nn.Module] = lambda: nn.Linear(16 * 32 * 32, 10),
) -> type[nn.Module]:
    """A class like TinyCNN with another ``forward`` or other layers."""

    class Wrong(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.fc = conv(), fc()

        def forward(self, x: Tensor) -> Tensor:
            return forward(self, x)

    return Wrong


class _MadeInForward(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        conv, fc = nn.Conv2d(3, 16, 3, padding=1), nn.Linear(16 * 32 * 32, 10)
        return fc(F.relu(conv(x)).flatten(1))


def network_inputs(make: CaseMaker, dtype: torch.dtype = torch.float32) -> dict[str, Any]:
    """The four tensors of TinyCNN as recipes, within the bounds of torch's own initialisation."""
    return {
        "conv.weight": make.uniform((16, 3, 3, 3), 27**-0.5, dtype),
        "conv.bias": make.uniform((16,), 27**-0.5, dtype),
        "fc.weight": make.uniform((10, 16 * 32 * 32), (16 * 32 * 32) ** -0.5, dtype),
        "fc.bias": make.uniform((10,), (16 * 32 * 32) ** -0.5, dtype),
    }


def _networks(make: CaseMaker) -> list[Case]:
    batches = make.integer(2, 4)
    return [
        make.case(
            "one image",
            x=make.uniform((1, 3, 32, 32), 1.0),
            shown="x float32 (1, 3, 32, 32), the four tensors loaded",
            **network_inputs(make),
        ),
        make.case(
            f"{batches} images",
            x=make.uniform((batches, 3, 32, 32), 1.0),
            shown=f"x float32 ({batches}, 3, 32, 32), the four tensors loaded",
            **network_inputs(make),
        ),
        make.case(
            "five images in float64",
            x=make.uniform((5, 3, 32, 32), 2.0, torch.float64),
            shown="x float64 (5, 3, 32, 32), model.to(torch.float64)",
            **network_inputs(make),
        ),
    ]


def _hidden(model: Any, x: Tensor) -> Tensor:
    return F.relu(model.conv(x)).flatten(1)


TINY_CNN = Oracle(
    "tiny_cnn",
    TinyCNN,
    _networks,
    [
        Misconception(
            "softmax inside",
            _built(lambda model, x: F.softmax(model.fc(_hidden(model, x)), 1)),
            _built(lambda model, x: F.softmax(model.fc(_hidden(model, x)), 0)),
            _built(lambda model, x: F.log_softmax(model.fc(_hidden(model, x)), 1)),
            says="The network returns logits. Softmax is for reading probabilities; cross-entropy does its own.",
        ),
        Misconception(
            "no padding",
            _built(lambda model, x: model.fc(_hidden(model, x)), conv=lambda: nn.Conv2d(3, 16, 3)),
            _built(
                lambda model, x: model.fc(F.relu(model.conv(x)).view(x.shape[0], 16 * 32 * 32)),
                conv=lambda: nn.Conv2d(3, 16, 3),
            ),
            _built(
                lambda model, x: model.fc(_hidden(model, x)),
                conv=lambda: nn.Conv2d(3, 16, 3),
                fc=lambda: nn.Linear(16 * 30 * 30, 10),
            ),
            says="Without padding a 3 × 3 kernel turns 32 × 32 into 30 × 30. One pixel of padding keeps 32 × 32.",
        ),
        Misconception(
            "ReLU missing",
            _built(lambda model, x: model.fc(model.conv(x).flatten(1))),
            says="Without a nonlinearity between them, two linear layers are one linear layer.",
        ),
        Misconception(
            "batch flattened",
            _built(lambda model, x: model.fc(F.relu(model.conv(x)).flatten())),
            _built(lambda model, x: model.fc(F.relu(model.conv(x)).view(1, -1))),
            _built(lambda model, x: model.fc(F.relu(model.conv(x)).view(-1, 16 * 32 * 32).mean(0, keepdim=True))),
            says="Dimension 0 counts the images and has to stay. Flatten what is behind it: start at dimension 1.",
        ),
        Misconception(
            "layers made in forward",
            _MadeInForward,
            says="A layer made in forward is new, with new random weights, at every call. Make layers in __init__.",
        ),
        Misconception(
            "ReLU on the logits",
            _built(lambda model, x: F.relu(model.fc(_hidden(model, x)))),
            _built(lambda model, x: F.relu(model.fc(model.conv(x).flatten(1)))),
            says="Logits may be negative. ReLU belongs between the two layers, not behind the last.",
        ),
        Misconception(
            "other names",
            lambda: nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(16 * 32 * 32, 10)),
            says="A layer's name in the state_dict is the name of the attribute that holds it: self.conv and self.fc.",
        ),
    ],
)


def _sequence(*layers: nn.Module, names: Sequence[str] = ("conv", "relu", "flatten", "fc")) -> nn.Sequential:
    return nn.Sequential(OrderedDict(zip(names, layers, strict=True)))


def _conv() -> nn.Module:
    return nn.Conv2d(3, 16, 3, padding=1)


def _fc() -> nn.Module:
    return nn.Linear(16 * 32 * 32, 10)


SEQUENTIAL_CNN = Oracle(
    "sequential_cnn",
    lambda: _sequence(_conv(), nn.ReLU(), nn.Flatten(), _fc()),
    _networks,
    [
        Misconception(
            "flatten from dim 0",
            lambda: _sequence(_conv(), nn.ReLU(), nn.Flatten(0), _fc()),
            says="nn.Flatten(0) flattens the batch too. nn.Flatten() starts at dimension 1 by itself.",
        ),
        Misconception(
            "softmax inside",
            lambda: _sequence(
                _conv(), nn.ReLU(), nn.Flatten(), _fc(), nn.Softmax(1), names=["conv", "relu", "flatten", "fc", "p"]
            ),
            lambda: _sequence(
                _conv(), nn.ReLU(), nn.Flatten(), _fc(), nn.Softmax(0), names=["conv", "relu", "flatten", "fc", "p"]
            ),
            lambda: _sequence(
                _conv(), nn.ReLU(), nn.Flatten(), _fc(), nn.LogSoftmax(1), names=["conv", "relu", "flatten", "fc", "p"]
            ),
            says="The network returns logits. Softmax is for reading probabilities; cross-entropy does its own.",
        ),
        Misconception(
            "ReLU missing",
            lambda: _sequence(_conv(), nn.Flatten(), _fc(), names=["conv", "flatten", "fc"]),
            says="Without a nonlinearity between them, two linear layers are one linear layer.",
        ),
        Misconception(
            "children not named",
            lambda: nn.Sequential(_conv(), nn.ReLU(), nn.Flatten(), _fc()),
            says="Without an OrderedDict the children are called 0, 1, 2, 3, and no state_dict of TinyCNN fits.",
        ),
        Misconception(
            "no padding",
            lambda: _sequence(nn.Conv2d(3, 16, 3), nn.ReLU(), nn.Flatten(), _fc()),
            lambda: _sequence(nn.Conv2d(3, 16, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16 * 30 * 30, 10)),
            says="Without padding a 3 × 3 kernel turns 32 × 32 into 30 × 30. One pixel of padding keeps 32 × 32.",
        ),
        Misconception(
            "a TinyCNN, not an nn.Sequential",
            TinyCNN,
            says="Here the steps stand in an nn.Sequential, which calls them one after the other; no forward is written.",
        ),
    ],
)


def _counted(make: CaseMaker) -> list[Case]:
    a, b, c, d = make.sizes(4, 2, 9)
    kernel = make.integer(2, 4)
    small = [("linear", 3, 2)]
    frozen = [("linear", a, b), ("relu",), ("linear", b, c), ("freeze", 0)]
    tied = [("linear", a, a), ("relu",), ("linear", a, a), ("tie", 0, 2)]
    deep = [("conv", a, b, kernel), ("norm", b), ("nest", ("relu",), ("nest", ("linear", c, d)))]
    both = [("linear", d, d), ("linear", d, d), ("norm", b), ("tie", 0, 1), ("freeze", 0)]
    return [
        make.case("one linear layer", layers=small, shown="nn.Linear(3, 2)"),
        make.case("no parameters", layers=[("relu",)], shown="nn.ReLU()"),
        make.case("batch norm has buffers too", layers=[("norm", 4)], shown="nn.BatchNorm2d(4)"),
        make.case("layers inside layers", layers=deep, shown=f"conv {a}→{b}, batch norm, and deeper a linear {c}→{d}"),
        make.case("one weight in two layers", layers=tied, shown=f"two nn.Linear({a}, {a}) that share one weight"),
        make.case("a frozen layer still counts", layers=frozen, shown=f"linear {a}→{b} (frozen), linear {b}→{c}"),
        make.case(
            "trainable only",
            layers=frozen,
            trainable_only=True,
            shown=f"linear {a}→{b} (frozen), linear {b}→{c}; trainable_only=True",
        ),
        make.case("trainable only, said False", layers=frozen, trainable_only=False, shown="trainable_only=False"),
        make.case(
            "trainable only, shared", layers=both, trainable_only=True, shown="shared and frozen; trainable_only=True"
        ),
    ]


def _chosen(module: nn.Module, trainable_only: bool) -> list[nn.Parameter]:
    return [one for one in module.parameters() if one.requires_grad or not trainable_only]


COUNT_PARAMETERS = Oracle(
    "count_parameters",
    lambda module, trainable_only=False: sum(one.numel() for one in _chosen(module, trainable_only)),
    _counted,
    [
        Misconception(
            "tensors counted",
            lambda module, trainable_only=False: len(_chosen(module, trainable_only)),
            says="A weight of size (2, 3) is one tensor and six parameters. Count elements: numel().",
        ),
        Misconception(
            "buffers counted",
            lambda module, trainable_only=False: (
                sum(one.numel() for one in _chosen(module, trainable_only))
                + sum(one.numel() for one in module.buffers())
            ),
            lambda module, trainable_only=False: sum(one.numel() for one in module.state_dict().values()),
            lambda module, trainable_only=False: sum(
                one.numel()
                for one in module.state_dict(keep_vars=True).values()
                if one.requires_grad or not trainable_only
            ),
            says="A state_dict holds buffers too, such as running statistics. They are saved, but no parameters.",
        ),
        Misconception(
            "shared counted twice",
            lambda module, trainable_only=False: sum(
                one.numel()
                for part in module.modules()
                for one in part.parameters(recurse=False)
                if one.requires_grad or not trainable_only
            ),
            lambda module, trainable_only=False: sum(
                one.numel()
                for _, one in module.named_parameters(remove_duplicate=False)
                if one.requires_grad or not trainable_only
            ),
            says="One Parameter in two layers is still one Parameter. module.parameters() gives it once.",
        ),
        Misconception(
            "trainable_only ignored",
            lambda module, trainable_only=False: sum(one.numel() for one in module.parameters()),
            says="With trainable_only=True a parameter whose requires_grad is False does not count.",
        ),
        Misconception(
            "always trainable only",
            lambda module, trainable_only=False: sum(one.numel() for one in _chosen(module, True)),
            says="Frozen parameters count as well, unless trainable_only says otherwise.",
        ),
        Misconception(
            "children not looked into",
            lambda module, trainable_only=False: sum(
                one.numel()
                for part in module.children()
                for one in part.parameters(recurse=False)
                if one.requires_grad or not trainable_only
            ),
            says="children() goes one level down. parameters() goes all the way.",
        ),
    ],
)


def _models(make: CaseMaker) -> list[Case]:
    def case(name: str, batch: int, channels: int, side: int, training: bool, x: Tensor) -> Case:
        layers = [("flatten",), ("linear", channels * side * side, 10)]
        mode = "training" if training else "eval"
        shown = f"a linear model in {mode} mode, x {str(x.dtype)[6:]} {tuple(x.shape)}"
        return make.case(name, layers=layers, seed=make.seed(), training=training, x=x, shown=shown)

    a, b = make.sizes(2, 3, 6)
    return [
        case("two images", 2, 1, 2, False, make.normal(2, 1, 2, 2)),
        case("one image", 1, 2, a, True, make.normal(1, 2, a, a, scale=2)),
        case("as many images as classes", 10, 1, b, True, make.normal(10, 1, b, b)),
        case("float32, not contiguous", 3, 2, a, False, make.scattered(make.normal(3, 2, a, a, dtype=torch.float32))),
    ]


def _probabilities(model: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        return model(x).softmax(1)


def _left_in_eval(model: nn.Module, x: Tensor) -> Tensor:
    model.eval()
    return _probabilities(model, x)


def _left_in_train(model: nn.Module, x: Tensor) -> Tensor:
    model.eval()
    out = _probabilities(model, x)
    model.train()
    return out


def _grad_mode_left_off(model: nn.Module, x: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    return model(x).softmax(1)


PREDICT_PROBA = Oracle(
    "predict_proba",
    _probabilities,
    _models,
    [
        Misconception(
            "softmax over the batch",
            lambda model, x: model(x).detach().softmax(0),
            says="Each row is one image and sums to 1. Softmax goes along the classes, dimension 1.",
        ),
        Misconception(
            "softmax over everything",
            lambda model, x: model(x).detach().flatten().softmax(0).view(-1, 10),
            lambda model, x: model(x).detach().exp() / model(x).detach().exp().sum(),
            says="Each image has a distribution of its own: every row sums to 1, not the whole tensor.",
        ),
        Misconception(
            "log-probabilities",
            lambda model, x: model(x).detach().log_softmax(1),
            says="log_softmax gives logarithms, all below 0. Asked for are probabilities between 0 and 1.",
        ),
        Misconception(
            "logits, not probabilities",
            lambda model, x: model(x).detach(),
            says="The model returns logits. Softmax makes probabilities of them.",
        ),
        Misconception(
            "graph kept",
            lambda model, x: model(x).softmax(1),
            says="Nobody goes backward from a prediction. torch.no_grad() keeps the graph from being built.",
        ),
        Misconception(
            "leaves the model in eval mode",
            _left_in_eval,
            says="Whoever trains on afterwards finds dropout off. Put the mode back as it was.",
        ),
        Misconception(
            "leaves the model in training mode",
            _left_in_train,
            says="The model may have come in eval mode. Put the mode back as it was.",
        ),
        Misconception(
            "gradients left off for everybody",
            _grad_mode_left_off,
            says="torch.set_grad_enabled(False) stays after the function. A with block ends.",
        ),
    ],
)

ORACLES = (CONV_OUTPUT_SIZE, TINY_CNN, SEQUENTIAL_CNN, COUNT_PARAMETERS, PREDICT_PROBA)
