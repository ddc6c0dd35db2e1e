"""Chapter 06, `find_unregistered`: what its contract lets vary. What is lost, in what, how deep, and beside what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.authoring.cases import CaseMaker
from autograder.authoring.space import Chosen, Space
from autograder.observing.case import Case

__all__ = ["FINDING_SPACE"]

_KINDS: Mapping[str, tuple[Any, ...]] = {
    "a tensor": ("tensor",),
    "a tensor that asks for gradients": ("asking",),
    "a Parameter": ("parameter",),
    "a Parameter times a number": ("scaled",),
    "a whole number": ("count",),
    "a tensor without elements": ("empty",),
    "a layer": ("linear", 2, 3),
    "a layer without a bias": ("bare", 3, 2),
    "batch norm": ("norm", 2),
    "a module of its own": ("module", {"inner": ("linear", 2, 2), "scale": ("tensor",), "mean": ("buffer",)}),
    "an nn.ModuleList": ("modules", ("bare", 2, 2), ("norm", 3)),
}
_REGISTERED = ("a Parameter", "a layer", "a layer without a bias", "batch norm", "an nn.ModuleList")

# Paths that are reported have to come in the order of text, whatever they are called.
_HOLDERS = (
    "an attribute",
    "a list",
    "a tuple",
    "a dictionary",
    "a list in a list",
    "a dictionary in a tuple",
    "a list in a dictionary",
)


def _held(item: tuple[Any, ...], holder: str, beside: tuple[tuple[Any, ...], ...]) -> tuple[Any, ...]:
    """The item in its holder, behind what is beside it."""
    items = (*beside, item)
    match holder:
        case "a list":
            return ("list", *items)
        case "a tuple":
            return ("tuple", *items)
        case "a dictionary":
            return ("dict", dict(zip(("b", 1, "a"), items, strict=False)))
        case "a list in a list":
            return ("list", ("list",), ("list", *items))
        case "a dictionary in a tuple":
            return ("tuple", ("dict", {f"k{number}": one for number, one in enumerate(items)}))
        case "a list in a dictionary":
            return ("dict", {"z": ("list", *items), "y": ("value", "text")})
    return item


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    beside = {
        "nothing": (),
        "numbers and text": (("value", 0), ("value", "tensor")),
        "what is registered": (("of", "known"), ("of", "known.weight")),
        "another tensor": (("tensor",),),
    }[one.beside]
    here: dict[str, Any] = {one.name: _held(_KINDS[one.what], one.holder, beside)}
    if one.beside != "nothing" and one.holder == "an attribute":
        here["aside"] = ("list", *beside)
    first: dict[str, Any] = {"known": ("linear", 2, 2), "running": ("scratch",)}
    match one.at:
        case "the module itself":
            inside = here
        case "a layer inside":
            inside = {"block": ("module", {"weight": ("parameter",), **here})}
        case "three levels down":
            inside = {"a": ("module", {"b": ("module", {"mean": ("buffer",), "c": ("module", here)})})}
        case "a module in a list":
            inside = {"blocks": ("list", ("module", {"weight": ("parameter",), **here}))}
        case _:  # a module in a registered list
            inside = {"stack": ("modules", ("bare", 2, 2), ("module", here))}
    aspect = {"aspect": "registered"} if _nothing_is_lost(one) else {}
    shown = f"{one.what} in {one.holder} called {one.name} of {one.at}, beside {one.beside}"
    return make.case(attributes=first | inside, in_use=one.in_use, shown=shown, **aspect)


def _nothing_is_lost(one: Chosen) -> bool:
    """Assigned to an attribute it is registered; then the answer is an empty list."""
    registers = one.what in _REGISTERED and one.holder == "an attribute"
    return registers and one.at != "a module in a list" and one.beside != "another tensor"


FINDING_SPACE = Space(
    _drawn,
    what=tuple(_KINDS),
    holder=_HOLDERS,
    at=(
        "the module itself",
        "a layer inside",
        "three levels down",
        "a module in a list",
        "a module in an nn.ModuleList",
    ),
    beside=("nothing", "numbers and text", "what is registered", "another tensor"),
    name=("scale", "_hidden", "zz"),
    in_use=(False, True),
    words={
        "what": "what is looked for is {}",
        "holder": "it lies in {}",
        "at": "it belongs to {}",
        "beside": "beside it lies {}",
        "name": "it is called {}",
        "in_use": "a registered layer beside it is in eval mode, half frozen, and has a .grad: {}",
    },
)
