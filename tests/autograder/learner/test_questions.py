"""An answer that waits for somebody to type: refused with a sentence, whatever it asks by, and what follows goes on."""

from __future__ import annotations

import builtins
import getpass
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch

from autograder import check
from autograder.judging.verdict import Status

SENTENCE = "your answer asks somebody to type ({}), and nobody is there while it is tried."

# The ways to ask, and the name by which they are told.
ASKING: dict[str, tuple[Callable[[], Any], str]] = {
    "input": (lambda: input("how many? "), "input()"),
    "getpass": (lambda: getpass.getpass("how many? "), "getpass()"),
    "getpass on any terminal": (lambda: getpass.fallback_getpass("how many? "), "getpass()"),  # type: ignore[attr-defined]
    "sys.stdin.read": (lambda: sys.stdin.read(), "sys.stdin"),
    "sys.stdin.readline": (lambda: sys.stdin.readline(), "sys.stdin"),
    "sys.stdin.readlines": (lambda: sys.stdin.readlines(), "sys.stdin"),
    "a loop over sys.stdin": (lambda: list(sys.stdin), "sys.stdin"),
    "its bytes": (lambda: sys.stdin.buffer.read(), "sys.stdin"),
    "breakpoint": (lambda: breakpoint(), "breakpoint()"),
}


@pytest.mark.parametrize("way", ASKING)
def test_asking_is_refused_with_a_sentence(way: str) -> None:
    ask, name = ASKING[way]

    def relu(x: torch.Tensor) -> torch.Tensor:
        ask()
        return x.clamp(min=0)

    verdict = check("relu", relu)
    assert verdict.status is Status.CRASHED
    assert SENTENCE.format(name) in verdict.note
    assert "in your line" in verdict.note


def test_afterwards_one_may_ask_again() -> None:
    before = (builtins.input, getpass.getpass, sys.stdin, sys.breakpointhook)
    check("relu", lambda x: input())
    assert (builtins.input, getpass.getpass, sys.stdin, sys.breakpointhook) == before


def test_an_answer_that_gets_along_without_an_answer_is_judged_by_what_it_gives() -> None:
    def relu(x: torch.Tensor) -> torch.Tensor:
        try:
            low = float(input("lowest? "))
        except EOFError:
            low = 0.0
        return x.clamp(min=low)

    assert check("relu", relu).solved


def test_a_refusal_by_the_notebooks_own_input_is_told_alike() -> None:
    from IPython.core.error import StdinNotImplementedError

    def relu(x: torch.Tensor) -> torch.Tensor:
        raise StdinNotImplementedError("raw_input was called, but this frontend does not support input requests.")

    assert SENTENCE.format("input()") in check("relu", relu).note


def test_a_standard_input_kept_by_name_is_at_its_end_and_whole_again_afterwards() -> None:
    program = """
import os
from sys import stdin
from autograder import check
def relu(x):
    assert stdin.readline() == "" and os.read(0, 1) == b"", "it was read"
    return x.clamp(min=0)
check("relu", relu)
print("then", input())
"""
    done = subprocess.run([sys.executable, "-c", program], input="kept\n", capture_output=True, text=True, check=True)
    assert "✓ relu solved" in done.stdout
    assert "then kept" in done.stdout
