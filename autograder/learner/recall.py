"""What was forgotten comes back: some days after a chapter, two of the questions it asked are asked again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

from autograder.learner.contents import Contents, Question, contents, without_marks
from autograder.learner.links import link
from autograder.learner.record import Tried
from autograder.observing.exercise import exercises_of
from course.chapters import CHAPTERS, Chapter

__all__ = ["Asked", "asked_again"]

# From which day on after a chapter was solved, for a week each: the gaps grow, as what is recalled lasts longer each time.
_DAYS = (3, 10, 30)
_WEEK = 7
_EACH = 2
_CHAPTERS = 2  # at a time


@dataclass(frozen=True)
class Asked:
    """Questions of a chapter that was solved so many ``days`` ago."""

    chapter: Chapter
    days: int
    questions: tuple[Question, ...]

    def text(self) -> str:
        """For a terminal: question, cell, and where the answer stands."""
        lines = [f"Do you still know? Chapter {self.chapter.label}, solved {self.days} days ago:"]
        for number, one in enumerate(self.questions, 1):
            code = "\n".join(f"       {line}".rstrip() for line in one.code.splitlines())
            lines.append(
                f"  {number}. {without_marks(one.asks)}\n{code}\n     The answer stands under “{without_marks(one.heading)}”."
            )
        return "\n".join(lines)

    def html(self) -> str:
        """For a notebook: the answer is folded, and a link leads to where it was asked."""
        parts = [
            f"<p><b>Do you still know?</b> Chapter {escape(self.chapter.label)}, solved {self.days} days ago:</p><ol>"
        ]
        for one in self.questions:
            where = link(without_marks(one.heading), self.chapter, one.heading)
            parts.append(
                f'<li style="margin:8px 0">{_marked(one.asks)}'
                f'<pre style="margin:6px 0;white-space:pre-wrap">{escape(one.code)}</pre>'
                f"<details><summary>What the chapter says</summary>{_marked(one.then)} ({where})</details></li>"
            )
        return "".join([*parts, "</ol>"])

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {"chapter": self.chapter.slug, "days": self.days, "questions": [one.asks for one in self.questions]}


def asked_again(tried: Mapping[str, Tried], now: datetime) -> tuple[Asked, ...]:
    """The questions that are due: of chapters in which everything was solved 3, 10 or 30 days ago, for a week each time.

    Which ones follows from the chapter and from which time it is: it asks the same all week, and others the next time.
    """
    due = []
    for chapter in CHAPTERS:
        days = _days_since(chapter, tried, now)
        turn = next((turn for turn, day in enumerate(_DAYS) if days is not None and day <= days < day + _WEEK), None)
        if days is not None and turn is not None and (questions := _chosen(chapter.slug, contents(chapter.slug), turn)):
            due.append(Asked(chapter, days, questions))
    return tuple(sorted(due, key=lambda one: -one.days)[:_CHAPTERS])


def _days_since(chapter: Chapter, tried: Mapping[str, Tried], now: datetime) -> int | None:
    """How many days ago the last exercise of a chapter was solved; ``None`` where one is not, or nobody knows when."""
    solved = [tried.get(one.id) for one in exercises_of(chapter.topic)]
    try:
        times = [datetime.fromisoformat(one.when) for one in solved if one is not None and one.solved]
        if not times or len(times) < len(solved):
            return None
        return (now - max(one if one.tzinfo else one.replace(tzinfo=UTC) for one in times)).days
    except ValueError:
        return None


def _chosen(slug: str, found: Contents, turn: int) -> tuple[Question, ...]:
    """Two questions, others at every turn as long as there are some, in the chapter's order."""
    order = sorted(found.questions, key=lambda one: hashlib.sha256(f"{slug} {one.asks}".encode()).digest())
    if not order:
        return ()
    chosen = [order[(turn * _EACH + at) % len(order)] for at in range(min(_EACH, len(order)))]
    return tuple(one for one in found.questions if one in chosen)


def _marked(text: str) -> str:
    """The few marks of Markdown that a sentence has, as HTML.

    >>> _marked("**Predict** `a < b`")
    '<b>Predict</b> <code>a &lt; b</code>'
    """
    bold = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", escape(text, quote=False))
    return re.sub(r"`(.+?)`", r"<code>\1</code>", bold)
