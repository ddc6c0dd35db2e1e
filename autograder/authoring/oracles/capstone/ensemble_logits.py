"""Chapter 10, `ensemble_logits`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.space import FLOATS, Chosen, Space, fits
from autograder.observing.case import Case

__all__ = ["ENSEMBLE_LOGITS"]

Models = Sequence[nn.Module]


def _together(models: Models, x: Tensor, *, out_dim: int = 0, buffers_of_first: bool = False) -> Tensor:
    copies = [copy.deepcopy(model).eval() for model in models]
    params, buffers = stack_module_state(copies)
    return _by_one(copies[0], params, {} if buffers_of_first else buffers, x, out_dims=out_dim)


def _by_one(
    skeleton: nn.Module, params: dict[str, Tensor], buffers: dict[str, Tensor], x: Tensor, **more: Any
) -> Tensor:
    """One network's forward with all networks' tensors."""

    def forward(params: dict[str, Tensor], buffers: dict[str, Tensor]) -> Tensor:
        return functional_call(skeleton, (params, buffers), (x,))

    return torch.vmap(forward, **more)(params, buffers)


def _stacked(models: Models, names: Callable[[nn.Module], Any]) -> dict[str, Tensor]:
    every = [dict(names(model)) for model in models]
    return {name: torch.stack([one[name].detach() for one in every]) for name in every[0]}


def _networks(make: CaseMaker) -> list[Case]:
    a, b = make.sizes(2, 3, 5)
    linear = [("flatten",), ("linear", 2 * a * b, 10)]
    normed = [("conv", 2, 4, 3), ("norm", 4), ("relu",), ("flatten",), ("linear", 4 * (a - 2) * (b - 2), 10)]
    dropping = [("flatten",), ("nest", ("linear", 2 * a * b, 7), ("relu",), ("dropout", 0.5)), ("linear", 7, 10)]
    every_normed = ("", "net", *(f"net.{number}" for number in range(5)))
    every_dropping = ("", "net", "net.0", "net.1", "net.1.0", "net.1.1", "net.1.2", "net.2")

    def case(says: str, layers: Any, batch: int, training: Sequence[tuple[str, ...]], **more: Any) -> Case:
        order = more.pop("order", tuple(range(len(training))))
        x = more.pop("x", make.normal(batch, 2, a, b, dtype=torch.float32))
        shown = f"{says}: M = {len(order)}, x {str(x.dtype)[6:]} {tuple(x.shape)}"
        seeds = tuple(make.seed() for _ in training)
        return make.case(says, layers=layers, seeds=seeds, order=order, training=training, x=x, shown=shown, **more)

    def all_of(count: int, parts: tuple[str, ...] = ()) -> tuple[tuple[str, ...], ...]:
        return (parts,) * count

    double = make.scattered(make.normal(4, 2, a, b))
    return [
        case("three linear networks in evaluation", linear, 2, all_of(3)),
        case("one network", linear, 4, all_of(1)),
        case(
            "networks that negate their logits in training",
            linear,
            3,
            all_of(2, ("", "net", "net.0", "net.1")),
            negates=True,
        ),
        case("batch norm in evaluation", normed, 3, all_of(4)),
        case("batch norm in training", normed, 3, all_of(2, every_normed)),
        case("dropout in training", dropping, 2, all_of(3, every_dropping)),
        case("in different modes", normed, 1, ((), every_normed, ("net.1",), ("", "net.4")), as_tuple=True),
        case(
            "only a part in training", dropping, 3, all_of(2, ("net.1.2",)), with_grad=("net.2.weight", "net.1.0.bias")
        ),
        case("one network twice", normed, 4, all_of(2, every_normed), order=(0, 1, 0)),
        case("five networks, frozen, in float64", normed, 4, all_of(5), x=double, frozen=True),
        case("three other linear networks", linear, 2, all_of(3)),
    ]


# Networks (N, 2, 3, 4) to (N, 10), and the names of their parts.
_LAYERS: dict[str, Any] = {
    "linear": ([("flatten",), ("linear", 24, 10)], ("", "net", "net.0", "net.1")),
    "batch norm": (
        [("conv", 2, 3, 2), ("norm", 3), ("relu",), ("flatten",), ("linear", 18, 10)],
        ("", "net", *(f"net.{number}" for number in range(5))),
    ),
    "nested dropout": (
        [("flatten",), ("nest", ("linear", 24, 5), ("dropout", 0.5)), ("relu",), ("linear", 5, 10)],
        ("", "net", "net.0", "net.1", "net.1.0", "net.1.1", "net.2", "net.3"),
    ),
}


def _training(one: Chosen) -> tuple[tuple[str, ...], ...]:
    """The parts in training mode, of each network."""
    parts = _LAYERS[one.layers][1]
    of_each = {
        "evaluation": lambda number: (),
        "training": lambda number: parts,
        "in turn": lambda number: parts if number % 2 else (),
        "some parts only": lambda number: parts[number % 2 :: 2],
    }[one.modes]
    return tuple(of_each(number) for number in range(one.networks))


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    order = tuple(range(one.networks)) + ((0,) if one.twice else ())
    return make.case(
        layers=_LAYERS[one.layers][0],
        seeds=tuple(make.seed() for _ in range(one.networks)),
        order=order,
        training=_training(one),
        frozen=one.frozen,
        as_tuple=one.as_tuple,
        x=make.drawn(one.batch, 2, 3, 4, layout=one.layout, dtype=one.dtype),
        shown=f"networks with {one.layers}, modes: {one.modes}, M = {len(order)}, x {str(one.dtype)[6:]} ({one.batch}, 2, 3, 4)",
    )


_LAYOUTS = ("contiguous", "every second row", "dimensions in another order", "expanded")

_SPACE = Space(
    _drawn,
    layers=tuple(_LAYERS),
    networks=(1, 4),
    modes=("evaluation", "training", "in turn", "some parts only"),
    twice=(False, True),
    frozen=(False, True),
    as_tuple=(False, True),
    batch=(1, 3, 8),
    layout=_LAYOUTS,
    dtype=FLOATS,
    within=lambda one: fits(one.layout, (one.batch, 2, 3, 4)),
    words={
        "layers": "the networks have {}",
        "networks": "the number of different networks is {}",
        "modes": "the networks are in these modes: {}",
        "twice": "one network stands in the list twice: {}",
        "frozen": "the networks are frozen: {}",
        "as_tuple": "the networks come in a tuple: {}",
        "batch": "the number of samples is {}",
        "layout": "x lies in memory like this: {}",
    },
)


def _modes_not_put_back(models: Models, x: Tensor) -> Tensor:
    for model in models:
        model.eval()
    return _together(models, x)


def _skeleton_put_in_eval(models: Models, x: Tensor) -> Tensor:
    params = _stacked(models, nn.Module.named_parameters)
    buffers = _stacked(models, nn.Module.named_buffers)
    return _by_one(models[0].eval(), params, buffers, x)


def _all_put_in_train(models: Models, x: Tensor) -> Tensor:
    out = _modes_not_put_back(models, x)
    for model in models:
        model.train()
    return out


def _modes_of_the_whole(models: Models, x: Tensor) -> Tensor:
    """Puts the whole network's mode back on every part."""
    before = [model.training for model in models]
    out = _modes_not_put_back(models, x)
    for model, mode in zip(models, before, strict=True):
        model.train(mode)
    return out


