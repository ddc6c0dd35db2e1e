"""Handing in without a server: the notebook as it was saved, a checksum that holds, and what is open in it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder import check
from autograder.__main__ import main
from autograder.grading.tries import tries_in
from autograder.learner.contents import contents
from autograder.learner.handin import PROGRESS, SUMS, handin, open_points

SLUG = "04_the_same_cnn_with_functional"


@pytest.fixture
def notebook(root: Path, tmp_path: Path) -> Path:
    shutil.copytree(root / "notebooks" / SLUG, tmp_path / "my work" / SLUG, ignore=shutil.ignore_patterns(".*"))
    return tmp_path / "my work" / SLUG / f"{SLUG}.ipynb"


def edited(path: Path, exercise: str, source: str, score: float | None) -> None:
    whole = json.loads(path.read_text(encoding="utf-8"))
    for cell in whole["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if name == exercise:
            cell["source"] = source
        elif name == f"check_{exercise}" and score is not None:
            cell["outputs"] = [
                {"output_type": "stream", "name": "stdout", "text": "printed\n"},
                {"output_type": "execute_result", "data": {"text/plain": [repr(score)]}, "metadata": {}},
            ]
    path.write_text(json.dumps(whole), encoding="utf-8")


def test_the_zip_holds_the_notebook_as_saved_and_a_checksum_that_is_its_own(notebook: Path) -> None:
    done = handin(notebook)
    with zipfile.ZipFile(done.path) as packed:
        assert packed.namelist() == [f"{SLUG}.ipynb", SUMS]
        content = packed.read(f"{SLUG}.ipynb")
        assert packed.read(SUMS).decode() == f"{hashlib.sha256(content).hexdigest()}  {SLUG}.ipynb\n"
    assert content == notebook.read_bytes()
    assert done.sha256 in repr(done) and done.path.parent == notebook.parent


def test_the_same_notebook_packed_twice_is_the_same_file(notebook: Path) -> None:
    first = handin(notebook).path.read_bytes()
    assert handin(notebook).path.read_bytes() == first


def test_what_is_not_solved_is_said_of_each_exercise(notebook: Path) -> None:
    edited(notebook, "relu", "def relu(x):\n    return x.clamp(min=0)", 2.0)
    edited(notebook, "linear", "def linear(x, weight, bias=None):\n    return x @ weight.T", 1.5)
    edited(notebook, "softmax", "def softmax(x, dim):\n    return x", None)
    said = handin(notebook).open
    assert "linear: 1.5 of 3 points" in said
    assert "softmax: its check was not run" in said
    assert "init_params: untouched" in said
    assert not any(one.startswith("relu:") for one in said)


def test_all_solved_is_said_too(notebook: Path) -> None:
    for one in contents(SLUG).exercises:
        edited(notebook, one.exercise, "pass", 100.0)
    assert "Everything in it is solved" in repr(handin(notebook))


def test_a_written_answer_that_is_not_begun_is_named() -> None:
    marks = {"nbgrader": {"grade": True, "solution": True, "grade_id": "when", "points": 5}}
    cells: list[Any] = [{"cell_type": "markdown", "metadata": marks, "source": ["YOUR ANSWER HERE"]}]
    assert open_points(cells, {}) == ("when: nothing is written yet",)
    cells[0]["source"] = "When the weights come from elsewhere."
    assert open_points(cells, {}) == ()


@pytest.mark.parametrize("word", ["04", "functional", SLUG, f"{SLUG}/{SLUG}.ipynb"])
def test_a_chapter_is_named_as_everywhere(word: str, notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(notebook.parents[1])
    assert handin(word).chapter == SLUG


def test_in_the_notebook_itself_no_word_is_needed_and_there_is_a_link(
    notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(notebook.parent)
    page = handin()._repr_html_()
    assert f'<a href="{SLUG}.zip" download>' in page


def test_the_command_writes_it_and_says_what_is_open(
    notebook: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["handin", str(notebook), "--output", str(tmp_path / "mine.zip")]) == 0
    assert "relu: untouched" in capsys.readouterr().out
    assert zipfile.is_zipfile(tmp_path / "mine.zip")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (f"{SLUG}.ipynb", "{", "cannot be read as a notebook"),
        (f"{SLUG}.ipynb", "[" * 100_000, "cannot be read as a notebook"),
        (f"{SLUG}.ipynb", '{"cells": [], "nbformat": 4}', "holds no check"),
        ("mine.ipynb", '{"cells": [], "nbformat": 4}', "is named like no chapter and holds no check of one"),
    ],
)
def test_what_is_no_notebook_of_the_course_is_refused(name: str, content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=said):
        handin(tmp_path / name)
    assert not list(tmp_path.glob("*.zip"))


@pytest.mark.parametrize(
    "saved",
    [
        lambda text: text.encode("utf-16"),
        lambda text: text.replace('"nbformat": 4', '"nbformat": 5').encode(),
        lambda text: text.replace('"nbformat": 4', '"format": 4').encode(),
    ],
    ids=["UTF-16", "a newer format", "no format"],
)
def test_what_grading_could_not_read_is_not_packed(notebook: Path, saved: Callable[[str], bytes]) -> None:
    notebook.write_bytes(saved(notebook.read_text(encoding="utf-8")))
    with pytest.raises(ValueError, match="cannot be read as a notebook; open it, save it, and try again"):
        handin(notebook)
    assert not list(notebook.parent.glob("*.zip"))


def test_a_byte_order_mark_is_no_reason_to_refuse(notebook: Path) -> None:
    notebook.write_bytes(b"\xef\xbb\xbf" + notebook.read_bytes())
    assert handin(notebook).chapter == SLUG


def test_a_notebook_under_another_name_is_told_by_its_checks(notebook: Path) -> None:
    mine = notebook.rename(notebook.with_name("my work.ipynb"))
    done = handin(mine)
    assert done.chapter == SLUG and done.path == mine.with_name(f"{SLUG}.zip")
    other = mine.rename(mine.with_name("05_convolution_by_hand.ipynb"))
    with pytest.raises(ValueError, match=f"holds the checks of {SLUG}: rename it"):
        handin(other)


def test_what_is_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for word, said in (
        ("04", "near"),
        ("44", "there is no chapter"),
        ("", "say which chapter"),
        ("x.ipynb", "no file"),
    ):
        with pytest.raises(ValueError, match=said):
            handin(word)


def test_where_it_goes_may_be_told_in_words(notebook: Path, tmp_path: Path) -> None:
    assert handin(notebook, str(tmp_path / "mine.zip")).path == tmp_path / "mine.zip"


def test_the_path_that_is_said_leads_there_without_a_way_back(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (notebook.parent.parent / "05").mkdir()
    monkeypatch.chdir(notebook.parent.parent / "05")
    assert handin(Path("..", SLUG, notebook.name)).path == notebook.with_name(f"{SLUG}.zip")


def test_a_notebook_shows_one_line_of_what_cannot_be_packed(notebook: Path) -> None:
    program = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="nocolor")
shell.run_cell("from autograder import handin")
for words in ("'44'", "'x.ipynb'", f"'{SLUG}.ipynb', '..'", f"'{SLUG}.ipynb', '{SLUG}.ipynb/a.zip'"):
    shell.run_cell(f"handin({words})")
"""
    done = subprocess.run(
        [sys.executable, "-c", f"SLUG = {SLUG!r}{program}"],
        cwd=notebook.parent, capture_output=True, text=True, check=True,
    )  # fmt: skip
    *three, last = done.stdout.splitlines()
    assert [line.split(";")[0] for line in three] == [
        "ValueError: there is no chapter '44'",
        "ValueError: there is no file x.ipynb",
        f"ValueError: {notebook.parent.parent}: it is a folder, and a file is to be written",
    ]
    assert last.startswith(f"ValueError: {notebook}: ")


