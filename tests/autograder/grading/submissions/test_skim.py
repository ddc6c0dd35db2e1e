"""Stored outputs are left behind without being parsed: what is kept is the notebook, whatever they hold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strangers import JSON, grows_evenly, peak, steps

from autograder.grading.submissions import skim
from autograder.grading.submissions.skim import TooManySigns, without_outputs


def cell(outputs: Any) -> dict[str, Any]:
    return {"source": 'x = "outputs": [', "outputs": outputs, "metadata": {"outputs": [1]}, "attachments": {"a": [1]}}


@settings(deadline=None)
@given(st.lists(JSON, max_size=3), st.lists(JSON, max_size=3))
def test_whatever_outputs_hold_the_rest_is_kept(outputs: list[Any], other: list[Any]) -> None:
    tree = {"metadata": {"a": other}, "cells": [cell(outputs), cell([])], "outputs": [other], "more": other}
    kept = {**cell([]), "attachments": {}}
    expected = {**tree, "metadata": {}, "cells": [kept, kept]}
    for words in ({}, {"indent": 1}, {"separators": (",", ":")}, {"ensure_ascii": False}):
        content = json.dumps(tree, **words).encode("utf-8", "surrogatepass")  # type: ignore[arg-type]
        assert json.loads(without_outputs(content).decode("utf-8", "surrogatepass")) == json.loads(json.dumps(expected))


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text('{}[]",:\\ ao', max_size=60).map(str.encode))
def test_any_bytes_are_answered_with_no_more_than_they_are(content: bytes) -> None:
    assert len(without_outputs(content)) <= len(content)


def test_numbers_that_are_none_are_no_matter_where_nobody_reads_them() -> None:
    assert json.loads(without_outputs(b'{"cells": [{"outputs": [{"data": [NaN, Infinity, 1e9999]}]}]}')) == {
        "cells": [{"outputs": []}]
    }


def test_an_output_without_an_end_takes_the_rest_with_it() -> None:
    assert (
        without_outputs(b'{"cells": [{"source": "x", "outputs": [{"a": 1}')
        == b'{"cells": [{"source": "x", "outputs": ['
    )


@pytest.mark.parametrize("piece", [b"[]", b'"a",', b"{}", b'\\"', b'"', b"\\", b'"\\', b"[", b"]", b'"outputs":['])
def test_time_and_memory_grow_with_the_length(piece: bytes) -> None:
    def content(count: int) -> bytes:
        return b'{"cells":[{"outputs":[' + piece * count

    assert grows_evenly(lambda count: steps(lambda: without_outputs(content(count))), 200)
    whole = content(400_000 // len(piece))
    assert peak(lambda: without_outputs(whole)) < 3 * len(whole) + 100_000


def test_more_signs_than_are_looked_at_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skim, "_MOST_SIGNS", 10)
    with pytest.raises(TooManySigns):
        without_outputs(b"[]" * 6)
