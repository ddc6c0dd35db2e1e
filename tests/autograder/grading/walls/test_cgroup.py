"""The control group around a slot, on a tree of files that looks like Linux's."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.grading.walls.cgroup import group_for
from autograder.grading.walls.limits import FOR_A_CHECK, Limits

LIMITS = Limits(memory=2 << 30, processes=64)
HOLDS = str((3 << 30) + FOR_A_CHECK)


def tree(root: Path, own: str, *folders: str, **files: str) -> Path:
    for folder in folders:
        (root / folder).mkdir(parents=True)
    for name, text in files.items():
        (root / name.replace("__", "/")).write_text(text)
    (root / "own").write_text(own)
    return root / "own"


def test_version_two_takes_a_group_beside_the_own_one(tmp_path: Path) -> None:
    own = tree(tmp_path, "0::/user/me\n", "user/me")
    (tmp_path / "user" / "cgroup.subtree_control").write_text("cpu memory pids\n")
    group = group_for(LIMITS, tmp_path, own)
    assert group is not None
    [made] = [path for path in (tmp_path / "user").iterdir() if path.name.startswith("one-cnn")]
    assert (made / "memory.max").read_text() == HOLDS
    assert int((made / "pids.max").read_text()) > LIMITS.processes
    assert f"{made}/cgroup.procs" in group.around(["true"])


def test_version_one_takes_one_group_for_each_part(tmp_path: Path) -> None:
    own = tree(tmp_path, "4:memory:/mine\n8:pids:/\n0::/\n", "memory/mine", "pids")
    group = group_for(LIMITS, tmp_path, own)
    assert group is not None
    [memory] = (tmp_path / "memory" / "mine").iterdir()
    assert (memory / "memory.limit_in_bytes").read_text() == HOLDS
    assert len(list((tmp_path / "pids").iterdir())) == 1


def test_the_kernel_counts_whom_it_killed_for_memory(tmp_path: Path) -> None:
    own = tree(tmp_path, "4:memory:/\n", "memory")
    group = group_for(LIMITS, tmp_path, own)
    assert group is not None and group.killed() == 0
    [memory] = (tmp_path / "memory").iterdir()
    (memory / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n")
    assert group.killed() == 3
    (memory / "memory.events").write_text("low 0\noom 5\noom_kill 4\n")
    assert group.killed() == 4


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    own = tree(tmp_path, "8:pids:/\n", "pids/one-cnn-two-ways-999999999-ab", "pids/one-cnn-two-ways-1-cd")
    assert group_for(LIMITS, tmp_path, own) is not None
    names = {path.name.rpartition("-")[0] for path in (tmp_path / "pids").iterdir()}
    assert "one-cnn-two-ways-1" in names and "one-cnn-two-ways-999999999" not in names


@pytest.mark.parametrize("own", ["0::/user/me\n", "", "4:memory:/gone/away\n"])
def test_where_there_is_none_to_write_to_there_is_none(tmp_path: Path, own: str) -> None:
    assert group_for(LIMITS, tmp_path, tree(tmp_path, own, "user/me")) is None
    assert not list(tmp_path.rglob("one-cnn*"))
    assert group_for(LIMITS, tmp_path, tmp_path / "nothing") is None
