"""Chapter 03, `sequential_cnn`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from torch import nn

from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.modules.network import NETWORK_SPACE, TinyCNN, frozen, networks

__all__ = ["SEQUENTIAL_CNN"]


def _sequence(*layers: nn.Module, names: Sequence[str] = ("conv", "relu", "flatten", "fc")) -> nn.Sequential:
    return nn.Sequential(OrderedDict(zip(names, layers, strict=True)))


def _conv() -> nn.Module:
    return nn.Conv2d(3, 16, 3, padding=1)


def _fc() -> nn.Module:
    return nn.Linear(16 * 32 * 32, 10)


SEQUENTIAL_CNN = Oracle(
    "sequential_cnn",
    lambda: _sequence(_conv(), nn.ReLU(), nn.Flatten(), _fc()),
    networks,
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
            "ReLU on the logits",
            lambda: _sequence(
                _conv(), nn.ReLU(), nn.Flatten(), _fc(), nn.ReLU(), names=["conv", "relu", "flatten", "fc", "last"]
            ),
            lambda: _sequence(_conv(), nn.Flatten(), _fc(), nn.ReLU(), names=["conv", "flatten", "fc", "relu"]),
            says="Logits may be negative. ReLU belongs between the two layers, not behind the last.",
        ),
        Misconception(
            "other names",
            lambda: nn.Sequential(_conv(), nn.ReLU(), nn.Flatten(), _fc()),
            says="A state_dict of TinyCNN fits where the two layers with parameters are called conv and fc. An OrderedDict gives "
            "every child its name; without one they are called 0, 1, 2, 3.",
        ),
        Misconception(
            "no padding",
            lambda: _sequence(nn.Conv2d(3, 16, 3), nn.ReLU(), nn.Flatten(), _fc()),
            lambda: _sequence(nn.Conv2d(3, 16, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16 * 30 * 30, 10)),
            raises="RuntimeError",
            says="Without padding a 3 × 3 kernel turns 32 × 32 into 30 × 30. One pixel of padding keeps 32 × 32.",
        ),
        Misconception(
            "parameters frozen",
            *(
                lambda names=names: frozen(_sequence(_conv(), nn.ReLU(), nn.Flatten(), _fc()), names)
                for names in (["conv"], ["fc"], ["conv", "fc"])
            ),
            says="A parameter that does not ask for gradients (requires_grad=False) gets none and learns nothing. In this "
            "network all four ask for them, as torch makes them.",
        ),
        Misconception(
            "a TinyCNN, not an nn.Sequential",
            TinyCNN,
            says="Here the steps stand in an nn.Sequential, which calls them one after the other; no forward is written.",
        ),
    ],
    space=NETWORK_SPACE,
)
