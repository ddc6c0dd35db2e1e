"""Mutants of the model solutions: which there are, what becomes of them, and that the checks notice those that are wrong."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from autograder.__main__ import main
from autograder.authoring.mutants import survey as surveys
from autograder.authoring.mutants import trial
from autograder.authoring.mutants.changes import Mutant, mutants_of
from autograder.authoring.mutants.model import model_of
from autograder.authoring.mutants.survey import Survey, survey, text
from autograder.authoring.mutants.trial import End, Model, Shown, Trial, faults_of_the_model, try_mutant
from autograder.authoring.mutants.workers import Task, tried
from autograder.judging.reference import Reference, load
from autograder.observing.exercise import Exercise, catalogue, exercises_of, find

RELU = Model("relu", "", "def relu(x):\n    return x.clamp(min=0)", "relu")


def becomes(source: str) -> set[str]:
    """The changed statements of all mutants of a cell."""
    return {one.becomes for one in mutants_of(source)}


@pytest.mark.parametrize(
    ("source", "some"),
    [
        ("y = n + 1", {"y = n - 1", "y = n * 1", "y = n", "y = 1", "y = n + 2", "y = n + 0"}),
        ("y = a - b", {"y = a + b", "y = b - a"}),
        ("y = a // 2", {"y = a / 2", "y = a * 2", "y = 2 // a"}),
        ("y = a < b", {"y = a <= b", "y = a > b"}),
        ("y = a == b", {"y = a != b"}),
        ("y = a is None", {"y = a is not None"}),
        ("y = a and b or c", {"y = (a or b) or c", "y = (a and b) and c", "y = a and b", "y = c", "y = a or c", "y = b or c"}),
        ("y = not a", {"y = a"}),
        ("y = -1", {"y = 1"}),
        ("y = True", {"y = False"}),
        ("y = 0.5", {"y = 1.0", "y = 1.5", "y = -0.5"}),
        ("y = f(a, b, k=1)", {"y = f(a, b)", "y = f(b, a, k=1)", "y = f(a, k=1)", "y = f(b, k=1)", "y = a"}),
        ("y = x.sum(dim=1)", {"y = x", "y = x.sum()", "y = x.mean(dim=1)", "y = x.sum(dim=0)"}),
        ("y = torch.zeros(2)", {"y = torch.ones(2)", "y = 2"}),
        ("y = x[1:n:2]", {"y = x[:n:2]", "y = x[1::2]", "y = x[1:n]", "y = x"}),
        ("y = a if c else b", {"y = a", "y = b"}),
        ("y = [i for i in x if i]", {"y = [i for i in x]"}),
        ("y = (a, b)", {"y = (b, a)", "y = (a,)", "y = (b,)"}),
        ("y = {'a': 'module', 'b': 'functional'}", {"y = {'b': 'functional'}", "y = {'a': 'functional', 'b': 'functional'}"}),
        ("y += 1", {"y = 1", "y -= 1"}),
        ("for i in x:\n    f(i)", {"for i in []:", "pass"}),
        ("if a:\n    b = 1", {"if True:", "if False:", "pass"}),
        ("while a:\n    break", {"continue"}),
        ("with m:\n    f()", {"f()"}),
        ("def f(a, b=2):\n    return a", {"def f(a, b=3):", "return b", "return", "return a.detach()", "return a.squeeze()"}),
        ("def f(a):\n    return 1", {"def f(a): a = min(a, 3)", "def f(a): a = a[:5]", "def f(a): a = a.contiguous()"}),
        ("raise ValueError(f'{a} is 1')", {"pass", "raise RuntimeError(f'{a} is 1')"}),
        ("@d\ndef f(): g()", {"def f():"}),
    ],
)  # fmt: skip
def test_every_kind_of_slip_is_among_the_mutants(source: str, some: set[str]) -> None:
    assert some <= becomes(source), some - becomes(source)


def test_words_hints_and_imports_are_left_alone() -> None:
    source = 'import torch\ndef f(a: int) -> int:\n    """Seven: 7."""\n    raise ValueError("not 7")'
    changed = [one.source for one in mutants_of(source)]
    assert all("import torch" in one for one in changed)
    assert all("'not 7'" in one or "pass" in one for one in changed)
    assert not any("Seven: 8" in one or "a: torch" in one for one in changed)


@pytest.mark.parametrize("exercise", catalogue().values(), ids=lambda one: one.id)
def test_every_exercise_has_a_model_solution_with_mutants_and_the_source_is_whole(exercise: Exercise) -> None:
    model = model_of(exercise)
    names: dict[str, Any] = {}
    exec(compile(f"{model.before}\n{model.cell}", "model", "exec"), names)
    assert eval(model.answer, names) is not None
    mutants = mutants_of(model.cell)
    assert len(mutants) >= 15
    assert len({one.source for one in mutants}) == len(mutants)


@pytest.fixture
def one_case(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A check with all cases taken away but the first."""

    def poor(exercise: Exercise) -> Reference:
        whole = load(exercise)
        return replace(whole, cases=whole.cases[:1], expected=whole.expected[:1])

    monkeypatch.setattr(trial, "load", poor)
    trial._bench.cache_clear()
    yield
    trial._bench.cache_clear()


