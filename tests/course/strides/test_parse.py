"""Chains are read, never run: what is not on the list is refused, with its name and its place."""

import re

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings

from course.strides.computing import _COMPUTING
from course.strides.operations import METHODS, OPERATIONS
from course.strides.parse import LARGEST_NUMBER, LONGEST_TEXT, ChainError, Step, parse


def test_a_chain_with_a_start() -> None:
    chain = parse("arange(24).view(2, 3, 4).permute(2, 0, 1)[::2]")
    assert chain.start == Step("arange", (24,), (), "arange(24)")
    assert [step.text for step in chain.steps] == [".view(2, 3, 4)", ".permute(2, 0, 1)", "[::2]"]
    assert [step.name for step in chain.steps] == ["view", "permute", "index"]


def test_a_bare_chain_goes_on_from_a_tensor() -> None:
    chain = parse(".view(3, 8).t()[:, ::2]")
    assert chain.start is None
    assert chain.steps[2] == Step("index", ((slice(None), slice(None, None, 2)),), (), "[:, ::2]")


def test_a_bare_chain_may_start_with_a_bracket() -> None:
    assert parse("[0]").steps == (Step("index", (0,), (), "[0]"),)


def test_all_that_an_index_may_hold() -> None:
    (step,) = parse("[-1, None, ..., 1:-2:3, :, None:4]").steps
    assert step.args == ((-1, None, ..., slice(1, -2, 3), slice(None), slice(None, 4)),)


def test_arguments_by_name_tuples_lists_and_none() -> None:
    (step,) = parse(".as_strided((2, 3), [1, -1], storage_offset=None)").steps
    assert step.args == ((2, 3), [1, -1])
    assert step.kwargs == (("storage_offset", None),)


def test_attributes_spaces_brackets_and_lines() -> None:
    chain = parse("  (torch.arange(6)\n  .view( 2,3 )) .T\n")
    assert chain.start.text == "torch.arange(6)"
    assert chain.start.name == "arange"
    assert [(step.name, step.text) for step in chain.steps] == [("view", ".view( 2,3 )"), ("T", ".T")]


def test_a_start_alone_is_a_chain() -> None:
    assert parse("zeros(2, 3)").steps == ()


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("__import__('os')", r"__import__\('os'\) is refused at position 0: a chain starts with", 0),
        ("__import__('os').system('ls')", r"__import__\('os'\) is refused at position 0", 0),
        (".__class__", r"\.__class__ is refused at position 1", 1),
        ("arange(3).__class__.__bases__", r"\.__class__ is refused at position 10", 10),
        ("arange(3).__reduce__()", r"\.__reduce__ is refused at position 10", 10),
        (".view(2).numpy()", r"\.numpy is refused at position 9: known are view", 9),
        (".view", r"\.view is refused at position 1: to call it, write \.view\(…\)", 1),
        (".T()", r"\.T is refused at position 1: T is written without brackets", 1),
        (".view(n)", "n is refused at position 6: only whole numbers", 6),
        ("  .view(n)", "n is refused at position 8", 8),
        (".view(f(2))", r"f\(2\) is refused at position 6", 6),
        (".view(1.5)", "1.5 is refused at position 6", 6),
        (".view(True)", "True is refused at position 6", 6),
        (".view('2')", "'2' is refused at position 6", 6),
        (".view(--2)", "--2 is refused at position 6", 6),
        (".view(+2)", r"\+2 is refused at position 6", 6),
        (".view(~2)", "~2 is refused at position 6", 6),
        (".view(2 * 3)", r"2 \* 3 is refused at position 6", 6),
        (".view(*[2, 3])", r"\*\[2, 3\] is refused at position 6", 6),
        (".view(**{})", r"\{\} is refused at position 8: \*\* is not taken apart", 8),
        (".view((2, (3,)))", r"\(3,\) is refused at position 10", 10),
        (".view([i for i in (2, 3)])", r"\[i for i in \(2, 3\)\] is refused at position 6", 6),
        (".view(size=lambda: 0)", "lambda: 0 is refused at position 11", 11),
        (".view((yield))", "yield is refused at position 7", 7),
        (".view((a := 2))", "a := 2 is refused at position 7", 7),
        (".view(torch.float32)", "torch.float32 is refused at position 6", 6),
        (".view(f'{1}')", r"f'\{1\}' is refused at position 6", 6),
        (".view(1_000_001)", "1_000_001 is refused at position 6: the largest number that is taken is 1000000", 6),
        ("arange(10**12)", r"10\*\*12 is refused at position 7", 7),
        ("arange(1000000000000)", "1000000000000 is refused at position 7: the largest number", 7),
        ("arange(-9999999)", "-9999999 is refused at position 7", 7),
        (".view(2, ...)", r"\.\.\. is refused at position 9", 9),
        (".view(1:2)", "not readable at position 7", 7),
        ("[[0, 1]]", r"\[0, 1\] is refused at position 1: indexing with a list gathers", 1),
        ("[(0, 1), 2]", r"\(0, 1\) is refused at position 1", 1),
        ("[..., ...]", r"\.\.\. is refused at position 6: one Ellipsis", 6),
        ("[True]", "True is refused at position 1", 1),
        ("[1:n]", "n is refused at position 3", 3),
        ("[::'2']", "'2' is refused at position 3", 3),
        ("[x > 2]", "x > 2 is refused at position 1", 1),
        ("x.view(2)", "x is refused at position 0: a chain starts with arange", 0),
        ("x", "x is refused at position 0", 0),
        ("torch.load(1)", r"torch.load\(1\) is refused at position 0", 0),
        ("torch.arange", "torch is refused at position 0", 0),
        ("os.arange(3)", "os is refused at position 0", 0),
        ("arange", "arange is refused at position 0", 0),
        ("arange(3)(4)", r"arange\(3\)\(4\) is refused at position 0", 0),
        ("[1, 2].view(2), 3", "is refused at position 0", 0),
        ("arange(3) + arange(3)", "is refused at position 10", 10),
        ("lambda: arange(3)", "is refused at position 0", 0),
        ("().view(2)", r"\(\) is refused at position 0", 0),
        (".view(2) if 1 else 2", "is refused at position 0", 0),
        (".view(2", "not readable at position", None),
        (".view(2))", "not readable at position 8", 8),
        ("a = 3", "not readable at position", None),
        ("import os", "not readable at position", None),
        (".view(2); .t()", "';' is refused at position 8", 8),
        (".view(2) # .t()", "'#' is refused at position 9", 9),
        (".view(2) \\", r"is refused at position 9", 9),
        ("", "the chain is empty: try", 0),
        (" \n ", "the chain is empty", 0),
        (".t()" * 51, "the chain has more than 50 steps", None),
        (".view(" + "2," * LONGEST_TEXT + ")", "the limit is 1000", LONGEST_TEXT),
        (".view(é)", "é is refused at position 6", 6),
        ("[é:1, b]", "é is refused at position 1", 1),
        (".view(\ud800)", "not readable", None),
    ],
)
def test_everything_else_is_refused_by_name_and_place(text: str, message: str, position: int | None) -> None:
    with pytest.raises(ChainError, match=message) as caught:
        parse(text)
    if position is not None:
        assert caught.value.position == position


