"""A stranger's table: whatever it holds, it writes back as it came, or it is told to be none."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lms import canvas_table, moodle_table
from strangers import grows_evenly, peak, steps, torn

from autograder.grading.lms import table
from autograder.grading.lms.rows import rows_of
from autograder.grading.lms.table import BadTable, Table, read_table

TEXTS = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=8) | st.sampled_from(
    ["=1+1", 'say "hi"', "a,b", "x;y", "two\r\nlines", "", "Ünï 🐙", "-"]
)


def is_read(content: bytes) -> Table | None:
    """The table, which writes back as it came; ``None`` for what is none."""
    try:
        found = read_table(content)
    except BadTable as error:
        assert 0 < len(str(error)) < 400
        return None
    assert found.filled({}) == content
    try:
        rows = rows_of(found)
    except BadTable as error:
        str(error).encode()
        return found
    assert all(row.ids or row.participant or row.names for row in rows)
    return found


@settings(deadline=None)
@given(st.binary(max_size=100) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_a_table_or_none(content: bytes) -> None:
    is_read(content)


@settings(deadline=None, max_examples=300)
@given(torn(canvas_table()) | torn(moodle_table()))
def test_a_right_table_with_one_thing_changed_is_a_table_or_none(content: bytes) -> None:
    is_read(content)


@settings(deadline=None)
@given(
    st.lists(st.lists(TEXTS, min_size=2, max_size=5), min_size=1, max_size=5),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)
def test_what_a_csv_writer_wrote_is_read_cell_by_cell(
    rows: list[list[str]], quoting: int, end: str, mark: bool
) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=quoting, lineterminator=end).writerows([["a,", "b,,", "c,,,,"], *rows])
    content = (b"\xef\xbb\xbf" if mark else b"") + text.getvalue().encode()
    found = is_read(content)
    if quoting == csv.QUOTE_ALL:
        assert found is not None
    # With few quotes Python's writer leaves a line's end in a cell bare where its own lines end otherwise.
    sure = quoting == csv.QUOTE_ALL or not any(sign in cell for row in rows for cell in row for sign in "\r\n")
    if sure and found is not None and found.separator == ",":
        assert [[cell.text for cell in row] for row in found.rows] == [["a,", "b,,", "c,,,,"], *rows]


@settings(deadline=None)
@given(st.data())
def test_one_cell_changed_changes_that_cell_alone(data: st.DataObject) -> None:
    content = data.draw(st.sampled_from([canvas_table(), canvas_table(separator=";"), moodle_table()]))
    found = read_table(content)
    row = data.draw(st.integers(0, len(found.rows) - 1))
    column = data.draw(st.integers(0, len(found.rows[row]) - 1))
    text = data.draw(TEXTS)
    cell = found.rows[row][column]
    written = found.filled({(row, column): text})
    whole = content.decode("utf-8")
    assert written.decode().startswith(whole[: cell.start]) and written.decode().endswith(whole[cell.end :])
    again = read_table(written)
    texts = [[one.text for one in line] for line in found.rows]
    texts[row][column] = text
    assert [[one.text for one in line] for line in again.rows] == texts


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        (b"PK\x03\x04....", "a spreadsheet's own file"),
        ("a\tb".encode("utf-16"), "no CSV in UTF-8"),
        (b'a,b\n"c,d\n', "row 2 of this table is no CSV"),
        (b'a,b\n"c"d,e\n', "row 2 of this table is no CSV"),
    ],
)
def test_what_is_no_table_is_told_so(content: bytes, says: str) -> None:
    with pytest.raises(BadTable, match=says):
        read_table(content)


def test_bytes_that_are_no_utf_8_stay_and_are_read_as_windows_writes_them() -> None:
    found = is_read("Student,ID\nMüller,1\n".encode("cp1252"))
    assert found is not None and found.rows[1][0].text == "Müller"


def test_time_memory_and_number_of_cells_have_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert grows_evenly(lambda many: steps(lambda: is_read(b'a,"b""c"\n' * many)), 200)
    assert grows_evenly(lambda many: steps(lambda: is_read(b'"a' + b'""' * many)), 500)
    monkeypatch.setattr(table, "MOST_CELLS", 1000)
    many = b"," * 200_000
    assert peak(lambda: is_read(many)) < 10 * len(many)
    monkeypatch.setattr(table, "LARGEST", 1000)
    assert is_read(many) is None
