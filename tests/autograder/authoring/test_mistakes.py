"""What an author gets wrong is said in one line before anything is recorded: ids given twice, aspects that nobody looks at."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from autograder.authoring import oracles, references
from autograder.authoring.mistakes import unknown_aspects
from autograder.authoring.oracles import oracles_of
from autograder.judging.reference import load
from autograder.observing.exercise import catalogue, exercises_of, find


@pytest.mark.parametrize("exercise", sorted(catalogue()))
def test_every_aspect_that_an_exercise_names_is_looked_at(exercise: str) -> None:
    assert unknown_aspects(find(exercise), load(find(exercise)).expected) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            {"core": ("vaules",)},
            "relu: core= names the aspect 'vaules', and no case looks at it; did you mean 'values'?",
        ),
        ({"essential": ("speed",)}, "relu: essential= names the aspect 'speed', and no case looks at it"),
        (
            {"shares": {"gradient": 2.0}},
            "names the aspect 'gradient', and no case looks at it; did you mean 'gradients'?",
        ),
    ],
)
def test_a_misspelt_aspect_is_told_with_the_likeliest_one(words: dict[str, Any], said: str) -> None:
    relu = find("relu")
    (line,) = unknown_aspects(replace(relu, **words), load(relu).expected)
    assert line.endswith(said)


def test_no_reference_is_recorded_for_a_misspelt_aspect(monkeypatch: pytest.MonkeyPatch) -> None:
    which_api = replace(find("which_api"), core=("vaules",))
    only = {"which_api": oracles_of("functional")["which_api"]}
    monkeypatch.setattr(references, "oracles_of", lambda topic: only)
    monkeypatch.setattr(references, "exercises_of", lambda topic: (which_api,) if topic == "functional" else ())
    with pytest.raises(ValueError, match="which_api: core= names the aspect 'vaules'"):
        references.record("functional")


def test_an_oracle_that_is_named_twice_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    one = oracles_of("functional")["relu"]
    monkeypatch.setattr(oracles, "import_module", lambda name: SimpleNamespace(ORACLES=(one, one)))
    with pytest.raises(ValueError, match="ORACLES of made_up name an exercise twice: relu"):
        oracles_of("made_up")


def test_an_id_that_two_chapters_give_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    relu = find("relu")
    given = {"views": (*exercises_of("views"), relu)}
    monkeypatch.setattr(references, "exercises_of", lambda topic: given.get(topic) or exercises_of(topic))
    with pytest.raises(ValueError, match="two chapters have an exercise of one name: relu; each id may be given once"):
        references.record("functional")
