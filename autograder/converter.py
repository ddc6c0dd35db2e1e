"""nbgrader's own converters, asked from a program: for one assignment, one student or all, with their words kept for us."""

from __future__ import annotations

import logging
import re
from textwrap import dedent
from typing import Any, TypeVar

from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import capture_log
from traitlets.config import Config

__all__ = ["converter_of", "reason"]

Converter = TypeVar("Converter")

_LEVEL = re.compile(r"^\[[A-Z]+\] ", re.MULTILINE)
_STACK = "Traceback (most recent call last):"
_RAISED = re.compile(r"(?:\w+\.)*\w+(?:: .+)?")
_OF_A_FILE = re.compile(r"\w+: \[Errno \d+\] ([^:]+)(?:: '(.+?)')?(?: -> '.+')?")
_SAYS_NOTHING = ("There was an error processing assignment", "Please see the the above traceback")


def converter_of(kind: type[Converter], config: Config, assignment: str, student: str = "*") -> Converter:
    """A converter of this ``kind`` for an assignment, with the class's settings; what was made before is made anew.

    What it says is read where it fails (`reason`), and is not shown: nbgrader's own logger is shared, and whoever quietens it
    quietens all.
    """
    config = Config(config)
    config.CourseDirectory.assignment_id = assignment
    config.CourseDirectory.student_id = student
    made: Any = kind(coursedir=CourseDirectory(config=config), config=config)  # type: ignore[call-arg]
    made.log = logging.Logger(f"autograder.{kind.__name__}", logging.ERROR)
    made.force = True
    return made


def reason(converter: Any) -> str:
    """Have ``converter`` do its work: nothing where it did, else why it could not, in one line. Ctrl+C goes on as itself."""
    told = capture_log(converter)
    if str(told.get("error", "")).strip().splitlines()[-1:] == ["KeyboardInterrupt"]:  # nbgrader takes it for a failure
        raise KeyboardInterrupt
    return "" if told["success"] else _in_a_line(told.get("log") or told["error"])


def _plain(raised: str) -> str:
    """What was ``raised``; of a file that cannot be used its name and the system's reason.

    >>> _plain("PermissionError: [Errno 13] Permission denied: '/a/b.html'"), _plain("KeyError: 'a'")
    ('/a/b.html: Permission denied', "KeyError: 'a'")
    """
    found = _OF_A_FILE.fullmatch(raised)
    return raised if found is None else ": ".join(filter(None, [found[2], found[1]]))


def _in_a_line(log: str) -> str:
    r"""What nbgrader's ``log`` says, each thing once; of a traceback only what was raised.

    >>> _in_a_line('[ERROR] Traceback (most recent call last):\n      File "x.py"\n        f()\n    lib.Odd: no\n\n[ERROR] It failed')
    'lib.Odd: no; It failed'
    """
    said: dict[str, None] = {}
    for record in _LEVEL.split(log):
        first, _, rest = record.partition("\n")
        in_a_traceback = awaited = False  # what was raised stands below a traceback's own lines, not indented
        for line in filter(str.strip, [first, *dedent(rest).splitlines()]):
            if line.strip() == _STACK:
                in_a_traceback = awaited = True
            elif not in_a_traceback and not line.strip().startswith(_SAYS_NOTHING):
                said[line.strip()] = None
            elif awaited and _RAISED.fullmatch(line):
                awaited = False
                if not any(line.endswith(one) for one in said):
                    said[_plain(line)] = None
    return "; ".join(said) or log.strip()
