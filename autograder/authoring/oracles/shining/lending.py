"""The cases of `call_with`: modules of many makes, each with a dict of tensors for some of its names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.space import FLOATS, Chosen, Space, fits
from autograder.observing.case import Case
from autograder.observing.probes.makes import make_module

__all__ = ["SPACE", "lendings"]


# What a person is told of a make.
_MADE = {
    "linear": "nn.Linear({}, {})",
    "named": "an nn.Sequential of fc, relu and deeper",
    "frozen": "an nn.Sequential of fc, which is frozen, relu and deeper",
    "blocks": "a module with tensors of its own and layers in containers",
    "batch norm": "an nn.Sequential of linear, batch norm, tanh and linear",
    "buffers": "a module of two buffers",
    "counting": "a module that counts the rows in a buffer",
    "twice": "a module that uses its one layer twice",
    "hooked": "an nn.Sequential with hooks that change its output",
    "parametrized": "an nn.Sequential whose first weight is parametrized",
    "breaking": "a module whose forward raises an ArithmeticError at its end",
}


def _lending(
    make: CaseMaker,
    name: str,
    kind: str,
    sizes: tuple[int, ...],
    names: Iterable[str] | None = None,
    *,
    x: Tensor | None = None,
    leaves: str = "x",
    dtype: torch.dtype = torch.float64,
    **more: Any,
) -> Case:
    """A case that lends tensors for ``names``, or for all that the module has, in another order than it has them."""
    seed = make.seed()
    module = make_module(kind, sizes, seed)
    own = dict(module.named_parameters()) | dict(module.named_buffers())
    chosen = sorted(own, reverse=True) if names is None else list(names)
    tensors = {one: _like(make, own[one], dtype) for one in chosen}
    # A running variance is above 0.
    tensors |= {one: tensor.abs() + 0.5 for one, tensor in tensors.items() if one.endswith("running_var")}
    x = make.normal(3, sizes[0], dtype=dtype) if x is None else x
    names_shown = ", ".join([*chosen, *([more["unknown"]] if "unknown" in more else [])]) or "no name"
    shown = f"{_MADE[kind].format(*sizes)}, x {str(x.dtype)[6:]} {tuple(x.shape)}, tensors for {names_shown}"
    given: dict[str, Any] = {"make": kind, "sizes": sizes, "seed": seed, "tensors": tensors, "x": x, **more}
    return make.case(name, leaves=leaves, shown=shown, **given)


def _like(make: CaseMaker, own: Tensor, dtype: torch.dtype) -> Tensor:
    if not own.is_floating_point():
        return torch.tensor(make.integer(4, 9), dtype=own.dtype)
    return make.normal(*own.shape, dtype=dtype)


_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    sizes = _sizes(one.make)
    names = _names(one)
    results = {"leaves": (), "results": names, "every second a result": names[::2]}[one.given_as]
    x = make.drawn(one.rows, sizes[0], layout=one.layout, dtype=one.dtype).tensor()
    return _lending(
        make,
        "",
        one.make,
        sizes,
        names,
        x=x,
        leaves=one.leaves,
        dtype=one.dtype,
        training=one.training,
        results=results,
        updated=_updated(one),
    )


def _sizes(make: str) -> tuple[int, ...]:
    return (3,) if make in ("buffers", "twice") else (3, 4)


def _updated(one: Chosen) -> tuple[str, ...]:
    """The buffers that the module's forward writes to: batch norm in training only, a count always."""
    if one.make == "counting":
        return ("seen",)
    return tuple(f"1.{name}" for name in _STATISTICS) if one.make == "batch norm" and one.training else ()


def _names(one: Chosen) -> tuple[str, ...]:
    """Those that the case lends; what the module updates is always among them."""
    module = make_module(one.make, _sizes(one.make), 0)
    every = [name for name, _ in [*module.named_parameters(), *module.named_buffers()]]
    chosen = {"all": every, "every second": every[1::2], "the last": every[-1:]}[one.lent]
    names = [name for name in every if name in chosen or name in _updated(one)]
    return tuple(reversed(names) if one.order == "reversed" else names)


SPACE = Space(
    _drawn,
    make=("named", "blocks", "batch norm", "buffers", "counting", "hooked", "twice"),
    lent=("all", "every second", "the last"),
    given_as=("leaves", "results", "every second a result"),
    order=("as registered", "reversed"),
    training=(True, False),
    rows=(1, 4),
    layout=("contiguous", "behind an offset", "dimensions in another order"),
    dtype=FLOATS,
    leaves=("", "x"),
    within=(
        lambda one: fits(one.layout, (one.rows, 3)),
        # Batch norm cannot train on one row, and what a count divides has to be told from the count.
        lambda one: one.make != "batch norm" or not one.training or one.rows > 1,
    ),
    words={
        "make": "the module is of the make: {}",
        "lent": "the names in the dict are: {}",
        "given_as": "the tensors are given as: {}",
        "order": "the names are in this order: {}",
        "training": "training mode is {}",
        "rows": "the batch is of size {}",
        "layout": "x lies in memory like this: {}",
        "leaves": "gradients are asked for {}",
    },
)


