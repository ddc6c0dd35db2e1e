"""What shows a mistake: got and expected never the same text, the place of a difference, pictures that stay small."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from answers.storage.right import read_by_hand
from answers.views.right import infer_checked
from hypothesis import given
from hypothesis import strategies as st
from judging import verdict_on
from torch import Tensor, nn

from autograder.authoring.oracles import oracles_of
from autograder.judging.compare import difference
from autograder.judging.judge import judge
from autograder.judging.picture import off_by, pictures_of
from autograder.judging.reference import load
from autograder.judging.show import show_apart, show_case
from autograder.observing.case import Case
from autograder.observing.codec import Listed, Other, Projection, Raised
from autograder.observing.exercise import Exercise, catalogue, find
from autograder.observing.handed_in import HandedIn
from autograder.observing.observe import Run, run

EIGHTS = [
    8,
    8.0,
    True,
    torch.tensor(8.0),
    torch.tensor(True),
    "8",
    (8,),
    Listed((8,)),
    (8.0,),
    Other("nothing"),
    None,
    {},
]


@pytest.mark.parametrize("got", EIGHTS)
@pytest.mark.parametrize("expected", EIGHTS)
def test_what_differs_is_shown_as_two_texts(got: Any, expected: Any) -> None:
    if difference(expected, got) is not None:
        mine, theirs = show_apart(got, expected)
        assert mine != theirs


@given(st.floats(-1e6, 1e6), st.floats(1e-9, 1e-3))
def test_a_difference_far_behind_the_comma_is_seen(value: float, by: float) -> None:
    expected, got = (
        torch.tensor([value], dtype=torch.float64),
        torch.tensor([value * (1 + by) + by], dtype=torch.float64),
    )
    if not torch.equal(expected, got):
        mine, theirs = show_apart(got, expected)
        assert mine != theirs


@pytest.mark.parametrize(
    ("got", "expected", "says"),
    [
        (
            torch.tensor([[1.0, 2.0], [3.0, 9.0]]),
            torch.tensor([[1.0, 2.0], [3.0, 4.0]]),
            "5, at [1, 1]: 9 instead of 4.",
        ),
        (torch.zeros(3) + 1e-6, torch.zeros(3), "The largest difference is 1e-06, at [0]: 1e-06 instead of 0."),
        (torch.tensor([1.0, torch.inf]), torch.tensor([9.0, 2.0]), "At [1]: inf instead of 2."),
        (
            torch.tensor([7, 7, 8]),
            torch.tensor([7, 7, 7]),
            "1 of 3 numbers differs. The largest difference is 1, at [2]",
        ),
        (torch.tensor([True, True]), torch.tensor([True, False]), "At [1]: True instead of False."),
        (8.5, 8.0, "It is 0.5 too large."),
        (torch.zeros(2, 3), torch.zeros(3, 2), ""),
        (torch.zeros(2), torch.zeros(2, dtype=torch.float64), ""),
    ],
)
def test_where_and_by_how_much(got: Any, expected: Any, says: str) -> None:
    found = off_by(got, expected)
    assert found.endswith(says) if says == "" or says.endswith(".") else says in found
    assert bool(found) == bool(says)


def test_of_what_is_seen_through_projections_no_place_is_named() -> None:
    one, other = (Projection((3, 500), torch.float32, torch.full((4,), value).double()) for value in (1.0, 2.0))
    assert off_by(one, other) == "The 1,500 numbers are compared as a whole here, so no place is named."
    assert pictures_of(one, other) == ()


@pytest.mark.parametrize("size", [(2, 2), (1, 3, 5, 7), (22, 23), (2, 250), (256, 2), (2, 16, 16)])
@pytest.mark.parametrize("place", [0, -1])
def test_a_picture_is_small_and_holds_the_place_of_the_largest_difference(size: tuple[int, ...], place: int) -> None:
    expected = torch.zeros(size)
    got = expected.clone()
    got.view(-1)[place] = 1.0
    shown = pictures_of(got, expected)
    assert [one.title for one in shown] == ["got", "expected", "difference"]
    assert all(len(one.rows) <= 12 and len(one.rows[0]) <= 12 for one in shown)
    assert [cell.text for row in shown[2].rows for cell in row].count("+") == 1
    assert "1 of" in shown[2].says


def test_what_is_not_finite_has_a_sign_of_its_own() -> None:
    got = torch.tensor([[torch.nan, 1.0], [-torch.inf, 1.0]])
    signs = [[cell.text for cell in row] for row in pictures_of(got, torch.ones(2, 2))[2].rows]
    assert signs == [["×", "·"], ["×", "·"]]


def test_numbers_further_apart_than_a_float_can_say_have_a_picture() -> None:
    most, least = torch.finfo(torch.float64).max, torch.finfo(torch.float64).tiny / 2**52
    got = torch.tensor([[-most, most], [-most, least]], dtype=torch.float64)
    assert [[cell.level for cell in row] for row in pictures_of(got, 0 * got)[0].rows] == [["0", "4"], ["0", "2"]]
    small = torch.tensor([[0.0, least], [0.0, 0.0]], dtype=torch.float64)
    assert [[cell.level for cell in row] for row in pictures_of(small, 0 * small)[0].rows] == [["0", "4"], ["0", "0"]]


@pytest.mark.parametrize("number", [2**70, -(10**400)])
def test_a_whole_number_larger_than_any_float_is_another_number(number: int) -> None:
    assert difference(1.0, number) is not None


@pytest.mark.filterwarnings("ignore")  # torch's, of what it means to change
@pytest.mark.parametrize(
    "odd",
    [
        lambda x: torch.nested.nested_tensor([x.detach(), x.detach()]),
        lambda x: torch.quantize_per_tensor(x.detach().float(), 0.1, 0, torch.quint8),
        lambda x: x.detach().to_sparse(),
    ],
    ids=["nested", "quantized", "sparse"],
)
def test_a_tensor_of_another_kind_is_another_kind_of_result(odd: Any) -> None:
    verdict = verdict_on(find("relu"), odd)
    assert verdict.score == 0
    assert "Tensor (" in str(verdict)


def test_no_colour_of_a_picture_stands_without_a_sign() -> None:
    shown = pictures_of(torch.randn(9, 9), torch.randn(9, 9))
    for one in shown:
        signs: dict[str, set[str]] = {}
        for cell in (cell for row in one.rows for cell in row):
            signs.setdefault(cell.level, set()).add(cell.text)
        assert all(len(texts) == 1 for texts in signs.values())
        assert len(set(map(str, signs.values()))) == len(signs)


HOSTILE = "<img src=x onerror=alert(1)>&\u202e" * 4000


def stranger(value: Any) -> Tensor | Mapping[str, Any]:
    return {"values": value, "memory": {HOSTILE: HOSTILE}, "left alone": {"memory": {HOSTILE: (HOSTILE, 3, None)}}}


@pytest.mark.parametrize(
    "value",
    [
        {HOSTILE: torch.ones(512)},
        tuple({str(number): (HOSTILE,) * 50} for number in range(500)),
        HOSTILE,
        Listed((HOSTILE,) * 1000),
        10**4000,
        torch.full((2, 256), torch.nan),
        Other(HOSTILE),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_stranger_sends_stays_small_and_is_only_text(value: Any) -> None:
    exercise = find("relu")
    reference = load(exercise)
    handed_in = HandedIn(("tuple", (HOSTILE,), (HOSTILE,)), {HOSTILE: "written"}, True, (("dict", (HOSTILE, ())),) * 5)
    seen = (
        *((stranger(value),) * (len(reference.cases) - 1)),
        Raised("NotImplementedError", HOSTILE, "raise", 3, HOSTILE),
    )
    verdict = judge(exercise, reference, Run(seen, handed_in=handed_in))
    html = verdict._repr_html_()
    assert "<img" not in html
    assert len(html) < 200_000
    assert len(str(verdict)) < 200_000


# A contract without an arrow that changes what it is given gives nothing back.
FUNCTIONS = [
    name
    for name, one in catalogue().items()
    if not (one.asks or one.contract.startswith("class ") or " and " in one.contract)
    and ("->" in one.contract or not one.may_change)
]
OF_A_KIND = {
    "nothing (None)": lambda *args, **kwargs: None,
    "a NumPy array": lambda *args, **kwargs: np.ones((2, 2)),
    "a generator": lambda *args, **kwargs: (one for one in ()),
    "the function len": lambda *args, **kwargs: len,
}


@pytest.mark.parametrize("kind", OF_A_KIND)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_came_back_is_named_in_every_exercise(name: str, kind: str) -> None:
    exercise = find(name)
    advice = verdict_on(exercise, OF_A_KIND[kind]).advice
    if kind.startswith("nothing") and exercise.contract.endswith(" or None"):
        assert advice == ""  # it may be right
    else:
        assert any(
            advice.startswith(f"What came back is {one}, and ")
            for one in (kind, kind.replace("the function len", "a function"))
        )


@pytest.mark.parametrize(("name", "right"), [("infer_size", infer_checked), ("read_strided", read_by_hand)])
def test_where_an_error_is_asked_for_nothing_is_said_of_what_came_back(name: str, right: Callable[..., Any]) -> None:
    def quietly(*args: Any, **given: Any) -> Any:
        try:
            return right(*args, **given)
        except (ValueError, IndexError):
            return None

    verdict = verdict_on(find(name), quietly)
    assert [one.name for one in verdict.aspects if not one.holds] == ["errors"]
    assert verdict.advice == ""


def test_what_is_no_tensor_is_called_only_where_a_call_gives_one() -> None:
    verdict = verdict_on(find("init_params"), lambda generator: nn.ParameterDict({"weight": torch.ones(2)}))
    assert "and a dict is asked for" in verdict.advice
    assert "Call it" not in verdict.advice


@pytest.mark.parametrize("name", ["train_module", "train_functional"])
@pytest.mark.parametrize(
    ("keep", "kind"),
    [
        (str, "a list of texts"),
        (np.array, "a list of NumPy arrays"),
        (lambda one: (0, one), "a list (of a tuple, a tuple)"),
    ],
)
def test_a_list_of_other_things_is_no_list_of_numbers(name: str, keep: Any, kind: str) -> None:
    right = oracles_of("training")[name].answer
    verdict = verdict_on(find(name), lambda *args: [keep(one) for one in right(*args)])
    assert verdict.advice == f"What came back is {kind}, and a list of numbers is asked for."


def test_it_is_said_of_a_dict_that_something_else_is_in_it() -> None:
    right = oracles_of("modes")["record_activations"].answer
    verdict = verdict_on(
        find("record_activations"), lambda *args: {name: one.tolist() for name, one in right(*args).items()}
    )
    assert verdict.advice == "What came back is a dict with a list in it, and a dict of tensors is asked for."


def test_what_is_never_right_is_not_called_the_same_for_all() -> None:
    right = oracles_of("training")["train_module"].answer
    verdict = verdict_on(find("train_module"), lambda *args: iter(right(*args)))
    assert "Your answer is the same" not in verdict.note
    assert 0 < verdict.score < verdict.points


CLASSES = [
    (name, answer)
    for name, exercise in catalogue().items()
    if isinstance(answer := oracles_of(exercise.topic)[name].answer, type) and not answer.__module__.startswith("torch")
]


@pytest.mark.parametrize(("name", "whole"), CLASSES, ids=[name for name, _ in CLASSES])
def test_half_a_class_is_said_to_be_half(name: str, whole: Any) -> None:
    def stub(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError()

    method = "forward" if hasattr(whole, "forward") else "named_parameters"
    verdict = verdict_on(find(name), type(whole.__name__, (whole,), {method: stub}))
    assert verdict.status in ("not right yet", "partly right")
    assert f"{method} is still to be written: it only raises NotImplementedError." in verdict.advice
    assert "written. " in verdict.advice


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("conv2d_im2col", lambda x, weight, *args, **kwargs: torch.nn.functional.unfold(x.long(), weight.shape[2:])),
        ("init_params", lambda generator: {"conv.bias": torch.empty(16).long().uniform_(-1, 1, generator=generator)}),
        ("predict_proba", lambda model, x: model(x).long().softmax(1)),
    ],
)
def test_what_torch_has_not_implemented_is_not_left_unwritten(name: str, answer: Any) -> None:
    verdict = verdict_on(find(name), answer)
    assert verdict.status == "crashed"
    assert "raised NotImplementedError" in verdict.note


def test_a_list_is_shown_as_the_list_that_it_was() -> None:
    verdict = verdict_on(find("contiguous_stride"), lambda size: [9 for _ in size])
    assert verdict.finding is not None
    assert (verdict.finding.got, verdict.finding.expected) == ("[9, 9]", "[3, 1]")
    assert run(find("relu"), lambda x: [x], load(find("relu")).cases[:1]).handed_in.returned == (("list", ("tensor",)),)


def _changed(case: Case) -> bool:
    return bool(case.inputs.get("no_grad") or case.inputs.get("asked_before"))


@pytest.mark.parametrize(
    "exercise", [one for one in catalogue().values() if any(map(_changed, load(one).cases))], ids=lambda one: one.id
)
def test_how_a_case_is_called_is_said_once_whatever_the_author_says_of_it(exercise: Exercise) -> None:
    for case in load(exercise).cases:
        words = show_case(exercise, case)
        assert words.count("torch.no_grad()") == bool(case.inputs.get("no_grad")), words
        assert words.count("once before") == bool(case.inputs.get("asked_before")), words
