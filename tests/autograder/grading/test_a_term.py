"""docs/instructors.md, walked: the commands of its term are typed in their order, in a class that has nothing but what they made."""

from __future__ import annotations

import csv
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from grading_class import CHAPTER
from lms import ADA, EARLY, FORMULA, LATE, TWIN, ZOE, canvas, canvas_table, enrol, notebooks, zipped

SETS_UP = ("git clone ", "cd ", "make ", "source ")  # played by the tests of set-up, and by CI itself


def commands(root: Path) -> list[str]:
    """What the page tells to type in a term."""
    page = (root / "docs" / "instructors.md").read_text(encoding="utf-8")
    term = page.partition("## A term, command by command")[2].partition("\n## ")[0]
    lines = [line for block in re.findall(r"```\n(.*?)```", term, re.DOTALL) for line in block.splitlines()]
    return [line for line in lines if not line.startswith(SETS_UP)]


def typed(line: str, course: Path) -> str:
    words = shlex.split(line)
    program = {"python": [sys.executable], "nbgrader": [sys.executable, "-m", "nbgrader"]}[words[0]]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [*program, *words[1:]], cwd=course, capture_output=True, text=True, env={**os.environ, "PATH": path}
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("bubblewrap")
def test_a_term_goes_as_the_page_says(course: Path, root: Path) -> None:
    work = notebooks(course)
    enrol(course)
    (course / "grades.csv").write_bytes(canvas_table())
    files = [
        (canvas(ADA), work["part"], EARLY),
        (canvas(TWIN, late=True), work["part"], LATE),
        (canvas(ZOE), work["all"], EARLY),
        (canvas(FORMULA), work["none"], EARLY),
    ]
    zipped(course / "submissions.zip", files)
    lines = commands(root)
    said = {line: typed(line, course) for line in dict.fromkeys(lines)}

    used = {shlex.split(line)[3] for line in lines if line.startswith("python -m autograder")}
    assert used == {"release", "collect", "grade", "report", "explain", "export", "feedback", "extend"}
    assert "4 collected" in next(text for line, text in said.items() if " collect " in line)
    page = (course / "ada.html").read_text(encoding="utf-8")
    assert "linear" in page and "bias forgotten" in page
    assert (course / "classroom" / "report" / f"{CHAPTER}.html").is_file()
    assert (course / "classroom" / f"{CHAPTER}-feedback-canvas.zip").is_file()
    assert (course / "grades-filled.csv").is_file()
    assert "nothing is written" in next(text for line, text in said.items() if line.endswith("--dry-run"))
    with (course / "classroom" / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {"ada", "ada2", "zoe", "joan"} <= set(rows)
    assert rows["joan"]["status"] == "missing"
    assert float(rows["zoe"]["score"]) == 22
    assert all(row["duedate"].startswith("2027-03-08") for row in rows.values())
    again = typed("python -m autograder grade 04", course)
    assert re.search(r"\b0 run", again)
