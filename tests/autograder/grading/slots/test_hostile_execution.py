"""Submissions that do harm: each costs what it does to itself, earns nothing, and leaves nothing behind.

All of it is run inside the sandbox only.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from running import job_of, points, text

from autograder.grading.slots.job import CellEnd, Limits, Outcome
from autograder.grading.slots.slot import Slot

SMALL = Limits(cell_seconds=8, notebook_seconds=60, memory=600 << 20, processes=24, file_size=16 << 20, output=1 << 20)
RELU = "def relu(x):\n    return x.clamp(min=0)"
LINEAR = "def linear(x, weight, bias=None):\n    out = x @ weight.T\n    return out if bias is None else out + bias"
WRONG = "def relu(x):\n    return x"

LEFT = """
import glob, os
print([int(one) for one in os.listdir("/proc") if one.isdigit() and int(one) not in (1, os.getpid())])
print(os.listdir("/home/learner"), os.listdir("."), os.listdir("/tmp"), os.listdir("/dev/shm"))
print([len(open(f"/proc/sysvipc/{one}").readlines()) for one in ("shm", "sem", "msg")])
"""
NOTHING = "[]\n['notebook'] [] [] []\n[1, 1, 1]\n"

Attack = Callable[..., Outcome]


@pytest.fixture
def attack(slot: Slot) -> Attack:
    """Run an attack between a right ``relu`` and both checks; then see that the next submission finds nothing of it."""

    def run(source: str, relu: str = RELU, *, earns: float = 2.0, limits: Limits = SMALL) -> Outcome:
        job = job_of(relu, source, "check: relu", LINEAR, "check: linear", limits=limits)
        outcome = slot.run(job)
        assert points(job, outcome) == {"relu": earns, "linear": 3.0}
        after = job_of(LEFT, RELU, "check: relu")
        clean = slot.run(after)
        assert text(clean.cells[0]) == NOTHING
        assert points(after, clean) == {"relu": 2.0}
        return outcome

    return run


ENDS = {
    "leaves at once": ("import os; os._exit(0)", CellEnd.CRASHED),
    "asks to exit": ("import sys; sys.exit(3)", CellEnd.ERROR),
    "quits": ("quit()", CellEnd.DONE),
    "kills itself": ("import os; os.kill(os.getpid(), 9)", CellEnd.CRASHED),
    "breaks the interpreter": ("import ctypes; ctypes.string_at(0)", CellEnd.CRASHED),
    "becomes another program": ("import os; os.execv('/bin/sh', ['sh', '-c', 'sleep 100'])", CellEnd.CRASHED),
    "closes everything": ("import os; os.closerange(3, 1000)", CellEnd.CRASHED),
    "loops": ("while True: pass", CellEnd.TIMED_OUT),
    "loops and ignores interrupts": (
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        CellEnd.TIMED_OUT,
    ),
    "loops and catches everything": (
        "while True:\n    try:\n        while True: pass\n    except BaseException:\n        pass",
        CellEnd.TIMED_OUT,
    ),
    "loops in C": ("sum(range(10**12))", CellEnd.TIMED_OUT),
    "stops itself": ("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", CellEnd.TIMED_OUT),
    "takes all memory": ("hoard = []\nwhile True: hoard.append(bytearray(50 << 20))", CellEnd.OUT_OF_MEMORY),
    "takes all memory but a little": (
        "hoard = []\nwhile True: hoard.append(bytearray(1 << 20))",
        CellEnd.OUT_OF_MEMORY,
    ),
    "takes all memory in tensors": (
        "import torch\nhoard = []\nwhile True: hoard.append(torch.ones(10**7))",
        CellEnd.OUT_OF_MEMORY,
    ),
    "takes all memory with many processes": (
        "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n        hoard = bytearray(b'1') * (200 << 20)\n"
        "        time.sleep(100)\ntime.sleep(100)",
        CellEnd.OUT_OF_MEMORY,
    ),
    "forks without end": (
        "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
        CellEnd.TIMED_OUT,
    ),
    "forks and goes on twice": ("import os\nchild = os.fork()", CellEnd.DONE),
    "forks, and fails in one of the two": (
        "import os\nif os.fork() == 0: raise ValueError('mine alone')",
        CellEnd.DONE,
    ),
    "forks, and asks one of the two to exit": ("import os, sys\nif os.fork() == 0: sys.exit()", CellEnd.DONE),
    "fills a file": ("open('large', 'wb').write(bytes(100 << 20))", CellEnd.ERROR),
    "prints without end": ("while True: print('x' * 1000)", CellEnd.TIMED_OUT),
}


@pytest.mark.parametrize("what", ENDS)
def test_one_bad_cell_costs_that_cell(what: str, attack: Attack) -> None:
    source, end = ENDS[what]
    # A loop is waited for to the end; filling memory takes a busy machine long.
    seconds = {CellEnd.TIMED_OUT: 5, CellEnd.OUT_OF_MEMORY: 40}.get(end, SMALL.cell_seconds)
    limits = replace(SMALL, cell_seconds=seconds, notebook_seconds=300)
    assert attack(source, limits=limits).cells[1].end == end


def test_killing_everyone_kills_no_one(attack: Attack) -> None:
    outcome = attack(
        "import os\nfor who in (-1, 1):\n    try:\n        print(os.kill(who, 9))\n    except OSError as error:\n        print(error)"
    )
    assert outcome.cells[1].end == CellEnd.DONE


def test_processes_are_counted(attack: Attack) -> None:
    outcome = attack(
        "import os, time\nstarted = 0\ntry:\n    while True:\n        if os.fork() == 0:\n            time.sleep(100)\n"
        "        started += 1\nexcept OSError as error:\n    print(started, error.strerror)"
    )
    assert re.fullmatch(r"2[0-4] Resource temporarily unavailable\n", text(outcome.cells[1]))


def test_the_disk_is_small(attack: Attack) -> None:
    outcome = attack(
        "for number in range(100):\n    try:\n        open(f'file{number}', 'wb').write(bytes(10 << 20))\n"
        "    except OSError as error:\n        print(number, error.strerror)\n        break"
    )
    assert text(outcome.cells[1]) == "25 No space left on device\n"  # four times the 64 MiB of one file


@pytest.mark.parametrize(
    "flood",
    [
        "for _ in range(5000): print('x' * 1000)",
        "import subprocess; subprocess.run(['yes'])",
        "from IPython.display import display\nfor _ in range(2000): display('x' * 1000)",
        "'x' * 5_000_000",
        "raise ValueError('x' * 5_000_000)",
        "get_ipython().sink._left = get_ipython().sink._cell_left = 10**12\nfor _ in range(1000): print('x' * 1000)",
    ],
)
def test_a_flood_of_output_is_cut(flood: str, attack: Attack) -> None:
    shown = text(attack(flood, limits=Limits(20, 60, 2 << 30, 24, 16 << 20, 1 << 20)).cells[1])
    assert len(shown) < 600_000
    assert shown.count("The rest of the output was cut.") == 1


def test_what_goes_on_in_the_background_ends_with_the_submission(attack: Attack) -> None:
    attack(
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(1000)\n    os._exit(0)\n"
        "import atexit, subprocess, threading\natexit.register(lambda: open('/tmp/later', 'w').write('x'))\n"
        "threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\n_ = subprocess.Popen(['sleep', '1000'])"
    )


@pytest.mark.parametrize(
    "litter",
    [
        "import os\nfor place in ('.', '..', '/tmp', '/dev/shm'):\n    open(f'{place}/left', 'w').write('x')",
        "import os\nos.makedirs('a/b/c'); open('a/b/c/d', 'w').close(); os.chmod('a/b/c', 0); os.chmod('a', 0)",
        "import os\nos.symlink('/usr', 'link'); os.symlink('nowhere', '/tmp/broken'); os.mkfifo('/tmp/pipe')",
        "import os\nfor _ in range(3000):\n    os.mkdir('d'); os.chdir('d')",
        "import os\nos.rename(os.getcwd(), '/home/learner/moved')",
    ],
)
def test_files_are_wiped(litter: str, attack: Attack) -> None:
    attack(litter)


CANNOT = {
    "read the zygote's memory": "open('/proc/1/mem', 'rb').read(10)",
    "read the zygote's environment": "open('/proc/1/environ').read()",
    "write into the zygote's memory": "open('/proc/1/mem', 'wb').write(b'x')",
    "read an oracle": "import autograder.authoring.oracles",
    "read the lessons' solutions": "import course.lessons, pathlib; list(pathlib.Path(course.lessons.__path__[0]).iterdir())[0]",
    "load the public reference": "from autograder.judging.reference import load\nfrom autograder.observing.exercise import find\nload(find('relu'))",
    "ask the controller": "import autograder.grading.slots.slot",
    "write beside the packages": "open('/packages/autograder/observing/observe.py', 'a').write('x')",
    "write to the interpreter": "import torch; open(torch.__file__, 'a').write('x')",
    "write to the system": "open('/usr/bin/x', 'w').write('x')",
    "write to devices": "open('/dev/x', 'w').write('x')",
    "write to the root": "open('/x', 'w').write('x')",
    "reach the network": "import socket; socket.create_connection(('192.0.2.1', 80), 1)",
    "reach another namespace": "import os; os.listdir('/proc/1/root')",
    "hide a file in memory": "import os; os.memfd_create('hidden')",
    "gain rights": "import os; os.setuid(0); os.chroot('/tmp')",
}


@pytest.mark.parametrize("what", CANNOT)
def test_a_submission_cannot(what: str, attack: Attack) -> None:
    assert attack(CANNOT[what]).cells[1].end == CellEnd.ERROR


@pytest.mark.parametrize(
    "call",
    [
        "ptrace(16, 1, 0, 0)",
        "unshare(0x10000000)",
        "mount(b'x', b'/tmp', b'tmpfs', 0, 0)",
        "shmget(0, 4096, 0o1600)",
        "syscall(248, b'user', b'name', b'left', 4, -4)",
        "process_vm_readv(1, 0, 0, 0, 0, 0)",
    ],
)
def test_the_kernel_refuses(call: str, attack: Attack) -> None:
    outcome = attack(
        f"import ctypes, errno\nlibc = ctypes.CDLL(None, use_errno=True)\nprint(libc.{call}, errno.errorcode[ctypes.get_errno()])"
    )
    assert text(outcome.cells[1]) == "-1 EPERM\n"


USES = """
import os, resource
print([resource.getrlimit(one) for one in (resource.RLIMIT_NOFILE, resource.RLIMIT_AS, resource.RLIMIT_CPU)])
print(os.getpriority(os.PRIO_PROCESS, 1), os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(1), os.sched_getaffinity(1))
"""
TAKES = """
import os, resource
FIRST = 1
def tries(call, *words):
    try: call(*words)
    except OSError as error: print(error.strerror)
    else: print("done")
