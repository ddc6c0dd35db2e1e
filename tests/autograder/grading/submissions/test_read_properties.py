"""A stranger's files: whatever they hold, there is a notebook built anew, or `Unreadable` in a few words."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.notebooknode import NotebookNode
from strangers import JSON, bent, grows_evenly, peak, steps, torn

from autograder.grading.submissions import beside, read
from autograder.grading.submissions.beside import files_beside
from autograder.grading.submissions.read import Unreadable, bytes_of, notebook_of, words_in

MARKS = {"nbgrader": {"grade_id": "relu", "solution": True, "locked": False}}
NEW = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"name": "python3"}},
    "cells": [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# häß", "lich"]},
        {"cell_type": "code", "id": "b", "metadata": MARKS, "source": "x = 1", "outputs": [], "execution_count": None},
        {"cell_type": "code", "id": "b", "metadata": MARKS, "source": "x = 2", "outputs": [{"a": [1]}]},
    ],
}
OLD_CELLS = [
    {"cell_type": "heading", "level": 2, "metadata": {}, "source": "Title"},
    {"cell_type": "code", "language": "python", "metadata": MARKS, "input": ["x = 1\n", "y = 2"], "outputs": []},
    {"cell_type": "html", "metadata": {}, "source": ["<b>", "</b>"]},
]
OLD = {
    "nbformat": 3,
    "nbformat_minor": 0,
    "metadata": {"name": ""},
    "worksheets": [{"metadata": {}, "cells": OLD_CELLS}],
}


def written(tree: Any) -> bytes:
    return json.dumps(tree).encode()


def is_read(content: bytes) -> bool:
    """Whether ``content`` is a notebook; then it has only what we build, and can be written and read again."""
    try:
        found = notebook_of(content)
    except Unreadable as error:
        assert len(str(error)) < 400
        str(error).encode()
        return False
    nbformat.validate(found, relax_add_props=False)
    assert len({cell.id for cell in found.cells}) == len(found.cells)
    assert all(set(cell.metadata) <= {"nbgrader"} and not cell.get("outputs") for cell in found.cells)
    assert same(notebook_of(nbformat.writes(found).encode()), found)
    return True


def same(one: NotebookNode, other: NotebookNode) -> bool:
    return nbformat.writes(one) == nbformat.writes(other)


def test_right_notebooks_are_read() -> None:
    assert [cell.source for cell in notebook_of(written(NEW)).cells] == ["# häßlich", "x = 1", "x = 2"]
    old = notebook_of(written(OLD))
    assert [cell.source for cell in old.cells] == ["## Title", "x = 1\ny = 2", "<b>\n</b>"]
    assert old.cells[1].metadata.nbgrader.grade_id == "relu"
    assert is_read(written({**OLD, "nbformat": 2}))


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=50).map(str.encode))
def test_any_bytes_are_a_notebook_or_unreadable(content: bytes) -> None:
    is_read(content)


@settings(deadline=None)
@given(st.lists(JSON, max_size=3), st.sampled_from([2, 3, 4, 5, 3.0, 10**4000, "4"]))
def test_any_cells_are_a_notebook_or_unreadable(cells: list[Any], version: Any) -> None:
    is_read(written({"nbformat": version, "cells": cells, "worksheets": [{"cells": cells}], "metadata": {}}))


@settings(deadline=None)
@given(torn(written(NEW)) | torn(written(OLD)))
def test_right_bytes_with_a_few_changed_are_a_notebook_or_unreadable(content: bytes) -> None:
    is_read(content)


@settings(deadline=None, max_examples=300)
@given(bent(NEW) | bent(OLD) | bent({**OLD, "nbformat": 2}))
def test_right_notebooks_with_one_thing_changed_are_a_notebook_or_unreadable(tree: Any) -> None:
    is_read(written(tree))


@pytest.mark.parametrize("level", [10**12, -1, 0, "3", 1e308])
def test_a_heading_of_an_old_format_is_no_longer_than_headings_are(level: Any) -> None:
    tree = {**OLD, "worksheets": [{"cells": [{"cell_type": "heading", "level": level, "source": "a"}]}]}
    assert peak(lambda: is_read(written(tree))) < 1_000_000


@pytest.mark.parametrize("piece", ["[],", "{},", "0,", '"",', '{"a":1},', "0.5,", '"\\ud800",', '"\\ud83d\\ude00",'])
@pytest.mark.parametrize("where", ["outputs", "metadata", "source"])
def test_a_notebook_takes_memory_in_proportion_to_its_length(piece: str, where: str) -> None:
    inside = f"[{piece * (200_000 // len(piece))}0]"
    for tree, key in ((NEW, "cells"), (OLD, "worksheets")):
        content = written(tree).replace(b'"outputs": []', b'"outputs": ' + inside.encode(), 1)
        if where != "outputs":
            content = written(tree).replace(f'"{where}": '.encode(), f'"{where}": {inside}, "x": '.encode())
        assert key.encode() in content and len(content) > 200_000
        assert peak(lambda: is_read(content)) < 60 * len(content)  # noqa: B023


def test_a_notebook_of_millions_of_lists_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "_MOST_NESTED", 1000)
    content = written({**NEW, "more": [[]] * 100_000})
    with pytest.raises(Unreadable, match="too many lists"):
        notebook_of(content)
    assert peak(lambda: is_read(content)) < 2 * len(content)


def test_time_grows_with_the_number_of_cells_and_of_equal_ids() -> None:
    def cost(count: int) -> int:
        names = [f"cell-{count}", *(f"cell-{count}-{number}" for number in range(1, count))]
        cells = [{"cell_type": "raw", "source": "", "id": name} for name in (*names, *["b"] * count)]
        return steps(lambda: notebook_of(written({**NEW, "cells": cells})))

    assert grows_evenly(cost, 50)


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ([{"cell_type": "raw", "source": ""}] * 2001, "2001 cells, and 2000 are the most"),
        ([{"cell_type": "raw", "source": "x" * (3 << 20)}] * 2, "more than 4 MB of text"),
        ([{"cell_type": "code", "source": "a\n" * 150_000}] * 2, "more than 200000 words"),
    ],
)
def test_what_is_more_than_anybody_writes_is_refused(cells: list[Any], says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        notebook_of(written({**NEW, "cells": cells}))


def test_a_pasted_picture_or_a_table_of_numbers_is_not_too_many_words() -> None:
    assert words_in(f"image = '{'iVBORw0KGgoA' * 50_000}'") < 10
    assert words_in(f"x = [{'0.12345, ' * 10_000}]") < 20_100


def a_file(folder: Path, name: str, content: bytes = b"content") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_size_that_the_file_system_says_is_not_believed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = a_file(tmp_path, "a.ipynb", b"x" * 5000)
    a_file(tmp_path, "a.txt", b"x" * 5000)

    def small(one: Path) -> os.stat_result:
        about = list(os.lstat(one))
        about[6] = 0  # its size: what a file that grows meanwhile had before
        return os.stat_result(about)

    monkeypatch.setattr(Path, "lstat", small)
    assert len(bytes_of(path, tmp_path)) == 5000
    monkeypatch.setattr(read, "LARGEST_NOTEBOOK", 4000)
    with pytest.raises(Unreadable, match="the most that is read"):
        bytes_of(path, tmp_path)
    assert files_beside(tmp_path).files == {"a.txt": b"x" * 5000}
    assert files_beside(tmp_path, 4000).files == {}
    assert list(files_beside(tmp_path, 4000).left_out) == ["a.txt"]
    with open(path, "r+b") as file:
        file.truncate(1 << 30)
    with pytest.raises(Unreadable, match="0 MB, and 0 are the most"):
        bytes_of(path, tmp_path)
    assert peak(lambda: read.content_of(path, 4000)) < 100_000


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_what_takes_a_files_place_while_it_is_looked_at_is_not_read(
    kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = a_file(tmp_path, "real/secret.txt")
    path = tmp_path / "mine" / "a.ipynb"
    path.parent.mkdir()
    if kind == "link":
        path.symlink_to(real)
    else:
        os.mkfifo(path)
    monkeypatch.setattr(Path, "is_symlink", lambda one: False)
    monkeypatch.setattr(Path, "lstat", lambda one: os.lstat(real))  # what lay there a moment ago
    with pytest.raises(Unreadable, match=r"cannot be read|is not a file"):
        bytes_of(path, tmp_path)


@settings(deadline=None, max_examples=30)
@given(files=st.dictionaries(st.from_regex(rb"[^/\x00]{1,20}", fullmatch=True), st.binary(max_size=20), max_size=5))
def test_files_of_any_name_are_taken_or_passed_over(files: dict[bytes, bytes], tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("files")
    wanted = {}
    for name, content in files.items():
        path = os.path.join(os.fsencode(folder), name)
        if name not in (b".", b".."):
            with open(path, "wb") as file:
                file.write(content)
            wanted[name] = content
    taken = files_beside(folder)
    found = taken.files
    assert {name.encode() for name in found} <= set(wanted)
    assert all(content == wanted[name.encode()] for name, content in found.items())
    for name in set(wanted) - {one.encode() for one in found}:
        assert (
            name.lower().endswith((b".ipynb", b".pyc"))
            or name in NO_FILES
            or name.decode("utf-8", "surrogateescape").encode("utf-8", "replace").decode() in taken.left_out
        )


NO_FILES = (b"__pycache__", b".ipynb_checkpoints", b".pytest_cache", b"timestamp.txt")


def test_of_more_folders_and_files_than_anybody_makes_the_rest_is_left_out_and_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(beside, "_MOST_SEEN", 20)
    for number in range(19):
        (tmp_path / str(number)).mkdir()
    a_file(tmp_path, "0/a.txt")
    assert list(files_beside(tmp_path).files) == ["0/a.txt"]
    for number in range(19, 40):
        (tmp_path / str(number)).mkdir()
        a_file(tmp_path, f"{number}/b.txt")
    assert files_beside(tmp_path).left_out == {"all others": "more than 20 files and folders"}


def test_small_files_come_along_first_and_what_is_left_out_is_said(tmp_path: Path) -> None:
    a_file(tmp_path, "data.bin", b"x" * 3000)
    a_file(tmp_path, "helper.py", b"y" * 10)
    (tmp_path / "all").symlink_to(tmp_path)
    (tmp_path / "link.txt").symlink_to(tmp_path / "data.bin")
    os.mkfifo(tmp_path / "pipe")
    found = files_beside(tmp_path, 2000)
    assert found.files == {"helper.py": b"y" * 10}
    assert found.left_out == {"all": "a link", "data.bin": "0.00286 MB", "link.txt": "a link", "pipe": "no file"}
    assert found.said.startswith(
        "left out of the files beside it: all (a link), data.bin (0.00286 MB), link.txt (a link) and 1 more"
    )
    assert files_beside(tmp_path / "none").said == ""


def test_more_files_than_come_along_are_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(beside, "MOST_FILES", 2)
    for number in range(4):
        a_file(tmp_path, f"{number}.txt")
    found = files_beside(tmp_path)
    assert (list(found.files), list(found.left_out)) == (["0.txt", "1.txt"], ["2.txt", "3.txt"])
