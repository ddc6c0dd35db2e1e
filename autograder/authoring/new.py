"""Beginning an exercise: stubs in every place where one stands, none of them overwriting anything."""

from __future__ import annotations

import ast
import keyword
import re
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from autograder.authoring import templates
from autograder.authoring.listing import listed, parsed
from autograder.files import write_whole
from autograder.observing.exercise import catalogue
from course.chapters import Chapter, find_chapter

__all__ = ["Begun", "new", "stubs"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,57}")


@dataclass(frozen=True)
class Begun:
    """An exercise that has been begun: its id, its chapter, and the files to fill in, in the order in which to do it."""

    exercise: str
    chapter: Chapter
    files: tuple[Path, ...]

    def text(self) -> str:
        """What to do now, line by line."""
        whats = (
            "contract, points, what is looked at",
            "the right answer, cases, misconceptions",
            "the question, three hints, the model answer",
            "right and wrong answers that prove the check",
        )
        lines = [f"{self.exercise} is begun. Fill in what is marked TO DO({self.exercise}), in this order:"]
        lines += [f"  {n}. {path}: {what}" for n, (path, what) in enumerate(zip(self.files, whats, strict=True), 1)]
        lines += [
            "Until then, build and release refuse the chapter, and say what is left. Then these prove it:",
            f"  python -m autograder reference {self.chapter.topic}",
            f"  python -m autograder build {self.chapter.topic}",
            f"  python -m pytest tests/autograder/authoring -k {self.exercise}",
        ]
        return "\n".join(lines)


def new(exercise: str, chapter: str, root: Path) -> Begun:
    """Write the stubs of ``exercise`` into ``chapter`` (slug, topic or number) of the course below ``root``.

    Raises ``ValueError`` for a name that cannot be taken and for a chapter that does not exist, before anything is written.
    """
    found = find_chapter(chapter)
    _allowed(exercise, found.topic)
    oracles = root / "autograder" / "authoring" / "oracles" / found.topic
    own = oracles / f"{exercise}.py"
    if own.exists():
        raise ValueError(f"{own.relative_to(root)} is there already; choose another name, or move the file away")
    filled = stubs(exercise, found)
    answers = root / "tests" / "answers" / f"{found.topic}.py"
    if not answers.is_file():
        answers = root / "tests" / "answers" / found.topic / "__init__.py"
    probes = root / "autograder" / "observing" / "probes" / f"{found.topic}.py"
    lesson = root / "course" / "lessons" / f"{found.slug}.py"
    texts = {
        own: filled["oracle"],
        oracles / "__init__.py": _named(oracles / "__init__.py", exercise, found.topic),
        probes: probes.read_text(encoding="utf-8") + filled["probe"],
        lesson: _behind_the_last_check(lesson.read_text(encoding="utf-8"), filled["lesson"]),
        answers: answers.read_text(encoding="utf-8") + filled["answers"],
    }
    for path, text in texts.items():
        write_whole(path, text.encode())
    return Begun(exercise, found, tuple(one.relative_to(root) for one in (probes, own, lesson, answers)))


def stubs(exercise: str, chapter: Chapter) -> dict[str, str]:
    """The text of each stub: ``probe``, ``oracle``, ``lesson`` and ``answers``."""

    def filled(text: str) -> str:
        number = f"{chapter.number:02d}"
        return text.replace("@id@", exercise).replace("@ID@", exercise.upper()).replace("@number@", number)

    texts = {"probe": templates.PROBE, "oracle": templates.ORACLE}
    texts |= {"lesson": templates.LESSON, "answers": templates.ANSWERS}
    return {place: filled(text) for place, text in texts.items()}


def _allowed(exercise: str, topic: str) -> None:
    if keyword.iskeyword(exercise):
        raise ValueError(f"{exercise!r} is a word of Python's own; choose another name")
    if not _NAME.fullmatch(exercise):
        raise ValueError(
            f"{exercise!r} cannot name an exercise: small letters, digits and _, a letter first, at most 58 of them"
        )
    if exercise in catalogue():
        raise ValueError(f"there is an exercise {exercise!r} already, in the chapter on {catalogue()[exercise].topic}")
    if hasattr(import_module(f"autograder.observing.probes.{topic}"), exercise):
        raise ValueError(f"autograder/observing/probes/{topic}.py uses the name {exercise!r} already; choose another")


def _named(path: Path, exercise: str, topic: str) -> str:
    """The ``__init__`` of a topic's oracles, with one more in it."""
    text, tree = parsed(path)
    tuples = [
        one.value
        for one in tree.body
        if isinstance(one, ast.Assign) and [getattr(name, "id", "") for name in one.targets] == ["ORACLES"]
    ]
    if len(tuples) != 1 or not isinstance(tuples[0], ast.Tuple):
        raise ValueError(f"autograder/authoring/oracles/{topic}/__init__.py has no line ORACLES = (…)")
    return listed(text, tuples[0], f"autograder.authoring.oracles.{topic}.{exercise}", exercise.upper())


def _behind_the_last_check(text: str, cells: str) -> str:
    lines = text.split("\n")
    checks = [number for number, line in enumerate(lines) if line.startswith("# %% check=")]
    after = (n for n, line in enumerate(lines) if line.startswith("# %%") and n > (checks[-1] if checks else -1))
    at = next(after, len(lines))
    return "\n".join([*lines[:at], *cells.rstrip("\n").split("\n"), "", *lines[at:]])
