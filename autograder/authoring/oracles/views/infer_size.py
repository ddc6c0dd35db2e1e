"""Chapter 02, `infer_size`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from math import prod
from typing import Any

import torch

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.storage.layout import Ints
from autograder.authoring.oracles.storage.strides import has_odd, size_of
from autograder.authoring.space import Chosen, Space
from autograder.observing.case import Case

__all__ = ["INFER_SIZE"]


def _infer(numel: int, new_size: Ints) -> tuple[int, ...]:
    try:
        return tuple(torch.empty(numel, device="meta").view(tuple(new_size)).shape)
    except RuntimeError as error:
        raise ValueError(str(error)) from None


def _unknowns(make: CaseMaker) -> list[Case]:
    a, b, c = make.sizes(3, 2, 9)
    right: list[tuple[str, int, Ints]] = [
        ("twelve in two rows", 12, (2, -1)),
        ("twelve in rows of three", 12, (-1, 3)),
        ("in one row", 12, (-1,)),
        ("the unknown in the middle", a * b * c, (a, -1, c)),
        ("the unknown is 1", a * b, (a, -1, b)),
        ("nothing unknown", a * b * c, (b, c, a)),
        ("one number", 1, ()),
        ("one number, unknown", 1, (-1,)),
        ("with ones", a * b, (1, -1, 1)),
        ("no element", 0, (-1, 3)),
        ("no element, said", 0, (a, 0, b)),
    ]
    wrong: list[tuple[str, int, Ints]] = [
        ("two unknowns", 12, (-1, -1)),
        ("two unknowns, though one is 1", 12, (-1, 12, -1)),
        ("a remainder", 12, (5, -1)),
        ("a remainder of a large number", a * b * c + 1, (a, -1, b * c)),
        ("more known than there is", 3, (4, -1)),
        ("0 known of something", 12, (0, -1)),
        ("0 known of nothing", 0, (-1, 0)),
        ("a size of -2", 12, (-2, 6)),
        ("two of -2 and -3, whose product is right", 6, (-2, -3)),
        ("-2 beside an unknown", 12, (-2, -1)),
        ("too few", 12, (2, 5)),
        ("too many", 12, (12, 2)),
        ("no dimension for two numbers", 2, ()),
        ("something for nothing", 0, (2, 3)),
    ]
    return [make.case(name, numel=numel, new_size=size) for name, numel, size in right] + [
        make.case(name, numel=numel, new_size=size, aspect="errors") for name, numel, size in wrong
    ]


_OPEN = ("a second -1", "two more -1", "a remainder", "a 0 beside the -1", "a 0 beside the -1, of nothing")
_CLOSED = ("one element more", "twice as many elements")
_BELOW = ("a size of -2", "sizes of -2 and -3")
_NEEDS = {"two more -1": 2, "sizes of -2 and -3": 2} | dict.fromkeys((*_OPEN[2:], *_OPEN[:1], _BELOW[0]), 1)


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    size = list(size_of(make, one.known, one.odd))
    numel = prod(size) * (1 if one.place == "nowhere" else one.value)
    spoiled = make.sizes(one.known, 0, one.known - 1) if size else ()
    match one.fault:
        case "a second -1" | "two more -1":
            for dim in spoiled[: _NEEDS[one.fault]]:
                size[dim] = -1
        case "a remainder":
            size[spoiled[0]] = 7
            numel = 7 * numel + 1
        case "a 0 beside the -1" | "a 0 beside the -1, of nothing":
            size[spoiled[0]] = 0
            numel = 0 if one.fault.endswith("nothing") else 12
        case "one element more":
            numel += 1
        case "twice as many elements":
            numel *= 2
        case "a size of -2":
            size[spoiled[0]] = -2
            numel = 4
        case "sizes of -2 and -3":
            size[spoiled[0]], size[spoiled[1]] = -2, -3
            numel = max(prod(size), 6)
    if one.place != "nowhere":
        size.insert({"in front": 0, "inside": one.known // 2, "at the end": one.known}[one.place], -1)
    return make.case(numel=numel, new_size=tuple(size), aspect="values" if one.fault == "nothing" else "errors")


_SPACE = Space(
    _drawn,
    known=(0, 1, 2, 3, 4, 5, 6),
    odd=("no 1 and no 0", "a 1 in front", "a 1 at the end", "a 0 in front", "a 0 at the end"),
    place=("nowhere", "in front", "inside", "at the end"),
    value=(1, 0, 2, 6),
    fault=("nothing", *_OPEN, *_CLOSED, *_BELOW),
    within=(
        lambda one: has_odd(one.known, one.odd),
        lambda one: (one.place == "nowhere") == (one.fault in _CLOSED) or one.fault in ("nothing", *_BELOW),
        lambda one: one.known >= _NEEDS.get(one.fault, 0),
        # A 0 has no -1 beside it, or that is what is wrong; and it needs no second reason to be wrong.
        lambda one: "a 0" not in one.odd or (one.place == "nowhere" and one.fault in ("nothing", "one element more")),
        # Without a -1 there is no value of it.
        lambda one: one.place != "nowhere" or one.value == 1,
    ),
    traits={
        "there is an answer": lambda one: one.fault == "nothing",
        "there is an answer, to a -1 in front": lambda one: one.fault == "nothing" and one.place == "in front",
        "there is an answer, to a -1 inside": lambda one: one.fault == "nothing" and one.place == "inside",
        "there is an answer, to a -1 at the end": lambda one: one.fault == "nothing" and one.place == "at the end",
    },
    words={
        "known": "the number of known sizes is {}",
        "odd": "the known sizes have {}",
        "place": "the -1 stands {}",
        "value": "the -1 stands for {}",
        "fault": "wrong is {}",
    },
)


def _inferred(
    numel: int,
    new_size: Ints,
    *,
    checks: str = "two remainder zero below product",
    unknown: Callable[[int, int], Any] = lambda numel, known: numel // known,
) -> tuple[int, ...]:
    """A size resolved by rules: what is checked, and what takes the place of -1."""
    known = prod(n for n in new_size if n != -1)
    if "two" in checks and list(new_size).count(-1) > 1:
        raise ValueError
    if "below" in checks and any(n < -1 for n in new_size):
        raise ValueError
    if -1 not in new_size:
        if "product" in checks and known != numel:
            raise ValueError
        return tuple(new_size)
    if "zero" in checks and known == 0:
        raise ValueError
    if "remainder" in checks and known and numel % known:
        raise ValueError
    value = unknown(numel, known)
    return tuple(value if n == -1 else n for n in new_size)


def _inferring(left_out: str, **rules: Any) -> Callable[..., Any]:
    checks = " ".join(word for word in ["two", "remainder", "zero", "below", "product"] if word not in left_out)
    return lambda numel, new_size: _inferred(numel, new_size, checks=checks, **rules)


def _asserting(kind: type[Exception], *, divided: bool, left_out: str) -> Callable[..., Any]:
    """Another error in place of ValueError; ``divided`` by a known 0, Python's own comes first."""

    def answer(numel: int, new_size: Ints) -> tuple[int, ...]:
        try:
            return tuple(_inferring(left_out + " zero" * divided)(numel, new_size))
        except ValueError:
            raise kind from None

    return answer


