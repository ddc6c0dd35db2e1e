"""The verdict on an answer: a judgement that shows itself. A panel for people, a number for nbgrader."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.judging import panel
from autograder.judging.judgement import Aspect, Finding, Judgement, Status

__all__ = ["Aspect", "Finding", "Status", "Verdict"]


@dataclass(frozen=True, repr=False)
class Verdict(Judgement):
    """What the judge says of an answer to ``exercise``: ``score`` of ``points``, and why.

    As a notebook cell's value it shows a panel (``text/html``) and stands for its score (``text/plain``).

    >>> Verdict("linear", "linear(x, weight, bias=None)", 3, 1.5, Status.PARTLY)
    1.5
    """

    def __float__(self) -> float:
        return float(self.score)

    def __repr__(self) -> str:
        # nbgrader reads this as partial credit: always one finite number between 0 and points.
        return repr(float(self.score))

    def __str__(self) -> str:
        return panel.text(self)

    def _repr_html_(self) -> str:
        return panel.html(self)
