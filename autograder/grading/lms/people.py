"""Who is meant by what a system says: matched by its own numbers, by ids, or by a name that only one learner has. Never guessed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from autograder.grading.lms.names import System
from autograder.grading.lms.table import BadTable, Table
from autograder.grading.records.roster import Person, Roster
from autograder.grading.submissions.learners import cannot_be

__all__ = ["Learner", "People", "Row", "Unmatched", "bare", "people_of", "rows_of"]

_ALIKE = 55  # percent: less is nobody
_NUMBER = re.compile(r"[0-9]{1,20}")
_PARTICIPANT = re.compile(r"\D*?([0-9]{1,20})")
_ANONYMOUS = re.compile(r"anon_\w+")

# The titles of columns, as systems write them in English and German; a folded title is looked up.
_TITLES = {
    "user": ("id",),
    "sis": ("sis user id", "idnumber", "id number", "id-nummer", "matrikelnummer", "student id", "student_id"),
    "login": ("sis login id", "username", "user name", "login", "anmeldename", "benutzername"),
    "email": ("email address", "email", "e-mail", "e-mail-adresse", "mail"),
    "full": ("student", "full name", "fullname", "name", "vollständiger name", "participant name"),
    "last": ("lastname", "last name", "surname", "family name", "nachname", "last_name"),
    "first": ("firstname", "first name", "given name", "vorname", "first_name"),
    "participant": ("identifier", "kennung", "id (kennung)"),
}


class Unmatched(ValueError):
    """Nobody is meant, or more than one; ``named`` where the message names those who may be."""

    def __init__(self, says: str, *, named: bool = False) -> None:
        super().__init__(says)
        self.named = named


@dataclass(frozen=True)
class Row:
    """A row of a table that a system exported: whom it means. ``place`` is the row's, from 0."""

    place: int
    user: str = ""  # Canvas' number
    participant: str = ""  # Moodle's number, of one assignment
    ids: tuple[str, ...] = ()  # what may be nbgrader's id, the likeliest first
    email: str = ""
    names: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As lists show it."""
        return self.names[0] if self.names else next(iter(self.ids), f"row {self.place + 1}")


@dataclass(frozen=True)
class Learner:
    """A learner, by nbgrader's id, with what systems call them."""

    id: str
    names: frozenset[str] = frozenset()  # bare
    email: str = ""
    shown: str = ""

    def __str__(self) -> str:
        return f"{self.id} ({self.shown})" if self.shown else self.id


def bare(name: str) -> str:
    """``name`` as its letters and digits alone: what is left of it in whatever a system makes of it.

    >>> bare("O'Brien, Zoë"), bare("obrienzoë")
    ('obrienzoë', 'obrienzoë')
    """
    whole = unicodedata.normalize("NFKC", name).casefold()
    return "".join(sign for sign in whole if unicodedata.category(sign)[0] in "LNM")


def names_of(last: str, first: str) -> frozenset[str]:
    """A learner's name, bare, either way round."""
    return frozenset(filter(None, {bare(f"{last}{first}"), bare(f"{first}{last}")}))


def either_way(full: str) -> frozenset[str]:
    """A full name, bare, as it is and, where a comma parts it, the other way round.

    >>> sorted(either_way("Lovelace, Ada"))
    ['adalovelace', 'lovelaceada']
    """
    last, comma, first = full.partition(",")
    return names_of(last, first) if comma else frozenset(filter(None, {bare(full)}))


def rows_of(table: Table) -> tuple[Row, ...]:
    """Whom the rows of a system's table mean. Raises `BadTable` for one that names nobody."""
    head = header_of(table)
    columns = columns_of(table, head)
    found = []
    for place, row in enumerate(table.rows[head + 1 :], head + 1):

        def of(what: str, row: Sequence[object] = row) -> str:
            at = columns.get(what, -1)
            return str(getattr(row[at], "text", "")).strip() if 0 <= at < len(row) else ""

        full = of("full")
        if "points possible" in full.casefold() or not any(cell.text.strip() for cell in row):
            continue
        names = [full, f"{of('last')}, {of('first')}" if of("last") or of("first") else ""]
        number = _PARTICIPANT.fullmatch(of("participant"))
        ids = tuple(dict.fromkeys(filter(None, [of("login"), of("sis"), of("email"), of("user")])))
        if not ids and not number and not any(bare(name) for name in names):
            continue
        user = of("user") if "user" in columns and _NUMBER.fullmatch(of("user")) else ""
        found.append(
            Row(place, user, number[1] if number else "", ids, of("email").casefold(), tuple(filter(None, names)))
        )
    return tuple(found)


def header_of(table: Table) -> int:
    """The place of the row of titles: the first that is not a spreadsheet's ``sep=`` line."""
    for place, row in enumerate(table.rows[:2]):
        if len(row) > 1 and not row[0].text.casefold().startswith("sep="):
            return place
    raise BadTable("this table has no row of titles with more than one column")


