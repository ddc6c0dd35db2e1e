"""What a chapter's first cell imports: said against torch, and without the widgets that it may never show."""

from __future__ import annotations

import io
import subprocess
import sys

from rich.console import Console

from autograder.sample.imports import show_imports


def test_each_import_is_said_against_torch() -> None:
    text = io.StringIO()
    found = show_imports(Console(file=text, width=100), runs=1)
    assert list(found) == ["torch", "autograder", "course.network", "course.strides"]
    assert all(seconds > 0 for seconds in found.values())
    assert text.getvalue().count("% of torch") == 3


def test_widgets_are_imported_when_one_is_asked_for() -> None:
    program = "import sys; from course import data, network; print('ipywidgets' in sys.modules); network.slide; "
    program += "print('ipywidgets' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_wrong_answers_import_nothing_large() -> None:
    names = ["relu", "conv2d", "find_unregistered", "evaluate", "load_partly", "call_with", "per_sample_gradients"]
    program = (
        f"import sys; from autograder import check; [check(one, lambda *x: x[0])._repr_html_() for one in {names}]; "
    )
    program += "print(sorted({'sympy', 'matplotlib', 'nbgrader', 'torch._dynamo'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