def lendings(make: CaseMaker) -> Sequence[Case]:
    """Small ones first: one layer, layers in layers, buffers, hooks; then unknown names, and a network that breaks."""
    a, b, c, d = make.sizes(4, 2, 6)

    def lend(name: str, kind: str, sizes: tuple[int, ...], *args: Any, **more: Any) -> Case:
        return _lending(make, name, kind, sizes, *args, **more)

    odd = ("inner.2.1.bias", "scale", "extra.0", "inner.first one.weight", "shift")
    norm = tuple(f"1.{name}" for name in _STATISTICS)
    some = ("deeper.0.weight", "fc.bias")
    wrong = {
        "a letter too many": ("linear", (a, b), "weights", ("weight",)),
        "a misspelt name in a layer": ("named", (a, b), "fc.wieght", some),
        "a layer that is not there": ("named", (b, c), "deeper.3.weight", some),
        "a layer's name, not a tensor's": ("named", (c, a), "deeper.0", some),
        "a name without its layer": ("named", (a, d), "bias", some),
        "a name that goes on behind a tensor": ("named", (d, b), "fc.weight.data", some),
        "an attribute that is no tensor": ("named", (d, c), "fc.in_features", some),
        "a tensor that nobody registered": ("blocks", (a, c), "plain", ("scale", "shift")),
        "a weight that is computed by parametrize": ("parametrized", (b, c), "0.weight", ("1.bias",)),
        "a buffer that batch norm has not": ("batch norm", (b, d), "1.running_std", ("0.weight", *norm)),
    }
    return [
        lend("one linear layer", "linear", (2, 1), x=make.small_integers(1, 2)),
        lend("layers by dotted names", "named", (a, b)),
        lend("some names only", "named", (b, c), ("deeper.0.weight", "fc.bias")),
        lend("no name at all", "named", (b, a), ()),
        lend("computed tensors", "named", (c, a), ("fc.weight", "deeper.0.bias"), results=("fc.weight",)),
        lend("a weight alone, computed", "linear", (b, d), ("weight",), results=("weight",)),
        lend("tensors that ask for no gradient", "linear", (d, b), plain=True, leaves=""),
        lend("own tensors at the top, odd names", "blocks", (a, c)),
        lend("some of the odd names", "blocks", (c, d), odd, results=("scale", "extra.0")),
        lend("buffers, one of them never saved", "buffers", (b,), ("start",)),
        lend("all buffers", "buffers", (c,)),
        lend("batch norm in training", "batch norm", (a, b), updated=norm, x=make.normal(5, a)),
        lend(
            "batch norm in training, parameters its own", "batch norm", (c, b), norm, updated=norm, x=make.normal(4, c)
        ),
        lend("batch norm in eval mode", "batch norm", (b, a), training=False),
        lend("a count that goes on", "counting", (a, d), ("seen",), updated=("seen",), x=make.normal(4, a)),
        lend("hooks that change the output", "hooked", (b, a), ("2.weight", "0.bias")),
        lend("frozen parameters, tensors that are not", "frozen", (c, b)),
        lend("one layer used twice", "twice", (a,)),
        lend("a parametrized layer", "parametrized", (b, c)),
        lend(
            "float32, not contiguous",
            "named",
            (d, a),
            x=make.scattered(make.normal(2, d, dtype=torch.float32)),
            dtype=torch.float32,
        ),
        lend(
            "a float32 module, float64 tensors", "linear", (a, c), results=("bias",), **{"module_dtype": torch.float32}
        ),
        lend("gradients off", "named", (b, a), plain=True, leaves="", no_grad=True),
        lend("asked before, of other numbers", "named", (2, 3), plain=True, leaves="", asked_before=True),
        *(lend(name, kind, sizes, names, unknown=word) for name, (kind, sizes, word, names) in wrong.items()),
        lend("the network breaks", "breaking", (a, b), breaks=True),
        lend("the network breaks, some names only", "breaking", (c, d), ("second.weight", "first.bias"), breaks=True),
        lend(
            "an input that does not fit",
            "named",
            (b, d),
            ("deeper.0.weight", "fc.bias"),
            breaks=True,
            x=make.normal(2, b + 1),
        ),
    ]
