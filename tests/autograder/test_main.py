"""The command line as a person or a program meets it: exit codes, and a line on what went wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.__main__ import COMMANDS, main
from autograder.authoring.agreeing import same_reference
from autograder.judging.reference import PUBLIC


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["grate"],
        ["grade"],
        ["grade", "11_nothing"],
        ["grade", "04", "--jobs", "many"],
        ["grade", "04", "--jobs", "0"],
    ],
)
def test_wrong_usage_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage: python -m autograder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["reference", "--seed-file", "short.txt"], "short.txt holds fewer than 16 bytes"),
        (["reference", "--seed-file", "nothing.txt"], "nothing.txt"),
        (["report", "04"], "04_the_same_cnn_with_functional"),
        (["export", "--fill", "nothing.csv", "04"], "nothing.csv: No such file or directory"),
    ],
)
def test_a_command_that_cannot_do_its_work_says_why_in_a_line_and_ends_with_1(
    words: list[str],
    says: str,
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "nbgrader_config.py").write_text((root / "nbgrader_config.py").read_text())
    (tmp_path / "short.txt").write_text("  too short  ")
    monkeypatch.chdir(tmp_path)
    assert main(words) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"python -m autograder {words[0]}: ")
    assert says in told
    assert "Traceback" not in told


def test_ctrl_c_is_one_line_that_says_what_is_kept(root: Path) -> None:
    program = (
        "import runpy, sys; from autograder import cli; from autograder.cli import grading\n"
        "def stopped(_): raise KeyboardInterrupt\n"
        "grading.COMMANDS['grade'] = stopped\n"
        "sys.argv = ['autograder', 'grade', '04']; runpy.run_module('autograder', run_name='__main__', alter_sys=False)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=root)
    assert done.returncode == 130
    assert done.stderr.startswith("python -m autograder grade: stopped; what was seen and recorded so far is kept")
    assert done.stderr.count("\n") == 1


def test_a_reader_that_has_seen_enough_is_no_mistake(root: Path) -> None:
    program = "import sys; from autograder import __main__ as one; one.COMMANDS['progress'] = lambda _: print('x\\n' * 200_000) or 0; sys.exit(one.main(['progress']))"
    words = f'"{sys.executable}" -c "{program}" | head -1'
    done = subprocess.run(words, shell=True, capture_output=True, text=True, check=False, cwd=root)
    assert (done.stdout, done.stderr) == ("x\n", "")


def test_a_seed_of_ones_own_makes_a_private_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "seed.txt").write_text("an instructor's own, kept to themselves")
    monkeypatch.chdir(tmp_path)
    assert main(["reference", "storage", "--seed-file", "seed.txt"]) == 0
    [made] = (tmp_path / "classroom" / "reference").iterdir()
    assert made.name == "storage.safetensors"
    assert not same_reference(made.read_bytes(), (PUBLIC / made.name).read_bytes())


def test_the_command_line_starts_without_what_only_a_command_needs() -> None:
    heavy = (
        "torch",
        "numpy",
        "nbgrader",
        "rich",
        "IPython",
        "sqlalchemy",
        "autograder.authoring",
        "autograder.learner.check",
    )
    program = f"import sys, autograder.__main__ as one; one.parser(); print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_command_that_can_be_typed_does_something(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    listed = re.findall(r"^    (\w+)(?: |$)", capsys.readouterr().out, re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help_on_lab_is_of_our_own_command_and_lays_and_opens_nothing(
    word: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for acts in ("autograder.workbench.copy.bring_up_to_date", "autograder.workbench.lab.open_lab"):
        monkeypatch.setattr(acts, lambda *_, **__: pytest.fail("asked for help only"))
    assert main(["lab", word]) == 0
    said = capsys.readouterr().out
    assert said.startswith("usage: python -m autograder lab [--instructor]")
    assert "python -m jupyterlab --help" in said
