"""What the judge found, as plain data: what holds, what does not, what it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Aspect", "Cell", "Entry", "Finding", "Judgement", "Picture", "Status"]


class Status(StrEnum):
    """How an answer stands."""

    SOLVED = "solved"
    PARTLY = "partly right"
    WRONG = "not right yet"
    NOT_ATTEMPTED = "not attempted"
    CRASHED = "crashed"
    INTERRUPTED = "interrupted"
    NOT_BY_HAND = "not by hand"


@dataclass(frozen=True)
class Aspect:
    """One side of the answer, such as its shape or its gradients: does it hold, and if not, what is wrong in a phrase."""

    name: str
    holds: bool
    note: str = ""


@dataclass(frozen=True)
class Cell:
    """One number of a picture: a sign or a few digits, and how it stands: from ``"0"`` to ``"4"``, ``"+"``, ``"-"``."""

    text: str
    level: str = ""


@dataclass(frozen=True)
class Picture:
    """Numbers as rows of cells; ``says`` is the same in words."""

    title: str
    rows: tuple[tuple[Cell, ...], ...]
    says: str


@dataclass(frozen=True)
class Finding:
    """The smallest case that shows what is wrong: what was tried, what came out, what was expected.

    ``about`` names what was looked at, where it is not simply what the answer gave. ``off`` says where and by how much
    the two differ most.
    """

    case: str
    tried: str
    got: str
    expected: str
    about: str = ""
    off: str = ""
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One entry of an answer to a question: ``"right"``, ``"wrong"`` or ``"open"``, and where it is known, why it is wrong."""

    name: str
    state: str
    why: str = ""


@dataclass(frozen=True, repr=False)
class Judgement:
    """What is found of an answer to ``exercise``: ``score`` of ``points``, and why.

    ``where`` says in a sentence what kind of input it fails on, if that can be said. ``entries`` are those of an answer to
    a question: what would be right is not among them. ``advice`` says what is missing of an answer, or of the wrong kind.
    ``before`` says what has become of the try before, and ``again`` that it was recognised as the same misconception.
    ``at_home`` is what a learner's own check found: on the public cases, and a class may be graded on others.
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
    where: str = ""
    entries: tuple[Entry, ...] = ()
    advice: str = ""
    before: str = ""
    again: bool = False
    at_home: bool = False

    @property
    def solved(self) -> bool:
        """Whether all points were earned."""
        return self.status is Status.SOLVED

    @property
    def on_public_cases(self) -> bool:
        """Whether the points are those of the public cases: of an answer tried on cases, not of one to a question."""
        return self.at_home and bool(self.aspects) and not self.entries
