"""What a learner has solved and tried, kept on their own machine: one small file an exercise."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import platformdirs

from autograder.files import write_whole
from autograder.judging.verdict import Status, Verdict
from autograder.learner import kernel
from autograder.observing.exercise import catalogue
from course.chapters import CHAPTERS

__all__ = ["Progress", "Tried", "folder", "progress", "remember"]

HOME = "ONE_CNN_PROGRESS"  # names another folder, for tests and for shared machines


@dataclass(frozen=True)
class Tried:
    """The best that a learner has reached on one exercise."""

    exercise: str
    score: float
    points: int
    solved: bool


@dataclass(frozen=True)
class Progress:
    """Every exercise of the course that was tried, by id. As a cell's value it shows the map of the course."""

    tried: Mapping[str, Tried]

    @property
    def next(self) -> str | None:
        """The first exercise in the course's order that is not solved, or ``None`` when all are."""
        return next((name for name in catalogue() if not self._solved(name)), None)

    def as_json(self) -> dict[str, Any]:
        """For programs: chapters with their exercises, how each stands, and what comes next."""
        return {
            "chapters": [
                {
                    "chapter": chapter.slug,
                    "exercises": [
                        {
                            "exercise": one.id,
                            "state": self._state(one.id),
                            "score": self._score(one.id),
                            "points": one.points,
                        }
                        for one in catalogue().values()
                        if one.topic == chapter.topic
                    ],
                }
                for chapter in CHAPTERS
            ],
            "solved": sum(self._solved(name) for name in catalogue()),
            "exercises": len(catalogue()),
            "next": self.next,
        }

    def _solved(self, name: str) -> bool:
        return name in self.tried and self.tried[name].solved

    def _state(self, name: str) -> str:
        return "solved" if self._solved(name) else "tried" if name in self.tried else "to do"

    def _score(self, name: str) -> float:
        return self.tried[name].score if name in self.tried else 0.0

    def __repr__(self) -> str:
        lines = []
        for chapter in self.as_json()["chapters"]:
            lines.append(chapter["chapter"])
            lines += [
                f"  {_SIGNS[one['state']]} {one['exercise']:22} {one['state']:7} {one['score']:g} of {one['points']}"
                for one in chapter["exercises"]
            ]
        return "\n".join([*lines, self._summary()])

    def _summary(self) -> str:
        whole = self.as_json()
        then = f"Next: {self.next}." if self.next else "All done."
        return f"{whole['solved']} of {whole['exercises']} exercises solved. {then}"

    def _repr_html_(self) -> str:
        cell = "padding:2px 14px 2px 0;text-align:left"
        rows = []
        for chapter in self.as_json()["chapters"]:
            slug = escape(chapter["chapter"])
            link = f'<a href="{slug}/{slug}.ipynb">{slug}</a>'
            rows.append(f'<tr><th scope="rowgroup" colspan="3" style="{cell};padding-top:10px">{link}</th></tr>')
            rows += [
                f'<tr><td style="{cell}"><code>{escape(one["exercise"])}</code></td>'
                f'<td style="{cell}">{_SIGNS[one["state"]]} {one["state"]}</td>'
                f'<td style="{cell}">{one["score"]:g} of {one["points"]}</td></tr>'
                for one in chapter["exercises"]
            ]
        caption = f'<caption style="text-align:left;caption-side:top">{escape(self._summary())}</caption>'
        return f'<table style="border-collapse:collapse">{caption}{"".join(rows)}</table>'


_SIGNS = {"solved": "✓", "tried": "◐", "to do": "○"}


def folder() -> Path:
    """Where progress is kept: the user's data folder, or what ``ONE_CNN_PROGRESS`` names."""
    named = os.environ.get(HOME)
    return Path(named) if named else platformdirs.user_data_path("one-cnn-two-ways") / "progress"


def remember(verdict: Verdict) -> None:
    """Keep ``verdict`` if it is the best so far. Never fails: a full disk costs the memory, not the check."""
    if verdict.status is Status.NOT_ATTEMPTED or kernel.grading():
        return
    with contextlib.suppress(OSError, ValueError, RuntimeError):
        path = folder() / f"{verdict.exercise}.json"
        best = _read(path)
        if best is None or verdict.score >= best.score:
            one = {"exercise": verdict.exercise, "score": verdict.score, "points": verdict.points}
            write_whole(path, json.dumps(one | {"solved": verdict.solved}).encode(), lasting=False)


def _read(path: Path) -> Tried | None:
    try:
        one = json.loads(path.read_text())
        return Tried(str(one["exercise"]), float(one["score"]), int(one["points"]), bool(one["solved"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def progress() -> Progress:
    """What has been solved and tried on this machine. A file that cannot be read counts as not tried."""
    found = [_read(path) for path in sorted(folder().glob("*.json"))]
    return Progress({one.exercise: one for one in found if one is not None})
