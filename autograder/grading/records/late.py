"""What being late takes away, by nbgrader's own step and the class's own plugin, asked without writing anything."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.utils.importstring import import_item

__all__ = ["LateRule"]


class LateRule:
    """The late rule of a class, as ``converter``, made with its settings, would apply it."""

    def __init__(self, converter: Autograde) -> None:
        steps: list[Any] = [
            import_item(one) if isinstance(one, str) else one for one in converter.autograde_preprocessors
        ]
        found: list[Any] = [one for one in steps if isinstance(one, type) and issubclass(one, AssignLatePenalties)]
        self._step: Any = None
        # A step of the class's own that does something else is not asked: only running it tells what it does.
        if len(found) == 1 and found[0].preprocess is AssignLatePenalties.preprocess:
            self._step = found[0](parent=converter)
            self._step.log = converter.log
            self._step.init_plugin()
            self._step.plugin_inst.log = converter.log

    @property
    def is_known(self) -> bool:
        """Whether it can be asked."""
        return self._step is not None

    def penalty(self, student: str, raw: float, seconds_late: float) -> float:
        """The points that are taken from ``raw`` points of work that is ``seconds_late`` late: none where it is in time."""
        if self._step is None or seconds_late <= 0:
            return 0.0
        taken = self._step.plugin_inst.late_submission_penalty(student, raw, seconds_late)
        if taken is None:
            return 0.0
        return float(self._step._check_late_penalty(SimpleNamespace(score=raw), taken))

    def write(self, named: Mapping[str, str]) -> None:
        """Have nbgrader's step write the penalty of the submission that ``named``, its resources, says."""
        if self._step is not None:
            self._step(NotebookNode(cells=[]), {"nbgrader": dict(named)})