tries(resource.prlimit, FIRST, resource.RLIMIT_NOFILE, (8, 8))
tries(os.sched_setaffinity, FIRST, {min(os.sched_getaffinity(0))})
tries(os.sched_setscheduler, FIRST, os.SCHED_BATCH, os.sched_param(0))
tries(os.setpriority, os.PRIO_PROCESS, FIRST, 19)
tries(os.setpriority, os.PRIO_PGRP, os.getpgid(FIRST), 19)
tries(os.setpriority, os.PRIO_USER, os.getuid(), 19)
tries(os.setpriority, os.PRIO_PROCESS, 0, 1)
"""


def test_nobody_changes_what_the_next_submission_may_use(slot: Slot) -> None:
    before = text(slot.run(job_of(USES)).cells[0])
    zygote = slot.warm()
    said = text(slot.run(job_of(TAKES)).cells[0]).splitlines()
    assert said == ["Operation not permitted"] * 6 + ["done"], "its own priority is its own"
    assert text(slot.run(job_of(USES)).cells[0]) == before
    assert slot.warm() is zygote, "there was no need to throw it away"


def test_where_no_filter_holds_a_sandbox_that_was_changed_is_thrown_away() -> None:
    with Slot(SMALL, sandboxed=False) as trusting:
        trusting.run(job_of("import os\nos.setpriority(os.PRIO_PROCESS, os.getppid(), 7)"))
        after = trusting.run(job_of("import os\nprint(os.getpriority(os.PRIO_PROCESS, 0))"))
    assert text(after.cells[0]) == f"{os.getpriority(os.PRIO_PROCESS, 0)}\n"


def test_empty_files_without_end_are_counted_as_memory(attack: Attack) -> None:
    source = """
