"""Where the best of a learner's hand-ins counts: a later one that earns less costs nothing, and everybody is told which counts."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from grading_class import CHAPTER, InProcess, gradebook, hand_in, nbgrader, outcome_of, points_in, settle, submitted
from lms import EARLY, LATE, ZOE, canvas, enrol, notebooks, zipped
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension
from rich.console import Console

from autograder.grading.explain import explain
from autograder.grading.grade import GradeResult, grade
from autograder.grading.lms.collect import collect
from autograder.grading.records import basis, hand_ins
from autograder.grading.records.classroom import open_classroom
from autograder.grading.records.export import export, feedback
from autograder.grading.records.recorded import recorded
from autograder.grading.slots.store import key_of
from autograder.grading.submissions import verdicts
from autograder.grading.submissions.prepare import prepare
from autograder.report.explained import as_words
from autograder.sample.learners import Answer, Submission

BEST = 'c.HandIns.counts = "best"\n'
ALL = Submission("ada", CHAPTER, "all")
WORSE = Submission("ada", CHAPTER, "worse", {"relu": Answer("def relu(x):\n    return x.clamp(min=0)", 2)}, rest="STUB")


def graded(course: Path, **words: Any) -> tuple[GradeResult, str]:
    text = io.StringIO()
    result = grade("04", course, engine=InProcess(), console=Console(file=text, width=300), **words)
    return result, text.getvalue()


def hands_in(course: Path, work: Submission, when: str = "") -> None:
    hand_in(course, work)
    stamp = submitted(course, work.learner).with_name("timestamp.txt")
    stamp.unlink(missing_ok=True)
    if when:
        stamp.write_text(when)


def due(course: Path, when: str) -> None:
    with Gradebook(f"sqlite:///{course / 'classroom' / 'gradebook.db'}", "one_cnn_two_ways") as book:
        book.update_or_create_assignment(CHAPTER, duedate=when)


def table(course: Path) -> dict[str, dict[str, str]]:
    with export(course).open(encoding="utf-8", newline="") as file:
        return {row["student_id"]: row for row in csv.DictReader(file) if row["assignment"] == CHAPTER}


def test_a_second_hand_in_that_earns_less_does_not_cost_the_better_score(course: Path) -> None:
    settle(course, BEST)
    hands_in(course, ALL)
    assert graded(course)[0].total("ada").points == 22
    hands_in(course, WORSE)
    result, _ = graded(course)
    assert (result.total("ada").points, sum(points_in(course, "ada").values())) == (22, 22)
    words = "the best counts: hand-in 1 of 2; the latest earns 2"
    assert words in result.counted()[0]["note"]
    assert words in recorded("04", course)[0]["note"]
    assert words in as_words(explain("ada", "04", course))
    assert explain("ada", "04", course).points == 22
    row = table(course)["ada"]
    assert (float(row["score"]), row["hand_in"]) == (22, "1 of 2")
    page = (feedback("04", course) / "ada" / CHAPTER / f"{CHAPTER}.html").read_text(encoding="utf-8")
    assert "this is hand-in 1 of 2" in page


def test_by_default_the_latest_counts_and_nothing_is_kept_of_the_others(course: Path) -> None:
    hands_in(course, ALL)
    graded(course)
    hands_in(course, WORSE)
    assert graded(course)[0].total("ada").points == 2
    assert not (course / "classroom" / "handed_in").exists()
    assert not table(course)["ada"]["hand_in"]


def test_a_better_one_counts_and_of_equals_the_latest(course: Path) -> None:
    settle(course, BEST)
    hands_in(course, WORSE)
    graded(course)
    hands_in(course, ALL)
    result, _ = graded(course)
    assert result.total("ada").points == 22
    assert "hand-in 2 of 2" in result.counted()[0]["note"]
    hands_in(course, ALL, "2030-01-03 00:00:00 UTC")
    assert "hand-in 3 of 3" in graded(course)[0].counted()[0]["note"]


def test_it_is_the_best_after_what_being_late_takes(course: Path) -> None:
    settle(course, BEST + 'c.LateSubmissionPlugin.penalty_method = "zero"\n')
    due(course, "2030-01-02")
    hands_in(course, WORSE, "2030-01-01 00:00:00 UTC")
    graded(course)
    hands_in(course, ALL, "2030-01-03 00:00:00 UTC")
    result, _ = graded(course)
    assert result.total("ada").points == 2
    assert "hand-in 1 of 2; the latest earns 0" in result.counted()[0]["note"]
    with Gradebook(f"sqlite:///{course / 'classroom' / 'gradebook.db'}", "one_cnn_two_ways") as book:
        book.find_submission(CHAPTER, "ada").extension = timedelta(days=5)
        book.db.commit()
    result, said = graded(course)
    assert (result.executed, result.total("ada").points) == (0, 22)
    assert "ada: 2 → 22 points" in said
    assert "which hand-in counts (1 of 2, now 2 of 2)" in said


def test_a_second_run_and_a_dry_run_change_nothing(course: Path) -> None:
    settle(course, BEST)
    hands_in(course, ALL)
    graded(course)
    hands_in(course, WORSE)
    dry, _ = graded(course, dry_run=True)
    assert dry.total("ada").points == 22
    assert len(list((course / "classroom" / "handed_in").rglob("*.ipynb"))) == 1
    graded(course)
    before = gradebook(course)
    again, _ = graded(course)
    assert (again.executed, again.recorded) == (0, 0)
    assert gradebook(course) == before
    assert len(list((course / "classroom" / "handed_in").rglob("*.ipynb"))) == 2


def test_a_mended_check_that_turns_the_order_is_said_with_its_reason(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(course, BEST)
    hands_in(course, Submission("ada", CHAPTER, "some", {"linear": Answer("def linear(*a): pass", 0)}))
    graded(course)
    hands_in(course, WORSE)
    first = graded(course)[0].total("ada").points
    judge = verdicts.judge

    def only_relu(exercise: Any, *rest: Any) -> Any:
        found = judge(exercise, *rest)
        return found if exercise.id == "relu" else replace(found, score=0.0)

    monkeypatch.setattr(verdicts, "judge", only_relu)
    monkeypatch.setattr(basis, "_code", lambda: "mended")
    result, said = graded(course)
    assert first > 2 == result.total("ada").points
    assert f"ada: {first:g} → 2 points" in said
    assert "which hand-in counts (1 of 2, now 2 of 2)" in said


@pytest.mark.parametrize("breaks", ["keep", "record"])
def test_a_killed_run_costs_nobody_the_better_score(course: Path, monkeypatch: pytest.MonkeyPatch, breaks: str) -> None:
    settle(course, BEST)
    hands_in(course, ALL)
    graded(course)
    hands_in(course, WORSE)

    def killed(*anything: Any, **more: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if breaks == "keep":
            patch.setattr(Path, "rename", killed)
        else:
            patch.setattr("autograder.grading.records.record.Recorder.record", killed)
        with pytest.raises(KeyboardInterrupt):
            graded(course)
    assert sum(points_in(course, "ada").values()) == 22
    assert graded(course)[0].total("ada").points == 22


def test_collect_keeps_a_hand_in_that_was_never_graded(course: Path) -> None:
    settle(course, BEST)
    enrol(course)
    work = notebooks(course)
    for number, name, when in ((1, "all", EARLY), (2, "none", LATE)):
        archive = zipped(course / f"{number}.zip", [(canvas(ZOE, upload=3000 + number), work[name], when)])
        [line] = collect("04", archive, course).lines
        assert (line.learner, line.what) == ("zoe", "collected" if number == 1 else "updated")
    result, _ = graded(course, student="zoe")
    assert result.total("zoe").points == 22
    assert "hand-in 1 of 2" in result.counted()[0]["note"]


def from_a_program(course: Path) -> None:
    assert NbGraderAPI(config=open_classroom(course)[1]).autograde(CHAPTER, "ada", force=True)["success"]


# These two make the course's directory before they read the settings.
def by_the_formgraders_button(course: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(course)
        page = FormgradeExtension()
        page.initialize([])
        page.coursedir.parent.load_config_file()  # as before each of its requests
        api = NbGraderAPI(page.coursedir, page.authenticator, parent=page.coursedir.parent)
        assert api.autograde(CHAPTER, "ada", force=True)["success"]


def on_the_command_line(course: Path) -> None:
    assert nbgrader(course, "autograde", CHAPTER, "--force").returncode == 0


@pytest.mark.parametrize("autograde", [from_a_program, by_the_formgraders_button, on_the_command_line])
def test_plain_nbgrader_gives_the_same_grade(course: Path, tmp_path: Path, autograde: Callable[[Path], None]) -> None:
    settle(course, BEST + 'c.LateSubmissionPlugin.penalty_method = "zero"\n')
    due(course, "2030-01-02")
    hands_in(course, ALL, "2030-01-01 00:00:00 UTC")
    graded(course)
    hands_in(course, WORSE, "2030-01-03 00:00:00 UTC")
    other = Path(shutil.copytree(course, tmp_path / "other"))
    graded(course)
    room, _ = open_classroom(other)
    task = room.assignment(CHAPTER)
    job = prepare(task, "ada").job
    assert job is not None
    room.store.put(key_of(job), outcome_of(job))
    autograde(other)
    assert gradebook(other) == gradebook(course)
    assert sum(points_in(other, "ada").values()) == 22


@pytest.mark.parametrize("first", ["best", "latest"])
def test_another_rule_is_named_with_every_score_that_it_changes(course: Path, first: str) -> None:
    settle(course, BEST)
    hands_in(course, ALL)
    graded(course)
    hands_in(course, WORSE)
    graded(course)
    if first == "latest":
        settle(course, 'c.HandIns.counts = "latest"\n')
        graded(course)
    before, after, rule = (22, 2, "latest") if first == "best" else (2, 22, "best")
    settle(course, f'c.HandIns.counts = "{rule}"\n')
    result, said = graded(course)
    assert (result.total("ada").points, result.executed) == (after, 0)
    assert [(one.student, one.before, one.after, one.why) for one in result.changes] == [
        ("ada", before, after, (f"which hand-in counts ({first}, now {rule})",))
    ]
    assert f"which hand-in counts ({first}, now {rule})" in said


def test_another_rule_is_no_new_hand_in_under_a_score_by_hand(course: Path) -> None:
    settle(course, BEST)
    hands_in(course, WORSE)
    graded(course)
    hands_in(course, ALL)
    graded(course)
    with Gradebook(f"sqlite:///{course / 'classroom' / 'gradebook.db'}", "one_cnn_two_ways") as book:
        book.find_grade("check_linear", CHAPTER, CHAPTER, "ada").manual_score = 0.5
        book.db.commit()
    settle(course, 'c.HandIns.counts = "latest"\n')
    assert "handed in again" not in graded(course)[0].counted()[0]["note"]
    hands_in(course, WORSE)
    assert "handed in again" in graded(course)[0].counted()[0]["note"]


def test_another_word_in_the_settings_is_refused(course: Path) -> None:
    settle(course, 'c.HandIns.counts = "newest"\n')
    with pytest.raises(ValueError, match=r"c\.HandIns\.counts in nbgrader_config\.py is 'newest'; it can be"):
        graded(course)


def test_what_is_kept_is_read_as_it_was_handed_in(course: Path) -> None:
    settle(course, BEST)
    hands_in(course, ALL, "2030-01-01 00:00:00 UTC")
    (submitted(course, "ada").parent / "points.csv").write_text("1,2\n")
    room, _ = open_classroom(course)
    task = room.assignment(CHAPTER)
    ready = prepare(task, "ada")
    hand_ins.keep(room, task, ready)
    hand_ins.keep(room, task, ready)
    [folder] = room.hand_ins(CHAPTER, "ada").iterdir()
    assert (folder / "points.csv").read_text() == "1,2\n"
    assert len(hand_ins.handed_in(room, task, ready).tries) == 1  # it is the same, and not another one
