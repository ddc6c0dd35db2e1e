"""Chapter 07, `evaluate`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.space import FLOATS, Chosen, Space, fits
from autograder.observing.case import Case

__all__ = ["EVALUATE"]


def evaluate(model: nn.Module, x: Tensor) -> Tensor:
    """Every part's own mode is kept and put back, whatever happens."""
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            return model(x)
    finally:
        for part, mode in modes:
            part.training = mode


def _cases(make: CaseMaker) -> list[Case]:
    a, b, c = make.sizes(3, 2, 5)
    dropped = {"lin": ["linear", a, b], "drop": ["dropout", 1.0], "out": ["linear", b, c]}
    normed = {
        "stem": {"lin": ["linear", a, b], "norm": ["norm 1d", b], "act": ["relu in place"]},
        "body": {"inner": {"drop": ["dropout", 1.0], "lin": ["linear", b, c]}, "norm": ["norm 1d", c]},
    }
    asking = {"lin": ["linear", a, b], "own": ["dropping", 1.0, {"act": ["relu"]}], "out": ["linear", b, c]}
    kept = {"lin": ["linear", a, b], "kept": ["kept in eval", {"norm": ["norm 1d", b], "drop": ["dropout", 1.0]}]}
    broken = {"stem": {"lin": ["linear", a, b], "norm": ["norm 1d", b]}, "refuses": ["refusing"]}

    def case(
        name: str, parts: Any, rows: int, dtype: torch.dtype = torch.float64, shown: str = "", **inputs: Any
    ) -> Case:
        x = make.normal(rows, a, dtype=dtype)
        return make.case(
            name, parts=parts, x=x, seed=make.seed(), shown=shown or f"{name}, x {tuple(x.shape)}", **inputs
        )

    return [
        case("a model in training", dropped, 2, shown="linear, dropout, linear; all in training; x (2, …)"),
        case("a model in eval", dropped, 3, eval_parts=("",), hooks=True),
        case("batch norm and dropout in training", normed, 4, gradients=True),
        case("one batch norm in eval", normed, 3, eval_parts=("stem.norm",), hooks=True),
        case("only the inner parts in training", normed, 2, eval_parts=("", "stem.lin"), training_parts=("body.inner", "stem.norm")),
        case("the outside in training, all inside in eval", normed, 1, eval_parts=("stem", "body")),
        case("gradients off before", normed, 2, eval_parts=("body.norm",), gradients_off=True),
        case("frozen parts", normed, 3, torch.float32, frozen=True, gradients=True, eval_parts=("stem",)),
        case("parts that stay in eval", kept, 3, eval_parts=("kept.norm", "kept.drop")),
        case("x asks for gradients", dropped, 2, torch.float32, leaves="x"),
        case("the model raises", broken, 3, refuses=True, eval_parts=("stem.norm",), hooks=True),
        case("the model raises, in eval", broken, 2, refuses=True, eval_parts=("",)),
        case("the model raises, gradients off", broken, 1, refuses=True, gradients_off=True),
        case("a part that asks for its own mode", asking, 2, shown="linear, a part that holds a ReLU and calls F.dropout(x, 1.0, self.training), linear; all in training; x (2, …)"),
    ]  # fmt: skip


_NET = {
    "stem": {"lin": ["linear", 3, 4], "norm": ["norm 1d", 4], "act": ["relu in place"], "drop": ["dropout", 1.0]},
    "body": {"norm": ["norm 1d", 4], "inner": {"drop": ["dropout", 1.0], "lin": ["linear", 4, 2]}},
}
_MODES: dict[str, dict[str, Any]] = {
    "all in training": {},
    "all in eval": {"eval_parts": ("",)},
    "the outside in training, the inside in eval": {"eval_parts": ("stem", "body")},
    "the outside in eval, the inside in training": {"eval_parts": ("",), "training_parts": ("stem", "body")},
    "every second part in eval": {"eval_parts": ("stem.norm", "stem.drop", "body.inner", "body.norm")},
    "only the leaves in training": {"eval_parts": ("",), "training_parts": ("stem.norm", "body.inner.drop")},
}


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    x = make.drawn(one.rows, 3, layout=one.layout, dtype=one.dtype)
    flags = one.flags("hooks", "gradients", "frozen", "gradients_off", "refuses")
    parts = _NET | ({"refuses": ["refusing"]} if one.refuses else {})
    shown = f"{one.modes}, x {str(one.dtype)[6:]} {(one.rows, 3)}"
    flags |= _MODES[one.modes]
    return make.case(parts=parts, x=x, seed=make.seed(), leaves=one.leaves, shown=shown, **flags)


_SPACE = Space(
    _drawn,
    modes=tuple(_MODES),
    rows=(1, 4),
    hooks=(False, True),
    gradients=(False, True),
    frozen=(False, True),
    gradients_off=(False, True),
    refuses=(False, True),
    layout=("contiguous", "dimensions in another order", "expanded"),
    dtype=FLOATS,
    leaves=("", "x"),
    within=lambda one: fits(one.layout, (one.rows, 3)),
    words={
        "rows": "the number of rows of x is {}",
        "hooks": "hooks are there already: {}",
        "gradients": "gradients are there already: {}",
        "frozen": "some parameters are frozen: {}",
        "gradients_off": "gradients are off before: {}",
        "refuses": "the model raises: {}",
        "layout": "x lies in memory like this: {}",
        "leaves": "gradients are asked for {}",
    },
)


def _leaves_eval(model: nn.Module, x: Tensor) -> Tensor:
    model.eval()
    with torch.no_grad():
        return model(x)


