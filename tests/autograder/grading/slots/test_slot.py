"""One slot: cells run in order, what is stopped is gone on with, and nothing is carried from one submission to the next."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from running import QUICK, job_of, job_of_notebook, points, text

from autograder.grading.slots.conversation import Child
from autograder.grading.slots.job import Cell, CellEnd, Job, Limits, Outcome
from autograder.grading.slots.slot import Slot
from autograder.grading.slots.warm import Warm
from autograder.grading.wire.later import import_later
from autograder.observing.codec import Raised
from autograder.observing.exercise import find

SOLUTIONS = Path(__file__).parents[4] / "solutions"
BRIEF = replace(QUICK, cell_seconds=3)
LOOP = "while True: pass"


def test_the_zygote_has_one_thread_so_that_it_can_be_forked(slot: Slot) -> None:
    assert slot.warm().tasks == 1


LOOKS = "import sys; print([name for name in ('torch._dynamo', 'skl' 'earn') if name in sys.modules])"


def test_a_zygote_imports_what_takes_long_once_a_notebook_mentions_it() -> None:
    with Slot() as slot:
        plain = slot.run(job_of(LOOKS))
        optimiser = slot.run(job_of(LOOKS, "from torch import optim"))
        after = slot.run(job_of(LOOKS))
        assert slot.warm().tasks == 1
    assert [text(one.cells[0]) for one in (plain, optimiser, after)] == ["[]\n", *2 * ["['torch._dynamo']\n"]]


def test_a_zygote_starts_with_what_it_is_told_to() -> None:
    with Slot(warm=Warm(Limits(), imports=["torch._dynamo", "antigravity"])) as slot:
        assert text(slot.run(job_of(LOOKS)).cells[0]) == "['torch._dynamo']\n"
        assert slot.warm().tasks == 1


def test_a_zygote_imports_nothing_that_is_not_on_its_own_list() -> None:
    import_later(["antigravity", "no.such.module"])
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize("chapter", ["03_cnn_with_modules", "04_the_same_cnn_with_functional"])
def test_a_solution_earns_every_point(chapter: str, slot: Slot) -> None:
    job = job_of_notebook(SOLUTIONS / chapter / f"{chapter}.ipynb")
    outcome = slot.run(job)
    assert {one.end for one in outcome.cells} == {CellEnd.DONE}
    assert points(job, outcome) == {one.checks: find(one.checks).points for one in job.cells if one.checks}
    # 80 to 140 MB from one run to the next; a process that had torch to itself would have more than this before its first cell.
    assert 0 < outcome.peak_memory < 192 << 20


def test_every_cell_has_an_outcome_in_order(run: Callable[..., Outcome]) -> None:
    outcome = run("1 + 1", "", "1 / 0", "  \n", "print(3)", "check: relu")
    assert [one.place for one in outcome.cells] == list(range(6))
    assert [one.end.value for one in outcome.cells] == ["done", "done", "error", "done", "done", "done"]
    assert [one.count for one in outcome.cells] == [1, None, 2, None, 3, 4]
    assert outcome.seconds > 0


def test_an_answer_that_was_never_defined_is_not_attempted(run: Callable[..., Outcome]) -> None:
    undefined, blank = run("check: relu").cells[0], run("relu = ...", "check: relu").cells[1]
    assert undefined.run is not None and not undefined.run.attempted
    assert blank.run is not None and not blank.run.attempted


def test_the_answer_may_have_another_name_than_the_exercise(slot: Slot) -> None:
    job = job_of("mine = lambda x: x.clamp(min=0)", "check: relu as mine")
    assert points(job, slot.run(job)) == {"relu": 2.0}


def test_what_an_answer_prints_and_draws_belongs_to_its_check_cell(run: Callable[..., Outcome]) -> None:
    outcome = run(
        "import matplotlib.pyplot as plt\ndef relu(x):\n    plt.plot([1])\n    print('called')\n    return x.clamp(min=0)",
        "check: relu",
        "'after'",
    )
    kinds = [one["output_type"] for one in outcome.cells[1].outputs]
    assert kinds == ["stream", "display_data"]
    assert text(outcome.cells[2]) == "'after'"


def test_an_operator_that_does_the_exercise_is_noted(run: Callable[..., Outcome]) -> None:
    checked = run("import torch.nn.functional as F", "relu = F.relu", "check: relu").cells[2].run
    assert checked is not None and checked.used == ("relu",)


def test_check_in_an_ordinary_cell_gives_nothing_away(run: Callable[..., Outcome]) -> None:
    outcome = run("from autograder import check", "check('relu', lambda x: x)")
    assert text(outcome.cells[1]) == "relu: graded in its own check cell"


def test_an_answer_that_asks_to_be_typed_to_is_refused_as_in_a_notebook(run: Callable[..., Outcome]) -> None:
    asking = "from sys import stdin\nfrom getpass import getpass\nask = input\ndef relu(x):\n    {}\n    return x.clamp(min=0)"
    for way in ("input()", "ask()", "getpass()", "__import__('sys').stdin.read()", "breakpoint()"):
        checked = run(asking.format(way), "check: relu").cells[1].run
        assert checked is not None
        assert {(one.type, one.number) for one in checked.seen} == {("InputRefused", 5)}  # type: ignore[union-attr]
        assert "your answer asks somebody to type" in checked.seen[0].message  # type: ignore[union-attr]
    kept = run(asking.format("stdin.readline()"), "check: relu").cells[1].run
    assert kept is not None and not [one for one in kept.seen if isinstance(one, Raised)], "it is at its end, at once"


def test_files_lie_beside_the_notebook(run: Callable[..., Outcome]) -> None:
    files = {"data/numbers.csv": b"1,2\n", "own_module.py": b"seven = 7\n"}
    outcome = run("print(open('data/numbers.csv').read())", "import own_module; own_module.seven", files=files)
    assert [text(one) for one in outcome.cells] == ["1,2\n\n", "7"]


def test_an_endless_loop_costs_its_cell_and_keeps_what_was_shown(run: Callable[..., Outcome]) -> None:
    outcome = run("x = 1", f"print('begun'); x = 2\n{LOOP}", "x", limits=BRIEF)
    assert [one.end.value for one in outcome.cells] == ["done", "timed out", "done"]
    assert text(outcome.cells[1]).startswith("begun\nKeyboardInterrupt")
    assert text(outcome.cells[2]) == "2"  # interrupted, not killed: its state is still there


def test_an_endless_wait_is_given_up_and_does_not_come_back(run: Callable[..., Outcome]) -> None:
    wait = "try:\n    await asyncio.sleep(3600)\nfinally:\n    print('given up')"
    outcome = run("import asyncio; x = 1", wait, "await asyncio.sleep(0, x)", limits=BRIEF)
    assert [one.end.value for one in outcome.cells] == ["done", "timed out", "done"]
    assert text(outcome.cells[1]).startswith("given up\nCancelledError")
    assert text(outcome.cells[2]) == "1"


def test_an_endless_print_can_be_interrupted_between_two_frames(run: Callable[..., Outcome]) -> None:
    outcome = run("kept = 1", "while True: print(kept, flush=True)", "kept", limits=BRIEF)
    assert [one.end.value for one in outcome.cells] == ["done", "timed out", "done"]
    assert text(outcome.cells[2]) == "1"


def test_an_endless_answer_costs_its_check_and_nothing_else(slot: Slot) -> None:
    job = job_of(
        f"def relu(x):\n    {LOOP}", "check: relu", "relu = lambda x: x.clamp(min=0)", "check: relu", limits=BRIEF
    )
    outcome = slot.run(job)
    assert [one.end.value for one in outcome.cells] == ["done", "timed out", "done", "done"]
    stopped = outcome.cells[1].run
    assert stopped is not None, "it says where it was"
    assert {(one.type, one.number, one.line) for one in stopped.seen} == {("KeyboardInterrupt", 2, LOOP)}  # type: ignore[union-attr]
    assert points(job, outcome) == {"relu": 2.0}


def test_after_a_crash_the_earlier_cells_are_run_again_without_the_guilty_one(run: Callable[..., Outcome]) -> None:
    outcome = run(
        "import os, random\nx = ['first']; print(random.random())",
        "x.append('second'); 1 / 0",
        "x.append('guilty'); print('last words', flush=True); os._exit(1)",
        "x",
        "os.kill(os.getpid(), 9)",
        "x.append('after'); x",
    )
    assert [one.end.value for one in outcome.cells] == ["done", "error", "crashed", "done", "crashed", "done"]
    assert text(outcome.cells[0]).count("\n") == 1  # what it showed the first time
    assert text(outcome.cells[2]) == "last words\n"
    assert text(outcome.cells[3]) == "['first', 'second']"
    assert text(outcome.cells[5]) == "['first', 'second', 'after']"
    assert [one.count for one in outcome.cells] == [1, 2, 3, 4, 5, 6]


def test_when_the_notebooks_time_is_up_the_rest_is_not_run(run: Callable[..., Outcome]) -> None:
    limits = replace(QUICK, cell_seconds=5, notebook_seconds=1.5)
    outcome = run("'quick'", LOOP, "'never'", "check: relu", limits=limits)
    assert [one.end.value for one in outcome.cells] == ["done", "timed out", "not run", "not run"]


def test_memory_is_the_jobs_own_limit(run: Callable[..., Outcome]) -> None:
    take = "hoard = bytearray(300 << 20)"
    assert run(take, limits=replace(QUICK, memory=200 << 20)).cells[0].end == CellEnd.OUT_OF_MEMORY
    assert run(take, limits=replace(QUICK, memory=600 << 20)).cells[0].end == CellEnd.DONE


def test_submissions_do_not_see_each_other(run: Callable[..., Outcome]) -> None:
    run(
        "import builtins, os, torch\nbuiltins.left = torch.left = 1; os.environ['LEFT'] = '1'",
        "open('left', 'w').close()",
    )
    outcome = run(
        "import builtins, os, torch\nhasattr(builtins, 'left'), hasattr(torch, 'left'), 'LEFT' in os.environ, os.listdir()"
    )
    assert text(outcome.cells[0]) == "(False, False, False, [])"


def test_random_numbers_are_fresh_in_every_submission_as_in_every_kernel(run: Callable[..., Outcome]) -> None:
    source = "import random, numpy, torch\nrandom.random(), numpy.random.rand(), float(torch.rand(1))"
    first, second = (text(run(source).cells[0]).split(",") for _ in range(2))
    assert not set(first) & set(second)


def test_a_check_cell_without_cases_is_a_mistake_of_the_caller(slot: Slot) -> None:
    job = Job("functional", (Cell(0, 'check("relu", relu)', "relu", "relu"),), {})
    with pytest.raises(ValueError, match="the job holds no cases for relu"):
        slot.run(job)


def first_process(warm: Warm) -> int:
    """The zygote, as the machine outside numbers it: bubblewrap's only child."""
    bwrap = warm._process.pid
    return int(Path(f"/proc/{bwrap}/task/{bwrap}/children").read_text())


