"""What a contract lets vary: every feasible pair of choices meets, whatever the seed, and small cases come first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Oracle, oracles_of
from autograder.authoring.space import Chosen, Space, absent
from autograder.judging.reference import load
from autograder.observing.codec import Projection
from autograder.observing.exercise import find
from autograder.observing.observe import run
from course.chapters import CHAPTERS

WITH_SPACE = [oracle for chapter in CHAPTERS for oracle in oracles_of(chapter.topic).values() if oracle.space]
each_space = pytest.mark.parametrize("oracle", WITH_SPACE, ids=lambda one: one.exercise)


def nothing(make: CaseMaker, one: Chosen) -> Any:
    return make.case()


def space_of(oracle: Oracle) -> Space:
    assert oracle.space is not None
    return oracle.space


@each_space
def test_every_feasible_pair_meets(oracle: Oracle) -> None:
    assert space_of(oracle).unmet() == []


@each_space
def test_the_seed_chooses_numbers_and_no_pairs(oracle: Oracle) -> None:
    ours, theirs = (space_of(oracle).cases(CaseMaker(seed, oracle.exercise)) for seed in (b"one", b"two"))
    assert [case.choices for case in ours] == [case.choices for case in theirs]
    assert [case.name for case in ours] == [case.name for case in theirs]


@each_space
def test_each_trait_has_cases_with_it_and_without(oracle: Oracle) -> None:
    cases = space_of(oracle).cases(CaseMaker(b"", oracle.exercise))
    for trait in space_of(oracle).traits:
        assert {case.choices[trait] for case in cases} == {True, False}, trait


@each_space
def test_drawn_cases_stand_behind_those_picked_by_hand(oracle: Oracle) -> None:
    cases = load(find(oracle.exercise)).cases
    picked = len(oracle.cases(CaseMaker(b"", oracle.exercise)))
    assert [case.drawn for case in cases] == [False] * picked + [True] * (len(cases) - picked)
    assert len(cases) - picked == len(space_of(oracle).combinations)


@each_space
def test_a_reference_keeps_the_choices_of_each_case(oracle: Oracle) -> None:
    space = space_of(oracle)
    for case in load(find(oracle.exercise)).cases:
        if case.drawn:
            assert list(case.choices) == [*space.choices, *space.traits]
            assert all(case.choices[name] in values for name, values in space.choices.items())


@each_space
def test_one_more_case_is_within_the_contract(oracle: Oracle) -> None:
    space, make = space_of(oracle), CaseMaker(b"more", oracle.exercise)
    for _ in range(20):
        case = space.one_more(make)
        one = Chosen({name: case.choices[name] for name in space.choices})
        assert all(condition(one) for condition in space.within)


def test_small_cases_come_first() -> None:
    space = Space(
        lambda make, one: make.case(x=make.drawn(one.rows, one.columns), **one.given("dim")),
        rows=(3, 1),
        columns=(5, 2),
        dim=(0, absent),
    )
    cases = space.cases(CaseMaker(b"", ""))
    sizes = [(case.inputs["x"].size, len(case.inputs)) for case in cases]
    assert sizes == sorted(sizes, key=lambda one: (one[0][0] * one[0][1], one[1]))


def test_a_trait_that_nothing_can_have_is_refused() -> None:
    space = Space(nothing, traits={"a is larger than 9": lambda one: one.a > 9}, a=(1, 2), b=(1, 2))
    with pytest.raises(ValueError, match="no combination within the contract has the trait 'a is larger than 9'"):
        _ = space.combinations


def test_a_choice_that_does_not_exist_is_named() -> None:
    with pytest.raises(AttributeError, match="no choice called 'strid'; there are stride"):
        _ = Chosen({"stride": 1}).strid


@st.composite
def spaces(draw: st.DrawFn) -> tuple[dict[str, Sequence[int]], frozenset[tuple[int, ...]]]:
    """Up to five names of up to four values, and combinations of the first three that are out of contract."""
    values = {name: tuple(range(draw(st.integers(1, 4)))) for name in "abcde"[: draw(st.integers(2, 5))]}
    whole = list(product(*list(values.values())[:3]))
    return values, frozenset(draw(st.lists(st.sampled_from(whole), max_size=len(whole) - 1)))


@settings(max_examples=60, deadline=None)
@given(spaces())
def test_pairs_met_are_those_that_a_look_at_all_combinations_finds(made: Any) -> None:
    values, out = made
    names = list(values)[:3]
    space = Space(nothing, within=lambda one: tuple(getattr(one, name) for name in names) not in out, **values)

    def pairs(rows: Any) -> set[Any]:
        return {pair for row in rows for pair in combinations(sorted(row.items()), 2)}

    every = [dict(zip(values, row, strict=True)) for row in product(*values.values())]
    within = [row for row in every if tuple(row[name] for name in names) not in out]
    rows = [one.choices for one in space.combinations]
    assert pairs(rows) == pairs(within)
    assert all(row in within for row in rows)
    assert len(rows) <= len(within)


def test_a_computed_input_has_a_history_and_gets_its_gradient() -> None:
    make = CaseMaker(b"", "")
    recipe = make.drawn(3, 2, layout="dimensions in another order")
    case = make.case(x=recipe, leaves="x", computed="x")
    x = case["x"]
    assert x.requires_grad and not x.is_leaf
    assert x.stride() == recipe.tensor().stride()
    assert torch.equal(x, recipe.tensor())
    found = case.gradients(x * 2)
    assert found is not None
    assert found["x"].shape == (3, 2)


def test_what_is_seen_of_a_drawn_case_is_small() -> None:
    exercise = find("conv2d")
    reference = load(exercise)
    seen = run(exercise, oracles_of("convolution")["conv2d"].answer, reference.cases).seen
    numbers = [value for case, one in zip(reference.cases, seen, strict=True) if case.drawn for value in leaves_of(one)]
    assert any(isinstance(value, Projection) for value in numbers)
    assert all(value.numel() <= 16 for value in numbers if isinstance(value, torch.Tensor))


def leaves_of(value: Any) -> list[Any]:
    return [leaf for item in value.values() for leaf in leaves_of(item)] if isinstance(value, dict) else [value]
