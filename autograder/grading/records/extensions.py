"""A date of a learner's own, kept as a date: nbgrader's gradebook knows only how much longer than the class somebody has.

The dates lie in ``classroom/extensions.json``, also of learners who have not handed in, of whom the gradebook has no row. What
nbgrader goes by is worked out from them and from the class's due date each time, so that either may be moved.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from nbgrader.api import Gradebook, MissingEntry

from autograder.files import write_whole
from autograder.grading.records.classroom import Classroom
from autograder.grading.records.roster import read_roster
from autograder.grading.records.waiting import Tell, alone, on_stderr, wait_for_gradebook
from autograder.grading.submissions.learners import entries

__all__ = ["apply", "due_of", "extend", "own_dates", "parse_date", "whose_due"]

_WRITTEN = "%Y-%m-%d %H:%M:%S UTC"


def parse_date(text: str) -> datetime:
    """A day, an hour and a zone, in UTC and without a zone, as the gradebook has times.

    >>> parse_date("2027-03-10 18:00 UTC"), parse_date("2027-03-10 18:00 Europe/Berlin"), parse_date("2027-03-10T18:00+02:00")
    (datetime.datetime(2027, 3, 10, 18, 0), datetime.datetime(2027, 3, 10, 17, 0), datetime.datetime(2027, 3, 10, 16, 0))
    >>> parse_date("2027-03-10 18:00")
    Traceback (most recent call last):
    ValueError: '2027-03-10 18:00' is no day, hour and zone such as 2027-03-10 18:00 UTC
    """
    words, zone = text.strip(), None
    try:
        before, space, last = words.rpartition(" ")
        if space and last[:1].isalpha():
            words, zone = before, _zone(last)
        when = datetime.fromisoformat(words)
        if ":" not in words or (when.tzinfo is None) is (zone is None):
            raise ValueError
        return (when if zone is None else when.replace(tzinfo=zone)).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, LookupError, OSError, OverflowError):
        raise ValueError(f"{text!r} is no day, hour and zone such as 2027-03-10 18:00 UTC") from None


def _zone(word: str) -> tzinfo:
    return UTC if word.upper() in ("UTC", "Z", "GMT") else ZoneInfo(word)


def own_dates(room: Classroom, name: str) -> dict[str, datetime]:
    """By when each learner with a date of their own has to hand in the assignment ``name``.

    Raises ``ValueError`` where the file of them cannot be read: nobody loses an extension silently.
    """
    dates = {}
    for student, when in _read(room).get(name, {}).items():
        try:
            dates[student] = parse_date(when)
        except ValueError as error:
            path = _file(room)
            raise ValueError(
                f"{path.name} in {path.parent.name}, {student} in {name}: {error}; mend it, or give that date anew: "
                f'python -m autograder extend {student} {name} "DATE"'
            ) from None
    return dates


def due_of(due: datetime | None, own: datetime | None) -> datetime | None:
    """The later of the class's date and a learner's own.

    >>> due_of(datetime(2027, 3, 1), datetime(2027, 3, 8)), due_of(datetime(2027, 3, 9), datetime(2027, 3, 8)).day
    (datetime.datetime(2027, 3, 8, 0, 0), 9)
    """
    return due if due is None or own is None else max(due, own)


def whose_due(held: datetime | None, due: datetime | None, own: datetime | None) -> datetime | None:
    """By when a learner has to hand in, where the gradebook says ``held`` of them and ``due`` of the class.

    A date of their ``own`` goes before what the gradebook once worked out from it: the class's may have been moved since.

    >>> whose_due(datetime(2027, 3, 8), datetime(2027, 3, 1), datetime(2027, 3, 5)).day
    5
    >>> whose_due(datetime(2027, 3, 8), datetime(2027, 3, 1), None).day
    8
    """
    return held if own is None else due_of(due, own)


def apply(
    gradebook: Gradebook, name: str, dates: Mapping[str, datetime], students: Iterable[str] | None = None
) -> None:
    """Have the open ``gradebook`` go by ``dates``, of everybody who has a row of the assignment ``name`` or of ``students``."""
    due, changed = gradebook.find_assignment(name).duedate, False
    for student in dates if students is None else set(students) & set(dates):
        try:
            submission = gradebook.find_submission(name, student)
        except MissingEntry:
            continue
        longer = timedelta(0) if due is None else max(timedelta(0), dates[student] - due)
        if submission.extension != (longer or None):
            submission.extension, changed = longer or None, True
    if changed:
        gradebook.db.commit()


def extend(room: Classroom, name: str, student: str, until: datetime | None, tell: Tell = on_stderr) -> str:
    """Give ``student`` a date of their own for the assignment ``name``, or with ``None`` take it away; say what holds now.

    Raises ``ValueError`` for a learner whom the class does not know, an assignment that it does not, one without a due date,
    and a date that is not later than the class's.
    """
    with alone(room.results, tell):
        wait_for_gradebook(room.db_url, tell)
        with Gradebook(room.db_url, room.course_id) as gradebook:
            due = _due(gradebook, room, name, student)
            if until is not None and until <= due:
                raise ValueError(f"{until:{_WRITTEN}} is not later than {due:{_WRITTEN}}, when {name} is due for all")
            dates = _read(room)
            dates.setdefault(name, {}).pop(student, None)
            if until is not None:
                dates[name][student] = f"{until:{_WRITTEN}}"
            write_whole(_file(room), json.dumps(dates, indent=1, ensure_ascii=False).encode())
            apply(gradebook, name, {student: until or due})
    return f"{student} has until {until or due:{_WRITTEN}} for {name}; grade it again, and penalties follow"


def _due(gradebook: Gradebook, room: Classroom, name: str, student: str) -> datetime:
    try:
        due = gradebook.find_assignment(name).duedate
    except MissingEntry:
        raise ValueError(
            f"the gradebook knows no {name}; hand it out first: python -m autograder release {name}"
        ) from None
    people = read_roster(gradebook, room.added).people
    if student not in people and student not in {one.name for one in entries(room.submitted) if not one.note}:
        raise ValueError(f"nobody called {student!r} is in the gradebook or in {room.submitted.name}")
    if not isinstance(due, datetime):
        raise ValueError(f'{name} is not due for anybody; set a date: nbgrader db assignment add {name} --duedate="…"')
    return due


def _read(room: Classroom) -> dict[str, dict[str, str]]:
    path = _file(room)
    try:
        read = json.loads(path.read_bytes())
        return {str(name): {str(one): str(when) for one, when in dates.items()} for name, dates in read.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError):
        raise ValueError(f"{path.name} in {path.parent.name} cannot be read; mend it, or give the dates anew") from None


def _file(room: Classroom) -> Path:
    return room.root / "classroom" / "extensions.json"
