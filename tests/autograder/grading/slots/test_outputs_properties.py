"""Outputs from a stranger: each message is taken or a `FrameError`, and what is kept fits into its limit."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strangers import JSON, bent, grows_evenly, peak, steps

from autograder.grading.slots.outputs import Collector
from autograder.grading.wire.frames import FrameError

LIMIT = 4000
DISPLAY = {"type": "display", "data": {"text/plain": "1"}, "metadata": {"a": [1]}, "id": "name", "count": None}
RIGHT: list[dict[str, Any]] = [
    {"type": "stream", "name": "stdout", "text": "häßlich"},
    DISPLAY,
    {"type": "stream", "name": "stderr", "text": "b"},
    {
        "type": "result",
        "data": {"text/html": "<b>", "application/json": {"a": [1]}},
        "metadata": {},
        "id": None,
        "count": 3,
    },
    {"type": "clear", "wait": True},
    {**DISPLAY, "type": "update"},
    {"type": "error", "ename": "E", "evalue": "e", "traceback": ["one", "two"]},
    {"type": "clear", "wait": False},
    {"type": "cut"},
]


def shown(messages: list[Any], limit: int = LIMIT) -> str:
    """What is kept of ``messages``, up to the first that is refused, as it is written down."""
    collector = Collector(limit)
    for place, message in enumerate(messages):
        if place % 5 == 0:
            collector.start(place)
        try:
            collector.take(message)
        except FrameError as error:
            assert len(str(error)) < 300
            break
    kept = [one for place in range(len(messages)) for one in collector.of(place)]
    return json.dumps(kept, allow_nan=False, ensure_ascii=False)


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["type", "name", "text", "data", "metadata", "id"]), JSON), max_size=6))
def test_any_messages_are_kept_or_refused(messages: list[Any]) -> None:
    shown(messages).encode()


@settings(deadline=None, max_examples=300)
@given(st.permutations(RIGHT).flatmap(bent))
def test_right_messages_with_one_thing_changed_are_kept_or_refused(messages: Any) -> None:
    if isinstance(messages, list) and all(isinstance(one, dict) for one in messages):
        shown(messages, 1 << 20).encode()


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(RIGHT) | st.builds(lambda size: {**RIGHT[0], "text": "x" * size}, st.integers(0, 3000)),
        max_size=60,
    )
)
def test_what_is_kept_fits_into_the_limit(messages: list[Any]) -> None:
    cells = 1 + len(messages) // 5
    # Every output has some words of its own around what is counted, and every cell may say once that it was cut.
    assert len(shown(messages)) < LIMIT + 200 * (cells + len(messages))


@pytest.mark.parametrize(
    "flood",
    [
        lambda count: [DISPLAY] * count,
        lambda count: [DISPLAY] * count + [{**DISPLAY, "type": "update"}] * count,
        lambda count: [{**DISPLAY, "id": str(number)} for number in range(count)],
        lambda count: [RIGHT[0]] * count,
        lambda count: [RIGHT[0], RIGHT[2]] * count,
        lambda count: [{"type": "cut"}, DISPLAY] * count,
        lambda count: [{"type": "clear", "wait": True}, RIGHT[0]] * count,
        lambda count: [{**DISPLAY, "metadata": {"a": [[]] * count}}],
    ],
)
def test_time_grows_with_the_number_of_messages_and_not_with_its_square(flood: Any) -> None:
    for limit in (3000, 1 << 24):
        assert grows_evenly(lambda count: steps(lambda: shown(flood(count), limit)), 150)  # noqa: B023


def test_one_large_update_of_many_displays_is_paid_for_each_of_them() -> None:
    small = {**DISPLAY, "data": {"text/plain": ""}}
    for kind in ("update", "display"):
        large = {**DISPLAY, "type": kind, "data": {"text/plain": "x" * (LIMIT // 4)}}
        assert len(shown([small] * 4 + [large])) < 2 * LIMIT
        assert "was cut" in shown([small] * 4 + [large])
        assert "was cut" not in shown([small, {**large, "type": "update"}])


@pytest.mark.parametrize("kind", ["display", "result", "update"])
def test_a_display_that_is_nested_too_deep_is_shown_in_its_other_forms(kind: str) -> None:
    deep: Any = []
    for _ in range(900):
        deep = [deep]
    one = {"type": kind, "data": {"a/json": deep, "text/plain": "1"}, "metadata": {"a": deep}, "id": "name", "count": 1}
    kept = shown([DISPLAY, one])
    assert "a/json" not in kept
    assert '"text/plain": "1"' in kept


def test_a_message_that_is_nested_too_deep_is_refused_in_a_few_words() -> None:
    deep: Any = {}
    for _ in range(900):
        deep = {"a": deep}
    with pytest.raises(FrameError, match="no known form"):
        Collector(LIMIT).take({"type": deep, "x": deep})


def test_a_flood_that_is_cut_is_not_kept_elsewhere() -> None:
    def flood() -> None:
        collector = Collector(LIMIT)
        collector.start(0)
        for number in range(300):
            collector.take({**DISPLAY, "id": str(number), "data": {"text/plain": str(number) * 1000}})

    assert peak(flood) < 20 * LIMIT
