"""What a submission of a class may use: what the class says of it in its ``nbgrader_config.py``."""

from __future__ import annotations

import math
from dataclasses import replace

from traitlets import Float, Integer, TraitError
from traitlets.config import Config, Configurable

from autograder.grading.walls.limits import Limits

__all__ = ["SubmissionLimits", "limits_of"]

_DEFAULT = Limits()
_WEEK = 7 * 24 * 3600
_LITTLE = 256 << 20  # bytes; a class that may use next to nothing would earn nothing


class SubmissionLimits(Configurable):
    """``c.SubmissionLimits.cell_seconds = 120``: what the engine gives a submission before it stops it."""

    cell_seconds = Float(_DEFAULT.cell_seconds, min=1, max=_WEEK, help="wall-clock seconds of one cell").tag(
        config=True
    )
    notebook_seconds = Float(_DEFAULT.notebook_seconds, min=1, max=_WEEK, help="and of all its cells together").tag(
        config=True
    )
    memory = Integer(_DEFAULT.memory, min=_LITTLE, help="bytes beyond what torch and the course take").tag(config=True)


def limits_of(config: Config) -> Limits:
    """What the settings ``config`` say, in seconds and bytes; of what they do not say, the default.

    Raises ``ValueError`` for another name, for what is no such number, and for a cell that may take longer than the notebook.

    >>> limits_of(Config({"SubmissionLimits": {"cell_seconds": 120}})).cell_seconds
    120.0
    >>> limits_of(Config({"SubmissionLimits": {"memory": 4}}))
    Traceback (most recent call last):
    ValueError: c.SubmissionLimits.memory in nbgrader_config.py is 4; it can be bytes, from 268435456 (256 << 20) on
    """
    said = dict(config.get("SubmissionLimits", {}))
    names = SubmissionLimits.class_trait_names(config=True)
    for name, value in said.items():
        where = f"c.SubmissionLimits.{name} in nbgrader_config.py"
        if name not in names:
            raise ValueError(f"{where} is no limit; there are {', '.join(sorted(names))}")
        try:
            sound = math.isfinite(getattr(SubmissionLimits(**{name: value}), name))
        except TraitError:
            sound = False
        if not sound:
            of = f"bytes, from {_LITTLE} (256 << 20) on" if name == "memory" else f"seconds, from 1 to {_WEEK}"
            raise ValueError(f"{where} is {value!r}; it can be {of}")
    found = SubmissionLimits(config=config)
    if found.cell_seconds > found.notebook_seconds:
        raise ValueError(
            f"c.SubmissionLimits in nbgrader_config.py gives a cell {found.cell_seconds:g} seconds, and the whole "
            f"notebook {found.notebook_seconds:g}; set notebook_seconds, too"
        )
    return replace(_DEFAULT, **{name: getattr(found, name) for name in names})
