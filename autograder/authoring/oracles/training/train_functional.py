"""Chapter 08, `train_functional`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.modules import network_inputs
from autograder.authoring.oracles.training.batches import classes
from autograder.authoring.oracles.training.loops import TENSORS_FOR_FLOATS, loop, loss_of_probabilities
from autograder.authoring.space import FLOATS, Space
from autograder.observing.case import Case

__all__ = ["TRAIN_FUNCTIONAL"]

Params = dict[str, Tensor]
Batches = Iterable[tuple[Tensor, Tensor]]

_ORDER = ("conv.weight", "conv.bias", "fc.weight", "fc.bias")
_SHUFFLED = ("fc.weight", "conv.bias", "fc.bias", "conv.weight")


def _forward(x: Tensor, params: Params) -> Tensor:
    hidden = F.conv2d(x, params["conv.weight"], params["conv.bias"], padding=1)
    return F.linear(F.relu(hidden).flatten(1), params["fc.weight"], params["fc.bias"])


def _trained(params: Params, batches: Batches, lr: float, **how: Any) -> list[Any]:
    return loop(lambda x: _forward(x, params), params.values(), batches, lr, **how)


def _dictionary(
    make: CaseMaker,
    sizes: Sequence[int],
    dtype: torch.dtype,
    *,
    order: tuple[str, ...] = _ORDER,
    stale: float = 0.0,
    kind: str = "tuple",
    lr: float = 0.1,
) -> dict[str, Any]:
    """Batches of these sizes of random images; ``stale`` is the gradient that every leaf comes with."""
    batches = {
        str(number): {"x": make.uniform((size, 3, 32, 32), 1.0, dtype), "target": classes(make, size, 10)}
        for number, size in enumerate(sizes)
    }
    own = {"batches": batches, "lr": lr, "order": order, "stale": stale, "kind": kind, "dtype": dtype}
    return own | network_inputs(make, dtype)


def _dictionaries(make: CaseMaker) -> list[Case]:
    def case(name: str, sizes: Sequence[int], dtype: torch.dtype, **more: Any) -> Case:
        inputs = _dictionary(make, sizes, dtype, **more)
        told = f"batches of {', '.join(map(str, sizes))} images, lr={inputs['lr']}"
        return make.case(name, shown=f"TinyCNN's four leaves {str(dtype)[6:]}, {told}", **inputs)

    return [
        case("two batches", (2, 1), torch.float64),
        case("three batches in float32, the keys in another order", (1, 3, 2), torch.float32, order=_SHUFFLED),
        case("gradients found on arrival", (2, 3), torch.float64, stale=0.01, kind="list", lr=0.05),
        case("one batch", (2,), torch.float64),
    ]


_SPACE = Space(
    lambda make, one: make.case(**_dictionary(make, one.sizes, **one.given("dtype", "order", "stale", "kind", "lr"))),
    sizes=((1, 1), (2, 1), (2,), (1, 2, 1, 2, 1)),
    order=(_ORDER, _SHUFFLED),
    stale=(0.0, 0.01),
    kind=("tuple", "list"),
    lr=(0.02, 0.2),
    dtype=FLOATS,
    words={
        "sizes": "the batches are of the sizes {}",
        "order": "the keys come in the order {}",
        "stale": "on arrival every gradient is {}",
        "kind": "each batch is a {}",
    },
)


def _by_grad(params: Params, batches: Batches, lr: float, update: Callable[[Params, str, Tensor], None]) -> list[float]:
    """Losses, and for each leaf's gradient a call of ``update``."""
    losses = []
    for x, target in batches:
        loss = F.cross_entropy(_forward(x, params), target)
        gradients = torch.autograd.grad(loss, list(params.values()))
        losses.append(loss.item())
        for name, gradient in zip(list(params), gradients, strict=True):
            update(params, name, lr * gradient)
    return losses


def _by_backward(cleared: bool, update: Callable[[Params, str, Tensor], None]) -> Callable[..., list[float]]:
    """As it is written first: each leaf's ``.grad`` is taken, which a result of arithmetic does not have in the next step."""

    def answer(params: Params, batches: Batches, lr: float) -> list[float]:
        losses = []
        if cleared:
            _cleared(params)
        for x, target in batches:
            loss = F.cross_entropy(_forward(x, params), target)
            loss.backward()
            losses.append(loss.item())
            for name, one in list(params.items()):
                gradient: Any = one.grad  # None of what is no leaf
                update(params, name, lr * gradient)
        return losses

    return answer


def _graph_grows(params: Params, name: str, step: Tensor) -> None:
    params[name] = params[name] - step


def _new_leaf(params: Params, name: str, step: Tensor) -> None:
    params[name] = (params[name] - step).detach().requires_grad_()


def _with_gradients_on(params: Params, name: str, step: Tensor) -> None:
    params[name] -= step


def _loop_variable(params: Params, name: str, step: Tensor) -> None:
    one = params[name]
    one = one - step


def _uphill(params: Params, name: str, step: Tensor) -> None:
    with torch.no_grad():
        params[name] += step


def _on_copies(params: Params, batches: Batches, lr: float) -> list[float]:
    copies = {name: one.detach().clone().requires_grad_() for name, one in params.items()}
    return _trained(copies, batches, lr)


def _cleared(params: Params) -> None:
    for one in params.values():
        one.grad = None


def _cleared_once(params: Params, batches: Batches, lr: float) -> list[float]:
    _cleared(params)
    return _trained(params, batches, lr, clear="never")


def _in_a_tensor(params: Params, batches: Batches, lr: float) -> Any:
    losses = _trained(params, batches, lr, keep=Tensor.detach)
    return torch.stack(losses) if losses else []


