"""`make setup`: made once, repaired when broken, no gigabytes unasked, one line when it cannot be."""

from __future__ import annotations

import doctest
import importlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def venv_script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The script in .ci, imported as when make runs it."""
    monkeypatch.syspath_prepend(str(ROOT / ".ci"))
    yield importlib.import_module("make_venv")
    for name in ("make_venv", "install_torch"):
        sys.modules.pop(name, None)


def test_the_documented_example_is_true(venv_script):
    result = doctest.testmod(venv_script)
    assert result.attempted > 0
    assert result.failed == 0


# --- made once, made again


@pytest.fixture
def venv(venv_script, tree):
    """A Venv whose every command is written down instead of run; ``stops_at`` makes one of them end badly."""

    class Recorded(venv_script.Venv):
        def __init__(self, root: Path) -> None:
            super().__init__(root)
            self.ran: list[str] = []
            self.stops_at: tuple[str, BaseException] | None = None

        def _do(self, name: str) -> None:
            self.ran.append(name)
            if self.stops_at and self.stops_at[0] == name:
                raise self.stops_at[1]

        def create(self) -> None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir()
            self._do("create")

        def version(self) -> str | None:
            return f"{sys.version_info.major}.{sys.version_info.minor}" if self.folder.exists() else None

        def run(self, step: str, *arguments: str) -> None:
            if "--editable" in arguments:
                self._do("course")
            elif "pip" in arguments:
                self._do("torch" if "torch" in arguments else "pip")
            elif "autograder.workbench.settings" in arguments:
                self._do("quiet")
            else:
                self._do("check" if "version.py" in arguments[-1] else "try")

    return Recorded(tree)


EVERY_STEP = ["create", "pip", "torch", "check", "course", "try", "quiet"]


def test_the_first_set_up_installs_torch_before_what_would_bring_its_own(venv, venv_script):
    assert venv_script.make_ready(venv)
    assert venv.ran == EVERY_STEP


def test_where_there_is_no_make_the_set_up_opens_the_course(venv, venv_script, monkeypatch):
    opened = []
    monkeypatch.setattr(venv_script, "Venv", lambda root: venv)

    def run(command, **how):
        opened.append((command[1:], how["cwd"]))
        return subprocess.CompletedProcess(command, 7)

    monkeypatch.setattr(venv_script.subprocess, "run", run)
    assert venv_script.main(["--lab"]) == 7
    assert opened == [(["-m", "autograder", "lab"], venv.root)]
    opened.clear()
    assert venv_script.main([]) == 0
    assert opened == []


def test_the_second_set_up_does_and_says_nothing(venv, venv_script, capsys):
    venv_script.make_ready(venv)
    venv.ran.clear()
    capsys.readouterr()
    assert not venv_script.make_ready(venv)
    assert venv.ran == []
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("step", EVERY_STEP)
def test_a_set_up_that_is_interrupted_begins_anew(venv, venv_script, step):
    venv.stops_at = (step, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        venv_script.make_ready(venv)
    assert venv.stamp() is None
    venv.stops_at = None
    venv.ran.clear()
    venv_script.make_ready(venv)
    assert venv.ran == EVERY_STEP


def test_an_update_that_fails_leaves_no_stamp(venv, venv_script):
    venv_script.make_ready(venv)
    ask_for_another_package(venv.root)
    venv.stops_at = ("course", venv_script.CommandFailed("no space"))
    with pytest.raises(venv_script.CommandFailed, match="no space"):
        venv_script.make_ready(venv)
    assert venv.stamp() is None


def ask_for_another_package(root: Path) -> None:
    """Add a dependency to the copy's pyproject.toml."""
    pyproject = root / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    pyproject.write_text(text.replace("dependencies = [\n", 'dependencies = [\n    "six>=1",\n', 1), encoding="utf-8")


def test_a_new_dependency_is_installed_into_what_is_there(venv, venv_script):
    venv_script.make_ready(venv)
    venv.ran.clear()
    ask_for_another_package(venv.root)
    assert venv_script.make_ready(venv)
    assert venv.ran == EVERY_STEP[1:]


def test_new_pins_are_installed_into_what_is_there(venv, venv_script):
    venv_script.make_ready(venv)
    venv.ran.clear()
    with (venv.root / ".ci" / "constraints.txt").open("a", encoding="utf-8") as pins:
        pins.write("six==1.17.0\n")
    assert venv_script.make_ready(venv)
    assert venv.ran == EVERY_STEP[1:]


def test_a_change_of_the_lint_rules_installs_nothing(venv, venv_script):
    venv_script.make_ready(venv)
    with (venv.root / "pyproject.toml").open("a", encoding="utf-8") as pyproject:
        pyproject.write("[tool.other]\nrule = 1\n")
    assert not venv_script.make_ready(venv)


def test_a_moved_folder_gets_a_new_environment(venv, venv_script, tmp_path):
    venv_script.make_ready(venv)
    moved = type(venv)(venv.root.rename(tmp_path / "elsewhere"))
    venv_script.make_ready(moved)
    assert moved.ran == EVERY_STEP


