"""The table comes back as it was written, and no spreadsheet runs what is in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.report.export import as_csv
from autograder.report.learner import Learner, read_learners
from autograder.spreadsheet import harmless

One = Callable[..., dict[str, Any]]
HEAD = ["student", "status", "points", "of", "automatic", "by hand", "extra", "late"]


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_a_row_a_learner_and_two_columns_an_exercise(result: One) -> None:
    class_ = [result("ada", relu=(2, 2), linear=(1 / 3, 3)), result("bob", "missing", relu=(0, 2, "missing"))]
    assert read(as_csv(read_learners(class_))) == [
        [*HEAD, "relu points", "relu status", "linear points", "linear status"],
        [
            "ada",
            "graded",
            "2.333333333",
            "5",
            "2.333333333",
            "0",
            "0",
            "0",
            "2",
            "solved",
            "0.333333333",
            "partly right",
        ],
        ["bob", "missing", "0", "2", "0", "0", "0", "0", "0", "missing", "", ""],
    ]


def test_an_empty_class_is_a_heading() -> None:
    assert read(as_csv([])) == [HEAD]


def test_the_parts_of_the_points_have_columns_and_a_file_that_is_nobodys_has_no_points(result: One) -> None:
    parts = {"automatic": 2, "by_hand": 1.5, "extra": -0.5, "late": 1}
    class_ = [
        result("ada", relu=(2, 2)) | {"points": 2.0, "parts": parts},
        result("notes.txt", "nobody's", relu=(0, 2)),
    ]
    rows = read(as_csv(read_learners(class_)))
    assert rows[1][:8] == ["ada", "graded", "2", "2", "2", "1.5", "-0.5", "1"]
    assert rows[2][:8] == ["notes.txt", "nobody's", "", "", "", "", "", ""]


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@sum", "＝1", "  =1", "\u3000=1", "=cmd|' /C calc'!A0", '=HYPERLINK("x","y")']
)
def test_what_would_be_a_formula_begins_with_an_apostrophe(name: str) -> None:
    assert harmless(name) == f"'{name}"


@pytest.mark.parametrize("name", ["\t=1", "\r=1", "\n=1", "\x00=1"])
def test_no_formula_hides_behind_what_cannot_be_seen(name: str) -> None:
    assert harmless(name)[0] not in "\t\r\n\x00=+-@"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_no_separator_in_a_name_begins_a_cell(separator: str) -> None:
    table = as_csv([Learner(f'a"{separator}=1+1', "graded", "", 0.0, 0.0, ())])
    cells = next(csv.reader([table.splitlines()[1]], delimiter=separator))
    assert cells[0].startswith('a"')
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


@given(st.lists(st.text(), unique=True, max_size=8), st.sampled_from(["graded", "=odd", ""]))
def test_any_name_comes_back(names: list[str], status: str) -> None:
    table = read(as_csv([Learner(name, status, "", 1.5, 2.0, ()) for name in names]))
    assert [row[0] for row in table[1:]] == [harmless(name) for name in names]
    assert all(row[1:] == [harmless(status), "1.5", "2", "1.5", "0", "0", "0"] for row in table[1:])


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1).filter(lambda text: text[0].isalnum()))
def test_an_honest_name_is_not_touched(name: str) -> None:
    assert harmless(name).translate({0xFFFD: None}) == "".join(
        char for char in name if char not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufffd\ufffe\uffff"
    )
