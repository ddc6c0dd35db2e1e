"""Which misconception an answer shows, if any: one that explains all that was seen to be wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from autograder.judging.compare import MISSING, Difference, aspect_of, difference, leaves
from autograder.judging.reference import Known, Reference
from autograder.observing.codec import Raised
from autograder.observing.observe import LEFT_ALONE, Seen

__all__ = ["BESIDE", "Named", "recognise"]

# Aspects that say nothing of what the answer gave, but of what came with it.
BESIDE = ("gradients", "memory", "state", "shape")

# What need not be explained, unless the misconception is about it: which error is raised is a matter of writing, too.
_ASIDE = {*BESIDE, "errors"}

Found = Mapping[str, Difference]


class Named(NamedTuple):
    """A misconception by name and words, and the cases that show it; empty where none explains the answer."""

    name: str = ""
    says: str = ""
    cases: tuple[int, ...] = ()


def recognise(reference: Reference, seen: Sequence[Seen], found: Sequence[Found]) -> Named:
    """The misconception whose observations the answer reproduces wherever they differ from the reference, and that explains
    all that is wrong in the answer's values. Of several, the one that explains most of what was seen.

    ``found`` is in what each case differs. A misconception that only ever raises is recognised by the error's very words;
    otherwise one that raises matches any error. Where either raises in a drawn case, that says nothing of the idea: how
    far a wrong answer gets with an odd input is a matter of how it was written.
    """
    best, most = Named(), 0
    answered = [one if isinstance(one, Raised) else leaves(one) for one in seen]
    for misconception in reference.misconceptions:
        for variant in misconception.variants:
            whole = _weight(reference, variant, answered)
            if whole > most and _explains(reference, variant, seen, found):
                best, most = _named(misconception, variant, found), whole
    return best


def _named(misconception: Known, variant: Mapping[int, Seen], found: Sequence[Found]) -> Named:
    return Named(misconception.name, misconception.says, tuple(index for index in variant if found[index]))


def _weight(reference: Reference, variant: Mapping[int, Seen], answered: Sequence[Raised | Mapping[str, Any]]) -> int:
    """How much of what was seen the answer and the variant have in common; 0 where one shows something that the other does not."""
    picked = variant.keys() & reference.picked or variant.keys()
    by_words = all(isinstance(variant[index], Raised) for index in picked)
    whole = 0
    for index, one in variant.items():
        if index not in picked and Raised in (type(one), type(answered[index])):
            continue
        right, size = reference.asked[index], reference.sizes[index]
        if not _reproduces(one, answered[index], right, by_words, reference.tolerance, size):
            return 0
        whole += 1 if isinstance(one, Raised) else len(one)
    return whole


def _reproduces(
    known: Seen,
    got: Raised | Mapping[str, Any],
    right: Mapping[str, Any],
    by_words: bool,
    tolerance: str,
    size: float,
) -> bool:
    """Whether the answer shows all that is known of one case; ``got`` and what is ``right`` by path.

    What is right shows no mistake: 3 is as good as 3.0 where a float is asked for, but no sign of one where it is not.
    """
    if isinstance(known, Raised):
        return isinstance(got, Raised) and (not by_words or (got.type, got.message) == (known.type, known.message))
    if isinstance(got, Raised):
        return False
    return all(
        difference(leaf, got.get(path, MISSING), tolerance, size) is None
        and difference(right.get(path, MISSING), got.get(path, MISSING), tolerance, size) is not None
        for path, leaf in known.items()
    )


def _explains(reference: Reference, variant: Mapping[int, Seen], seen: Sequence[Seen], found: Sequence[Found]) -> bool:
    """Whether all that is wrong in the answer's values is what the variant shows.

    Where a variant concerns what comes with the values alone (gradients, memory), that has to be explained as well.
    """
    aspects = {aspect_of(_said(path)) for one in variant.values() if not isinstance(one, Raised) for path in one}
    concerned = aspects if aspects <= _ASIDE else set()
    for index, (one, differs) in enumerate(zip(seen, found, strict=True)):
        known = variant.get(index, {})
        if isinstance(one, Raised):
            if not known:
                return False
        elif not isinstance(known, Raised):
            wrong = {path for path in differs if aspect_of(path) in concerned or aspect_of(path) not in _ASIDE}
            if known and reference.cases[index].drawn:  # where there is anything else, gradients are not recorded
                wrong = {path for path in wrong if aspect_of(path) != "gradients"}
            if not wrong <= set(map(_said, known)):
                return False
    return True


def _said(path: str) -> str:
    """The path under which a difference is found: what should have been left alone stands under its aspect there."""
    return path.removeprefix(f"{LEFT_ALONE}|")
