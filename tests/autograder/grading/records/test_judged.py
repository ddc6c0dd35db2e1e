"""A verdict is kept with all that decides it: what has changed is judged anew, what has not is not, what is damaged is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from grading_class import PARTLY, PERFECT, InProcess, hand_in
from nbformat.notebooknode import NotebookNode

from autograder.grading import run
from autograder.grading.grade import GradeResult, grade
from autograder.grading.records import basis
from autograder.grading.records.classroom import open_classroom
from autograder.grading.records.judged import words_of
from autograder.grading.slots.job import Outcome
from autograder.grading.slots.store import Store
from autograder.grading.submissions import verdicts
from autograder.grading.submissions.verdicts import Result
from autograder.grading.walls.staging import home_of, sources
from autograder.judging.reference import PUBLIC, Reference, load
from autograder.judging.verdict import Verdict
from autograder.observing.codec import from_bytes, to_bytes
from autograder.observing.exercise import Exercise, find
from autograder.observing.observe import Run
from autograder.sides import BESIDE

Judge = Callable[[], list[str]]
SLUG = "04_the_same_cnn_with_functional"


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Judge:
    """The exercises that were judged since this was last asked, in order."""
    judge, done = verdicts.judge, list[str]()

    def counting(exercise: Exercise, reference: Reference, run: Run) -> Verdict:
        done.append(exercise.id)
        return judge(exercise, reference, run)

    def since() -> list[str]:
        found = sorted(done)
        done.clear()
        return found

    monkeypatch.setattr(verdicts, "judge", counting)
    return since


@pytest.fixture
def room(course: Path) -> Path:
    """A class of two that was graded."""
    hand_in(course, PERFECT, PARTLY)
    again(course)
    return course


def again(course: Path, **words: Any) -> GradeResult:
    engine = InProcess()
    return grade("04", course, engine=engine, **words)


def mend(course: Path, change: Callable[[Any], None]) -> None:
    """A reference of the class's own: the public one, changed."""
    own = course / "classroom" / "reference"
    own.mkdir(exist_ok=True)
    content = from_bytes((PUBLIC / "functional.safetensors").read_bytes(), small=True)
    change(content)
    (own / "functional.safetensors").write_bytes(to_bytes(content, small=True))


def other_values(content: Any) -> None:
    first, *others = content["relu"]["expected"]
    content["relu"]["expected"] = ({**first, "values": first["values"] + 1}, *others)


def other_words(content: Any) -> None:
    for known in content["linear"]["misconceptions"]:
        known["says"] = "Read your sum once more."


def kept(course: Path) -> list[Path]:
    return sorted((course / "classroom" / "results" / "seen").glob("??/*.judged"))


def store_of(course: Path) -> Store:
    return open_classroom(course)[0].store


def test_grading_again_judges_nothing(course: Path, judged: Judge) -> None:
    hand_in(course, PERFECT, PARTLY)
    first = again(course)
    assert len(judged()) == 2 * 7
    second = again(course)
    assert judged() == []
    assert second.executed == second.recorded == 0
    assert second.submissions == first.submissions


