"""A gradebook that is damaged, of another version, or of another class: each command says so in one line, with what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from grading_class import CHAPTER, PERFECT, InProcess, hand_in

from autograder.__main__ import main
from autograder.grading.grade import grade
from autograder.sample.learners import Submission

COMMANDS = {
    "grade": ["grade", "04", "--student", "ada", "--trust-submissions"],
    "report": ["report", "04"],
    "explain": ["explain", "ada", "04"],
    "export": ["export"],
    "feedback": ["feedback", "04"],
    "extend": ["extend", "ada", "04", "2030-01-01 12:00 UTC"],
}


def _damaged(path: Path) -> None:
    path.write_bytes(b"no database " * 1000)


def _cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20_000])


def _older(path: Path) -> None:
    with closing(sqlite3.connect(path)) as book:
        book.execute("alter table assignment drop column duedate")
        book.commit()


BOOKS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no database": (_damaged, "the gradebook is damaged (file is not a database). Put back a copy of it"),
    "cut off": (_cut_off, "the gradebook is damaged (database disk image is malformed). Put back a copy of it"),
    "another version's": (_older, "Keep a copy of it, then run: nbgrader db upgrade"),
    "an empty one": (
        lambda path: path.write_bytes(b""),
        "the gradebook knows no 04_the_same_cnn_with_functional; hand it",
    ),
}


@pytest.fixture
def graded(course: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    hand_in(course, PERFECT)
    grade("04", course, engine=InProcess())
    monkeypatch.chdir(course)
    return course / "classroom" / "gradebook.db"


@pytest.mark.parametrize("kind", BOOKS)
def test_every_command_says_what_is_wrong_and_what_to_do(
    kind: str, graded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil, says = BOOKS[kind]
    spoil(graded)
    for name, words in COMMANDS.items():
        if (kind, name) == ("an empty one", "export"):
            continue  # a class that has handed nothing out has a table of nothing
        assert main(words) == 1, name
        told = capsys.readouterr().err
        assert told.startswith(f"python -m autograder {name}: "), told
        assert says in told
        assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ["feedback", "01"],
            "nothing is graded of 01_storage_and_strides; grade it first: python -m autograder grade 01",
        ),
        (
            ["feedback", "04", "--student", "zoe"],
            "nothing by 'zoe' is graded of 04_the_same_cnn_with_functional; grade",
        ),
    ],
)
def test_feedback_on_what_is_not_graded_says_what_comes_first(
    words: list[str], says: str, graded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(graded)) as book:
        columns = [row[1] for row in book.execute("pragma table_info(assignment)")]
        kept = ", ".join(
            "'other'" if one == "id" else "'01_storage_and_strides'" if one == "name" else one for one in columns
        )
        book.execute(f"insert into assignment select {kept} from assignment")
        book.commit()
    assert main(words) == 1
    assert capsys.readouterr().err.startswith(f"python -m autograder feedback: {says}")


def test_a_gradebook_that_cannot_be_written_is_told_without_its_sql(
    graded: Path,
) -> None:
    with closing(sqlite3.connect(graded)) as book:
        before = "select name from grade join base_cell on base_cell.id = grade.cell_id where auto_score > 0"
        earned = len(book.execute(before).fetchall())
        refused = "select raise(abort, 'attempt to write a readonly database');"
        book.execute(f"create trigger refuses before update on grade begin {refused} end")
        book.commit()
    hand_in(Path(), Submission("ada", CHAPTER, "blank", rest="STUB"))
    result = grade("04", Path(), engine=InProcess())
    assert result.problems == (
        "the result of ada could not be recorded: the gradebook cannot be opened for writing (attempt to write a readonly "
        "database). See whose it and its folder are",
    )
    with closing(sqlite3.connect(graded)) as book:
        assert len(book.execute(before).fetchall()) == earned > 0
