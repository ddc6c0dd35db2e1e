"""A sign and a tone for every status, so that nothing is said by colour alone."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["ORDER", "in_order", "sign", "tone"]

# The signs of verdicts are those of the panel that learners see. Tones are names of colours in page.css.
_SIGNS = {
    "graded": ("●", "good"),
    "solved": ("✓", "good"),
    "partly right": ("◐", "partly"),
    "not right yet": ("✕", "wrong"),
    "to be read": ("✎", "nothing"),  # by a person, who has not yet
    "not by hand": ("✋", "stopped"),
    "not attempted": ("○", "nothing"),
    "does not parse": ("⌇", "stopped"),
    "crashed": ("!", "stopped"),
    "interrupted": ("■", "stopped"),
    "timed out": ("◷", "stopped"),
    "out of memory": ("▣", "stopped"),
    "unreadable": ("?", "stopped"),
    "missing": ("–", "nothing"),
    "nobody's": ("∅", "nothing"),
}

ORDER = tuple(_SIGNS)


def sign(status: str) -> str:
    """The sign of ``status``; one for all those that are not known here.

    >>> sign("solved"), sign("from a later version")
    ('✓', '·')
    """
    return _SIGNS.get(status, ("·", "nothing"))[0]


def tone(status: str) -> str:
    """What colour goes with ``status``: good, partly, wrong, stopped or nothing."""
    return _SIGNS.get(status, ("·", "nothing"))[1]


def in_order(found: Iterable[str]) -> list[str]:
    """Statuses from the best to what is not there; unknown ones last.

    >>> in_order(["missing", "odd", "graded"])
    ['graded', 'missing', 'odd']
    """
    places = {status: place for place, status in enumerate(ORDER)}
    return sorted(set(found), key=lambda status: (places.get(status, len(places)), status))