import os
for folder in range(10**6):
    os.mkdir(f"/tmp/{folder}")
    for number in range(1000):
        os.close(os.open(f"/tmp/{folder}/{number}", os.O_CREAT))
"""
    limits = replace(SMALL, memory=64 << 20, cell_seconds=60, notebook_seconds=300)
    assert attack(source, limits=limits).cells[1].end == CellEnd.OUT_OF_MEMORY


def test_the_environment_tells_nothing_of_the_instructor(slot: Slot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "of the instructor")
    with Slot(SMALL) as fresh:
        outcome = fresh.run(
            job_of("import os; print(sorted(os.environ))", "import os; print(os.listdir('/home'), os.getuid())")
        )
    assert "SECRET" not in text(outcome.cells[0])
    assert re.fullmatch(r"\['learner'\] [1-9]\d*\n", text(outcome.cells[1]))


# The learner's code knows where the channel is, and writes to it itself.
CHANNEL = """
import contextlib, json, os, socket, stat, struct
def is_socket(number):
    with contextlib.suppress(OSError):
        return stat.S_ISSOCK(os.fstat(number).st_mode)
number = next(number for number in range(3, 100) if is_socket(number))
channel = socket.socket(fileno=os.dup(number))
def send(kind, turn, data={}, payload=b""):
    header = json.dumps({"kind": kind, "turn": turn, "data": data}).encode()
    channel.sendall(struct.pack(">II", len(header), len(payload)) + header + payload)
