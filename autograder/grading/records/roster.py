"""Who is in the class by its gradebook, and who is in it only because grading met a folder of that name."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.files import write_whole

__all__ = ["Person", "Roster", "keep_added", "read_roster"]


@dataclass(frozen=True)
class Person:
    """A student of the gradebook, by nbgrader's own id and names."""

    id: str
    last_name: str = ""
    first_name: str = ""
    email: str = ""

    @property
    def name(self) -> str:
        """As lists show it.

        >>> Person("ada", "Lovelace", "Ada").name, Person("zoe").name
        ('Lovelace, Ada', '')
        """
        return ", ".join(filter(None, [self.last_name, self.first_name]))


@dataclass(frozen=True)
class Roster:
    """The class: ``people`` by id. ``added`` came in by being graded, and nobody has said yet who they are."""

    people: Mapping[str, Person]
    added: frozenset[str] = frozenset()

    def is_stranger(self, student: str) -> bool:
        """Whether a class that has a list of its learners does not list this one.

        >>> Roster({"ada": Person("ada")}).is_stranger("bob"), Roster({}).is_stranger("bob")
        (True, False)
        """
        return bool(self.listed) and student not in self.listed

    @property
    def listed(self) -> frozenset[str]:
        """Those whom somebody put into the gradebook."""
        return frozenset(self.people) - self.added

    def in_order(self, student: str) -> tuple[str, str, str, str]:
        """By what lists are sorted: name, then id. Those without a name come first, as in nbgrader's lists."""
        one = self.people.get(student, Person(student))
        return one.last_name.casefold(), one.first_name.casefold(), student.casefold(), student


def read_roster(gradebook: Gradebook, kept: Path) -> Roster:
    """The class in an open ``gradebook``; ``kept`` is where `keep_added` remembers whom grading added."""
    people = {
        one.id: Person(one.id, one.last_name or "", one.first_name or "", one.email or "") for one in gradebook.students
    }
    unnamed = {one.id for one in people.values() if not (one.name or one.email)}
    return Roster(people, frozenset(_kept(kept) & unnamed))


def keep_added(kept: Path, roster: Roster, students: Collection[str]) -> None:
    """Remember who of ``students`` is not in the gradebook, before grading puts them there."""
    before = _kept(kept)
    added = before | (set(students) - set(roster.people))
    if added != before:
        write_whole(kept, json.dumps(sorted(added), indent=1).encode())


def _kept(kept: Path) -> set[str]:
    try:
        return {str(one) for one in json.loads(kept.read_bytes())}
    except (OSError, ValueError, TypeError):
        return set()
