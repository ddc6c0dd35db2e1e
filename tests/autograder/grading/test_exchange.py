"""nbgrader's exchange, in which everybody may write: what is whole is collected, and nobody's odd folder stops the others."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from nbgrader.exchange.default.exchange import Exchange
from traitlets.config import Config

from autograder.grading.exchange import Collect, collect_from_exchange

NOON, ONE, TWO = (f"2026-03-01 {hour}:00:00.000000 UTC" for hour in (12, 13, 14))


@pytest.fixture
def config(tmp_path: Path) -> Config:
    config = Config()
    config.CourseDirectory.root = str(tmp_path / "class")
    config.CourseDirectory.course_id = "cnn"
    config.CourseDirectory.db_url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    config.Exchange.root = str(tmp_path)
    config.ExchangeCollect.check_owner = False
    (tmp_path / "class").mkdir()
    (tmp_path / "cnn" / "inbound").mkdir(parents=True)
    tmp_path.chmod(0o777)
    return config


def submit(tmp_path: Path, learner: str, time: str, text: str, *, finished: str | None = "") -> Path:
    """As nbgrader's submit leaves it; ``finished`` is what stands in its file of the time, the time itself unless told."""
    folder = tmp_path / "cnn" / "inbound" / f"{learner}+ps1+{time}+secret"
    folder.mkdir()
    (folder / "ps1.ipynb").write_text(text)
    if finished is not None:
        (folder / "timestamp.txt").write_text(finished or time)
    return folder


def collected(tmp_path: Path) -> dict[str, str]:
    found = (tmp_path / "class" / "submitted").glob("*/ps1/ps1.ipynb")
    return {path.parts[-3]: path.read_text() for path in found}


def test_the_newest_is_collected_and_nothing_twice(config: Config, tmp_path: Path) -> None:
    submit(tmp_path, "ada", NOON, "first")
    assert collect_from_exchange(config, "ps1") == []
    assert collected(tmp_path) == {"ada": "first"}
    there = tmp_path / "class" / "submitted" / "ada" / "ps1" / "ps1.ipynb"
    before = there.stat().st_ino
    assert collect_from_exchange(config, "ps1") == []
    assert there.stat().st_ino == before
    submit(tmp_path, "ada", ONE, "second")
    assert collect_from_exchange(config, "ps1") == []
    assert collected(tmp_path) == {"ada": "second"}


def test_what_was_never_finished_does_not_take_the_place_of_what_was(config: Config, tmp_path: Path) -> None:
    submit(tmp_path, "ada", NOON, "whole")
    begun = submit(tmp_path, "ada", ONE, "ha", finished=None)
    only = submit(tmp_path, "bob", NOON, "ha", finished=None)
    assert collect_from_exchange(config, "ps1") == []
    assert collected(tmp_path) == {"ada": "whole", "bob": "ha"}
    there = tmp_path / "class" / "submitted" / "bob" / "ps1" / "ps1.ipynb"
    before = there.stat().st_ino
    assert collect_from_exchange(config, "ps1") == []
    assert there.stat().st_ino == before  # while nothing comes, it is not copied again and again
    for folder, time in ((begun, ONE), (only, NOON)):
        (folder / "ps1.ipynb").write_text("now whole")
        (folder / "timestamp.txt").write_text(time)
    assert collect_from_exchange(config, "ps1") == []
    assert collected(tmp_path) == {"ada": "now whole", "bob": "now whole"}


def test_one_odd_folder_costs_nobody_else(config: Config, tmp_path: Path) -> None:
    submit(tmp_path, "eve", "yesterday", "no time")
    shutil.copytree(submit(tmp_path, "ada", NOON, "mine"), tmp_path / "elsewhere")
    link = submit(tmp_path, "mal", NOON, "link")
    (link / "data.txt").symlink_to("/etc/hostname")
    submit(tmp_path, "kim", NOON, "odd time", finished="yesterday")
    by_hand = tmp_path / "class" / "submitted" / "ann" / "ps1"
    by_hand.mkdir(parents=True)
    (by_hand / "timestamp.txt").write_text("yesterday")
    submit(tmp_path, "ann", NOON, "mine")
    (tmp_path / "cnn" / "inbound" / f"lea+ps1+{NOON}+secret").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "cnn" / "inbound" / f"file+ps1+{NOON}+secret").write_text("no folder")
    said = collect_from_exchange(config, "ps1")
    assert collected(tmp_path) == {"ada": "mine", "kim": "odd time"}
    assert len(said) == 5
    for word in ("'eve+ps1+yesterday", "mal: there is a link", "'lea+ps1", "'file+ps1", f"{by_hand}/timestamp.txt"):
        assert sum(word in line for line in said) == 1
    submit(tmp_path, "kim", ONE, "again")
    submit(tmp_path, "zoe", ONE, "mine, too")
    assert sorted(collect_from_exchange(config, "ps1")) == sorted(said)
    assert collected(tmp_path) == {"ada": "mine", "kim": "again", "zoe": "mine, too"}


@pytest.mark.parametrize("again", ["", ONE])
def test_a_collect_that_is_killed_leaves_no_half(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: str
) -> None:
    submit(tmp_path, "ada", NOON, "whole")
    if again:
        collect_from_exchange(config, "ps1")
        submit(tmp_path, "ada", again, "whole again")

    def killed(self: object, src: str, dest: str, log: object = None) -> None:
        Path(dest).mkdir()
        shutil.copy2(Path(src, "timestamp.txt"), dest)
        Path(dest, "ps1.ipynb").write_text("ha")
        os._exit(9)

    with monkeypatch.context() as patched:
        patched.setattr(Exchange, "do_copy", killed)
        if (child := os.fork()) == 0:
            collect_from_exchange(config, "ps1")
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert collected(tmp_path) == {}
    assert collect_from_exchange(config, "ps1") == []
    assert collected(tmp_path) == {"ada": "whole again" if again else "whole"}
    assert not any((tmp_path / "class" / "classroom" / "results" / "arriving").iterdir())


def test_ctrl_c_is_not_taken_for_a_failure_of_the_exchange(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(self: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Collect, "init_src", stopped)
    with pytest.raises(KeyboardInterrupt):
        collect_from_exchange(config, "ps1")


def test_an_exchange_that_cannot_be_used_is_said_in_a_line(config: Config, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "cnn")
    assert collect_from_exchange(config, "ps1") == [f"Course not found: {tmp_path}/cnn/inbound"]


def test_who_hands_in_for_somebody_else_is_said(config: Config, tmp_path: Path) -> None:
    config.ExchangeCollect.check_owner = True
    submit(tmp_path, "nobody-here", NOON, "not theirs")
    (said,) = collect_from_exchange(config, "ps1")
    assert "claims to be submitted by nobody-here but is owned by" in said
