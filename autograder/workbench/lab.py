"""JupyterLab as a learner meets it: on the first page, without questions, without the instructor's side."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from autograder.workbench.copy import FOLDER
from autograder.workbench.update import START

__all__ = ["SETTINGS", "environment", "open_lab"]

SETTINGS = Path(__file__).resolve().parent / "jupyter"


def environment(given: Mapping[str, str], *, instructor: bool = False) -> dict[str, str]:
    """The environment in which JupyterLab finds the course's settings; a person's own go before them.

    >>> Path(environment({"PATH": ""})["JUPYTER_CONFIG_PATH"]).name
    'learner'
    """
    sides = ["instructor", "learner"] if instructor else ["learner"]
    paths = [str(SETTINGS / side) for side in sides]
    # nbgrader calls alembic by name, JupyterLab its own commands: they must be those of this environment.
    path = [str(Path(sys.executable).parent), *filter(None, [given.get("PATH")])]
    own = [one for one in given.get("JUPYTER_CONFIG_PATH", "").split(os.pathsep) if one]
    return {**given, "JUPYTER_CONFIG_PATH": os.pathsep.join([*own, *paths]), "PATH": os.pathsep.join(path)}


def open_lab(root: Path, words: Sequence[str] = (), *, instructor: bool = False) -> int:
    """Open JupyterLab in ``root``, a learner's on the first page; return its exit code when it ends.

    ``words`` are for ``jupyter lab``; ``instructor`` keeps nbgrader's menu and the formgrader.
    """
    # JupyterLab refuses to run as root unless it is told; in a container one often is root.
    as_root = ["--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    # As the address that is printed, so that who opens it by hand comes to the first page, too.
    first = [] if instructor else [f"--LabApp.default_url=/lab/tree/{FOLDER}/{START}.ipynb"]
    command = [sys.executable, "-m", "jupyterlab", *as_root, *first, *words]
    try:
        return subprocess.run(command, cwd=root, env=environment(os.environ, instructor=instructor)).returncode
    except KeyboardInterrupt:
        return 130
