"""A panel knows the try before it: it says what has turned, and nothing that it does not know."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

from autograder import check
from autograder.judging import panel, sentences
from autograder.judging.verdict import Status
from autograder.learner.before import Before, before_of, with_before
from autograder.learner.contents import contents
from autograder.learner.record import folder, tried


def right(x: torch.Tensor) -> torch.Tensor:
    return x.clamp(min=0)


def kept(x: torch.Tensor) -> torch.Tensor:
    return x


def cut(x: torch.Tensor) -> torch.Tensor:
    return x.detach().clamp(min=0)


NOTHING_NEW = sentences.nothing_new()


def test_the_first_try_knows_of_none() -> None:
    verdict = check("relu", kept)
    assert (verdict.before, verdict.again) == ("", False)
    assert sentences.NEXT in verdict.note


def test_what_holds_now_and_what_still_does_not_is_said() -> None:
    check("relu", kept)
    verdict = check("relu", cut)
    assert verdict.before == "Since the try before: now right: values, memory; still not right: gradients."
    for shown in (str(verdict), verdict._repr_html_()):
        assert verdict.before in shown


def test_what_is_lost_is_said_too() -> None:
    check("relu", cut)
    assert "no longer right: values, memory" in check("relu", kept).before


def test_the_same_once_more_is_nothing_new_and_its_hint_is_not_shown_as_new() -> None:
    check("relu", kept)
    verdict = check("relu", lambda x: x.view_as(x))
    first, again = verdict.before, check("relu", lambda x: x.view_as(x))
    assert again.before == NOTHING_NEW and again.again
    assert "Still, as in the try before: " in str(again) and "This is what happens with" not in str(again)
    assert sentences.NEXT not in again.note and sentences.NEXT_HINT in again.note
    assert first, "of the first two something is said, too"


def test_another_line_number_or_message_place_changes_nothing() -> None:
    def one(x: Any) -> Any:
        raise ValueError("no")

    def other(x: Any) -> Any:
        x = x * 1

        raise ValueError("no")

    check("relu", one)
    assert check("relu", other).before == NOTHING_NEW


def test_another_answer_with_the_same_aspects_is_not_called_the_same() -> None:
    check("relu", lambda x: x * 2)
    verdict = check("relu", lambda x: x * 3)
    assert verdict.before.startswith("Since the try before: still not right: values")


def test_another_misconception_is_shown_as_new() -> None:
    check("relu", lambda x: x.abs())
    verdict = check("relu", kept)
    assert verdict.misconception and not verdict.again


def test_a_stub_in_between_is_no_try() -> None:
    check("relu", kept)
    assert check("relu", None).before == ""
    assert check("relu", kept).before == NOTHING_NEW


def test_an_interrupted_try_is_none() -> None:
    def endless(x: Any) -> Any:
        raise KeyboardInterrupt

    check("relu", kept)
    assert check("relu", endless).before == ""
    assert check("relu", kept).before == NOTHING_NEW


def test_solved_and_solved_again_is_not_spoken_of() -> None:
    check("relu", right)
    assert check("relu", right).before == ""


def test_of_a_question_the_right_entries_are_counted_and_not_named() -> None:
    asked: dict[str, Any] = {}
    exec(
        next(one.stub for one in contents("04_the_same_cnn_with_functional").exercises if one.exercise == "which_api"),
        asked,
    )
    all_modules = dict.fromkeys(asked["which_api"], "module")
    check("which_api", all_modules)
    assert (
        check("which_api", dict.fromkeys(all_modules, "functional")).before
        == "Entries that are right: 4, as many as in the try before."
    )
    one_more = all_modules | {"a convolution whose filters another network computes for each input": "functional"}
    assert check("which_api", one_more).before == "Entries that are right: 5, and 4 in the try before."


def test_it_is_remembered_in_another_kernel_and_not_across_other_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    check("relu", kept)
    before = tried("relu")
    assert before is not None and before.last is not None
    assert before.last.aspects["values"] is False
    monkeypatch.setattr("autograder.learner.before._reference", lambda path: b"another version of the course")
    assert check("relu", kept).before.startswith("Since the try before: still not right")


@pytest.mark.parametrize("damaged", [None, 3, {}, {"aspects": 3}, {"aspects": {}, "right": "x"}])
def test_a_damaged_memory_is_none(damaged: Any) -> None:
    check("relu", kept)
    path = folder() / "relu.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"last": damaged}))
    assert check("relu", kept).before == ""


def test_what_was_seen_that_cannot_be_written_down_is_never_the_same() -> None:
    verdict = check("relu", kept)
    now = before_of(verdict, "")
    assert now == Before.of_json(json.loads(json.dumps(now.as_json() if now else None)))
    assert with_before(verdict, now, now).before != NOTHING_NEW


def test_an_aspect_that_only_one_of_the_two_was_asked_for_is_not_compared() -> None:
    verdict = check("relu", kept)
    now = Before("not right yet", {"values": False, "memory": True})
    before = Before("not right yet", {"values": False, "gradients": True})
    assert with_before(verdict, now, before).before == "Since the try before: still not right: values."
    assert panel.text(with_before(verdict, now, None)) == panel.text(verdict)
    assert with_before(verdict, None, before) == verdict and verdict.status is Status.WRONG
