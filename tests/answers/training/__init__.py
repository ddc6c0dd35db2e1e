"""The sample answers of chapter 08: right ones in other styles, known misconceptions in other words, torch's own."""

from answers.training.ideas import IDEAS
from answers.training.own import TORCHS_OWN
from answers.training.right import RIGHT
from answers.training.wrong import WRONG as OTHERS

__all__ = ["RIGHT", "TORCHS_OWN", "WRONG"]

WRONG = [*OTHERS, *IDEAS]
