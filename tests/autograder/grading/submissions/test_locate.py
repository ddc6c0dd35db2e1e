"""Whatever a learner hands in under whatever name: it is graded, and said, or a person reads why it is not."""

from __future__ import annotations

import json
import os
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from grading_class import CHAPTER, PARTLY, PERFECT, cell_of, hand_in, hand_in_changed, outcome_of, submitted

from autograder.grading.records.classroom import open_classroom
from autograder.grading.submissions.prepare import Assignment, Prepared, prepare, prepare_all
from autograder.grading.submissions.state import State
from autograder.grading.submissions.verdicts import decide

FILE = f"{CHAPTER}.ipynb"


def task_of(course: Path) -> Assignment:
    return open_classroom(course)[0].assignment(CHAPTER)


def moved(course: Path, to: str) -> Prepared:
    """Ada's notebook, lying somewhere else below her folder."""
    hand_in(course, PERFECT)
    home = course / "classroom" / "submitted" / "ada"
    (course / "kept.ipynb").write_bytes(submitted(course, "ada").read_bytes())
    shutil.rmtree(home)
    (home / to).parent.mkdir(parents=True)
    (course / "kept.ipynb").rename(home / to)
    return prepare(task_of(course), "ada")


def points(course: Path, ready: Prepared) -> float:
    assert ready.job is not None, ready.note
    return decide(task_of(course), ready, outcome_of(ready.job)).points


@pytest.mark.parametrize(
    "to",
    [
        f"{CHAPTER}/{CHAPTER} (1).ipynb",
        f"{CHAPTER}/Copy of {CHAPTER}.ipynb",
        f"{CHAPTER}/{CHAPTER}-Copy1.ipynb",
        f"{CHAPTER}/{CHAPTER.upper()}.IPYNB",
        f"{CHAPTER}/mine.ipynb",
        f"hw4/{FILE}",
        "hw4/hw4.ipynb",
        f"{CHAPTER.upper()}/{FILE}",
        f"{CHAPTER}/{CHAPTER}/{FILE}",
        f"unzipped/{CHAPTER}/{FILE}",
        FILE,
    ],
)
def test_an_almost_right_name_is_graded_and_said(course: Path, to: str) -> None:
    ready = moved(course, to)
    assert ready.state is State.GRADED
    assert ready.note == f"taken from {to}; it would have to be {CHAPTER}/{FILE}"
    assert points(course, ready) == 22


def test_a_name_with_a_line_break_is_told_in_one_line(course: Path) -> None:
    ready = moved(course, f"{CHAPTER}/my\nwork.ipynb")
    assert points(course, ready) == 22
    assert ready.note == f"taken from {CHAPTER}/my␊work.ipynb; it would have to be {CHAPTER}/{FILE}"


def test_files_beside_it_come_along_from_where_it_lies_and_from_nowhere_else(course: Path) -> None:
    moved(course, FILE)
    home = course / "classroom" / "submitted" / "ada"
    (home / "data.txt").write_text("mine")
    (home / "03_cnn_with_modules").mkdir()
    (home / "03_cnn_with_modules" / "other.txt").write_text("another assignment's")
    assert dict(prepare(task_of(course), "ada").files) == {"data.txt": b"mine"}


def test_the_right_name_counts_whatever_lies_beside_it(course: Path) -> None:
    hand_in(course, PARTLY)
    hand_in(course, PERFECT)
    shutil.copy(submitted(course, "ada"), submitted(course, "carl").with_name(f"{CHAPTER} (1).ipynb"))
    assert 0 < points(course, prepare(task_of(course), "carl")) < 22


def test_of_two_that_could_be_meant_neither_is_graded(course: Path) -> None:
    hand_in(course, PARTLY)
    moved(course, f"{CHAPTER}/a.ipynb")
    folder = submitted(course, "ada").parent
    shutil.copy(submitted(course, "carl"), folder / "b.ipynb")
    ready = prepare(task_of(course), "ada")
    assert (ready.state, ready.job) == (State.UNREADABLE, None)
    assert f"which notebook is meant: {CHAPTER}/a.ipynb and {CHAPTER}/b.ipynb. Keep the one that counts" in ready.note
    shutil.copy(folder / "a.ipynb", folder / "b.ipynb")
    assert points(course, prepare(task_of(course), "ada")) == 22, "two of the same are one"


