"""A table of a system's as bytes with known cells: what is read can be changed cell by cell, and all else stays as it was.

It reads a stranger's bytes: of any of them there is a table that writes back as it came, or `BadTable`, in one pass.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["BadTable", "Cell", "Table", "read_table"]

LARGEST = 16 << 20  # bytes
MOST_CELLS = 1_000_000
_BOM = "\ufeff"
_SEPARATORS = ",;\t"
_FIRST_LINES = 3


class BadTable(ValueError):
    """What was given is no table in CSV; the message says why."""


@dataclass(frozen=True)
class Cell:
    """One cell: its text, where it stands in the file's text with its quotes, and whether it has any."""

    text: str
    start: int
    end: int
    quoted: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of cells, and the text that they stand in. ``separator`` is what stands between them."""

    rows: Sequence[Sequence[Cell]]
    text: str
    separator: str

    def filled(self, cells: Mapping[tuple[int, int], str]) -> bytes:
        """The table's bytes with other texts in the ``cells``, by row and column; every other byte is as it was."""
        changes = [(self.rows[row][column], text) for (row, column), text in cells.items()]
        pieces, at = [], 0
        for cell, text in sorted(changes, key=lambda one: one[0].start):
            pieces += [self.text[at : cell.start], self._written(text, cell.quoted)]
            at = cell.end
        return "".join([*pieces, self.text[at:]]).encode("utf-8", "surrogateescape")

    def _written(self, text: str, quoted: bool) -> str:
        if quoted or any(sign in text for sign in (self.separator, '"', "\n", "\r")):
            return '"' + text.replace('"', '""') + '"'
        return text


def read_table(content: bytes) -> Table:
    r"""The table in ``content``. Raises `BadTable`.

    >>> table = read_table(b'\xef\xbb\xbfStudent,ID\r\n"Lovelace, Ada",104\r\n')
    >>> [[cell.text for cell in row] for row in table.rows]
    [['Student', 'ID'], ['Lovelace, Ada', '104']]
    >>> table.filled({(1, 1): "105"})
    b'\xef\xbb\xbfStudent,ID\r\n"Lovelace, Ada",105\r\n'
    """
    if len(content) > LARGEST:
        raise BadTable(f"this table has {len(content) >> 20} MB, and {LARGEST >> 20} are read")
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise BadTable("this is a spreadsheet's own file, not CSV. Take the CSV file as the system exports it")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        raise BadTable(
            "this is no CSV in UTF-8. Take the file as the system exports it, not one saved by a spreadsheet"
        )
    text = content.decode("utf-8", "surrogateescape")
    start = len(_BOM) if text.startswith(_BOM) else 0
    if not text[start:].strip():
        raise BadTable("this table is empty")
    separator = _separator(text, start)
    return Table(_rows(text, start, separator), text, separator)


def _separator(text: str, start: int) -> str:
    """What stands between cells: the sign that the first lines have most of, outside of quotes."""
    head = "\n".join(re.split(r"\r\n|\n|\r", text[start : start + (1 << 16)])[:_FIRST_LINES])
    bare = re.sub(r'"[^"]*"', "", head)
    return max(_SEPARATORS, key=bare.count)


def _rows(text: str, start: int, separator: str) -> list[list[Cell]]:
    cell = re.compile(rf'(?:"((?:[^"]|"")*+)"|([^"{separator}\r\n][^{separator}\r\n]*+|))({separator}|\r\n|\n|\r|\Z)')
    rows: list[list[Cell]] = []
    row: list[Cell] = []
    at, count = start, 0
    while at < len(text) or row:
        found = cell.match(text, at)
        if found is None:
            raise BadTable(f"row {len(rows) + 1} of this table is no CSV: a quotation mark stands alone in it")
        quoted = found[1] is not None
        count += 1
        if count > MOST_CELLS:
            raise BadTable(f"this table has more than {MOST_CELLS} cells")
        words = found[1].replace('""', '"') if quoted else found[2]
        row.append(Cell(_whole(words), at, found.start(3), quoted))
        at = found.end()
        if found[3] != separator:
            rows.append(row)
            row = []
    return rows


def _whole(text: str) -> str:
    """``text`` for people: bytes that are no UTF-8 are those of Windows."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return text
