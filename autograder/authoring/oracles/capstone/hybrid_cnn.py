"""Chapter 10, `hybrid_cnn`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.beginning import begins_in_eval
from autograder.authoring.space import FLOATS, Chosen, Space, absent
from autograder.observing.case import Case

__all__ = ["HYBRID_CNN"]

_ALL = ("conv.weight", "conv.bias", "norm.weight", "norm.bias", "fc.weight", "fc.bias")
# In training, batch norm takes the mean away, and conv.bias with it: its gradient is 0, and what comes out is rounding.
_TRAINED = tuple(name for name in _ALL if name != "conv.bias")


class HybridCNN(nn.Module):
    """Modules for what is kept, functions for the rest: ``x (N, 3, 32, 32)`` to logits ``(N, 10)``."""

    def __init__(self, p: float = 0.25) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1)
        self.norm = nn.BatchNorm2d(16)
        self.dropout = nn.Dropout(p)
        self.fc = nn.Linear(16 * 16 * 16, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of a batch."""
        x = F.max_pool2d(F.relu(self.norm(self.conv(x))), 2)
        return self.fc(self.dropout(x).flatten(1))


def _tensors(make: CaseMaker) -> dict[str, Any]:
    return {
        "conv.weight": make.uniform((16, 3, 3, 3), 27**-0.5),
        "conv.bias": make.uniform((16,), 27**-0.5),
        "norm.weight": make.normal(16, dtype=torch.float32).abs() + 0.5,
        "norm.bias": make.normal(16, dtype=torch.float32) / 4,
        "norm.running_mean": make.normal(16, dtype=torch.float32) / 4,
        "norm.running_var": make.normal(16, dtype=torch.float32).abs() + 0.2,
        "norm.num_batches_tracked": torch.tensor(make.integer(3, 9)),
        "fc.weight": make.uniform((10, 16 * 16 * 16), 4096**-0.5),
        "fc.bias": make.uniform((10,), 4096**-0.5),
    }


def _modes(make: CaseMaker) -> list[Case]:
    loaded = _tensors(make)
    few = make.integer(2, 4)
    draws = make.seed()

    def case(batch: int, says: str, *, dtype: torch.dtype = torch.float32, shown: str = "", **more: Any) -> Case:
        training = more.setdefault("training", False)
        x = make.uniform((batch, 3, 32, 32), more.pop("bound", 2.0), dtype)
        p = f"p={more['p']}" if "p" in more else ""
        mode = "training" if training else "evaluation"
        shown = f"HybridCNN({p}) in {mode}{shown}, x {str(dtype)[6:]} ({batch}, 3, 32, 32)"
        return make.case(says, x=x, shown=shown, draws=draws, **more)

    double: dict[str, Any] = {"dtype": torch.float64}
    ones: dict[str, Any] = {"asks": "dropout", "shown": " with features that are all 1", **double}
    trained: dict[str, Any] = {"p": 0.0, "training": True, **loaded}
    return [
        case(1, "one image in evaluation", asks="values", first=True, **loaded),
        case(few, f"{few} images in evaluation", asks="values", gradients=_ALL, spoilt=True, **loaded),
        case(few + 1, "large numbers in float64", bound=40.0, asks="values", gradients=_ALL, **double, **loaded),
        case(few, "in training, nothing dropped", asks="training", gradients=_TRAINED, **trained),
        case(1, "one image in training", asks="training", **double, **trained),
        case(few, "three passes in training", asks="training", passes=3, **trained),
        case(
            few,
            "what norm sees while half is dropped",
            shown=", norm's statistics",
            asks="training",
            **(trained | {"p": 0.5, "by chance": True}),
        ),
        case(6, "a quarter dropped", training=True, **ones),
        case(6, "more dropped", p=0.7, training=True, **ones),
        case(6, "dropped without gradients", training=True, no_grad=True, **ones),
        case(2, "nothing dropped in evaluation", p=0.7, **ones),
        case(few, "only norm in evaluation", shown=", but for norm", asks="modules", evaluated=("norm",), **trained),
        case(
            few,
            "only dropout in evaluation",
            shown=", but for dropout",
            asks="modules",
            evaluated=("dropout",),
            **(trained | {"p": 0.5}),
        ),
    ]


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    parts = () if one.parts == "all in one mode" else (one.parts,)
    mode = "training" if one.training else "evaluation"
    p = "" if one.p == absent else f"p={one.p}"
    gradients = () if parts else _TRAINED if one.training else _ALL
    return make.case(
        x=make.drawn(one.batch, 3, 32, 32, scale=one.scale, layout=one.layout, dtype=one.dtype),
        asks="modules" if parts else "training" if one.training else "values",
        draws=make.seed(),
        evaluated=parts,
        gradients=gradients,
        shown=f"HybridCNN({p}) in {mode}{''.join(f', but for {part}' for part in parts)}, "
        f"x {str(one.dtype)[6:]} ({one.batch}, 3, 32, 32)",
        **_tensors(make),
        **one.given("p", "training", "passes"),
    )