def test_the_notebook_with_its_verdicts_is_made_only_where_it_would_be_another(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, executed = list[str](), run.executed

    def counting(notebook: NotebookNode, result: Result, outcome: Outcome | None = None) -> NotebookNode:
        made.append(result.student)
        return executed(notebook, result, outcome)

    monkeypatch.setattr(run, "executed", counting)
    assert again(room).recorded == 0 and made == []
    markers = sorted((room / "classroom" / "results" / "recorded").glob("*/*.json"))
    before = [path.read_bytes() for path in markers]
    for path in markers:  # as an older version wrote them
        path.write_text(
            json.dumps({name: one for name, one in json.loads(path.read_bytes()).items() if name != "made_of"})
        )
    assert again(room).recorded == 0 and sorted(made) == ["ada", "carl"]
    assert [json.loads(path.read_bytes()) for path in markers] == list(map(json.loads, before))
    made.clear()
    mend(room, other_words)
    assert again(room).recorded == 1 and made == ["carl"]
    (room / "classroom" / "autograded" / "ada" / SLUG / f"{SLUG}.ipynb").write_text("{}")
    assert again(room).recorded == 1 and made == ["carl", "ada"]


def test_a_mended_reference_judges_the_answers_to_its_exercise_and_no_other(room: Path, judged: Judge) -> None:
    before = again(room).points()
    judged()
    mend(room, other_values)
    result = again(room)
    assert judged() == ["relu", "relu"]
    assert result.executed == 0
    after = result.points()
    for student in before:
        assert 0 < after[student].pop("relu") < before[student].pop("relu")
        assert after[student] == before[student]
    assert [(one.student, one.why) for one in result.changes] == [
        (student, ("the reference of relu",)) for student in ("ada", "carl")
    ]


def test_what_a_learner_reads_follows_a_mended_sentence(room: Path, judged: Judge) -> None:
    judged()
    mend(room, other_words)
    assert again(room).recorded == 1
    assert set(judged()) == {"linear"}
    assert "Read your sum once more." in next((room / "classroom" / "autograded" / "carl").rglob("*.ipynb")).read_text()


@pytest.mark.parametrize(
    "other",
    [
        lambda one: replace(one, words={**one.words, "x": "{} is new"}),
        lambda one: replace(
            one, misconceptions=(replace(one.misconceptions[0], says="Look."), *one.misconceptions[1:])
        ),
        lambda one: replace(one, cases=(replace(one.cases[0], name="another name"), *one.cases[1:])),
        lambda one: replace(one, cases=(replace(one.cases[0], shown="shown in other words"), *one.cases[1:])),
        lambda one: replace(one, cases=(replace(one.cases[0], choices={"x": "another"}), *one.cases[1:])),
    ],
    ids=["words", "says", "name", "shown", "choices"],
)
def test_all_that_a_reference_says_counts(other: Callable[[Reference], Reference]) -> None:
    known = load(find("linear"))
    assert words_of(other(known)) != words_of(known)


def test_the_verdicts_that_are_kept_are_those_of_judging_anew(room: Path) -> None:
    mend(room, other_words)
    with_kept = again(room)
    for path in kept(room):
        path.unlink()
    assert [one.exercises for one in again(room).submissions] == [one.exercises for one in with_kept.submissions]


def spoil_points(noted: dict[str, Any]) -> None:
    noted["check_linear"]["verdict"]["score"] = 3000.0


def spoil_status(noted: dict[str, Any]) -> None:
    noted["check_linear"]["verdict"]["status"] = "brilliant"


def spoil_fields(noted: dict[str, Any]) -> None:
    noted["check_linear"]["verdict"] = []


def spoil_exercise(noted: dict[str, Any]) -> None:
    noted["check_linear"]["verdict"] = noted["check_relu"]["verdict"]


def spoil_mark(noted: dict[str, Any]) -> None:
    noted["check_linear"] = {**noted["check_linear"], "mark": noted["check_relu"]["mark"]}


@pytest.mark.parametrize("spoil", [spoil_points, spoil_status, spoil_fields, spoil_exercise, spoil_mark])
def test_a_verdict_that_cannot_be_one_is_judged_anew(
    room: Path, judged: Judge, spoil: Callable[[dict[str, Any]], None]
) -> None:
    before, store = again(room).points(), store_of(room)
    judged()
    for path in kept(room):
        noted = json.loads(store.get_judged(path.stem) or b"")
        spoil(noted)
        store.put_judged(path.stem, json.dumps(noted).encode())
    assert again(room).points() == before
    assert judged() == ["linear", "linear"]
    again(room)
    assert judged() == []


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 5000, b"null", b"[1]", b'{"check_relu": 3}'])
def test_what_is_no_verdict_at_all_is_judged_anew(room: Path, judged: Judge, content: bytes) -> None:
    before, store = again(room).points(), store_of(room)
    judged()
    for path in kept(room):
        store.put_judged(path.stem, content)
    assert again(room).points() == before
    assert len(judged()) == 2 * 7


def test_a_torn_file_is_judged_anew(room: Path, judged: Judge) -> None:
    before = again(room).points()
    judged()
    first, second = kept(room)
    first.write_bytes(first.read_bytes()[:-10])
    second.write_bytes(second.read_bytes().replace(b'"score": 2', b'"score": 1'))
    assert again(room).points() == before
    assert len(judged()) == 2 * 7


def test_other_code_of_the_checks_judges_everything_anew(
    room: Path, judged: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged()
    monkeypatch.setattr(basis, "_code", lambda: "another")
    again(room)
    assert len(judged()) == 2 * 7


def test_all_of_our_code_that_a_verdict_rests_on_is_in_its_key() -> None:
    program = "import sys; from autograder.grading.submissions import as_run, verdicts; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    home = home_of("autograder").parent
    paths = [path.relative_to(home).with_suffix("") for path in sources((*basis._JUDGES, *BESIDE))]
    hashed = {".".join(path.parts).removesuffix(".__init__") for path in paths}
    rest = {one for one in loaded if one.startswith("autograder.") and one not in hashed}
    # The limits are in the key by what they say; addresses are where to ask and what to cite; the others are how a key is made,
    # how a file is written, and how its name is shown.
    assert rest <= {
        *("autograder.grading", "autograder.grading.walls"),
        "autograder.grading.walls.limits",
        "autograder.addresses",
        *("autograder.sides", "autograder.grading.walls.staging", "autograder.files", "autograder.plain"),
    }


def test_a_dry_run_keeps_nothing(room: Path, judged: Judge) -> None:
    mend(room, other_values)
    before = [path.read_bytes() for path in kept(room)]
    assert again(room, dry_run=True).changes
    assert [path.read_bytes() for path in kept(room)] == before


def test_a_judge_that_breaks_off_is_asked_again(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks_off(*_: object) -> Verdict:
        raise MemoryError

    hand_in(course, PERFECT)
    with monkeypatch.context() as patch:
        patch.setattr(verdicts, "judge", breaks_off)
        assert set(again(course).points()["ada"].values()) == {0.0}
    assert sum(again(course).points()["ada"].values()) == 22
