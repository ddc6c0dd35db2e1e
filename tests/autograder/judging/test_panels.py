"""Every kind of panel, word for word: `pytest tests/autograder/judging/test_panels.py --snapshot-update` writes them anew."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from answers.panels import KINDS, QUESTIONS, made
from judging import verdict_on
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from autograder.authoring.oracles import oracles_of
from autograder.judging import sentences
from autograder.judging.reference import load
from autograder.judging.verdict import Status, Verdict
from autograder.observing.exercise import catalogue, find


class Page(SingleFileSnapshotExtension):
    file_extension = "html"
    _write_mode = WriteMode.TEXT


def right(question: str) -> Mapping[Any, Any]:
    exercise = find(question)
    answer = oracles_of(exercise.topic)[question].answer
    assert isinstance(answer, Mapping)
    return answer


def panels() -> dict[str, Verdict]:
    made_of = {name: verdict_on(find(exercise), made(source)) for name, (exercise, source) in KINDS.items()}
    asked = {f"a question, {name}": verdict_on(find(name), right(name) | put) for name, put in QUESTIONS.items()}
    return made_of | asked


@pytest.fixture(scope="module")
def all_panels() -> dict[str, Verdict]:
    torch.manual_seed(0)
    return panels()


NAMES = [*KINDS, *(f"a question, {name}" for name in QUESTIONS)]


@pytest.mark.parametrize("name", NAMES)
def test_a_panel_says_this(name: str, all_panels: dict[str, Verdict], snapshot: SnapshotAssertion) -> None:
    assert str(all_panels[name]) == snapshot


@pytest.mark.parametrize("name", NAMES)
def test_a_panel_looks_like_this(name: str, all_panels: dict[str, Verdict], snapshot: SnapshotAssertion) -> None:
    assert all_panels[name]._repr_html_() == snapshot(extension_class=Page)


PLACE = (3, "while True:")
CIRCUMSTANCES = {
    "interrupted": sentences.interrupted(12.3, PLACE, "x = [1., 2.]", 1, 10),
    "interrupted between the cases": sentences.between_the_cases(0.5),
    "of before": sentences.of_before("relu", PLACE, "SyntaxError: invalid syntax"),
    "uses what is of before": sentences.of_before("relu", PLACE, "SyntaxError: invalid syntax", "tiny_cnn"),
    "never came": sentences.never_came("relu", PLACE, "SyntaxError: invalid syntax"),
    "not there": sentences.not_there(["relu"], ["rellu"]),
    "running out of time": sentences.too_long(10, 60) + sentences.running_out_of_time(PLACE),
    "too much memory": sentences.too_much(1 << 30),
    "the process ended": sentences.PROCESS_ENDED,
    "broke off": sentences.BROKE_OFF,
    "the cell was stopped": sentences.cell_stopped("timed out"),
    "not run": sentences.not_run("unreadable", "it is no notebook"),
    "not comparable": sentences.not_comparable("TypeError"),
}


def test_what_is_said_of_the_circumstances(snapshot: SnapshotAssertion) -> None:
    assert snapshot == CIRCUMSTANCES


def test_only_what_came_back_can_lack_a_key(all_panels: dict[str, Verdict]) -> None:
    assert "Missing: 0.bias." in str(all_panels["a key is missing"])
    assert "Missing:" not in str(all_panels["no key is missing"])


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_does_not_give_its_answer_away(question: str) -> None:
    """With every entry wrong or open, nothing that a verdict holds is what would be right."""
    answer = right(question)
    for put in ("a wrong word", ...):
        verdict = verdict_on(find(question), dict.fromkeys(answer, put) | {next(iter(answer)): "another"})
        assert verdict.finding is None
        assert {one.state for one in verdict.entries} <= {"wrong", "open"}
        told = repr([getattr(verdict, name) for name in verdict.__dataclass_fields__ if name != "contract"])
        for expected in answer.values():
            assert repr(expected) not in told and not said(expected, str(verdict))


def said(expected: Any, text: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(str(expected))}(?!\w)", text) is not None


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_misconception_about_a_question_says_what_would_be_right(question: str) -> None:
    exercise = find(question)
    reference = load(exercise)
    for known in reference.misconceptions:
        for variant in known.variants:
            for index, one in variant.items():
                assert isinstance(one, Mapping)
                for path in one:
                    aspect, _, name = path.partition("|")
                    expected = reference.expected[index]
                    assert isinstance(expected, Mapping)
                    assert not said(expected[aspect][name], known.says), (known.name, name)


@pytest.mark.parametrize("question", QUESTIONS)
def test_of_a_question_every_entry_is_right_wrong_or_open(question: str) -> None:
    answer, put = right(question), QUESTIONS[question]
    states = {one.name: one.state for one in verdict_on(find(question), answer | put).entries}
    assert states == {
        str(name): ("open" if put.get(name) is ... else "wrong") if name in put else "right" for name in answer
    }


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_entry_of_another_kind_is_told_what_is_asked_for(question: str) -> None:
    answer = right(question)
    first, *_ = answer
    wrong = [one for one in verdict_on(find(question), answer | {first: 2.0}).entries if one.state == "wrong"]
    assert [(one.name, one.why.partition(" is ")[0]) for one in wrong] == [(str(first), "Asked for")]


def test_all_questions_are_tried() -> None:
    assert {name for name, one in catalogue().items() if one.asks} == set(QUESTIONS)


def test_every_state_of_a_verdict_but_interrupted_has_its_panel(all_panels: dict[str, Verdict]) -> None:
    assert {one.status for one in all_panels.values()} == {*Status} - {Status.INTERRUPTED}


def test_got_and_expected_are_never_the_same_text(all_panels: dict[str, Verdict]) -> None:
    for name, verdict in all_panels.items():
        assert verdict.finding is None or verdict.finding.got != verdict.finding.expected, name


@pytest.mark.parametrize("name", [name for name in NAMES if name != "markup in an answer"])
def test_no_panel_advises_to_cut_the_gradient(name: str, all_panels: dict[str, Verdict]) -> None:
    assert "detach().numpy()" not in str(all_panels[name])