def _sets_all_to_train(model: nn.Module, x: Tensor) -> Tensor:
    out = _leaves_eval(model, x)
    model.train()
    return out


def _sets_all_to_train_whatever_happens(model: nn.Module, x: Tensor) -> Tensor:
    try:
        return _leaves_eval(model, x)
    finally:
        model.train()


def _the_outside_alone(model: nn.Module, x: Tensor) -> Tensor:
    mode = model.training
    try:
        return _leaves_eval(model, x)
    finally:
        model.train(mode)


def _graph(model: nn.Module, x: Tensor) -> Tensor:
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        return model(x)
    finally:
        for part, mode in modes:
            part.training = mode


def _own_modes(model: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        return model(x)


def _not_on_an_exception(model: nn.Module, x: Tensor) -> Tensor:
    modes = [(part, part.training) for part in model.modules()]
    out = _leaves_eval(model, x)
    for part, mode in modes:
        part.training = mode
    return out


def _gradients_off(model: nn.Module, x: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    return evaluate(model, x)


def _gradients_on(model: nn.Module, x: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    try:
        return evaluate(model, x)
    finally:
        torch.set_grad_enabled(True)


def _swallowed(model: nn.Module, x: Tensor) -> Tensor | None:
    try:
        return evaluate(model, x)
    except Exception:
        return None


def _only_the_outside_in_eval(model: nn.Module, x: Tensor) -> Tensor:
    mode = model.training
    model.training = False
    try:
        with torch.no_grad():
            return model(x)
    finally:
        model.training = mode


def _some_alone(chosen: Callable[[nn.Module], bool]) -> Callable[[nn.Module, Tensor], Tensor]:
    def answer(model: nn.Module, x: Tensor) -> Tensor:
        parts = [part for part in model.modules() if chosen(part) and part.training]
        for part in parts:
            part.training = False
        try:
            with torch.no_grad():
                return model(x)
        finally:
            for part in parts:
                part.training = True

    return answer


def _known(part: nn.Module) -> bool:
    """Whether it is a layer of which everybody knows that a mode matters to it."""
    return isinstance(part, nn.Dropout | nn.BatchNorm1d | nn.BatchNorm2d)


def _innermost(part: nn.Module) -> bool:
    return next(part.children(), None) is None


def _the_outside_at_the_end(model: nn.Module, x: Tensor) -> Tensor:
    mode = model.training
    out = _leaves_eval(model, x)
    model.train(mode)
    return out


def _children_at_the_end(model: nn.Module, x: Tensor) -> Tensor:
    modes = [(part, part.training) for part in model.children()]
    mode = model.training
    out = _leaves_eval(model, x)
    for part, its in modes:
        part.train(its)
    model.training = mode
    return out


def _frozen(model: nn.Module, x: Tensor) -> Tensor:
    for one in model.parameters():
        one.requires_grad_(False)
    return evaluate(model, x)


def _gradients_cleared(model: nn.Module, x: Tensor) -> Tensor:
    model.zero_grad()
    return evaluate(model, x)


EVALUATE = Oracle(
    "evaluate",
    evaluate,
    _cases,
    [
        Misconception(
            "leaves eval",
            _leaves_eval,
            says="The model is still in eval mode: whoever trains on has no dropout, and batch norms that stand still. Put the modes back.",
        ),
        Misconception(
            "sets all to train",
            _sets_all_to_train,
            _sets_all_to_train_whatever_happens,
            says="model.train() puts every part into training, also those that were in eval. Remember each part's own mode.",
        ),
        Misconception(
            "the outside's mode for all",
            _the_outside_alone,
            _the_outside_at_the_end,
            _children_at_the_end,
            says="train(mode) gives all parts inside the mode of the outer one. Each part has a mode of its own: model.modules().",
        ),
        Misconception(
            "graph kept",
            _graph,
            says="eval() does not switch off gradients: the logits hang in a graph. torch.no_grad() keeps it from being built.",
        ),
        Misconception(
            "not all parts in eval",
            _own_modes,
            _only_the_outside_in_eval,
            _some_alone(_known),
            _some_alone(_innermost),
            lambda model, x: model(x),
            says="Dropout dropped, or a batch norm looked at the batch: not all parts were in eval. model.eval() reaches every part; "
            "model.training = False sets one flag. A part may ask for its own mode without being a layer of torch's, and hold others.",
        ),
        Misconception(
            "modes not put back on an exception",
            _not_on_an_exception,
            says="When the model raises, what stands behind the call is never reached. Put the modes back in a finally.",
        ),
        Misconception(
            "gradients left off for everybody",
            _gradients_off,
            says="torch.set_grad_enabled(False) stays after the function. A with block ends.",
        ),
        Misconception(
            "gradients switched on at the end",
            _gradients_on,
            says="Whoever called you may have had gradients off. A with block puts back what was there.",
        ),
        Misconception(
            "probabilities or classes, not logits",
            lambda model, x: evaluate(model, x).softmax(-1),
            lambda model, x: evaluate(model, x).argmax(-1),
            says="Asked for are the logits, as the model gives them. Softmax or argmax is for whoever reads them.",
        ),
        Misconception(
            "the parameters frozen",
            _frozen,
            says="requires_grad_(False) stays after the function, and nobody can train on. torch.no_grad() needs no parameter changed.",
        ),
        Misconception(
            "gradients cleared",
            _gradients_cleared,
            says="Somebody may have collected gradients in .grad. An evaluation has no reason to touch them.",
        ),
        Misconception(
            "the error kept to itself",
            _swallowed,
            says="An error of the model is not yours to hide: let it go on to whoever called.",
        ),
    ],
    space=_SPACE,
)