@pytest.mark.usefixtures("one_case")
def test_where_a_case_is_missing_the_wrong_answer_is_told_with_the_input_that_shows_it() -> None:
    model = model_of(find("linear"))
    ends = [try_mutant(model, one.source, inputs=40) for one in mutants_of(model.cell)]
    wrong = [one.shown for one in ends if one.end is End.WRONG]
    assert wrong and all(one is not None and one.tried and one.got != one.expected for one in wrong)
    assert any(one.end is End.NOTICED for one in ends)


def test_a_mutant_that_never_differs_is_no_error() -> None:
    same = RELU.cell.replace("x.clamp(min=0)", "x.clamp(min=0).contiguous()")
    assert try_mutant(RELU, same, inputs=10) == Trial(End.EQUIVALENT)


def test_one_that_cannot_be_defined_or_never_ends_is_noticed() -> None:
    assert try_mutant(RELU, "1 / 0", inputs=0).end is End.NOTICED
    assert try_mutant(RELU, "def other(x): ...", inputs=0).end is End.NOTICED
    assert try_mutant(RELU, "def relu(x):\n    while True: pass", inputs=0).end is End.ENDLESS


def test_a_model_solution_that_is_wrong_is_told() -> None:
    wrong = replace(RELU, cell="def relu(x):\n    return x.abs()")
    trial._bench.cache_clear()
    assert next(one.tried for one in faults_of_the_model(wrong, inputs=2)) == "the cases"
    trial._bench.cache_clear()


def test_a_trial_that_ends_its_process_or_hoards_costs_itself_alone() -> None:
    ending = "import os\ndef relu(x):\n    os._exit(3)"
    hoarding = "def relu(x):\n    hoard = bytearray(8 << 30)\n    return x.clamp(min=0)"
    told = dict(tried([Task(RELU, one) for one in (ending, hoarding, RELU.cell)], inputs=0, jobs=1))
    assert [one.end for one in told.values() if isinstance(one, Trial)] == [End.NOTICED, End.NOTICED, End.EQUIVALENT]


def test_a_trial_that_swallows_every_interrupt_is_killed() -> None:
    forever = (
        "def relu(x):\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass"
    )
    [(_, ended)] = tried([Task(RELU, forever)], inputs=0, patience=1)
    assert ended == Trial(End.ENDLESS)


def test_a_trial_that_does_not_work_is_no_verdict() -> None:
    with pytest.raises(RuntimeError, match="relu cannot be tried: NameError"):
        list(tried([Task(replace(RELU, before="undefined"), "relu = abs")], inputs=0))


def test_a_budget_takes_the_same_mutants_every_time() -> None:
    first, second = (surveys._some("relu", mutants_of(RELU.cell), 5) for _ in range(2))
    assert first == second
    assert len(first) == 5


FOUND = Survey("relu", noticed=3, wrong=[(Mutant("", 2, "return a", "return b"), Shown("x = 1", "2", "3"))])


def test_what_is_found_is_told_with_its_input() -> None:
    assert text([FOUND, Survey("linear", noticed=2, endless=1)]).splitlines() == [
        "relu: a wrong answer that would get full points",
        "    line 2   return a",
        "    becomes  return b",
        "    tried    x = 1",
        "    got      2",
        "    expected 3",
        "✕ relu: 4 mutants, 3 noticed, 0 equivalent as far as seen, 1 wrong with full points",
        "✓ linear: 3 mutants, 3 noticed, 0 equivalent as far as seen, 0 wrong with full points",
    ]


def test_the_command_fails_where_a_wrong_answer_would_get_full_points(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mutants", "relu", "--budget", "3", "--inputs", "5", "--json"]) == 0
    [told] = json.loads(capsys.readouterr().out)
    assert (told["exercise"], told["mutants"], told["wrong"]) == ("relu", 3, [])
    assert main(["mutants", "rleu"]) == 1
    assert "there is no exercise 'rleu'" in capsys.readouterr().err
    monkeypatch.setattr(surveys, "survey", lambda *args, **kwargs: [FOUND])
    assert main(["mutants", "relu", "--json"]) == 1
    [told] = json.loads(capsys.readouterr().out)
    assert told["wrong"] == [
        {"line": 2, "was": "return a", "becomes": "return b", "tried": "x = 1", "got": "2", "expected": "3"}
    ]


# Exercises of which a wrong answer would still get full points, and what is missing.
HOLES: dict[str, str] = {}


@cache
def surveys_of(topic: str) -> dict[str, Survey]:
    """All exercises of a topic, each with so many of its mutants that the whole book takes some minutes."""
    jobs = 1 if "PYTEST_XDIST_WORKER" in os.environ else 0  # there the other processors are at work already
    return {one.exercise: one for one in survey([one.id for one in exercises_of(topic)], 60, inputs=40, jobs=jobs)}


@pytest.mark.slow
@pytest.mark.parametrize(
    "exercise",
    [
        pytest.param(one, marks=[pytest.mark.xfail(strict=True, reason=HOLES[one.id])] if one.id in HOLES else [])
        for one in catalogue().values()
    ],
    ids=lambda one: one.id,
)
def test_no_mutant_of_a_model_solution_that_is_wrong_gets_full_points(exercise: Exercise) -> None:
    found = surveys_of(exercise.topic)[exercise.id]
    assert found.sound, text([found])
    assert found.noticed + found.endless > 0
