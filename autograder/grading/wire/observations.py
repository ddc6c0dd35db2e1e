"""The observations that a child reports, checked for their form: what the judge gets is plain, small and as many as asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from autograder.grading.wire.frames import FrameError
from autograder.observing.codec import CodecError, Drawn, Projection, Raised, Uniform, from_bytes, to_bytes
from autograder.observing.observe import Run
from autograder.observing.project import LARGE

__all__ = ["RUN_LIMIT", "pack_run", "unpack_run"]

RUN_LIMIT = 16 << 20  # bytes; the largest run of an honest answer has a few hundred thousand


def pack_run(run: Run) -> bytes:
    """``run`` as bytes.

    >>> unpack_run(pack_run(Run(({"values": 3},), used=("relu",))), cases=1)
    Run(seen=({'values': 3},), used=('relu',), attempted=True)
    """
    return to_bytes({"seen": run.seen, "used": run.used, "attempted": run.attempted})


def unpack_run(data: bytes, cases: int) -> Run:
    """Read back what `pack_run` wrote of an answer that was tried on so many ``cases``.

    Raises `FrameError` when it is something else, when the number of observations is another, or when a tensor is
    larger in use than in bytes (a few bytes can be strided into terabytes).

    >>> unpack_run(pack_run(Run(())), cases=2)
    Traceback (most recent call last):
    autograder.grading.wire.frames.FrameError: 0 observations of 2 cases
    """
    try:
        match from_bytes(data):
            case {"seen": tuple(seen), "used": tuple(used), "attempted": bool(attempted)}:
                pass
            case _:
                raise FrameError("observations without seen, used and attempted")
    except (CodecError, RecursionError, OverflowError) as error:
        raise FrameError(f"observations that are no data: {error}") from None
    if len(seen) != (cases if attempted else 0):
        raise FrameError(f"{len(seen)} observations of {cases if attempted else 0} cases")
    if not all(isinstance(name, str) for name in used):
        raise FrameError("names of used operators that are not text")
    for one in seen:
        if not (isinstance(one, Raised) or _is_aspects(one)):
            raise FrameError(f"an observation that is a {type(one).__name__}, or holds what none can hold")
    return Run(seen, used, attempted)


def _is_aspects(one: Any) -> bool:
    named = isinstance(one, Mapping) and all(isinstance(name, str) for name in one)
    return named and all(_is_plain(value) for value in one.values())


def _is_plain(value: Any) -> bool:
    """Whether ``value`` could have come out of ``observe.plain``: no large tensor, no odd strides."""
    match value:
        case Tensor():
            return value.numel() <= LARGE and value.is_contiguous() and not value.requires_grad
        case Projection():
            return isinstance(value.values, Tensor) and value.values.dim() == 1 and _is_plain(value.values)
        case Mapping():
            return all(_is_plain(item) for item in value.values())
        case tuple():
            return all(_is_plain(item) for item in value)
        case bytes():
            return False
    return not isinstance(value, Uniform | Drawn)  # the recipe of a tensor can be one of any size
