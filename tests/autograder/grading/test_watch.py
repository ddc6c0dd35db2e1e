"""`grade --watch`: whoever hands in is graded once, as soon as the copy is whole, and again when something newer comes."""

from __future__ import annotations

import errno
import io
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from grading_class import CHAPTER, PARTLY, PERFECT, SOME, InProcess, gradebook, hand_in, points_in, settle, submitted
from rich.console import Console

from autograder.__main__ import main
from autograder.grading import arrivals as module
from autograder.grading.arrivals import grade_arrivals
from autograder.grading.records.record import Recorder
from autograder.grading.records.waiting import GradebookLocked
from autograder.grading.submissions.looks import look_at
from autograder.grading.watch import Arrivals, watch
from autograder.sample.learners import Submission


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    path = tmp_path / "ada" / "ps1" / "ps1.ipynb"
    path.parent.mkdir(parents=True)
    return path


def test_a_copy_under_way_is_waited_for(notebook: Path, tmp_path: Path) -> None:
    arrivals = Arrivals(tmp_path, "ps1")
    notebook.write_text('{"cells": [')
    assert [arrivals.settled() for _ in range(3)] == [[], [], []]
    notebook.write_text('{"cells": []}')
    assert [arrivals.settled() for _ in range(3)] == [[], ["ada"], []]
    notebook.with_name("data.csv").write_text("1")
    assert [arrivals.settled() for _ in range(3)] == [[], ["ada"], []]


def test_what_stays_broken_is_what_was_handed_in(notebook: Path, tmp_path: Path) -> None:
    arrivals = Arrivals(tmp_path, "ps1", patience=3)
    notebook.write_text('{"cells": [')
    assert [arrivals.settled() for _ in range(5)] == [[], [], [], ["ada"], []]


def endless(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 40)


@pytest.mark.parametrize(
    "put",
    [
        os.mkfifo,
        lambda path: path.symlink_to("/dev/zero"),
        lambda path: path.write_text("[" * 100_000),
        endless,
    ],
    ids=["a pipe", "a link to what has no end", "nested without end", "larger than any memory"],
)
def test_what_cannot_be_read_as_a_notebook_neither_holds_up_nor_ends_the_watch(
    put: Callable[[Path], object], notebook: Path, tmp_path: Path
) -> None:
    put(notebook)
    whole = tmp_path / "bea" / "ps1" / "ps1.ipynb"
    whole.parent.mkdir(parents=True)
    whole.write_text("{}")
    arrivals = Arrivals(tmp_path, "ps1")
    assert [arrivals.settled() for _ in range(3)] == [[], ["ada", "bea"], []]


def test_who_could_not_be_graded_is_tried_again(notebook: Path, tmp_path: Path) -> None:
    notebook.write_text("{}")
    tries: list[str] = []
    looks = iter([True] * 6 + [False])

    def grade(student: str) -> bool:
        tries.append(student)
        return len(tries) > 1

    watch(Arrivals(tmp_path, "ps1"), grade, goes_on=lambda: next(looks), sleep=lambda seconds: None)
    assert tries == ["ada", "ada"]


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> list[InProcess]:
    engines: list[InProcess] = []

    @contextmanager
    def open_engine(*words: object, **more: object) -> Iterator[InProcess]:
        engines.append(InProcess())
        yield engines[-1]

    monkeypatch.setattr(module, "open_engine", open_engine)
    return engines


def looking(*between: Callable[[], object]) -> Callable[[], bool]:
    """Four looks, and after each four something happens."""
    todo = iter([*(step for one in between for step in (None, None, None, None, one)), None, None, None, None])

    def goes_on() -> bool:
        step = next(todo, StopIteration)
        if callable(step) and step is not StopIteration:
            step()
        return step is not StopIteration

    return goes_on


def test_a_class_is_graded_while_it_hands_in(course: Path, in_process: list[InProcess]) -> None:
    hand_in(course, PERFECT)
    text = io.StringIO()
    late = Submission("zoe", CHAPTER, "perfect")
    grade_arrivals(
        "04",
        course,
        console=Console(file=text, width=200),
        goes_on=looking(lambda: hand_in(course, late)),
        sleep=lambda seconds: None,
    )
    assert "ada: graded, 22 of 22 points" in text.getvalue()
    assert "zoe: graded, 22 of 22 points" in text.getvalue()
    assert sum(points_in(course, "zoe").values()) == 22
    before = gradebook(course)
    grade_arrivals("04", course, console=Console(file=text), goes_on=looking(), sleep=lambda seconds: None)
    assert in_process[1].ran == []
    assert gradebook(course) == before
    assert "2 are graded" in text.getvalue()


