"""Submissions that put something else in the place of torch, of Python's library or of our own names.

They earn nothing by it, and a name of their own costs an honest learner nothing. All of it is run inside the sandbox only.
"""

from __future__ import annotations

import pytest
from running import job_of, points, text

from autograder.grading.slots.job import CellEnd, Limits
from autograder.grading.slots.slot import Slot

SMALL = Limits(cell_seconds=8, notebook_seconds=60, memory=600 << 20, processes=24, file_size=16 << 20, output=1 << 20)
RELU = "def relu(x):\n    return x.clamp(min=0)"
WRONG = "def relu(x):\n    return x"

PATCHES = {
    "torch": "import torch\ntorch.equal = torch.allclose = lambda *a, **k: True\ntorch.Tensor.__eq__ = lambda *a: True",
    "json": "import json\njson.dumps = lambda *a, **k: '{}'\njson.loads = lambda *a, **k: {}",
    "safetensors": "import safetensors.torch\nsafetensors.torch.save = lambda *a, **k: b''",
    "sockets": "import socket\nsocket.socket.sendall = lambda *a: None",
    "the shell": "import IPython\nIPython.get_ipython = get_ipython = lambda: None",
    "the display hook": "import sys\nsys.displayhook = lambda value: None",
    "tracebacks": "get_ipython().showtraceback = lambda *a, **k: None",
    "the judge": "import autograder.judging.judge as judge\njudge.judge = lambda *a: 100",
    "the probe": "import autograder.observing.observe as observe\nobserve.run = lambda *a: observe.Run(({'values': 1},))",
    "check": "import autograder\nautograder.check = check = lambda *a: 100\ncheck('relu', 3)",
    "its own names": "F = torch = check = nn = 3",
    "ast": "class Drop:\n    def visit(self, node):\n        node.body = []\n        return node\nget_ipython().ast_transformers.append(Drop())",
    "execution counts": "get_ipython().execution_count = 1000",
    "a default device": "import torch\ntorch.set_default_device('meta')",
    "a mode left on": "import torch.overrides\nclass All(torch.overrides.TorchFunctionMode):\n"
    "    def __torch_function__(self, *words): raise RuntimeError\n_ = All().__enter__()",
    "a mode below": "import torch.utils._python_dispatch as below\nclass All(below.TorchDispatchMode):\n"
    "    def __torch_dispatch__(self, *words): raise RuntimeError\n_ = All().__enter__()",
    "the namespace": "get_ipython().user_ns = {}",
}


@pytest.mark.parametrize("what", PATCHES)
def test_a_patch_earns_nothing(what: str, slot: Slot) -> None:
    job = job_of(WRONG, PATCHES[what], "check: relu", limits=SMALL)
    assert points(job, slot.run(job)) == {"relu": 0.0}


@pytest.mark.parametrize(
    "what",
    [
        "the judge",
        "check",
        "its own names",
        "execution counts",
        "the display hook",
        "torch",
        "the probe",
        "safetensors",
        "a default device",
        "a mode left on",
        "a mode below",
    ],
)
def test_a_name_of_their_own_costs_an_honest_learner_nothing(what: str, slot: Slot) -> None:
    job = job_of(RELU, PATCHES[what], "check: relu", limits=SMALL)
    assert points(job, slot.run(job)) == {"relu": 2.0}


def test_an_object_that_is_equal_to_everything_earns_nothing(slot: Slot) -> None:
    job = job_of(
        """
        class Yes:
            def __eq__(self, other): return True
            def __array__(self, *a, **k): raise MemoryError
            def __getattr__(self, name): return self
            def __call__(self, *a, **k): return self
            @classmethod
            def __torch_function__(cls, *a, **k): return True
        relu = lambda x: Yes()
        """,
        "check: relu",
        limits=SMALL,
    )
    assert points(job, slot.run(job)) == {"relu": 0.0}


def test_a_thread_that_changes_things_later_changes_nothing(slot: Slot) -> None:
    job = job_of(
        WRONG,
        "import threading, time\ndef later():\n    time.sleep(0.05)\n    globals()['relu'] = lambda x: x.clamp(min=0)\n"
        "    print('late'); display('late', display_id='a')\nthreading.Thread(target=later).start()",
        "check: relu",
        "import time; time.sleep(0.2)",
        limits=SMALL,
    )
    outcome = slot.run(job)
    assert points(job, outcome) == {"relu": 0.0}
    assert [one.end for one in outcome.cells] == [CellEnd.DONE] * 4


def test_case_inputs_are_not_in_the_process_before_their_check(slot: Slot) -> None:
    job = job_of(
        "import gc\nfrom autograder.observing.case import Case\nprint(sum(isinstance(one, Case) for one in gc.get_objects()))",
        RELU,
        "check: relu",
        limits=SMALL,
    )
    assert text(slot.run(job).cells[0]) == "0\n"
