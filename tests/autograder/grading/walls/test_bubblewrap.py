"""The sandbox's command line, what is put into it, and what is said where there is none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from autograder.grading.inside.zygote import wipe
from autograder.grading.slots.job import Limits
from autograder.grading.slots.pool import execute_jobs, local_pool
from autograder.grading.slots.slot import Slot
from autograder.grading.walls import bubblewrap as sandbox
from autograder.grading.walls.staging import home_of, stage


def test_without_bubblewrap_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(sandbox.NoSandbox, match="install the package bubblewrap") as error, Slot():
        pass
    assert "--trust-submissions" in str(error.value)
    with pytest.raises(sandbox.NoSandbox, match="bubblewrap"), local_pool(1) as pool:
        list(execute_jobs([], pool))


def test_a_system_that_forbids_sandboxes_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'No permissions to create a new namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(sandbox.NoSandbox, match="No permissions to create a new namespace"):
        sandbox.require()


def test_the_zygote_is_alone_and_the_first_process(bubblewrap: str, tmp_path: Path) -> None:
    words = sandbox.command(tmp_path, 3, Limits())
    for word in ("--as-pid-1", "--die-with-parent", "--new-session", "--clearenv"):
        assert word in words
    assert "--unshare-all" in words or {"--unshare-net", "--unshare-pid", "--unshare-ipc"} <= set(words)
    assert "--bind" not in words  # nothing of the machine can be written to


def test_a_user_gets_every_namespace_and_root_becomes_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_is_root", lambda: False)
    assert "--unshare-all" in sandbox._namespaces() and sandbox._nobody() == 0
    monkeypatch.setattr(sandbox, "_is_root", lambda: True)
    assert "--unshare-net" in sandbox._namespaces()
    one, other = sandbox._nobody(), sandbox._nobody()
    assert one != other and min(one, other) >= 0x60000000


def test_a_user_without_rights_can_run_it(bubblewrap: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_is_root", lambda: False)
    words = [bubblewrap, *sandbox._namespaces(), "--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib"]
    words += ["--symlink", "usr/lib64", "/lib64", "--proc", "/proc", "/usr/bin/env", "ls", "/proc/1"]
    assert subprocess.run(words, capture_output=True).returncode == 0


def test_only_what_a_learner_imports_goes_in(tmp_path: Path) -> None:
    stage(tmp_path)
    inside = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.suffix != ".pyc"}
    for needed in (
        "course/data.py",
        "autograder/observing/observe.py",
        "autograder/observing/probes/modules.py",
        "autograder/grading/inside/zygote.py",
    ):
        assert needed in inside
    for secret in (
        "oracles",
        "lessons",
        "safetensors",
        "autograder/authoring/build",
        "slot",
        "verdicts",
        "operators",
        "report",
        "demo",
    ):
        assert not [path for path in inside if secret in path]
    assert "BEGIN SOLUTION" not in "".join(path.read_text() for path in tmp_path.rglob("*.py"))


def test_a_package_that_is_not_there_is_named() -> None:
    with pytest.raises(ModuleNotFoundError, match="no package 'no_such_course'"):
        home_of("no_such_course")


def test_wiping_empties_whatever_was_made(tmp_path: Path) -> None:
    home = tmp_path / "home"
    deep = home
    for _ in range(60):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "file").write_text("x")
    (home / "link").symlink_to(tmp_path)
    (home / "d/loop").symlink_to(home)
    (tmp_path / "outside").write_text("kept")
    deep.chmod(0)
    (home / "d").chmod(0)
    assert wipe(home)
    assert list(home.iterdir()) == []
    assert (tmp_path / "outside").read_text() == "kept"


def test_what_cannot_be_wiped_is_said(tmp_path: Path) -> None:
    assert not wipe(tmp_path / "missing")


def test_python_is_found_inside_by_whatever_path_it_was_called(
    bubblewrap: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    *straight, _ = sandbox.command(tmp_path, 3, Limits())  # the last word is the user, drawn anew
    python = Path(sys.executable)
    monkeypatch.setattr(sys, "executable", str(python.parent / ".." / python.parent.name / python.name))
    *roundabout, _ = sandbox.command(tmp_path, 3, Limits())
    assert roundabout == straight
