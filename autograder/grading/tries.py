"""How many tries exercises took at home, where learners hand in their progress: a file of their own word, read as such."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.grading.records.classroom import open_classroom
from autograder.grading.submissions.learners import entries
from autograder.grading.submissions.read import Unreadable, bytes_of
from autograder.learner.handin import PROGRESS
from course.chapters import find_chapter

__all__ = ["tries_in", "tries_of"]

_LARGEST = 1 << 20  # bytes; a whole course's has some tens of thousands
_MOST = 10_000  # tries that anybody makes


def tries_of(chapter: str, root: Path) -> dict[str, list[int]]:
    """The tries at each exercise of ``chapter``, one number for each learner of the class at ``root`` whose file counts them.

    The file is ``progress.json`` beside the notebook that was handed in. Raises ``ValueError`` for a chapter that does not exist.
    """
    room, _ = open_classroom(root)
    slug = find_chapter(chapter).slug
    found: dict[str, list[int]] = {}
    for one in entries(room.submitted):
        path = room.submitted / one.name / slug / PROGRESS
        try:
            content = b"" if one.note else bytes_of(path, room.submitted)
        except (Unreadable, OSError):
            continue
        for exercise, tries in tries_in(content, slug).items():
            found.setdefault(exercise, []).append(tries)
    return found


def tries_in(content: bytes, slug: str) -> Mapping[str, int]:
    """The tries that a learner's progress counts in the chapter ``slug``, by exercise; nothing where it is no such file.

    >>> known = {"chapter": "04", "exercises": [{"exercise": "relu", "tries": 3}, {"exercise": "linear", "tries": 0}]}
    >>> tries_in(json.dumps({"chapters": [known]}).encode(), "04"), tries_in(b"[", "04")
    ({'relu': 3}, {})
    """
    if len(content) > _LARGEST:
        return {}
    try:
        whole: Any = json.loads(content)
        exercises = [one for known in whole["chapters"] if known["chapter"] == slug for one in known["exercises"]]
        counted = {str(one["exercise"]): one.get("tries") for one in exercises}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {name: tries for name, tries in counted.items() if type(tries) is int and 0 < tries <= _MOST}