def _answering(what: Callable[[Ints], Any]) -> Callable[..., Any]:
    """Where an error is asked for, an answer all the same."""

    def answer(numel: int, new_size: Ints) -> Any:
        try:
            return _inferred(numel, new_size)
        except ValueError:
            return what(new_size)

    return answer


def _replaced_by_numel(numel: int, known: int) -> int:
    return numel


INFER_SIZE = Oracle(
    "infer_size",
    _infer,
    _unknowns,
    [
        Misconception(
            "-1 becomes numel",
            _inferring("", unknown=_replaced_by_numel),
            _inferring("two remainder zero below product", unknown=_replaced_by_numel),
            _inferring("zero", unknown=_replaced_by_numel),
            lambda numel, new_size: tuple(numel if n == -1 else n for n in new_size),
            says="-1 stands for what is left: the number of elements divided by all the sizes that are known.",
        ),
        Misconception(
            "two -1 accepted",
            _inferring("two"),
            says="Two unknown sizes have many answers. torch refuses to choose, and so does yours: ValueError.",
        ),
        Misconception(
            "non-divisible rounded down",
            _inferring("remainder"),
            says="Rounding down loses elements. Where the known sizes leave a remainder, raise ValueError.",
        ),
        Misconception(
            "a remainder let through",
            _inferring("remainder", unknown=lambda numel, known: -(-numel // known)),
            says="Where the known sizes leave a remainder, no whole number fits in the place of -1: raise ValueError.",
        ),
        Misconception(
            "0 times anything",
            _inferring("zero"),
            _inferring("zero", unknown=lambda numel, known: numel // known if known else 0),
            _inferring("zero", unknown=lambda numel, known: numel // known if known else -1),
            lambda numel, new_size: _inferring("zero", unknown=lambda numel, known: numel // (known or 1))(
                numel, new_size
            ),
            lambda numel, new_size: (
                (0,) * len(new_size) if numel == 0 and {0, -1} <= set(new_size) else _inferred(numel, new_size)
            ),
            says="Beside a size of 0 every size would do, so -1 has no answer there: ValueError, even for no element.",
        ),
        Misconception(
            "sizes below -1 accepted",
            _inferring("below"),
            lambda numel, new_size: _inferring("below")(numel, [max(n, -1) for n in new_size]),
            says="-1 is the only number below 0 that means something here. -2 is a mistake, even if the product fits.",
        ),
        Misconception(
            "product not compared",
            _inferring("product"),
            says="Without a -1 the sizes must multiply to the number of elements. Otherwise: ValueError.",
        ),
        Misconception(
            "-1 left in",
            lambda numel, new_size: tuple(new_size),
            says="Put in place of -1 what is left for it.",
        ),
        Misconception(
            "a float for an int",
            _inferring("", unknown=lambda numel, known: numel / known),
            _inferring("remainder", unknown=lambda numel, known: numel / known),
            lambda numel, new_size: tuple(map(float, _inferred(numel, new_size))),
            says="A division with / gives a float, 6.0 for 6, and a size is a whole number. Divide with //.",
        ),
        Misconception(
            "another error than asked for",
            *(
                _asserting(kind, divided=divided, left_out=left_out)
                for kind in (AssertionError, RuntimeError, TypeError)
                for divided in (False, True)
                for left_out in ("", "below")
            ),
            says="Where you refuse a size, it is not with a ValueError. assert raises an AssertionError, and is left out "
            "where Python optimises; torch's own error is a RuntimeError. Asked for is ValueError.",
        ),
        Misconception(
            "several errors missing",
            *(
                _inferring(" ".join(some))
                for count in (2, 3, 4, 5)
                for some in itertools.combinations(("two", "remainder", "zero", "below", "product"), count)
            ),
            says="More than one kind of size that cannot be gets through. Go through the list: two -1, a remainder, a 0 beside "
            "a -1, a size below -1, another product.",
        ),
        Misconception(
            "no error",
            _answering(lambda new_size: None),
            _answering(lambda new_size: ()),
            _answering(tuple),
            says="Where there is no answer your function gives something back all the same. raise ValueError(...) ends it with "
            "the error that was asked for.",
        ),
    ],
    space=_SPACE,
)
