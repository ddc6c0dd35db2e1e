"""Old addresses go on working: what a class's nbgrader_config.py or a notebook already names is found where it is now."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType

__all__ = ["MOVED", "keep_working"]

MOVED = {
    "autograder.exercise": "autograder.observing.exercise",
    "autograder.verdict": "autograder.judging.verdict",
    "autograder.progress": "autograder.learner.progress",
    "autograder.lessons": "autograder.authoring.lessons",
    "autograder.lessons.stubs": "autograder.authoring.lessons.stubs",
    "autograder.grading.execute": "autograder.grading.records.plugins",
    "autograder.grading.exporter": "autograder.grading.records.plugins",
}


class _Moved(MetaPathFinder, Loader):
    """Asked first, since a moved package would find its own modules a second time: gives today's module under its old name."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return spec_from_loader(fullname, self) if fullname in MOVED else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(MOVED[spec.name])
        self._own = module.__spec__  # which the import system is about to replace
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._own


def keep_working() -> None:
    """From here on the addresses in `MOVED` can be imported.

    >>> from autograder.grading.execute import TrustedExecute
    >>> TrustedExecute.__module__
    'autograder.grading.records.plugins'
    """
    if not any(isinstance(one, _Moved) for one in sys.meta_path):
        sys.meta_path.insert(0, _Moved())
