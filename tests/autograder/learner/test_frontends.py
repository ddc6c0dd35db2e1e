"""`check` where people meet it: in a real kernel, where ■ is pressed, and in a terminal, where Ctrl-C is."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any

import pexpect
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

ENDLESS = "def relu(x):\n    print('begun', flush=True)\n    while True: pass"
# The word is on its way before print has ended: line 2 is where it still may be.
LINE = r"It was still running after \d+\.?\d* seconds?, in your line (3 “while True: pass”|2 “print)"


@pytest.fixture
def kernel() -> Iterator[tuple[KernelManager, BlockingKernelClient]]:
    manager = KernelManager()
    manager.start_kernel(extra_arguments=["--HistoryManager.enabled=False"])
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=120)
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def told(client: BlockingKernelClient, request: str) -> Iterator[dict[str, Any]]:
    """What the kernel shows of one request, until it is idle again."""
    while True:
        message = client.get_iopub_msg(timeout=120)
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return
        yield message


def run(client: BlockingKernelClient, source: str) -> list[dict[str, Any]]:
    return list(told(client, client.execute(source, allow_stdin=True)))


def panel_in(messages: list[dict[str, Any]]) -> str:
    [result] = [one["content"]["data"] for one in messages if one["msg_type"] == "execute_result"]
    assert re.fullmatch(r"\d\.\d", result["text/plain"]), "what nbgrader reads"
    return str(result["text/html"])


def test_the_stop_button_shows_a_panel_and_stops_what_waits_behind(
    kernel: tuple[KernelManager, BlockingKernelClient],
) -> None:
    manager, client = kernel
    run(client, "from autograder import check")
    run(client, ENDLESS)
    check, behind = client.execute('check("relu", relu)'), client.execute("print('behind')")
    messages = []
    for message in told(client, check):
        messages.append(message)
        if message["msg_type"] == "stream" and "begun" in message["content"]["text"]:
            manager.interrupt_kernel()
    assert re.search(LINE, panel_in(messages))
    assert not [one for one in messages if one["msg_type"] == "error"], "no traceback"
    replies = {}
    while behind not in replies:
        reply = client.get_shell_msg(timeout=120)
        replies[reply["parent_header"]["msg_id"]] = reply["content"]["status"]
    assert (replies[check], replies[behind]) == ("error", "aborted")

    # Questions are refused here too, whatever name the notebook's own input has been given.
    for asking in ("input('?')", "ask('?')", "getpass('?')"):
        run(client, f"from getpass import getpass\nask = input\ndef relu(x):\n    {asking}\n    return x.clamp(min=0)")
        panel = panel_in(run(client, 'check("relu", relu)'))
        assert "your answer asks somebody to type" in panel and "in your line 4" in panel
    assert not client.stdin_channel.msg_ready(), "nobody was asked"


@pytest.mark.parametrize(("shell", "prompt"), [("python", ">>> "), ("IPython", r"In \[\d+\]: ")])
def test_a_terminal_prints_the_panel_and_takes_ctrl_c(shell: str, prompt: str) -> None:
    words = ["-q"] if shell == "python" else ["-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"]
    words += [] if shell == "python" else ["--HistoryManager.enabled=False"]
    with pexpect.spawn(sys.executable, words, timeout=120, encoding="utf-8", echo=False) as terminal:
        terminal.expect(prompt)
        terminal.sendline("from autograder import check; exec('def relu(x): return x.clamp(min=0)')")
        terminal.expect(prompt)
        terminal.sendline('check("relu", relu)')
        terminal.expect("✓ relu solved: 2 of 2 points")
        terminal.expect(prompt)
        terminal.sendline(f"exec({ENDLESS!r}); check('relu', relu)")
        terminal.expect("begun")
        terminal.sendintr()
        terminal.expect("■ relu interrupted: 0 of 2 points")
        # Where the machine is busy, the signal comes while it is still printing.
        terminal.expect(r"It was still running after \d+\.?\d* seconds?, in your line [23]")
        terminal.expect(prompt)
        assert "Traceback" not in terminal.before
        terminal.sendline("from getpass import getpass; check('relu', lambda x: getpass('?'))")
        terminal.expect(r"your answer asks somebody to type \(getpass\(\)\)")
        terminal.expect(prompt)
