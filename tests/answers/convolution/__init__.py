"""The sample answers of chapter 05."""

from answers.convolution.own import TORCHS_OWN
from answers.convolution.right import RIGHT
from answers.convolution.wrong import WRONG

__all__ = ["RIGHT", "TORCHS_OWN", "WRONG"]
