"""A date of one learner's own: kept as a date, of those who have not handed in too, and reckoned anew when dates move."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from grading_class import CHAPTER, PERFECT, InProcess, gradebook, hand_in, outcome_of, settle, submitted
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI

from autograder.__main__ import main
from autograder.grading.grade import GradeResult, grade
from autograder.grading.records.classroom import open_classroom
from autograder.grading.slots.store import key_of
from autograder.grading.submissions.prepare import prepare
from autograder.grading.unchanged import Folders, look
from autograder.sample.learners import Submission

OTHER = Submission("bob", CHAPTER, "all")
DAY = "2030-01-03 00:00:00 UTC"


@pytest.fixture
def late(course: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A class in which two hand in a day late, and late work earns nothing."""
    settle(course, 'c.LateSubmissionPlugin.penalty_method = "zero"\n')
    due(course, "2030-01-02")
    for one in (PERFECT, OTHER):
        hand_in(course, one)
        submitted(course, one.learner).with_name("timestamp.txt").write_text(DAY)
    with book(course) as open_book:
        open_book.update_or_create_student("ada")
        open_book.update_or_create_student("zoe")
    monkeypatch.chdir(course)
    return course


def book(course: Path) -> Gradebook:
    return Gradebook(f"sqlite:///{course / 'classroom' / 'gradebook.db'}", "one_cnn_two_ways")


def due(course: Path, when: str) -> None:
    with book(course) as open_book:
        open_book.update_or_create_assignment(CHAPTER, duedate=when)


def graded(course: Path, **words: Any) -> GradeResult:
    return grade("04", course, engine=InProcess(), **words)


def points(result: GradeResult) -> tuple[float, float]:
    return result.total("ada").points, result.total("bob").points


def test_a_date_before_the_first_grading_counts_for_that_learner_alone(late: Path) -> None:
    assert main(["extend", "ada", "04", "2030-01-04 00:00 UTC"]) == 0
    assert points(graded(late, dry_run=True)) == (22, 0)
    assert points(graded(late)) == (22, 0)
    again = graded(late)
    assert (again.executed, again.recorded) == (0, 0)


def test_a_date_after_grading_counts_the_next_time_and_is_said(late: Path) -> None:
    assert points(graded(late)) == (0, 0)
    assert main(["extend", "ada", "04", "2030-01-04 00:00 UTC"]) == 0
    result = graded(late)
    assert (result.executed, points(result)) == (0, (22, 0))
    assert [(one.student, one.why) for one in result.changes] == [
        ("ada", ("when it was due (24 hours late, now in time)",))
    ]
    assert main(["extend", "ada", "04", "--none"]) == 0
    assert points(graded(late)) == (0, 0)


def test_it_stays_that_date_when_the_class_gets_another(late: Path) -> None:
    assert main(["extend", "ada", "04", "2030-01-04 00:00 UTC"]) == 0
    graded(late)
    due(late, "2029-12-01")  # an extension of so many days would end before ada handed in
    assert points(graded(late)) == (22, 0)
    due(late, "2030-02-01")  # nobody is worse off than the class
    assert points(graded(late)) == (22, 22)


def test_a_dry_run_foresees_what_grading_writes_after_the_class_got_another_date(late: Path) -> None:
    assert main(["extend", "ada", "04", "2030-01-02 12:00 UTC"]) == 0
    assert points(graded(late)) == (0, 0)  # twelve hours after her own date
    due(late, "2030-01-02 12:00")  # the gradebook still gives her twelve hours more than the class
    foreseen = graded(late, dry_run=True)
    assert (points(foreseen), foreseen.changes) == ((0, 0), ())
    assert points(graded(late)) == (0, 0)


def test_plain_nbgrader_goes_by_it_too(late: Path) -> None:
    assert main(["extend", "ada", "04", "2030-01-04 00:00 UTC"]) == 0
    room, config = open_classroom(late)
    for student in ("ada", "bob"):
        job = prepare(room.assignment(CHAPTER), student).job
        assert job is not None
        room.store.put(key_of(job), outcome_of(job))
        assert NbGraderAPI(config=config).autograde(CHAPTER, student, force=True)["success"]
    with book(late) as open_book:
        taken = {one.student.id: one.late_submission_penalty for one in open_book.find_assignment(CHAPTER).submissions}
    assert taken == {"ada": 0, "bob": 22}


def test_who_has_not_handed_in_gets_no_row_in_the_gradebook(late: Path) -> None:
    before = gradebook(late)
    assert main(["extend", "zoe", "04", "2030-01-04 00:00 UTC"]) == 0
    assert gradebook(late) == before
    assert graded(late).states()["zoe"] == "missing"


def test_a_class_with_a_new_date_is_not_taken_for_unchanged(late: Path) -> None:
    room, _ = open_classroom(late)
    folders = Folders(*map(str, (room.source, room.submitted, late / "none", room.autograded, late / "gradebook.db")))
    before = look(late, CHAPTER, {}, folders)
    assert look(late, CHAPTER, {}, folders) == before
    main(["extend", "ada", "04", "2030-01-04 00:00 UTC"])
    assert look(late, CHAPTER, {}, folders) != before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nobody", "04", "2030-01-04 00:00 UTC"), "nobody called 'nobody' is in the gradebook"),
        (("ada", "04", "2030-01-04"), "is no day, hour and zone such as"),
        (("ada", "04", "2030-01-04 10:00 Berlin"), "is no day, hour and zone such as"),
        (("ada", "04", "2030-01-01 10:00 UTC"), "is not later than 2030-01-02 00:00:00 UTC"),
        (("ada", "04"), "give a date, or --none"),
    ],
)
def test_what_is_no_extension_is_refused(
    late: Path, words: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["extend", *words]) == 1
    assert says in capsys.readouterr().err
    assert not (late / "classroom" / "extensions.json").exists()


def test_without_a_due_date_there_is_nothing_to_extend(
    course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(course)
    hand_in(course, PERFECT)
    assert main(["extend", "ada", "04", "2030-01-04 00:00 UTC"]) == 1
    assert "is not due for anybody" in capsys.readouterr().err


def test_dates_that_cannot_be_read_stop_grading_instead_of_being_forgotten(late: Path) -> None:
    (late / "classroom" / "extensions.json").write_text("{nope")
    with pytest.raises(ValueError, match=r"extensions\.json in classroom cannot be read"):
        graded(late)
    (late / "classroom" / "extensions.json").write_text(json.dumps({CHAPTER: {"ada": "soon"}}))
    with pytest.raises(
        ValueError, match=rf"extensions\.json in classroom, ada in {CHAPTER}: 'soon' is no day, .* extend ada"
    ):
        graded(late)
