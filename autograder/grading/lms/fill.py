"""A chapter's marks in the table that the system exported: the cells of that column, and not a byte besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from autograder.files import write_whole
from autograder.grading.lms.columns import Column, column_for, is_locked, number_in, possible_of, wishes
from autograder.grading.lms.kept import numbers_of
from autograder.grading.lms.people import Unmatched, people_of
from autograder.grading.lms.rows import Row, rows_of
from autograder.grading.lms.table import BadTable, Table, read_table
from autograder.grading.records.classroom import Classroom, open_classroom
from autograder.grading.records.recorded import read_records
from autograder.grading.records.roster import Roster, read_roster
from autograder.grading.records.total import Held, read_held
from autograder.grading.records.waiting import on_stderr, wait_for_gradebook
from autograder.grading.submissions.state import State
from autograder.plain import plain
from autograder.spreadsheet import harmless
from course.chapters import find_chapter

__all__ = ["Filled", "fill", "fill_table"]

_ENDING = "-filled"
_EXCUSED = "ex"
_NOT_ASSIGNED = "n/a"  # Canvas takes no mark for such a cell
_MANY = 10  # names in a line
_CLOSE = 0.005
# What is said of learners beside their marks, in this order.
_WORDS = {
    "nothing": "left as they were, nothing is recorded of them",
    "excused": "excused, left as they were",
    "unassigned": "N/A there, left as they were: Canvas takes no mark of whom it is not assigned to, nor of anonymous work before it is posted",
    "locked": "locked there, left as they were: Moodle takes no other mark for them",
    "lower": "had a better mark there",
    "changed": "had another mark there",
    "zeros": "have 0 points, and not for their answers",
    "unread": "have answers that nobody has read yet, which count nothing so far",
    "above": "have more than the maximum: Moodle skips such a row",
}


@dataclass(frozen=True)
class Marks:
    """What the gradebook holds of one chapter: scores by learner, what they are out of, and states that are not ``graded``."""

    chapter: str
    held: Mapping[str, Held]
    of: float
    states: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Filled:
    """A filled table, and what has to be said of it. ``problems`` are marks that are not in it, and should be."""

    content: bytes
    said: tuple[str, ...]
    problems: tuple[str, ...]
    path: Path = Path()

    def text(self) -> str:
        """In lines."""
        return "\n".join(plain(line) for line in (*self.said, *self.problems))


def fill(
    path: Path,
    chapters: Sequence[str],
    root: Path,
    columns: Sequence[str] = (),
    output: Path | None = None,
    *,
    scale: bool = False,
) -> Filled:
    """Fill the marks of ``chapters`` in the class at ``root`` into a copy of the table at ``path``, and write it to ``output``.

    It goes beside the table as ``…-filled.csv`` by default. ``columns`` say which one, as ``CHAPTER=TITLE``. ``scale`` converts
    marks where the system's maximum is another than the chapter's.

    Raises `BadTable` for one that is none, or has no such column or another maximum.
    """
    room, _ = open_classroom(root)
    names = [find_chapter(one).slug for one in chapters]
    if not names:
        raise ValueError("--fill needs a chapter whose marks are meant")
    table = read_table(path.read_bytes())
    wait_for_gradebook(room.db_url, on_stderr)
    with Gradebook(room.db_url, room.course_id) as gradebook:
        filled = fill_table(table, gradebook, room, names, wishes(columns, names), scale=scale)
    to = output or path.with_name(f"{path.stem}{_ENDING}{path.suffix or '.csv'}")
    write_whole(to, filled.content)
    return Filled(filled.content, (*filled.said, f"filled: {to}"), filled.problems, to)


def fill_table(
    table: Table,
    gradebook: Gradebook,
    room: Classroom,
    chapters: Sequence[str],
    wanted: Mapping[str, str],
    *,
    scale: bool = False,
    only: Sequence[str] = (),
) -> Filled:
    """The ``table`` with the marks that an open ``gradebook`` holds of ``chapters``, of all learners or ``only`` of some."""
    roster = read_roster(gradebook, room.added)
    cells: dict[tuple[int, int], str] = {}
    said: list[str] = []
    problems: list[str] = []
    for chapter in chapters:
        marks = _marks(gradebook, room, chapter)
        rows, missing = _learners(table, roster, room, chapter)
        said += [f"  {one}" for one in missing]
        column = column_for(table, chapter, wanted.get(chapter, ""))
        if any(place == column.place for _, place in cells):
            raise BadTable(f"two chapters would be filled into the column {column.title!r}; say which with --column")
        done = _filled(table, rows, column, marks, scale, frozenset(only))
        cells |= done[0]
        said += done[1]
        problems += done[2]
    formulas = sum(_is_formula(cell.text) for row in table.rows for cell in row)
    if formulas:
        said.append(
            f"{formulas} cell{'s' if formulas > 1 else ''} of this table would be run by a spreadsheet: upload the file without "
            "opening it there"
        )
    return Filled(table.filled(cells), tuple(said), tuple(problems))


def _marks(gradebook: Gradebook, room: Classroom, chapter: str) -> Marks:
    try:
        held, ungraded = read_held(gradebook, chapter)
    except MissingEntry:
        raise ValueError(f"the gradebook does not know {chapter}; release and grade it first") from None
    if not held:
        raise ValueError(f"nothing is recorded of {chapter}; grade it first: python -m autograder grade {chapter}")
    states = {one: str(record["status"]) for one, record in read_records(room, chapter).items()}
    return Marks(
        chapter, held, ungraded.total.of, {one: word for one, word in states.items() if word != State.GRADED.value}
    )


def _learners(table: Table, roster: Roster, room: Classroom, chapter: str) -> tuple[dict[str, Row], list[str]]:
    """The rows of a table by learner, and what is said of those that are nobody's."""
    found = rows_of(table)
    people = people_of(roster, found, numbers_of(room, chapter))
    rows: dict[str, Row] = {}
    said = []
    for row in found:
        try:
            rows[people.of_row(row)] = row
        except Unmatched as error:
            said.append(f"row {row.place + 1} is nobody's: {error}")
    return rows, said


