"""`check` as a notebook meets it: quiet, quick to trust a learner, slow to trust a submission."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
import torch
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.validator import Validator
from torch.overrides import TorchFunctionMode

from autograder import check
from autograder.judging.verdict import Status
from autograder.learner import kernel
from autograder.learner.kernel import UntrustedKernel
from autograder.learner.progress import progress


def relu(x: torch.Tensor) -> torch.Tensor:
    return x.clamp(min=0)


def test_an_unknown_exercise_is_said_with_the_closest_names() -> None:
    with pytest.raises(ValueError, match="there is no exercise 'linaer'; did you mean linear"):
        check("linaer", relu)
    with pytest.raises(ValueError, match=r"there is no exercise 'nope'; progress\(\) lists them all$"):
        check("nope", 1)


@pytest.mark.parametrize("first", [relu, {"relu": relu}, None], ids=["a function", "a dict", "nothing"])
def test_a_check_without_a_name_says_how_to_write_it(first: Any) -> None:
    with pytest.raises(ValueError, match=re.escape('comes first, in quotes, as in check("relu", relu)')):
        check(first)


def test_a_name_that_no_exercise_has_is_one_line_in_a_notebook() -> None:
    program = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="nocolor")
shell.run_cell("from autograder import check")
shell.run_cell('check("linaer", 1)')
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["ValueError: there is no exercise 'linaer'; did you mean linear, my_linear?"]


def test_not_a_word_reaches_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    def noisy(x: torch.Tensor) -> torch.Tensor:
        import logging
        import warnings

        warnings.warn("loud", stacklevel=1)
        logging.getLogger("learner").error("loud")
        print("loud", file=sys.stderr)
        return x.clamp(min=0)

    assert check("relu", noisy).solved
    assert capfd.readouterr().err == ""


class Unwilling(TorchFunctionMode):
    def __torch_function__(self, *words: Any) -> Any:
        raise RuntimeError("a mode that was left on")


@pytest.mark.parametrize("mode", [lambda: torch.device("meta"), Unwilling], ids=["a default device", "a mode"])
def test_a_device_or_mode_that_is_left_on_is_no_matter_of_a_check(mode: Callable[[], Any]) -> None:
    with mode():
        right, wrong = check("relu", relu), check("relu", lambda x: x)
        given = wrong.failing[0].inputs["x"]
    assert (right.solved, wrong.score, given.tolist()) == (True, 0.0, [-2.0, 3.0])


@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128, torch.float8_e5m2], ids=str)
def test_what_torch_cannot_do_with_a_result_is_no_sign_of_an_answer_that_is_missing(dtype: torch.dtype) -> None:
    verdict = check("relu", lambda x: x.clamp(min=0).to(dtype))
    assert verdict.status is not Status.NOT_ATTEMPTED and not verdict.solved


def test_a_print_of_the_learner_is_still_seen(capfd: pytest.CaptureFixture[str]) -> None:
    check("relu", lambda x: (print("shape", tuple(x.shape)), x.clamp(min=0))[1])
    assert "shape (2,)" in capfd.readouterr().out


def test_of_all_that_an_answer_prints_the_first_lines_are_shown(capfd: pytest.CaptureFixture[str]) -> None:
    check("relu", lambda x: print(*range(20), sep="\n"))
    out = capfd.readouterr().out.splitlines()
    assert out[:31] == [
        *(str(one % 20) for one in range(30)),
        "… and 990 more lines. A check tries your answer on many cases; one of them alone prints less.",
    ]
    assert out[31].startswith("✕ relu not right yet")


def test_one_endless_line_is_cut_and_the_panel_begins_below_it(capfd: pytest.CaptureFixture[str]) -> None:
    check("relu", lambda x: (print("·" * 500, end=""), x.clamp(min=0))[1])
    lines = capfd.readouterr().out.splitlines()
    assert [len(lines[0]), lines[1][:16], lines[2][:13]] == [4000, "… and 1 more lin", "✓ relu solved"]


def test_the_learners_world_is_left_as_it_was() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    random_state = random.getstate()
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    try:
        assert check("relu", relu).solved
        assert torch.get_default_dtype() is torch.float64
        assert not torch.is_grad_enabled()
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)
    assert torch.equal(torch.rand(1), expected)
    assert random.getstate() == random_state


def test_sys_exit_in_an_answer_is_a_crash_of_the_answer() -> None:
    assert check("relu", lambda x: sys.exit("bye")).status.value == "crashed"


def test_ctrl_c_costs_the_answer_its_check_and_leaves_the_world_as_it_was() -> None:
    def endless(x: Any) -> Any:
        torch.set_default_dtype(torch.float64)
        raise KeyboardInterrupt

    verdict = check("relu", endless)
    assert verdict.status.value == "interrupted"
    assert verdict.score == 0
    assert "in your line" in verdict.note and "“raise KeyboardInterrupt”" in verdict.note
    assert torch.get_default_dtype() is torch.float32
    assert check("relu", relu).solved


def test_who_presses_stop_twice_gets_the_panel_and_can_stop_what_comes_after(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(x: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        while True:
            pass

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    monkeypatch.setattr(kernel, "_IMPATIENCE", 60.0)
    try:
        for _ in range(2):
            assert check("relu", endless).status.value == "interrupted"
            os.kill(os.getpid(), signal.SIGINT)  # while the panel is drawn
            kernel._again.until = 0.0  # a minute later
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(1)
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_between_the_cases_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*args: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("autograder.learner.check.judge", stopped)
    assert re.fullmatch(
        r"You stopped the check after \d+\.\d seconds, between two of its cases. Run it again.",
        check("relu", relu).note,
    )


def test_an_error_with_a_broken_message_is_still_a_verdict() -> None:
    class Broken(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    def answer(x: Any) -> Any:
        raise Broken

    assert check("relu", answer).status.value == "crashed"


def test_a_learner_sees_their_own_line_not_our_stack() -> None:
    def answer(x: torch.Tensor) -> torch.Tensor:
        return x.view(-1, 7)

    assert "return x.view(-1, 7)" in check("relu", answer).note


def test_graded_in_its_own_kernel_nothing_is_given_and_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with pytest.raises(UntrustedKernel, match=r"no points are given here.*AUTOGRADER_TRUST_KERNEL=1"):
        check("relu", relu)


def test_the_instructors_word_makes_a_kernel_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    monkeypatch.setenv("AUTOGRADER_TRUST_KERNEL", "1")
    assert check("relu", relu).solved
    assert progress().tried == {}, "a submission's result is not the instructor's own progress"


def test_the_validate_button_just_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    assert check("relu", relu).solved


def test_the_validate_button_shows_the_checks_own_words(tmp_path: Path) -> None:
    """Of an untouched exercise, of a wrong answer and of a right one; in nbgrader's own validator, with its own kernel."""
    cells = [
        new_code_cell("from autograder import check\ndef relu(x):\n    return x.clamp(min=0)"),
        new_code_cell("def linear(x, weight, bias=None):\n    return x @ weight.T"),
        *(_check_cell(exercise, points) for exercise, points in (("relu", 2), ("linear", 3), ("softmax", 3))),
    ]
    cells.insert(2, new_code_cell("def softmax(x, dim):\n    raise NotImplementedError"))
    path = tmp_path / "notebook.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    failed = {one["source"]: one["raw_error"] for one in Validator().validate(str(path)).get("failed", [])}
    assert set(failed) == {'check("linear", linear)', 'check("softmax", softmax)'}
    assert "softmax not attempted: 0 of 3 points" in failed['check("softmax", softmax)']
    assert "bias" in failed['check("linear", linear)'] and "of 3 points" in failed['check("linear", linear)']
    for words in failed.values():
        assert "Partial credit" not in words
        assert max(map(len, words.splitlines())) <= 83, "nbgrader cuts longer lines"


