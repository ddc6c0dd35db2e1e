"""Chapter 08, `train_module`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.training.batches import draw_batches
from autograder.authoring.oracles.training.loops import TENSORS_FOR_FLOATS, loop, loss_of_probabilities
from autograder.authoring.space import FLOATS, Chosen, Space
from autograder.observing.case import Case

__all__ = ["TRAIN_MODULE"]

Batches = Iterable[tuple[Tensor, Tensor]]


def _trained(model: nn.Module, batches: Batches, lr: float, **how: Any) -> list[Any]:
    return loop(model, model.parameters(), batches, lr, **how)


def _modules(make: CaseMaker) -> list[Case]:
    a, b, c = make.sizes(3, 2, 5)
    image = (2, 5, 4)  # one convolution of 3 × 3 leaves 3 × 2 of it
    perceptron = (("linear", a, b), ("relu",), ("linear", b, c))
    normed = (("conv", 2, 3, 3), ("norm", 3), ("relu",), ("flatten",), ("linear", 3 * 3 * 2, c))
    dropping = (("linear", a, b), ("dropout", 0.5), ("linear", b, c))
    frozen = (*perceptron, ("freeze", 0))
    tied = (("linear", a, a), ("relu",), ("linear", a, a), ("tie", 0, 2))

    def case(
        name: str,
        layers: Sequence[tuple[Any, ...]],
        sizes: Sequence[int],
        of: int,
        *shape: int,
        lr: float = 0.3,
        evaluating: tuple[str, ...] = (),
        stale: float = 0.0,
        kind: str = "tuple",
        dtype: torch.dtype = torch.float64,
    ) -> Case:
        """Batches of these sizes and classes; ``stale`` is the gradient that every parameter comes with."""
        told = f"{' → '.join(str(one[0]) for one in layers)}, batches of {', '.join(map(str, sizes))}, lr={lr}"
        return make.case(
            name, layers=tuple(layers), seed=make.seed(), batches=draw_batches(make, sizes, of, *shape, dtype=dtype),
            lr=lr, evaluating=evaluating, stale=stale, kind=kind, dtype=dtype, shown=told,
        )  # fmt: skip

    return [
        case("two batches, one linear layer", [("linear", 2, 3)], (2, 2), 3, 2, lr=0.5),
        case("batches of three sizes", perceptron, (4, 3, 1), c, a),
        case("batches as lists, in float32", perceptron, (3, 5), c, a, kind="list", dtype=torch.float32),
        case("gradients found on arrival", perceptron, (3, 2), c, a, stale=1.0),
        case("batch norm in training mode", normed, (4, 3), c, *image),
        case("batch norm kept in eval mode", normed, (2, 4), c, *image, evaluating=("1",)),
        case("dropout in eval mode", dropping, (3, 4), c, a, evaluating=("", "0", "1", "2")),
        case("a frozen layer, with a gradient on it", frozen, (2, 3), c, a, stale=0.5),
        case("one weight in two places", tied, (3, 2, 4), a, a),
        case("a small step", perceptron, (2, 2), c, a, lr=0.001),
        make.case("no batch at all", lr=0.1, batches={}, shown="batches that hold nothing"),
    ]


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    layers, shape, parts = _NETS[one.net](one.features, one.classes)
    resting = {
        "in training mode": (),
        "in eval mode": ("", *map(str, range(len(layers)))),
        "in eval mode in part": parts,
    }
    return make.case(
        layers=layers, seed=make.seed(), dtype=one.dtype, lr=one.lr, stale=one.stale, kind=one.kind,
        batches=draw_batches(make, one.sizes, one.classes, *shape, dtype=one.dtype), evaluating=resting[one.mode],
    )  # fmt: skip


# Layers, the shape of one input, and the parts that may rest in eval mode while the others train.
_Net = tuple[tuple[tuple[Any, ...], ...], tuple[int, ...], tuple[str, ...]]
_NETS: Mapping[str, Callable[[int, int], _Net]] = {
    "one layer": lambda width, of: ((("linear", width, of),), (width,), ("0",)),
    "two layers": lambda width, of: ((("linear", width, 4), ("relu",), ("linear", 4, of)), (width,), ("1",)),
    "a frozen layer": lambda width, of: (
        (("linear", width, 4), ("relu",), ("linear", 4, of), ("freeze", 0)),
        (width,),
        ("0",),
    ),
    "a weight in two places": lambda width, of: (
        (("linear", width, width), ("relu",), ("linear", width, width), ("tie", 0, 2), ("linear", width, of)),
        (width,),
        ("1",),
    ),
    "a part within a part": lambda width, of: (
        (("nest", ("linear", width, 3), ("relu",)), ("linear", 3, of)),
        (width,),
        ("0", "0.1"),
    ),
    "batch norm": lambda width, of: (
        (("conv", width, 3, 2), ("norm", 3), ("relu",), ("flatten",), ("linear", 3 * 2 * 3, of)),
        (width, 3, 4),
        ("1",),
    ),
    "dropout": lambda width, of: ((("linear", width, 4), ("dropout", 0.5), ("linear", 4, of)), (width,), ("1",)),
}

_SPACE = Space(
    _drawn,
    net=tuple(_NETS),
    features=(2, 5),
    classes=(2, 5),
    sizes=((2, 1), (1, 4, 2), (3, 3, 3, 3), (3,)),
    mode=("in training mode", "in eval mode", "in eval mode in part"),
    stale=(0.0, 1.0),
    kind=("tuple", "list"),
    lr=(0.01, 0.5),
    dtype=FLOATS,
    # What dropout drops in training mode is a matter of chance.
    within=lambda one: one.net != "dropout" or one.mode != "in training mode",
    words={
        "net": "the model has {}",
        "features": "the number of features is {}",
        "classes": "the number of classes is {}",
        "sizes": "the batches are of the sizes {}",
        "mode": "the model is {}",
        "stale": "on arrival every gradient is {}",
        "kind": "each batch is a {}",
    },
)


def _twice_read(model: nn.Module, batches: Batches, lr: float) -> list[float]:
    _ = sum(1 for _ in batches)
    return _trained(model, batches, lr)


def _in_mode(mode: bool, restored: bool) -> Callable[..., list[float]]:
    def answer(model: nn.Module, batches: Batches, lr: float) -> list[float]:
        before = model.training
        model.train(mode)
        losses = _trained(model, batches, lr)
        if restored:
            model.train(before)
        return losses

    return answer


def _never_stepped(model: nn.Module, batches: Batches, lr: float) -> list[float]:
    return [F.cross_entropy(model(x), target).item() for x, target in batches]


def _with_momentum(momentum: float) -> Callable[..., list[float]]:
    def answer(model: nn.Module, batches: Batches, lr: float) -> list[float]:
        optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
        losses = []
        for x, target in batches:
            loss = F.cross_entropy(model(x), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    return answer


def _cleared_once(model: nn.Module, batches: Batches, lr: float) -> list[float]:
    model.zero_grad()
    return _trained(model, batches, lr, clear="never")


def _in_a_tensor(model: nn.Module, batches: Batches, lr: float) -> Any:
    losses = _trained(model, batches, lr, keep=Tensor.detach)
    return torch.stack(losses) if losses else []


def _asleep_at_the_end(awake: bool) -> Callable[..., list[float]]:
    def answer(model: nn.Module, batches: Batches, lr: float) -> list[float]:
        if awake:
            model.train()
        losses = _trained(model, batches, lr)
        model.eval()
        return losses

    return answer


def _by_number(count: bool) -> Callable[..., list[float]]:
    def answer(model: nn.Module, batches: Any, lr: float) -> list[float]:
        return _trained(model, [batches[number] for number in range(len(batches) if count else 1)], lr)

    return answer


TRAIN_MODULE = Oracle(
    "train_module",
    _trained,
    _modules,
    [
        Misconception(
            "zero_grad forgotten",
            lambda model, batches, lr: _trained(model, batches, lr, clear="never"),
            _cleared_once,
            says="backward adds to the gradients that are there. Without zero_grad, each step goes along the sum of all "
            "gradients so far.",
        ),
        Misconception(
            "gradients found on arrival used",
            lambda model, batches, lr: _trained(model, batches, lr, clear="after"),
            says="Gradients are cleared after each step, but the first step still goes along what somebody else has left. "
            "Clear before backward.",
        ),
        Misconception(
            "the parameters stand still",
            lambda model, batches, lr: _trained(model, batches, lr, clear="between"),
            _never_stepped,
            says="The model ends where it began. Is there a step for each batch? And do its gradients stay between backward "
            "and step? Cleared in between, they move nothing.",
        ),
        Misconception(
            "loss recorded after the step",
            lambda model, batches, lr: _trained(model, batches, lr, when="after"),
            says="Asked for is the loss before each step: the one that you call backward on. A second forward is not needed.",
        ),
        Misconception(
            "softmax before the loss",
            *(lambda model, batches, lr, dim=dim: _trained(model, batches, lr, loss_of=loss_of_probabilities(dim)) for dim in (1, 0)),
            says="F.cross_entropy takes logits, and does the softmax itself. Give it what the model gives.",
        ),
        Misconception(
            "sum for mean",
            lambda model, batches, lr: _trained(
                model, batches, lr, loss_of=lambda logits, target: F.cross_entropy(logits, target, reduction="sum")
            ),
            says="The mean over the batch is asked for. With the sum, a larger batch takes a larger step.",
        ),
        Misconception(
            "tensors for floats",
            lambda model, batches, lr: _trained(model, batches, lr, keep=lambda loss: loss),
            lambda model, batches, lr: _trained(model, batches, lr, keep=lambda loss: loss.detach()),
            says=TENSORS_FOR_FLOATS,
        ),
        Misconception(
            "batches read twice",
            _twice_read,
            says="Batches may come from a generator, which gives each of them once. Go through them a single time.",
        ),
        Misconception(
            "mode changed",
            *(_in_mode(mode, restored) for mode in (True, False) for restored in (False, True)),
            *(_asleep_at_the_end(awake) for awake in (False, True)),
            says="Whoever calls you decides about the mode: train() would wake up dropout and batch norm that were told to "
            "rest, eval() would put them to sleep.",
        ),
        Misconception(
            "losses in a tensor",
            _in_a_tensor,
            says="A list of floats is asked for: keep loss.item() for each batch, and return the list as it is.",
        ),
        Misconception(
            "nll_loss without a logarithm",
            lambda model, batches, lr: _trained(model, batches, lr, loss_of=F.nll_loss),
            lambda model, batches, lr: _trained(
                model, batches, lr, loss_of=lambda logits, target: F.nll_loss(logits.softmax(1), target)
            ),
            says="F.nll_loss takes log-probabilities. F.cross_entropy takes the logits and does log_softmax itself.",
        ),
        Misconception(
            "lr written in",
            *(lambda model, batches, lr, own=own: _trained(model, batches, own) for own in (0.01, 0.1)),
            says="The learning rate is the one that you are given: lr=lr.",
        ),
        Misconception(
            "a copy trained",
            lambda model, batches, lr: _trained(copy.deepcopy(model), batches, lr),
            says="It was a copy that learned: the model that you were given stands where it stood.",
        ),
        Misconception(
            "batches taken for a list",
            *(_by_number(count) for count in (True, False)),
            raises="TypeError",
            says="Batches may come from a generator, which has no length and no numbers: for x, target in batches.",
        ),
        Misconception(
            "momentum added",
            _with_momentum(0.9),
            says="Plain SGD is asked for, so that the other build can do the same: no momentum, no weight decay.",
        ),
    ],
    space=_SPACE,
)  # fmt: skip
