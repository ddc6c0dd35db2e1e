"""Reference tensors: the cases of every exercise, what is right in each, and what each misconception looks like.

The files beside this one are the public reference. ``python -m autograder reference`` writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from torch import Tensor

from autograder.judging.compare import aspect_of, leaves, magnitude
from autograder.observing.case import Case
from autograder.observing.codec import CodecError, Projection, from_bytes, to_bytes
from autograder.observing.exercise import Exercise, exercises_of
from autograder.observing.observe import Seen

__all__ = ["PUBLIC", "Known", "Reference", "load"]

PUBLIC = Path(__file__).parent


@dataclass(frozen=True)
class Known:
    """A misconception: its name, what a learner is told, and for each variant what differs from the reference, by case."""

    name: str
    says: str
    variants: tuple[Mapping[int, Seen], ...]


@dataclass(frozen=True)
class Reference:
    """Everything the judge needs for one exercise; ``words`` says a choice of a case in a sentence: "{} is the stride"."""

    cases: tuple[Case, ...]
    expected: tuple[Seen, ...]
    misconceptions: tuple[Known, ...]
    tolerance: str = ""
    words: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def sizes(self) -> tuple[float, ...]:
        """How large the numbers of each case are."""
        return tuple(magnitude(case.inputs, expected) for case, expected in zip(self.cases, self.expected, strict=True))

    @cached_property
    def asked(self) -> tuple[dict[str, Any], ...]:
        """What is right in each case, by path."""
        return tuple(map(leaves, self.expected))

    @cached_property
    def aspects(self) -> tuple[tuple[str, ...], ...]:
        """The aspects that each case asks for; tensors among the values ask for their shape as well."""
        return tuple(map(_aspects_in, self.asked))

    @cached_property
    def decisive(self) -> bytes:
        """All but the cases that decides what an answer is worth, as bytes: the same as long as no score can change."""
        known = [(one.name, one.variants) for one in self.misconceptions]
        variants = [[{str(case): seen for case, seen in one.items()} for one in whole] for _, whole in known]
        kept = {"expected": self.expected, "known": [repr(name) for name, _ in known], "tolerance": self.tolerance}
        return to_bytes({**kept, "variants": variants})

    @cached_property
    def picked(self) -> frozenset[int]:
        """The cases that were picked by hand, by index."""
        return frozenset(index for index, case in enumerate(self.cases) if not case.drawn)


def _aspects_in(asked: Mapping[str, Any]) -> tuple[str, ...]:
    tensors = any(isinstance(leaf, Tensor | Projection) for path, leaf in asked.items() if aspect_of(path) == "values")
    return tuple(dict.fromkeys((*(["shape"] if tensors else []), *map(aspect_of, asked))))


def load(exercise: Exercise, directory: Path = PUBLIC) -> Reference:
    """The reference of ``exercise`` from ``directory``.

    Raises ``FileNotFoundError`` or `CodecError` saying how to write it anew.

    >>> from autograder.observing.exercise import find
    >>> load(find("linear")).cases[0].name
    'one row, two features'
    """
    path = directory / f"{exercise.topic}.safetensors"
    try:
        return _load_topic(path, path.stat().st_mtime_ns)[exercise.id]
    except FileNotFoundError:
        if directory != PUBLIC:
            raise FileNotFoundError(
                f"no reference tensors in {path}; make a private reference with: python -m autograder reference --seed-file"
            ) from None
        raise FileNotFoundError(
            f"no reference tensors in {path.name}; write them with: python -m autograder reference"
        ) from None
    except (CodecError, KeyError) as error:
        raise CodecError(
            f"{path.name} does not hold {exercise.id} ({error}); write it anew: python -m autograder reference"
        ) from None


@lru_cache(maxsize=64)
def _load_topic(path: Path, modified: int) -> dict[str, Reference]:
    content = from_bytes(path.read_bytes(), small=True)
    arguments = {one.id: one.arguments for one in exercises_of(path.stem)}
    return {name: _reference(entry, arguments.get(name, ())) for name, entry in content.items()}


def _reference(entry: Mapping[str, Any], arguments: tuple[str, ...]) -> Reference:
    return Reference(
        tuple(_case(one, arguments) for one in entry["cases"]),
        entry["expected"],
        tuple(Known(one["name"], one["says"], one["variants"]) for one in entry["misconceptions"]),
        entry["tolerance"],
        entry["words"],
    )


def _case(one: Mapping[str, Any], arguments: tuple[str, ...]) -> Case:
    return Case(
        one["name"],
        one["inputs"],
        arguments,
        one["leaves"],
        one["shown"],
        computed=one["computed"],
        choices=one["choices"],
        projected=one["projected"],
    )
