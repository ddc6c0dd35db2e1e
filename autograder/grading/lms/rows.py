"""Whom the rows of a system's table mean, by the titles of its columns, and names as they can be compared.

It reads a stranger's table: of any of them there are rows, or `BadTable`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from autograder.grading.lms.table import BadTable, Table

__all__ = ["Row", "bare", "columns_of", "either_way", "header_of", "names_of", "rows_of"]

_MOST_ROWS = 20_000
_NUMBER = re.compile(r"[0-9]{1,20}")
_PARTICIPANT = re.compile(r"\D*?([0-9]{1,20})")

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
_STATUS = ("status", "statut", "estado", "stato")


@dataclass(frozen=True)
class Row:
    """A row of a table that a system exported: whom it means. ``place`` is the row's, from 0."""

    place: int
    user: str = ""  # Canvas' number
    participant: str = ""  # Moodle's number, of one assignment
    ids: tuple[str, ...] = ()  # what may be nbgrader's id, the likeliest first
    email: str = ""
    names: tuple[str, ...] = ()

    @cached_property
    def bare(self) -> frozenset[str]:
        """Its names, bare, either way round."""
        return frozenset().union(*map(either_way, self.names))

    @property
    def name(self) -> str:
        """As lists show it."""
        number = f"number {self.participant}" if self.participant else f"row {self.place + 1}"
        return self.names[0] if self.names else next(iter(self.ids), number)


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
    if len(table.rows) > _MOST_ROWS:
        raise BadTable(f"this table has {len(table.rows)} rows, and {_MOST_ROWS} are read")
    found = []
    for place, row in enumerate(table.rows[head + 1 :], head + 1):

        def of(what: str, row: Sequence[object] = row) -> str:
            at = columns.get(what, -1)
            return str(getattr(row[at], "text", "")).strip() if 0 <= at < len(row) else ""

        full = of("full")
        if not any(cell.text.strip() for cell in row) or "points possible" in row[0].text.casefold():
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
        if titles[1] not in _STATUS:  # which comes first where the marking is blind and no name is shown
            found.setdefault("full", 1)
    if not found.keys() & {"full", "last", "login", "sis", "email", "participant", "user"}:
        raise BadTable(
            f"no column of this table says who is meant; its titles are: {', '.join(titles[:8])}. "
            "Take the table as the system exports it"
        )
    return found
