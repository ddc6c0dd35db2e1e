"""nbgrader's own commands take the same zips and fill the same tables."""

from __future__ import annotations

from pathlib import Path

from grading_class import CHAPTER, SOME, InProcess, nbgrader, submitted
from lms import ADA, EARLY, EVERYBODY, LATE, ZOE, canvas, canvas_table, enrol, notebooks, zipped

from autograder.grading.grade import grade

PLUGINS = "autograder.grading.lms.plugins"


def words_of(course: Path, *words: str) -> str:
    """What an nbgrader command says that ends well."""
    done = nbgrader(course, *words)
    assert done.returncode == 0, done.stderr
    return done.stderr + done.stdout


def test_zip_collect_and_export_take_our_plugins(course: Path) -> None:
    work = notebooks(course)
    enrol(course)
    (course / "canvas.csv").write_bytes(canvas_table())
    archive = course / "downloaded" / CHAPTER / "archive"
    archive.mkdir(parents=True)
    files = [
        (canvas(ADA, "hw.ipynb", upload=2010), work["all"], EARLY),
        (canvas(ADA, "older.ipynb", upload=2009), work["part"], LATE),
        (canvas(ZOE, "04.ipynb.txt"), work["part"], EARLY),
        ("../../../outside.ipynb", work["all"], EARLY),
        (f"{'long' * 70}_998_6_a.ipynb", work["all"], EARLY),
        ("somebody_999_5_a.ipynb", work["all"], EARLY),
    ]
    zipped(archive / "submissions.zip", files)
    plugins = [f"--extractor={PLUGINS}.Extractor", f"--collector={PLUGINS}.Collector"]
    said = words_of(course, "zip_collect", CHAPTER, *plugins, f"--Collector.roster={course / 'canvas.csv'}")
    assert "refused: submissions.zip/../../../outside.ipynb: its path leads out of the archive" in said
    assert "_998_6_a.ipynb: it cannot be written: File name too long" in said  # and the others are collected
    assert "not matched: 999" in said
    assert submitted(course, "ada").read_bytes() == work["all"]
    assert submitted(course, "zoe").read_bytes() == work["part"]
    assert sorted(one.name for one in (course / "classroom" / "submitted").iterdir()) == ["ada", "zoe"]
    assert not list(course.parent.rglob("outside.ipynb"))
    grade("04", course, engine=InProcess())
    words_of(
        course,
        "export",
        f"--exporter={PLUGINS}.FillTable",
        f"--FillTable.table={course / 'canvas.csv'}",
        f"--assignment=['{CHAPTER}']",
    )
    rows = (course / "canvas-filled.csv").read_bytes().splitlines()
    marks = dict(zip((one.id for one in EVERYBODY), (row.split(b",")[-2] for row in rows[2:]), strict=True))
    assert marks == {"ada": b"22.00", "ada2": b"", "zoe": f"{SOME}".encode(), "f=x": b""}
