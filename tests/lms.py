"""A class as Canvas and Moodle know it, and the zips and tables that they hand out, named the way they name them."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from grading_class import BLANK, CHAPTER, PARTLY, PERFECT, hand_in, submitted
from nbgrader.api import Gradebook

from autograder.sample.learners import Submission


@dataclass(frozen=True)
class Someone:
    """A learner: nbgrader's id, names, Canvas' user and upload, Moodle's participant."""

    id: str
    last: str
    first: str
    user: int
    upload: int
    participant: int

    @property
    def sortable(self) -> str:
        return f"{self.last}, {self.first}"

    @property
    def full(self) -> str:
        return f"{self.first} {self.last}"


ADA = Someone("ada", "Lovelace", "Ada", 104, 2001, 311)
TWIN = Someone("ada2", "Lovelace", "Ada", 105, 2002, 312)  # another one of this name
ZOE = Someone("zoe", 'Müller-"Ølgård", Jr.', "Zoë 🐙", 106, 2003, 313)
FORMULA = Someone("f=x", "=SUM(A1)", "@Bob", 107, 2004, 314)
EVERYBODY = (ADA, TWIN, ZOE, FORMULA)

EARLY, LATE = datetime(2026, 3, 1, 12, 0, 0), datetime(2026, 3, 3, 9, 30, 2)


def notebook_by(course: Path, submission: Submission) -> bytes:
    """The bytes of what a learner of the sample class hands in; nothing of it stays in the class."""
    hand_in(course, submission)
    path = submitted(course, submission.learner)
    content = path.read_bytes()
    path.unlink()
    path.parent.rmdir()
    path.parent.parent.rmdir()
    return content


def notebooks(course: Path) -> dict[str, bytes]:
    """A perfect one, one that is right in part, and a blank one."""
    return {name: notebook_by(course, one) for name, one in (("all", PERFECT), ("part", PARTLY), ("none", BLANK))}


def canvas(one: Someone, file: str = f"{CHAPTER}.ipynb", late: bool = False, upload: int = 0, name: bool = True) -> str:
    """What Canvas calls an upload: `lib/content_zipper.rb`."""
    word = re.sub(r"[^\w]", "", one.sortable.lower())
    parts = [*([word] if name else []), *(["LATE"] if late else []), str(one.user), str(upload or one.upload)]
    return "_".join([*parts, re.sub(r'[\0/\\:*?"<>|]+', "_", file)])


def moodle(one: Someone, file: str = f"{CHAPTER}.ipynb", form: str = "new", blind: bool = False) -> str:
    """What Moodle calls it: `mod/assign/classes/downloader.php`; ``form`` is new, before 4.1 (old), or flat."""
    name = "Participant" if blind else one.full.replace("_", " ")
    folder = re.sub(r'[\x00-\x1f&<>"`|\':\\/]', "", f"{name}_{one.participant}") + "_assignsubmission_file"
    return f"{folder}{ {'new': '/', 'old': '_/', 'flat': '_'}[form] }{file}"


def zipped(path: Path, files: Iterable[tuple[str, bytes, datetime]]) -> Path:
    """A zip of files with their names and times."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, when in files:
            info = zipfile.ZipInfo(name, when.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return path


def enrol(course: Path, people: Sequence[Someone] = EVERYBODY) -> None:
    """Put learners into the gradebook."""
    with Gradebook(f"sqlite:///{course / 'classroom' / 'gradebook.db'}", "one_cnn_two_ways") as book:
        for one in people:
            book.update_or_create_student(one.id, last_name=one.last, first_name=one.first)


def canvas_table(
    people: Sequence[Someone] = EVERYBODY,
    column: str = f"{CHAPTER} (9001)",
    possible: str = "22.00",
    grades: dict[str, str] | None = None,
    separator: str = ",",
) -> bytes:
    """Canvas' exported gradebook, with its second row."""
    text = io.StringIO()
    table = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    table.writerow(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Essay (8000)", column, "Final Score"])
    table.writerow(["    Points Possible", "", "", "", "", "10.00", possible, "(read only)"])
    for one in people:
        grade = (grades or {}).get(one.id, "")
        table.writerow([one.sortable, one.user, f"s{one.user}", one.id, "A, B", "7.5", grade, "12.3"])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


MOODLE_TITLES = (
    *("Identifier", "Full name", "Email address", "Status", "Grade", "Maximum grade", "Grade can be changed"),
    *("Last modified (submission)", "Last modified (grade)", "Feedback comments"),
)
MOODLE_GERMAN = (
    *(
        "ID",
        "Vollständiger Name",
        "E-Mail-Adresse",
        "Status",
        "Bewertung",
        "Bestwertung",
        "Bewertung kann geändert werden",
    ),
    *("Zuletzt geändert (Abgabe)", "Zuletzt geändert (Bewertung)", "Feedback als Kommentar"),
)


def moodle_table(
    people: Sequence[Someone] = EVERYBODY,
    titles: Sequence[str] = MOODLE_TITLES,
    word: str = "Participant ",
    maximum: str = "22.00",
    grades: dict[str, str] | None = None,
) -> bytes:
    """Moodle's grading worksheet."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(titles)
    for one in people:
        day, grade = "Sunday, 1 March 2026, 12:00 PM", (grades or {}).get(one.id, "")
        row = [f"{word}{one.participant}", one.full, f"{one.id}@example.org", "Submitted", grade, maximum, "Yes"]
        table.writerow([*row, day, "-", "Well, <b>done</b>"])
    return text.getvalue().encode()
