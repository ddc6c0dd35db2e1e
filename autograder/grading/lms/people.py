"""Who is meant by what a system says: matched by its own numbers, by ids, or by a name that only one learner has. Never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from rapidfuzz import fuzz, process

from autograder.grading.lms.names import System
from autograder.grading.lms.rows import Row, bare, names_of
from autograder.grading.records.roster import Person, Roster
from autograder.grading.submissions.learners import cannot_be

__all__ = ["Learner", "People", "Unmatched", "people_of"]

_ALIKE = 55  # percent: less is nobody
_FEW = 5
_LONGEST = 200  # signs of a name
_ANONYMOUS = re.compile(r"anon_\w+")

Key = TypeVar("Key")
Value = TypeVar("Value")


class Unmatched(ValueError):
    """Nobody is meant, or more than one; ``named`` where the message names those who may be."""

    def __init__(self, says: str, *, named: bool = False) -> None:
        super().__init__(says)
        self.named = named


@dataclass(frozen=True)
class Learner:
    """A learner, by nbgrader's id, with what systems call them."""

    id: str
    names: frozenset[str] = frozenset()  # bare
    email: str = ""
    shown: str = ""

    def __str__(self) -> str:
        return f"{self.id} ({self.shown})" if self.shown else self.id


class People:
    """The class, by the gradebook, by a table of the system's, and by what was collected before."""

    def __init__(
        self,
        learners: Iterable[Learner],
        rows: Iterable[Row] = (),
        known: Mapping[tuple[str, str], str] | None = None,
        *,
        complete: bool = False,
    ) -> None:
        """``complete`` where the gradebook has a list of its learners, so that others are not in the class.

        ``known`` are learners' ids by system and the system's id, from earlier collections.
        """
        self.learners = {one.id: one for one in learners}
        self.rows = tuple(rows)
        self._complete = complete
        self._known = dict(known or {})
        self._of_row: dict[int, str] = {}
        self._why: dict[int, str] = {}
        self._numbers = _index(
            (key, row)
            for row in self.rows
            for key in ((System.CANVAS, row.user), (System.MOODLE, row.participant))
            if key[1]
        )
        self._rows_by_id = _index((one, row) for row in self.rows for one in row.ids)
        self._rows_by_name = _index((one, row) for row in self.rows for one in row.bare)
        self._look()
        if not complete:
            self._add_rows()
            self._look()
        for row in self.rows:
            try:
                self._of_row[row.place] = self._link(row)
            except Unmatched as error:
                self._why[row.place] = str(error)
        places_of = _index((learner, place) for place, learner in self._of_row.items())
        for learner, places in places_of.items():
            if len(places) > 1:
                words = f"{len(places)} rows of the table mean {learner}: {', '.join(str(one + 1) for one in places[:_FEW])}"
                self._why |= dict.fromkeys(places, words)
                for place in places:
                    del self._of_row[place]

    def _look(self) -> None:
        """Learners by name and by address."""
        self._by_name = _index((name, one.id) for one in self.learners.values() for name in one.names)
        self._by_address = _index((one.email, one.id) for one in self.learners.values() if one.email)

    def of_row(self, row: Row) -> str:
        """The id of the learner whom ``row`` means. Raises `Unmatched`."""
        if row.place in self._of_row:
            return self._of_row[row.place]
        why, more = self._why.get(row.place, "the table names nobody there"), ""
        if why.endswith("in the gradebook"):
            more = self.likeliest(*row.names, *row.ids)
        raise Unmatched(f"{why}; {more}" if more else why)

    def of_number(self, system: System, number: str) -> str | None:
        """The learner behind a system's number: by the table, else as collected before. ``None`` where nothing says so.

        Raises `Unmatched` where the table has such numbers, and not this one.
        """
        rows = self._numbers.get((system, number), [])
        if len(rows) > 1:
            raise Unmatched(f"{len(rows)} rows of the table have the number {number}")
        if rows:
            return self.of_row(rows[0])
        if (system.value, number) in self._known:
            return self._known[system.value, number]
        if any(one is system for one, _ in self._numbers) and not _ANONYMOUS.fullmatch(number):
            raise Unmatched(f"the table has no row with the number {number}")
        return None

    def of_id(self, student: str) -> str | None:
        """The learner with nbgrader's ``student`` id, or with an id, an address or a login that the table has."""
        if student in self.learners:
            return student
        rows = self._rows_by_id.get(student, [])
        return self.of_row(rows[0]) if len(rows) == 1 else None

    def of_name(self, names: frozenset[str]) -> str | None:
        """The only learner who has one of the ``names``. Raises `Unmatched` where several have."""
        found = {one for name in names for one in self._by_name.get(name, [])}
        for row in (row for name in names for row in self._rows_by_name.get(name, [])):
            found.add(self._of_row.get(row.place, f"row {row.place + 1} of the table"))
        if len(found) > 1:
            both = ", ".join(str(self.learners.get(one, one)) for one in sorted(found))
            raise Unmatched(f"{len(found)} learners have this name: {both}", named=True)
        only = next(iter(found), None)
        if only is not None and only not in self.learners:
            raise Unmatched(f"{only} has this name, and nobody in the gradebook is known to be meant")
        return only

    def likeliest(self, *words: str) -> str:
        """In words, the learner whose name or id is most like one of the ``words``; nothing where nobody's is."""
        choices = [(text, one) for one in self.learners.values() for text in (*one.names, bare(one.id)) if text]
        best = (0.0, "")
        for word in filter(None, (bare(one[:_LONGEST]) for one in words)):
            found = process.extractOne(word, [text for text, _ in choices], scorer=fuzz.ratio, score_cutoff=_ALIKE)
            if found is not None and found[1] > best[0]:
                best = (found[1], str(choices[found[2]][1]))
        return f"likeliest {best[1]}" if best[1] else ""

    def _add_rows(self) -> None:
        """Where the gradebook has no list, the table is the list: each row is a learner by its own id."""
        for row in self.rows:
            known = self._collected(row)
            if not known and (any(one in self.learners for one in row.ids) or self._by_mail(row)):
                continue
            name = known or next((one for one in row.ids if not cannot_be(one)), "")
            if name and name not in self.learners:
                self.learners[name] = Learner(name, row.bare, row.email, row.name)

    def _collected(self, row: Row) -> str:
        """Who handed in under the row's number, as it was collected before."""
        for system, number in ((System.CANVAS, row.user), (System.MOODLE, row.participant)):
            if number and (found := self._known.get((system.value, number))):
                return found
        return ""

    def _by_mail(self, row: Row) -> str:
        found = self._by_address.get(row.email, [])
        return found[0] if len(found) == 1 else ""

    def _is_another(self, learner: str, row: Row) -> bool:
        """Whether ``learner`` has a name, and the row has another."""
        names = self.learners[learner].names
        return bool(names and row.bare and not names & row.bare)

    def _link(self, row: Row) -> str:
        """The learner whom ``row`` means: as collected before, by id, by address, by the only such name.

        Who was collected before and is not in the gradebook is meant where nobody else can be.
        """
        known = self._collected(row)
        if known in self.learners:
            return known
        by_id = [one for one in row.ids if one in self.learners]
        if len(by_id) > 1:
            raise Unmatched(f"{row.name}: its ids are those of {len(by_id)} learners: {', '.join(by_id)}")
        if by_id:
            if by_id[0] == row.user and self._is_another(by_id[0], row):
                raise Unmatched(
                    f"{row.name}: {row.user} is the system's number there, and another learner's id in the gradebook"
                )
            return by_id[0]
        if by_mail := self._by_mail(row):
            return by_mail
        same = list(dict.fromkeys(one for name in row.bare for one in self._by_name.get(name, [])))
        twins = {one.place for name in row.bare for one in self._rows_by_name.get(name, [])}
        if len(same) == 1 and len(twins) == 1:
            return same[0]
        if known:
            return known
        if same:
            raise Unmatched(
                f"{row.name}: {max(len(same), len(twins))} learners have this name, and no id tells them apart"
            )
        if not self._complete and not row.ids:
            raise Unmatched(
                f"the table has no id of {row.name}, and the gradebook no list of the class: give it one with "
                "nbgrader db student import, or say who it is with collect --match"
            )
        raise Unmatched(f"{row.name} is nobody in the gradebook")


def people_of(roster: Roster, rows: Iterable[Row] = (), known: Mapping[tuple[str, str], str] | None = None) -> People:
    """The class by its gradebook and by a table of the system's."""
    return People(map(_learner, roster.people.values()), rows, known, complete=bool(roster.listed))


def _learner(person: Person) -> Learner:
    shown = person.name
    return Learner(person.id, names_of(person.last_name, person.first_name), person.email.casefold(), shown)


def _index(pairs: Iterable[tuple[Key, Value]]) -> dict[Key, list[Value]]:
    found: dict[Key, list[Value]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found
