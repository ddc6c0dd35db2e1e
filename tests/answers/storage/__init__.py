"""The sample answers of chapter 01."""

from answers.storage.own import TORCHS_OWN
from answers.storage.right import RIGHT
from answers.storage.wrong import WRONG

__all__ = ["RIGHT", "TORCHS_OWN", "WRONG"]