def test_a_locked_gradebook_is_waited_for(
    course: Path, in_process: list[InProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(course, PERFECT)
    real, tries = module.grade, []

    def grade(*words: object, **more: object) -> object:
        tries.append(words)
        if len(tries) == 1:
            raise GradebookLocked("somebody writes to the gradebook")
        return real(*words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "grade", grade)
    text = io.StringIO()
    grade_arrivals(
        "04", course, console=Console(file=text, width=200), goes_on=looking(print), sleep=lambda seconds: None
    )
    assert "ada is tried again: somebody writes to the gradebook" in text.getvalue()
    assert "ada: graded, 22 of 22 points" in text.getvalue()
    assert submitted(course, "ada").exists()


def test_work_under_another_name_is_seen_as_grade_sees_it(course: Path, in_process: list[InProcess]) -> None:
    hand_in(course, PERFECT)
    there = submitted(course, "ada")
    for learner, name in (("bob", f"hw4/{CHAPTER} (1).ipynb"), ("eve", "mine.ipynb"), ("sue", "05_other/a.ipynb")):
        path = course / "classroom" / "submitted" / learner / name
        path.parent.mkdir(parents=True)
        path.write_bytes(there.read_bytes() if learner != "sue" else b'{"cells": []}')
    text = io.StringIO()
    grade_arrivals("04", course, console=Console(file=text, width=200), goes_on=looking(), sleep=lambda seconds: None)
    for learner in ("ada", "bob", "eve"):
        assert text.getvalue().count(f"{learner}: graded, 22 of 22 points") == 1
    assert "sue" not in text.getvalue()


def test_a_folder_that_is_no_learners_is_said_once_and_ends_nothing(course: Path, in_process: list[InProcess]) -> None:
    hand_in(course, PERFECT)
    there = submitted(course, "ada").parent
    folder = course / "classroom" / "submitted"
    for name in (".hidden", "[x]", os.fsdecode(b"a\xff")):
        shutil.copytree(there, folder / name / CHAPTER)
    (folder / "link").symlink_to(folder / "ada")
    text = io.StringIO()
    grade_arrivals("04", course, console=Console(file=text, width=200), goes_on=looking(), sleep=lambda seconds: None)
    said = text.getvalue()
    assert "ada: graded, 22 of 22 points" in said and "link: unreadable, 0 of 22 points" in said
    for name, why in ((".hidden", "it begins with a dot"), ("[x]", "it holds ["), ("a?", "its bytes are no UTF-8")):
        assert said.count(f"{name} is not graded: the name of this folder is no learner's: {why}") == 1


def test_a_copy_that_kept_an_older_time_is_new_to_the_next_run(notebook: Path, tmp_path: Path) -> None:
    notebook.write_text("{}")
    before = look_at(tmp_path / "ada", "ps1")
    known = Arrivals(tmp_path, "ps1")
    known.pass_over({"ada": before}.get)
    assert [known.settled() for _ in range(3)] == [[], [], []]
    saved = notebook.stat().st_mtime_ns
    while look_at(tmp_path / "ada", "ps1") == before:  # the clock of a file system has coarse ticks
        notebook.write_text("[]")
        os.utime(notebook, ns=(saved, saved))
    known = Arrivals(tmp_path, "ps1")
    known.pass_over({"ada": before}.get)
    assert [known.settled() for _ in range(2)] == [[], ["ada"]]


@pytest.mark.parametrize("counts", ["latest", "best"])
def test_what_comes_while_the_work_before_it_is_graded_is_not_lost_when_the_watch_is_stopped(
    counts: str, course: Path, in_process: list[InProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(course, f"\nc.HandIns.counts = {counts!r}\n")
    hand_in(course, replace(PARTLY, learner="ada"))
    record = Recorder.record

    def meanwhile(self: Recorder, *words: Any) -> bool:
        hand_in(course, PERFECT)
        return record(self, *words)

    text = io.StringIO()
    watching = partial(grade_arrivals, "04", course, console=Console(file=text, width=200), sleep=lambda seconds: None)
    with monkeypatch.context() as patch:
        patch.setattr(Recorder, "record", meanwhile)
        watching(goes_on=iter([True, True, False]).__next__)
    assert f"ada: graded, {SOME:g} of 22 points" in text.getvalue()
    watching(goes_on=looking())
    assert "ada: graded, 22 of 22 points" in text.getvalue()
    assert sum(points_in(course, "ada").values()) == 22
    watching(goes_on=looking())
    assert len(in_process[2].ran) == 0
    assert "1 are graded" in text.getvalue()


def test_a_link_in_the_place_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    whole, home = tmp_path / "whole", tmp_path / "ada"
    for folder in (whole, home):
        folder.mkdir()
    (home / "ps1").symlink_to(whole)
    before = look_at(home, "ps1")
    (whole / "more.csv").write_text("1")
    assert look_at(home, "ps1") == before != ""
    assert look_at(home, "ps2") == ""


def test_a_folder_that_is_taken_away_while_it_is_looked_at_stops_nobody(
    notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(self: Path, pattern: str) -> Iterator[Path]:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self)

    monkeypatch.setattr(Path, "rglob", gone)
    assert look_at(tmp_path / "ada", "ps1") == "it cannot be looked at: No such file or directory"


def test_who_is_taken_away_before_their_turn_stops_nobody(
    course: Path, in_process: list[InProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(course, PERFECT, Submission("bob", CHAPTER, "perfect"), Submission("zoe", CHAPTER, "perfect"))
    real = module.grade

    def grade(*words: object, **more: object) -> object:
        shutil.rmtree(course / "classroom" / "submitted" / "bob", ignore_errors=True)
        return real(*words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "grade", grade)
    text = io.StringIO()
    grade_arrivals("04", course, console=Console(file=text, width=200), goes_on=looking(), sleep=lambda seconds: None)
    assert "ada: graded" in text.getvalue() and "zoe: graded" in text.getvalue()


@pytest.mark.parametrize("more", [["--json"], ["--dry-run"], ["--student", "ada"]])
def test_it_is_for_everybody_and_for_people(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", "04", "--watch", *more]) == 1
    assert "leave out" in capsys.readouterr().err
