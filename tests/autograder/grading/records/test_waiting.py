"""Nothing is lost, in words: a gradebook in use, a full disk, two graders at once, what dead runs left."""

from __future__ import annotations

import errno
import io
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from grading_class import CHAPTER, PARTLY, PERFECT, InProcess, gradebook, hand_in, points_in, settle
from nbgrader.api import Gradebook
from nbgrader.preprocessors import SaveAutoGrades
from rich.console import Console

from autograder.grading.grade import GradeResult, grade
from autograder.grading.records import full_disk, waiting
from autograder.grading.records.export import export
from autograder.grading.records.full_disk import DiskFull, disk_said, is_full
from autograder.grading.records.one_pass import Writer
from autograder.grading.records.waiting import GradebookLocked, wait_for_gradebook
from autograder.grading.rows import table_of
from autograder.grading.slots import leftovers
from autograder.grading.slots.store import Store
from autograder.grading.table import show
from autograder.sample.learners import Submission


@contextmanager
def locked(course: Path) -> Iterator[None]:
    """Somebody writes into the gradebook, and does not come to an end."""
    with closing(sqlite3.connect(course / "classroom" / "gradebook.db", isolation_level=None)) as book:
        book.execute("BEGIN EXCLUSIVE")
        yield
        book.execute("ROLLBACK")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_AT_ONCE", 0.01)
    monkeypatch.setattr(waiting, "_PATIENCE", 0.05)


def said_by(course: Path, **words: Any) -> tuple[GradeResult, str]:
    text = io.StringIO()
    result = grade("04", course, engine=InProcess(), console=Console(file=text, width=300), **words)
    return result, text.getvalue()


