"""What a feedback page says beside the graded result, and to whom it does not."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup
from grading_class import CHAPTER, PARTLY, PERFECT, InProcess, cell_of, hand_in, hand_in_changed, outcome_of, settle
from nbgrader.api import Gradebook

from autograder.__main__ import main
from autograder.grading.grade import grade
from autograder.grading.records import private_cases
from autograder.grading.records.export import feedback
from autograder.grading.records.last_try import as_text, saved_outputs
from autograder.grading.records.private_cases import SENTENCE
from autograder.grading.slots.engine import NoSandbox
from autograder.judging.judge import judge
from autograder.judging.reference import load
from autograder.observing.exercise import find
from autograder.observing.observe import run

TOPIC = "functional"


def page(course: Path, student: str) -> str:
    """The words of a feedback page, without its style."""
    written = (feedback("04", course) / student / CHAPTER / f"{CHAPTER}.html").read_text()
    return " ".join(BeautifulSoup(written, "html.parser").body.get_text().split())  # type: ignore[union-attr]


def book(course: Path) -> Gradebook:
    return Gradebook(f"sqlite:///{course / 'classroom' / 'gradebook.db'}", "one_cnn_two_ways")


def allow(course: Path, when: str) -> None:
    settle(course, f'c.FeedbackNotes.model_answers = "{when}"\n')


def due(course: Path, days: int) -> None:
    """The work is due in so many days."""
    with book(course) as one:
        when = datetime.now(UTC) + timedelta(days=days)
        one.update_or_create_assignment(CHAPTER, duedate=f"{when:%Y-%m-%d %H:%M:%S} UTC")


def models_in(text: str) -> bool:
    return "Model answer of linear" in text and "Model answer of relu" in text


@pytest.fixture
def graded(course: Path) -> Path:
    hand_in(course, PERFECT, PARTLY)
    grade("04", course, engine=InProcess())
    return course


def test_the_model_answers_are_in_the_page_where_the_instructor_says_always(graded: Path) -> None:
    allow(graded, "always")
    text = page(graded, "carl")
    assert models_in(text)
    assert "out = x @ weight.T" in text
    assert "SOLUTION" not in text.replace("YOUR SOLUTION", "")


@pytest.mark.parametrize("days", [-1, 1, None])
def test_by_default_no_model_answer_is_in_the_page(graded: Path, days: int | None) -> None:
    if days is not None:
        due(graded, days)
    text = page(graded, "carl")
    assert "Model answer" not in text and "model answers" not in text


@pytest.mark.parametrize(("days", "shown"), [(-1, True), (1, False), (None, False)])
def test_after_due_they_come_once_the_date_has_passed(graded: Path, days: int | None, shown: bool) -> None:
    if days is not None:
        due(graded, days)
    allow(graded, "after_due")
    assert models_in(page(graded, "carl")) is shown
    assert ("Model answer" in page(graded, "carl")) is shown


def test_who_has_an_extension_waits_for_it(graded: Path) -> None:
    due(graded, -1)
    allow(graded, "after_due")
    with book(graded) as one:
        one.grant_extension(CHAPTER, "carl", days=3)
    assert "Model answer" not in page(graded, "carl")
    assert models_in(page(graded, "ada"))


def test_a_date_of_ones_own_is_waited_for_after_the_class_got_another(
    graded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(graded)
    due(graded, 5)
    allow(graded, "after_due")
    assert main(["extend", "carl", "04", f"{datetime.now(UTC) + timedelta(days=6):%Y-%m-%d %H:%M} UTC"]) == 0
    due(graded, -3)  # a day more than the class has passed, too
    assert "Model answer" not in page(graded, "carl")
    assert models_in(page(graded, "ada"))


def test_where_the_model_answers_are_not_there_the_page_says_so(graded: Path) -> None:
    allow(graded, "always")
    shutil.rmtree(graded / "solutions" / CHAPTER)
    text = page(graded, "carl")
    assert "The model answers are not shown: they are not on the machine where this page was made." in text
    assert "Model answer of" not in text


def test_a_setting_that_nobody_knows_is_told(graded: Path) -> None:
    allow(graded, "sometimes")
    with pytest.raises(RuntimeError, match=r"never.*after_due.*always"):
        feedback("04", graded)


def panel_of(exercise: str, answer: Any) -> dict[str, Any]:
    """The saved output of a check, as a notebook holds it."""
    task = find(exercise)
    reference = load(task)
    verdict = judge(task, reference, run(task, answer, reference.cases))
    data = {"text/plain": repr(verdict), "text/html": verdict._repr_html_() + "<details>folded below</details>"}
    return {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1}


def with_saved(*outputs: dict[str, Any], cell: str = "check_relu") -> Callable[[Any], None]:
    return lambda nb: setattr(cell_of(nb, cell), "outputs", [nbformat.from_dict(one) for one in outputs])


def test_the_last_try_stands_below_the_graded_result(course: Path) -> None:
    tried = panel_of("relu", lambda x: x.abs())
    hand_in_changed(course, "eve", with_saved(tried))
    grade("04", course, engine=InProcess())
    text = page(course, "eve")
    assert text.count("Your last try, as it was saved in your notebook") == 1
    after = text.partition("Your last try")[2]
    assert "relu not right yet 0 of 2 points" in after
    assert "This is what happens with: absolute value." in after
    assert "folded below" not in text
    assert "relu solved" in text.partition("Your last try")[0]


def test_without_a_saved_output_there_is_no_last_try(graded: Path) -> None:
    assert "last try" not in page(graded, "carl")


def test_what_was_handed_in_since_it_was_graded_is_not_called_the_last_try(course: Path) -> None:
    tried = panel_of("relu", lambda x: x.abs())
    hand_in_changed(course, "eve", with_saved(tried))
    grade("04", course, engine=InProcess())

    def another(nb: Any) -> None:
        with_saved(tried)(nb)
        cell_of(nb, "relu").source = "relu = abs"

    hand_in_changed(course, "eve", another)
    assert "last try" not in page(course, "eve")


HOSTILE = [
    "<script>alert(1)</script><img src=x onerror=alert(2)><b>words</b>",
    "````\n</code></pre></details><img src=x onerror=alert(3)>\n\n<script>alert(4)</script>",
    "</details></div><iframe src='javascript:alert(5)'></iframe>",
    "$$\\href{javascript:alert(6)}{x}$$ <svg onload=alert(7)>",
]


@pytest.mark.parametrize("kind", ["stream", "text/plain", "text/html", "error"])
def test_a_saved_output_is_text_whatever_it_says(course: Path, kind: str) -> None:
    def output(attack: str) -> dict[str, Any]:
        if kind == "stream":
            return {"output_type": "stream", "name": "stdout", "text": attack}
        if kind == "error":
            return {"output_type": "error", "ename": attack, "evalue": attack, "traceback": [attack]}
        return {"output_type": "display_data", "data": {kind: attack}, "metadata": {}}

    outputs = [{"output_type": "stream", "name": "stdout", "text": "seen\n"}, *map(output, HOSTILE)]
    hand_in_changed(course, "mallory", with_saved(*outputs))
    grade("04", course, engine=InProcess())
    written = (feedback("04", course) / "mallory" / CHAPTER / f"{CHAPTER}.html").read_text()
    found = BeautifulSoup(written, "html.parser")
    [tried] = [one for one in found.find_all("details") if "Your last try" in one.get_text()]
    assert "seen" in tried.get_text()
    assert not tried.find_all(["script", "img", "iframe", "svg", "a"])
    assert not [tag for tag in found.find_all(["img", "iframe", "svg"]) if "alert" in str(tag)]
    assert not [tag for tag in found.find_all("script") if re.search(r"alert\(\d\)", tag.get_text())]


def test_a_saved_output_has_a_limit() -> None:
    long = as_text([{"output_type": "stream", "text": "x" * 1_000_000}])
    many = as_text([{"output_type": "stream", "text": "x\n" * 1_000_000}])
    assert len(long) < 5_000 and long.endswith("(there is more)")
    assert len(many.splitlines()) < 100 and many.endswith("(there is more)")
    deep = as_text([{"output_type": "display_data", "data": {"text/html": "<div>" * 30_000, "text/plain": "0.0"}}])
    assert deep in ("", "0.0")
    assert as_text([{"output_type": "stream", "text": "a\x1b[31mb‮c"}]) == "a[31mbc"


@pytest.mark.parametrize(
    "content", [b"", b"{nope", b"[" * 100_000, b'{"cells": [1]}', b'{"cells": {"a": 1}}', b"\xff\xfe"]
)
def test_of_no_notebook_nothing_was_saved(content: bytes) -> None:
    assert saved_outputs(content) == {}


def remembers_the_public_cases(wrong: str = "x") -> str:
    """A relu that is right on the public cases, and on no others."""
    reference = load(find("relu"))
    task = find("relu")
    known: set[str] = set()

    def spy(x: Any) -> Any:
        known.add(repr(round(float(x.double().abs().sum()), 4)))
        return x.clamp(min=0)

    run(task, spy, reference.cases)
    return (
        f"KNOWN = {{{', '.join(sorted(known)).replace('nan', repr('nan')).replace('inf', repr('inf'))}}}\n"
        f"def relu(x):\n    return x.clamp(min=0) if round(float(x.double().abs().sum()), 4) in KNOWN else {wrong}\n"
    )


def fitted(source: str, *saved: dict[str, Any]) -> Callable[[Any], None]:
    def change(nb: Any) -> None:
        cell_of(nb, "relu").source = source
        cell_of(nb, "check_relu").outputs = [nbformat.from_dict(one) for one in saved]

    return change


SOLVED_AT_HOME = {"output_type": "execute_result", "data": {"text/plain": "2.0"}, "metadata": {}, "execution_count": 1}


@pytest.fixture
def own_reference(course: Path, private: Callable[[str], Path]) -> Path:
    (course / "classroom" / "reference").mkdir(parents=True)
    shutil.copy(private(TOPIC) / f"{TOPIC}.safetensors", course / "classroom" / "reference")
    return course


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The jobs that making pages has run, in this process."""
    jobs: list[Any] = []

    def run_here(job: Any) -> Any:
        jobs.append(job)
        return outcome_of(job)

    monkeypatch.setattr(private_cases, "run_one", run_here)
    return jobs


