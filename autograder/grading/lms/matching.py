"""Whose each upload of an archive is: matched, or listed with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.grading.lms.archive import Archive
from autograder.grading.lms.kept import numbers_of
from autograder.grading.lms.names import System
from autograder.grading.lms.people import People, Unmatched, people_of
from autograder.grading.lms.rows import either_way, rows_of
from autograder.grading.lms.table import BadTable, read_table
from autograder.grading.lms.uploads import Upload, uploads_of
from autograder.grading.records.classroom import Classroom
from autograder.grading.records.roster import read_roster
from autograder.grading.records.waiting import on_stderr, wait_for_gradebook
from autograder.grading.submissions.learners import cannot_be

__all__ = ["class_people", "matched"]


def class_people(room: Classroom, chapter: str, roster: Path | None = None) -> People:
    """The class of ``room``, with the rows of a system's table ``roster``. Raises `BadTable`."""
    rows = rows_of(read_table(roster.read_bytes())) if roster is not None else ()
    if roster is not None and not rows:
        raise BadTable(f"{roster.name} has no row that names a learner")
    wait_for_gradebook(room.db_url, on_stderr)
    with Gradebook(room.db_url, room.course_id) as gradebook:
        known = read_roster(gradebook, room.added)
    return people_of(known, rows, numbers_of(room, chapter))


def matched(
    archive: Archive, chapter: str, others: Collection[str], people: People, wanted: Mapping[str, str]
) -> tuple[list[tuple[Upload, str, str]], dict[str, str]]:
    """Each upload of an archive with its learner, or with nobody and the reason; and the files of other assignments.

    A plain path is a learner's whose id or name stands in it as a folder or as the file's name.
    """

    def learner(words: tuple[str, ...]) -> tuple[int, str]:
        for at, word in enumerate(words):
            try:
                found = people.of_id(word) or people.of_name(either_way(word))
            except Unmatched:
                continue
            if found is not None:
                return at, found
        return -1, ""

    uploads, other = uploads_of(archive.members, chapter, others, learner)
    same = _same_names(uploads)
    taken: dict[str, str] = {}
    found = []
    for upload in uploads:
        try:
            student = _who(upload, people, wanted, same)
            if reason := cannot_be(student):
                raise Unmatched(f"{student!r} is no learner's name: {reason}")
            if student in taken:
                raise Unmatched(f"{taken[student]} is {student}'s, too; one learner has one submission")
            taken[student] = upload.original
            found.append((upload, student, ""))
        except Unmatched as error:
            more = people.likeliest(upload.name, *upload.files[0].named.candidates)
            words = str(error) if not more or error.named or "likeliest" in str(error) else f"{error}; {more}"
            found.append((upload, "", words))
    return found, other


def _same_names(uploads: Sequence[Upload]) -> frozenset[str]:
    """Names, bare, that several uploads have: they tell nobody apart."""
    counts = Counter(name for one in uploads if one.system is not System.PLAIN for name in either_way(one.name))
    return frozenset(name for name, many in counts.items() if many > 1)


def _who(upload: Upload, people: People, wanted: Mapping[str, str], same: frozenset[str]) -> str:
    """The learner whose ``upload`` it is. Raises `Unmatched`."""
    if upload.key in wanted:
        return wanted[upload.key]
    if upload.student:
        return upload.student
    if upload.system is System.NBGRADER:  # who handed it in is the system's own id
        return upload.key
    if upload.system in (System.CANVAS, System.MOODLE):
        if (found := people.of_number(upload.system, upload.key)) is not None:
            return found
    elif (found := people.of_id(upload.key)) is not None:
        return found
    names = either_way(upload.name)
    if not names or upload.key.startswith("anon_"):
        raise Unmatched(
            "it is anonymous, and no table says whose it is; give the system's table with --roster, or --match"
        )
    if names & same:
        raise Unmatched("several uploads have this name; give the system's table with --roster")
    if (found := people.of_name(names)) is not None:
        return found
    raise Unmatched(
        "nobody in the class has this name" if people.learners else "the gradebook lists nobody; give --roster"
    )
