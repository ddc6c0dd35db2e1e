"""Submissions that are broken, edited or no notebook at all."""

from __future__ import annotations

import copy
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat

from .row import Row, edited, marked, on_disk

__all__ = ["FILES"]

_NAN = float("nan")


def _without(*names: str) -> Callable[[Any], None]:
    def change(notebook: Any) -> None:
        gone = [marked(notebook, name) for name in names]
        notebook.cells = [cell for cell in notebook.cells if not any(cell is one for one in gone)]

    return change


def _duplicate_ids(notebook: Any) -> None:
    for cell in notebook.cells:
        cell.id = "relu"


def _duplicate_check(notebook: Any) -> None:
    at = notebook.cells.index(marked(notebook, "check_linear"))
    for source in ("999.0", "check('linear', F.linear)"):
        twin = copy.deepcopy(notebook.cells[at])
        twin.source = source
        notebook.cells.insert(at, twin)
        notebook.cells.append(copy.deepcopy(twin))


def _move_checks(notebook: Any) -> None:
    checks = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    notebook.cells = checks + [cell for cell in notebook.cells if cell not in checks]


def _retype(notebook: Any) -> None:
    for name in ("check_linear", "check_relu"):
        cell = marked(notebook, name)
        cell.cell_type = "markdown"
        cell.pop("outputs"), cell.pop("execution_count")


def _edit(source: str) -> Callable[[Any], None]:
    def change(notebook: Any) -> None:
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("grade"):
                cell.source = source

    return change


def _points(points: Any) -> Callable[[Any], None]:
    def change(notebook: Any) -> None:
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("grade"):
                cell.metadata.nbgrader.points = points
        marked(notebook, "relu").metadata.nbgrader.update(grade=True, points=points, locked=True)

    return change


def _own_grade_cell(notebook: Any) -> None:
    marks = {"grade": True, "grade_id": "bonus", "locked": False, "points": 100, "schema_version": 3, "solution": False}
    notebook.cells.append(nbformat.v4.new_code_cell("100.0", metadata={"nbgrader": {**marks, "task": False}}))


def _swap_names(notebook: Any) -> None:
    one, other = (
        marked(notebook, "check_relu").metadata.nbgrader,
        marked(notebook, "check_functional_cnn").metadata.nbgrader,
    )
    one.grade_id, other.grade_id = other.grade_id, one.grade_id
    one.checksum, other.checksum = other.checksum, one.checksum


def _kernelspec(notebook: Any) -> None:
    notebook.metadata.kernelspec = {"name": "bash", "display_name": "999", "language": "bash", "argv": ["/bin/false"]}
    notebook.metadata.language_info = {"name": "bash"}
    notebook.metadata.widgets = {"application/vnd.jupyter.widget-state+json": "no state"}


def _forged_outputs(notebook: Any) -> None:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "999.0"}, execution_count=1)]


def _many_cells(notebook: Any) -> None:
    notebook.cells += [nbformat.v4.new_code_cell("1") for _ in range(2100)]


def _odd_text(notebook: Any) -> None:
    for source in ("x = '\ud800'", "x = '\x00'", "\ufeff1", "def f(:", "%nonsense", "%%nonsense\nx", "?" * 5000):
        notebook.cells.append(nbformat.v4.new_code_cell(source))
    notebook.cells.append(nbformat.v4.new_code_cell("(" * 50_000))


def _write(content: bytes) -> Callable[[Path, Path], None]:
    return lambda path, course: _as_none(path.write_bytes(content))


def _as_none(_: Any) -> None:
    return None


def _json(change: Callable[[Any], Any]) -> Callable[[Path, Path], None]:
    def lay(path: Path, course: Path) -> None:
        tree = json.loads(path.read_text())
        path.write_text(json.dumps(change(tree)))

    return lay


def _renamed(path: Path, course: Path) -> None:
    path.rename(path.with_name("my solution (final).ipynb"))


def _moved(to: str) -> Callable[[Path, Path], None]:
    """The folder stays; the notebook lies at ``to`` below the learner's own."""

    def lay(path: Path, course: Path) -> None:
        place = path.parent.parent / to.replace("@", path.parent.name)
        place.parent.mkdir(parents=True, exist_ok=True)
        path.rename(place)

    return lay


