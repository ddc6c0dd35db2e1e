"""Every test: first those that may have company, on all processors at once, then those that fill the machine, two at a time.

Run by make, with words for pytest: `make test ARGS="-k linear"`. With a file or folder among them it is plain pytest.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Nothing in these counts processes, fills the machine, measures, or gives a cell less than twenty seconds. Where a folder has
# tests that do, those that do not are named by themselves, so that a new file has little company until somebody has looked at it.
TOGETHER = (
    *("tests/autograder/authoring", "tests/autograder/judging", "tests/autograder/observing", "tests/course"),
    *("tests/autograder/report", "tests/autograder/grading/lms", "tests/autograder/grading/submissions"),
    *("tests/autograder/grading/wire", "tests/autograder/workbench"),
    *(f"tests/autograder/learner/test_{one}.py" for one in ("before", "cells", "check", "desk", "frontends", "handin")),
    *(f"tests/autograder/learner/test_{one}.py" for one in ("progress", "questions", "unready")),
    *(f"tests/autograder/grading/test_{one}.py" for one in ("a_term", "cluster", "explain", "grade", "grade_loop")),
    *(
        f"tests/autograder/grading/test_{one}.py"
        for one in ("groups", "killed", "nbgraders_own_course", "own", "settings_files", "tries", "unchanged", "watch")
    ),
    *("tests/autograder/grading/records", "tests/autograder/grading/slots/test_fidelity.py"),
    *("tests/autograder/grading/slots/test_store.py", "tests/browser"),
    *(f"tests/test_{one}.py" for one in ("environment", "house", "lessons", "other_systems", "specification")),
    *("course", "autograder"),
)
NO_TEST_CHOSEN = 5  # pytest's own word for it


def commands(words: list[str], processors: int) -> list[list[str]]:
    """What to run, one after the other.

    >>> commands(["tests/test_make.py"], 2)[0][3:]
    ['tests/test_make.py']
    >>> [len(one) > 4 for one in commands(["-k", "linear"], 2)]
    [True, True]
    """
    pytest = [sys.executable, "-m", "pytest"]
    if any((ROOT / word.partition("::")[0]).exists() for word in words if word and not word.startswith("-")):
        return [[*pytest, *words]]
    rest = [f"--ignore={folder}" for folder in TOGETHER]

    def at_once(many: int) -> list[str]:
        """What belongs together runs in one process, in the order that tests/conftest.py gives."""
        return [*pytest, "-n", str(many), "--dist", "loadgroup", "--no-loadscope-reorder"]

    # Most of what fills the machine waits for what is to be ended: two of these leave a processor to each.
    return [[*at_once(processors), *TOGETHER, *words], [*at_once(min(processors, 2)), "tests", *rest, *words]]


def main(words: list[str]) -> int:
    """Run them all, whatever fails; 0 where nothing did."""
    environment = os.environ | {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    codes = [subprocess.run(one, cwd=ROOT, env=environment).returncode for one in commands(words, processors)]
    chosen = [code for code in codes if code != NO_TEST_CHOSEN]
    return max(chosen, key=abs) if chosen else NO_TEST_CHOSEN


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