def test_who_passes_on_the_public_cases_alone_is_told_why_points_were_lost(own_reference: Path, ran: list[Any]) -> None:
    hand_in_changed(own_reference, "eve", fitted(remembers_the_public_cases(), SOLVED_AT_HOME))
    grade("04", own_reference, engine=InProcess())
    text = page(own_reference, "eve")
    assert text.count(SENTENCE) == 1
    shown = text.index(SENTENCE)
    assert text.index('check("relu", relu)') < shown < text.index('check("linear", linear)')
    assert len(ran) == 1
    assert page(own_reference, "eve") == text and len(ran) == 1, "what was seen is kept"


def test_who_fails_on_the_public_cases_too_is_not_told_so(own_reference: Path, ran: list[Any]) -> None:
    """Whatever their notebook says of home."""
    hand_in_changed(own_reference, "eve", fitted("relu = abs", SOLVED_AT_HOME))
    grade("04", own_reference, engine=InProcess())
    text = page(own_reference, "eve")
    assert SENTENCE not in text and len(ran) == 1


def test_graded_on_the_public_reference_nobody_is_told_so(course: Path, ran: list[Any]) -> None:
    hand_in_changed(course, "eve", fitted("relu = abs", SOLVED_AT_HOME))
    hand_in_changed(course, "joe", fitted(remembers_the_public_cases(), SOLVED_AT_HOME))
    grade("04", course, engine=InProcess())
    assert SENTENCE not in page(course, "eve") and SENTENCE not in page(course, "joe") and ran == []