def _pasted(notebook: Any) -> None:
    for number, cell in enumerate(notebook.cells):
        cell.metadata, cell.id = {}, f"new-{number}"


def _pasted_with_a_grade(notebook: Any) -> None:
    """A pasted notebook whose checks say more than the released ones, and more often."""
    for cell in list(notebook.cells):
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.source = cell.source.replace(")", " or F.linear)") if "linear" in cell.source else cell.source
            notebook.cells.append(nbformat.v4.new_code_cell(cell.source))
    _pasted(notebook)


def _another_chapter(path: Path, course: Path) -> None:
    shutil.copy(course / "solutions" / "03_cnn_with_modules" / "03_cnn_with_modules.ipynb", path)


def _two_that_could_be_meant(path: Path, course: Path) -> None:
    shutil.copy(course / "solutions" / path.parent.name / path.name, path.with_name("a.ipynb"))
    path.rename(path.with_name("b.ipynb"))


def _large_outputs(notebook: Any) -> None:
    for cell in [one for one in notebook.cells if one.cell_type == "code"][:10]:
        picture = {"image/png": "iVBORw0KGgoA\n" * 320_000}
        cell.outputs = [nbformat.v4.new_output("display_data", picture)]


def _large_file(path: Path, course: Path) -> None:
    with (path.parent / "data.bin").open("wb") as file:
        file.truncate(70 << 20)


def _one_file_within_the_limit(path: Path, course: Path) -> None:
    (path.parent / "data.bin").write_bytes(bytes((16 << 20) - 1))


def _no_python(notebook: Any) -> None:
    marked(notebook, "linear").source = "def linear(x, weight, bias=None):\n    # so\n    return (x @ weight.T"


def _folder(path: Path, course: Path) -> None:
    path.unlink()
    path.mkdir()


