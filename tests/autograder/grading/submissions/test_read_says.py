"""What is said of a file that almost is a notebook: what is wrong with it, where, and what to do."""

from __future__ import annotations

import json

import pytest

from autograder.grading.submissions.read import Unreadable, notebook_of

CELL = {"cell_type": "code", "execution_count": 1, "id": "a", "metadata": {}, "outputs": [], "source": "x = 1"}
PRINTED = {**CELL, "outputs": [{"name": "stdout", "output_type": "stream", "text": ["one\n", "two\n"]}]}
LINES = json.dumps({"cells": [CELL], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1, sort_keys=True)
LONG = json.dumps(
    {"cells": [PRINTED, {**CELL, "id": "b"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1
)

ALMOST = {
    "a merge that was not finished": (
        LINES.replace(' "nbformat":', '<<<<<<< HEAD\n "nbformat":'),
        r"line 13 .* a merge",
    ),
    "the middle of a merge": (LINES.replace(' "nbformat_minor"', '=======\n "nbformat_minor"'), r"line 14 .* a merge"),
    "a merge below what a cell has printed": (
        LONG.replace('   "id": "b"', '<<<<<<< HEAD\n   "id": "b"'),
        r"line 23 .* a merge",
    ),
    "something behind its end": (
        LINES + "\0\0",
        r"no JSON from line \d+ on \(Extra data\).* save or download it again",
    ),
    "a comma too many": (LINES.replace('"id"', ',"id"'), r"no JSON from line 6 on .* save or download it again"),
    "another alphabet's bytes": (LINES.replace("x = 1", "x = 'é'").encode("latin-1"), "not written in UTF-8"),
    "four bytes a sign": (LINES.encode("utf-32"), "written in UTF-32"),
    "a format of five thousand digits": (LINES.replace(": 4", ": 1" + "0" * 5000), "no format and cells"),
}


@pytest.mark.parametrize("name", ALMOST)
def test_it_is_said_where_and_what_to_do(name: str) -> None:
    content, words = ALMOST[name]
    with pytest.raises(Unreadable, match=words) as raised:
        notebook_of(content if isinstance(content, bytes) else content.encode())
    assert "\n" not in str(raised.value)


def test_a_number_that_python_would_not_read_costs_nobody_a_notebook() -> None:
    content = LINES.replace('"execution_count": 1', '"execution_count": 1' + "0" * 5000)
    assert [cell.source for cell in notebook_of(content.encode()).cells] == ["x = 1"]