def test_the_folder_of_another_assignment_is_not_searched(course: Path) -> None:
    ready = moved(course, f"03_cnn_with_modules/{FILE}")
    assert (ready.state, ready.note, ready.nothing_handed_in) == (State.MISSING, "nothing was handed in", True)


def test_what_is_there_instead_is_said_and_takes_no_place_in_the_gradebook(course: Path) -> None:
    home = course / "classroom" / "submitted" / "eve"
    (home / "hw4").mkdir(parents=True)
    (home / "hw4" / "solution.docx").write_text("words")
    ready = prepare(task_of(course), "eve")
    assert (ready.state, ready.nothing_handed_in) == (State.MISSING, True)
    assert ready.note == f"there is no {FILE} among what was handed in; there is hw4"


def test_a_link_is_not_followed_under_an_almost_right_name_either(course: Path) -> None:
    moved(course, f"{CHAPTER}/mine.ipynb")
    folder = course / "classroom" / "submitted" / "eve" / CHAPTER
    folder.mkdir(parents=True)
    (folder / f"{CHAPTER} (1).ipynb").symlink_to(submitted(course, "ada").with_name("mine.ipynb"))
    ready = prepare(task_of(course), "eve")
    assert ready.job is None and "symbolic link" in ready.note


def pasted(notebook: Any) -> None:
    """Copied into a new notebook: nothing but the cells' text is left."""
    for number, cell in enumerate(notebook.cells):
        cell.metadata, cell.id = {}, f"new-{number}"


def joined(notebook: Any) -> None:
    """Pasted, and each check in one cell with its answer."""
    for name in [
        cell.metadata.nbgrader.grade_id for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")
    ]:
        answer, check = cell_of(notebook, name.removeprefix("check_")), cell_of(notebook, name)
        answer.source += f"\n\n{check.source}"
        notebook.cells.remove(check)
    pasted(notebook)


def bare(notebook: Any) -> None:
    """Pasted, without its checks."""
    notebook.cells = [cell for cell in notebook.cells if not cell.metadata.get("nbgrader", {}).get("grade")]
    pasted(notebook)


@pytest.mark.parametrize("change", [pasted, joined, bare])
def test_a_notebook_without_marks_and_ids_is_graded_by_what_its_cells_say(course: Path, change: Any) -> None:
    hand_in_changed(course, "eve", change)
    ready = prepare(task_of(course), "eve")
    assert points(course, ready) == 22
    nbformat.validate(ready.notebook)


def test_what_was_pasted_is_said_and_its_answers_are_known(course: Path) -> None:
    hand_in_changed(course, "eve", pasted)
    ready = prepare(task_of(course), "eve")
    assert "its cells have lost nbgrader's marks" in ready.note
    assert (
        cell_of(ready.notebook, "relu").source
        == cell_of(nbformat.read(course / "solutions" / CHAPTER / FILE, 4), "relu").source
    )


def test_a_pasted_notebook_with_wrong_answers_earns_what_they_deserve(course: Path) -> None:
    hand_in(course, PARTLY)
    hand_in_changed(course, "eve", pasted, PARTLY)
    asked = [prepare(task_of(course), one) for one in ("carl", "eve")]
    assert asked[0].job is not None and asked[1].job is not None
    deserved, found = (decide(task_of(course), one, outcome_of(one.job)).exercises for one in asked if one.job)
    assert {name: one.verdict.score for name, one in found.items()} == {
        name: one.verdict.score for name, one in deserved.items()
    }
    assert sum(one.verdict.score for one in found.values()) == pytest.approx(3, abs=0.5)


