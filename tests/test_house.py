"""The house: who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

STUDENT_SIDE = (
    "autograder",
    "autograder.observing.probes",
    "autograder.judging.judge",
    "autograder.observing.codec",
    "autograder.learner.progress",
)
INSTRUCTOR_SIDE = (
    "autograder.authoring.oracles",
    "autograder.authoring.build",
    "autograder.authoring.lessons",
    "autograder.grading",
    "autograder.report",
    "autograder.sample.demo",
)


def test_course_never_imports_autograder(root: Path) -> None:
    for path in (root / "course").rglob("*.py"):
        if path.is_relative_to(root / "course/lessons"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] == "autograder" for name in names), path


@pytest.mark.parametrize("module", STUDENT_SIDE)
def test_the_students_side_never_imports_the_instructors(module: str) -> None:
    program = f"""
import importlib, sys
importlib.import_module({module!r})
from autograder.observing.exercise import catalogue
catalogue()
print([name for name in sys.modules if name.startswith({INSTRUCTOR_SIDE!r})])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
