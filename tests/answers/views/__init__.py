"""The sample answers of chapter 02."""

from answers.views.own import TORCHS_OWN
from answers.views.right import RIGHT
from answers.views.wrong import WRONG

__all__ = ["RIGHT", "TORCHS_OWN", "WRONG"]
