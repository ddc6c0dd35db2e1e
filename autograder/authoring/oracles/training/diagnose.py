"""Chapter 08, `diagnose`: which bug each of the lesson's nine training loops has, and which are commonly confused."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.observing.case import Case

__all__ = ["BUGS", "DIAGNOSE"]

CLEARED_EARLY = "gradients cleared before the step"
MEASURED_IN_TRAINING = "measured in training mode"
SOFTMAX = "softmax before the loss"
UNREGISTERED = "layers that nobody registered"
REBOUND = "a name rebound, the tensor unchanged"
NEVER_CLEARED = "gradients never cleared"
STALE = "an optimiser with old tensors"
LEFT_IN_EVAL = "trained in eval mode"
NOTHING_LOADED = "nothing pretrained loaded"

# The bug of each listing. Three have something in common each: how gradients come to a step, which tensors are meant, and
# what the numbers mean that are looked at. In each three, a single name for all of them is wrong twice.
BUGS: Mapping[int, str] = {
    1: CLEARED_EARLY,
    2: MEASURED_IN_TRAINING,
    3: SOFTMAX,
    4: UNREGISTERED,
    5: REBOUND,
    6: NEVER_CLEARED,
    7: STALE,
    8: LEFT_IN_EVAL,
    9: NOTHING_LOADED,
}
_ASPECTS: Mapping[str, tuple[int, ...]] = {"gradients": (1, 5, 6), "tensors": (4, 7, 9), "modes": (2, 3, 8)}


def _listings(make: CaseMaker) -> list[Case]:
    # The order in which they are asked is drawn, so that another seed has cases of its own.
    return [
        make.case(
            f"listings {', '.join(map(str, numbers))}",
            aspect=aspect,
            listings=tuple(numbers[(make_first + step) % 3] for step in range(3)),
            shown=f"what diagnose says of listings {', '.join(map(str, numbers))}",
        )
        for aspect, numbers in _ASPECTS.items()
        for make_first in [make.integer(0, 2)]
    ]


def _confused(one: int, other: int) -> tuple[dict[int, str], dict[int, str], dict[int, str]]:
    """Both called by the first's name, by the other's, and each by that of the other."""
    right = dict(BUGS)
    return (
        right | {other: BUGS[one]},
        right | {one: BUGS[other]},
        right | {one: BUGS[other], other: BUGS[one]},
    )


DIAGNOSE = Oracle(
    "diagnose",
    dict(BUGS),
    _listings,
    [
        Misconception(
            "an old tensor and an unregistered one confused",
            *_confused(4, 7),
            says="In both, a layer stands still. Ask where its tensors are missing: in model.parameters() already, so that "
            "nobody registered them, or only in the optimiser, which holds others.",
        ),
        Misconception(
            "the two modes confused",
            *_confused(2, 8),
            says="One loop never calls eval(), one never calls train() again. In which of them are the steps wrong, and in "
            "which only the number that is printed?",
        ),
        Misconception(
            "cleared too early and not cleared at all confused",
            *_confused(1, 6),
            says="Look at what .grad holds when step() is called: nothing, or the sum of all gradients so far?",
        ),
        Misconception(
            "no gradient and no change confused",
            *_confused(1, 5),
            says="In both, nothing moves. In one there is no gradient when the step is made. In the other there is one, and "
            "the step's result is a new tensor that nobody keeps.",
        ),
    ],
)
