"""The answer to a question, entry by entry: right, wrong or still open, and why; never what would be right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from autograder.judging.compare import MISSING, Difference, difference
from autograder.judging.judgement import Entry
from autograder.judging.reference import Known, Reference
from autograder.observing.codec import Other, Raised
from autograder.observing.exercise import Exercise
from autograder.observing.observe import Seen

__all__ = ["entries_of"]

# What probes note of an entry that nobody wrote, and what a stub holds in its place.
_OPEN = ("no prediction", "no choice", "no name", "", None, MISSING, Other("ellipsis"))
_DEEP = 3  # nothing that is asked for is nested deeper, and a stranger's tuples may be


def entries_of(
    exercise: Exercise, reference: Reference, seen: tuple[Seen, ...], found: tuple[Mapping[str, Difference], ...]
) -> tuple[Entry, ...]:
    """Every entry that is asked for, in the order of the cases; none where the exercise asks no question."""
    if not exercise.asks:
        return ()
    made = []
    for index, (expected, one, wrong) in enumerate(zip(reference.expected, seen, found, strict=True)):
        for path, name in _asked(expected):
            got = _at(one, path)
            if path not in wrong:
                made.append(Entry(name, "right"))
            elif isinstance(got, str | Other | None) and got in _OPEN:
                made.append(Entry(name, "open"))
            else:
                why = _why(reference, seen, index, path, got) or _asked_form(_at(expected, path), got)
                made.append(Entry(name, "wrong", why))
    return tuple(made)


def _asked(expected: Seen) -> Iterator[tuple[str, str]]:
    """The entries of one case: the path by which they are compared, and their name."""
    assert not isinstance(expected, Raised)
    for aspect, entries in expected.items():
        for name in entries if isinstance(entries, Mapping) else ():
            yield f"{aspect}|{name}", str(name)


def _at(seen: Seen, path: str) -> Any:
    aspect, _, name = path.partition("|")
    entries = seen.get(aspect) if isinstance(seen, Mapping) and not isinstance(seen, Raised) else None
    return entries.get(name, MISSING) if isinstance(entries, Mapping) else MISSING


def _asked_form(expected: Any, got: Any) -> str:
    """What kind of thing is asked for, where an entry is of another: nothing in it can be right then.

    >>> _asked_form(((2, 3), (3, 1), 0), ((2, 3.0), (3, 1), 0))
    'Asked for is (a tuple of whole numbers, a tuple of whole numbers, a whole number).'
    >>> _asked_form(((2, 3), (3, 1), 0), ((2,), (3,), 0)), _asked_form("module", True)
    ('', 'Asked for is text in quotes.')
    """
    asked = _form(expected)
    return f"Asked for is {asked}." if asked and asked != _form(got) else ""


def _form(value: Any, depth: int = 0) -> str:
    match value:
        case str():
            return "text in quotes"
        case int() if not isinstance(value, bool):
            return "a whole number"
        case tuple() if depth < _DEEP:
            parts = [_form(one, depth + 1) for one in value]
            return f"({', '.join(parts)})" if set(parts) - {"a whole number"} else "a tuple of whole numbers"
    return ""


def _why(reference: Reference, seen: tuple[Seen, ...], index: int, path: str, got: Any) -> str:
    """What the one misconception says that explains this entry: of several, those that explain others as well."""
    explaining = [
        (known, most) for known in reference.misconceptions if (most := _explains(known, seen, index, path, got))
    ]
    most = max((count for _, count in explaining), default=0)
    best = [known for known, count in explaining if count == most]
    return best[0].says if len(best) == 1 else ""


def _explains(known: Known, seen: tuple[Seen, ...], index: int, path: str, got: Any) -> int:
    """How many entries are just as this misconception has them, this one among them; 0 where one of them is not."""
    return max((_reproduced(variant, seen) for variant in known.variants if _has(variant, index, path, got)), default=0)


def _has(variant: Mapping[int, Seen], index: int, path: str, got: Any) -> bool:
    one = variant.get(index)
    return isinstance(one, Mapping) and path in one and difference(one[path], got) is None


def _reproduced(variant: Mapping[int, Seen], seen: tuple[Seen, ...]) -> int:
    paths = [
        (index, path, leaf) for index, one in variant.items() if isinstance(one, Mapping) for path, leaf in one.items()
    ]
    same = [difference(leaf, _at(seen[index], path)) is None for index, path, leaf in paths]
    return len(same) if all(same) else 0
