"""Where the time of grading a class goes in the process that leads: own time of functions, summed by package."""

from __future__ import annotations

import pstats
import sysconfig
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from autograder.authoring.build import ROOT

__all__ = ["shares_by_package", "show_profile"]

_MOST = 14  # packages that are shown

_STDLIB = Path(sysconfig.get_path("stdlib"))
_INSTALLED = Path(sysconfig.get_path("purelib"))


def show_profile(console: Console, path: Path) -> Mapping[str, float]:
    """Print the shares of the profile in the file ``path``, largest first; returns the same for programs.

    It is the main thread's: a thread of its own records meanwhile, and slots run the submissions in processes of their own.
    """
    shares = shares_by_package(pstats.Stats(str(path)).stats)  # type: ignore[attr-defined]
    console.print("where the leading process's time goes, by package", highlight=False)
    for package, share in list(shares.items())[:_MOST]:
        console.print(f"  {share:6.1%}  {package}", highlight=False)
    return shares


def shares_by_package(stats: Mapping[tuple[str, int, str], Sequence[Any]]) -> dict[str, float]:
    """The share of the own time of each package's functions, largest first; what is built in counts for who calls it.

    ``stats`` is as `pstats.Stats` holds it: by file, line and name, calls, calls, own time, time, callers.

    >>> ours = (str(ROOT / "autograder/judging/judge.py"), 1, "judge")
    >>> shares_by_package({ours: (1, 1, 3.0, 4.0, {}), ("~", 0, "<len>"): (2, 2, 1.0, 1.0, {ours: (2, 2, 1.0, 1.0)})})
    {'autograder.judging': 1.0}
    """
    seconds: Counter[str] = Counter()
    for (file, _, name), (_, _, own, _, callers) in stats.items():
        if file == "~" and callers:
            for (caller, _, by), (_, _, share, _) in callers.items():
                seconds[_package(caller, by)] += share
        else:
            seconds[_package(file, name)] += own
    whole = sum(seconds.values()) or 1.0
    return {package: own / whole for package, own in seconds.most_common()}


def _package(file: str, name: str) -> str:
    """The package that a function of a profile belongs to.

    >>> _package(str(_INSTALLED / "torch/nn/modules/linear.py"), "forward"), _package("<frozen importlib._bootstrap>", "f")
    ('torch', 'importing')
    """
    path = Path(file)
    if file.startswith("<frozen "):
        return "importing" if "importlib" in file else file.removeprefix("<frozen ").rstrip(">")
    if path.is_relative_to(_INSTALLED):
        return path.relative_to(_INSTALLED).with_suffix("").parts[0]
    if path.is_relative_to(ROOT):
        return ".".join(path.relative_to(ROOT).with_suffix("").parts[:2])
    if path.is_relative_to(_STDLIB):
        return path.relative_to(_STDLIB).with_suffix("").parts[0]
    return file if file != "~" else name.strip("<>")
