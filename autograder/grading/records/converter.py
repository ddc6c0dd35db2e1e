"""nbgrader's own converters, asked from a program: for one assignment, one student or all, with their words kept for us."""

from __future__ import annotations

import logging
from typing import Any, TypeVar

from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import capture_log
from traitlets.config import Config

__all__ = ["converter_of", "reason"]

Converter = TypeVar("Converter")


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
    """Have ``converter`` do its work: nothing where it did, else why it could not."""
    told = capture_log(converter)
    return "" if told["success"] else (told.get("log") or told["error"]).strip()
