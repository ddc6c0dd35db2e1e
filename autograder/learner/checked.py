"""What `check` returns: a verdict with what comes after it, folded below the panel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from autograder.judging.verdict import Verdict
from autograder.learner import after
from autograder.learner.failing import FailingCase

__all__ = ["Checked"]

# Dark pages that do not know Jupyter's colours (VS Code's, Colab's) would have dark words on a dark ground.
_GROUND = "background:var(--jp-layout-color0,#fff);color:var(--jp-ui-font-color1,#1b1f24);max-width:800px;border-radius:10px;padding-bottom:4px"


def _none() -> tuple[FailingCase, ...]:
    return ()


@dataclass(frozen=True, repr=False)
class Checked(Verdict):
    """A verdict that also hands out the cases that fail, and says how to go on."""

    find_failing: Callable[[], tuple[FailingCase, ...]] = field(default=_none, compare=False, repr=False)

    @cached_property
    def failing(self) -> tuple[FailingCase, ...]:
        """The cases in which the answer fails, the one of the panel first; none where nothing was tried, or for a question.

        ``verdict = check("relu", relu)``, then ``relu(**verdict.failing[0].inputs)``.
        """
        return self.find_failing()

    def __str__(self) -> str:
        return f"{super().__str__()}\n{after.text(self)}"

    def _repr_html_(self) -> str:
        return f'<div style="{_GROUND}">{super()._repr_html_()}{after.html(self)}</div>'
