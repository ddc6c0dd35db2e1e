"""Readings: words made of what a probe has noted as numbers, one file a chapter that needs them.

They are made where the judge is, so that an answer cannot choose the words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from autograder.observing.case import Case
from autograder.observing.exercise import Exercise

__all__ = ["Reading", "reading_of"]

Reading = Callable[[Mapping[str, Any], Case], Mapping[str, Any]]


def reading_of(exercise: Exercise) -> Reading | None:
    """What makes words of the observations of ``exercise``; ``None`` where they are compared as they are.

    >>> from autograder.observing.exercise import find
    >>> reading_of(find("relu")) is None, reading_of(find("init_params")).__name__
    (True, 'init_params')
    """
    return _readings(exercise.topic).get(exercise.id)


@cache
def _readings(topic: str) -> Mapping[str, Reading]:
    name = f"{__name__}.{topic}"
    if not topic.isidentifier() or find_spec(name) is None:
        return {}
    return {one.__name__: one for one in import_module(name).READINGS}
