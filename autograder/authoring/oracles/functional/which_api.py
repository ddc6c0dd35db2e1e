"""Chapter 04, `which_api`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.observing.case import Case

__all__ = ["SITUATIONS", "WHICH_API"]

# The situations that the lesson lists, under what decides them.
SITUATIONS: Mapping[str, Mapping[str, str]] = {
    "weights": {
        "a convolution whose filters are learned": "module",
        "a convolution whose filters another network computes for each input": "functional",
    },
    "mode": {
        "dropout that has to stop in eval mode": "module",
        "a ReLU between two layers, written in forward": "functional",
        "max pooling, written in forward": "functional",
    },
    "state": {
        "batch norm with its running statistics": "module",
        "softmax to read probabilities off the logits": "functional",
        "a flatten step inside nn.Sequential": "module",
    },
}
_RIGHT = {one: choice for group in SITUATIONS.values() for one, choice in group.items()}


def _situations(make: CaseMaker) -> list[Case]:
    return [
        make.case(f"what decides: {aspect}", aspect=aspect, situations=tuple(group), shown="; ".join(group))
        for aspect, group in SITUATIONS.items()
    ]


WHICH_API = Oracle(
    "which_api",
    _RIGHT,
    _situations,
    [
        Misconception(
            "dropout taken as stateless",
            _RIGHT | {"dropout that has to stop in eval mode": "functional"},
            says="Dropout has no parameters, but a mode. Who tells it that eval() was called?",
        ),
        Misconception(
            "ReLU thought to need a module",
            _RIGHT | {"a ReLU between two layers, written in forward": "module"},
            says="ReLU has no parameters, no state and no mode. What would there be to keep?",
        ),
        Misconception(
            "dynamic weights in a module",
            _RIGHT | {"a convolution whose filters another network computes for each input": "functional and module"},
            _RIGHT | {"a convolution whose filters another network computes for each input": "module"},
            says="A module owns its weights. Weights that are computed for each input are nobody's: they come as arguments.",
        ),
        Misconception(
            "batch norm taken as stateless",
            _RIGHT | {"batch norm with its running statistics": "functional"},
            says="Running statistics have to live somewhere, be saved and be moved. Who keeps them from one call to the next?",
        ),
        Misconception(
            "nn.Sequential given a function",
            _RIGHT | {"a flatten step inside nn.Sequential": "functional"},
            says="nn.Sequential calls what it holds, one after the other. What kind of thing may it hold?",
        ),
        Misconception(
            "pooling thought to need a module",
            _RIGHT | {"max pooling, written in forward": "module"},
            says="Pooling has no parameters, no state and no mode. What would there be to keep?",
        ),
    ],
)