OTHER_KINDS: dict[str, tuple[bytes, str]] = {
    "sign_in_page": (
        b"<!DOCTYPE html><html><title>Sign in</title><input type='password'></html>",
        "a web page, perhaps a sign-in page",
    ),
    "page": (b"\n <html><body>404</body></html>", "but a web page that was saved"),
    "zip": (b"PK\x03\x04" + b"x" * 50, "a zip archive"),
    "empty": (b"", "the file is empty"),
    "blank": (b" \n\n", "the file is empty"),
    "zeros": (bytes(5000), "nothing but zeros"),
    "utf16": (json.dumps({"cells": []}).encode("utf-16"), "UTF-16"),
    "utf16_without_mark": (json.dumps({"cells": []}).encode("utf-16-le"), "UTF-16"),
    "cut_off": (b'{"cells": [{"cell_type": "code", "sou', "is cut off"),
    "cut_off_in_an_output": (b'{"cells": [{"outputs": [{"data": "iVBOR', "is cut off"),
    "script": (b"import torch\nprint(1)\n", "a Python file"),
    "pdf": (b"%PDF-1.7", "a PDF"),
}


@pytest.mark.parametrize("kind", OTHER_KINDS)
@pytest.mark.parametrize("name", [FILE, f"{CHAPTER} (1).ipynb"])
def test_what_is_called_a_notebook_and_is_none_is_named(course: Path, kind: str, name: str) -> None:
    content, says = OTHER_KINDS[kind]
    path = submitted(course, "eve").with_name(name)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    ready = prepare(task_of(course), "eve")
    assert ready.state is State.UNREADABLE
    assert says in ready.note and "line 1 column" not in ready.note


def test_a_mark_of_byte_order_harms_nobody(course: Path) -> None:
    hand_in(course, PERFECT)
    path = submitted(course, "ada")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert points(course, prepare(task_of(course), "ada")) == 22


@pytest.mark.parametrize("name", [FILE, "mine.ipynb"])
def test_another_chapters_notebook_is_named(course: Path, name: str) -> None:
    path = submitted(course, "eve").with_name(name)
    path.parent.mkdir(parents=True)
    shutil.copy(course / "solutions" / "03_cnn_with_modules" / "03_cnn_with_modules.ipynb", path)
    ready = prepare(task_of(course), "eve")
    assert ready.job is None
    assert "is the notebook of another chapter, 03_cnn_with_modules, and has no exercise of this one" in ready.note


def test_a_folder_called_a_notebook_is_named(course: Path) -> None:
    submitted(course, "eve").mkdir(parents=True)
    submitted(course, "fay").with_name("mine.ipynb").mkdir(parents=True)
    assert "is a folder, not a notebook" in prepare(task_of(course), "eve").note
    assert "mine.ipynb is a folder, not a notebook" in prepare(task_of(course), "fay").note


def refuse(call: Callable[..., Any], path: Path) -> Callable[..., Any]:
    def refused(one: Any, *more: Any, **words: Any) -> Any:
        if os.fspath(one) == str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return call(one, *more, **words)

    return refused


