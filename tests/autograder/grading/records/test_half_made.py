"""A gradebook whose making was cut short gets its version with the next release: another nbgrader can take it over."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from grading_class import nbgrader
from nbgrader import api

from autograder.commands import commands_on_path
from autograder.grading.records.half_made import finish_gradebook


def stop() -> str:
    raise KeyboardInterrupt


def versions(path: Path) -> list[tuple[str]]:
    with closing(sqlite3.connect(path)) as book:
        return book.execute("select version_num from alembic_version").fetchall()


@pytest.fixture
def half_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "gradebook.db"
    with monkeypatch.context() as patch:
        patch.setattr(api, "get_alembic_version", stop)
        with pytest.raises(KeyboardInterrupt):
            api.Gradebook(f"sqlite:///{path}")
    return path


def test_it_is_finished_once_and_can_be_upgraded(half_made: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{half_made}"
    with api.Gradebook(url) as gradebook:
        gradebook.add_assignment("ps1")
    unfinished = shutil.copy(half_made, tmp_path / "unfinished.db")
    assert nbgrader(tmp_path, "db", "upgrade", f"--CourseDirectory.db_url=sqlite:///{unfinished}").returncode != 0
    assert finish_gradebook(url)
    assert not finish_gradebook(url)
    with commands_on_path():
        assert versions(half_made) == [(api.get_alembic_version(),)]
    assert nbgrader(tmp_path, "db", "upgrade", f"--CourseDirectory.db_url={url}").returncode == 0
    with api.Gradebook(url) as gradebook:
        assert [one.name for one in gradebook.assignments] == ["ps1"]


def test_one_that_is_older_or_none_is_left_as_it_is(half_made: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(half_made)) as book:
        book.execute("alter table assignment drop column duedate")
        book.commit()
    before = half_made.read_bytes()
    assert not finish_gradebook(f"sqlite:///{half_made}")
    assert half_made.read_bytes() == before
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"no database " * 1000)
    assert not finish_gradebook(f"sqlite:///{damaged}")
    assert not finish_gradebook("sqlite:///:memory:")