def _check_cell(exercise: str, points: int) -> NotebookNode:
    marks = {"grade_id": exercise, "grade": True, "solution": False, "locked": False, "task": False}
    marks |= {"points": points, "schema_version": 3, "cell_type": "code"}
    return new_code_cell(f'check("{exercise}", {exercise})', metadata={"nbgrader": marks})


def test_progress_keeps_the_best(tmp_path: Path) -> None:
    assert progress().next == next(iter(one["exercise"] for one in progress().as_json()["chapters"][0]["exercises"]))
    check("relu", relu)
    check("relu", lambda x: x)
    check("linear", lambda x, weight, bias=None: x @ weight)
    states = {
        one["exercise"]: one["state"] for chapter in progress().as_json()["chapters"] for one in chapter["exercises"]
    }
    assert (states["relu"], states["linear"], states["softmax"]) == ("solved", "tried", "to do")
    assert json.loads(json.dumps(progress().as_json()))["solved"] == 1


def test_a_stub_leaves_no_trace_in_the_progress() -> None:
    check("relu", None)
    assert progress().tried == {}


def test_progress_that_cannot_be_written_costs_no_check(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    blocked = tmp_path / "a file, not a folder"
    blocked.write_text("")
    monkeypatch.setenv("ONE_CNN_PROGRESS", str(blocked / "below"))
    assert check("relu", relu).solved
    assert progress().tried == {}


def test_a_damaged_progress_file_counts_as_not_tried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ONE_CNN_PROGRESS", str(tmp_path))
    (tmp_path / "relu.json").write_text('{"exercise": "relu", "sco')
    assert progress().tried == {}
    check("relu", relu)
    assert progress().tried["relu"].solved


def test_in_a_notebook_a_name_that_is_not_there_is_not_attempted() -> None:
    program = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("from autograder import check")
print(shell.run_cell('check("relu", relu)').result.status.value)
print(type(shell.run_cell('check("relu", undefined_name); 1').error_in_exec).__name__)
shell.run_cell("def relu(x): return x.clamp(min=0)")
print(shell.run_cell('check("relu", relu)').result.status.value)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    lines = [line for line in done.stdout.splitlines() if line in ("not attempted", "NameError", "solved")]
    assert lines == ["not attempted", "NameError", "solved"]
    assert done.stderr == ""
