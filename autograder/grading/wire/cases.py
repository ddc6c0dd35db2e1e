"""The cases of an exercise as they go into the sandbox: their inputs, and not a word of what is expected."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.observing.case import Case
from autograder.observing.codec import CodecError, from_bytes, to_bytes
from autograder.observing.exercise import Exercise

__all__ = ["pack", "unpack"]


def pack(cases: Sequence[Case]) -> bytes:
    """The inputs of ``cases`` as bytes. Their names and what is said of them stay with the controller.

    >>> from autograder.observing.exercise import find
    >>> [case] = unpack(pack([Case("secret", {"x": 3}, arguments=("x",))]), find("relu"))
    >>> case.inputs, case.name
    ({'x': 3}, '1')
    """
    return to_bytes(
        [
            {"inputs": dict(case.inputs), "leaves": case.leaves, "computed": case.computed, "projected": case.projected}
            for case in cases
        ]
    )


def unpack(data: bytes, exercise: Exercise) -> tuple[Case, ...]:
    """Read back what `pack` wrote for ``exercise``; `CodecError` when it is something else."""
    try:
        return tuple(
            Case(
                str(number),
                one["inputs"],
                exercise.arguments,
                one["leaves"],
                computed=one["computed"],
                projected=bool(one["projected"]),
            )
            for number, one in enumerate(from_bytes(data), 1)
        )
    except (KeyError, TypeError, IndexError) as error:
        raise CodecError(f"these are not the cases of {exercise.id}: {error}") from None
