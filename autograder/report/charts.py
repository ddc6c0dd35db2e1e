"""The pictures of a class: how points are spread, how each exercise went, which wrong answers are alike. Each says its numbers in words, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from autograder.plain import plain
from autograder.report.figure import INK, LINE, drawing, svg
from autograder.report.numbers import ExerciseNumbers, Scores
from course.picture import BLUE, GREEN, ORANGE, PURPLE, VERMILION

if TYPE_CHECKING:
    from autograder.grading.groups import Group

__all__ = ["exercises_chart", "groups_chart", "kinds", "scores_chart"]

# What an exercise's statuses come down to in the chart: a sign, a word, a colour, and the statuses it takes in.
_KINDS = (
    ("✓", "solved", GREEN, ("solved",)),
    ("◐", "partly right", ORANGE, ("partly right",)),
    ("✕", "not right yet", VERMILION, ("not right yet", "not by hand")),
    ("!", "stopped", PURPLE, ("does not parse", "crashed", "interrupted", "timed out", "out of memory")),
    ("○", "nothing there", "#8b949e", ("not attempted", "missing", "unreadable", "nobody's")),
)
_WIDTH = 400
_ON_COLOUR = "#111111"  # 5:1 and more on each of these colours, whatever the page's theme
_LETTER = 0.024  # of the bar: what a letter of a label takes
_LONG = 22  # letters of a name that fit beside a bar


def kinds(statuses: Mapping[str, int]) -> dict[str, int]:
    """How many answers are of each kind that the chart tells apart. Statuses that are not known count as nothing there.

    >>> kinds({"solved": 3, "timed out": 1, "missing": 2})
    {'solved': 3, 'partly right': 0, 'not right yet': 0, 'stopped': 1, 'nothing there': 2}
    """
    found = {word: sum(statuses.get(one, 0) for one in taken) for _, word, _, taken in _KINDS}
    found["nothing there"] += sum(statuses.values()) - sum(found.values())
    return found


def scores_chart(scores: Scores) -> str:
    """A histogram of shares of the points, by tenths."""
    description = f"{_many(scores.learners, 'learner')} by tenths of the points: " + ", ".join(
        f"{10 * tenth} to {10 * tenth + 10} percent: {count}" for tenth, count in enumerate(scores.bins)
    )
    with drawing(_WIDTH, 240) as figure:
        axes = figure.subplots()
        bars = axes.bar([10 * tenth + 5 for tenth in range(10)], scores.bins, width=9, color=BLUE)
        axes.bar_label(bars, [str(count) if count else "" for count in scores.bins], padding=2, fontsize=12)
        middle = min(100.0, 100 * scores.median)  # extra credit may come to more than the axis has
        axes.axvline(middle, color=INK, linestyle=(0, (4, 3)), linewidth=1.2)
        axes.annotate(
            f"median {100 * scores.median:.0f} %",
            (middle, 1),
            xycoords=("data", "axes fraction"),
            xytext=(4 if scores.median < 0.6 else -4, 0),
            textcoords="offset points",
            horizontalalignment="left" if scores.median < 0.6 else "right",
            verticalalignment="top",
        )
        axes.set(xlim=(0, 100), ylim=(0, max(scores.bins) * 1.25), xlabel="share of the points, in percent")
        axes.set_xticks(range(0, 101, 20))
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        return svg(figure, "scores", "How points are spread", description + ".")


def exercises_chart(exercises: Sequence[ExerciseNumbers]) -> str:
    """A bar an exercise, divided by how its answers stand."""
    counts = [kinds(one.statuses) for one in exercises]
    description = "; ".join(
        f"{plain(one.exercise)}: " + ", ".join(f"{count} {word}" for word, count in of.items() if count)
        for one, of in zip(exercises, counts, strict=True)
    )
    with drawing(_WIDTH, 66 + 28 * len(exercises)) as figure:
        axes = figure.subplots()
        starts = [0.0] * len(exercises)
        for sign, word, colour, _ in _KINDS:
            wide = [of[word] / (sum(of.values()) or 1) for of in counts]
            bars = axes.barh(
                range(len(exercises)), wide, left=starts, color=colour, height=0.74, label=f"{sign} {word}"
            )
            labels = [f"{sign} {of[word]}" for of in counts]
            fitting = [text if _LETTER * len(text) <= share else "" for text, share in zip(labels, wide, strict=True)]
            axes.bar_label(bars, fitting, label_type="center", color=_ON_COLOUR, fontsize=11)
            starts = [start + share for start, share in zip(starts, wide, strict=True)]
        axes.set_yticks(range(len(exercises)), [_short(plain(one.exercise)) for one in exercises])
        axes.set(xlim=(0, 1), ylim=(len(exercises) - 0.5, -0.5))
        axes.set_xticks([])
        axes.tick_params(length=0)
        axes.spines[["left", "bottom"]].set_visible(False)
        figure.legend(loc="outside upper left", ncols=3, frameon=False, fontsize=11, handlelength=1, columnspacing=1)
        axes.axvline(0, color=LINE, linewidth=1)
        return svg(figure, "exercises", "How each exercise went", description + ".")


def groups_chart(groups: Sequence[Group]) -> str:
    """A bar a group of wrong answers that behave alike, as long as it has learners."""
    names = [f"{plain(one.exercise)}, group {one.number}" for one in groups]
    sizes = [len(one.students) for one in groups]
    description = "; ".join(f"{name}: {_many(size, 'learner')}" for name, size in zip(names, sizes, strict=True))
    with drawing(_WIDTH, 30 + 28 * len(groups)) as figure:
        axes = figure.subplots()
        bars = axes.barh(range(len(groups)), sizes, color=BLUE, height=0.74)
        axes.bar_label(bars, [str(size) for size in sizes], padding=4, fontsize=12)
        axes.set_yticks(range(len(groups)), names)
        axes.set(xlim=(0, max(sizes) * 1.15), ylim=(len(groups) - 0.5, -0.5))
        axes.set_xticks([])
        axes.tick_params(length=0)
        axes.spines["bottom"].set_visible(False)
        return svg(figure, "groups", "Wrong answers that behave alike", description + ".")


def _short(name: str) -> str:
    return name if len(name) <= _LONG else f"{name[: _LONG - 1]}…"


def _many(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")
