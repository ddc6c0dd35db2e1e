"""The sample answers of chapter 09."""

from __future__ import annotations

from typing import Any

from answers.shining.ideas import IDEAS
from answers.shining.lending import LENDING, LENDING_WRONG
from answers.shining.own import TORCHS_OWN
from answers.shining.right import RIGHT as OTHERS
from answers.shining.stranger import STRANGER, STRANGER_WRONG
from answers.shining.wrong import WRONG as OTHERS_WRONG

__all__ = ["RIGHT", "TORCHS_OWN", "WRONG"]

RIGHT: dict[str, list[Any]] = {
    one: [*answers, *STRANGER[one]] for one, answers in {"call_with": LENDING, **OTHERS}.items()
}
WRONG = [*LENDING_WRONG, *OTHERS_WRONG, *IDEAS, *STRANGER_WRONG]