def columns_of(table: Table, head: int) -> dict[str, int]:
    """Which column holds what: by its title, or, of Moodle's worksheet in any language, by its place and its cells."""
    titles = [" ".join(cell.text.casefold().split()) for cell in table.rows[head]]
    found: dict[str, int] = {}
    for what, known in _TITLES.items():
        at = next((titles.index(one) for one in known if one in titles), -1)
        if at >= 0:
            found[what] = at
    first = [row[0].text.strip() for row in table.rows[head + 1 :] if row and row[0].text.strip()]
    words = {re.sub(r"[0-9]+$", "", cell) for cell in first}
    is_word = len(words) == 1 and all(map(_PARTICIPANT.fullmatch, first)) and next(iter(words)).strip()
    if is_word and len(titles) > 2:
        found = {what: at for what, at in found.items() if at != 0} | {"participant": 0}
        found.setdefault("full", 1)
    if not found.keys() & {"full", "last", "login", "sis", "email", "participant", "user"}:
        raise BadTable(
            f"no column of this table says who is meant; its titles are: {', '.join(titles[:8])}. "
            "Take the table as the system exports it"
        )
    return found


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
        if not complete:
            self._add_rows()
        for row in self.rows:
            try:
                self._of_row[row.place] = self._link(row)
            except Unmatched as error:
                self._why[row.place] = str(error)
        taken: dict[str, list[int]] = {}
        for place, learner in self._of_row.items():
            taken.setdefault(learner, []).append(place)
        for learner, places in taken.items():
            if len(places) > 1:
                for place in places:
                    del self._of_row[place]
                    self._why[place] = (
                        f"rows {', '.join(str(one + 1) for one in places)} of the table all mean {learner}"
                    )

    def of_row(self, row: Row) -> str:
        """The id of the learner whom ``row`` means. Raises `Unmatched`."""
        if row.place in self._of_row:
            return self._of_row[row.place]
        raise Unmatched(self._why.get(row.place, "the table names nobody there"))

    def of_number(self, system: System, number: str) -> str | None:
        """The learner behind a system's number: by the table, else as collected before. ``None`` where nothing says so.

        Raises `Unmatched` where the table has such numbers, and not this one.
        """
        has = [(getattr(row, "user" if system is System.CANVAS else "participant"), row) for row in self.rows]
        for value, row in has:
            if value and value == number:
                return self.of_row(row)
        if (system.value, number) in self._known:
            return self._known[system.value, number]
        if any(value for value, _ in has) and not _ANONYMOUS.fullmatch(number):
            raise Unmatched(f"the table has no row with the number {number}")
        return None

    def of_id(self, student: str) -> str | None:
        """The learner with nbgrader's ``student`` id, or with an id, an address or a login that the table has."""
        if student in self.learners:
            return student
        rows = [row for row in self.rows if student in row.ids]
        return self.of_row(rows[0]) if len(rows) == 1 else None

    def of_name(self, names: frozenset[str]) -> str | None:
        """The only learner who has one of the ``names``. Raises `Unmatched` where several have."""
        found = {one.id for one in self.learners.values() if one.names & names}
        for row in self.rows:
            if frozenset().union(*map(either_way, row.names)) & names:
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
        for word in filter(None, map(bare, words)):
            found = process.extractOne(word, [text for text, _ in choices], scorer=fuzz.ratio, score_cutoff=_ALIKE)
            if found is not None and found[1] > best[0]:
                best = (found[1], str(choices[found[2]][1]))
        return f"likeliest {best[1]}" if best[1] else ""

    def _add_rows(self) -> None:
        """Where the gradebook has no list, the table is the list: each row is a learner by its own id."""
        for row in self.rows:
            if any(one in self.learners for one in row.ids) or self._by_mail(row) or self._collected(row):
                continue
            name = next((one for one in row.ids if not cannot_be(one)), "")
            if name and name not in self.learners:
                names = frozenset().union(*map(either_way, row.names))
                self.learners[name] = Learner(name, names, row.email, row.name)

    def _collected(self, row: Row) -> str:
        """Who handed in under the row's number, as it was collected before."""
        for system, number in ((System.CANVAS, row.user), (System.MOODLE, row.participant)):
            if number and (found := self._known.get((system.value, number), "")) in self.learners:
                return found
        return ""

    def _by_mail(self, row: Row) -> str:
        found = [one.id for one in self.learners.values() if row.email and one.email == row.email]
        return found[0] if len(found) == 1 else ""

    def _link(self, row: Row) -> str:
        """The learner of the gradebook whom ``row`` means: by id, by address, by the only such name."""
        if known := self._collected(row):
            return known
        by_id = [one for one in row.ids if one in self.learners]
        if by_id:
            return by_id[0]
        if by_mail := self._by_mail(row):
            return by_mail
        names = frozenset().union(*map(either_way, row.names))
        same = [one for one in self.learners.values() if one.names & names]
        twins = [one for one in self.rows if frozenset().union(*map(either_way, one.names)) & names]
        if len(same) == 1 and len(twins) == 1:
            return same[0].id
        if same:
            raise Unmatched(
                f"{row.name}: {max(len(same), len(twins))} learners have this name, and no id tells them apart"
            )
        more = self.likeliest(*row.names, *row.ids)
        raise Unmatched(f"{row.name} is nobody in the gradebook" + (f"; {more}" if more else ""))


def people_of(roster: Roster, rows: Iterable[Row] = (), known: Mapping[tuple[str, str], str] | None = None) -> People:
    """The class by its gradebook and by a table of the system's."""
    return People(map(_learner, roster.people.values()), rows, known, complete=bool(roster.listed))


def _learner(person: Person) -> Learner:
    shown = person.name
    return Learner(person.id, names_of(person.last_name, person.first_name), person.email.casefold(), shown)