def test_what_may_not_be_read_is_said(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in(course, PERFECT)
    monkeypatch.setattr(os, "open", refuse(os.open, submitted(course, "ada")))
    ready = prepare(task_of(course), "ada")
    assert (ready.state, ready.note) == (State.UNREADABLE, f"{FILE} cannot be read: Permission denied")
    monkeypatch.undo()
    moved(course, f"hw4/{FILE}")
    monkeypatch.setattr(os, "scandir", refuse(os.scandir, course / "classroom" / "submitted" / "ada"))
    ready = prepare(task_of(course), "ada")
    assert (ready.state, ready.note) == (State.UNREADABLE, "it cannot be read: Permission denied")


ODD = [
    b"=1+1",
    b"a+b",
    b"back\\slash",
    b"x" * 255,
    b"two words",
    "Zoë".encode(),
    b"$(reboot)",
    b"-rf",
    b"CON",
    b"a;b,c\"d'",
]
REFUSED = [b"new\nline", b"\x01\x02", b"\xff\xfe", b"a*b", b"[ab]", "\u202eada".encode(), b".git", b" "]


def folders(course: Path, names: list[bytes]) -> None:
    hand_in(course, PERFECT)
    for name in names:
        home = os.path.join(os.fsencode(course / "classroom" / "submitted"), name)
        shutil.copytree(os.fsencode(course / "classroom" / "submitted" / "ada"), home)


def test_every_folder_and_file_has_a_row_whatever_its_name(course: Path) -> None:
    folders(course, [*ODD, *REFUSED])
    there = course / "classroom" / "submitted"
    for name in (b"notes.txt", b"\xff.txt", b"=2+2", FILE.encode()):
        with open(os.path.join(os.fsencode(there), name), "wb") as file:
            file.write(b"{}")
    (there / "nowhere").symlink_to(there / "nobody")
    rows = {os.fsencode(one.student): one for one in prepare_all(task_of(course))}
    assert set(rows) == {os.fsencode(name) for name in os.listdir(there)}
    assert {rows[name].state for name in ODD} == {State.GRADED}
    for name in REFUSED:
        one = rows[name]
        assert one.state is (State.NOBODYS if name == b".git" else State.UNREADABLE) and one.nothing_handed_in
        assert "the name of this folder is no learner's" in one.note and "Rename it" in one.note
    assert rows[FILE.encode()].state is State.NOBODYS and "nobody can say whose" in rows[FILE.encode()].note
    assert all(
        rows[name].state is State.NOBODYS and rows[name].note
        for name in (b"notes.txt", b"\xff.txt", b"=2+2", b"nowhere")
    )


def test_names_that_look_the_same_are_both_graded_and_both_told(course: Path) -> None:
    twins = [unicodedata.normalize(form, "Zoë").encode() for form in ("NFC", "NFD")]
    folders(course, twins)
    rows = {one.student.encode(): one for one in prepare_all(task_of(course))}
    assert [rows[name].state for name in twins] == [State.GRADED, State.GRADED]
    assert all("looks the same" in rows[name].note for name in twins)
    assert "looks the same" not in rows[b"ada"].note


def test_learners_of_the_gradebook_are_in_the_list(course: Path) -> None:
    hand_in(course, PERFECT)
    rows = {one.student: one for one in prepare_all(task_of(course), roster=["ada", "zoe"])}
    assert (rows["ada"].state, rows["zoe"].state) == (State.GRADED, State.MISSING)
    assert rows["zoe"].note == "nothing was handed in" and rows["zoe"].nothing_handed_in


def test_thirty_eight_megabytes_of_outputs_are_left_behind(course: Path) -> None:
    def full(notebook: Any) -> None:
        picture = {"image/png": "iVBORw0KGgoA\n" * 250_000}
        lines = [f"step {number}\n" for number in range(100_000)]
        for cell in [one for one in notebook.cells if one.cell_type == "code"][:10]:
            cell.outputs = [
                nbformat.v4.new_output("display_data", picture),
                nbformat.v4.new_output("stream", text="".join(lines)),
            ]
        notebook.metadata.widgets = {"state": {"a": "[{" * 1000}}

    hand_in_changed(course, "eve", full)
    assert submitted(course, "eve").stat().st_size > 38 << 20
    assert points(course, prepare(task_of(course), "eve")) == 22


def test_a_large_data_set_beside_is_left_out_and_said_and_many_files_come_along(course: Path) -> None:
    hand_in(course, PERFECT)
    folder = submitted(course, "ada").parent
    with (folder / "data.bin").open("wb") as file:
        file.truncate(70 << 20)
    for number in range(1100):
        (folder / f"{number}.txt").write_text(str(number))
    ready = prepare(task_of(course), "ada")
    assert len(ready.files) == 1100
    assert "left out of the files beside it: data.bin (70 MB); 64 MB and 2000 files are brought along" in ready.note
    assert points(course, ready) == 22
