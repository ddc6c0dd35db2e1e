"""Chapter 10, `parity_report`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.modules.network import network_inputs
from autograder.authoring.space import FLOATS, Chosen, Space
from autograder.observing.case import Case
from autograder.observing.probes.impostors import A_HAIR

__all__ = ["PARITY_REPORT"]

Params = Mapping[str, Tensor]
Report = dict[str, dict[str, float]]

_BUILDS, _WHAT = ("functional", "by_hand"), ("logits", "gradients")
_FOUR = tuple((build, what) for build in _BUILDS for what in _WHAT)
_GRADIENTS = tuple(one for one in _FOUR if one[1] == "gradients")
_LOGITS = tuple(one for one in _FOUR if one[1] == "logits")


def functional_cnn(x: Tensor, params: Params) -> Tensor:
    """TinyCNN with torch's own functions."""
    x = F.conv2d(x, params["conv.weight"], params["conv.bias"], padding=1)
    return F.linear(F.relu(x).flatten(1), params["fc.weight"], params["fc.bias"])


def by_hand_cnn(x: Tensor, params: Params) -> Tensor:
    """TinyCNN with the convolution as windows and one product."""
    x = F.pad(x, (1, 1, 1, 1)).unfold(2, 3, 1).unfold(3, 3, 1)
    x = torch.einsum("nchwuv,ocuv->nohw", x, params["conv.weight"]) + params["conv.bias"][:, None, None]
    return x.clamp(min=0).flatten(1) @ params["fc.weight"].T + params["fc.bias"]


def _largest(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())


