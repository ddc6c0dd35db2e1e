"""From a zip to marks ready for upload: four commands, each as an instructor types it, submissions run in the sandbox."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from grading_class import CHAPTER, SOME
from lms import ADA, EARLY, EVERYBODY, FORMULA, LATE, TWIN, ZOE, canvas, canvas_table, enrol, notebooks, zipped
from nbgrader.api import Gradebook


def autograder(course: Path, *words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "autograder", *words], cwd=course, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.usefixtures("bubblewrap")
def test_from_a_zip_to_marks_and_feedback_ready_for_upload(course: Path) -> None:
    work = notebooks(course)
    enrol(course)
    table = course / "grades.csv"
    table.write_bytes(canvas_table())
    files = [
        (canvas(ADA, "my work, final.ipynb"), work["all"], EARLY),
        (canvas(TWIN, late=True), work["part"], LATE),
        (canvas(ZOE, f"{CHAPTER}-1.ipynb", upload=2050), work["part"], LATE),
        (canvas(ZOE), work["none"], EARLY),
        (canvas(FORMULA), work["none"], EARLY),
    ]
    zipped(course / "submissions.zip", files)
    assert "4 collected" in autograder(course, "collect", "04", "submissions.zip", "--roster", "grades.csv")
    autograder(course, "grade", "04")
    assert "4 marks in the column" in autograder(course, "export", "--fill", "grades.csv", "04")
    assert "packed: 4 pages" in autograder(course, "feedback", "04", "--zip", "canvas")

    with Gradebook(f"sqlite:///{course / 'classroom' / 'gradebook.db'}", "one_cnn_two_ways") as book:
        held = {one.student_id: float(one.score) for one in book.assignment_submissions(CHAPTER)}
    assert held == pytest.approx({"ada": 22.0, "ada2": SOME, "zoe": SOME, "f=x": 0.0})
    text = (course / "grades-filled.csv").read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))[1:]
    assert {row["SIS Login ID"]: float(row[f"{CHAPTER} (9001)"]) for row in rows} == pytest.approx(held, abs=0.005)
    assert [row["Student"] for row in rows] == [one.sortable for one in EVERYBODY]
    with zipfile.ZipFile(course / "classroom" / f"{CHAPTER}-feedback-canvas.zip") as packed:
        taken = {canvas(ADA, "my work, final.ipynb"), canvas(TWIN, late=True), canvas(FORMULA)}
        assert set(packed.namelist()) == taken | {canvas(ZOE, f"{CHAPTER}-1.ipynb", upload=2050)}
        assert "bias forgotten" in packed.read(canvas(TWIN, late=True)).decode()