def test_the_sandbox_ends_when_its_controller_is_killed(bubblewrap: str, tmp_path: Path) -> None:
    program = (
        "import sys\nfrom autograder.grading.slots.slot import Slot\nslot = Slot()\n"
        "print(slot.warm()._process.pid, flush=True)\nsys.stdin.read()"
    )
    words = [sys.executable, "-c", program]
    place = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=place) as controller:
        assert controller.stdout is not None
        bwrap = int(controller.stdout.readline())
        zygote = os.pidfd_open(int(Path(f"/proc/{bwrap}/task/{bwrap}/children").read_text()))
        controller.kill()
    ended, _, _ = select.select([zygote], [], [], 30)
    os.close(zygote)
    assert ended


def test_a_sandbox_that_ends_is_replaced(bubblewrap: str) -> None:
    with Slot(QUICK) as slot:
        os.kill(first_process(slot.warm()), signal.SIGKILL)
        slot.warm()._process.wait()
        assert text(slot.run(job_of("6 * 7")).cells[0]) == "42"


def test_a_sandbox_that_ends_under_a_cell_costs_that_cell(slot: Slot, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = []

    def turn(child: Child, cell: Cell, count: int, *more: Any) -> Any:
        turns.append(cell.place)
        if cell.place == 1:
            os.kill(first_process(child._warm), signal.SIGKILL)
        return genuine(child, cell, count, *more)

    genuine = Child.turn
    monkeypatch.setattr(Child, "turn", turn)
    outcome = slot.run(job_of("x = 1", "import time; time.sleep(5)", "x"))
    assert [one.end.value for one in outcome.cells] == ["done", "crashed", "done"]
    assert turns == [0, 1, 0, 2]


def test_switches_of_python_take_no_assert_away_from_trusted_submissions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    with Slot(Limits(cell_seconds=5, notebook_seconds=60), sandboxed=False) as slot:
        failed = slot.run(job_of("assert 1 == 2")).cells[0]
    assert failed.end is CellEnd.ERROR


def test_trusted_submissions_run_without_a_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no bwrap here
    with Slot(Limits(cell_seconds=1, notebook_seconds=60), sandboxed=False) as slot:
        job = job_of(
            "import os; print(os.getppid()); open('left', 'w').close()",
            LOOP,
            "os._exit(0)",
            "relu = lambda x: x.clamp(min=0)",
            "check: relu",
            limits=BRIEF,
        )
        first, second = slot.run(job), slot.run(job_of("import os; print(os.listdir(), os.getppid())"))
    assert [one.end.value for one in first.cells] == ["done", "timed out", "crashed", "done", "done"]
    assert points(job, first) == {"relu": 2.0}
    zygote = int(text(first.cells[0]))
    assert text(second.cells[0]) == f"[] {zygote}\n"
    with pytest.raises(ProcessLookupError):
        os.kill(zygote, 0)


def test_an_outcome_survives_being_stored(slot: Slot) -> None:
    outcome = slot.run(job_of("print('x')", "relu = lambda x: x.clamp(min=0)", "check: relu"))
    read = Outcome.from_bytes(outcome.to_bytes())
    assert [one.end for one in read.cells] == [one.end for one in outcome.cells]
    assert read.cells[2].run is not None and len(read.cells[2].run.seen) == len(outcome.cells[2].run.seen)  # type: ignore[union-attr]


def test_cells_are_told_that_they_are_graded_as_stock_nbgrader_tells_them(run: Callable[..., Outcome]) -> None:
    assert text(run("import os\nprint(os.environ['NBGRADER_EXECUTION'])").cells[0]) == "autograde\n"
