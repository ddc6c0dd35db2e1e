"""What stands in a chapter's notebook: its exercises with their untouched cells, its prediction questions, its length.

`contents_of` reads it off the notebook that is handed out. The builder keeps it in ``chapters/`` beside this file: a learner's
own notebook has changed since, and a kernel does not know which notebook it belongs to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from autograder.learner.names import bound_by, defined_by, python_of
from course.chapters import CHAPTERS, Chapter
from course.minutes import words

__all__ = [
    "CONTENTS",
    "Contents",
    "Place",
    "Question",
    "as_bytes",
    "contents",
    "contents_of",
    "place_of",
    "without_marks",
]

CONTENTS = Path("autograder", "learner", "chapters")

_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*$", re.MULTILINE)
_PREDICT = "**Predict"
_FOLDED = re.compile(r"<details>\s*<summary>.*?</summary>(.*?)</details>", re.DOTALL)
_DRAWN = re.compile(r"\bdraw|\bnetwork\.|\bexplore|\bshow")  # what comes out is a picture, and is not told in words
_MOST_LINES = 16  # of a cell that is read a second time, away from its chapter


@dataclass(frozen=True)
class Place:
    """An exercise in its notebook: the heading it stands under, its untouched cell, and what is read and run on the way."""

    exercise: str
    heading: str
    stub: str
    words: int
    cells: int

    @property
    def title(self) -> str:
        """The heading without its mark-up.

        >>> Place("relu", "Exercise: `relu` (2 points)", "", 0, 0).title
        'Exercise: relu (2 points)'
        """
        return without_marks(self.heading)


@dataclass(frozen=True)
class Question:
    """A question that a chapter asks before a cell is run, the cell, and what the chapter says when it was run."""

    heading: str
    asks: str
    code: str
    then: str


@dataclass(frozen=True)
class Contents:
    """A chapter's exercises and questions in its order; what is read, run and written by hand after the last exercise.

    ``imports`` are the names that its first code cell brings along, ``defined`` the functions and classes of the others, and
    ``made`` all other names that cells make.
    """

    imports: tuple[str, ...] = ()
    defined: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    exercises: tuple[Place, ...] = ()
    questions: tuple[Question, ...] = ()
    words: int = 0
    cells: int = 0
    points: int = 0


def contents_of(cells: Iterable[Mapping[str, Any]]) -> Contents:
    """What the cells of a notebook that is handed out hold.

    >>> answer = {"nbgrader": {"solution": True, "grade": False, "grade_id": "relu"}}
    >>> found = contents_of([
    ...     {"cell_type": "markdown", "metadata": {}, "source": "## ReLU\\n\\nTwo words."},
    ...     {"cell_type": "code", "metadata": answer, "source": "def relu(x):\\n    raise NotImplementedError()"},
    ... ])
    >>> found.exercises[0].heading, found.exercises[0].words
    ('ReLU', 3)
    """
    exercises: list[Place] = []
    questions: list[Question] = []
    heading, prose, code, points = "", 0, 0, 0
    told = [(one["cell_type"], one["metadata"].get("nbgrader", {}), "".join(one["source"])) for one in cells]
    for number, (kind, grading, source) in enumerate(told):
        if kind == "markdown" and not grading:
            heading = [heading, *_HEADING.findall(_FOLDED.sub("", source))][-1]
            prose += words(source)
            if found := _question(heading, source, told[number + 1 : number + 3]):
                questions.append(found)
        elif kind == "code" and not grading:
            code += 1
        elif kind == "code" and grading.get("solution"):
            exercises.append(Place(grading["grade_id"], heading, source, prose, code))
            prose, code = 0, 0
        elif grading.get("solution"):
            points += int(grading.get("points", 0))
    first, *others = [python_of(source) for kind, _, source in told if kind == "code"] or [""]
    imports = bound_by(first)
    defined = frozenset[str]().union(*map(defined_by, others)) - imports
    made = frozenset[str]().union(*map(bound_by, others)) - imports - defined
    names = {kind: tuple(sorted(some)) for kind, some in (("imports", imports), ("defined", defined), ("made", made))}
    return Contents(
        **names, exercises=tuple(exercises), questions=tuple(questions), words=prose, cells=code, points=points
    )


def _question(heading: str, source: str, after: list[tuple[str, Mapping[str, Any], str]]) -> Question | None:
    """The question at the end of a text cell, where a cell to run comes next, and words on what came out."""
    at = source.rfind(_PREDICT)
    if at < 0 or len(after) < 2 or [one[0] for one in after] != ["code", "markdown"] or after[0][1] or after[1][1]:
        return None
    code, then = after[0][2], _said_first(after[1][2])
    if not then or _DRAWN.search(code) or code.count("\n") >= _MOST_LINES:
        return None
    begins = source.rfind("\n\n", 0, at) + 1
    return Question(heading, " ".join(source[begins:].split()), code, then)


def _said_first(source: str) -> str:
    """The first paragraph of a text cell, up to the next question; nothing where it begins something new."""
    folded = _FOLDED.match(source)
    whole = (folded[1] if folded else source).strip()
    first = whole.split("\n\n")[0]
    if first.startswith(("#", "|", "-", "<")):
        return ""
    if _PREDICT in first:
        before = first[: first.index(_PREDICT)]
        first = before[: max(before.rfind(". "), before.rfind(".\n")) + 1]
    return " ".join(first.split())


def as_bytes(found: Contents) -> bytes:
    """``found`` as the file that `contents` reads."""
    return (json.dumps(asdict(found), indent=1, ensure_ascii=False) + "\n").encode()


@cache
def contents(slug: str) -> Contents:
    """The contents of a chapter of the course; none where its file is missing or cannot be read.

    >>> contents("04_the_same_cnn_with_functional").exercises[1].title
    'Exercise: relu (2 points)'
    """
    try:
        one = json.loads((Path(__file__).parent / "chapters" / f"{slug}.json").read_text(encoding="utf-8"))
        exercises = tuple(Place(**place) for place in one.pop("exercises"))
        questions = tuple(Question(**question) for question in one.pop("questions"))
        imports, defined, made = (tuple(one.pop(kind)) for kind in ("imports", "defined", "made"))
        return Contents(imports, defined, made, exercises, questions, **one)
    except (OSError, ValueError, KeyError, TypeError):
        return Contents()


def place_of(exercise: str) -> tuple[Chapter, Place] | None:
    """Where an exercise stands: its chapter and its place there; ``None`` where no chapter of the course has it."""
    for chapter in CHAPTERS:
        for place in contents(chapter.slug).exercises:
            if place.exercise == exercise:
                return chapter, place
    return None


def without_marks(text: str) -> str:
    """A sentence or a heading without its marks of Markdown.

    >>> without_marks("**Predict** `a`")
    'Predict a'
    """
    return re.sub(r"[`*]", "", text)
