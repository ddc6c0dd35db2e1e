"""What a learner waits for: a chapter run in a kernel of its own, from opening it to the last panel."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

import nbformat
from nbclient import NotebookClient
from rich.console import Console

from autograder.authoring.build import ROOT

__all__ = ["show_waiting"]


def show_waiting(console: Console, chapter: str) -> Mapping[str, float]:
    """Print how long the solved ``chapter`` lets one wait: seconds for the first cell and for all, milliseconds from a check to its panel.

    The time goes from sending a cell to the kernel's word that it is done; what a browser takes to draw comes on top.
    """
    path = ROOT / "solutions" / chapter / f"{chapter}.ipynb"
    cells = _seconds_by_cell(path)
    checks = [1e3 * seconds for source, seconds in cells if source.startswith("check(")]
    found = {
        "opened, first cell run, s": round(cells[0][1], 2),
        "all cells run, s": round(sum(seconds for _, seconds in cells), 2),
        "a check, cell to panel, median ms": round(median(checks), 1),
        "a check, cell to panel, longest ms": round(max(checks), 1),
    }
    console.print(f"what a learner waits for in {chapter}", highlight=False)
    for what, value in found.items():
        console.print(f"{what:38} {value}", highlight=False)
    return found


def _seconds_by_cell(path: Path) -> list[tuple[str, float]]:
    """Each code cell's source and how long it took; the first one's with what starting the kernel takes."""
    began = time.monotonic()
    found: list[tuple[str, float]] = []

    def done(cell: Any, cell_index: int, execute_reply: Any) -> None:
        nonlocal began
        found.append((cell.source, time.monotonic() - began))
        began = time.monotonic()

    NotebookClient(
        nbformat.read(path, as_version=4),
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_executed=done,
    ).execute()
    return found