def test_progress_goes_with_it_where_it_is_asked_for_and_that_is_said(notebook: Path) -> None:
    assert "Your progress" not in repr(handin(notebook))
    check("relu", lambda x: x.abs())
    check("relu", lambda x: x.clamp(min=0))
    done = handin(notebook, progress=True)
    assert "Your progress is in it, too, as progress.json." in repr(done)
    with zipfile.ZipFile(done.path) as packed:
        assert packed.namelist() == [f"{SLUG}.ipynb", SUMS, PROGRESS]
        assert tries_in(packed.read(PROGRESS), SLUG) == {"relu": 2}


def test_the_command_packs_progress_too(notebook: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["handin", str(notebook), "--progress"]) == 0
    assert "as progress.json" in capsys.readouterr().out


@pytest.mark.parametrize("name", [f"{SLUG}.ipynb", "another.ipynb"])
def test_no_notebook_is_written_over(name: str, notebook: Path) -> None:
    before = notebook.read_bytes()
    with pytest.raises(ValueError, match="a zip file is to be written"):
        handin(notebook, notebook.with_name(name))
    assert notebook.read_bytes() == before
    assert [path.name for path in notebook.parent.iterdir()] == [notebook.name]


@pytest.mark.parametrize(("saved", "year"), [(7_258_118_400, 2107), (0, 1980)])
def test_a_clock_that_is_wrong_stops_no_packing(saved: int, year: int, notebook: Path) -> None:
    os.utime(notebook, (saved, saved))
    with zipfile.ZipFile(handin(notebook).path) as packed:
        assert packed.getinfo(f"{SLUG}.ipynb").date_time[0] == year
