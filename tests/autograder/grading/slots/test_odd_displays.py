"""What a notebook's page shows or leaves out costs nobody a cell: a display is no crash, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from autograder.grading.slots.job import CellEnd, Outcome

SHOWN = {
    "an id that is a number": ('display("x", display_id=5)', {"text/plain": "'x'"}),
    "an id of several parts": ('display("x", display_id=("a", 1))', {"text/plain": "'x'"}),
    "a number for text": ('display({"text/plain": 5}, raw=True)', {}),
    "nothing for text": ('display({"text/plain": None, "text/html": "<b>b</b>"}, raw=True)', {"text/html": "<b>b</b>"}),
    "a list of more than text": (
        'display({"text/plain": ["a", 3], "text/html": ["a", "b"]}, raw=True)',
        {"text/html": "ab"},
    ),
    "an object for text": (
        'display({"text/x": {"a": 1}, "application/json": {"a": 1}}, raw=True)',
        {"application/json": {"a": 1}},
    ),
}


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_no_text_is_left_out_and_the_rest_is_shown(name: str, run: Callable[..., Outcome]) -> None:
    source, data = SHOWN[name]
    (ran,) = run(source).cells
    assert ran.end is CellEnd.DONE
    assert {
        mime: "".join(value) if isinstance(value, list) else value for mime, value in ran.outputs[0]["data"].items()
    } == data


def test_a_display_with_a_number_for_its_id_is_updated_by_it(run: Callable[..., Outcome]) -> None:
    first, _ = run(
        'display("first", display_id=5)',
        "from IPython.display import update_display\nupdate_display('then', display_id=5)",
    ).cells
    assert first.outputs[0]["data"] == {"text/plain": "'then'"}


def test_an_object_that_shows_itself_as_a_number_costs_no_cell(run: Callable[..., Outcome]) -> None:
    odd = "class Odd:\n    def _repr_mimebundle_(self, include=None, exclude=None): return {'text/plain': 3}\nOdd()"
    assert run(odd).cells[0].end is CellEnd.DONE


def test_an_exception_that_draws_its_own_traceback_of_numbers_is_an_error_like_another(
    run: Callable[..., Outcome],
) -> None:
    odd = "class Odd(Exception):\n    def _render_traceback_(self): return [1, 2]\nraise Odd('odd')"
    (ran,) = run(odd).cells
    assert ran.end is CellEnd.ERROR
    assert (ran.outputs[0]["ename"], ran.outputs[0]["traceback"]) == ("Odd", ["1", "2"])


def test_a_number_that_no_json_reader_takes_is_refused_to_whoever_shows_it(run: Callable[..., Outcome]) -> None:
    large = "import sys; sys.set_int_max_str_digits(0)\ndisplay({'application/json': 2**20000}, raw=True)"
    (ran,) = run(large).cells
    assert (ran.end, ran.outputs[0]["ename"]) == (CellEnd.ERROR, "ValueError")


def test_a_million_smileys_in_one_print_are_shown(run: Callable[..., Outcome]) -> None:
    (ran,) = run('print("🙂" * 1_000_000)').cells
    assert ran.end is CellEnd.DONE
    assert ran.outputs[0]["text"] == "🙂" * 1_000_000 + "\n"
