"""The sample answers of chapter 06: right ones in other styles, known misconceptions in other words, torch's own."""

from answers.registration.ideas import IDEAS
from answers.registration.mini import MINI, MINI_WRONG
from answers.registration.own import TORCHS_OWN
from answers.registration.right import RIGHT as OTHERS
from answers.registration.wrong import WRONG as OTHERS_WRONG

__all__ = ["RIGHT", "TORCHS_OWN", "WRONG"]

RIGHT = {**OTHERS, "mini_module": MINI}
WRONG = [*OTHERS_WRONG, *MINI_WRONG, *IDEAS]
