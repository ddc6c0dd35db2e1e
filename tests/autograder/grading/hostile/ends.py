"""Ending, filling and stalling: processes, memory, disk, output and time."""

from __future__ import annotations

from .row import Row, answers, attack

__all__ = ["ENDS"]

_DAEMON = """
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if os.fork() == 0:
            for _ in range(300):
                time.sleep(0.1)
                try: Path("/tmp/still_here").write_text("x")
                except OSError: pass
        os._exit(0)
tried()
"""

_FORKS = """
made = 0
for _ in range(300):
    try: child = os.fork()
    except OSError: break
    if child == 0:
        time.sleep(20)
        os._exit(0)
    made += 1
if made > 64: won(f"{made} processes")
tried()
"""

_SEVERAL = """
tried()
for _ in range(4):
    if os.fork() == 0:
        hold = bytearray(b"x") * (400 << 20)
        time.sleep(10)
        os._exit(0)
time.sleep(10)
won("1.6 GB in four processes")
"""

_DISK = """
total = 0
for place in (".", "/tmp", "/dev/shm"):
    for number in range(40):
        try:
            with open(f"{place}/bomb{number}", "wb") as file:
                for _ in range(20):
                    total += file.write(bytes(1 << 20))
                    file.flush()
        except OSError: pass
if total > 130 << 20: won(f"{total >> 20} MB on disk")
tried()
"""

_THREAD = """
shell = get_ipython()
def later():
    for _ in range(400):
        time.sleep(0.01)
        try:
            shell.displayhook(999.0)
            shell.display_pub.publish({"text/plain": "999.0"})
            print("999.0")
            shell.user_ns["linear"] = lambda x, weight, bias=None: 999.0
            shell.user_ns["check"] = lambda *a: 999.0
        except Exception: pass
threading.Thread(target=later, daemon=True).start()
tried()
"""

_ATEXIT = """
import atexit
def last():
    print("999.0", flush=True)
    Path("/tmp/at_exit").write_text("999.0")
    if os.fork() == 0: time.sleep(30)
atexit.register(last)
import weakref
weakref.finalize(threading.Thread, last)
tried()
"""

_DEAF = """
tried()
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM])
while True:
    try:
        while True: pass
    except BaseException: pass
"""

# To who comes after: what the sandbox's first process may use is what all its children may.
_STARVES = """
import resource
for number in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC, resource.RLIMIT_AS, resource.RLIMIT_FSIZE):
    try: resource.prlimit(1, number, (8, 8))
    except OSError: continue
    won(f"a limit of the first process: {number}")
for which in ((os.PRIO_PROCESS, 1), (os.PRIO_PGRP, os.getpgid(1)), (os.PRIO_USER, os.getuid())):
    try: os.setpriority(*which, 19)
    except OSError: continue
    won(f"the priority of {which}")
try: os.sched_setaffinity(1, {min(os.sched_getaffinity(0))})
except OSError: pass
else: won("the processors of the first process")
tried()
"""

ENDS: tuple[Row, ...] = (
    attack("starves_the_first", _STARVES),
    attack("os_exit", "tried()\nos._exit(0)", state="crashed"),
    answers(
        "os_exit_in_a_check",
        "",
        linear="def linear(x, weight, bias=None):\n    os._exit(0)",
        shows="",
        state="crashed",
        states={"linear": "crashed", "softmax": "not attempted"},
    ),
    attack("sys_exit", "tried()\nsys.exit(0)"),
    answers(
        "sys_exit_in_a_check",
        "",
        linear="def linear(x, weight, bias=None):\n    TRIES.append(1)\n    sys.exit(0)",
        softmax="def softmax(x, dim):\n    exit()",
    ),
    attack(
        "kill_everyone",
        "tried()\nfor one in (-1, 1):\n    try: os.kill(one, signal.SIGKILL)\n    except ProcessLookupError: pass",
    ),
    attack("kill_the_first", "for one in range(1, 65):\n    if one not in (32, 33): os.kill(1, one)\ntried()"),
    attack("kill_itself", "tried()\nos.kill(os.getpid(), signal.SIGSEGV)", state="crashed"),
    attack("another_program", "tried()\nos.execv('/bin/sh', ['sh', '-c', 'echo 999.0; exit 0'])", state="crashed"),
    attack("stopped", "tried()\nos.kill(os.getpid(), signal.SIGSTOP)", state="timed out"),
    attack("daemon", _DAEMON),
    attack("fork_bomb", _FORKS),
    attack(
        "memory_bomb",
        "tried()\nhold = []\nwhile True: hold.append(bytearray(b'x') * (64 << 20))",
        state="out of memory",
    ),
    attack(
        "memory_bomb_of_tensors", "tried()\nhold = [torch.ones(64 << 20) for _ in range(40)]", state="out of memory"
    ),
    attack(
        "source_nested_deeply", "tried()\neval('-' * 50_000 + '1')", state="out of memory"
    ),  # so Python's parser says
    attack("memory_in_several_processes", _SEVERAL, state="out of memory"),
    answers(
        "memory_bomb_in_a_check",
        "HOLD = []",
        linear="def linear(x, weight, bias=None):\n    while True: HOLD.append(bytearray(b'x') * (64 << 20))",
        shows="",
        state="out of memory",
        states={"linear": "out of memory"},
    ),
    attack("disk_bomb", _DISK),
    attack("output_flood", "tried()\nfor _ in range(3000): print('x' * 10_000)"),
    attack("output_flood_below_python", "tried()\nfor _ in range(1000): os.write(1, b'x' * 10_000)"),
    attack("endless_loop", "tried()\nwhile True: pass", state="timed out"),
    answers(
        "endless_loop_in_a_check",
        "",
        linear="def linear(x, weight, bias=None):\n    while True: pass",
        shows="",
        state="timed out",
        states={"linear": "timed out", "softmax": "not attempted"},
    ),
    attack("endless_loop_that_is_deaf", _DEAF, state="timed out"),
    attack("endless_regular_expression", "import re\ntried()\nre.match('(a+)+$', 'a' * 60 + 'b')", state="timed out"),
    attack("thread_that_edits_later", _THREAD),
    attack("at_exit", _ATEXIT),
)
