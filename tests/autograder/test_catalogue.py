"""Every exercise of the course, by the same rules: right is right, nothing is nothing, a misconception has a name."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.codec import from_bytes, to_bytes
from autograder.exercise import Exercise, catalogue
from autograder.judge import judge
from autograder.observe import Run, run
from autograder.oracles import Misconception, oracles_of
from autograder.oracles.record import record, same_reference
from autograder.reference import PUBLIC, load
from autograder.verdict import Status, Verdict
from course.chapters import CHAPTERS

EXERCISES = list(catalogue().values())
MISCONCEPTIONS = [
    pytest.param(one, known, answer, id=f"{one.id}-{known.name}-{number}")
    for one in EXERCISES
    for known in oracles_of(one.topic)[one.id].misconceptions
    for number, answer in enumerate(known.variants)
]
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda one: one.id)


def verdict_on(exercise: Exercise, answer: Any) -> Verdict:
    reference = load(exercise)
    return judge(exercise, reference, run(exercise, answer, reference.cases))


@each_exercise
def test_the_oracle_earns_all_points(exercise: Exercise) -> None:
    reference = load(exercise)
    seen = run(exercise, oracles_of(exercise.topic)[exercise.id].answer, reference.cases).seen
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


@pytest.mark.parametrize(("exercise", "known", "answer"), MISCONCEPTIONS)
def test_a_misconception_is_called_by_its_name(exercise: Exercise, known: Misconception, answer: Any) -> None:
    verdict = verdict_on(exercise, answer)
    assert verdict.misconception == known.name, str(verdict)
    assert verdict.says == known.says
    assert verdict.score < exercise.points


@each_exercise
def test_at_least_three_misconceptions_are_known(exercise: Exercise) -> None:
    assert len({one.name for one in load(exercise).misconceptions}) >= 3


@each_exercise
def test_an_exercise_is_worth_one_to_five_points(exercise: Exercise) -> None:
    assert 1 <= exercise.points <= 5


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda one: one.slug)
def test_the_public_reference_is_what_the_oracles_observe_today(chapter: Any) -> None:
    committed = (PUBLIC / f"{chapter.topic}.safetensors").read_bytes()
    assert same_reference(committed, record(chapter.topic))


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda one: one.slug)
def test_another_seed_gives_other_cases_that_judge_the_same(chapter: Any, tmp_path: Any) -> None:
    (tmp_path / f"{chapter.topic}.safetensors").write_bytes(record(chapter.topic, b"an instructor's own"))
    assert not same_reference(
        (PUBLIC / f"{chapter.topic}.safetensors").read_bytes(), (tmp_path / f"{chapter.topic}.safetensors").read_bytes()
    )
    for exercise in (one for one in EXERCISES if one.topic == chapter.topic):
        oracle, private = oracles_of(chapter.topic)[exercise.id], load(exercise, tmp_path)
        assert judge(exercise, private, Run(run(exercise, oracle.answer, private.cases).seen)).solved
        for known in oracle.misconceptions:
            verdict = judge(exercise, private, run(exercise, known.variants[0], private.cases))
            assert verdict.misconception == known.name, f"{exercise.id}: {known.name}\n{verdict}"


def test_all_public_references_together_stay_small() -> None:
    assert sum(path.stat().st_size for path in PUBLIC.glob("*.safetensors")) < 8_000_000


@each_exercise
def test_what_is_seen_survives_the_way_through_bytes(exercise: Exercise) -> None:
    """Grading sends observations as bytes: the judge says the same of them on the other side."""
    reference = load(exercise)
    seen = run(exercise, oracles_of(exercise.topic)[exercise.id].answer, reference.cases).seen
    assert judge(exercise, reference, Run(from_bytes(to_bytes(seen)))).solved
