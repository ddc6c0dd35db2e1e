"""Puts the learner's settings into an environment, so that plain `jupyter lab` is as quiet as the course's own command, and its
kernels say which cell makes a name that is missing.

    python -m autograder.workbench.settings [PREFIX]

A wheel brings them along; an editable install, as `make` and conda make it, does not.
"""

from __future__ import annotations

import sys
from pathlib import Path

from autograder.files import write_whole
from autograder.workbench.lab import SETTINGS

__all__ = ["install"]


def install(prefix: Path) -> list[Path]:
    """Write the settings below ``prefix``; return the files, which have names of their own beside those of others."""
    written = []
    for source, program in ((SETTINGS / "learner", "jupyter"), (SETTINGS.with_name("ipython"), "ipython")):
        for path in sorted(source.rglob("*.json")):
            place = prefix / "etc" / program / path.relative_to(source)
            write_whole(place, path.read_bytes())
            written.append(place)
    return written


if __name__ == "__main__":
    install(Path(sys.argv[1] if len(sys.argv) > 1 else sys.prefix))