def _mean(logits: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(logits, target)


def _report(
    model: nn.Module,
    x: Tensor,
    target: Tensor,
    *,
    apart: Callable[[Tensor, Tensor], float] = _largest,
    over: Callable[[Any], float] = max,
    loss: Callable[[Tensor, Tensor], Tensor] = _mean,
    functional: Callable[[Tensor, Params], Tensor] = functional_cnn,
    by_hand: Callable[[Tensor, Params], Tensor] = by_hand_cnn,
    own: Callable[[nn.Module, Tensor, Params], Tensor] = lambda model, x, params: model(x),
) -> Report:
    params = dict(model.named_parameters())

    def observed(logits: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        return logits, torch.autograd.grad(loss(logits, target), list(params.values()), retain_graph=True)

    logits, gradients = observed(own(model, x, params))
    report = {}
    for name, build in zip(_BUILDS, (functional, by_hand), strict=True):
        its_logits, its_gradients = observed(build(x, params))
        pairs = zip(its_gradients, gradients, strict=True)
        report[name] = {
            "logits": apart(its_logits, logits),
            "gradients": over(apart(one, other) for one, other in pairs),
        }
    return report


def _networks(make: CaseMaker) -> list[Case]:
    few = make.integer(2, 4)
    loaded = {dtype: network_inputs(make, dtype) for dtype in (torch.float32, torch.float64)}

    def case(kind: str, says: str, batch: int, dtype: torch.dtype = torch.float64, **more: Any) -> Case:
        x = make.uniform((batch, 3, 32, 32), 1.0, dtype)
        target = torch.tensor([make.integer(0, 9) for _ in range(batch)])
        given: dict[str, Any] = {"asks": _FOUR, "training": True} | loaded[dtype] | more
        shown = f"model: {says}, x {str(dtype)[6:]} ({batch}, 3, 32, 32)"
        return make.case(says, kind=kind, x=x, target=target, shown=shown, **given)

    other = "TinyCNN, while torch's own convolution gives a quarter too much (by hand does not follow)"
    return [
        case("one far below", "a network whose logit 3 is 2 too low", 1),
        case("one far above", "a network whose logit 3 is 2 too high", few),
        case("leaky", "a network that lets negative numbers through", few, torch.float32),
        case("round the corner", "a network whose padding is not zeros", few + 1, with_grad=("conv.weight", "fc.bias")),
        case("watched", "a network with a hook that changes a logit", few, training=False),
        *(
            case(name, f"a network whose gradient of {name} is off", few, asks=_GRADIENTS, evaluated=("conv",))
            for name in ("fc.bias", "fc.weight", "conv.bias", "conv.weight")
        ),
        case("", "TinyCNN, one image", 1, torch.float32, aspect="parity"),
        case("", "TinyCNN in float64", few, aspect="parity"),
        case("", other, few, aspect="by hand", other_convolution=True),
        case(
            "a hair off", f"a network whose logits are {A_HAIR} too low", few, aspect="small differences", asks=_LOGITS
        ),
    ]


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    more: dict[str, Any] = {"aspect": "parity"} if one.kind == "" else {}
    return make.case(
        kind=one.kind,
        x=make.drawn(one.batch, 3, 32, 32, layout=one.layout, dtype=one.dtype),
        target=torch.tensor([make.integer(0, 9) for _ in range(one.batch)]),
        asks=_GRADIENTS if one.kind in ("conv.weight", "fc.bias") else _FOUR,
        training=one.training,
        with_grad=one.with_grad,
        shown=f"model: {_KINDS[one.kind]}, x {str(one.dtype)[6:]} ({one.batch}, 3, 32, 32)",
        **network_inputs(make, one.dtype),
        **more,
    )


_KINDS = {
    "": "TinyCNN",
    "leaky": "a network that lets negative numbers through",
    "conv.weight": "a network whose gradient of conv.weight is off",
    "fc.bias": "a network whose gradient of fc.bias is off",
}

_SPACE = Space(
    _drawn,
    kind=tuple(_KINDS),
    batch=(1, 6),
    layout=("contiguous", "behind an offset"),
    dtype=FLOATS,
    training=(False, True),
    with_grad=((), ("conv.bias", "fc.weight")),
    words={
        "kind": "the network is another than TinyCNN like this: {}",
        "batch": "the number of images is {}",
        "layout": "x lies in memory like this: {}",
        "training": "the model is in training mode: {}",
        "with_grad": "somebody has collected gradients in {}",
    },
)


def _accumulated(model: nn.Module, x: Tensor, target: Tensor) -> Report:
    """One set of leaves for both builds, and nobody clears their gradients."""
    model_logits = model(x)
    names = [name for name, _ in model.named_parameters()]
    mine = torch.autograd.grad(F.cross_entropy(model_logits, target), list(model.parameters()))
    params = {name: one.detach().clone().requires_grad_() for name, one in model.named_parameters()}
    report = {}
    for name, build in zip(_BUILDS, (functional_cnn, by_hand_cnn), strict=True):
        logits = build(x, params)
        F.cross_entropy(logits, target).backward()
        pairs = [(params[one].grad, other) for one, other in zip(names, mine, strict=True)]
        gradients = max(_largest(one, other) for one, other in pairs if one is not None)
        report[name] = {"logits": _largest(logits, model_logits), "gradients": gradients}
    return report


def _accumulated_from_the_model_on(model: nn.Module, x: Tensor, target: Tensor) -> Report:
    """The same leaves for all three, the model's own among them, and whoever collected gradients gets them back."""
    own = [one.grad for one in model.parameters()]
    model.zero_grad(set_to_none=True)
    report = _on_the_models_own(model, x, target)
    for one, before in zip(model.parameters(), own, strict=True):
        one.grad = before
    return report


def _on_the_models_own(model: nn.Module, x: Tensor, target: Tensor) -> Report:
    """``backward`` on the model's own parameters: three gradients are added up in their ``.grad``."""
    found = []
    params = dict(model.named_parameters())
    for build in (lambda x, params: model(x), functional_cnn, by_hand_cnn):
        logits = build(x, params)
        F.cross_entropy(logits, target).backward()
        found.append((logits, [one.grad.clone() for one in params.values() if one.grad is not None]))
    (logits, gradients), *others = found
    return {
        name: {
            "logits": _largest(its_logits, logits),
            "gradients": max(_largest(one, other) for one, other in zip(its_gradients, gradients, strict=True)),
        }
        for name, (its_logits, its_gradients) in zip(_BUILDS, others, strict=True)
    }


def _grad_cleared(model: nn.Module, x: Tensor, target: Tensor) -> Report:
    """The right numbers, and afterwards nothing is left of the gradients that somebody had collected."""
    report = _report(model, x, target)
    model.zero_grad()
    return report


def _signed(one: Tensor, other: Tensor) -> float:
    return float((one - other).max())


def _outer_abs(one: Tensor, other: Tensor) -> float:
    return abs(float((one - other).max()))


def _only_parameter(number: int) -> Callable[..., Report]:
    return lambda model, x, target: _report(model, x, target, over=lambda found: list(found)[number])


def _by_layers(model: Any, x: Tensor, params: Params) -> Tensor:
    return model.fc(F.relu(model.conv(x)).flatten(1))


def _flipped(x: Tensor, params: Params) -> Tensor:
    return by_hand_cnn(x, {**params, "conv.weight": params["conv.weight"].flip(2, 3)})


def _without_relu(x: Tensor, params: Params) -> Tensor:
    x = F.unfold(x, 3, padding=1)
    x = params["conv.weight"].flatten(1) @ x + params["conv.bias"][:, None]
    return x.flatten(1) @ params["fc.weight"].T + params["fc.bias"]


def _functional_twice(model: nn.Module, x: Tensor, target: Tensor) -> Report:
    return _report(model, x, target, by_hand=functional_cnn)


def _exchanged(model: nn.Module, x: Tensor, target: Tensor) -> Report:
    found = _report(model, x, target)
    return dict(zip(_BUILDS, (found["by_hand"], found["functional"]), strict=True))


PARITY_REPORT = Oracle(
    "parity_report",
    _report,
    _networks,
    [
        Misconception(
            "compares a build with itself",
            lambda model, x, target: {build: dict.fromkeys(_WHAT, 0.0) for build in _BUILDS},
            lambda model, x, target: _report(model, x, target, own=lambda model, x, params: functional_cnn(x, params)),
            lambda model, x, target: _report(model, x, target, own=_by_layers),
            says="The report has to ask the model itself, by calling model(x). Whatever else stands in for it agrees with the "
            "builds, and says nothing of the model.",
        ),
        Misconception(
            "a convolution of torch's by hand",
            _functional_twice,
            lambda model, x, target: {build: _report(model, x, target)["functional"] for build in _BUILDS},
            says="Under by_hand stands the network that calls no convolution of torch's: your conv2d of chapter 05, or F.unfold and "
            "a product.",
        ),
        Misconception(
            "gradients accumulated across builds",
            _accumulated,
            _accumulated_from_the_model_on,
            _on_the_models_own,
            says="backward() adds to .grad, whatever is there already. torch.autograd.grad returns gradients and adds to nothing.",
        ),
        Misconception(
            "max of signed differences",
            lambda model, x, target: _report(model, x, target, apart=_signed),
            lambda model, x, target: _report(model, x, target, apart=lambda one, other: _signed(other, one)),
            lambda model, x, target: _report(model, x, target, apart=_outer_abs),
            lambda model, x, target: _report(model, x, target, apart=lambda one, other: _outer_abs(other, one)),
            says="A large negative difference is a large difference. First abs(), then max().",
        ),
        Misconception(
            "mean of the differences",
            lambda model, x, target: _report(
                model, x, target, apart=lambda one, other: float((one - other).abs().mean())
            ),
            says="The mean hides one wrong number among many right ones. Asked for is the largest difference.",
        ),
        Misconception(
            "rounded",
            *(
                lambda model, x, target, digits=digits: _report(
                    model, x, target, apart=lambda one, other: round(_largest(one, other), digits)
                )
                for digits in (4, 5, 6)
            ),
            says="A rounded number says 0 of whatever is smaller than its last digit. How far two builds are apart is just such a "
            "number: leave it as it is, and round where you print it.",
        ),
        Misconception(
            "the two builds exchanged",
            _exchanged,
            says="Under functional stands the network of torch's functions, under by_hand your own convolution's.",
        ),
        Misconception(
            "logits alone",
            lambda model, x, target: {
                build: {"logits": row["logits"]} for build, row in _report(model, x, target).items()
            },
            says="Two networks may agree in their logits and differ in their gradients: the report has both.",
        ),
        Misconception(
            "mode changed",
            lambda model, x, target: _report(model.eval(), x, target),
            says="Whoever calls you decides about the mode: leave it as it is.",
        ),
        Misconception(
            "not all four parameters",
            *(_only_parameter(number) for number in range(4)),
            lambda model, x, target: _report(model, x, target, over=lambda found: max(list(found)[::2])),
            lambda model, x, target: _report(model, x, target, over=min),
            says="The report's gradient number is the largest over all four: conv and fc, weight and bias.",
        ),
        Misconception(
            "sum for mean",
            lambda model, x, target: _report(
                model, x, target, loss=lambda logits, target: F.cross_entropy(logits, target, reduction="sum")
            ),
            says="Asked for are gradients of the mean cross-entropy, which is what F.cross_entropy gives unless told.",
        ),
        Misconception(
            "the model's gradients cleared",
            _grad_cleared,
            says="The numbers are right. But somebody may have collected gradients in .grad, and zero_grad() throws them away.",
        ),
        Misconception(
            "kernel flipped by hand",
            lambda model, x, target: _report(model, x, target, by_hand=_flipped),
            says="torch's convolution is a correlation: the kernel is laid on as it is. Nothing is flipped.",
        ),
        Misconception(
            "ReLU missing in a build",
            lambda model, x, target: _report(model, x, target, by_hand=_without_relu),
            lambda model, x, target: _report(model, x, target, functional=_without_relu),
            lambda model, x, target: _report(model, x, target, functional=_without_relu, by_hand=_without_relu),
            says="Between conv and fc, TinyCNN has a ReLU. Each build needs one.",
        ),
    ],
    space=_SPACE,
    tolerance="float32",  # of the numbers in the report; which dtype the network has, nobody sees in them
)