from autograder.grading.wire.observations import pack_run
from autograder.observing.observe import Run
"""

FORGED = {
    "no frame at all": "channel.sendall(b'x' * 1000)",
    "a header that is too large": "channel.sendall(struct.pack('>II', 1 << 31, 0))",
    "a payload that is too large": "channel.sendall(struct.pack('>II', 2, 1 << 31))",
    "a header that is no JSON": "channel.sendall(struct.pack('>II', 3, 0) + b'{{{')",
    "a header without a turn": "channel.sendall(struct.pack('>II', 2, 0) + b'{}')",
    "a deep header": "channel.sendall(struct.pack('>II', 200000, 0) + b'[' * 200000)",
    "a frame of the next turn": "send('run', 3, {}, pack_run(Run(({'values': 1},))))",
    "observations where none are asked": "send('run', 2, {}, pack_run(Run(({'values': 1},))))",
    "an unknown kind": "send('grade', 2, {'score': 100})",
    "an output of no form": "send('output', 2, {'type': 'display', 'data': {'text/plain': 3}, 'metadata': {}})",
    "an unknown end": "send('end', 2, {'how': 'solved'})",
    "an end and more": "send('end', 2, {'how': 'done'}); send('end', 2, {'how': 'done'})",
    "endless frames": "while True: send('output', 2, {'type': 'clear', 'wait': True})",
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_frame_ends_the_child_and_earns_nothing(what: str, attack: Attack) -> None:
    outcome = attack(CHANNEL + FORGED[what], WRONG, earns=0.0)
    assert outcome.cells[1].end in (CellEnd.CRASHED, CellEnd.TIMED_OUT, CellEnd.DONE)
    assert outcome.cells[4].end == CellEnd.DONE


def test_observations_sent_ahead_are_not_taken_for_a_later_check(slot: Slot) -> None:
    ahead = (
        CHANNEL
        + "send('end', 2, {'how': 'done'}); send('run', 3, {}, pack_run(Run(()))); send('end', 3, {'how': 'done'})"
    )
    job = job_of(WRONG, ahead, "check: relu", limits=SMALL)
    assert points(job, slot.run(job)) == {"relu": 0.0}
