"""What learners type: the course, their progress, a newer chapter, handing in."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping

from autograder.cli.places import class_folder, home_folder
from autograder.cli.told import Run
from autograder.printing import in_words

__all__ = ["COMMANDS"]

# Each command imports what it needs when it runs: learners have none of the instructor's extras.


def _progress(chosen: argparse.Namespace) -> int:
    from autograder.learner.progress import export, progress
    from autograder.learner.record import empty

    if chosen.export is not None:
        print(f"progress: {export(chosen.export)}")
    if chosen.empty:
        kept = empty()
        print(f"emptied; what was there, kept answers too, is in {kept}" if kept else "there was nothing to empty")
    if chosen.export is not None or chosen.empty:
        return 0
    print(json.dumps(progress().as_json(), indent=2) if chosen.json else repr(progress()))
    return 0


def _lab(chosen: argparse.Namespace) -> int:
    from autograder.workbench.copy import bring_up_to_date
    from autograder.workbench.lab import open_lab

    if {"-h", "--help"} & {*chosen.words}:  # argparse has handed them on, as JupyterLab's
        print(chosen.help_on(), end="")
        return 0
    words = [word for word in chosen.words if word != "--instructor"]
    if words != chosen.words:  # nbgrader's formgrader takes its class from the folder
        return open_lab(class_folder(), words, instructor=True)
    for line in bring_up_to_date(home := home_folder()):
        print(line)
    return open_lab(home, words)


def _update(chosen: argparse.Namespace) -> int:
    from autograder.workbench.copy import RELEASED, bring_up_to_date
    from autograder.workbench.update import update

    if not chosen.notebooks and chosen.released is not None:
        raise ValueError(
            "--released says where the newer chapters are: name the notebooks that they are laid under, too"
        )
    if not chosen.notebooks:
        print("\n".join(bring_up_to_date(home_folder())) or "nothing new")
        return 0
    failed = False
    for path in chosen.notebooks:
        try:
            print(update(path, chosen.released or home_folder() / RELEASED).text())
        except (ValueError, OSError) as error:
            failed = True
            print(in_words(error), file=sys.stderr)
    return int(failed)


def _handin(chosen: argparse.Namespace) -> int:
    from autograder.learner.handin import handin

    print(repr(handin(chosen.what, chosen.output, progress=chosen.progress)))
    return 0


COMMANDS: Mapping[str, Run] = {
    "progress": _progress,
    "lab": _lab,
    "update": _update,
    "handin": _handin,
}
