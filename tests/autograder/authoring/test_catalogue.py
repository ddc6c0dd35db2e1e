"""Every exercise of the course, by the same rules: right is right, nothing is nothing, a misconception has a name."""

from __future__ import annotations

import functools
import inspect
import runpy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from judging import observed, recorded, verdict_on

from autograder.authoring.agreeing import same_reference
from autograder.authoring.oracles import Misconception, oracles_of
from autograder.judging.judge import judge, read
from autograder.judging.reference import PUBLIC, load
from autograder.judging.verdict import Status
from autograder.observing.codec import from_bytes, to_bytes
from autograder.observing.exercise import Exercise, catalogue
from autograder.observing.observe import Run, run
from course.chapters import CHAPTERS, Chapter

EXERCISES = list(catalogue().values())
MISCONCEPTIONS = [
    pytest.param(one, known, answer, id=f"{one.id}-{known.name}-{number}")
    for one in EXERCISES
    for known in oracles_of(one.topic)[one.id].misconceptions
    for number, answer in enumerate(known.variants)
]
# What is expected in one case of these is a right answer to that case, and earns that case's own aspect its share.
RIGHT_IN_ITS_CASE = {
    *("predict_layout", "which_api", "predict_proba", "params_from_module", "functional_cnn"),
    *("predict_registered", "find_unregistered"),
    *("relu", "linear", "softmax", "correlate2d", "pad2d", "conv2d", "conv2d_im2col", "max_pool2d"),
    *("cross_entropy", "diagnose"),
    *("call_with", "attention", "split_heads", "dynamic_conv"),
    *("batch_norm", "record_activations", "evaluate"),
    *("ensemble_logits", "per_sample_gradients"),
    *("to_channels_last", "flatten_batch"),
}
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda one: one.id)


def expected_of(exercise: Exercise) -> list[Any]:
    """What is expected of the answer in every case, and of what that is made of one of each kind: an answer may give a part
    of what its probe writes down.
    """
    whole, parts = list[Any](), dict[object, Any]()
    for expected in load(exercise).expected:
        for aspect, value in expected.items():
            if aspect in ("memory", "errors", "gradients"):
                continue
            whole.append(value)
            for key, part in value.items() if isinstance(value, dict) else ():
                kind = (part.shape, part.dtype) if isinstance(part, torch.Tensor) else type(part)
                parts.setdefault((aspect, key, kind), part)
    return [*whole, *parts.values()]


@each_exercise
def test_the_oracle_earns_all_points(exercise: Exercise) -> None:
    reference = load(exercise)
    seen = observed(exercise, oracles_of(exercise.topic)[exercise.id].answer, reference.cases).seen
    verdict = judge(exercise, reference, Run(seen))  # an oracle may lean on torch's own operator
    assert verdict.status is Status.SOLVED, str(verdict)
    assert verdict.score == exercise.points