def test_the_largest_number_is_taken() -> None:
    assert parse(f"arange({LARGEST_NUMBER})").start.args == (LARGEST_NUMBER,)


def test_what_is_not_text_is_refused() -> None:
    with pytest.raises(ChainError, match="a chain is text, got int"):
        parse(3)  # type: ignore[arg-type]


PIECES = [
    *(f".{name}(" for name in METHODS), ".T", ".mT", "arange(", "zeros(", "torch.", "x", "(", ")", "[", "]", ",", ":",
    "::", "...", "None", "-", "1", "2", "0", "99999999", " ", "\n", "'", "**", "=", "size=", "lambda", "__class__", ".",
    "é", "ﬁ", "\u2028", "\ud800", "\0", "#", "\\", "0x", "1j", "f'", '"', "if", "for", "in", ":=", "@", "1if", "'\\d'",
]  # fmt: skip


@settings(max_examples=800, deadline=None)
@given(st.one_of(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), st.text(max_size=30)))
@pytest.mark.filterwarnings("error")
def test_any_text_is_a_chain_or_a_clear_refusal(text: str) -> None:
    try:
        chain = parse(text)
    except ChainError as error:
        assert str(error)
        assert error.position is None or 0 <= error.position <= len(text)
    else:
        parts = [chain.start.text] if chain.start else []
        assert parse("".join([*parts, *(step.text for step in chain.steps)])) == chain


@pytest.mark.parametrize("text", ["-" * 990 + "1", "(" * 500 + ")" * 500, "[" * 999, ".view(" + "-" * 900 + "1)"])
def test_deep_nesting_is_refused_like_anything_else(text: str) -> None:
    with pytest.raises(ChainError, match=r"not readable|is refused at position"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (".view(6).sum()", ".sum is refused at position 9: that computes new numbers; here are only layouts"),
        (".add_(1)", ".add_ is refused at position 1: that computes new numbers"),
        (
            ".repeat(2, 1)",
            ".repeat is refused at position 1: known are view, reshape",
        ),  # it copies, and computes nothing
        (".sum", ".sum is refused at position 1: that computes new numbers"),
        (".t() + 1", "+ 1 is refused at position 5: that computes new numbers; here are only layouts"),
        ("(arange(6)) * 2 - 1", "* 2 - 1 is refused at position 12: that computes new numbers"),
        (".t() @ arange(6)", "@ arange(6) is refused at position 5: that computes new numbers"),
        (".t() > 0 < 3", "> 0 < 3 is refused at position 5: that computes new numbers"),
        ("+ 1", "+ 1 is refused at position 0: that computes new numbers"),
        ("  * 2", "* 2 is refused at position 2: that computes new numbers"),
        (".numpy()", ".numpy is refused at position 1: known are view, reshape"),
    ],
)
def test_what_computes_is_told_from_what_is_not_known(text: str, message: str) -> None:
    with pytest.raises(ChainError, match=re.escape(message)):
        parse(text)


def test_what_computes_are_methods_of_torchs_and_none_of_ours() -> None:
    assert [
        name for name in sorted(_COMPUTING) if not hasattr(torch.Tensor, name) and not hasattr(torch.Tensor, f"{name}_")
    ] == []
    assert _COMPUTING.isdisjoint(OPERATIONS)
