"""Notebooks that mean harm or are broken, as data: what each does to the released chapter 04, and what it deserves."""

from __future__ import annotations

from .channel import CHANNEL
from .ends import ENDS
from .files import FILES
from .meddling import MEDDLING
from .patching import PATCHING
from .reading import READING
from .row import Row
from .scoring import SCORING
from .spying import SPYING

__all__ = ["CORPUS", "Row"]

CORPUS: tuple[Row, ...] = (*SCORING, *PATCHING, *MEDDLING, *ENDS, *SPYING, *CHANNEL, *READING, *FILES)
