"""Chapter 06, `mini_module`: what its contract lets vary. Trees of any depth and breadth, and what takes whose place."""

from __future__ import annotations

from typing import Any

import torch

from autograder.authoring.cases import CaseMaker
from autograder.authoring.space import Chosen, Space, absent
from autograder.observing.case import Case

__all__ = ["TREE_SPACE", "calls"]

_CALLS = {
    "eval()": ("eval()", "eval", (), {}),
    "train()": ("train()", "train", (), {}),
    "train(False)": ("train(False)", "train", (False,), {}),
    "train(True)": ("train(True)", "train", (True,), {}),
    "train(mode=False)": ("train(mode=False)", "train", (), {"mode": False}),
}


def calls(*words: str) -> tuple[Any, ...]:
    """How a module is put into its modes: the words for it, method, arguments."""
    return tuple(_CALLS[one] for one in words)


Entry = tuple[str, Any]


def _level(make: CaseMaker, one: Chosen, depth: int) -> tuple[Entry, ...]:
    """What one module of the tree holds: parameters, children down to ``depth``, and what is not registered."""
    kind = "frozen" if one.frozen else "parameter"
    names = ("weight", "bias", "scale")[: one.own]
    own: list[Entry] = [(name, (kind, _numbers(make, one.size))) for name in names]
    inside = [_level(make, one, depth - 1) for _ in range(one.children)] if depth else []
    children: list[Entry] = [(name, ("child", level)) for name, level in zip(("one", "two"), inside, strict=False)]
    plain: list[Entry] = [("table", ("tensor", _numbers(make, (2,)))), ("steps", ("value", 0))] if one.plain else []
    if one.order == "children first":
        return (*children, *plain, *own)
    return (*own[:1], *children, *plain, *own[1:]) if one.order == "mixed" else (*own, *plain, *children)


def _numbers(make: CaseMaker, size: tuple[int, ...]) -> torch.Tensor:
    return make.normal(*size, dtype=torch.float32)


def _paths(entries: tuple[Entry, ...], prefix: str = "") -> tuple[dict[str, tuple[int, ...]], list[str]]:
    """Every parameter of the tree with its size, and every module."""
    sizes: dict[str, tuple[int, ...]] = {}
    modules = [prefix.rstrip(".")]
    for name, (kind, *rest) in entries:
        if kind == "child":
            inner, below = _paths(rest[0], f"{prefix}{name}.")
            sizes |= inner
            modules += below
        elif kind in ("parameter", "frozen"):
            sizes[prefix + name] = tuple(rest[0].shape)
    return sizes, modules


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    entries = _level(make, one, one.depth)
    sizes, modules = _paths(entries)
    more: dict[str, Any] = {}
    match one.aspect:
        case "saving":
            more["load"] = {name: _numbers(make, size) for name, size in reversed(sizes.items())}
        case "modes":
            more |= {"parts": tuple(modules), "calls": calls(*one.calls)}
        case "replacing":
            where = modules[{"at the top": 0, "in a child": 1, "at the bottom": one.depth}[one.at]]
            path = f"{where}.".lstrip(".") + {"a parameter": "weight", "a child": "one"}[one.old]
            item = {
                "None": ("value", None),
                "a tensor": ("tensor", _numbers(make, (2,))),
                "a list": ("list", _numbers(make, (2,))),
                "a parameter": ("parameter", _numbers(make, (2,))),
                "a child": ("child", (("late", ("parameter", _numbers(make, (1,)))),)),
            }[one.new]
            more["puts"] = ((path, item),)
    shown = f"a tree {one.depth + 1} deep, {one.own} parameters and {one.children} children a module, {one.order}"
    shown += f"; {one.new} put in place of {one.old} {one.at}" if one.aspect == "replacing" else ""
    return make.case(aspect=one.aspect, entries=entries, shown=shown, **more)


TREE_SPACE = Space(
    _drawn,
    aspect=("values", "replacing", "saving", "modes"),
    depth=(0, 1, 2, 4),
    children=(1, 2),
    own=(0, 1, 3),
    order=("own first", "children first", "mixed"),
    size=((), (3,), (2, 1)),
    frozen=(False, True),
    plain=(False, True),
    old=(absent, "a parameter", "a child"),
    new=(absent, "None", "a tensor", "a list", "a parameter", "a child"),
    at=(absent, "at the top", "in a child", "at the bottom"),
    calls=(
        (),
        ("eval()",),
        ("train(False)", "train()"),
        ("eval()", "train(True)"),
        ("train(mode=False)", "train(mode=False)"),
    ),
    within=(
        lambda one: (one.aspect == "replacing") == (one.old != absent),
        lambda one: (one.aspect == "replacing") == (one.new != absent),
        lambda one: (one.aspect == "replacing") == (one.at != absent),
        lambda one: (one.aspect == "modes") == (one.calls != ()),
        lambda one: one.old != "a parameter" or one.own > 0,
        lambda one: one.old != "a child" or (one.depth > 0 and one.at != "at the bottom"),
        lambda one: one.at != "in a child" or one.depth > (1 if one.old == "a child" else 0),
        lambda one: one.aspect != "saving" or one.own > 0,
        lambda one: one.depth < 4 or one.children == 1,  # 31 modules are no more telling than 5
    ),
    words={
        "aspect": "it is about {}",
        "depth": "the tree goes {} levels down",
        "children": "the number of children of every module is {}",
        "own": "the number of parameters that every module has of its own is {}",
        "order": "attributes are assigned {}",
        "size": "parameters are of size {}",
        "frozen": "parameters are frozen: {}",
        "plain": "there are plain attributes beside: {}",
        "old": "what was registered is {}",
        "new": "what takes its place is {}",
        "at": "that happens {}",
        "calls": "the calls are {}",
    },
)
