"""Chapter 03, `tiny_cnn`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.modules.network import NETWORK_SPACE, TinyCNN, frozen, networks

__all__ = ["TINY_CNN"]


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


class _InAList(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = [nn.Conv2d(3, 16, 3, padding=1), nn.Linear(16 * 32 * 32, 10)]

    def forward(self, x: Tensor) -> Tensor:
        return self.layers[1](F.relu(self.layers[0](x)).flatten(1))


def _hidden(model: Any, x: Tensor) -> Tensor:
    return F.relu(model.conv(x)).flatten(1)


TINY_CNN = Oracle(
    "tiny_cnn",
    TinyCNN,
    networks,
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
            raises="RuntimeError",
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
            says="A layer made in forward is new at every call, whatever the one before has learnt. Make layers in __init__.",
        ),
        Misconception(
            "layers not registered",
            _InAList,
            says="No parameter is found: nn.Module knows a layer only where __init__ makes it an attribute of self. In a list or "
            "a dict, in the body of the class or outside of it, a layer is hidden.",
        ),
        Misconception(
            "graph cut",
            _built(lambda model, x: model.fc(_hidden(model, x)).detach()),
            _built(lambda model, x: model.fc(_hidden(model, x).detach())),
            _built(lambda model, x: model.fc(F.relu(model.conv(x).detach()).flatten(1))),
            says="detach, .data and torch.no_grad cut the graph: no gradient goes back past them, and what lies behind learns nothing.",
        ),
        Misconception(
            "parameters frozen",
            *(lambda names=names: frozen(TinyCNN(), names) for names in (["conv"], ["fc"], ["conv", "fc"])),
            says="A parameter that does not ask for gradients (requires_grad=False) gets none and learns nothing. In this "
            "network all four ask for them, as torch makes them.",
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
    space=NETWORK_SPACE,
)
