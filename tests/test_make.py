"""The commands that a person types: what make says, what it needs of the machine, what it never removes."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(tree: Path, *command: str, path: Path | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command in ``tree`` as a person would: nothing of make's or pytest's own in the environment."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS", "PYTHON", "TORCH"))}
    env |= environ | ({"PATH": str(path)} if path else {})
    return subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def script(path: Path, body: str) -> Path:
    """An executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("target", ["setup", "lab", "test"])
def test_a_python_too_old_gives_one_line_and_makes_nothing(tree, tmp_path, target):
    old = script(tmp_path / "old" / "python3", 'if [ "$1" = --version ]; then echo Python 3.9.2; else exit 1; fi')
    done = run(tree, "make", target, f"PYTHON={old}")
    assert done.returncode != 0
    (line, _make_s_own) = done.stderr.splitlines()
    assert line.startswith(f"Python 3.11 or newer is needed, and {old} is Python 3.9.2.")
    assert done.stdout == ""
    assert not (tree / ".venv").exists()


def test_a_python_that_is_not_there_gives_one_line(tree):
    done = run(tree, "make", "setup", "PYTHON=no-such-python")
    assert done.returncode != 0
    assert "no-such-python is not found" in done.stderr.splitlines()[0]


def test_make_alone_lists_what_there_is(tree):
    listed = run(tree, "make").stdout
    for target in ("lab", "demo", "test", "setup", "build", "lint", "clean"):
        assert f"make {target} " in listed


@pytest.mark.parametrize(("target", "needs"), [("lab", False), ("demo", False), ("setup", True), ("test", True)])
def test_only_tests_and_set_up_ask_for_the_system_s_packages(tree, target, needs):
    recipe = run(tree, "make", "--dry-run", target).stdout
    assert ("system_packages" in recipe) == needs
    assert "make_venv" in recipe


def test_make_lab_makes_everything_ready_and_opens_the_first_page(tree):
    recipe = run(tree, "make", "--dry-run", "lab").stdout
    set_up, opened = recipe.find("make_venv.py"), recipe.find("autograder lab")
    assert -1 < set_up < opened


def test_the_environment_s_own_commands_come_first(tree):
    with (tree / "Makefile").open("a", encoding="utf-8") as makefile:
        makefile.write("\nwhere:\n\t@alembic\n")
    script(tree / ".venv" / "bin" / "alembic", "echo ours")
    assert run(tree, "make", "where").stdout == "ours\n"


def test_a_half_made_environment_does_not_make_itself(tree):
    script(tree / ".venv" / "bin" / "python3", "echo half-made; exit 1")
    shutil.copy(script(tree / "ask", "command -v python3 >asked; exit 1"), tree / ".ci" / "system_packages.sh")
    run(tree, "make", "setup")
    assert str(tree) not in (tree / "asked").read_text(encoding="utf-8")


def test_clean_leaves_a_learner_s_work_and_the_gradebook(tree):
    kept = ["notebooks/03/03.ipynb", "classroom/gradebook.db", "classroom/submitted/ada/03/03.ipynb", ".venv/.ready"]
    kept += [
        "work/03/03.ipynb",
        "work/03/earlier/03-2026-01-01-120000.ipynb",
        "notebooks/03/.ipynb_checkpoints/03.ipynb",
        "classroom/submitted/ada/03/__pycache__/mine.py",
    ]
    gone = [".mypy_cache/x", "course/__pycache__/x.pyc", "classroom/demo/gradebook.db", "a.egg-info/PKG-INFO"]
    for name in kept + gone:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).touch()
    assert run(tree, "make", "clean").returncode == 0
    assert [name for name in kept if not (tree / name).exists()] == []
    assert [name for name in gone if (tree / name).exists()] == []


@pytest.fixture
def machine(tmp_path: Path) -> Callable[..., Path]:
    """Make a PATH with only the commands named: a name to a shell script."""

    def make(**commands: str) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir()
        for tool in ("mktemp", "rm", "sh", "bash", "dirname"):
            (folder / tool).symlink_to(shutil.which(tool) or tool)
        for name, body in ({"uname": "echo Linux", "python3": "exit 0"} | commands).items():
            script(folder / name.replace("_", "-"), body)
        return folder

    return make


PACKAGES = ("sh", ".ci/system_packages.sh", "python3")


def test_a_machine_that_has_everything_hears_nothing(tree, machine):
    done = run(tree, *PACKAGES, path=machine(chromium="", bwrap="", id="echo 0", apt_get="exit 9"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_who_is_not_root_is_told_the_line_to_type(tree, machine):
    done = run(tree, *PACKAGES, path=machine(bwrap="", id="echo 1000", apt_get="exit 9"))
    assert done.stdout == "The tests need chromium: sudo apt-get install -y chromium\n"
    assert done.returncode == 0


def test_root_gets_what_is_missing_and_no_more(tree, machine):
    done = run(tree, *PACKAGES, path=machine(chromium="", id="echo 0", apt_get='echo "$@" >>asked'))
    assert (tree / "asked").read_text() == "update\ninstall -y --no-install-recommends bubblewrap\n"
    assert done.stdout == "Installing bubblewrap with apt …\n"


def test_apt_that_fails_stops_nothing(tree, machine, tmp_path):
    done = run(tree, *PACKAGES, path=machine(id="echo 0", apt_get="exit 100"), TMPDIR=str(tmp_path))
    assert done.returncode == 0
    assert "apt could not install chromium bubblewrap" in done.stdout


def test_a_system_without_apt_is_told_what_the_tests_need(tree, machine):
    done = run(tree, *PACKAGES, path=machine(uname="echo Darwin", id="echo 501"))
    assert done.stdout == "The tests need chromium: install with your system's package manager.\n"


def test_debian_s_python_without_venv_is_told_the_package(tree, machine):
    bare = 'case "$2" in *ensurepip*) exit 1;; *) echo python3.11-venv;; esac'
    done = run(tree, *PACKAGES, path=machine(chromium="", bwrap="", python3=bare, id="echo 1000", apt_get=""))
    assert done.stdout == "The tests need python3.11-venv: sudo apt-get install -y python3.11-venv\n"


@pytest.mark.parametrize("broken", ["setup", "lint", "test"])
def test_ci_fails_when_a_part_of_it_fails(tree, machine, broken):
    done = run(tree, "bash", ".ci/run", path=machine(make=f'echo "$1"; [ "$1" != {broken} ]'))
    assert done.returncode != 0
    assert done.stdout.splitlines()[-1] == broken


def test_ci_ends_with_what_the_tests_say(tree, machine):
    done = run(tree, "bash", ".ci/run", path=machine(make='[ "$1" = test ] && echo "7 passed" || echo "$1"'))
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "7 passed"
