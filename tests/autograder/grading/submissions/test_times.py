"""When work was handed in, whatever zone its note of the time was written in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograder.grading.submissions.times import in_utc, parse_time, time_of

SAME = "2027-07-01 17:30:00"
WRITTEN = [
    *("2027-07-01 17:30:00 UTC", "2027-07-01 17:30:00", "2027-07-01 19:30:00 +0200", "2027-07-01 19:30:00 +02"),
    *("2027-07-01 19:30:00 UTC+2", "2027-07-01 12:30:00 -05:00", "2027-07-01 14:30:00.000000 -03"),
    *("2027-07-01 19:30:00 CEST", "2027-07-01 19:30:00 Europe/Berlin", "2027-07-01 10:30:00 PDT"),
    *("2027-07-02 02:30:00 JST", "2027-07-01 05:30 PM", "Thu, 01 Jul 2027 19:30:00 +0200", "1 July 2027 10:30 PDT"),
    *("2027-07-01T17:30:00Z", "Thu Jul  1 19:30:00 CEST 2027"),
]


@pytest.mark.parametrize("text", WRITTEN)
def test_a_time_is_the_same_in_every_zone_and_form(text: str) -> None:
    when, unknown = time_of(text)
    assert (f"{when:%Y-%m-%d %H:%M:%S}", unknown) == (SAME, "")


@pytest.mark.parametrize("text", ["2027-07-01 17:30:00 IST", "2027-07-01 05:30 PM NOPE"])
def test_a_zone_that_nobody_can_tell_is_named(text: str) -> None:
    """India, Israel and Ireland have an IST; nbgrader's custom is UTC."""
    when, unknown = time_of(text)
    assert (f"{when:%Y-%m-%d %H:%M:%S}", unknown) == (SAME, text.rpartition(" ")[2])


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2027", "19:30", "1835379000", "9999-12-31 23:00 PST", "2027-13-01 10:00"]
)
def test_what_is_no_whole_day_is_no_time(text: str) -> None:
    """A reader that fills in what is missing from today's date would say something else tomorrow."""
    assert time_of(text) == (None, "")


@example("001/1;1 000000")  # in the year 1
@given(
    st.text(max_size=60)
    | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{5,8} ?[A-Z/+-]{0,6}[0-9]{0,4}", fullmatch=True)
)
def test_any_text_has_an_answer_and_nbgraders_own_form_is_read_back(text: str) -> None:
    when, _ = time_of(text)
    assert when is None or (when.tzinfo is UTC and parse_time(in_utc(when)) == when)


@given(st.datetimes(min_value=datetime(1000, 1, 1)))
def test_what_is_written_for_nbgrader_is_read_back(when: datetime) -> None:
    assert parse_time(in_utc(when.replace(tzinfo=UTC))) == when.replace(tzinfo=UTC)
