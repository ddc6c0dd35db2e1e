"""Grading a class: statuses, points, what is run again and what is not."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from grading_class import (
    BLANK,
    CHAPTER,
    LINEAR,
    PARTLY,
    PERFECT,
    InProcess,
    cell_of,
    gradebook,
    hand_in,
    hand_in_changed,
    points_in,
    submitted,
)
from rich.console import Console

from autograder.grading.grade import GradeResult, grade
from autograder.grading.rows import table_of
from autograder.grading.slots.job import Limits
from autograder.grading.table import show
from autograder.judging.reference import PUBLIC
from autograder.observing.codec import from_bytes, to_bytes
from autograder.sample.learners import Submission


@pytest.fixture
def small_class(course: Path) -> Path:
    """Two learners who did something, one who did nothing, one who handed in rubbish, one who handed in something else."""
    hand_in(course, PERFECT, PARTLY, BLANK, Submission("mia", CHAPTER, "perfect"))
    submitted(course, "mia").rename(submitted(course, "mia").with_name("mine.txt"))
    submitted(course, "rob").parent.mkdir(parents=True)
    submitted(course, "rob").write_text("{nope")
    (course / "classroom" / "submitted" / "zoe").mkdir()
    return course


def graded(course: Path, **words: Any) -> tuple[GradeResult, InProcess]:
    engine = InProcess()
    return grade("04", course, engine=engine, **words), engine


def test_every_submission_has_a_status_and_its_points(small_class: Path) -> None:
    result, _ = graded(small_class)
    assert result.states() == {
        "ada": "graded",
        "blanche": "not attempted",
        "carl": "graded",
        "mia": "missing",
        "rob": "unreadable",
        "zoe": "missing",
    }
    points = result.points()
    assert sum(points["ada"].values()) == 22
    assert {name: score for name, score in points["carl"].items() if score} == {"relu": 2, "linear": LINEAR}
    for student in ("ada", "blanche", "carl", "mia", "rob"):
        assert points_in(small_class, student) == points[student]
    assert "zoe" not in {who for _, who, _ in gradebook(small_class)["submissions"]}
    assert result.problems == ()


def test_its_json_is_plain_data_with_every_status(small_class: Path) -> None:
    read = json.loads(json.dumps(graded(small_class)[0].as_json()))
    assert [one["status"] for one in read["submissions"]][:2] == ["graded", "not attempted"]
    carl = next(one for one in read["submissions"] if one["student"] == "carl")
    linear = next(one for one in carl["exercises"] if one["exercise"] == "linear")
    assert linear == {
        "cell": "check_linear",
        "exercise": "linear",
        "status": "partly right",
        "points": LINEAR,
        "of": 3,
        "misconception": "bias forgotten",
        "by_hand": None,
        "extra": None,
    }


def test_the_table_says_every_status_and_no_markup_of_a_strangers(small_class: Path) -> None:
    submitted(small_class, "mia").with_name("mine.txt").rename(submitted(small_class, "mia").with_name("[red]m.txt"))
    text = io.StringIO()
    show(table_of(graded(small_class)[0]), Console(file=text, width=160), "done")
    said = text.getvalue()
    for words in ("not attempted", "unreadable", "[red]m.txt", "nothing was handed in", "linear: bias forgotten"):
        assert words in said
    assert "2 graded, 1 not attempted, 1 unreadable, 2 missing; done" in said


def test_regrading_an_unchanged_class_runs_and_records_nothing(small_class: Path) -> None:
    first, _ = graded(small_class)
    before = gradebook(small_class)
    second, engine = graded(small_class)
    assert (first.executed, first.recorded) == (3, 5)
    assert (len(engine.ran), second.executed, second.recorded) == (0, 0, 0)
    assert second.submissions == first.submissions
    assert gradebook(small_class) == before


def test_only_what_has_changed_is_run_again(small_class: Path) -> None:
    graded(small_class)
    hand_in(small_class, Submission("carl", CHAPTER, "perfect at last"))
    submitted(small_class, "rob").write_bytes(submitted(small_class, "blanche").read_bytes())
    result, engine = graded(small_class)
    # Carl's is now as Ada's was and Rob's as Blanche's: both were seen before.
    assert (len(engine.ran), result.recorded) == (0, 2)
    assert sum(points_in(small_class, "carl").values()) == 22
    hand_in_changed(small_class, "rob", lambda notebook: setattr(cell_of(notebook, "relu"), "source", "relu = None"))
    assert len(graded(small_class)[1].ran) == 1


def test_learners_who_handed_in_the_same_are_run_once(course: Path) -> None:
    hand_in(course, PERFECT, Submission("bea", CHAPTER, "the same"))
    result, engine = graded(course)
    assert len(engine.ran) == 1
    assert {sum(one.values()) for one in result.points().values()} == {22}


def test_one_learner_is_graded_alone(small_class: Path) -> None:
    result, engine = graded(small_class, student="carl")
    assert (list(result.states()), len(engine.ran)) == (["carl"], 1)
    assert {who for _, who, _ in gradebook(small_class)["submissions"]} == {"carl"}


def spoiled_reference(folder: Path, change: Any) -> Path:
    folder.mkdir(parents=True)
    content = from_bytes((PUBLIC / "functional.safetensors").read_bytes(), small=True)
    change(content)
    (folder / "functional.safetensors").write_bytes(to_bytes(content, small=True))
    return folder


def expect_otherwise(content: Any) -> None:
    """Other values for relu in its first case: the others, its gradients and the rest stay right."""
    first, *others = content["relu"]["expected"]
    content["relu"]["expected"] = ({**first, "values": first["values"] + 1}, *others)


def test_what_is_expected_decides_anew_without_running_anything(course: Path, tmp_path: Path) -> None:
    hand_in(course, PERFECT)
    graded(course)
    result, engine = graded(course, reference=spoiled_reference(tmp_path / "other", expect_otherwise))
    assert len(engine.ran) == 0
    assert 1 < result.points()["ada"]["relu"] < 2
    assert sum(result.points()["ada"].values()) == 20 + result.points()["ada"]["relu"]
    assert points_in(course, "ada") == result.points()["ada"]


def test_other_cases_are_run(course: Path, tmp_path: Path) -> None:
    def other_inputs(content: Any) -> None:
        case = content["relu"]["cases"][0]
        content["relu"]["cases"] = ({**case, "inputs": {"x": torch.ones(3)}}, *content["relu"]["cases"][1:])

    hand_in(course, PERFECT)
    graded(course)
    _, engine = graded(course, reference=spoiled_reference(tmp_path / "other", other_inputs))
    assert len(engine.ran) == 1


def test_a_class_with_its_own_reference_is_compared_with_that_and_says_so(course: Path) -> None:
    hand_in(course, PERFECT)
    text = io.StringIO()
    assert graded(course, console=Console(file=text, width=200))[0].reference == "the public reference"
    spoiled_reference(course / "classroom" / "reference", expect_otherwise)
    result, _ = graded(course, console=Console(file=text, width=200))
    assert result.reference == "the private reference in classroom/reference"
    assert "answers are compared with the private reference in classroom/reference" in text.getvalue()
    assert 1 < result.points()["ada"]["relu"] < 2


def test_other_limits_run_everything_again(course: Path) -> None:
    hand_in(course, PERFECT)
    graded(course)
    assert len(graded(course, limits=Limits(cell_seconds=5))[1].ran) == 1


def test_what_is_not_released_cannot_be_graded(course: Path) -> None:
    hand_in(course, PERFECT)
    with pytest.raises(ValueError, match=r"knows no 03_cnn_with_modules.*autograder release"):
        grade("03", course, engine=InProcess())


def test_a_check_that_has_changed_since_it_was_handed_out_is_told(course: Path) -> None:
    hand_in(course, PERFECT)
    source = course / "solutions" / CHAPTER / f"{CHAPTER}.ipynb"
    source.write_text(source.read_text().replace('check(\\"relu\\", relu)', 'check(\\"relu\\",  relu)'))
    with pytest.raises(ValueError, match=r"check_relu of .* has changed since it was handed out"):
        graded(course)


def test_a_chapter_whose_source_this_class_does_not_have_is_to_be_released_first(course: Path) -> None:
    shutil.rmtree(course / "solutions" / "09_where_functional_shines")
    with pytest.raises(FileNotFoundError, match=r"hand it out first: python -m autograder release 09_\w+$"):
        grade("09", course, engine=InProcess())


def test_a_folder_without_a_class_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no nbgrader_config.py"):
        grade("04", tmp_path, engine=InProcess())


def test_files_handed_in_go_along_and_links_among_them_do_not(course: Path) -> None:
    hand_in(course, PERFECT)
    folder = submitted(course, "ada").parent
    (folder / "data.txt").write_text("mine")
    (folder / "secret.txt").symlink_to(course / "classroom" / "gradebook.db")
    _, engine = graded(course)
    assert dict(engine.ran[0].files) == {"data.txt": b"mine"}
    recorded = course / "classroom" / "autograded" / "ada" / CHAPTER
    assert sorted(path.name for path in recorded.iterdir()) == [f"{CHAPTER}.ipynb", "data.txt"]


def test_nothing_is_left_behind(small_class: Path) -> None:
    before = {path: path.read_bytes() for path in (small_class / "classroom/submitted").rglob("*") if path.is_file()}
    graded(small_class)
    after = {path: path.read_bytes() for path in (small_class / "classroom/submitted").rglob("*") if path.is_file()}
    assert after == before
    rest = {path.name for path in (small_class / "classroom" / "results").iterdir()}
    assert rest == {"added.json", "grading.lock", "recorded", "seen"}


def test_without_our_results_the_same_gradebook_comes_out(small_class: Path) -> None:
    graded(small_class)
    before = gradebook(small_class)
    shutil.rmtree(small_class / "classroom" / "results")
    graded(small_class)
    assert gradebook(small_class) == before