@pytest.mark.parametrize("stamp", ["", "{", "[]", '{"home": 1}'])
def test_a_stamp_that_cannot_be_read_counts_as_none(venv, venv_script, stamp):
    venv_script.make_ready(venv)
    venv.ready.write_text(stamp, encoding="utf-8")
    venv.ran.clear()
    venv_script.make_ready(venv)
    assert venv.ran == EVERY_STEP


def test_another_torch_than_the_one_there_needs_a_new_environment(venv, venv_script):
    venv_script.make_ready(venv)
    venv.ran.clear()
    venv_script.make_ready(venv, "cuda")
    assert venv.ran == [step for step in EVERY_STEP if step != "check"]
    assert venv.stamp().torch == "cuda"


def test_who_took_cuda_once_keeps_it(venv, venv_script):
    venv_script.make_ready(venv, "cuda")
    assert not venv_script.make_ready(venv)
    ask_for_another_package(venv.root)
    venv_script.make_ready(venv)
    assert venv.stamp().torch == "cuda"


def test_another_python_than_the_one_there_makes_a_new_environment(venv, venv_script):
    venv_script.make_ready(venv)
    stamp = json.loads(venv.ready.read_text(encoding="utf-8")) | {"python": "3.10"}
    venv.ready.write_text(json.dumps(stamp), encoding="utf-8")
    venv.ran.clear()
    venv_script.make_ready(venv)
    assert venv.ran == EVERY_STEP


@pytest.mark.parametrize("empty", [False, True], ids=["with something in it", "empty"])
def test_a_link_is_followed_and_empties_nobodys_folder(venv_script, tree, tmp_path, monkeypatch, capsys, empty):
    """Who has little room at home lets .venv be a link; it may also lead to the environment of another clone."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    theirs = venv_script.Stamp(str(elsewhere), "3.11", "cpu", "")
    if not empty:
        (elsewhere / ".ready").write_text(json.dumps(venv_script.asdict(theirs)))
    (tree / ".venv").symlink_to(elsewhere)
    monkeypatch.setattr(venv_script, "ROOT", tree)
    asked = []
    monkeypatch.setattr(venv_script.Venv, "run", lambda self, step, *arguments: asked.append(step))
    monkeypatch.setattr(venv_script, "install_torch", lambda *_, **__: None)
    assert venv_script.main([]) == (0 if empty else 1)
    if empty:
        assert (
            venv_script.Venv(tree).version() and (tree / ".venv").is_symlink() and (elsewhere / "pyvenv.cfg").exists()
        )
        (tree / ".venv" / ".ready").write_text(
            json.dumps({**json.loads((elsewhere / ".ready").read_text()), "python": "3.0"})
        )
        assert venv_script.main([]) == 0  # what was made here is made anew
    else:
        assert asked == [] and venv_script.Venv(tree).stamp() == theirs
        assert f".venv is a link to {elsewhere}, which holds something else. Remove" in capsys.readouterr().err


def test_an_environment_whose_python_is_gone_is_made_anew(venv_script, tree):
    venv = venv_script.Venv(tree)
    venv.python.parent.mkdir(parents=True)
    venv.python.symlink_to(tree / "no-such-python")
    assert venv.version() is None


# --- one clear line


@pytest.mark.parametrize(
    "said",
    [
        "WARNING: Retrying: NewConnectionError(...)\nERROR: No matching distribution found for pip",
        "ERROR: Could not find a version that satisfies the requirement pip (from versions: none)",
        "socket.gaierror: Temporary failure in name resolution",
    ],
)
def test_without_a_network_it_says_so_in_one_line(venv_script, said):
    line = venv_script.explain(said, Path(".venv/setup.log"))
    assert "Connect to a network and run `make setup` again" in line
    assert line.endswith(".venv/setup.log")
    assert "\n" not in line


@pytest.mark.parametrize(
    "said",
    [
        "ERROR: No matching distribution found for torch",
        "no matching distributions available for your environment:\n    torch\n\nERROR: ResolutionImpossible: for help",
    ],
)
def test_where_nothing_fits_this_machine_it_names_the_package_and_points_to_conda(venv_script, said):
    line = venv_script.explain(said, Path("log"))
    assert "pip finds no torch that fits Python 3." in line
    assert "conda env create" in line
    assert "\n" not in line


def test_otherwise_it_gives_pip_s_own_last_error(venv_script):
    line = venv_script.explain("Collecting x\nERROR: [Errno 28] No space left on device\n\nnotice: pip", Path("log"))
    assert line == "Set-up stopped: [Errno 28] No space left on device. Run `make setup` again. All that was said: log"


def test_a_failure_is_one_line_and_exit_1(venv_script, tree, monkeypatch, capsys):
    def no_index(self: object, *_: object) -> None:
        raise venv_script.CommandFailed("NewConnectionError")

    monkeypatch.setattr(venv_script, "ROOT", tree)
    monkeypatch.setattr(venv_script.Venv, "create", lambda self: self.folder.mkdir())
    monkeypatch.setattr(venv_script.Venv, "run", no_index)
    assert venv_script.main([]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tree / ".venv" / ".ready").exists()