def _filled(
    table: Table, rows: Mapping[str, Row], column: Column, marks: Marks, scale: bool, only: frozenset[str]
) -> tuple[dict[tuple[int, int], str], list[str], list[str]]:
    cells: dict[tuple[int, int], str] = {}
    short: list[str] = []
    told: dict[str, list[str]] = {why: [] for why in _WORDS}
    for learner, row in rows.items():
        if only and learner not in only:
            continue
        line = table.rows[row.place]
        if column.place >= len(line):
            short.append(learner)
            continue
        before = line[column.place].text.strip()
        held = marks.held.get(learner)
        if before.casefold() == _EXCUSED:
            told["excused"].append(learner)
            continue
        if held is None:
            told["nothing"].append(learner)
            continue
        if column.system == "canvas" and before.casefold() == _NOT_ASSIGNED:
            told["unassigned"].append(f"{learner} ({held.total.points:g} points)")
            continue
        points, possible = held.total.points, possible_of(column, line)
        differs = possible is not None and abs(possible - marks.of) > _CLOSE and not column.percent
        if differs and not scale:
            raise BadTable(
                f"{column.title!r} is out of {possible:g} there, and {marks.chapter} out of {marks.of:g}: change the points of the "
                "assignment in the system, or convert the marks with --scale"
            )
        text = column.written(points, marks.of, possible if differs else None)
        was, is_now = number_in(before), number_in(text)
        if is_locked(column, line):
            if was != is_now:
                told["locked"].append(f"{learner} ({text})")
            continue
        if possible is not None and (is_now or 0.0) > possible + _CLOSE and column.system == "moodle":
            told["above"].append(learner)
        if before not in ("", "-") and was != is_now:
            went_down = was is not None and (is_now or 0.0) < was
            told["lower" if went_down else "changed"].append(f"{learner} {before} → {text}")
        if held.unread(marks.states.get(learner, "")):
            told["unread"].append(learner)
        if not points and learner in marks.states:
            told["zeros"].append(f"{learner} ({marks.states[learner]})")
        if was != is_now:  # a mark that stands there keeps its own way of writing
            cells[row.place, column.place] = text
    left_out = [told[why] for why in ("excused", "unassigned", "nothing", "locked")]
    left_out += [short, [one for one in rows if only and one not in only]]
    filled = len(rows) - sum(map(len, left_out))
    said = [f"{marks.chapter}: {filled} mark{'s' if filled != 1 else ''} in the column {column.title!r}"]
    said += [f"  {_few(names)}: {_WORDS[why]}" for why, names in told.items() if names]
    problems = [f"not filled: {_few(short)}: the row ends before the column {column.title!r}"] if short else []
    left = sorted(one for one in marks.held if one not in rows and (not only or one in only))
    problems += [f"not filled: {_few(left)}: graded, and no row of this table is theirs"] if left else []
    return cells, said, problems


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MANY} more" if len(names) > _MANY else ""
    return ", ".join(names[:_MANY]) + more


def _is_formula(text: str) -> bool:
    return text.strip() not in ("", "-") and number_in(text) is None and harmless(text) != plain(text)
