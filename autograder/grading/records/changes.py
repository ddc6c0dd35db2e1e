"""Scores that change although the work did not: which, from what to what, and what has changed since they were given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.grading.records.basis import is_same_work, reasons
from autograder.grading.records.total import Held

__all__ = ["Change", "change_of", "lateness"]

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_SAME = 1e-9  # points: less is rounding


@dataclass(frozen=True)
class Change:
    """A learner whose score changes with no known change in their work: the total and each exercise before and after, and why."""

    student: str
    before: float
    after: float
    exercises: tuple[tuple[str, float, float], ...]
    why: tuple[str, ...]
    same_work: bool = True  # as what is on record says; without a record nobody knows

    @property
    def said(self) -> str:
        """In a line.

        >>> Change("ada", 22, 20, (("relu", 2, 0),), ("the reference of relu",)).said
        'ada: 22 → 20 points (relu 2 → 0). Changed since: the reference of relu'
        """
        each = ", ".join(f"{name} {before:g} → {after:g}" for name, before, after in self.exercises)
        total = (
            f"{self.before:g} → {self.after:g} points" if self.before != self.after else f"{self.after:g} points still"
        )
        since = f"{'Changed since' if self.same_work else 'Why'}: {'; '.join(self.why)}"
        return f"{self.student}: {total}{f' ({each})' if each else ''}. {since}"

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        each = [{"exercise": name, "before": before, "after": after} for name, before, after in self.exercises]
        return {
            "student": self.student,
            "before": self.before,
            "after": self.after,
            "exercises": each,
            "why": list(self.why),
        }


def change_of(
    student: str,
    held: Held,
    now: Held,
    marker: Mapping[str, Any] | None,
    basis: Mapping[str, Any],
    exercises: Mapping[str, str],
) -> Change | None:
    """The change from what the gradebook ``held`` to ``now``; ``None`` where no score changes, or the work has.

    ``marker`` is what was kept of the last recording, ``basis`` what the scores rest on today, with ``work`` and
    ``handed_in``; ``exercises`` names the exercise of each check's cell.
    """
    before = dict((marker or {}).get("basis") or {})
    if not held.graded or (before and not is_same_work(before, basis)):
        return None
    pairs = [(one, now.row(one.name)) for one in held.rows]
    cells = {one.name: exercises.get(one.name, one.name) for one, new in pairs if new and _differ(one.auto, new.auto)}
    each = tuple(
        (cells[one.name], one.auto or 0.0, new.auto or 0.0)
        for one, new in pairs
        if new is not None and one.name in cells
    )
    points = held.total.points, now.total.points
    if not each and not _differ(*points):
        return None
    why = (*reasons(before, basis, cells), *_which(before, basis), *_late(held, now, before, basis)) if before else ()
    if not before:
        why = ("what it was graded with is not on record, nor whether the work is the same",)
    elif not why:
        why = (_unknown(held, marker or {}, cells),)
    return Change(student, *points, each, why, bool(before))


def lateness(seconds: float) -> str:
    """How late, in words.

    >>> lateness(0), lateness(90), lateness(200000)
    ('in time', '1 min late', '2 days late')
    """
    if seconds <= 0:
        return "in time"
    if seconds < 2 * _HOUR:
        return f"{max(1, int(seconds // _MINUTE))} min late"
    return f"{int(seconds // _HOUR)} hours late" if seconds < 2 * _DAY else f"{int(seconds // _DAY)} days late"


def _which(before: Mapping[str, Any], basis: Mapping[str, Any]) -> tuple[str, ...]:
    """Whether another hand-in counts than before."""
    rules = before.get("counts", basis.get("counts")), basis.get("counts")
    if rules[0] != rules[1]:
        return ("which hand-in counts ({}, now {})".format(*rules),)
    was, now = before.get("hand_in"), basis.get("hand_in")
    return (f"which hand-in counts ({was}, now {now})",) if was and now and was != now else ()


def _late(held: Held, now: Held, before: Mapping[str, Any], basis: Mapping[str, Any]) -> tuple[str, ...]:
    """What has changed in when it was due, when it was handed in, and what being late takes."""
    if not _differ(held.penalty, now.penalty):
        return ()
    was = float(before.get("seconds_late") or 0.0)
    if before.get("handed_in") != basis.get("handed_in"):
        return (f"when it was handed in ({lateness(was)}, now {lateness(now.seconds_late)})",)
    if was != now.seconds_late:
        return (f"when it was due ({lateness(was)}, now {lateness(now.seconds_late)})",)
    if _differ(held.total.raw, now.total.raw):
        return ()  # the rule is the same; it takes from another score
    return (f"the late rule, or the points it takes from ({held.penalty:g}, now {now.penalty:g})",)


def _unknown(held: Held, marker: Mapping[str, Any], cells: Mapping[str, str]) -> str:
    """Why, where all that the scores rest on is as it was: the gradebook is not what grading left there."""
    given = {one.get("cell"): one.get("points") for one in (marker.get("result") or {}).get("exercises", ())}
    others = [row.name for row in held.rows if row.name in cells and _differ(row.auto, given.get(row.name))]
    if others:
        return "somebody else wrote another score into the gradebook"
    return "nothing that is kept on record"


def _differ(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is not other
    return abs(one - other) > _SAME
