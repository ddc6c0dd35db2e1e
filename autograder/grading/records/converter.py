"""nbgrader's own converters, asked from a program: for one assignment, one student or all, with their words kept for us."""

from __future__ import annotations

import logging
import re
from typing import Any, TypeVar

from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import capture_log
from traitlets.config import Config

__all__ = ["converter_of", "reason"]

Converter = TypeVar("Converter")

_LEVEL = re.compile(r"\[[A-Z]+\] ")
_STACK = "Traceback (most recent call last):"
_RAISED = re.compile(r"(?:\w+\.)*\w+(?:: .+)?")
_SAYS_NOTHING = ("There was an error processing assignment", "Please see the the above traceback")


def converter_of(kind: type[Converter], config: Config, assignment: str, student: str = "*") -> Converter:
    """A converter of this ``kind`` for an assignment, with the class's settings; what was made before is made anew.

    What it says is read where it fails (`reason`), and is not shown.
    """
    config = Config(config)
    config.CourseDirectory.assignment_id = assignment
    config.CourseDirectory.student_id = student
    made: Any = kind(coursedir=CourseDirectory(config=config), config=config)  # type: ignore[call-arg]
    made.log = logging.Logger(f"autograder.{kind.__name__}", logging.ERROR)
    made.force = True
    return made


def reason(converter: Any) -> str:
    """Have ``converter`` do its work: nothing where it did, else why it could not, in one line."""
    told = capture_log(converter)
    return "" if told["success"] else _in_a_line(told.get("log") or told["error"])


def _in_a_line(log: str) -> str:
    r"""What nbgrader's ``log`` says, each thing once; of a traceback only what was raised.

    >>> _in_a_line('[ERROR] Traceback (most recent call last):\n      File "x.py"\n        f()\n    lib.Odd: no\n\n[ERROR] It failed')
    'lib.Odd: no; It failed'
    """
    said: dict[str, None] = {}
    deep = -1  # how far a traceback's own lines are indented; of what stands below them only the first line is read
    for line in filter(str.strip, log.splitlines()):
        level = _LEVEL.match(line)
        text, indent = line[level.end() if level else 0 :].strip(), len(line) - len(line.lstrip())
        if text == _STACK:
            deep = 1 << 30
        elif deep < 0 or level:
            deep = -1
            if not text.startswith(_SAYS_NOTHING):
                said[text] = None
        elif text.startswith("File "):
            deep = min(deep, indent)
        elif indent < deep < 1 << 30 and _RAISED.fullmatch(text):
            deep = 0
            if not any(text.endswith(one) for one in said):
                said[text] = None
    return "; ".join(said) or log.strip()