def test_recorded_on_the_public_reference_and_not_yet_graded_anew_nobody_is_told_so(
    course: Path, private: Callable[[str], Path], ran: list[Any]
) -> None:
    hand_in_changed(course, "eve", fitted("relu = abs", SOLVED_AT_HOME))
    grade("04", course, engine=InProcess())
    (course / "classroom" / "reference").mkdir(parents=True)
    shutil.copy(private(TOPIC) / f"{TOPIC}.safetensors", course / "classroom" / "reference")
    assert SENTENCE not in page(course, "eve") and ran == []


def test_a_right_answer_is_run_no_second_time(own_reference: Path, ran: list[Any]) -> None:
    hand_in_changed(own_reference, "eve", with_saved(SOLVED_AT_HOME))
    grade("04", own_reference, engine=InProcess())
    assert SENTENCE not in page(own_reference, "eve") and ran == []


def test_without_a_sandbox_nothing_is_run_and_nothing_said(
    own_reference: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(job: Any) -> Any:
        raise NoSandbox("there is none")

    monkeypatch.setattr(private_cases, "run_one", refuse)
    hand_in_changed(own_reference, "eve", fitted(remembers_the_public_cases(), SOLVED_AT_HOME))
    grade("04", own_reference, engine=InProcess())
    text = page(own_reference, "eve")
    assert SENTENCE not in text and "Your last try" in text
