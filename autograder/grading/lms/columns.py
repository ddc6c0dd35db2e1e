"""Where in a system's table the marks of a chapter stand, and how they are written there.

Canvas' gradebook is told by its first cells, Moodle's grading worksheet by its participants' numbers; any other table is one
with a column a mark. A title that Canvas does not know would make a new assignment there, so no column is ever added.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from autograder.grading.lms.rows import bare, columns_of, header_of
from autograder.grading.lms.table import BadTable, Table
from course.chapters import find_chapter

__all__ = ["Column", "column_for", "number_in"]

_GRADE = ("grade", "bewertung", "note", "punkte", "calificación", "nota", "valutazione", "cijfer", "beoordeling")
_MAXIMUM = ("maximum grade", "bestwertung", "höchste bewertung", "note maximale", "calificación máxima", "maximum")
_SCALE = ("scale", "skala", "barème", "escala", "scala", "schaal")
_CHANGEABLE = (
    *("grade can be changed", "bewertung kann geändert werden", "la note peut être modifiée"),
    *("la calificación puede ser cambiada", "la valutazione può essere cambiata"),
)
_NO = ("no", "nein", "non")
_NOT_MARKS = re.compile(r"(?:current|final|override|unposted) (?:\w+ )?(?:score|grade|points|status)", re.IGNORECASE)
_CANVAS_ID = re.compile(r"\s*\(([0-9]+)\)\s*$")
_KIND = re.compile(r"\s*\((real|percentage|letter|feedback|punkte|prozentsatz|note|rückmeldung)\)\s*$", re.IGNORECASE)
_PERCENT = ("percentage", "prozentsatz")
_REAL = ("real", "punkte")
_NUMBER = re.compile(r"-?[0-9]+(?:[.,][0-9]+)?")
_SHOWN = 12


@dataclass(frozen=True)
class Column:
    """A column for the marks of a chapter: its place and title, what a mark is out of by row, and its signs.

    ``possible`` is that of all rows, where the table says one; ``maximum`` is the column that says it by row, ``changeable`` the
    one that says whether the system takes another mark for a row.
    """

    place: int
    title: str
    system: str  # canvas, moodle or other
    possible: float | None = None
    maximum: int = -1
    changeable: int = -1
    comma: bool = False
    percent: bool = False

    def written(self, points: float, of: float, possible: float | None) -> str:
        """A mark as it stands in a cell; where the system has another maximum, scaled to that.

        >>> Column(6, "x", "canvas").written(18.0, 22.0, None), Column(6, "x", "moodle", comma=True).written(11, 22, 100.0)
        ('18.00', '50,00')
        """
        value = points if possible is None or not of else points / of * possible
        text = f"{points / of * 100 if of else 0:.2f} %" if self.percent else f"{value:.2f}"
        return text.replace(".", ",") if self.comma else text


def number_in(text: str) -> float | None:
    """The number in a cell, with a point or a comma; ``None`` where there is none.

    >>> number_in("22,00"), number_in(" 81.82 % "), number_in("EX"), number_in("-")
    (22.0, 81.82, None, None)
    """
    whole = text.strip().removesuffix("%").strip()
    return float(whole.replace(",", ".")) if _NUMBER.fullmatch(whole) and len(whole) < 30 else None


def column_for(table: Table, chapter: str, wanted: str = "") -> Column:
    """The column for ``chapter``, or the one whose title or Canvas' number is ``wanted``. Raises `BadTable`."""
    head = header_of(table)
    titles = [cell.text.strip() for cell in table.rows[head]]
    if _is_canvas(titles):
        return _of_canvas(table, head, titles, chapter, wanted)
    known = columns_of(table, head)
    if "participant" in known:
        place = _chosen(titles, chapter, wanted) if wanted else _one_of(titles, _GRADE)
        if place < 0:
            raise BadTable(f"no column of this worksheet is called Grade; say which one with --column: {_list(titles)}")
        maximum = _one_of(titles, _MAXIMUM)
        if words := _scale(table, head, (maximum, _one_of(titles, _SCALE))):
            raise BadTable(
                f"this assignment is graded there by a scale ({words}), which takes no points: give it a maximum grade in "
                "Moodle, and download the worksheet anew"
            )
        comma = _has_comma(table, head, (place, maximum))
        changeable = _one_of(titles, _CHANGEABLE)
        return Column(place, titles[place], "moodle", maximum=maximum, changeable=changeable, comma=comma)
    place = _chosen(titles, chapter, wanted, without=set(known.values()))
    kind = _KIND.search(titles[place])
    percent = kind is not None and kind[1].casefold() in _PERCENT
    return Column(place, titles[place], "other", comma=_has_comma(table, head, (place,)), percent=percent)


def _is_canvas(titles: Sequence[str]) -> bool:
    """As Canvas itself tells it."""
    two = len(titles) > 3 and "Student" in titles[0] and "ID" in titles[1]
    three = len(titles) > 4 and "LastName" in titles[0] and "FirstName" in titles[1] and "ID" in titles[2]
    return two or three


