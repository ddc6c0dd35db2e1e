"""`reset` and `solution`: nobody's answer is lost, nobody sees the model answer too early, and every place can show both."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from autograder import check, reset, solution
from autograder.learner import answers, desk, ideas, models
from autograder.learner.contents import contents, contents_of, place_of
from autograder.learner.record import folder
from autograder.observing.exercise import catalogue, find
from course.chapters import CHAPTERS

OWN = "def relu(x):\n    return x * (x > 0)"


class Front:
    """IPython as far as `reset` knows it: a history, and a place for the next input."""

    def __init__(self, *cells: str, notebook: bool = True) -> None:
        self.history_manager = self
        self.input_hist_raw = ["", *cells]
        self.put: list[tuple[str, bool]] = []
        if notebook:
            self.kernel = object()

    def set_next_input(self, text: str, replace: bool = False) -> None:
        self.put.append((text, replace))


@pytest.fixture
def front(monkeypatch: pytest.MonkeyPatch) -> Any:
    def sits(*cells: str, notebook: bool = True) -> Front:
        made = Front(*cells, notebook=notebook)
        monkeypatch.setattr("autograder.learner.kernel.shell", lambda: made)
        return made

    return sits


def stub(exercise: str) -> str:
    there = place_of(exercise)
    assert there is not None
    return there[1].stub


def solve() -> None:
    assert check("relu", lambda x: x.clamp(min=0)).solved


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda one: one.slug)
def test_what_is_known_of_a_chapter_is_what_its_notebook_holds(chapter: Any, root: Path) -> None:
    cells = json.loads((root / f"notebooks/{chapter.slug}/{chapter.slug}.ipynb").read_text(encoding="utf-8"))["cells"]
    assert contents(chapter.slug) == contents_of(cells), "python -m autograder build"
    asked = [one.id for one in catalogue().values() if one.topic == chapter.topic]
    assert sorted(one.exercise for one in contents(chapter.slug).exercises) == sorted(asked)
    assert all("NotImplementedError" in stub(name) or "YOUR CODE HERE" in stub(name) for name in asked)
    assert len(contents(chapter.slug).questions) >= 2, "two are asked again"


@pytest.mark.parametrize("exercise", list(catalogue()))
def test_no_untouched_cell_holds_the_model_answer(exercise: str) -> None:
    there = place_of(exercise)
    assert there is not None
    model = models.model_answer(there[0].slug, exercise)
    assert model is not None and model.strip() != there[1].stub.strip()
    assert "SOLUTION" not in model and "YOUR CODE HERE" not in model


def test_as_the_last_line_of_the_own_cell_it_is_replaced_and_the_answer_comes_back(front: Any) -> None:
    shell = front(OWN + '\n\nfrom autograder import reset; reset("relu")')
    put = reset("relu")
    assert shell.put == [(stub("relu"), True)]
    assert "is kept" in put.says and stub("relu") in repr(put)
    shell = front(stub("relu") + '\nfrom autograder import reset; reset("relu", back=True)')
    assert reset("relu", back=True).source == OWN
    assert shell.put == [(OWN, True)]


def test_elsewhere_no_cell_is_replaced(front: Any) -> None:
    shell = front(OWN, 'check("relu", relu)', 'reset("relu")')
    assert "new cell below" in reset("relu").says
    assert shell.put == [(stub("relu"), False)]
    assert answers.kept(folder(), "relu") == [OWN]


def test_in_a_console_it_stands_at_the_next_prompt_and_in_plain_python_it_is_shown(front: Any) -> None:
    front(OWN, notebook=False)
    assert "next prompt" in repr(reset("relu"))


def test_in_plain_python_the_cell_is_shown() -> None:
    assert "to copy" in repr(reset("relu")) and stub("relu") in repr(reset("relu"))


def test_the_untouched_cell_is_never_kept_in_place_of_an_answer(front: Any) -> None:
    front(OWN)
    reset("relu")
    front(OWN, stub("relu"))
    reset("relu")
    assert answers.kept(folder(), "relu") == [OWN]


def test_several_answers_are_kept_and_come_back_by_their_number(front: Any) -> None:
    first, second = OWN, "def relu(x):\n    return x.abs()"
    for one in (first, second):
        front(one)
        reset("relu")
    front(stub("relu"))
    assert reset("relu", back=True).source == second
    assert reset("relu", back=2).source == first
    for nothing in (3, -1, "x"):
        assert "No answer to relu that could be put back" in reset("relu", back=nothing).says  # type: ignore[arg-type]


def test_going_back_keeps_what_was_written_in_between(front: Any) -> None:
    front(OWN)
    reset("relu")
    between = "def relu(x):\n    return x.abs()"
    front(between)
    assert reset("relu", back=True).source == OWN
    assert answers.kept(folder(), "relu") == [OWN, between]


@pytest.mark.parametrize("content", [b'{"answers": ["def relu(x): ret', b"\xff", b"[" * 100_000, b"<<<<<<< mine"])
def test_kept_answers_that_cannot_be_read_stay_beside_the_new_ones(front: Any, content: bytes) -> None:
    path = folder() / "answers" / "relu.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    front(OWN, 'reset("relu")')
    assert "is kept" in reset("relu").says
    assert answers.kept(folder(), "relu") == [OWN]
    assert path.with_name("relu.damaged-1").read_bytes() == content


def test_an_answer_that_cannot_be_kept_is_not_replaced(
    front: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("ONE_CNN_PROGRESS", str(tmp_path / "a file" / "below"))
    shell = front(OWN + '\nreset("relu")')
    assert "Nothing was replaced" in reset("relu").says
    assert shell.put == []


def test_an_unknown_exercise_is_said_with_the_closest_names() -> None:
    for asked in (reset, solution):
        with pytest.raises(ValueError, match="did you mean linear"):
            asked("linaer")


def test_before_it_is_solved_there_is_no_model_answer_anywhere() -> None:
    verdict = check("relu", lambda x: x.abs())
    for shown in (solution("relu"), verdict):
        for text in (repr(shown), str(shown), shown._repr_html_()):
            assert "clamp" not in text
    assert "once you have solved it" in repr(solution("relu"))


def test_solved_it_stands_beside_the_own_answer(front: Any) -> None:
    front(OWN)
    solve()
    found = solution("relu")
    assert found.own == OWN and "x.clamp(min=0)" in found.model
    assert "Only the model answer has: clamp(). Only yours has: *." in found.says
    assert "x.clamp(min=0)" in check("relu", lambda x: x.clamp(min=0))._repr_html_()


def test_another_day_the_solved_answer_is_still_known(front: Any) -> None:
    front(OWN)
    solve()
    front()
    assert solution("relu").own == OWN


def test_of_an_answer_that_nobody_knows_nothing_is_claimed() -> None:
    solve()
    assert "not compared" in solution("relu").says and solution("relu").own == ""


def test_without_solutions_it_says_that_there_are_none_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    solve()
    monkeypatch.setattr(models, "_folders", lambda: [tmp_path])
    assert repr(solution("relu")) == "There are no model answers on this machine. Whoever teaches the class has them."
    assert "There are no model answers on this machine" in check("relu", lambda x: x.clamp(min=0))._repr_html_()


@pytest.mark.parametrize(
    ("exercise", "answer", "promises"),
    [
        ("relu", lambda x: x.abs(), True),
        ("relu", torch.relu, False),  # not by hand: no case was tried
        ("which_api", {"max pooling, written in forward": "module"}, False),
    ],
    ids=["wrong", "not by hand", "a question"],
)
def test_the_folded_line_promises_a_failing_case_only_where_there_is_one(
    exercise: str, answer: Any, promises: bool
) -> None:
    page = check(exercise, answer)._repr_html_()
    assert ("A failing case in hand, the untouched cell" in page) == promises
    assert (".failing[0]" in page) == promises
    assert "ntouched cell, the next exercise</summary>" in page


def test_while_a_class_is_graded_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    solve()
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    monkeypatch.setenv("AUTOGRADER_TRUST_KERNEL", "1")
    assert "clamp" not in repr(solution("relu"))
    assert "<details" not in check("relu", lambda x: x.clamp(min=0))._repr_html_()


def test_a_damaged_notebook_of_solutions_is_no_model_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, root: Path
) -> None:
    slug = "04_the_same_cnn_with_functional"
    shutil.copytree(root / "solutions" / slug, tmp_path / "solutions" / slug)
    monkeypatch.setattr(models, "_folders", lambda: [tmp_path])
    assert "clamp" in (models.model_answer(slug, "relu") or "")
    (tmp_path / "solutions" / slug / f"{slug}.ipynb").write_text('{"cells": [{')
    assert models.model_answer(slug, "relu") is None


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ("def relu(x):\n    return x.clamp(min=0)", "Both call the same functions."),
        ("def relu(x:", "no Python by itself"),
        ("def relu(x):\n    for one in x: pass\n    return x.clamp(min=0)", "Only yours has: a loop."),
    ],
)
def test_what_differs_is_what_the_texts_say(own: str, said: str) -> None:
    assert said in ideas.differences(own, "def relu(x):\n    return x.clamp(min=0)")


def test_a_line_that_only_asks_is_no_part_of_an_answer() -> None:
    for line in (
        'reset("relu")',
        'from autograder import reset, check; reset("relu", back=2)  # again',
        'check("relu", relu)',
    ):
        assert answers.without_calls(f"{OWN}\n\n{line}\n") == OWN
    assert answers.without_calls("def f(x):\n    return reset_all(x)") == "def f(x):\n    return reset_all(x)"


def test_the_cell_is_shown_as_text_and_not_run_as_html() -> None:
    assert "<b>" not in desk.Cell("x = '<b>'", "<i>")._repr_html_()


@pytest.mark.parametrize("exercise", [one.id for one in catalogue().values() if not one.asks])
def test_the_inputs_of_every_failing_case_can_be_taken_in_hand(exercise: str) -> None:
    """Of an answer that always fails: the first of its cases, and all others."""
    verdict = check(exercise, _fails)
    assert verdict.failing
    for case in verdict.failing[:3]:
        if exercise == "checkpoint":
            with pytest.raises(LookupError, match="several parts of the answer together"):
                _ = case.inputs
            continue
        inputs = case.inputs
        assert list(inputs) == [name for name in find(exercise).arguments if name in inputs], exercise
        assert all(type(one).__name__ not in ("Uniform", "Drawn") for one in (*inputs.values(), *case.beside.values()))


def _fails(*positional: Any, **named: Any) -> Any:
    raise RuntimeError("never right")


def test_the_first_case_is_the_one_of_the_panel_and_running_it_shows_what_the_panel_shows() -> None:
    def linear(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
        return x @ weight + (0 if bias is None else bias)

    verdict = check("linear", linear)
    case = verdict.failing[0]
    assert verdict.finding is not None and case.name == verdict.finding.case
    assert verdict.finding.got in str(linear(**case.inputs).tolist()).replace(".0", ".")
    case.inputs["x"].detach().zero_()
    assert case.inputs["x"].any(), "made anew each time"


def test_models_are_models_and_a_solved_or_asked_exercise_has_no_case() -> None:
    case = check("predict_proba", lambda model, x: model(x)).failing[0]
    assert isinstance(case.inputs["model"], torch.nn.Module)
    assert case.inputs["model"](case.inputs["x"]).dim() == 2
    assert check("relu", lambda x: x.clamp(min=0)).failing == ()
    assert check("relu", None).failing == ()
    assert check("predict_layout", {"a": 1}).failing == ()


def test_an_interrupted_case_can_be_taken_in_hand() -> None:
    def endless(x: Any) -> Any:
        raise KeyboardInterrupt

    assert check("relu", endless).failing[0].inputs["x"].numel()
