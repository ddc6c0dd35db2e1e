"""Scores that change although the work did not are said with their reasons before they are written; a dry run writes nothing."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from grading_class import (
    CHAPTER,
    LINEAR,
    PARTLY,
    PERFECT,
    SOME,
    InProcess,
    cell_of,
    gradebook,
    hand_in,
    hand_in_changed,
    submitted,
)
from nbgrader.api import Gradebook
from rich.console import Console

from autograder.grading.grade import GradeResult, grade
from autograder.grading.records import basis
from autograder.grading.records.record import Recorder
from autograder.grading.slots.job import Limits
from autograder.grading.submissions import verdicts
from autograder.judging.reference import PUBLIC
from autograder.observing.codec import from_bytes, to_bytes
from autograder.sample.learners import Submission


def graded(course: Path, **words: Any) -> tuple[GradeResult, str]:
    text = io.StringIO()
    result = grade("04", course, engine=InProcess(), console=Console(file=text, width=300), **words)
    return result, text.getvalue()


def files(course: Path) -> dict[str, tuple[str, int]]:
    """All of a class's files with what is in them and when they were written."""
    return {
        str(path.relative_to(course)): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(course.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def another_reference(course: Path) -> None:
    """The class's own, by which relu gives other numbers."""
    folder = course / "classroom" / "reference"
    folder.mkdir()
    content = from_bytes((PUBLIC / "functional.safetensors").read_bytes(), small=True)
    expected = content["relu"]["expected"]
    content["relu"]["expected"] = (*expected[1:], expected[0])
    (folder / "functional.safetensors").write_bytes(to_bytes(content, small=True))


@pytest.fixture
def judged_otherwise(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Have the judge give relu so many points."""

    def otherwise(points: float) -> None:
        judge = verdicts.judge

        def judged(exercise: Any, *rest: Any) -> Any:
            verdict = judge(exercise, *rest)
            return replace(verdict, score=points) if exercise.id == "relu" else verdict

        monkeypatch.setattr(verdicts, "judge", judged)

    return otherwise


def test_a_changed_reference_is_named_before_anything_is_written(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in(course, PERFECT, Submission("bea", CHAPTER, "new, and not in it yet"))
    shutil.move(submitted(course, "bea").parents[1], course / "bea")
    graded(course)
    shutil.move(course / "bea", submitted(course, "bea").parents[1])
    another_reference(course)
    before = [one for one in gradebook(course)["grades"] if one[0] == "ada"]
    text = io.StringIO()
    record = Recorder.record
    said_first: dict[str, bool] = {}

    def recording(self: Recorder, ready: Any, *rest: Any) -> bool:
        said_first[ready.student] = "ada: 22 → 20 points (relu 2 → 0)" in text.getvalue()
        if ready.student == "ada":
            assert [one for one in gradebook(course)["grades"] if one[0] == "ada"] == before
        return record(self, ready, *rest)

    monkeypatch.setattr(Recorder, "record", recording)
    result = grade("04", course, engine=InProcess(), console=Console(file=text, width=300))
    assert said_first == {"bea": False, "ada": True}  # new work is nothing that changed
    (change,) = result.changes
    assert (change.student, change.before, change.after, change.exercises) == ("ada", 22, 20, (("relu", 2, 0),))
    assert change.why == ("the reference of relu",)
    assert result.as_json()["changed"] == [change.as_json()]
    assert "1 score will change although the work did not" in text.getvalue()
    assert (result.total("ada").points, result.recorded) == (20, 2)
    monkeypatch.undo()
    assert graded(course)[0].changes == ()


def test_a_dry_run_says_so_and_writes_nothing(course: Path) -> None:
    hand_in(course, PERFECT, PARTLY)
    graded(course)
    another_reference(course)
    hand_in(course, Submission("dora", CHAPTER, "never seen", PARTLY.answers, "STUB"))
    before = files(course)
    result, said = graded(course, dry_run=True, limits=Limits(cell_seconds=29))
    assert files(course) == before
    assert "2 scores would change although the work did not" in said
    assert "the reference of relu; the limit cell_seconds (30, now 29)" in said
    assert {one.student: (one.before, one.after) for one in result.changes} == {"ada": (22, 20), "carl": (SOME, LINEAR)}
    assert {name: result.total(name).points for name in ("ada", "carl", "dora")} == {
        "ada": 20,
        "carl": LINEAR,
        "dora": LINEAR,
    }
    assert result.recorded == 0 and result.as_json()["dry_run"]
    real = graded(course)[0]
    assert [one.student for one in real.changes] == ["ada", "carl"]


def test_a_dry_run_of_a_class_that_was_never_graded_leaves_no_trace(course: Path) -> None:
    hand_in(course, PERFECT)
    before = files(course)
    assert graded(course, dry_run=True)[0].total("ada").points == 22
    assert files(course) == before and not (course / "classroom" / "results").exists()


def test_the_code_of_the_checks_a_limit_and_a_version_are_named(
    course: Path, monkeypatch: pytest.MonkeyPatch, judged_otherwise: Callable[[float], None]
) -> None:
    hand_in(course, PERFECT)
    graded(course)
    judged_otherwise(1)
    monkeypatch.setattr(basis, "_code", lambda: "another")
    assert graded(course)[0].changes[0].why == ("the code of the checks",)
    judged_otherwise(2)
    assert graded(course, limits=Limits(cell_seconds=29))[0].changes[0].why == ("the limit cell_seconds (30, now 29)",)
    judged_otherwise(0)
    kept = basis.versions()
    monkeypatch.setattr(basis, "versions", lambda: kept | {"torch": "99"})
    why = graded(course, limits=Limits(cell_seconds=29))[0].changes[0].why
    assert why == (f"the version of torch ({kept['torch']}, now 99)",)


def test_what_changed_without_changing_a_score_is_no_reason_later(
    course: Path, monkeypatch: pytest.MonkeyPatch, judged_otherwise: Callable[[float], None]
) -> None:
    hand_in(course, PERFECT)
    graded(course)
    monkeypatch.setattr(basis, "_code", lambda: "another")
    assert graded(course)[0].changes == ()
    judged_otherwise(0)
    assert graded(course, limits=Limits(cell_seconds=29))[0].changes[0].why == ("the limit cell_seconds (30, now 29)",)


def test_work_that_changed_is_no_such_change(course: Path) -> None:
    hand_in(course, PERFECT)
    graded(course)
    hand_in_changed(course, "ada", lambda nb: setattr(cell_of(nb, "relu"), "source", "relu = None"))
    result, said = graded(course)
    assert (result.changes, result.total("ada").points) == ((), 20)
    assert "although the work did not" not in said


def test_a_score_that_somebody_else_wrote_is_told_as_that(course: Path) -> None:
    hand_in(course, PERFECT)
    graded(course)
    with Gradebook(f"sqlite:///{course / 'classroom' / 'gradebook.db'}", "one_cnn_two_ways") as book:
        book.find_grade("check_relu", CHAPTER, CHAPTER, "ada").auto_score = 1
        book.db.commit()
    (change,) = graded(course)[0].changes
    assert (change.before, change.after) == (21, 22)
    assert change.why == ("somebody else wrote another score into the gradebook",)


def test_a_changed_check_under_a_score_by_hand_is_said_and_the_total_stays(
    course: Path, judged_otherwise: Callable[[float], None]
) -> None:
    hand_in(course, PERFECT)
    graded(course)
    with Gradebook(f"sqlite:///{course / 'classroom' / 'gradebook.db'}", "one_cnn_two_ways") as book:
        book.find_grade("check_relu", CHAPTER, CHAPTER, "ada").manual_score = 2
        book.db.commit()
    judged_otherwise(0)
    result, said = graded(course, limits=Limits(cell_seconds=29))
    assert "ada: 22 points still (relu 2 → 0). Changed since: the limit" in said
    assert result.total("ada").points == 22


def test_without_a_record_it_is_not_said_that_the_work_is_the_same(course: Path) -> None:
    """A gradebook that stock nbgrader, or another machine, has written: nobody knows what it was given for."""
    hand_in(course, PERFECT, PARTLY)
    graded(course)
    (course / "classroom" / "results" / "recorded" / CHAPTER / "ada.json").unlink()
    another_reference(course)
    result, said = graded(course, dry_run=True)
    assert {one.student: one.same_work for one in result.changes} == {"ada": False, "carl": True}
    first, of_carl, second, of_ada = [one for one in said.splitlines() if "→" in one or "would change" in one]
    assert first == "1 score would change although the work did not:" and "carl: " in of_carl
    assert second == "1 score would change although no change in the work is on record:"
    assert of_ada.endswith(
        "points (relu 2 → 0). Why: what it was graded with is not on record, nor whether the work is the same"
    )
