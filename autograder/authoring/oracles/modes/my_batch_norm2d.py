"""Chapter 07, `my_batch_norm2d`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.beginning import begins_in_eval
from autograder.authoring.oracles.modes.batch_norm import four_tensors
from autograder.authoring.space import FLOATS, NO_GRAD_WORDS, Chosen, Space, absent, fits
from autograder.observing.case import Case
from autograder.observing.codec import Drawn

__all__ = ["MY_BATCH_NORM2D"]


def _case(make: CaseMaker, name: str, modes: str, *batches: Tensor | Drawn, leaves: str = "", **inputs: Any) -> Case:
    words = tuple(modes.split())
    sizes = [tuple(one.shape if isinstance(one, Tensor) else one.size) for one in batches]
    channels, dtype = sizes[0][1], batches[0].dtype
    named: dict[str, Any] = {f"x{number}" if number else "x": one for number, one in enumerate(batches)}
    aspect = {} if "train" in words else {"aspect": "eval"}
    state: dict[str, Any] = four_tensors(make, channels, dtype) | {
        "num_batches_tracked": torch.tensor(make.integer(2, 90))
    }
    numbers = "".join(f", {key}={inputs[key]}" for key in ("eps", "momentum") if key in inputs)
    then = ", then ".join(f"{mode} on {size}" for mode, size in zip(words, sizes, strict=True))
    loaded = "as it is made" if "num_batches_tracked" in inputs else "a state loaded"
    shown = f"MyBatchNorm2d({channels}{numbers}), {loaded}, {then} {str(dtype)[6:]}"
    return make.case(
        name, num_features=channels, modes=words, leaves=leaves, shown=shown, **named, **{**state, **aspect, **inputs}
    )


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    size = _size(one)
    first = make.drawn(*size, scale=2.0, layout=one.layout, dtype=one.dtype)
    more = [make.drawn(*size, scale=3.0, dtype=one.dtype) for _ in one.modes.split()[1:]]
    flags = one.flags("inside", "beside", "no_grad")
    leaves = "" if more or one.no_grad else "x"
    return _case(make, "", one.modes, first, *more, leaves=leaves, **one.given("eps", "momentum"), **flags)


def _size(one: Chosen) -> tuple[int, ...]:
    return one.images, one.channels, *one.sides


_SPACE = Space(
    _drawn,
    images=(1, 3),
    channels=(1, 3),
    sides=((1, 3), (4, 1)),
    modes=("train", "eval", "train eval", "eval train"),
    eps=(absent, 0.5),
    momentum=(absent, 0.0, 1.0),
    inside=(False, True),
    beside=(False, True),
    no_grad=(False, True),
    layout=("contiguous", "channels last", "expanded"),
    dtype=FLOATS,
    within=(lambda one: fits(one.layout, _size(one)),),
    words={
        "images": "the number of images is {}",
        "channels": "the number of channels is {}",
        "sides": "the images are of size {}",
        "modes": "the modes are, one after the other: {}",
        "inside": "the layer is inside of a larger model: {}",
        "beside": "another layer is at work, too: {}",
        **NO_GRAD_WORDS,
        "layout": "x lies in memory like this: {}",
    },
)


def _cases(make: CaseMaker) -> list[Case]:
    a, b, c, d = make.sizes(4, 2, 5)
    as_made = nn.BatchNorm2d(a, dtype=torch.float64)

    def images(*size: int, dtype: torch.dtype = torch.float64) -> Tensor:
        channel = torch.arange(1, size[1] + 1, dtype=dtype)[:, None, None]
        return make.normal(*size, dtype=dtype) * channel + 2 * channel

    def case(name: str, modes: str, *batches: Tensor, **inputs: Any) -> Case:
        return _case(make, name, modes, *batches, **inputs)

    return [
        make.case("as it is made", num_features=a, made=True, shown=f"MyBatchNorm2d({a})"),
        case("a batch in training", "train", images(a, 2, 1, b), leaves="x"),
        case("a batch in eval", "eval", images(b, 3, a, 1), leaves="x"),
        case("trained, then asked", "train eval", images(c, b, 1, a), images(2, b, d, 1)),
        case("three batches, asked in between", "train eval train", images(a, d, 2, 1), images(1, d, 1, 2), images(b, d, 3, 1)),
        case("eps and momentum given", "train eval", images(c, a, 2, 1), images(1, a, 1, 2), eps=0.5, momentum=0.3),
        case("one image of one channel", "train", images(1, 1, b, c), leaves="x"),
        case("another layer beside it", "eval", images(2, a, 1, c), beside=True),
        case("float32", "train", images(9, 4, 5, 3, dtype=torch.float32), leaves="x"),
        case("the first batches of all", "train train eval", *(images(n, a, 2, b) for n in (c, b, 1)), **as_made.state_dict()),
    ]  # fmt: skip


class MyBatchNorm2d(nn.Module):
    """A home for what `F.batch_norm` needs. The misconceptions derive from it."""

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.keep(torch.zeros(num_features), torch.ones(num_features), torch.tensor(0))

    def keep(self, mean: Tensor, var: Tensor, count: Tensor) -> None:
        """Register what is kept between the calls."""
        self.register_buffer("running_mean", mean)
        self.register_buffer("running_var", var)
        self.register_buffer("num_batches_tracked", count)

    def forward(self, x: Tensor) -> Tensor:
        """``x (N, C, H, W)``."""
        if self.training:
            self.num_batches_tracked += 1
        return self.normalise(x, self.training)

    def normalise(self, x: Tensor, training: bool) -> Tensor:
        """By `F.batch_norm`."""
        return F.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, training, self.momentum, self.eps
        )


class _Attributes(MyBatchNorm2d):
    def keep(self, mean: Tensor, var: Tensor, count: Tensor) -> None:
        self.running_mean, self.running_var, self.num_batches_tracked = mean, var, count

    def normalise(self, x: Tensor, training: bool) -> Tensor:
        mean, var = self.running_mean.to(x.dtype), self.running_var.to(x.dtype)
        return F.batch_norm(x, mean, var, self.weight, self.bias, training, self.momentum, self.eps)


class _AttributesLeftBehind(_Attributes):
    def normalise(self, x: Tensor, training: bool) -> Tensor:
        return MyBatchNorm2d.normalise(self, x, training)


def _counted(kind: type[_Attributes]) -> type[MyBatchNorm2d]:
    """The same, but what counts the batches is a buffer."""

    def keep(self: Any, mean: Tensor, var: Tensor, count: Tensor) -> None:
        self.running_mean, self.running_var = mean, var
        self.register_buffer("num_batches_tracked", count)

    return type("Counted", (kind,), {"keep": keep})


class _Parameters(MyBatchNorm2d):
    def keep(self, mean: Tensor, var: Tensor, count: Tensor) -> None:
        self.running_mean, self.running_var = nn.Parameter(mean), nn.Parameter(var)
        self.register_buffer("num_batches_tracked", count)

    def normalise(self, x: Tensor, training: bool) -> Tensor:
        mean, var = self.running_mean.data, self.running_var.data
        return F.batch_norm(x, mean, var, self.weight, self.bias, training, self.momentum, self.eps)


class _FrozenParameters(_Parameters):
    def keep(self, mean: Tensor, var: Tensor, count: Tensor) -> None:
        self.running_mean = nn.Parameter(mean, requires_grad=False)
        self.running_var = nn.Parameter(var, requires_grad=False)
        self.register_buffer("num_batches_tracked", count)


class _BatchAlways(MyBatchNorm2d):
    def normalise(self, x: Tensor, training: bool) -> Tensor:
        if training:
            return super().normalise(x, True)
        return F.batch_norm(x, None, None, self.weight, self.bias, True, self.momentum, self.eps)


class _BatchAlwaysAndMoved(MyBatchNorm2d):
    def normalise(self, x: Tensor, training: bool) -> Tensor:
        return super().normalise(x, True)


class _BatchAlwaysAndCounted(_BatchAlwaysAndMoved):
    """The mode plays no part at all."""

    def forward(self, x: Tensor) -> Tensor:
        self.num_batches_tracked += 1
        return self.normalise(x, True)


class _RunningAlways(MyBatchNorm2d):
    def normalise(self, x: Tensor, training: bool) -> Tensor:
        return super().normalise(x, False)


class _Plain(MyBatchNorm2d):
    def normalise(self, x: Tensor, training: bool) -> Tensor:
        return F.batch_norm(
            x, self.running_mean, self.running_var, training=training, momentum=self.momentum, eps=self.eps
        )


class _OnlyCentred(MyBatchNorm2d):
    """Ignores weight, bias and running_var: in eval only the mean is subtracted."""

    def normalise(self, x: Tensor, training: bool) -> Tensor:
        if training:
            return F.batch_norm(x, self.running_mean, self.running_var, None, None, True, self.momentum, self.eps)
        return x - self.running_mean[:, None, None]


class _NoGradForEval(MyBatchNorm2d):
    def forward(self, x: Tensor) -> Tensor:
        training = self.training and torch.is_grad_enabled()
        if training:
            self.num_batches_tracked += 1
        return self.normalise(x, training)


class _NoCount(MyBatchNorm2d):
    def keep(self, mean: Tensor, var: Tensor, count: Tensor) -> None:
        self.register_buffer("running_mean", mean)
        self.register_buffer("running_var", var)

    def forward(self, x: Tensor) -> Tensor:
        return self.normalise(x, self.training)


class _CountForgotten(MyBatchNorm2d):
    def forward(self, x: Tensor) -> Tensor:
        return self.normalise(x, self.training)


class _CountsAlways(MyBatchNorm2d):
    def forward(self, x: Tensor) -> Tensor:
        self.num_batches_tracked += 1
        return self.normalise(x, self.training)


class _CountsImages(MyBatchNorm2d):
    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.num_batches_tracked += len(x)
        return self.normalise(x, self.training)


class _InTheGraph(MyBatchNorm2d):
    """The running statistics are moved by plain arithmetic, and whatever x hangs in, they hang in, too."""

    def normalise(self, x: Tensor, training: bool) -> Tensor:
        if not training:
            return super().normalise(x, False)
        new = x.mean((0, 2, 3)), x.var((0, 2, 3))
        self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * new[0]
        self.running_var = (1 - self.momentum) * self.running_var + self.momentum * new[1]
        return F.batch_norm(x, None, None, self.weight, self.bias, True, self.momentum, self.eps)


class _FloatCount(MyBatchNorm2d):
    def keep(self, mean: Tensor, var: Tensor, count: Tensor) -> None:
        super().keep(mean, var, torch.zeros(1))


class _FloatCountOfNoDimensions(MyBatchNorm2d):
    def keep(self, mean: Tensor, var: Tensor, count: Tensor) -> None:
        super().keep(mean, var, torch.tensor(0.0))


class _SettingsLost(MyBatchNorm2d):
    def normalise(self, x: Tensor, training: bool) -> Tensor:
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, training)


class _MomentumTurned(MyBatchNorm2d):
    def normalise(self, x: Tensor, training: bool) -> Tensor:
        return F.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, training, 1 - self.momentum, self.eps
        )


class _EpsLost(MyBatchNorm2d):
    def normalise(self, x: Tensor, training: bool) -> Tensor:
        return self.by(x, training, self.momentum, 1e-5)

    def by(self, x: Tensor, training: bool, momentum: float, eps: float) -> Tensor:
        """By `F.batch_norm` with other settings."""
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, training, momentum, eps)


class _MomentumLost(_EpsLost):
    def normalise(self, x: Tensor, training: bool) -> Tensor:
        return self.by(x, training, 0.1, self.eps)


class _SettingsExchanged(_EpsLost):
    def normalise(self, x: Tensor, training: bool) -> Tensor:
        return self.by(x, training, self.eps, self.momentum)


class _OtherMomentum(MyBatchNorm2d):
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.9) -> None:
        super().__init__(num_features, eps, momentum)


class _OtherEps(MyBatchNorm2d):
    def __init__(self, num_features: int, eps: float = 1e-3, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, momentum)


class _ModeTurned(MyBatchNorm2d):
    def normalise(self, x: Tensor, training: bool) -> Tensor:
        return super().normalise(x, not training)


class _BatchAlwaysUncounted(_BatchAlwaysAndMoved):
    def forward(self, x: Tensor) -> Tensor:
        return self.normalise(x, self.training)


class _NothingKeptButTheCount(MyBatchNorm2d):
    def normalise(self, x: Tensor, training: bool) -> Tensor:
        return F.batch_norm(x, None, None, self.weight, self.bias, True, self.momentum, self.eps)


class _NothingKept(_NothingKeptButTheCount):
    def forward(self, x: Tensor) -> Tensor:
        return self.normalise(x, self.training)


class _RunningAlwaysUncounted(_RunningAlways):
    def forward(self, x: Tensor) -> Tensor:
        return self.normalise(x, self.training)


class _GradientLost(MyBatchNorm2d):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).detach()


class _WeightsCut(MyBatchNorm2d):
    def normalise(self, x: Tensor, training: bool) -> Tensor:
        weight, bias = self.weight.detach(), self.bias.detach()
        return F.batch_norm(x, self.running_mean, self.running_var, weight, bias, training, self.momentum, self.eps)


class _WeightsAsBuffers(MyBatchNorm2d):
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, momentum)
        for name, one in dict(self.named_parameters()).items():
            delattr(self, name)
            self.register_buffer(name, one.detach())


class _WeightsLeftPlain(MyBatchNorm2d):
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, momentum)
        for name, one in dict(self.named_parameters()).items():
            delattr(self, name)
            setattr(self, name, one.detach())

    def normalise(self, x: Tensor, training: bool) -> Tensor:
        weight, bias = self.weight.to(x.dtype), self.bias.to(x.dtype)  # nobody moves what is not registered
        return F.batch_norm(x, self.running_mean, self.running_var, weight, bias, training, self.momentum, self.eps)


def _started(weight: Any, bias: Any = torch.zeros, var: Any = torch.ones) -> type[nn.Module]:
    class Wrong(MyBatchNorm2d):
        def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
            super().__init__(num_features, eps, momentum)
            with torch.no_grad():
                self.weight.copy_(weight(num_features))
                self.bias.copy_(bias(num_features))
                self.running_var.copy_(var(num_features))

    return Wrong


class _NotSaved(MyBatchNorm2d):
    def keep(self, mean: Tensor, var: Tensor, count: Tensor) -> None:
        self.register_buffer("running_mean", mean, persistent=False)
        self.register_buffer("running_var", var, persistent=False)
        self.register_buffer("num_batches_tracked", count, persistent=False)


MY_BATCH_NORM2D = Oracle(
    "my_batch_norm2d",
    nn.BatchNorm2d,
    _cases,
    [
        Misconception(
            "statistics as attributes",
            _Attributes,
            _AttributesLeftBehind,
            *(_counted(kind) for kind in (_Attributes, _AttributesLeftBehind)),
            says="A plain tensor in an attribute is not part of the state: it is not saved, not loaded, not moved. register_buffer "
            "makes it one.",
        ),
        Misconception(
            "statistics as parameters",
            _Parameters,
            _FrozenParameters,
            says="An optimiser takes all parameters. What is not learned is a buffer: register_buffer.",
        ),
        Misconception(
            "buffers that are not saved",
            _NotSaved,
            says="persistent=False keeps a buffer out of the state_dict. These three belong in it.",
        ),
        Misconception(
            "eval uses batch statistics",
            _BatchAlways,
            _BatchAlwaysAndMoved,
            _BatchAlwaysUncounted,
            _BatchAlwaysAndCounted,
            _NothingKept,
            _NothingKeptButTheCount,
            says="In eval the layer normalises with its running statistics, whatever is in the batch. Hand on training=self.training.",
        ),
        Misconception(
            "training uses running statistics",
            _RunningAlways,
            _RunningAlwaysUncounted,
            says="F.batch_norm is in eval unless it is told otherwise, and then moves no statistics. Hand on training=self.training.",
        ),
        Misconception(
            "weight and bias ignored",
            _Plain,
            says="The layer has a weight and a bias for each channel, and they have to be used: hand them on.",
        ),
        Misconception(
            "weight, bias and running_var ignored",
            _OnlyCentred,
            says="In eval as in training each channel is divided by a deviation, multiplied by its weight, and its bias is added.",
        ),
        Misconception(
            "no num_batches_tracked",
            _NoCount,
            says="nn.BatchNorm2d has a fifth tensor in its state: num_batches_tracked, an int64 without dimensions.",
        ),
        Misconception(
            "batches not counted",
            _CountForgotten,
            says="num_batches_tracked goes up by 1 with every batch in training.",
        ),
        Misconception(
            "batches counted in eval, too",
            _CountsAlways,
            says="num_batches_tracked counts the batches that the statistics have seen: those in training.",
        ),
        Misconception(
            "images counted, not batches",
            _CountsImages,
            says="num_batches_tracked goes up by 1 with a batch, however many images are in it.",
        ),
        Misconception(
            "a count of another kind",
            _FloatCount,
            _FloatCountOfNoDimensions,
            says="num_batches_tracked is a whole number without dimensions: torch.tensor(0).",
        ),
        Misconception(
            "eps and momentum not handed on",
            _SettingsLost,
            _EpsLost,
            _MomentumLost,
            says="F.batch_norm takes momentum and eps, and uses 0.1 and 1e-5 when it is not given any. Keep them, and hand them on.",
        ),
        Misconception(
            "eps and momentum exchanged",
            _SettingsExchanged,
            says="F.batch_norm takes momentum before eps, and nn.BatchNorm2d eps before momentum. Name them where you hand them on.",
        ),
        Misconception(
            "other defaults",
            _OtherMomentum,
            _OtherEps,
            says="Unless told otherwise, eps is 1e-5 and momentum, the share of the new, is 0.1. Other libraries count otherwise.",
        ),
        Misconception(
            "the mode the other way round",
            _ModeTurned,
            says="In training the batch's own statistics are used, in eval the running ones: training=self.training.",
        ),
        Misconception(
            "torch.no_grad() taken for eval",
            _NoGradForEval,
            says="torch.no_grad() only stops the recording of a graph. In training the batch's statistics are used and "
            "kept there, too: ask self.training alone.",
        ),
        Misconception(
            "weight and bias not learned",
            _WeightsAsBuffers,
            _WeightsLeftPlain,
            says="Weight and bias are learned: each is an nn.Parameter, so that an optimiser finds it.",
        ),
        begins_in_eval(lambda *numbers, **named: MyBatchNorm2d(*numbers, **named).eval()),
        Misconception(
            "another start",
            _started(torch.zeros),
            _started(torch.ones, var=torch.zeros),
            says="A new layer changes nothing but the scale: weight and running_var begin as ones, bias and running_mean as zeros.",
        ),
        Misconception(
            "gradient lost",
            _GradientLost,
            _WeightsCut,
            says="detach, .data and torch.no_grad cut the graph: what stands before them gets no gradient, and is not trained.",
        ),
        Misconception(
            "running statistics in the graph",
            _InTheGraph,
            says="The running statistics hang in the graph of the batch, and of every batch to come. Move them under torch.no_grad().",
        ),
        Misconception(
            "momentum the wrong way round",
            _MomentumTurned,
            says="Momentum is the share of the new: (1 − momentum) · running + momentum · new.",
        ),
    ],
    space=_SPACE,
)
