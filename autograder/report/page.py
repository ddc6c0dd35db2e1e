"""The page of a class: one HTML file that needs no network and no script, for screens light and dark, phones and paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Template
from markupsafe import Markup

from autograder.plain import plain
from autograder.report import signs
from autograder.report.charts import exercises_chart, groups_chart, scores_chart
from autograder.report.learner import Answer, Learner
from autograder.report.numbers import (
    ENOUGH,
    Discrimination,
    ExerciseNumbers,
    Held,
    exercise_numbers,
    median_of_tries,
    misconceptions,
    scores,
    statuses,
    unexplained,
)
from autograder.report.pages import template

if TYPE_CHECKING:
    from autograder.grading.groups import Group

__all__ = ["as_html"]

_MANY = 8  # groups that are open on the page; the others unfold


@dataclass(frozen=True)
class _Row:
    """A learner's row: where it is in the page, where their feedback is, and an answer or none for each exercise."""

    place: str
    learner: Learner
    feedback: str
    answers: tuple[Answer | None, ...]


@dataclass(frozen=True)
class _Found:
    """A misconception with what is said of it, and who holds it by name and place in the page."""

    held: Held
    says: str
    who: tuple[tuple[str, str], ...]


def as_html(
    title: str,
    chapter: str,
    learners: Sequence[Learner],
    says: Callable[[str, str], str],
    feedback: Mapping[str, str] | None = None,
    order: Sequence[str] = (),
    groups: Sequence[Group] = (),
    judged: bool = True,
    tries: Mapping[str, Sequence[int]] | None = None,
) -> str:
    """The whole page, in ``order`` of exercises.

    ``says(exercise, misconception)`` gives the words on a misconception; ``feedback`` the address of a learner's feedback
    page, relative to this one, for those who have one. ``groups`` are of wrong answers that no misconception explains.
    ``tries`` are the numbers of tries by exercise, of the learners who handed in their progress.
    Without ``judged`` cells were graded by their own assertions, and nothing is known of misconceptions.
    """
    exercises = exercise_numbers(learners, order)
    rows = [_row(place, one, exercises, feedback or {}) for place, one in enumerate(learners)]
    places = {row.learner.student: row.place for row in rows}
    found = [
        _Found(held, says(held.exercise, held.name), tuple((name, places[name]) for name in held.students))
        for held in misconceptions(learners, order)
    ]
    spread, counts = scores(learners), statuses(learners)
    return _template().render(
        title=title,
        chapter=chapter,
        learners=learners,
        statuses=[(status, counts[status]) for status in signs.in_order(counts)],
        marked=sum(one.tried for one in learners),
        scores=spread,
        scores_chart=Markup(scores_chart(spread)) if spread else "",
        found=found,
        judged=judged,
        unexplained=unexplained(learners),
        groups=groups[:_MANY],
        more_groups=groups[_MANY:],
        groups_chart=Markup(groups_chart(groups[:_MANY])) if groups else "",
        exercises=exercises,
        tries={name: median_of_tries(numbers) for name, numbers in (tries or {}).items() if numbers},
        exercises_chart=Markup(exercises_chart(exercises)) if exercises else "",
        rows=rows,
        enough=ENOUGH,
    )


def _row(place: int, one: Learner, exercises: Sequence[ExerciseNumbers], feedback: Mapping[str, str]) -> _Row:
    answers = tuple(one.answer(exercise.exercise) for exercise in exercises)
    return _Row(f"learner-{place + 1}", one, feedback.get(one.student, ""), answers)


@cache
def _template() -> Template:
    return template(
        "page.html.j2",
        sign=signs.sign,
        tone=signs.tone,
        percent=_percent,
        many=_many,
        breakable=_breakable,
        correlation=_correlation,
    )


def _percent(share: float | None) -> str:
    """A share in percent. Only all is 100 %, and only nothing is 0 %.

    >>> _percent(0.999), _percent(1.0), _percent(0.001), _percent(None)
    ('99 %', '100 %', '1 %', '–')
    """
    if share is None:
        return "–"
    whole = round(100 * share)
    if 0 < share < 1:
        whole = max(1, min(99, whole))
    return f"{whole} %"


def _many(count: int, what: str) -> str:
    """A count with its noun.

    >>> _many(1, "learner"), _many(3, "learner")
    ('1 learner', '3 learners')
    """
    return f"{count} {what}" + ("" if count == 1 else "s")


def _breakable(name: str) -> Markup:
    """A name that may go on in the next line after each ``_``.

    >>> str(_breakable("<max>_pool"))
    '&lt;max&gt;_<wbr>pool'
    """
    return Markup("_<wbr>").join(plain(name).split("_"))


def _correlation(one: Discrimination) -> str:
    """A correlation with its sign, or why there is none.

    >>> _correlation(Discrimination(0.4)), _correlation(Discrimination(-0.125)), _correlation(Discrimination(None, "why"))
    ('0.40', '−0.12', 'why')
    """
    return one.reason if one.value is None else f"{one.value:.2f}".replace("-", "−").replace("−0.00", "0.00")
