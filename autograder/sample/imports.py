"""What importing the course and its checks costs in a kernel, against torch itself: both in one process, one after the other."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping

from rich.console import Console

__all__ = ["show_imports"]

# What a chapter's first cell asks for. A kernel has IPython before, and that is not counted.
_ASKED = {
    "autograder": "from autograder import check",
    "course.network": "from course import data, network",
    "course.strides": "from course.strides import compare, explore, show",
}
_PROGRAM = """
import json, time
import IPython, ipykernel.kernelapp, traitlets.config
took = {{}}
def timed(name, words):
    start = time.process_time()
    exec(words)
    took[name] = time.process_time() - start
timed("torch", "import torch")
for name, words in {asked!r}.items():
    timed(name, words)
print(json.dumps(took))
"""


def show_imports(console: Console, runs: int = 5) -> Mapping[str, float]:
    """Print processor seconds of torch, the checks and the course, each the least of so many fresh processes."""
    found = [_once() for _ in range(runs)]
    least = {name: min(one[name] for one in found) for name in found[0]}
    torch = least["torch"]
    for name, seconds in least.items():
        share = "" if name == "torch" else f", {seconds / torch:.0%} of torch"
        console.print(f"import {name}: {seconds:.2f} s{share}", highlight=False)
    return least


def _once() -> dict[str, float]:
    command = [sys.executable, "-c", _PROGRAM.format(asked=_ASKED)]
    return dict(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
