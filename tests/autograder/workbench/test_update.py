"""Files: a chapter is found by its marks, every overwritten notebook has a copy, a damaged one is left alone."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from workbench_files import ANSWER, SLUG, answer, mend, said

from autograder.__main__ import main
from autograder.workbench.notebook import read, to_bytes
from autograder.workbench.update import update


@pytest.fixture
def released(root: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "notebooks"
    shutil.copytree(root / "notebooks", folder)
    return folder


@pytest.fixture
def mine(released: Path, tmp_path: Path) -> Path:
    path = tmp_path / "renamed by me.ipynb"
    shutil.copy(released / SLUG / f"{SLUG}.ipynb", path)
    answer(path)
    return path


def test_a_renamed_notebook_is_updated_and_what_it_was_lies_beside_it(mine, released):
    before = mine.read_bytes()
    mend(released / SLUG / f"{SLUG}.ipynb", "# Mended")
    done = update(mine, released)
    assert done.chapter == SLUG
    assert said(mine)[0] == "# Mended"
    assert ANSWER in said(mine)
    assert done.copy.read_bytes() == before
    assert done.copy.parent == mine.parent / "earlier"


def test_a_second_run_changes_no_byte_and_makes_no_copy(mine, released):
    update(mine, released)
    once, copies = mine.read_bytes(), sorted((mine.parent / "earlier").iterdir())
    assert update(mine, released).copy is None
    assert (mine.read_bytes(), sorted((mine.parent / "earlier").iterdir())) == (once, copies)


def test_copies_of_one_second_lie_side_by_side(mine, released):
    copies = set()
    for number in range(3):
        mend(released / SLUG / f"{SLUG}.ipynb", f"# Mended {number}")
        copies.add(update(mine, released).copy)
    assert len(copies) == 3
    assert len({copy.read_bytes() for copy in copies}) == 3


@pytest.mark.parametrize("cut", [0, 1, 5000])
def test_a_damaged_notebook_is_left_as_it_is(mine, released, cut, capsys):
    mine.write_bytes(damaged := mine.read_bytes()[:cut])
    assert main(["update", str(mine), "--released", str(released)]) == 1
    assert "nothing was changed" in capsys.readouterr().err
    assert mine.read_bytes() == damaged
    assert not (mine.parent / "earlier").exists()


def test_a_notebook_of_no_chapter_is_left_as_it_is_and_the_others_are_updated(mine, released, tmp_path, capsys):
    other = tmp_path / "other.ipynb"
    other.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}))
    mend(released / SLUG / f"{SLUG}.ipynb", "# Mended")
    assert main(["update", str(other), str(mine), "--released", str(released)]) == 1
    out, err = capsys.readouterr()
    assert "no cell of it is of a chapter" in err
    assert f"now as {SLUG} is" in out


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_what_is_no_file_and_what_is_not_there_is_said_in_a_line_and_the_others_are_updated(
    mine, released, tmp_path, capsys
):
    (folder := tmp_path / "folder.ipynb").mkdir()
    os.mkfifo(pipe := tmp_path / "pipe.ipynb")
    gone = tmp_path / "gone.ipynb"
    mend(released / SLUG / f"{SLUG}.ipynb", "# Mended")
    assert main(["update", *map(str, (folder, pipe, gone, mine)), "--released", str(released)]) == 1
    out, err = capsys.readouterr()
    assert err.splitlines() == [
        *(f"{one}: it is no file; nothing was changed" for one in (folder, pipe)),
        f"{gone}: No such file or directory",
    ]
    assert f"now as {SLUG} is" in out


def test_a_write_that_fails_leaves_the_notebook(mine, released, monkeypatch):
    before = mine.read_bytes()
    mend(released / SLUG / f"{SLUG}.ipynb", "# Mended")

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("autograder.workbench.update.write_whole", full)
    with pytest.raises(OSError, match="No space"):
        update(mine, released)
    assert mine.read_bytes() == before
    assert list((mine.parent / "earlier").iterdir()) == [], "an empty copy would look like what the notebook was"


def test_every_chapter_is_told_from_every_other(released, tmp_path):
    for path in [*released.glob("*.ipynb"), *released.glob("*/*.ipynb")]:
        shutil.copy(path, one := tmp_path / "one.ipynb")
        assert update(one, released).chapter == path.stem


ODD = {
    "a stamp that is none": lambda mine: mine["metadata"].update(one_cnn=5),
    "a note that is none": lambda mine: mine["metadata"].update(one_cnn={"given": {"relu": [1]}}),
    "an id that is a number": lambda mine: mine["cells"][3].update(id=7),
    "marks that are none": lambda mine: mine["cells"][3]["metadata"].update(nbgrader=3),
    "a name that is none": lambda mine: mine["cells"][3]["metadata"].update(nbgrader={"grade_id": ["x"]}),
    "a minor format that is none": lambda mine: mine.update(nbformat_minor="x"),
    "no metadata": lambda mine: mine.pop("metadata"),
    "cells without metadata": lambda mine: [cell.pop("metadata") for cell in mine["cells"]],
}


@pytest.mark.parametrize("odd", ODD)
def test_what_other_programs_write_costs_no_answer(mine, released, odd):
    notebook = read(mine)
    ODD[odd](notebook)
    mine.write_bytes(to_bytes(notebook))
    assert update(mine, released).chapter == SLUG
    assert said(mine).count(ANSWER) == 1
    assert update(mine, released).copy is None


def test_the_command_that_is_told_where_from_and_not_what_says_so(
    mine: Path, released: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["update", "--released", str(released)]) == 1
    assert "name the notebooks that they are laid under, too" in capsys.readouterr().err
    assert main(["update", str(mine), "--released", str(released)]) == 0
