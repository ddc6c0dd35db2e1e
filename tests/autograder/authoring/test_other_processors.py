"""A reference that was made on one processor is current on another, and misconceptions keep their names there.

Another processor is played by other settings of this one, and by observations with another rounding than was seen.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from judging import observed
from torch import Tensor

from autograder.authoring import references
from autograder.authoring.agreeing import same_reference
from autograder.authoring.oracles import Misconception, Oracle, oracles_of
from autograder.authoring.references import PUBLIC_SEED
from autograder.judging.compare import ROUNDING, difference, leaves, magnitude
from autograder.judging.judge import judge, read
from autograder.judging.reference import PUBLIC, Reference, load
from autograder.observing.case import Case
from autograder.observing.codec import Projection, Raised, from_bytes, to_bytes
from autograder.observing.exercise import Exercise, catalogue
from autograder.observing.observe import Run, Seen, observe

EXERCISES = list(catalogue().values())
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda one: one.id)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "settings"),
    [
        pytest.param(
            {"ATEN_CPU_CAPABILITY": "default", "OMP_NUM_THREADS": "1"},
            {"capability": "DEFAULT", "threads": 1},
            id="no vector instructions, one thread",
        ),
        pytest.param(
            {"ONEDNN": "off", "OMP_NUM_THREADS": "2"},
            {"onednn": False, "threads": 2},
            id="no oneDNN, two threads",
        ),
    ],
)
def test_references_are_current_and_misconceptions_named_under_other_settings(
    environment: Mapping[str, str], settings: Mapping[str, Any], root: Path
) -> None:
    path = os.pathsep.join([str(root), str(root / "tests")])
    program = [sys.executable, str(root / "tests/other_settings.py")]
    done = subprocess.run(
        program,
        env={**os.environ, **environment, "PYTHONPATH": path, "OMP_WAIT_POLICY": "passive"},
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["settings"].items() >= settings.items()
    assert found["status"] == 0, done.stdout
    assert found["misnamed"] == []


@each_exercise
def test_another_rounding_changes_no_verdict(exercise: Exercise) -> None:
    """Neither on what is right nor on any misconception: status, points, aspects and name stay."""
    reference, oracle = load(exercise), oracles_of(exercise.topic)[exercise.id]
    words = replace(exercise, topic="none")  # readings are made before: it is words that are compared then, not numbers
    for answer in (oracle.answer, *(one for known in oracle.misconceptions for one in known.variants)):
        seen = read(exercise, reference.cases, observed(exercise, answer, reference.cases).seen)
        verdict, again = (judge(words, reference, Run(one)) for one in (seen, elsewhere(reference, seen)))
        assert [verdict.status, verdict.score, verdict.aspects, verdict.misconception, verdict.says] == [
            *(again.status, again.score, again.aspects, again.misconception, again.says)
        ]


@each_exercise
def test_numbers_that_count_as_zero_are_small_as_rounding_is(exercise: Exercise) -> None:
    """What rounding leaves is a sixth of the floor at most; a number that says something must not lie below it."""
    reference = load(exercise)
    known = [one for misconception in reference.misconceptions for one in misconception.variants]
    for variant in (dict(enumerate(reference.expected)), *known):
        for index, seen in variant.items():
            size = magnitude(reference.cases[index].inputs, reference.expected[index])
            for path, leaf in {} if isinstance(seen, Raised) else leaves(seen).items():
                largest, floor = measured(leaf, size, reference.tolerance)
                assert not floor / 4 < largest <= floor, f"{reference.cases[index].name}: {path}"


def test_a_reference_with_other_rounding_is_current() -> None:
    """Softmax over a batch: the gradient of ``fc.bias`` is a sum of zero."""
    content = from_bytes((PUBLIC / "functional.safetensors").read_bytes(), small=True)
    known = content["functional_cnn"]["misconceptions"]
    inside = next(one for one in known if one["name"] == "softmax inside")
    leaf = inside["variants"][1][1]["gradients|fc.bias"]
    before = to_bytes(content, small=True)
    assert 0 < float(leaf.abs().max()) < 1e-6
    leaf.copy_(1e-6 * torch.cos(torch.arange(10.0)))
    assert same_reference(before, to_bytes(content, small=True))
    leaf.copy_(1e-3 * torch.cos(torch.arange(10.0)))
    assert not same_reference(before, to_bytes(content, small=True))


def _noisy(answer: Any, case: Case) -> dict[str, Any]:
    value, gradient = answer(case["x"])
    return observe(values=value, gradients={"x": gradient})


def _recorded(wrong: Any, monkeypatch: pytest.MonkeyPatch, seed: bytes = PUBLIC_SEED) -> Any:
    """What is recorded of the misconceptions of an exercise that is made up; ``wrong`` is the only one."""
    noisy = Exercise("noisy", "made_up", "noisy(x)", 1, _noisy, arguments=("x",))
    oracle = Oracle(
        "noisy",
        lambda x: (2 * x, x * 1e-8),
        lambda make: [make.case("one", x=torch.ones(2))],
        [Misconception("other", wrong, says="")],
    )
    monkeypatch.setattr(references, "oracles_of", lambda topic: {"noisy": oracle})
    monkeypatch.setattr(references, "exercises_of", lambda topic: (noisy,) if topic == "made_up" else ())
    return from_bytes(references.record("made_up", seed), small=True)["noisy"]["misconceptions"]


def test_another_rounding_is_no_observation_of_a_misconception(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(_recorded(lambda x: (3 * x, x * -5e-8), monkeypatch)[0]["variants"][0][0]) == ["values"]
    assert list(_recorded(lambda x: (2 * x, x * 1e-3), monkeypatch)[0]["variants"][0][0]) == ["gradients|x"]
    with pytest.raises(ValueError, match="no case tells the misconception 'other' from the reference"):
        _recorded(lambda x: (2 * x, x * -5e-8), monkeypatch)


def test_a_private_reference_leaves_out_what_its_numbers_cannot_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _recorded(lambda x: (2 * x, x * -5e-8), monkeypatch, b"somebody's own") == ()
    assert len(_recorded(lambda x: (3 * x, x), monkeypatch, b"somebody's own")) == 1


@pytest.mark.parametrize("part", ["expected", "inputs", "words"])
def test_a_reference_that_says_something_else_is_not_current(part: str) -> None:
    content = from_bytes((PUBLIC / "functional.safetensors").read_bytes(), small=True)
    before, linear = to_bytes(content, small=True), content["linear"]
    match part:
        case "expected":
            linear["expected"][0]["values"].mul_(1.001)
        case "inputs":
            linear["cases"][0]["inputs"]["x"].mul_(1.001)
        case "words":
            linear["misconceptions"][0]["says"] += "!"
    assert not same_reference(before, to_bytes(content, small=True))


def elsewhere(reference: Reference, seen: tuple[Seen, ...]) -> tuple[Seen, ...]:
    """What another processor might have seen: each number off by its own rounding, and other rounding instead of zero."""
    sizes = [
        magnitude(case.inputs, expected) for case, expected in zip(reference.cases, reference.expected, strict=True)
    ]
    return tuple(
        one if isinstance(one, Raised) else other_rounding(one, size, reference.tolerance)
        for one, size in zip(seen, sizes, strict=False)
    )


def other_rounding(value: Any, size: float, tolerance: str) -> Any:
    if isinstance(value, Mapping):
        return {key: other_rounding(item, size, tolerance) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(other_rounding(item, size, tolerance) for item in value)
    largest, floor = measured(value, size, tolerance)
    if not floor or not largest:  # an exact 0 is one everywhere
        return value
    dtype = torch.float64 if isinstance(value, float) else value.dtype
    off = torch.finfo(dtype).eps * largest if largest > floor else floor / 6  # what batch norm leaves of zero
    if isinstance(value, Projection):
        return replace(value, values=moved(value.values, off))
    if isinstance(value, float):
        return float(moved(torch.tensor([value], dtype=torch.float64), off))
    return moved(value, off)


def moved(values: Tensor, off: float) -> Tensor:
    signs = torch.cos(3.0 * torch.arange(values.numel(), dtype=torch.float64)).view(values.shape)
    return (values.double() + off * signs).to(values.dtype)


def measured(leaf: Any, size: float, tolerance: str) -> tuple[float, float]:
    """The largest number of a leaf, and below what it is rounding; zeros for what holds no numbers to be rounded."""
    match leaf:
        case Tensor() if leaf.is_floating_point():
            values, dtype, terms = leaf, leaf.dtype, 1
        case Projection() if leaf.dtype.is_floating_point:
            values, dtype, terms = leaf.values, leaf.dtype, torch.Size(leaf.size).numel()
        case float():
            values, dtype, terms = torch.tensor(leaf), torch.float64, 1
        case _:
            return 0.0, 0.0
    finite = values[values.isfinite()].double().abs()
    floor = ROUNDING.get(tolerance or str(dtype).removeprefix("torch."), 0.0) * size * terms**0.5
    return (float(finite.max()) if finite.numel() else 0.0), floor


def test_rounding_is_moved_and_stays_rounding() -> None:
    """What the tests above play is another number, and the judge takes it for the same."""
    noise, number = torch.tensor([3e-8, -1e-8]), torch.tensor([1.0, 0.25])
    for one in (noise, number):
        other = other_rounding(one, 1.0, "")
        assert not torch.equal(one, other)
        assert difference(one, other, size=1.0) is None
