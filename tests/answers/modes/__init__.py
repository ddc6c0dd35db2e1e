"""The sample answers of chapter 07: right ones in other styles, known misconceptions in other words, torch's own."""

from __future__ import annotations

from answers.modes.ideas import IDEAS
from answers.modes.own import TORCHS_OWN
from answers.modes.right import RIGHT
from answers.modes.wrong import WRONG as OTHERS

__all__ = ["RIGHT", "TORCHS_OWN", "WRONG"]

WRONG = [*OTHERS, *IDEAS]
