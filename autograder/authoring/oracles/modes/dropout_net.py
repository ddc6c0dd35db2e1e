"""Chapter 07, `dropout_net`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.beginning import begins_in_eval
from autograder.authoring.space import FLOATS, LAYOUTS, Chosen, Space, absent, fits
from autograder.observing.case import Case

__all__ = ["DROPOUT_NET"]

Forward = Callable[[Any, Tensor], Tensor]


class DropoutNet(nn.Module):
    """``x (N, 8)`` to logits ``(N, 4)``, with dropout between the two layers."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self.hidden = nn.Linear(8, 16)
        self.out = nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of a batch."""
        return self.out(F.dropout(F.relu(self.hidden(x)), self.p, self.training))


def _four(make: CaseMaker, above: bool, dtype: torch.dtype) -> dict[str, Any]:
    """The four tensors; ``above`` keeps pre-activations of inputs in ±1 away from 0, so that no ReLU hides a drop: each
    fourth is below it for every input, and shows whether there is a ReLU; the others are above.
    """
    shift = torch.tensor([3.0, 3.0, 3.0, -3.0]).repeat(4) if above else torch.zeros(16)
    return {
        "hidden.weight": make.drawn(16, 8, draw="uniform", scale=0.25 if above else 1.0, dtype=dtype),
        "hidden.bias": make.normal(16, scale=0.1).to(dtype).clamp(-0.5, 0.5) + shift.to(dtype),
        "out.weight": make.drawn(4, 16, dtype=dtype),
        "out.bias": make.drawn(4, dtype=dtype),
    }


def _case(make: CaseMaker, name: str, shown: str, x: Any, p: float, mode: str, leaves: str = "", **inputs: Any) -> Case:
    words = tuple(mode.split())
    training = words[-1] == "train"
    four = _four(make, training, x.dtype)
    aspect = {} if training and p else {"aspect": "nothing to drop" if training else "eval"}
    return make.case(name, x=x, p=p, mode=words, shown=shown, leaves=leaves, **aspect, **four, **inputs)


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    x = make.drawn(one.rows, 8, draw="uniform", layout=one.layout, dtype=one.dtype)
    more = one.given("beside") | one.flags("inside")
    inside = ", in a larger model" if one.inside else ""
    shown = f"DropoutNet({one.p}){inside}: {one.mode}; x {tuple(x.size)} {str(one.dtype)[6:]}"
    return _case(make, "", shown, x, one.p, one.mode, **more)


_SPACE = Space(
    _drawn,
    rows=(1, 7, 20),
    p=(0.0, 0.25, 0.75),
    mode=("train", "eval", "train eval", "eval train"),
    inside=(False, True),
    beside=(absent, 0.9),
    layout=LAYOUTS,
    dtype=FLOATS,
    within=(
        lambda one: fits(one.layout, (one.rows, 8)),
        # So many rows that no honest draw looks odd.
        lambda one: one.rows >= 20 if one.mode.endswith("train") else one.rows < 20,
    ),
    words={
        "rows": "the number of rows of x is {}",
        "mode": "the modes are, one after the other: {}",
        "inside": "the network is inside of a larger model: {}",
        "beside": "another network is made with p = {}",
        "layout": "x lies in memory like this: {}",
    },
)


def _cases(make: CaseMaker) -> list[Case]:
    def case(name: str, shown: str, x: Tensor, p: float, mode: str, **more: Any) -> Case:
        return _case(make, name, shown, x, p, mode, **more)

    def asked(rows: int, dtype: torch.dtype = torch.float64) -> Tensor:
        return make.normal(rows, 8, dtype=dtype)

    def trained(rows: int, dtype: torch.dtype = torch.float64) -> Tensor:
        return make.normal(rows, 8, dtype=dtype).clamp(-1, 1)

    return [
        case("one row, in eval", "DropoutNet(0.5).eval() on x (1, 8)", asked(1), 0.5, "eval", leaves="x"),
        case("a batch in training", "DropoutNet(0.5).train() on x (48, 8)", trained(48), 0.5, "train"),
        case("few dropped", "DropoutNet(0.25).train() on x (48, 8)", trained(48), 0.25, "train", new=True),
        case("many dropped", "DropoutNet(0.75).train() on x (64, 8)", trained(64), 0.75, "train"),
        case("none dropped", "DropoutNet(0.0).train() on x (5, 8)", trained(5), 0.0, "train"),
        case("a batch in eval", "DropoutNet(0.25).eval() on x (7, 8)", asked(7), 0.25, "eval"),
        case(
            "inside of a larger model, in eval",
            "nn.Sequential(DropoutNet(0.4)).eval() on x (3, 8)",
            make.scattered(asked(3)),
            0.4,
            "train eval",
            inside=True,
        ),
        case(
            "back in training",
            "nn.Sequential(DropoutNet(0.4)), eval(), then train(), on x float32 (56, 8)",
            trained(56, torch.float32),
            0.4,
            "eval train",
            inside=True,
        ),
        case(
            "two networks",
            "DropoutNet(0.3).train(), made before a DropoutNet(0.9)",
            trained(48),
            0.3,
            "train",
            beside=0.9,
        ),
        case(
            "float32", "DropoutNet(0.9), train(), then eval()", asked(4, torch.float32), 0.9, "train eval", leaves="x"
        ),
    ]


def _net(forward: Forward, **parts: Callable[[float], nn.Module]) -> type[nn.Module]:
    """A class like DropoutNet with another ``forward`` and perhaps more parts."""

    class Wrong(DropoutNet):
        def __init__(self, p: float) -> None:
            super().__init__(p)
            for name, make in parts.items():
                setattr(self, name, make(p))

        def forward(self, x: Tensor) -> Tensor:
            return forward(self, x)

    return Wrong


def _kept(net: Any, x: Tensor) -> Tensor:
    return torch.rand(len(x), 16) >= net.p


def _with_act(act: Callable[[Tensor], Tensor]) -> type[nn.Module]:
    return _net(lambda net, x: net.out(F.dropout(act(net.hidden(x)), net.p, net.training)))


def _with_end(end: Callable[[Tensor], Tensor]) -> type[nn.Module]:
    return _net(lambda net, x: end(DropoutNet.forward(net, x)))


def _softmax(out: Tensor) -> Tensor:
    return out.softmax(-1)


def _kept_in_a_list(p: float) -> nn.Module:
    class Wrong(DropoutNet):
        def __init__(self, p: float) -> None:
            super().__init__(p)
            self.dropouts = [nn.Dropout(p)]

        def forward(self, x: Tensor) -> Tensor:
            return self.out(self.dropouts[0](_relu(self, x)))

    return Wrong(p)


def _relu(net: Any, x: Tensor) -> Tensor:
    return F.relu(net.hidden(x))


DROPOUT_NET = Oracle(
    "dropout_net",
    DropoutNet,
    _cases,
    [
        Misconception(
            "default training=True",
            _net(lambda net, x: net.out(F.dropout(_relu(net, x), net.p))),
            _net(lambda net, x: net.out(F.dropout(_relu(net, x), net.p, training=True))),
            says="F.dropout is in training mode unless it is told otherwise, at each call: eval() sets self.training, and reaches no "
            "default and no flag of one's own. Hand on the module's mode: training=self.training.",
        ),
        Misconception(
            "a new module in each forward",
            _net(lambda net, x: net.out(nn.Dropout(net.p)(_relu(net, x)))),
            says="A module made in forward is new at every call, and a new module is in training mode: eval() never reaches it.",
        ),
        Misconception(
            "a dropout module that nobody registered",
            _kept_in_a_list,
            says="eval() reaches the modules that are registered. One that is kept in a list stays in training mode.",
        ),
        Misconception(
            "dropout on the output",
            _net(lambda net, x: F.dropout(net.out(_relu(net, x)), net.p, net.training)),
            says="The dropout stands between the two layers. Behind the last one it would turn logits into 0.",
        ),
        Misconception(
            "dropout on the input",
            _net(lambda net, x: net.out(F.relu(net.hidden(F.dropout(x, net.p, net.training))))),
            _net(lambda net, x: DropoutNet.forward(net, F.dropout(x, net.p, net.training))),
            says="What is dropped are hidden numbers: those behind the ReLU, not those of x.",
        ),
        Misconception(
            "not rescaled",
            _net(lambda net, x: net.out(_relu(net, x) * _kept(net, x) if net.training else _relu(net, x))),
            says="What is kept has to make up for what is missing: by 1 / (1 − p). F.dropout sees to it.",
        ),
        Misconception(
            "scaled in eval",
            _net(lambda net, x: net.out(_relu(net, x) * (_kept(net, x) if net.training else 1 - net.p))),
            says="Inverted dropout makes up for everything in training. In eval the hidden numbers go on as they are.",
        ),
        Misconception(
            "another nonlinearity",
            *(_with_act(act) for act in (torch.sigmoid, torch.tanh)),
            says="Between the layers stands ReLU: what is negative becomes 0, what is positive stays as it is.",
        ),
        Misconception(
            "something behind the last layer",
            *(_with_end(end) for end in (_softmax, torch.relu)),
            says="Asked for is what the last layer gives, as it is.",
        ),
        Misconception(
            "gradient lost",
            _net(lambda net, x: DropoutNet.forward(net, x).detach()),
            says="detach, .data and torch.no_grad cut the graph: no gradient reaches the layers, and nothing is trained.",
        ),
        Misconception(
            "no dropout",
            _net(lambda net, x: net.out(_relu(net, x))),
            _net(lambda net, x: net.out(F.dropout(_relu(net, x), net.p, False))),
            says="In training nothing is dropped. F.dropout with training=self.training drops there, and only there.",
        ),
        Misconception(
            "p not handed on",
            _net(lambda net, x: net.out(F.dropout(_relu(net, x), training=net.training))),
            says="F.dropout drops one half unless it is given p. Keep the p of __init__ and hand it on.",
        ),
        Misconception(
            "p taken for the share that is kept",
            _net(lambda net, x: net.out(F.dropout(_relu(net, x), 1 - net.p, net.training))),
            says="p is the probability with which a number is dropped.",
        ),
        Misconception(
            "dropout in eval only",
            _net(lambda net, x: net.out(F.dropout(_relu(net, x), net.p, not net.training))),
            says="The other way round: numbers are dropped in training, and all are there in eval.",
        ),
        Misconception(
            "ReLU missing",
            _net(lambda net, x: net.out(F.dropout(net.hidden(x), net.p, net.training))),
            _net(lambda net, x: net.out(F.dropout(net.hidden(x), net.p)) if net.training else DropoutNet.forward(net, x)),
            says="Without a nonlinearity between them, two linear layers are one linear layer.",
        ),
        Misconception(
            "torch.no_grad() taken for eval",
            _net(lambda net, x: net.out(F.dropout(_relu(net, x), net.p, net.training and torch.is_grad_enabled()))),
            _net(lambda net, x: net.out(F.dropout(_relu(net, x), net.p, torch.is_grad_enabled()))),
            says="torch.no_grad() only stops the recording of a graph. In training numbers are dropped there, too: hand on "
            "self.training alone.",
        ),
        begins_in_eval(lambda p: DropoutNet(p).eval()),
        Misconception(
            "whole units dropped for the batch",
            _net(lambda net, x: net.out(_relu(net, x) * F.dropout(torch.ones_like(x[:1, :1]).expand(1, 16), net.p, net.training))),
            says="One mask for all rows. Every element of (N, 16) is decided by itself.",
        ),
    ],
    space=_SPACE,
)  # fmt: skip
