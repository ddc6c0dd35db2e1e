"""What the failing cases share and no passing case has: the kind of input in which an answer is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import torch

__all__ = ["Choice", "Claim", "said", "shared"]

_MANY = 3  # values that a sentence lists, before it rather lists the others


@dataclass(frozen=True)
class Choice:
    """A name and some of its values; ``but`` means all others than these."""

    name: str
    values: tuple[Any, ...]
    but: bool = False


Claim = tuple[Choice, ...]  # a case is meant for which all of these hold


def shared(choices: Sequence[Mapping[str, Any]], fails: Sequence[bool]) -> Claim:
    """The choices that all failing cases have and no passing one: of one name, or of two names together.

    Nothing where there are no such choices, and nothing where several names would do: evidence that fits two stories
    tells neither. Of two names there is often a claim that fits by chance: there each value has to be seen to fail twice.

    >>> cases = [{"stride": 1, "bias": True}, {"stride": 1, "bias": False}, {"stride": 5, "bias": True}]
    >>> shared(cases, [False, False, True])
    (Choice(name='stride', values=(5,), but=False),)
    >>> [one.name for one in shared(2 * cases, 2 * [True, False, False])], shared(cases, [True, False, False])
    (['stride', 'bias'], ())
    """
    failing = [one for one, fail in zip(choices, fails, strict=True) if fail]
    passing = [one for one, fail in zip(choices, fails, strict=True) if not fail]
    if not failing or not passing:
        return ()
    names = [name for name in failing[0] if all(name in one for one in (*failing, *passing))]
    for size in (1, 2):
        found = list(_claims(names, size, failing, passing))
        if found:
            return found[0] if len(found) == 1 and (size == 1 or _twice(found[0], failing)) else ()
    return ()


def _twice(claim: Claim, failing: Sequence[Mapping[str, Any]]) -> bool:
    """Whether no failing case is the only one to have its value, of any name in the claim."""
    return all(
        sum(_has(one[choice.name], (value,)) for one in failing) > 1
        for choice in claim
        for value in _values(choice.name, failing)
    )


def _claims(
    names: Sequence[str], size: int, failing: Sequence[Mapping[str, Any]], passing: Sequence[Mapping[str, Any]]
) -> Iterator[Claim]:
    """Every claim of so many names. One of two names whose values are all there are says nothing by that name."""
    had = {name: _values(name, failing) for name in names}
    others = {name: tuple(one for one in _values(name, passing) if not _has(one, had[name])) for name in names}
    telling = [name for name in names if others[name]]
    for some in combinations(telling, size):
        if not any(all(_has(one[name], had[name]) for name in some) for one in passing):
            yield tuple(_choice(name, had[name], others[name]) for name in some)


def _choice(name: str, had: tuple[Any, ...], others: tuple[Any, ...]) -> Choice:
    return Choice(name, others, but=True) if len(had) > max(_MANY, len(others)) else Choice(name, had)


def _values(name: str, cases: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
    found: list[Any] = []
    for case in cases:
        if not _has(case[name], found):
            found.append(case[name])
    return tuple(found)


def _has(value: Any, values: Sequence[Any]) -> bool:
    return any(type(one) is type(value) and one == value for one in values)


def said(claim: Claim, words: Mapping[str, str]) -> str:
    """The claim as the end of a sentence that begins with "where"; ``words`` say a choice with ``{}`` for its value.

    >>> said((Choice("stride", (2, 3, "absent")), Choice("the weight is square", (True,))), {"stride": "the stride is {}"})
    'the stride is 2, 3 or not given, and the weight is square'
    >>> said((Choice("the weight is square", (False,)), Choice("front", ((0,),), but=True)), {})
    'it is not so that the weight is square, and front is anything but (0,)'
    """
    return ", and ".join(_phrase(one.name, one.values, one.but, words) for one in claim)


def _phrase(name: str, values: tuple[Any, ...], but: bool, words: Mapping[str, str]) -> str:
    if name not in words and isinstance(values[0], bool) and len(values) == 1:
        return name if values[0] != but else f"it is not so that {name}"
    numbers = all(isinstance(value, int | float) for value in values)
    texts = [_text(value) for value in (sorted(values) if numbers else values)]
    listed = "anything but " * but + " or ".join(filter(None, (", ".join(texts[:-1]), texts[-1])))
    return words.get(name, name.replace("_", " ") + " is {}").replace("{}", listed)


def _text(value: Any) -> str:
    match value:
        case "absent":
            return "not given"
        case "":
            return "nothing"
        case torch.dtype():
            return str(value).removeprefix("torch.")
        case str():
            return value
    return repr(value)