def _in_their_own_mode(randomness: str) -> Callable[[Models, Tensor], Tensor]:
    def answer(models: Models, x: Tensor) -> Tensor:
        params, buffers = stack_module_state(list(models))
        return _by_one(copy.deepcopy(models[0]), params, buffers, x, randomness=randomness)

    return answer


def _in_training(models: Models, x: Tensor) -> Tensor:
    params = _stacked(models, nn.Module.named_parameters)
    buffers = _stacked(models, nn.Module.named_buffers)
    return _by_one(copy.deepcopy(models[0]).train(), params, buffers, x, randomness="different")


def _layers_in_eval(models: Models, x: Tensor) -> Tensor:
    """Only the layers of which everybody knows that a mode matters to them."""
    skeleton = copy.deepcopy(models[0])
    for part in skeleton.modules():
        if isinstance(part, nn.Dropout | nn.BatchNorm2d):
            part.eval()
    return _by_one(skeleton, _stacked(models, nn.Module.named_parameters), _stacked(models, nn.Module.named_buffers), x)


def _loop(models: Models, x: Tensor) -> Tensor:
    with torch.no_grad():
        return torch.stack([copy.deepcopy(model).eval()(x) for model in models])


ENSEMBLE_LOGITS = Oracle(
    "ensemble_logits",
    _together,
    _networks,
    [
        Misconception(
            "averaged",
            lambda models, x: _together(models, x).mean(0),
            lambda models, x: _together(models, x).mean(0, keepdim=True),
            says="Asked for are the logits of each network. Whoever wants their mean can take it afterwards.",
        ),
        Misconception(
            "summed",
            lambda models, x: _together(models, x).sum(0),
            lambda models, x: _together(models, x).sum(0, keepdim=True),
            says="Asked for are the logits of each network. Whoever wants their sum can take it afterwards.",
        ),
        Misconception(
            "stacked on the wrong axis",
            lambda models, x: _together(models, x, out_dim=1),
            lambda models, x: _together(models, x, out_dim=2),
            lambda models, x: _together(models, x).flatten(0, 1),
            says="The result is (M, N, 10): first the networks, then the batch. vmap puts its dimension in front unless told.",
        ),
        Misconception(
            "training mode left on",
            *map(_in_their_own_mode, ("error", "different", "same")),
            _in_training,
            says="Logits are asked for in eval mode, whatever mode the networks come in: no dropout, and batch norm with the running "
            "statistics of each network.",
        ),
        Misconception(
            "not all parts in eval",
            _layers_in_eval,
            says="A network, or a part of it, may ask for its own mode without being a layer of torch's. eval() reaches every part.",
        ),
        Misconception(
            "modes not put back",
            _modes_not_put_back,
            _skeleton_put_in_eval,
            _all_put_in_train,
            says="Whoever trains on afterwards finds another mode. Put modes back, or set them on copies.",
        ),
        Misconception(
            "one mode put back on all parts",
            _modes_of_the_whole,
            says="train(mode) reaches all parts, also those that had a mode of their own. Remember the mode of each of modules().",
        ),
        Misconception(
            "the first network's buffers for all",
            lambda models, x: _together(models, x, buffers_of_first=True),
            says="Running statistics belong to their network. stack_module_state gives buffers, too, and functional_call takes both.",
        ),
        Misconception(
            "a loop over the networks",
            _loop,
            says="The logits are right, but forward ran once for each network. vmap runs it once, for all of them.",
        ),
        Misconception(
            "the first network's tensors for all",
            lambda models, x: _together([models[0]] * len(models), x),
            says="All M results are the first network's. functional_call has to be handed the stacked tensors, inside of vmap.",
        ),
        Misconception(
            "probabilities, not logits",
            lambda models, x: _together(models, x).softmax(-1),
            lambda models, x: _together(models, x).log_softmax(-1),
            says="Asked for are logits. Softmax comes afterwards, for whoever reads probabilities.",
        ),
    ],
    space=_SPACE,
)