def _pipe(path: Path, course: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _link(path: Path, course: Path) -> None:
    path.unlink()
    path.symlink_to(course / "solutions" / path.parent.name / path.name)


def _link_folder(path: Path, course: Path) -> None:
    shutil.rmtree(path.parent)
    path.parent.symlink_to(course / "solutions" / path.parent.name)


def _links_beside(path: Path, course: Path) -> None:
    (path.parent / "secret.db").symlink_to(course / "classroom" / "gradebook.db")
    (path.parent / "solutions").symlink_to(course / "solutions")
    (path.parent / "loop").symlink_to(path.parent)
    os.mkfifo(path.parent / "pipe")


def _shadows(path: Path, course: Path) -> None:
    for name in ("torch", "autograder", "course", "json", "sitecustomize", "usercustomize", "IPython", "conftest"):
        (path.parent / f"{name}.py").write_text("def check(*a, **k): return 999.0\nprint('WON a file of its own')\n")
    (path.parent / "autograder_").mkdir()
    (path.parent / "nbgrader_config.py").write_text("raise SystemExit('WON the config')")
    (path.parent / "ipython_config.py").write_text("print('WON the config')")


def _odd_names(path: Path, course: Path) -> None:
    for name in (b"\xff\xfe.txt", b"a\nb.txt", b"-rf", b"$(touch hostile_marker)", b"x" * 255, b"..."):
        with open(os.path.join(os.fsencode(path.parent), name), "wb") as file:
            file.write(b"1")


def _many_files(path: Path, course: Path) -> None:
    for number in range(2100):
        (path.parent / f"{number}.txt").write_text("")


def _timestamp(text: str) -> Callable[[Path, Path], None]:
    return lambda path, course: _as_none((path.parent / "timestamp.txt").write_text(text))


def _giant(path: Path, course: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(200 << 20)  # sparse: it takes no room


_UNREADABLE: dict[str, Any] = {"state": "unreadable", "points": {}}
_MISSING: dict[str, Any] = {"state": "missing", "points": {}}

FILES: tuple[Row, ...] = (
    edited("duplicate_ids", _duplicate_ids),
    edited("duplicated_check", _duplicate_check),
    edited("deleted_check", _without("check_linear", "check_relu")),
    edited("deleted_answer_and_check", _without("linear", "check_linear")),
    edited("deleted_all_checks", lambda notebook: _without(*_checks(notebook))(notebook)),
    edited("moved_checks", _move_checks),
    edited("retyped_checks", _retype),
    edited("edited_checks_to_a_number", _edit("999.0")),
    edited("edited_checks_to_torch", _edit("check('linear', F.linear)")),
    edited("edited_checks_to_nothing", _edit("")),
    edited("changed_points", _points(1000)),
    edited("points_not_a_number", _points(_NAN)),
    edited("points_as_text", _points("all of them")),
    edited("own_grade_cell", _own_grade_cell),
    edited("swapped_grade_ids", _swap_names),
    edited("changed_kernelspec", _kernelspec),
    edited("forged_outputs", _forged_outputs),
    edited("too_many_cells", _many_cells, **_UNREADABLE),
    edited("odd_text", _odd_text),
    on_disk("corrupt_json", lambda path, course: _as_none(path.write_bytes(path.read_bytes()[:-200])), **_UNREADABLE),
    on_disk("nested_json", _write(b"[" * 200_000), **_UNREADABLE),
    on_disk("not_text", _write(bytes(range(256)) * 100), **_UNREADABLE),
    on_disk("empty_file", _write(b""), **_UNREADABLE),
    on_disk("json_but_no_notebook", _write(b'{"points": 999}'), **_UNREADABLE),
    on_disk("format_of_the_future", _json(lambda tree: tree | {"nbformat": 99}), **_UNREADABLE),
    on_disk("format_as_text", _json(lambda tree: tree | {"nbformat": "4"}), **_UNREADABLE),
    on_disk("no_format", _json(lambda tree: {"cells": tree["cells"]}), **_UNREADABLE),
    on_disk("cells_that_are_none", _json(lambda tree: tree | {"cells": [None, 3, []]}), **_UNREADABLE),
    on_disk("metadata_that_is_none", _json(lambda tree: tree | {"metadata": [3], "nbformat_minor": "x"})),
    on_disk("giant_notebook", _giant, **_UNREADABLE),
    on_disk("renamed_file", _renamed),
    on_disk("name_of_a_second_download", _moved("@/@ (1).ipynb")),
    on_disk("name_of_a_copy", _moved("@/Copy of @.ipynb")),
    on_disk("name_in_capitals", _moved("@/04_THE_SAME_CNN_WITH_FUNCTIONAL.IPYNB")),
    on_disk("folder_of_another_name", _moved("hw4/@.ipynb")),
    on_disk("folder_in_its_folder", _moved("@/@/@.ipynb")),
    on_disk("two_that_could_be_meant", _two_that_could_be_meant, **_UNREADABLE),
    on_disk("another_chapter", _another_chapter, **_UNREADABLE),
    on_disk("sign_in_page", _write(b"<!doctype html><title>Sign in</title>"), **_UNREADABLE),
    on_disk("zip_archive", _write(b"PK\x03\x04" + bytes(100)), **_UNREADABLE),
    on_disk("utf_16", lambda path, course: _as_none(path.write_text(path.read_text(), "utf-16")), **_UNREADABLE),
    on_disk("mark_of_byte_order", lambda path, course: _as_none(path.write_text(path.read_text(), "utf-8-sig"))),
    edited("pasted_into_a_new_one", _pasted),
    edited("pasted_with_other_checks", _pasted_with_a_grade),
    edited("does_not_parse", _no_python, states={"linear": "does not parse"}),
    edited("large_outputs", _large_outputs),
    on_disk("large_file_beside", _large_file),
    on_disk("file_of_the_largest_size", _one_file_within_the_limit),
    on_disk("folder_in_its_place", _folder, **_UNREADABLE),
    on_disk("pipe_in_its_place", _pipe, **_UNREADABLE),
    on_disk("link_to_the_solutions", _link, **_UNREADABLE),
    on_disk("folder_linked_to_the_solutions", _link_folder, **_UNREADABLE),
    on_disk("links_beside", _links_beside),
    on_disk("files_that_shadow_modules", _shadows),
    on_disk("odd_file_names", _odd_names),
    on_disk("too_many_files", _many_files),
    on_disk("timestamp_of_no_time", _timestamp("the day before yesterday\n")),
    on_disk("timestamp_far_away", _timestamp("99999-99-99 99:99:99 UTC")),
)


def _checks(notebook: Any) -> list[str]:
    marks = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
    return [one["grade_id"] for one in marks if one.get("grade")]
