"""What a learner needs, on Windows and macOS: no module or call that only Linux has, names and texts that every system takes."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from autograder import sides
from autograder.learner import handin as packing
from autograder.learner.handin import handin

SLUG = "01_storage_and_strides"
LEARNERS = [*(f"autograder/{side}" for side in (*sides.LEARNERS, "workbench", "cli")), "course"]

# What Windows has not. Other packages ask what system this is, and so are imported before.
_WITHOUT = """
import asyncio, multiprocessing, os, signal, subprocess, sys
import torch, IPython, ipykernel.ipkernel, ipykernel.kernelapp, ipywidgets, anywidget, matplotlib.pyplot, nbformat, platformdirs
import IPython.core.interactiveshell, jupyter_core.paths, rich.console

HIDDEN = {"fcntl", "resource", "termios", "tty", "pty", "pwd", "grp", "syslog"}
for name in HIDDEN:
    sys.modules[name] = None
for name in ("fork", "forkpty", "sched_getaffinity", "sched_setaffinity", "geteuid", "getuid", "setsid", "killpg", "uname", "chown",
             "mkfifo", "getpgid", "wait4", "pidfd_open", "sysconf", "statvfs", "register_at_fork"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGKILL", "SIGALRM", "SIGPROF", "SIGHUP", "SIGUSR1", "setitimer", "alarm", "pthread_sigmask", "pthread_kill"):
    if hasattr(signal, name):
        delattr(signal, name)
"""
_SITTING = """
import importlib, pkgutil
from pathlib import Path

home, root = Path(sys.argv[1]), Path(sys.argv[2])
for folder in sys.argv[3:]:
    package = importlib.import_module(folder.replace("/", "."))
    for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not one.name.endswith("__main__") and ".lessons" not in one.name:
            importlib.import_module(one.name)
import autograder.__main__ as command

import shutil
shutil.copytree(root / "notebooks", home / "notebooks", ignore=shutil.ignore_patterns(".*"))
os.chdir(home)
from autograder.workbench import lab
opened = []
lab.subprocess.run = lambda words, **how: opened.append(words) or subprocess.CompletedProcess(words, 0)
assert command.main(["lab"]) == 0 and "--allow-root" not in opened[0], opened
from autograder import check, handin, progress, reset, solution
assert check("relu", lambda x: x.clamp(min=0)).solved
assert "relu" in reset("relu").source
solution("relu")
assert command.main(["progress"]) == 0
assert command.main(["update", "work/01_storage_and_strides/01_storage_and_strides.ipynb"]) == 0
assert command.main(["handin", "01"]) == 0
assert handin("01").path.is_file()
from course.strides import explore
explore(torch.arange(6).view(2, 3))
print("all done")
"""


def test_a_sitting_needs_nothing_that_only_linux_has(root: Path, tmp_path: Path) -> None:
    home = tmp_path / "my course ü"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT + _SITTING, str(home), str(root), *LEARNERS],
        env={**os.environ, "PYTHONPATH": str(root), "ONE_CNN_PROGRESS": str(tmp_path / "kept here")},
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.endswith("all done\n")


@pytest.mark.parametrize(
    "words",
    [
        ["-m", "autograder", "--help"],
        ["-m", "autograder", "progress"],
        ["-c", "from autograder import check; check('relu', lambda x: abs(x))"],
    ],
)
def test_a_redirected_windows_stream_takes_what_is_printed(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *words],
        env={**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode("cp1252")
    assert done.stdout.decode("cp1252")


def test_a_zip_on_another_drive_is_named_and_not_linked(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = handin(root / "notebooks" / SLUG / f"{SLUG}.ipynb", tmp_path / "01.zip")
    assert "download>Download 01.zip</a>" in done._repr_html_()

    def another_drive(path: Path) -> str:
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr(packing.os.path, "relpath", another_drive)
    assert "<b>Download 01.zip</b>" in done._repr_html_()


def files(root: Path) -> list[str]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, encoding="utf-8", check=True)
    return [one for one in done.stdout.split("\0") if one]


def test_every_file_has_a_name_that_windows_takes(root: Path) -> None:
    names = files(root)
    assert len(names) > 500
    device = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
    for name in names:
        parts = PurePosixPath(name).parts
        assert not [one for one in parts if re.search(r'[<>:"|?*\\\x00-\x1f]|[. ]$', one) or device.fullmatch(one)], (
            name
        )
        assert len(name) < 140, f"{name}: a clone in a deep folder has 260 characters for all of it"
    assert len({name.casefold() for name in names}) == len(names)


def test_git_hands_out_the_same_bytes_everywhere(root: Path) -> None:
    asked = [
        "git",
        "check-attr",
        "eol",
        "text",
        "--",
        f"notebooks/{SLUG}/{SLUG}.ipynb",
        "autograder/judging/reference/views.safetensors",
    ]
    said = subprocess.run(asked, cwd=root, capture_output=True, encoding="utf-8", check=True).stdout
    assert "ipynb: eol: lf" in said and "safetensors: text: unset" in said
    told = subprocess.run(
        ["git", "ls-files", "--eol"], cwd=root, capture_output=True, encoding="utf-8", check=True
    ).stdout
    assert [line for line in told.splitlines() if line.startswith(("i/crlf", "i/mixed"))] == []


def programs(root: Path) -> list[Path]:
    folders = [root / one for one in (*LEARNERS, ".ci")]
    return [path for folder in folders for path in sorted(folder.rglob("*.py")) if "lessons" not in path.parts]


def test_every_file_is_opened_with_its_encoding(root: Path) -> None:
    """What Linux writes itself, and grading alone reads, is left out: the rule is about learners' machines."""
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--preview", "--select", "PLW1514"]
    done = subprocess.run(
        [*command, *LEARNERS, ".ci", "autograder/authoring"], cwd=root, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_programs_say_is_read_whatever_its_encoding(root: Path) -> None:
    """`text=True` alone reads with the system's code page, and stops at what is none of it."""
    looked_at = 0
    for path in programs(root):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            words = {one.arg for one in node.keywords} if isinstance(node, ast.Call) else set()
            if words & {"text", "universal_newlines"}:
                looked_at += 1
                assert words & {"encoding", "errors"}, f"{path}:{node.lineno}"
    assert looked_at >= 2
