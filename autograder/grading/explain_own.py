"""What a learner's work of an assignment that is no chapter came to, cell by cell: from what was seen of it, nothing is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.grading.own_rows import handed_in, rows_of, tasks_of
from autograder.grading.records.classroom import open_classroom
from autograder.grading.slots.job import CellEnd
from autograder.plain import plain

__all__ = ["OwnCell", "OwnExplanation", "explain_own"]

_MOST_LINES = 12  # of what a cell printed


@dataclass(frozen=True)
class OwnCell:
    """A graded cell: its name, what it earned, how it ended where it was run, and what it printed and raised."""

    name: str
    status: str
    points: float
    of: float
    end: str = ""
    shown: tuple[str, ...] = ()


@dataclass(frozen=True)
class OwnExplanation:
    """A submission of an assignment of one's own, cell by cell."""

    student: str
    assignment: str
    said: str
    cells: tuple[OwnCell, ...]

    def text(self) -> str:
        """For a terminal."""
        lines = [f"{self.student}, {self.assignment}: {self.said}"]
        for one in self.cells:
            lines += ["", f"{one.name}: {one.status}, {one.points:g} of {one.of:g} points"]
            lines += [f"  the cell ended: {one.end}"] if one.end else []
            lines += [f"    {line}" for line in one.shown[:_MOST_LINES]]
            more = len(one.shown) - _MOST_LINES
            lines += [f"    and {more} more lines, all of them in the feedback page"] if more > 0 else []
        return "\n".join(plain(line) if line.strip() else "" for line in lines)


def explain_own(student: str, name: str, root: Path, cell: str | None = None) -> OwnExplanation:
    """What ``student`` earned in the assignment ``name`` of the class at ``root``, in one graded ``cell`` or in all.

    Raises ``ValueError`` for who handed in nothing, for work that was not run as it is now, and for a cell that there is not.
    """
    room, _ = open_classroom(root)
    tasks = tasks_of(room, name, room.settings(name))
    handed = handed_in(room, tasks, name, student)
    [row] = rows_of(room, name, tasks, handed, everybody=False)
    seen: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}
    for notebook, ready in handed[0].ready.items():
        outcome = room.store.get(ready.key)
        if ready.job is not None and outcome is None:
            raise ValueError(
                f"{student}'s work of {name} was not run as it is now; grade it first: "
                f"python -m autograder grade {name} --student {student}"
            )
        for ran in () if outcome is None else outcome.cells:
            grade_id = (ready.notebook.cells[ran.place].metadata.get("nbgrader") or {}).get("grade_id", "")
            end = "" if ran.end is CellEnd.DONE else ran.end.value
            seen[notebook, str(grade_id)] = end, tuple(line for one in ran.outputs for line in _lines(one))
    several = len(tasks) > 1
    cells = []
    for one in row["exercises"]:
        whole = str(one["exercise"])
        notebook, _, own = whole.partition(": ") if several else (next(iter(tasks)), "", whole)
        if cell in (None, whole, own):
            end, shown = seen.get((notebook, own), ("", ()))
            cells.append(OwnCell(whole, str(one["status"]), one["points"], one["of"], end, shown))
    if cell is not None and not cells:
        raise ValueError(
            f"{name} has no graded cell {cell!r}; it has {', '.join(x['exercise'] for x in row['exercises'])}"
        )
    total = f"{row['points']:g} of {row['of']:g} points are recorded"
    said = "; ".join(filter(None, [str(row["status"]), total, str(row["parts_said"]), str(row["note"])]))
    return OwnExplanation(student, name, said, tuple(cells))


def _lines(output: Mapping[str, Any]) -> list[str]:
    """What an output says in text."""
    if output.get("output_type") == "error":
        return f"{output.get('ename', '')}: {output.get('evalue', '')}".splitlines()
    text = output.get("text") or (output.get("data") or {}).get("text/plain") or ""
    return ("".join(text) if isinstance(text, list | tuple) else str(text)).splitlines()
