"""Choosing few combinations in which every feasible pair of choices meets (Ostrand and Balcer 1988; pairs covered).

The search itself is covertable's. What is here says which names a condition reads, so that covertable can ask it early,
and which pairs are feasible at all, so that nobody has to believe that all of them are met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations
from typing import Any

from covertable.main import Controller

__all__ = ["Choices", "Condition", "Undecided", "all_pairs", "covering", "is_feasible", "pairs_of"]

Choices = Mapping[str, Any]
Condition = Callable[[Choices], bool]
Pair = tuple[tuple[str, int], tuple[str, int]]


class Undecided(Exception):
    """A condition asked for a name that nothing has been chosen for yet."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class _Partial(dict[str, Any]):
    """Some choices made, others not yet."""

    def __missing__(self, name: str) -> Any:
        raise Undecided(name)


def covering(
    values: Mapping[str, Sequence[Any]], conditions: Sequence[Condition], strength: int = 2
) -> list[dict[str, Any]]:
    """Combinations of ``values``, one of each name, that meet all ``conditions``, and in which every feasible pair meets.

    With a ``strength`` of 1 every single value. A condition is called with a mapping, and must let `Undecided` through.
    The same on every machine.

    >>> values = {"kernel": (1, 3), "size": (2, 4), "stride": (1, 2)}
    >>> len(covering(values, [lambda one: one["kernel"] <= one["size"]]))
    5
    """
    indices = [list(range(len(options))) for options in values.values()]
    constraints = [_constraint(condition, values) for condition in conditions]
    rows = Controller(indices, strength=min(strength, len(values)), constraints=constraints).make()
    return [{name: values[name][index] for name, index in zip(values, row, strict=True)} for row in rows]


def _constraint(condition: Condition, values: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """The condition in covertable's words, asked once for each combination of what it reads."""
    names = _read_by(condition, values)
    places = [list(values).index(name) for name in names]  # covertable finds a number sooner than a name

    @cache
    def holds(*chosen: int) -> bool:
        return bool(condition({name: values[name][index] for name, index in zip(names, chosen, strict=True)}))

    return {"operator": "fn", "requires": places, "evaluate": lambda row: holds(*(row[place] for place in places))}


def _read_by(condition: Condition, values: Mapping[str, Sequence[Any]]) -> list[str]:
    """The names on which a condition depends, in whatever case."""
    names = {name for partial, _ in _decided([condition], values) for name in partial}
    return [name for name in values if name in names]


def _decided(
    conditions: Sequence[Condition], values: Mapping[str, Sequence[Any]], fixed: Choices | None = None
) -> Iterator[tuple[dict[str, Any], bool]]:
    """Every way in which the conditions can be decided: the choices that decide them, and whether they then hold.

    The names left out make no difference. Each condition is asked before anything is chosen, and says by `Undecided`
    what it must know next.
    """
    partial = _Partial(fixed or {})
    for condition in conditions:
        try:
            if not condition(partial):
                yield dict(partial), False
                return
        except Undecided as asked:
            for value in values[asked.name]:
                yield from _decided(conditions, values, {**partial, asked.name: value})
            return
    yield dict(partial), True


def all_pairs(values: Mapping[str, Sequence[Any]]) -> set[Pair]:
    """Every pair of choices, by name and index."""
    return {
        ((one, i), (other, j))
        for one, other in combinations(values, 2)
        for i in range(len(values[one]))
        for j in range(len(values[other]))
    }


def is_feasible(pair: Pair, values: Mapping[str, Sequence[Any]], conditions: Sequence[Condition]) -> bool:
    """Whether the two choices meet in some combination within the conditions; all of them are looked through.

    >>> values, fits = {"kernel": (1, 3), "size": (2, 4)}, lambda one: one["kernel"] <= one["size"]
    >>> is_feasible((("kernel", 1), ("size", 0)), values, [fits]), is_feasible((("kernel", 1), ("size", 1)), values, [fits])
    (False, True)
    """
    fixed = {name: values[name][index] for name, index in pair}
    # Most pairs that never meet are out by one condition alone, which is soon looked through.
    ways = ([one] for one in conditions), [conditions]
    return all(any(holds for _, holds in _decided(some, values, fixed)) for way in ways for some in way)


def pairs_of(row: Choices, values: Mapping[str, Sequence[Any]]) -> set[Pair]:
    """The pairs that meet in one combination."""
    chosen = [(name, _index(options, row[name])) for name, options in values.items()]
    return set(combinations(chosen, 2))


def _index(options: Sequence[Any], value: Any) -> int:
    """Where ``value`` stands among the options; True is not 1 here."""
    return next(i for i, one in enumerate(options) if type(one) is type(value) and one == value)
