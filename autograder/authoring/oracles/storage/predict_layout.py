"""Chapter 01, `predict_layout`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.storage.layout import Ints, layout_of
from autograder.observing.case import Case

__all__ = ["OPERATIONS", "PREDICT_LAYOUT"]

# The eight operations that the lesson lists, under what they do to x = torch.arange(24).view(2, 3, 4).
OPERATIONS: Mapping[str, Mapping[str, Callable[[Tensor], Tensor]]] = {
    "order": {
        "x.transpose(0, 2)": lambda x: x.transpose(0, 2),
        "x.permute(2, 0, 1)": lambda x: x.permute(2, 0, 1),
    },
    "parts": {
        "x[:, ::2]": lambda x: x[:, ::2],
        "x[:, 1]": lambda x: x[:, 1],
    },
    "strides": {
        "x.unsqueeze(1).expand(2, 5, 3, 4)": lambda x: x.unsqueeze(1).expand(2, 5, 3, 4),
        "x.diagonal(0, 1, 2)": lambda x: x.diagonal(0, 1, 2),
    },
    "copies": {
        "x.flip(2)": lambda x: x.flip(2),
        "x.transpose(0, 1).reshape(3, 8)": lambda x: x.transpose(0, 1).reshape(3, 8),
    },
}


_RIGHT = {
    text: layout_of(apply(torch.arange(24).view(2, 3, 4)))
    for group in OPERATIONS.values()
    for text, apply in group.items()
}
_TURNED, _PERMUTED, _STEPPED, _SELECTED, _EXPANDED, _DIAGONAL, _FLIPPED, _RESHAPED = _RIGHT


def _predictions(make: CaseMaker) -> list[Case]:
    return [
        make.case(f"what changes: {aspect}", aspect=aspect, operations=tuple(group), shown="; ".join(group))
        for aspect, group in OPERATIONS.items()
    ]


def _but(**wrong: tuple[Ints, Ints, int]) -> dict[str, Any]:
    """The right predictions with some others in their place, by the operations' short names below."""
    names = {"turned": _TURNED, "permuted": _PERMUTED, "stepped": _STEPPED, "selected": _SELECTED}
    names |= {"expanded": _EXPANDED, "diagonal": _DIAGONAL, "flipped": _FLIPPED, "reshaped": _RESHAPED}
    return _RIGHT | {names[name]: layout for name, layout in wrong.items()}


PREDICT_LAYOUT = Oracle(
    "predict_layout",
    _RIGHT,
    _predictions,
    [
        Misconception(
            "a copy believed a view",
            *(
                _but(flipped=((2, 3, 4), (12, 4, step), offset))
                for step, offset in ((-1, 3), (-1, 0), (-1, 23), (1, 3))
            ),
            *(
                _but(reshaped=((3, 8), stride, 0))
                for stride in ((4, 1), (4, 12), (4, 3), (12, 1), (4, 4), (1, 3), (1, 4))
            ),
            says="No stride is negative in torch, and a run of elements that is not evenly spaced has no stride at all. "
            "flip always copies, reshape where it must. Where in its new memory does a copy begin, and in which order does it lie?",
        ),
        Misconception(
            "step left out of the stride",
            _but(stepped=((2, 2, 4), (12, 4, 1), 0)),
            _but(stepped=((2, 2, 4), (8, 4, 1), 0)),
            says="Taking every second row means going two rows at a time: the step multiplies the stride.",
        ),
        Misconception(
            "expanded dimension given a stride",
            *(_but(expanded=((2, 5, 3, 4), (outer, step, 4, 1), 0)) for outer in (12, 60) for step in (1, 4, 12)),
            says="expand makes no more memory. All five stand on the same slots: how far does a step along them go?",
        ),
        Misconception(
            "a view believed a copy",
            _but(turned=((4, 3, 2), (6, 2, 1), 0)),
            _but(permuted=((4, 2, 3), (6, 3, 1), 0)),
            says="transpose and permute move nothing in memory. They take each dimension's stride along with its size.",
        ),
        Misconception(
            "offset forgotten",
            _but(selected=((2, 4), (12, 1), 0)),
            says="x[:, 1] begins at x[0, 1, 0]. Work out in which slot that lies.",
        ),
        Misconception(
            "a chosen dimension kept",
            *(_but(selected=((2, 1, 4), (12, step, 1), offset)) for step in (4, 1, 0) for offset in (4, 0)),
            says="An integer index takes its dimension away, size and stride both. A slice keeps it.",
        ),
        Misconception(
            "a diagonal with the stride of a row or a column",
            *(_but(diagonal=((2, 3), (12, step), 0)) for step in (1, 4, 3)),
            says="One step along the diagonal is a step down and a step to the right at once: both strides add up.",
        ),
        Misconception(
            "permute read backwards",
            _but(permuted=((3, 4, 2), (4, 1, 12), 0)),
            says="permute(2, 0, 1) asks: which old dimension comes first, which second, which third? Not where each one goes.",
        ),
    ],
)