# Which numbers fall is seen in the cases picked by hand: here nothing is dropped, or dropout is in evaluation.
_SPACE = Space(
    _drawn,
    batch=(1, 2, 7),
    training=(False, True),
    parts=("all in one mode", "norm", "dropout"),
    p=(absent, 0.0, 0.4),
    passes=(absent, 2),
    scale=(0.1, 1.0, 20.0),
    layout=("contiguous", "behind an offset", "every second row", "expanded"),
    dtype=FLOATS,
    within=(
        lambda one: one.training or one.parts == "all in one mode",
        # p is no matter of evaluation: who has not come to it keeps what is right there.
        lambda one: one.p == absent if not one.training else one.p == (0.4 if one.parts == "dropout" else 0.0),
        lambda one: one.batch > 1 or one.layout in ("contiguous", "behind an offset"),
    ),
    words={
        "batch": "the number of images is {}",
        "training": "the network is in training mode: {}",
        "parts": "what is in evaluation for itself: {}",
        "passes": "forward runs {} times",
        "scale": "the numbers of x are spread by {}",
        "layout": "x lies in memory like this: {}",
    },
)


def _built(
    forward: Callable[[Any, Tensor], Tensor],
    *,
    norm: Callable[[], nn.Module] = lambda: nn.BatchNorm2d(16),
    dropout: Callable[[float], nn.Module] | None = nn.Dropout,
    conv: Callable[[], nn.Module] = lambda: nn.Conv2d(3, 16, 3, padding=1),
    features: int = 16 * 16 * 16,
) -> type[nn.Module]:
    """A class like HybridCNN with another ``forward`` or other layers."""

    class Wrong(nn.Module):
        def __init__(self, p: float = 0.25) -> None:
            super().__init__()
            self.p = p
            self.conv, self.norm = conv(), norm()
            if dropout is not None:
                self.dropout = dropout(p)
            self.fc = nn.Linear(features, 10)

        def forward(self, x: Tensor) -> Tensor:
            return forward(self, x)

    return Wrong


def _hidden(model: Any, x: Tensor) -> Tensor:
    return _normed(model, model.conv(x))


def _normed(model: Any, maps: Tensor) -> Tensor:
    return F.max_pool2d(F.relu(model.norm(maps)), 2)


def _end(model: Any, hidden: Tensor) -> Tensor:
    return model.fc(model.dropout(hidden).flatten(1))


def _dropped_with_a_graph(model: Any, x: Tensor) -> Tensor:
    hidden = _hidden(model, x)
    return _end(model, hidden) if torch.is_grad_enabled() else model.fc(hidden.flatten(1))


def _mode_handed_on(model: Any, x: Tensor) -> Tensor:
    return model.fc(F.dropout(_hidden(model, x), model.p, model.training).flatten(1))


def _keeping(name: str, its: bool) -> type[nn.Module]:
    """The right network, one of whose modules stays in one mode, whatever mode the network is told."""

    def train(self: Any, mode: bool = True) -> Any:
        nn.Module.train(self, mode)
        getattr(self, name).training = its
        return self

    return type("Keeping", (HybridCNN,), {"train": train})


def _the_same_each_time() -> Callable[..., nn.Module]:
    network = HybridCNN()
    return lambda p=0.25: network


def _normed_by_a_call(model: Any, x: Tensor, **more: Any) -> Tensor:
    norm = model.norm
    x = F.batch_norm(model.conv(x), norm.running_mean, norm.running_var, norm.weight, norm.bias, **more)
    return F.max_pool2d(F.relu(x), 2)


def _norm_as_a_call(model: Any, x: Tensor, **more: Any) -> Tensor:
    return _end(model, _normed_by_a_call(model, x, **more))


def _both_as_calls(model: Any, x: Tensor) -> Tensor:
    return model.fc(F.dropout(_normed_by_a_call(model, x, training=True), model.p).flatten(1))


def _with_act(act: Callable[[Tensor], Tensor]) -> type[nn.Module]:
    return _built(lambda model, x: _end(model, F.max_pool2d(act(model.norm(model.conv(x))), 2)))


