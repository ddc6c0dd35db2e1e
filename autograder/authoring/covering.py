"""Choosing few combinations in which every feasible pair of choices meets (Ostrand and Balcer 1988; pairs covered).

Most of it is allpairspy's work. Under conditions it stops while a few feasible pairs have not met yet (116 of 1,494 for
`conv2d`), so those are looked for one by one, by a search that finds a combination wherever there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any

from allpairspy import AllPairs

__all__ = ["Condition", "Open", "Want", "Within", "all_pairs", "covering", "is_feasible"]

Choices = Mapping[str, Any]
Values = Mapping[str, Sequence[Any]]
Row = dict[str, int]  # choices by name and index
Condition = Callable[[Choices], bool]

_ENOUGH = 300  # steps of the search for room in a combination for one thing more, before it gets one of its own


class Within:
    """A condition on ``values``, asked of combinations that are not complete yet.

    >>> fits = Within(lambda one: one["kernel"] <= one["size"], {"kernel": (1, 3), "size": (2, 4)})
    >>> fits({"kernel": 0}), fits({"kernel": 1}), fits({"kernel": 1, "size": 0})
    (True, None, False)
    """

    def __init__(self, condition: Condition, values: Values) -> None:
        read = {name for row in _deciding(condition, values, {}) for name in row}
        self.names = [name for name in values if name in read]

        @cache
        def holds(*chosen: int | None) -> bool | None:
            if None not in chosen:
                return bool(condition(_named(dict(zip(self.names, chosen, strict=True)), values)))  # type: ignore[arg-type]
            first = chosen.index(None)
            options = range(len(values[self.names[first]]))
            ways = {holds(*chosen[:first], index, *chosen[first + 1 :]) for index in options}
            return ways.pop() if len(ways) == 1 else None

        self._holds = holds

    def __call__(self, row: Row) -> bool | None:
        """Whether it holds; ``None`` as long as what is still open can change it."""
        return self._holds(*map(row.get, self.names))


@dataclass(frozen=True)
class Want:
    """What is to be met in some combination: some choices by name and index, and a condition beside them."""

    fixed: tuple[tuple[str, int], ...]
    condition: Within | None = None

    def met_by(self, row: Row) -> bool:
        """Whether a whole combination meets it."""
        return all(row[name] == index for name, index in self.fixed) and (
            self.condition is None or bool(self.condition(row))
        )


def all_pairs(values: Values) -> list[Want]:
    """Every pair of choices.

    >>> all_pairs({"kernel": (1, 3), "size": (2,)})[1].fixed
    (('kernel', 1), ('size', 0))
    """
    return [
        Want(((one, i), (other, j)))
        for one, other in combinations(values, 2)
        for i in range(len(values[one]))
        for j in range(len(values[other]))
    ]


def covering(values: Values, conditions: Sequence[Within], more: Sequence[Want] = ()) -> list[Row]:
    """Combinations within all ``conditions`` in which every feasible pair is met, and whatever is wanted ``more``.

    The same on every machine.

    >>> values = {"kernel": (1, 3), "size": (2, 4), "stride": (1, 2)}
    >>> len(covering(values, [Within(lambda one: one["kernel"] <= one["size"], values)]))
    5
    """
    wants = (*all_pairs(values), *more)
    rows = _first(values, conditions)
    left = [want for want in wants if not any(map(want.met_by, rows))]
    while left:
        first, *rest = left
        if (row := _room_for(first, rest, values, conditions)) is not None:
            rows.append(row)
        left = [want for want in rest if row is None or not want.met_by(row)]
    return _needed(rows, wants)


def is_feasible(want: Want, values: Values, conditions: Sequence[Within]) -> bool:
    """Whether ``want`` is met in some combination within the conditions; all of them are looked through.

    >>> values = {"kernel": (1, 3), "size": (2, 4)}
    >>> fits = Within(lambda one: one["kernel"] <= one["size"], values)
    >>> [is_feasible(Want((("kernel", 1), ("size", j))), values, [fits]) for j in (0, 1)]
    [False, True]
    """
    return _found(_with(conditions, want), values, dict(want.fixed)) is not None


def _named(row: Row, values: Values) -> dict[str, Any]:
    return {name: values[name][index] for name, index in row.items()}


def _with(conditions: Sequence[Within], want: Want) -> list[Within]:
    return [*conditions, *([want.condition] if want.condition else [])]


def _first(values: Values, conditions: Sequence[Within]) -> list[Row]:
    """What allpairspy finds."""
    names = list(values)
    if len(names) < 2:
        return []
    indices = [list(range(len(options))) for options in values.values()]

    def within(chosen: Sequence[int]) -> bool:
        row = dict(zip(names, chosen, strict=False))
        return all(one(row) is not False for one in conditions)

    return [dict(zip(names, row, strict=True)) for row in AllPairs(indices, filter_func=within)]


def _room_for(first: Want, rest: Sequence[Want], values: Values, conditions: Sequence[Within]) -> Row | None:
    """A combination that meets ``first``, if there is one, and as much of the ``rest`` as goes into it."""
    under = _with(conditions, first)
    row = _found(under, values, dict(first.fixed))
    if row is None:
        return None
    fixed = dict(first.fixed)
    for want in rest:
        if all(fixed.get(name, index) == index for name, index in want.fixed):
            both, tighter = fixed | dict(want.fixed), _with(under, want)
            if (better := _found(tighter, values, both, _ENOUGH)) is not None:
                row, fixed, under = better, both, tighter
    return row


def _found(conditions: Sequence[Within], values: Values, fixed: Row, most: int | None = None) -> Row | None:
    """A combination with the ``fixed`` choices within the conditions, or none; looked for in ``most`` steps."""
    steps = [most]

    def search(row: Row) -> Row | None:
        if steps[0] is not None:
            steps[0] -= 1
            if steps[0] < 0:
                return None
        open_names: list[str] = []
        for one in conditions:
            holds = one(row)
            if holds is False:
                return None
            if holds is None:
                names = [name for name in one.names if name not in row]
                open_names = min(open_names or names, names, key=len)
        if not open_names:
            return row
        name = open_names[0]
        ways = (search({**row, name: index}) for index in range(len(values[name])))
        return next((way for way in ways if way is not None), None)

    row = search(fixed)
    if row is None:
        return None
    # What makes no difference takes turns, so that not every combination gets the first.
    return {name: row.get(name, sum(row.values()) % len(options)) for name, options in values.items()}


class Open(Exception):
    """A condition asked for a name that nothing has been chosen for yet."""


class _Partial(dict[str, Any]):
    def __init__(self, row: Choices, values: Values) -> None:
        super().__init__(row)
        self._values = values

    def __missing__(self, name: str) -> Any:
        if name not in self._values:
            raise KeyError(name)
        raise Open(name)


def _deciding(condition: Condition, values: Values, row: Row) -> Iterator[Row]:
    """Every set of choices that decides the condition: it says what it must know next by the name it does not find."""
    try:
        condition(_Partial(_named(row, values), values))
        yield row
    except Open as asked:
        for index in range(len(values[asked.args[0]])):
            yield from _deciding(condition, values, {**row, asked.args[0]: index})


def _needed(rows: list[Row], wants: Sequence[Want]) -> list[Row]:
    """``rows`` without those that meet nothing which no other row meets, looked at from the last to the first."""
    met = [{place for place, want in enumerate(wants) if want.met_by(row)} for row in rows]
    times = [sum(place in one for one in met) for place in range(len(wants))]
    kept = []
    for row, one in reversed(list(zip(rows, met, strict=True))):
        if all(times[place] > 1 for place in one):
            for place in one:
                times[place] -= 1
        else:
            kept.append(row)
    return kept[::-1]