def _weights_only(params: Params, name: str, step: Tensor) -> None:
    if name.endswith("weight"):
        params[name].data.sub_(step)


def _other_memory(params: Params, name: str, step: Tensor) -> None:
    params[name].data = params[name].data - step


def _by_place(params: Params, batches: Batches, lr: float) -> list[float]:
    return loop(lambda x: _forward(x, dict(zip(_ORDER, params.values(), strict=True))), params.values(), batches, lr)


def _without_relu(params: Params, batches: Batches, lr: float) -> list[float]:
    def forward(x: Tensor) -> Tensor:
        hidden = F.conv2d(x, params["conv.weight"], params["conv.bias"], padding=1)
        return F.linear(hidden.flatten(1), params["fc.weight"], params["fc.bias"])

    return loop(forward, params.values(), batches, lr)


TRAIN_FUNCTIONAL = Oracle(
    "train_functional",
    _trained,
    _dictionaries,
    [
        Misconception(
            "gradients never cleared",
            lambda params, batches, lr: _trained(params, batches, lr, clear="never"),
            _cleared_once,
            says="backward adds to .grad. Without clearing, each step goes along the sum of all gradients so far.",
        ),
        Misconception(
            "gradients found on arrival used",
            lambda params, batches, lr: _trained(params, batches, lr, clear="after"),
            says="Gradients are cleared after each step, but the first step still goes along what somebody else has left. "
            "Clear before backward.",
        ),
        Misconception(
            "the leaves stand still",
            lambda params, batches, lr: _trained(params, batches, lr, clear="between"),
            lambda params, batches, lr: _by_grad(params, batches, lr, _loop_variable),
            says="The leaves end where they began. p = p − … gives a name to a new tensor and leaves the old one as it was; and a "
            "step along gradients that were cleared before it moves nothing.",
        ),
        Misconception(
            "loss recorded after the step",
            lambda params, batches, lr: _trained(params, batches, lr, when="after"),
            says="Asked for is the loss before each step: the one that you call backward on. A second forward is not needed.",
        ),
        Misconception(
            "softmax before the loss",
            *(
                lambda params, batches, lr, dim=dim: _trained(params, batches, lr, loss_of=loss_of_probabilities(dim))
                for dim in (1, 0)
            ),
            says="Cross-entropy takes logits, and does the softmax itself. Give it what the network gives.",
        ),
        Misconception(
            "graph kept through steps",
            lambda params, batches, lr: _by_grad(params, batches, lr, _graph_grows),
            *(_by_backward(cleared, _graph_grows) for cleared in (True, False)),
            says="params[name] - lr * gradient is a result with a graph, which goes on growing from step to step, and the "
            "leaf that you were given never moves. Step in place, inside of with torch.no_grad().",
        ),
        Misconception(
            "tensors for floats",
            lambda params, batches, lr: _trained(params, batches, lr, keep=lambda loss: loss),
            lambda params, batches, lr: _trained(params, batches, lr, keep=lambda loss: loss.detach()),
            says=TENSORS_FOR_FLOATS,
        ),
        Misconception(
            "new leaves in the dictionary",
            lambda params, batches, lr: _by_grad(params, batches, lr, _new_leaf),
            _by_backward(False, _new_leaf),
            says="The losses are right, but the leaves that you were given stand still: you put new ones in their place. "
            "Whoever holds the old ones sees nothing of the training. Write into the leaves.",
        ),
        Misconception(
            "copies trained",
            _on_copies,
            says="The losses are right, but it was copies that learned: the leaves in the dictionary stay as they were. "
            "Write into them.",
        ),
        Misconception(
            "other memory under the same leaves",
            lambda params, batches, lr: _by_grad(params, batches, lr, _other_memory),
            says="p.data = … keeps the leaf and puts other memory under it. Whoever looked into the old memory sees nothing of the "
            "training. p -= … under torch.no_grad() writes into the memory that is there.",
        ),
        Misconception(
            "losses in a tensor",
            _in_a_tensor,
            says="A list of floats is asked for: keep loss.item() for each batch, and return the list as it is.",
        ),
        Misconception(
            "biases not stepped",
            lambda params, batches, lr: _by_grad(params, batches, lr, _weights_only),
            says="All four leaves are trained, the biases, too.",
        ),
        Misconception(
            "tensors by their place, not by their name",
            _by_place,
            says="A dictionary may come in any order. Ask it by name: params['conv.weight'].",
        ),
        Misconception(
            "ReLU missing",
            _without_relu,
            says="Between conv and fc, TinyCNN has a ReLU.",
        ),
        Misconception(
            "lr ignored",
            lambda params, batches, lr: _trained(params, batches, 1.0),
            says="The step is lr times the gradient, not the gradient itself.",
        ),
        Misconception(
            "lr written in",
            lambda params, batches, lr: _trained(params, batches, 0.01),
            says="The learning rate is the one that you are given.",
        ),
        Misconception(
            "stepped with gradients on",
            lambda params, batches, lr: _by_grad(params, batches, lr, _with_gradients_on),
            raises="RuntimeError",
            says="While gradients are on, a leaf may not be written into: the change would have to be differentiated, too. "
            "Step inside of with torch.no_grad().",
        ),
        Misconception(
            "descent reversed",
            lambda params, batches, lr: _by_grad(params, batches, lr, _uphill),
            says="The gradient points to where the loss grows. Go the other way: minus lr times the gradient.",
        ),
        Misconception(
            "sum for mean",
            lambda params, batches, lr: _trained(
                params, batches, lr, loss_of=lambda logits, target: F.cross_entropy(logits, target, reduction="sum")
            ),
            says="The mean over the batch is asked for. With the sum, a larger batch takes a larger step.",
        ),
    ],
    space=_SPACE,
)
