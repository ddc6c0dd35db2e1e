"""Notebooks in tests: cells that an IPython shell runs one after the other, each notebook in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

__all__ = ["Seen", "played"]

# Imports once, and plays each notebook in a fork of it. Nothing is computed before.
_PLAYER = """
import io, json, os, sys
from contextlib import redirect_stderr, redirect_stdout
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
import torch, autograder.authoring, autograder.learner.check
from autograder.learner import cells

def play(sources):
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    cells.listen()
    seen = []
    for source in sources:
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
            result = shell.run_cell(source)
        error = result.error_before_exec or result.error_in_exec
        value = result.result
        seen.append({
            "status": value.status.value if hasattr(value, "status") else "",
            "note": value.note if hasattr(value, "note") else "",
            "error": type(error).__name__ if error else "",
            "text": out.getvalue(),
            "err": err.getvalue(),
        })
    return seen

for sources in json.load(sys.stdin):
    read, write = os.pipe()
    if os.fork() == 0:
        with os.fdopen(write, "w") as pipe:
            json.dump(play(sources), pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        print(pipe.read(), flush=True)
    os.wait()
"""


@dataclass(frozen=True)
class Seen:
    """What a cell came to: its verdict's status and note, the error that ended it, what it printed."""

    status: str
    note: str
    error: str
    text: str
    err: str


def played(notebooks: list[list[str]]) -> list[list[Seen]]:
    """What every cell of each notebook came to."""
    done = subprocess.run(
        [sys.executable, "-c", _PLAYER], input=json.dumps(notebooks), capture_output=True, text=True, check=True
    )
    return [[Seen(**one) for one in json.loads(line)] for line in done.stdout.splitlines()]
