"""Chapter 02, `infer_size`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import torch

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.storage.layout import Ints
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


def _inferred(
    numel: int,
    new_size: Ints,
    *,
    checks: str = "two remainder zero below product",
    unknown: Callable[[int, int], int] = lambda numel, known: numel // known,
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
    ],
)