@each_exercise
def test_an_untouched_stub_is_not_attempted(exercise: Exercise) -> None:
    def stub(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    for nothing in (stub, None, ...):
        verdict = verdict_on(exercise, nothing)
        assert verdict.status is Status.NOT_ATTEMPTED
        assert verdict.score == 0
        assert exercise.contract.partition("(")[0] in verdict.note


@each_exercise
@pytest.mark.parametrize(
    "answer",
    [lambda *args, **kwargs: None, 7, "text", {}, {"a": 1}, object(), type("Empty", (), {})],
    ids=["returns None", "an int", "text", "an empty dict", "a dict", "an object", "a class"],
)
def test_nonsense_earns_nothing_and_breaks_nothing(exercise: Exercise, answer: Any) -> None:
    verdict = verdict_on(exercise, answer)
    assert verdict.score == 0
    assert not verdict.solved
    assert "<" in verdict._repr_html_()


@each_exercise
@pytest.mark.parametrize("constant", [True, False, 0, 1, (), None, "module", "functional"])
def test_a_constant_answer_earns_nothing(exercise: Exercise, constant: Any) -> None:
    assert verdict_on(exercise, lambda *args, **kwargs: constant).score == 0


@pytest.mark.parametrize(
    "exercise", [one for one in EXERCISES if one.id not in RIGHT_IN_ITS_CASE], ids=lambda one: one.id
)
def test_an_expected_value_given_back_whatever_is_asked_earns_nothing(exercise: Exercise) -> None:
    constants = [torch.zeros(2, 3), torch.zeros(()), *expected_of(exercise)]
    for constant in {to_bytes(one): one for one in constants}.values():
        verdict = verdict_on(exercise, lambda *args, constant=constant, **kwargs: constant)
        assert verdict.score == 0, f"{constant}\n{verdict}"


def _sizes_of(value: Any) -> Any:
    """What there is to tell of an argument without a look at a tensor's numbers."""
    match value:
        case torch.Tensor():
            return "tensor", value.shape, value.dtype, value.stride()
        case torch.nn.Module():
            return type(value).__name__, _sizes_of(value.state_dict())
        case Mapping():
            return tuple((name, _sizes_of(one)) for name, one in value.items())
        case list() | tuple():
            return type(value), tuple(map(_sizes_of, value))
    return repr(value) if isinstance(value, int | float | str | None | torch.dtype) else type(value)


# A network's parameters are counted by their sizes alone.
FUNCTIONS = [
    one
    for one in EXERCISES
    if inspect.isfunction(oracles_of(one.topic)[one.id].answer) and one.id != "count_parameters"
]


@pytest.mark.parametrize("exercise", FUNCTIONS, ids=lambda one: one.id)
def test_what_was_right_for_other_numbers_of_these_sizes_is_not_right(exercise: Exercise) -> None:
    oracle, kept = oracles_of(exercise.topic)[exercise.id].answer, dict[Any, Any]()

    @functools.wraps(oracle)
    def answer(*args: Any, **kwargs: Any) -> Any:
        key = _sizes_of(args), _sizes_of(kwargs)
        if key not in kept:
            kept[key] = oracle(*args, **kwargs)
        return kept[key]

    verdict = verdict_on(exercise, answer)
    of_numbers = any("'tensor'" in str(key) for key in kept)
    assert not (verdict.solved and of_numbers)  # of whole numbers and words nothing was left out


@each_exercise
def test_always_raising_earns_nothing(exercise: Exercise) -> None:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise ValueError("no")

    assert verdict_on(exercise, refuse).score == 0


@pytest.mark.parametrize(("exercise", "known", "answer"), MISCONCEPTIONS)
def test_a_misconception_is_called_by_its_name(exercise: Exercise, known: Misconception, answer: Any) -> None:
    verdict = verdict_on(exercise, answer, once=True)
    assert verdict.misconception == known.name, str(verdict)
    assert verdict.says == known.says
    assert verdict.score < exercise.points
    # What is built by hand can be got wrong by hand: no misconception leans on torch's own operator.
    assert verdict.status is not Status.NOT_BY_HAND


@pytest.mark.parametrize(("exercise", "known", "answer"), MISCONCEPTIONS)
def test_another_seed_calls_a_misconception_by_the_same_name(
    exercise: Exercise, known: Misconception, answer: Any, private: Callable[[str], Path]
) -> None:
    verdict = verdict_on(exercise, answer, private(exercise.topic), once=True)
    assert verdict.misconception == known.name, str(verdict)
    assert not verdict.solved


@each_exercise
def test_at_least_three_misconceptions_are_known(exercise: Exercise) -> None:
    assert len({one.name for one in load(exercise).misconceptions}) >= 3


@each_exercise
def test_an_exercise_is_worth_one_to_five_points(exercise: Exercise) -> None:
    assert 1 <= exercise.points <= 5


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda one: one.slug)
def test_the_public_reference_is_what_the_oracles_observe_today(chapter: Chapter) -> None:
    committed = (PUBLIC / f"{chapter.topic}.safetensors").read_bytes()
    assert same_reference(committed, recorded(chapter.topic))


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda one: one.slug)
def test_another_seed_gives_other_cases(chapter: Chapter, private: Callable[[str], Path]) -> None:
    ours, theirs = (where / f"{chapter.topic}.safetensors" for where in (PUBLIC, private(chapter.topic)))
    assert not same_reference(ours.read_bytes(), theirs.read_bytes())


@each_exercise
def test_another_seed_accepts_the_oracle(exercise: Exercise, private: Callable[[str], Path]) -> None:
    reference = load(exercise, private(exercise.topic))
    seen = observed(exercise, oracles_of(exercise.topic)[exercise.id].answer, reference.cases).seen
    assert judge(exercise, reference, Run(seen)).solved


def test_all_public_references_together_stay_small() -> None:
    assert sum(path.stat().st_size for path in PUBLIC.glob("*.safetensors")) < 8_000_000


@each_exercise
def test_what_is_seen_survives_the_way_through_bytes(exercise: Exercise) -> None:
    """Grading sends observations as bytes: the judge says the same of them on the other side."""
    reference = load(exercise)
    seen = observed(exercise, oracles_of(exercise.topic)[exercise.id].answer, reference.cases).seen
    assert judge(exercise, reference, Run(from_bytes(to_bytes(seen)))).solved


@pytest.mark.parametrize(
    ("exercise", "known"),
    [
        pytest.param(one, known, id=f"{one.id}-{known.name}")
        for one in EXERCISES
        for known in oracles_of(one.topic)[one.id].misconceptions
        if known.name.endswith((" for all calls", " for all objects"))
    ],
)
def test_what_shares_between_calls_starts_anew_with_every_check(exercise: Exercise, known: Misconception) -> None:
    """Answers that remember, and that no other test has called: the second check sees what the first one saw."""
    module = runpy.run_module(f"autograder.authoring.oracles.{exercise.topic}.{exercise.id}")
    (again,) = (one for one in module[exercise.id.upper()].misconceptions if one.name == known.name)
    cases = load(exercise).cases
    for answer in again.variants:
        first, second = (
            to_bytes(dict(enumerate(read(exercise, cases, run(exercise, answer, cases).seen)))) for _ in range(2)
        )
        assert first == second
