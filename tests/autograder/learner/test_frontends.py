"""`check` where people meet it: in a real kernel, where ■ is pressed, and in a terminal, where Ctrl-C is."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
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


def asked_by(
    client: BlockingKernelClient, source: str, metadata: dict[str, Any], allow_stdin: bool
) -> list[dict[str, Any]]:
    """As `run`, asked the way that a front end does."""
    content = {"code": source, "silent": False, "store_history": True, "user_expressions": {}, "stop_on_error": True}
    message = client.session.msg("execute_request", {**content, "allow_stdin": allow_stdin}, metadata=metadata)
    client.shell_channel.send(message)
    return list(told(client, message["header"]["msg_id"]))


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
            time.sleep(0.02)
            manager.interrupt_kernel()  # as whoever is impatient does
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


def printed(messages: list[dict[str, Any]]) -> str:
    return "".join(one["content"]["text"] for one in messages if one["msg_type"] == "stream")


def test_a_console_gets_the_panel_in_words_and_a_notebook_once(
    kernel: tuple[KernelManager, BlockingKernelClient],
) -> None:
    _, client = kernel
    run(client, "from autograder import check\ndef relu(x):\n    return x.clamp(min=0)")
    check, solved = 'check("relu", relu)', "✓ relu solved: 2 of 2 points"
    # jupyter console shows text/plain alone, which is the number that nbgrader reads.
    assert solved in printed(asked_by(client, check, {}, allow_stdin=True))
    for metadata, allow_stdin in (({"cellId": "check_relu"}, True), ({}, False)):  # JupyterLab and VS Code; nbclient
        messages = asked_by(client, check, metadata, allow_stdin)
        assert printed(messages) == ""
        assert "solved" in panel_in(messages)
    run(client, "import sys, types; sys.modules['google.colab'] = types.ModuleType('google.colab')")
    assert printed(asked_by(client, check, {}, allow_stdin=True)) == "", "Colab shows the page"


FRONT_ENDS = """
import torch
from course import network
from course.strides import compare, explore, show
from autograder import check, progress, reset, solution
x = torch.arange(6).view(2, 3)
"""
SHOWN = {
    "explore(x)": "x and its storage: Shape (2, 3), stride (3, 1), offset 0",
    "network.slide(torch.ones(4, 5), torch.ones(3, 3))": "Output cell (0, 0) of a 3 × 3 kernel with stride 1",
    "show(x.t())": "stride (1, 3)",
    "compare(x, x.t())": "read one storage",
    "progress()": "exercises solved",
    "reset('relu')": "def relu(x):",
    "solution('relu')": "The model answer to relu",
    "check('relu', torch.abs)": "0.0",
}


def test_every_output_has_words_and_a_picture_or_a_page_beside_the_widget(
    kernel: tuple[KernelManager, BlockingKernelClient],
) -> None:
    _, client = kernel
    run(client, FRONT_ENDS)
    for source, words in SHOWN.items():
        messages = asked_by(client, source, {"cellId": "one"}, allow_stdin=True)
        bundles = [one["content"]["data"] for one in messages if one["msg_type"] in ("display_data", "execute_result")]
        widgets = [one for one in bundles if "application/vnd.jupyter.widget-view+json" in one]
        still = [one for one in bundles if one not in widgets]
        assert len(still) == 1 and len(widgets) <= 1, source
        assert words in still[0]["text/plain"], source
        assert "<" in still[0].get("text/html", ""), source
        assert all(set(one) == {"application/vnd.jupyter.widget-view+json"} for one in widgets), "no words twice"
        if widgets:
            assert "<svg" in still[0]["image/svg+xml"]
            assert bundles.index(still[0]) < bundles.index(widgets[0])


def test_plain_python_prints_the_same_words() -> None:
    sources = [one for one in SHOWN if not one.startswith("check")]
    program = FRONT_ENDS + "".join(f"print(repr({one}), end='\\n====')\n" for one in sources)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True)
    for source, said in zip(sources, done.stdout.split("===="), strict=False):
        assert SHOWN[source] in said, source


def _heed_ctrl_c() -> None:
    """A shell has what it starts in the background ignore Ctrl+C, and all that comes of it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(("shell", "prompt"), [("python", ">>> "), ("IPython", r"In \[\d+\]: ")])
def test_a_terminal_prints_the_panel_and_takes_ctrl_c(shell: str, prompt: str) -> None:
    words = ["-q"] if shell == "python" else ["-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"]
    words += [] if shell == "python" else ["--HistoryManager.enabled=False"]
    with pexpect.spawn(
        sys.executable, words, timeout=120, encoding="utf-8", echo=False, preexec_fn=_heed_ctrl_c
    ) as terminal:
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
