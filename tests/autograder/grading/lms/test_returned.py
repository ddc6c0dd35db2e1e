"""Feedback goes back under the names by which Canvas and Moodle know whose it is."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from grading_class import CHAPTER, InProcess
from lms import ADA, EARLY, EVERYBODY, LATE, TWIN, ZOE, canvas, canvas_table, enrol, moodle, notebooks, zipped

from autograder.__main__ import main
from autograder.grading.grade import grade
from autograder.grading.lms.collect import collect
from autograder.grading.lms.names import named
from autograder.grading.lms.returned import pack
from autograder.grading.records.export import feedback


def in_zip(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as opened:
        return {one.filename: opened.read(one) for one in opened.infolist()}


def page(course: Path, learner: str) -> bytes:
    return (course / "classroom" / "feedback" / learner / CHAPTER / f"{CHAPTER}.html").read_bytes()


def test_pages_go_back_to_canvas_under_the_names_that_were_collected(
    course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    work = notebooks(course)
    enrol(course)
    (course / "canvas.csv").write_bytes(canvas_table())
    names = {
        "ada": canvas(ADA, "my work.ipynb"),
        "ada2": canvas(TWIN, late=True),
        "zoe": canvas(ZOE, 'hw "4".ipynb', name=False),
    }
    typed = canvas(EVERYBODY[3], "text.html").replace("_2004_text", "_text")
    files = [*((name, work["part"], LATE) for name in names.values()), (typed, b"<p>", EARLY)]
    collect("04", zipped(course / "a.zip", files), course, course / "canvas.csv")
    grade("04", course, engine=InProcess())
    monkeypatch.chdir(course)
    assert main(["feedback", "04", "--zip", "canvas"]) == 1
    said = capsys.readouterr().out
    assert "packed: 3 pages" in said and "f=x: Canvas takes feedback back to an uploaded file" in said
    found = in_zip(course / "classroom" / f"{CHAPTER}-feedback-canvas.zip")
    assert found == {name: page(course, learner) for learner, name in names.items()}
    for name in found:  # as Canvas itself looks for them
        user, upload = [part for part in name.split("_") if re.fullmatch(r"\d+", part)][:2]
        assert (int(user), int(upload)) in {(one.user, one.upload) for one in EVERYBODY}


@pytest.mark.parametrize("form", ["new", "old", "flat"])
def test_pages_go_back_to_moodle_in_the_folders_that_were_collected(course: Path, form: str) -> None:
    work = notebooks(course)
    enrol(course)
    people = [ADA, ZOE]
    files = [(moodle(one, "a.ipynb", form), work["part"], EARLY) for one in people]
    collect("04", zipped(course / "m.zip", files), course, None, {"311": "ada"})
    grade("04", course, engine=InProcess())
    pages = feedback("04", course)
    with pytest.raises(ValueError, match=r"no submission of .* was collected from canvas"):
        pack("04", course, "canvas", pages)
    done = pack("04", course, "moodle", pages, output=course / "out.zip")
    assert (done.pages, done.problems) == (2, ())
    found = in_zip(course / "out.zip")
    assert sorted(found.values()) == sorted(page(course, one.id) for one in people)
    for name in found:  # as Moodle itself splits them
        parts = name.split("/")[0].split("_", 4)
        assert parts[1] in ("311", "313") and parts[2:4] == ["assignsubmission", "file"]
        assert named(tuple(name.split("/")), CHAPTER).id == parts[1]
        assert not name.split("/")[-1].startswith((".", "~"))
    (course / "classroom" / "feedback" / "zoe" / CHAPTER / f"{CHAPTER}.html").unlink()
    assert pack("04", course, "moodle", pages).problems == ("not packed: zoe: there is no feedback page; grade first",)
