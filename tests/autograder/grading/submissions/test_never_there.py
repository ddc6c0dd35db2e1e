"""An answer that a check in a submission did not find: what the cells say of it, and nothing where they do not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from running import job_of

from autograder.grading.slots.job import CellEnd, Ran
from autograder.grading.submissions.never_there import never_there

OPEN = "def relu(x):\n    return x.clamp(min=0"
FAILED = {"output_type": "error", "ename": "_IncompleteInputError", "evalue": "incomplete input (1234.py, line 2)"}
RAISED = {"output_type": "error", "ename": "NameError", "evalue": "name 'y' is not defined"}


def said(*cells: tuple[str, CellEnd, dict[str, str]] | str, answer: str = "relu", own: int = -1) -> str:
    """What is said of the check behind these cells: their source, and how they ended if not well."""
    whole = [one if isinstance(one, tuple) else (one, CellEnd.DONE, {}) for one in cells]
    ran = {place: Ran(place, end, (output,) if output else ()) for place, (_, end, output) in enumerate(whole)}
    return never_there(job_of(*[source for source, _, _ in whole]), ran, len(whole), answer, own)[0]


def test_a_cell_that_is_no_python_is_named_with_its_line() -> None:
    assert said((OPEN, CellEnd.ERROR, FAILED)) == (
        "There is no relu yet: the cell that should define it failed in your line 2 “return x.clamp(min=0” "
        "(_IncompleteInputError: incomplete input). Mend that, run that cell, then this one."
    )


def test_a_cell_that_ended_in_an_error_is_named_with_it() -> None:
    assert said(("1 / y\ndef relu(x): ...", CellEnd.ERROR, RAISED)) == (
        "There is no relu yet: the cell that should define it failed (NameError: name 'y' is not defined). "
        "Mend that, run that cell, then this one."
    )


def test_the_cell_that_is_marked_as_the_answer_need_not_come_to_a_name() -> None:
    assert "failed (NameError" in said(("1 / y", CellEnd.ERROR, RAISED), own=0)
    assert said(("1 / y", CellEnd.ERROR, RAISED), "relu = ...", own=0) == ""


def test_a_name_that_looks_like_it_is_named() -> None:
    assert said("def rellu(x):\n    return x") == (
        "This check looks for the name relu, and there is none. There is rellu: if that is your answer, call it relu."
    )


def test_of_several_names_those_that_are_missing_are_told() -> None:
    assert said("def save_checkpoint(m, o): ...", answer="(save_checkpoint, load_checkpoint)") == (
        "This check looks for the name load_checkpoint, and there is none. There is save_checkpoint: if that is your "
        "answer, call it load_checkpoint."
    )


@pytest.mark.parametrize(
    "cells",
    [
        ("relu = None",),
        (
            (
                "class MiniModule:\n    raise NotImplementedError()",
                CellEnd.ERROR,
                RAISED | {"ename": "NotImplementedError"},
            ),
        ),
        (("1 / y", CellEnd.ERROR, RAISED),),
        (("1 / y\ndef relu(x): ...", CellEnd.ERROR, RAISED), "relu = ..."),
        (OPEN, ("%%bash\nrelu=1", CellEnd.ERROR, FAILED), "relu = ..."),
        (("while True: pass", CellEnd.TIMED_OUT, {}),),
    ],
    ids=[
        "a placeholder",
        "untouched",
        "a cell of something else",
        "defined after an error",
        "defined elsewhere",
        "stopped",
    ],
)
def test_where_the_cells_do_not_say_why_nothing_is_said(cells: tuple[str, ...]) -> None:
    assert said(*cells) == ""


@settings(deadline=None, max_examples=200)
@given(some.text(max_size=300), some.text(max_size=60), some.text(max_size=60))
def test_whatever_a_stranger_wrote_there_are_words_or_none(source: str, name: str, value: str) -> None:
    output = {"output_type": "error", "ename": name, "evalue": value}
    assert isinstance(said((source, CellEnd.ERROR, output), source), str)
    assert isinstance(said((source, CellEnd.ERROR, FAILED | {"evalue": value})), str)


@pytest.mark.parametrize(
    "source",
    [
        "(" * 100_000,
        "[" * 90 + "0" + "]" * 90,
        "x = " + "-" * 100_000 + "1",
        "relu\n" * 50_000,
        " " * 500_000 + "(",
        "\0",
    ],
)
def test_source_that_is_made_to_break_a_parser_breaks_none(source: str) -> None:
    assert isinstance(said((source, CellEnd.ERROR, FAILED)), str)
