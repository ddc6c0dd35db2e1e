"""The observations that a child reports, checked for their form: what the judge gets is plain, small and as many as asked.

`unpack_run` reads a stranger's bytes, for a process that is trusted: it gives a `Run` or raises `FrameError`. What it gives
takes no more memory than a small multiple of what came, read, judged or written down again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from autograder.grading.wire.frames import FrameError
from autograder.observing.codec import CodecError, Drawn, Projection, Raised, Uniform, from_bytes, to_bytes
from autograder.observing.handed_in import HandedIn
from autograder.observing.observe import Run
from autograder.observing.project import LARGE

__all__ = ["RUN_LIMIT", "handed_in_of", "pack_run", "run_tree", "unpack_run"]

RUN_LIMIT = 16 << 20  # bytes; the largest run of an honest answer has a few hundred thousand
_LETTERS = 100  # of a word on what was handed in
_FUNCTIONS = 24
_MOST_NESTED = 1 << 18  # sequences and dicts; all runs of a chapter together have a tenth of that


def pack_run(run: Run) -> bytes:
    """``run`` as bytes.

    >>> unpack_run(pack_run(Run(({"values": 3},), used=("relu",))), cases=1)
    Run(seen=({'values': 3},), used=('relu',), attempted=True)
    """
    return to_bytes(run_tree(run))


def run_tree(run: Run) -> dict[str, Any]:
    """``run`` as data."""
    about = run.handed_in
    handed_in = {
        "form": about.form,
        "functions": dict(about.functions),
        "prints": about.prints,
        "returned": about.returned,
    }
    return {"seen": run.seen, "used": run.used, "attempted": run.attempted, "handed in": handed_in}


def handed_in_of(tree: Any) -> HandedIn:
    """What sort of thing was handed in, of what `run_tree` wrote; nothing where it is something else.

    >>> handed_in_of({"form": ("list", ("tensor",)), "functions": {}, "prints": False, "returned": ((),)}).form
    ('list', ('tensor',))
    >>> handed_in_of({"form": "anything"}) == HandedIn()
    True
    """
    match tree:
        case {
            "form": tuple(form),
            "functions": Mapping() as functions,
            "prints": bool(prints),
            "returned": tuple(returned),
        } if _words(form) and _words(returned) and _words(tuple(functions)) and _words(tuple(functions.values())):
            forms = tuple(one if isinstance(one, tuple) else () for one in returned)
            return HandedIn(form, dict(list(functions.items())[:_FUNCTIONS]), prints, forms)
    return HandedIn()


def _words(form: Any, depth: int = 0) -> bool:
    """Whether it is short words and tuples of such, no deeper than a form is."""
    if isinstance(form, str):
        return len(form) <= _LETTERS
    return isinstance(form, tuple) and depth < 6 and all(_words(one, depth + 1) for one in form)


def unpack_run(data: bytes, cases: int) -> Run:
    """Read back what `pack_run` wrote of an answer that was tried on so many ``cases``.

    Raises `FrameError` when it is something else, when the number of observations is another, or when a tensor is
    larger in use than in bytes (a few bytes can be strided into terabytes).

    >>> unpack_run(pack_run(Run(())), cases=2)
    Traceback (most recent call last):
    autograder.grading.wire.frames.FrameError: 0 observations of 2 cases
    """
    if _nested_in(data) > _MOST_NESTED:  # two bytes can make an empty dict, which takes sixty
        raise FrameError(f"observations with more than {_MOST_NESTED} sequences and dicts")
    try:
        match from_bytes(data):
            case {"seen": tuple(seen), "used": tuple(used), "attempted": bool(attempted), **others}:
                handed_in = handed_in_of(others.get("handed in"))
            case _:
                raise FrameError("observations without seen, used and attempted")
    except CodecError as error:
        raise FrameError(f"observations that are no data: {error}") from None
    if len(seen) != (cases if attempted else 0):
        raise FrameError(f"{len(seen)} observations of {cases if attempted else 0} cases")
    if not all(isinstance(name, str) for name in used):
        raise FrameError("names of used operators that are not text")
    allowed = _Allowed()
    for one in seen:
        if not allowed.aspects(one.left_alone if isinstance(one, Raised) else one):
            raise FrameError(f"an observation that is a {type(one).__name__}, or holds what none can hold")
    return Run(seen, used, attempted, handed_in)


def _nested_in(data: bytes) -> int:
    """No fewer than the sequences and dicts that the header of ``data`` opens."""
    header = data[: 8 + int.from_bytes(data[:8], "little")]
    return header.count(b"{") + header.count(b"[")


class _Allowed:
    """What could have come out of ``observing.plain``: no large tensor, no odd strides, no odd keys.

    The judge calls each number by the keys on the way to it: all these names together may be no longer than a run.
    """

    def __init__(self) -> None:
        self._letters = RUN_LIMIT

    def aspects(self, one: Any) -> bool:
        """Whether ``one`` is what was seen of an answer on one case."""
        return isinstance(one, Mapping) and all(isinstance(name, str) for name in one) and self._plain(one, 0)

    def _plain(self, value: Any, above: int) -> bool:
        match value:
            case Tensor():
                return _is_small(value)
            case Projection():
                return isinstance(value.values, Tensor) and value.values.dim() == 1 and _is_small(value.values)
            case Mapping():
                return all(self._named(key, item, above) for key, item in value.items())
            case tuple() if any(isinstance(item, Tensor | Projection | Mapping) for item in value):
                return all(self._named(place, item, above) for place, item in enumerate(value))
            case tuple():
                return all(self._plain(item, above) for item in value)
        return not isinstance(value, bytes | Uniform | Drawn)  # a recipe can be of a tensor of any size

    def _named(self, key: Any, item: Any, above: int) -> bool:
        if not isinstance(key, str | int):
            return False
        above += 1 + (len(key) if isinstance(key, str) else key.bit_length() // 3 + 1)
        self._letters -= above
        return self._letters >= 0 and self._plain(item, above)


def _is_small(value: Tensor) -> bool:
    """Whether ``value`` is all of its storage, in the order of its elements: what is written again is what came."""
    whole = value.numel() * value.element_size() == value.untyped_storage().nbytes()
    return whole and value.numel() <= LARGE and value.is_contiguous() and not value.requires_grad