@pytest.mark.usefixtures("impatient")
def test_a_gradebook_that_stays_locked_is_one_clear_line(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hand_in(course, PERFECT)
    with (
        locked(course),
        pytest.raises(GradebookLocked, match=r"gradebook.db has been locked.*Close what uses it") as error,
    ):
        grade("04", course, engine=InProcess())
    assert "sqlalche" not in str(error.value).lower() and "\n" not in str(error.value)
    assert capsys.readouterr().err.count("waiting up to") == 1
    assert grade("04", course, engine=InProcess()).recorded == 1


@pytest.mark.usefixtures("impatient")
def test_a_gradebook_that_is_locked_while_results_are_written_ends_the_run_once_and_loses_nothing(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(course, PERFECT, PARTLY)
    write = Writer.write
    held = sqlite3.connect(course / "classroom" / "gradebook.db", isolation_level=None, check_same_thread=False)

    def then_lock(self: Writer, converter: Any, ready: Any, done: Any) -> None:
        write(self, converter, ready, done)
        held.execute("BEGIN EXCLUSIVE")

    monkeypatch.setattr(Writer, "write", then_lock)
    with pytest.raises(GradebookLocked, match=r"Close what uses it.*1 of 2 rows of this class are done"):
        grade("04", course, engine=InProcess())
    held.close()
    monkeypatch.undo()
    again = grade("04", course, engine=InProcess())
    assert (again.executed, again.recorded, again.problems) == (0, 1, ())


def test_a_gradebook_that_comes_free_is_waited_for(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_AT_ONCE", 0.01)
    said: list[str] = []
    held = sqlite3.connect(course / "classroom" / "gradebook.db", isolation_level=None, check_same_thread=False)
    held.execute("BEGIN EXCLUSIVE")

    def tell(words: str) -> None:
        said.append(words)
        held.execute("ROLLBACK")

    wait_for_gradebook(f"sqlite:///{course / 'classroom' / 'gradebook.db'}", tell)
    held.close()
    assert len(said) == 1 and "is in use by another program; waiting" in said[0]


def test_who_grades_second_says_so_and_waits(course: Path) -> None:
    hand_in(course, PERFECT)
    (course / "classroom" / "results").mkdir()
    first = FileLock(course / "classroom" / "results" / "grading.lock", thread_local=False)
    first.acquire()
    heard = threading.Event()

    class Heard(io.StringIO):
        def write(self, text: str) -> int:
            if "another grade of this class is running" in text:
                heard.set()
            return super().write(text)

    done: list[int] = []
    text = Heard()

    def second() -> None:
        done.append(grade("04", course, engine=InProcess(), console=Console(file=text, width=200)).recorded)

    waiting_one = threading.Thread(target=second)
    waiting_one.start()
    assert heard.wait(60)
    assert done == [] and not (course / "classroom" / "results" / "seen").exists()
    first.release()
    waiting_one.join(120)
    assert done == [1]
    assert text.getvalue().count("another grade") == 1


@pytest.mark.parametrize("where", ["store", "gradebook", "nbgrader's converter"])
def test_a_full_disk_says_which_and_how_far_it_came(course: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    if where == "nbgrader's converter":  # a setting for which our own writer does not stand in
        settle(course, "\nc.Autograde.exclude_overwriting = {'another_assignment': ['data.csv']}\n")
        monkeypatch.delattr(Writer, "write")
    hand_in(course, PERFECT, PARTLY)
    monkeypatch.setattr(full_disk, "_free", lambda place: 0 if place == course / "classroom" / "results" else 1 << 40)
    written: list[str] = []

    def fail(call: Any) -> Any:
        def called(self: Any, *given: Any) -> Any:
            if written:
                raise OSError(errno.ENOSPC, "No space left on device")
            written.append("one")
            return call(self, *given)

        return called

    owner: Any
    owner, name = {"store": (Store, "put"), "gradebook": (Writer, "write")}.get(where, (SaveAutoGrades, "preprocess"))
    monkeypatch.setattr(owner, name, fail(getattr(owner, name)))
    with pytest.raises(DiskFull, match=r"a disk is full: that of the class, mounted at /.*[01] of 2 rows") as error:
        grade("04", course, engine=InProcess())
    assert "Make room, and start again" in str(error.value)
    monkeypatch.undo()
    assert grade("04", course, engine=InProcess()).problems == ()
    assert len(gradebook(course)["submissions"]) == 2


def test_a_full_disk_is_told_from_other_errors_and_by_its_cause() -> None:
    wrapped = RuntimeError("nbgrader")
    wrapped.__cause__ = sqlite3.OperationalError("database or disk is full")
    assert is_full(wrapped) and not is_full(OSError(errno.EACCES, "no"))


def test_where_no_disk_is_full_none_is_accused(tmp_path: Path) -> None:
    assert "there is no room left, on a disk or within its quota: that of the class" in disk_said(tmp_path / "gone")


HOLDS = """
import os, pathlib, signal, sys
from autograder.grading.slots import leftovers
held = leftovers.hold(pathlib.Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_folders_of_dead_slots_are_swept_and_those_of_the_living_and_of_others_stay(root: Path, tmp_path: Path) -> None:
    folders = [tmp_path / f"slot-{name}" for name in ("dead", "living", "others")]
    for folder in folders:
        folder.mkdir()
        (folder / "packages").mkdir()
    command = [sys.executable, "-c", HOLDS]
    pipes: dict[str, Any] = {
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "env": {**os.environ, "PYTHONPATH": str(root)},
    }
    with (
        subprocess.Popen([*command, str(folders[0])], **pipes) as dead,
        subprocess.Popen([*command, str(folders[1])], **pipes) as living,
    ):
        for process in (dead, living):
            assert process.stdout is not None and process.stdout.readline() == b"held\n"
        dead.send_signal(signal.SIGKILL)
        dead.wait()
        assert leftovers.sweep(tmp_path) == 1
        assert [folder.exists() for folder in folders] == [False, True, True]
        assert living.stdin is not None
        living.stdin.close()


def test_learners_of_the_gradebook_are_listed_others_told_apart_and_all_sorted_by_name_then_id(course: Path) -> None:
    hand_in(course, PERFECT, PARTLY, Submission("bea", CHAPTER, "perfect"))
    with Gradebook(f"sqlite:///{course / 'classroom' / 'gradebook.db'}", "one_cnn_two_ways") as book:
        book.update_or_create_student("ada", last_name="Zuse", first_name="Ada")
        book.update_or_create_student("carl", last_name="Aiken", first_name="Carl")
        book.update_or_create_student("noether", last_name="Noether", first_name="Emmy")
    for _ in range(2):  # once it is graded, bea is in the gradebook as well, and still on nobody's list
        result = grade("04", course, engine=InProcess())
        assert list(result.states().items()) == [
            ("bea", "graded"),
            ("carl", "graded"),
            ("noether", "missing"),
            ("ada", "graded"),
        ]
        assert result.as_json()["not_in_gradebook"] == ["bea"]
        text = io.StringIO()
        show(table_of(result), Console(file=text, width=200), "done")
        assert "not in the gradebook's list" in text.getvalue() and "noether (Noether, Emmy)" in text.getvalue()
    assert "noether" not in {who for _, who, _ in gradebook(course)["submissions"]}


def test_a_class_without_a_list_has_no_strangers(course: Path) -> None:
    hand_in(course, PERFECT)
    assert grade("04", course, engine=InProcess()).as_json()["not_in_gradebook"] == []
    assert grade("04", course, engine=InProcess()).as_json()["not_in_gradebook"] == []


def test_a_folder_that_was_taken_away_is_told_from_one_that_never_was(course: Path) -> None:
    hand_in(course, PERFECT)
    grade("04", course, engine=InProcess())
    (course / "classroom" / "submitted" / "ada").rename(course / "ada")
    result, _ = said_by(course)
    assert "the gradebook keeps what was recorded before" in result.submissions[0].note
    assert sum(points_in(course, "ada").values()) == 22


def test_a_very_long_name_is_recorded_and_reported(course: Path) -> None:
    long = "x" * 240
    hand_in(course, Submission(long, CHAPTER, "perfect"), Submission(long + "y", CHAPTER, "perfect"))
    result = grade("04", course, engine=InProcess())
    assert (result.recorded, result.problems) == (2, ())
    assert grade("04", course, engine=InProcess()).recorded == 0
    assert points_in(course, long)["relu"] == 2


def test_no_table_of_grades_holds_a_formula(course: Path) -> None:
    hand_in(course, Submission("=SUM(1)", CHAPTER, "perfect"), Submission("+1", CHAPTER, "perfect"))
    grade("04", course, engine=InProcess())
    text = export(course).read_text()
    assert '"\'=SUM(1)"' in text and '"\'+1"' in text
    assert '"=' not in text and ",=" not in text
