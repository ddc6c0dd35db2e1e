"""A class with every hostile and broken notebook in it, graded once: none wins a point, none costs a neighbour one."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from grading_class import CHAPTER, gradebook, hand_in, points_in, submitted

from autograder.grading.grade import GradeResult, grade
from autograder.grading.slots.job import Limits
from autograder.grading.submissions.verdicts import Result
from autograder.judging.reference import PUBLIC
from autograder.sample.learners import Answer, Submission

sys.path.insert(0, str(Path(__file__).parent))

from hostile import CORPUS, Row
from hostile.row import RIGHT_RELU

# Ten seconds: in three, a busy machine may leave an honest stub waiting.
LIMITS = Limits(cell_seconds=10, notebook_seconds=120, memory=1 << 30, processes=64, file_size=16 << 20, output=1 << 20)
SECRET = "b5c1e6e4f0a7"
TRANSPOSED = "def linear(x, weight, bias=None):\n    return x @ weight + (0 if bias is None else bias)"

# Their names stand before, among and behind the hostile ones, as they are graded.
NEIGHBOURS = (
    Submission("honest_ada", CHAPTER, "perfect"),
    Submission("h_misconceived", CHAPTER, "misconception", {"linear": Answer(TRANSPOSED, 0)}),
    Submission("zoe_honest", CHAPTER, "half done", {"relu": Answer(RIGHT_RELU, 2)}, rest="STUB"),
)

BASE = Submission("", CHAPTER, "hostile", {"relu": Answer(RIGHT_RELU, 2)}, rest="STUB")


@dataclass(frozen=True)
class Graded:
    """A graded class: its folder, the result, what was there before, and what it left."""

    folder: Path
    result: GradeResult
    before: Mapping[str, str]
    processes: tuple[int, ...]
    temporary: tuple[str, ...]
    connected: bool

    def of(self, learner: str) -> Result:
        return next(one for one in self.result.submissions if one.student == learner)

    def cells(self, learner: str) -> list[Any]:
        path = self.folder / "classroom" / "autograded" / learner / CHAPTER / f"{CHAPTER}.ipynb"
        return list(nbformat.read(path, as_version=4).cells)


@pytest.fixture(scope="module")
def alone(bubblewrap: str, _released: Path, tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """The honest learners, without any of the others."""
    return _grade(_class(_released, tmp_path_factory.mktemp("alone")), tmp_path_factory.mktemp("temporary"))


@pytest.fixture(scope="module")
def graded(bubblewrap: str, _released: Path, tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """The whole class, with somebody who listens on this machine, and a secret in the environment."""
    folder = _class(_released, tmp_path_factory.mktemp("hostile"))
    with pytest.MonkeyPatch.context() as patch, _listening() as (listeners, port):
        patch.setenv("CLASS_SECRET", SECRET)
        _lay_odd_names(folder)
        for row in CORPUS:
            _hand_in(folder, row, {"@COURSE@": str(folder), "@PORT@": str(port), "@SECRET@": SECRET})
        return _grade(folder, tmp_path_factory.mktemp("temporary"), listeners)


ODD_NAMES: dict[bytes, str] = {
    b"=1+1": "graded",
    b"a+b": "graded",
    b"back\\slash": "graded",
    b"-rf": "graded",
    b"x" * 255: "graded",
    b"new\nline": "unreadable",
    b"\xff\xfe": "unreadable",
    b"[a-z]*": "unreadable",
    "\u202eeve".encode(): "unreadable",
    b".hidden": "nobody's",
}


def _lay_odd_names(folder: Path) -> None:
    """The honest notebook in folders of names that nobody expects, and files where learners have folders."""
    there = os.fsencode(folder / "classroom" / "submitted")
    for name in ODD_NAMES:
        shutil.copytree(os.path.join(there, b"honest_ada"), os.path.join(there, name))
    for name in (b"=2+2", b"lying.ipynb", b"\xfe.txt"):
        with open(os.path.join(there, name), "wb") as file:
            file.write(b"{}")
    os.symlink(b"nowhere", os.path.join(there, b"link"))


def _class(released: Path, folder: Path) -> Path:
    course = Path(shutil.copytree(released, folder / "course"))
    (course / "classroom" / "reference").mkdir()
    shutil.copy(PUBLIC / "functional.safetensors", course / "classroom" / "reference")
    hand_in(course, *NEIGHBOURS)
    return course


def _hand_in(folder: Path, row: Row, words: Mapping[str, str]) -> None:
    """Hand in an honest notebook, without the lesson around its exercises, as ``row`` changes it."""
    hand_in(folder, Submission(row.learner, CHAPTER, row.name, BASE.answers, BASE.rest))
    path = submitted(folder, row.learner)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for place, cell in enumerate(notebook.cells) if place <= 1 or "nbgrader" in cell.metadata]
    if row.change is not None:
        row.change(notebook)
    for cell in notebook.cells:
        for word, meant in (words | {"@CHAPTER@": CHAPTER}).items():
            cell.source = cell.source.replace(word, meant)
    path.write_text(json.dumps(notebook))  # nbformat would put some of it right
    if row.lay is not None:
        row.lay(path, folder)


def _grade(folder: Path, temporary: Path, listeners: tuple[socket.socket, ...] = ()) -> Graded:
    before, running = _files(folder), _running()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(temporary))
        result = grade("functional", folder, limits=LIMITS)
    left = tuple(sorted(one.name for one in temporary.iterdir()))
    return Graded(folder, result, before, tuple(_running() - running), left, any(map(_called, listeners)))


@pytest.fixture(params=CORPUS, ids=lambda row: row.name)
def row(request: pytest.FixtureRequest) -> Row:
    return request.param  # type: ignore[no-any-return]


def test_no_point_is_won_and_no_honest_one_is_lost(graded: Graded, row: Row) -> None:
    deserved = dict.fromkeys(graded.result.points()["honest_ada"], 0.0) | dict(row.points)
    assert graded.result.points()[row.learner] == deserved
    recorded = points_in(graded.folder, row.learner)
    assert recorded == (deserved if graded.of(row.learner).state != "missing" or recorded else {})


def test_the_state_says_what_happened(graded: Graded, row: Row) -> None:
    found = graded.of(row.learner)
    if row.state:
        assert (found.state.value, found.note) == (row.state, found.note)
    states = {one.verdict.exercise: one.state.value for one in found.exercises.values()}
    assert {name: states[name] for name in row.states} == dict(row.states)


def test_it_was_really_tried_and_nothing_was_reached(graded: Graded, row: Row) -> None:
    cells = graded.cells(row.learner)
    text = "\n".join(_text(one) for cell in cells if cell.cell_type == "code" for one in cell.outputs)
    assert "WON" not in text
    assert row.shows in text
    assert len(json.dumps(cells)) < 4 * LIMITS.output + (1 << 20)


@pytest.mark.parametrize("learner", [one.learner for one in NEIGHBOURS])
def test_a_neighbour_is_graded_as_without_them(graded: Graded, alone: Graded, learner: str) -> None:
    honest = next(one for one in NEIGHBOURS if one.learner == learner)
    assert graded.result.points()[learner] == pytest.approx(honest.deserves())
    assert graded.of(learner).as_json() == alone.of(learner).as_json()
    for table, rows in gradebook(alone.folder).items():
        own = [one for one in rows if learner in one and table != "submissions"]
        assert own == [one for one in gradebook(graded.folder)[table] if learner in one and table != "submissions"]
    checks = [[cell.outputs for cell in one.cells(learner) if _is_check(cell)] for one in (graded, alone)]
    assert checks[0] == checks[1] and len(checks[0]) == 7


def test_everything_has_a_state_whatever_its_name(graded: Graded) -> None:
    found = {os.fsencode(name): state for name, state in graded.result.states().items()}
    assert {name: found[name] for name in ODD_NAMES} == ODD_NAMES
    assert {found[name] for name in (b"=2+2", b"lying.ipynb", b"\xfe.txt", b"link")} == {"nobody's"}
    assert set(found) == set(os.listdir(os.fsencode(graded.folder / "classroom" / "submitted")))
    whole = graded.result.points()["honest_ada"]
    for name, state in ODD_NAMES.items():
        assert graded.result.points()[os.fsdecode(name)] == (whole if state == "graded" else dict.fromkeys(whole, 0.0))
    assert all(
        one.note for one in graded.result.submissions if one.state.value in ("unreadable", "nobody's", "missing")
    )


def test_everyone_has_a_state_and_a_place_in_the_gradebook(graded: Graded) -> None:
    everyone = {one.learner for one in (*NEIGHBOURS, *CORPUS)}
    everyone |= {os.fsdecode(name) for name, state in ODD_NAMES.items() if state == "graded"}
    assert everyone <= set(graded.result.states())
    assert graded.result.problems == ()
    assert {row[1] for row in gradebook(graded.folder)["submissions"]} == everyone


def test_nothing_is_left_behind(graded: Graded) -> None:
    assert graded.processes == ()
    assert graded.temporary == ()
    assert not graded.connected, "somebody called from the sandbox"
    assert _files(graded.folder) == graded.before, "only nbgrader's and the grading's own folders change"


def test_what_was_seen_is_not_run_again(graded: Graded) -> None:
    again = grade("functional", graded.folder, limits=LIMITS)
    assert (again.executed, again.recorded) == (0, 0)
    assert [one.as_json() for one in again.submissions] == [one.as_json() for one in graded.result.submissions]


def test_the_corpus_is_as_large_as_it_was_asked_for() -> None:
    assert len({row.name for row in CORPUS}) == len(CORPUS) >= 30


def _text(output: Any) -> str:
    data = output.get("data", {})
    return str(output.get("text", "")) + str(data.get("text/plain", "")) + str(output.get("evalue", ""))


def _is_check(cell: Any) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("grade"))


def _running() -> set[int]:
    return {one.pid for one in psutil.Process().children(recursive=True)}


def _files(folder: Path) -> dict[str, str]:
    """Every file of the class that grading has no business with, by its content's hash."""
    theirs = {folder / "classroom" / name for name in ("autograded", "results", "gradebook.db")}
    found = {}
    for top, folders, names in os.walk(folder):
        folders[:] = [one for one in folders if Path(top, one) not in theirs]
        for path in (Path(top, one) for one in [*folders, *names]):
            if path not in theirs:
                plain = path.is_file() and not path.is_symlink() and path.stat().st_size < 1 << 26
                content = path.read_bytes() if plain else b""
                found[os.fsencode(path.relative_to(folder)).hex()] = hashlib.sha256(content).hexdigest()
    return found


@contextmanager
def _listening() -> Iterator[tuple[tuple[socket.socket, ...], int]]:
    """Sockets of this machine that nobody in a sandbox may reach, and the first one's port."""
    with socket.socket() as tcp, socket.socket(socket.AF_UNIX) as local:
        tcp.bind(("127.0.0.1", 0))
        local.bind("\0" + SECRET)
        for one in (tcp, local):
            one.listen()
            one.setblocking(False)
        yield (tcp, local), tcp.getsockname()[1]


def _called(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True