HYBRID_CNN = Oracle(
    "hybrid_cnn",
    HybridCNN,
    _modes,
    [
        Misconception(
            "stateless calls that ignore the mode",
            _built(lambda model, x: model.fc(F.dropout(_hidden(model, x), model.p).flatten(1))),
            _built(lambda model, x: model.fc(F.dropout(_hidden(model, x), model.p).flatten(1)), dropout=None),
            _built(lambda model, x: model.fc(F.dropout(_hidden(model, x)).flatten(1))),
            _built(lambda model, x: model.fc(F.dropout(_hidden(model, x)).flatten(1)), dropout=None),
            _built(_norm_as_a_call),
            _built(lambda model, x: _norm_as_a_call(model, x, training=True)),
            _built(_both_as_calls),
            says="F.dropout drops in evaluation too, and F.batch_norm never takes the batch's statistics, unless each call "
            "is told the mode. self.dropout and self.norm know it.",
        ),
        Misconception(
            "no module called dropout",
            _built(_mode_handed_on, dropout=None),
            says="Asked for is a module, self.dropout = nn.Dropout(p). It has a name, and a mode of its own: model.dropout.eval() "
            "stops it alone.",
        ),
        Misconception(
            "dropout's own mode ignored",
            _built(_mode_handed_on),
            says="F.dropout with training=self.training follows the whole network's mode. After model.dropout.eval() it drops all "
            "the same. Call the module: self.dropout(x).",
        ),
        Misconception(
            "a mode that does not reach all parts",
            *(_keeping(name, its) for name in ("norm", "dropout") for its in (False, True)),
            says="train(mode) and eval() are to reach every module inside. Here one stays in its own mode, whatever the network is "
            "told. Leave train as nn.Module has it.",
        ),
        Misconception(
            "mode set in forward",
            _built(lambda model, x: _end(model.eval(), _hidden(model, x))),
            _built(lambda model, x: _end(model.train(), _hidden(model, x))),
            says="forward computes in the mode that it finds. Whoever trains calls train(), whoever evaluates calls eval().",
        ),
        Misconception(
            "one network for all calls",
            _the_same_each_time(),
            functools.cache(HybridCNN),
            says="HybridCNN(p) is a new network every time, with layers of its own. Make them in __init__.",
        ),
        Misconception(
            "pooled size wrong",
            _built(lambda model, x: model.fc(model.dropout(_hidden(model, x)).flatten(1)), features=16 * 32 * 32),
            _built(lambda model, x: model.fc(model.dropout(_hidden(model, x)).flatten(1)), features=16 * 8 * 8),
            _built(lambda model, x: model.fc(model.dropout(_hidden(model, x)).flatten(1)), features=16 * 15 * 15),
            _built(lambda model, x: model.fc(model.dropout(_hidden(model, x)).flatten(1)), features=16 * 31 * 31),
            _built(lambda model, x: _end(model, _hidden(model, x)), conv=lambda: nn.Conv2d(3, 16, 3)),
            _built(lambda model, x: _end(model, F.relu(model.norm(model.conv(x))))),
            _built(lambda model, x: _end(model, F.max_pool2d(F.relu(model.norm(model.conv(x))), 2, 1))),
            _built(lambda model, x: _end(model, F.max_pool2d(_hidden(model, x), 2))),
            raises="RuntimeError",
            says="The convolution pads by 1 and keeps 32 × 32, and F.max_pool2d(x, 2) halves both sides: 16 maps of 16 × 16 are 4096 "
            "features.",
        ),
        Misconception(
            "torch.no_grad() taken for eval",
            _built(_dropped_with_a_graph),
            says="torch.no_grad() only stops the recording of a graph. In training numbers are dropped there, too: the "
            "modules know their mode.",
        ),
        Misconception(
            "norm after ReLU",
            _built(lambda model, x: _end(model, F.max_pool2d(model.norm(F.relu(model.conv(x))), 2))),
            says="Batch norm comes right behind the convolution, before ReLU has cut off half of the numbers.",
        ),
        Misconception(
            "norm after pooling",
            _built(lambda model, x: _end(model, F.relu(model.norm(F.max_pool2d(model.conv(x), 2))))),
            _built(lambda model, x: _end(model, model.norm(F.max_pool2d(F.relu(model.conv(x)), 2)))),
            says="The order is conv, norm, ReLU, pooling. Batch norm looks at all 32 × 32 places of a map.",
        ),
        Misconception(
            "ReLU missing",
            _built(lambda model, x: _end(model, F.max_pool2d(model.norm(model.conv(x)), 2))),
            says="Without ReLU negative numbers go on. It belongs between norm and pooling.",
        ),
        Misconception(
            "another nonlinearity",
            *(_with_act(act) for act in (torch.sigmoid, F.gelu)),
            says="Between norm and pooling stands ReLU: what is negative becomes 0, what is positive stays as it is.",
        ),
        Misconception(
            "ReLU on the logits",
            _built(lambda model, x: F.relu(_end(model, _hidden(model, x)))),
            says="Logits may be negative: fc's result is returned as it is.",
        ),
        Misconception(
            "gradient lost",
            _built(lambda model, x: _end(model, _hidden(model, x)).detach()),
            says="detach, .data and torch.no_grad cut the graph: no gradient reaches the layers, and nothing is trained.",
        ),
        Misconception(
            "a batch of one image dropped",
            _built(lambda model, x: _end(model, _hidden(model, x)).squeeze()),
            says="squeeze drops dimensions of size 1. One image gives (1, 10).",
        ),
        Misconception(
            "dtype of the input lost",
            _built(lambda model, x: _end(model, _hidden(model, x)).float()),
            says="What comes back has the dtype of the network: leave out float().",
        ),
        Misconception(
            "norm missing",
            _built(lambda model, x: _end(model, F.max_pool2d(F.relu(model.conv(x)), 2))),
            says="A layer that is made and never called does nothing. conv, then norm, then ReLU.",
        ),
        Misconception(
            "mean for maximum",
            _built(lambda model, x: _end(model, F.avg_pool2d(F.relu(model.norm(model.conv(x))), 2))),
            says="Max pooling keeps the largest number of each window: F.max_pool2d.",
        ),
        Misconception(
            "softmax inside",
            _built(lambda model, x: F.softmax(_end(model, _hidden(model, x)), 1)),
            _built(lambda model, x: F.log_softmax(_end(model, _hidden(model, x)), 1)),
            says="The network returns logits. Softmax is for reading probabilities; cross-entropy does its own.",
        ),
        Misconception(
            "p not handed on",
            _built(lambda model, x: _end(model, _hidden(model, x)), dropout=lambda p: nn.Dropout()),
            _built(lambda model, x: _end(model, _hidden(model, x)), dropout=lambda p: nn.Dropout(0.25)),
            says="HybridCNN(p) is asked for dropout with that p: nn.Dropout(p). On its own, nn.Dropout takes 0.5.",
        ),
        begins_in_eval(lambda p=0.25: HybridCNN(p).eval()),
        Misconception(
            "p taken for the share that is kept",
            _built(lambda model, x: _end(model, _hidden(model, x)), dropout=lambda p: nn.Dropout(1 - p)),
            says="p is the probability with which a number is dropped, for nn.Dropout as well: nn.Dropout(p).",
        ),
        Misconception(
            "dropout before the pooling",
            _built(
                lambda model, x: model.fc(F.max_pool2d(model.dropout(F.relu(model.norm(model.conv(x)))), 2).flatten(1))
            ),
            says="Of four numbers, one mostly survives, and the maximum takes that one: hardly anything is dropped. "
            "Dropout comes behind the pooling.",
        ),
        Misconception(
            "dropout before norm",
            _built(lambda model, x: model.fc(_hidden(model, model.dropout(x)).flatten(1))),
            _built(lambda model, x: _end(model, _hidden(model, model.dropout(x)))),
            _built(lambda model, x: model.fc(_normed(model, model.dropout(model.conv(x))).flatten(1))),
            _built(lambda model, x: _end(model, _normed(model, model.dropout(model.conv(x))))),
            says="Norm's statistics are those of numbers with holes then, and in evaluation there are none. Dropout comes behind "
            "the pooling, and only there.",
        ),
        Misconception(
            "dropout on the logits",
            _built(lambda model, x: model.dropout(model.fc(_hidden(model, x).flatten(1)))),
            says="A dropped logit is an answer lost. Dropout is for the features, before fc.",
        ),
        Misconception(
            "dropout missing",
            _built(lambda model, x: model.fc(_hidden(model, x).flatten(1))),
            says="In training nothing is dropped. Behind the pooling, call self.dropout, and go on with what it gives back.",
        ),
        Misconception(
            "whole maps dropped",
            _built(lambda model, x: _end(model, _hidden(model, x)), dropout=nn.Dropout2d),
            says="nn.Dropout2d drops whole maps. nn.Dropout drops each number by itself.",
        ),
    ],
    space=_SPACE,
)