def _of_canvas(table: Table, head: int, titles: Sequence[str], chapter: str, wanted: str) -> Column:
    section = next((place for place, title in enumerate(titles) if title == "Section"), 3)
    calculated = {place for place, title in enumerate(titles) if _NOT_MARKS.search(title)}
    place = _chosen(titles, chapter, wanted, without={*range(section + 1), *calculated})
    row = next((row for row in table.rows[head + 1 :] if row and "Points Possible" in row[0].text), None)
    says = row[place].text if row is not None and place < len(row) else ""
    if "read only" in says.casefold():
        raise BadTable(f"Canvas says of the column {titles[place]!r} that it is read only")
    return Column(
        place,
        titles[place],
        "canvas",
        number_in(says),
        comma=_has_comma(table, head, (place,)) or table.separator == ";",
    )


def _chosen(titles: Sequence[str], chapter: str, wanted: str, without: Collection[int] = ()) -> int:
    """The place of the one column that is meant. Raises `BadTable` for none and for several."""
    free = {place: title for place, title in enumerate(titles) if place not in without and title}
    one = find_chapter(chapter)
    if wanted:
        found = [place for place, title in free.items() if title == wanted]
        found = found or [place for place, title in free.items() if bare(wanted) in _called(title)]
    else:
        names = {
            bare(one.slug),
            bare(one.title),
            bare(f"{one.number:02} {one.title}"),
            bare(f"{one.number} {one.title}"),
        }
        found = [place for place, title in free.items() if names & _called(title)]
        found = found or [
            place
            for place, title in free.items()
            if any(name in bare(title) for name in (bare(one.slug), bare(one.title)))
        ]
    found = _points_first(found, titles)
    if len(found) == 1:
        return found[0]
    what = f"called {wanted!r}" if wanted else f"of the chapter {one.slug}"
    many = "more than one column is" if found else "no column is"
    raise BadTable(
        f"{many} {what}; say which one with --column: {_list([titles[at] for at in found] or list(free.values()))}"
    )


def _called(title: str) -> frozenset[str]:
    """What a column may be called by: its whole title, the title without number or kind, and Canvas' number."""
    number = _CANVAS_ID.search(title)
    short = _KIND.sub("", _CANVAS_ID.sub("", title))
    short = short.partition(":")[2] or short
    return frozenset({bare(title), bare(_CANVAS_ID.sub("", title)), bare(short), *([number[1]] if number else [])})


def _points_first(found: list[int], titles: Sequence[str]) -> list[int]:
    """Of a mark's columns the one with points, else the one in percent; letters and feedback are none."""
    if len(found) < 2:
        return found
    kinds = {place: (_KIND.search(titles[place]) or ["", ""])[1].casefold() for place in found}
    for wanted in (_REAL, _PERCENT):
        some = [place for place in found if kinds[place] in wanted]
        if some:
            return some
    return found


def _one_of(titles: Sequence[str], known: Sequence[str]) -> int:
    folded = [title.casefold() for title in titles]
    return next((folded.index(one) for one in known if one in folded), -1)


def _has_comma(table: Table, head: int, places: Sequence[int]) -> bool:
    """Whether the numbers that stand there already have a decimal comma."""
    cells = [row[at].text.strip() for row in table.rows[head + 1 :] for at in places if 0 <= at < len(row)]
    return any("," in cell for cell in cells if number_in(cell) is not None)


def _scale(table: Table, head: int, places: Sequence[int]) -> str:
    """The words of a scale, where they stand in the place of a maximum."""
    cells = [row[at].text.strip() for row in table.rows[head + 1 :] for at in places if 0 <= at < len(row)]
    return next((cell for cell in cells if cell not in ("", "-") and number_in(cell) is None), "")


def _list(titles: Sequence[str]) -> str:
    more = f", and {len(titles) - _SHOWN} more" if len(titles) > _SHOWN else ""
    return ", ".join(map(repr, titles[:_SHOWN])) + more


def possible_of(column: Column, row: Sequence[object]) -> float | None:
    """What a mark in ``row`` is out of, where the table says so."""
    if 0 <= column.maximum < len(row):
        return number_in(str(getattr(row[column.maximum], "text", "")))
    return column.possible


def is_locked(column: Column, row: Sequence[object]) -> bool:
    """Whether the system says of ``row`` that it takes no other mark."""
    says = str(getattr(row[column.changeable], "text", "")) if 0 <= column.changeable < len(row) else ""
    return says.strip().casefold() in _NO


def wishes(words: Sequence[str], chapters: Sequence[str]) -> Mapping[str, str]:
    """Titles by chapter, from ``--column CHAPTER=TITLE``, or ``TITLE`` where there is one chapter.

    >>> wishes(["Sheet 4 = relu"], ["04_the_same_cnn_with_functional"])
    {'04_the_same_cnn_with_functional': 'Sheet 4 = relu'}
    """
    found: dict[str, str] = {}
    for word in words:
        before, sign, title = word.partition("=")
        try:
            slug = find_chapter(before.strip()).slug if sign else ""
        except ValueError:
            slug = ""
        if slug in chapters and slug:
            found[slug] = title
        elif len(chapters) == 1:
            found[chapters[0]] = word
        else:
            raise ValueError(f"--column {word!r} does not say of which chapter; write CHAPTER=TITLE")
    return found
