"""`progress`: the map of the course with what is solved, what was tried, and what comes next."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from autograder.files import write_whole
from autograder.learner.contents import Place, contents, place_of
from autograder.learner.links import address, link
from autograder.learner.recall import Asked, asked_again
from autograder.learner.record import Tried, folder, remember, tried_all
from autograder.observing.exercise import Exercise, catalogue, exercises_of
from course.chapters import CHAPTERS, Chapter
from course.minutes import minutes

__all__ = ["Progress", "Tried", "export", "folder", "progress", "remember"]

_SIGNS = {"solved": "✓", "tried": "◐", "to do": "○"}
_CELL = "padding:2px 14px 2px 0;text-align:left;vertical-align:top"


@dataclass(frozen=True)
class Progress:
    """Every exercise of the course that was tried, by id. As a cell's value it shows the map of the course.

    ``asked`` are questions of chapters that were solved some days ago, which are asked again.
    """

    tried: Mapping[str, Tried]
    asked: tuple[Asked, ...] = field(default=())

    @property
    def next(self) -> str | None:
        """The first exercise in the course's order that is not solved, or ``None`` when all are."""
        return next((name for name in catalogue() if not self._solved(name)), None)

    def as_json(self) -> dict[str, Any]:
        """For programs: chapters with their exercises, how each stands, and what comes next."""
        return {
            "chapters": [self._chapter(chapter) for chapter in CHAPTERS],
            "solved": sum(self._solved(name) for name in catalogue()),
            "exercises": len(catalogue()),
            "score": sum(map(self._score, catalogue())),
            "points": sum(one.points for one in catalogue().values()),
            "minutes left": sum(self.minutes_left(chapter) for chapter in CHAPTERS),
            "overcome": sum(len(one.overcome) for one in self.tried.values()),
            "next": self.next,
            "asked again": [one.as_json() for one in self.asked],
        }

    def minutes_left(self, chapter: Chapter) -> int:
        """What is left of a chapter's minutes, by the rule of `course.minutes`: what stands before a solved exercise is done."""
        whole = contents(chapter.slug)
        left = [one for one in exercises_of(chapter.topic) if not self._solved(one.id)]
        if not left:
            return 0
        places = [one for one in whole.exercises if not self._solved(one.exercise)]
        return minutes(
            sum(one.words for one in places) + whole.words,
            sum(one.cells for one in places) + whole.cells,
            sum(one.points for one in left) + whole.points,
        )

    def _chapter(self, chapter: Chapter) -> dict[str, Any]:
        exercises = [self._exercise(one) for one in exercises_of(chapter.topic)]
        return {
            "chapter": chapter.slug,
            "title": chapter.label,
            "solved": sum(one["state"] == "solved" for one in exercises),
            "score": sum(one["score"] for one in exercises),
            "points": sum(one["points"] for one in exercises),
            "minutes left": self.minutes_left(chapter),
            "exercises": exercises,
        }

    def _exercise(self, one: Exercise) -> dict[str, Any]:
        known = self.tried.get(one.id)
        return {
            "exercise": one.id,
            "state": self._state(one.id),
            "score": self._score(one.id),
            "points": one.points,
            "overcome": list(known.overcome) if known else [],
            "tries": known.tries if known else 0,
        }

    def _solved(self, name: str) -> bool:
        return name in self.tried and self.tried[name].solved

    def _state(self, name: str) -> str:
        return "solved" if self._solved(name) else "tried" if name in self.tried else "to do"

    def _score(self, name: str) -> float:
        """What was reached, at most what the exercise is worth in the course as it is."""
        return min(self.tried[name].score, float(catalogue()[name].points)) if name in self.tried else 0.0

    def __repr__(self) -> str:
        lines = [self._summary(), self._next_words()]
        for chapter in self.as_json()["chapters"]:
            lines.append(f"{chapter['title']}: {_sums(chapter)}")
            for one in chapter["exercises"]:
                line = f"  {_SIGNS[one['state']]} {one['exercise']:22} {one['state']:7} {one['score']:g} of {one['points']}"
                lines.append(f"{line}   {_overcome(one)}".rstrip())
        return "\n".join([*lines, *(one.text() for one in self.asked)])

    def _summary(self) -> str:
        whole = self.as_json()
        said = f"{whole['solved']} of {whole['exercises']} exercises solved, {whole['score']:g} of {whole['points']} points"
        if whole["overcome"]:
            said += f", {whole['overcome']} misconception{'s' if whole['overcome'] > 1 else ''} overcome"
        return f"{said}; about {_hours(whole['minutes left'])} left." if whole["minutes left"] else f"{said}."

    def _place(self) -> tuple[Chapter, Place] | None:
        return place_of(self.next) if self.next else None

    def _next_words(self) -> str:
        if self.next is None:
            return "All done."
        there = self._place()
        where = f", in {address(there[0]) or there[0].label}" if there else ""
        return f"Next: {self.next}{where}."

    def _next_link(self) -> str:
        there = self._place()
        if self.next is None or there is None:
            return escape(self._next_words())
        chapter, place = there
        return f"Next: {link(place.title, chapter, place.heading)}, in {escape(chapter.label)}."

    def _repr_html_(self) -> str:
        rows = []
        for chapter, known in zip(CHAPTERS, self.as_json()["chapters"], strict=True):
            rows.append(
                f'<tr><th scope="rowgroup" colspan="2" style="{_CELL};padding-top:10px">{link(known["title"], chapter)}</th>'
                f'<td colspan="2" style="{_CELL};padding-top:10px">{escape(_sums(known))}</td></tr>'
            )
            places = {one.exercise: one for one in contents(chapter.slug).exercises}
            for one in known["exercises"]:
                place = places.get(one["exercise"])
                row = [
                    link(one["exercise"], chapter, place.heading) if place else escape(one["exercise"]),
                    f"{_SIGNS[one['state']]} {one['state']}",
                    f"{one['score']:g} of {one['points']}",
                    escape(_overcome(one)),
                ]
                rows.append("<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in row) + "</tr>")
        head = "".join(f'<th scope="col" style="{_CELL}">{word}</th>' for word in ("exercise", "state", "points", ""))
        caption = f'<caption style="text-align:left;caption-side:top">{escape(self._summary())}<br>{self._next_link()}</caption>'
        asked = "".join(one.html() for one in self.asked)
        return f'<table style="border-collapse:collapse">{caption}<tr>{head}</tr>{"".join(rows)}</table>{asked}'


def _sums(chapter: Mapping[str, Any]) -> str:
    said = (
        f"{chapter['solved']} of {len(chapter['exercises'])} solved, {chapter['score']:g} of {chapter['points']} points"
    )
    return f"{said}; about {_hours(chapter['minutes left'])} left" if chapter["minutes left"] else said


def _overcome(one: Mapping[str, Any]) -> str:
    return f"overcome: {', '.join(one['overcome'])}" if one["overcome"] else ""


def _hours(minutes: int) -> str:
    """Minutes as people say them.

    >>> _hours(45), _hours(90), _hours(600)
    ('45 minutes', '1 h 30 min', '10 hours')
    """
    if minutes < 60:
        return f"{minutes} minutes"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} hour{'s' if hours > 1 else ''}"


def progress(now: datetime | None = None) -> Progress:
    """What has been solved and tried on this machine. A file that cannot be read counts as not tried.

    ``now`` is the time by which questions are asked again; the clock's unless told.
    """
    found = tried_all()
    return Progress(found, asked_again(found, now or datetime.now(UTC)))


def export(path: Path) -> Path:
    """Write the map of the course to a file: as a page where it ends in ``.html``, else as JSON for programs."""
    known = progress()
    if path.suffix.lower() in (".html", ".htm"):
        text = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Progress</title><body>{known._repr_html_()}</body></html>'
    else:
        text = json.dumps(known.as_json(), indent=2, ensure_ascii=False) + "\n"
    write_whole(path.absolute(), text.encode("utf-8", "replace"))  # a damaged file may hold half a character
    return path
