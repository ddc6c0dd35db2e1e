"""The verdict on an answer: what holds, what was found, what it is worth. A panel for people, a number for nbgrader."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from autograder import panel

__all__ = ["Aspect", "Finding", "Status", "Verdict"]


class Status(StrEnum):
    """How an answer stands."""

    SOLVED = "solved"
    PARTLY = "partly right"
    WRONG = "not right yet"
    NOT_ATTEMPTED = "not attempted"
    CRASHED = "crashed"
    NOT_BY_HAND = "not by hand"


@dataclass(frozen=True)
class Aspect:
    """One side of the answer, such as its shape or its gradients: does it hold, and if not, what is wrong in a phrase."""

    name: str
    holds: bool
    note: str = ""


@dataclass(frozen=True)
class Finding:
    """The smallest case that shows what is wrong: what was tried, what came out, what was expected."""

    case: str
    tried: str
    got: str
    expected: str


@dataclass(frozen=True)
class Verdict:
    """What the judge says of an answer to ``exercise``: ``score`` of ``points``, and why.

    As a notebook cell's value it shows a panel (``text/html``) and stands for its score (``text/plain``).

    >>> Verdict("linear", "linear(x, weight, bias=None)", 3, 1.5, Status.PARTLY)
    1.5
    """

    exercise: str
    contract: str
    points: int
    score: float
    status: Status
    aspects: tuple[Aspect, ...] = ()
    misconception: str = ""
    says: str = ""
    finding: Finding | None = None
    note: str = ""

    @property
    def solved(self) -> bool:
        """Whether all points were earned."""
        return self.status is Status.SOLVED

    def __float__(self) -> float:
        return float(self.score)

    def __repr__(self) -> str:
        # nbgrader reads this as partial credit: always one finite number between 0 and points.
        return repr(float(self.score))

    def __str__(self) -> str:
        return panel.text(self)

    def _repr_html_(self) -> str:
        return panel.html(self)
