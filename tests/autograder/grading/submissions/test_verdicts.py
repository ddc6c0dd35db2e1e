"""What a submission is worth is the controller's word: nothing that a learner's code shows or sends can change it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from grading_class import CHAPTER, PERFECT, cell_of, hand_in, hand_in_changed, outcome_of
from nbformat.notebooknode import NotebookNode
from nbgrader.utils import determine_grade

from autograder.grading.records.classroom import open_classroom
from autograder.grading.slots.job import CellEnd, Outcome, Ran
from autograder.grading.submissions.as_run import executed
from autograder.grading.submissions.prepare import Assignment, Prepared, prepare
from autograder.grading.submissions.state import State
from autograder.grading.submissions.verdicts import decide, not_run
from autograder.grading.submissions.why import why
from autograder.judging.verdict import Status
from autograder.observing.codec import Other, Raised
from autograder.observing.observe import Run


@pytest.fixture
def task(course: Path) -> Assignment:
    hand_in(course, PERFECT)
    return open_classroom(course)[0].assignment(CHAPTER)


@pytest.fixture
def ready(task: Assignment) -> Prepared:
    return prepare(task, "ada")


@pytest.fixture
def outcome(ready: Prepared) -> Outcome:
    assert ready.job is not None
    return outcome_of(ready.job)


def place_of(ready: Prepared, name: str) -> int:
    return int(ready.notebook.cells.index(cell_of(ready.notebook, name)))


def changed(outcome: Outcome, place: int, **words: Any) -> Outcome:
    return replace(outcome, cells=tuple(replace(one, **words) if one.place == place else one for one in outcome.cells))


def test_a_perfect_submission_has_all_points_and_says_so_to_nbgrader(
    task: Assignment, ready: Prepared, outcome: Outcome
) -> None:
    result = decide(task, ready, outcome)
    assert (result.state, result.points, result.note) == (State.GRADED, 22, "")
    done = executed(ready.notebook, result, outcome)
    for name, points in task.source.points.items():
        assert determine_grade(cell_of(done, name)) == (points, points)
        [output] = cell_of(done, name).outputs
        assert "solved" in output.data["text/html"]
        assert output.execution_count == cell_of(done, name).execution_count


def result_of(value: str) -> dict[str, Any]:
    return {"output_type": "execute_result", "data": {"text/plain": value}, "metadata": {}, "execution_count": 1}


HOSTILE: list[tuple[dict[str, Any], ...]] = [
    (result_of("22.0"),),
    (result_of("nan"), result_of("inf")),
    (result_of("-1"),),
    (result_of("1e300"),),
    (result_of("not a number"),),
    ({"output_type": "display_data", "data": {"text/plain": "2.0"}, "metadata": {}},),
    ({"output_type": "stream", "name": "stderr", "text": "a warning"},),
    ({"output_type": "stream", "name": "stdout", "text": "2.0"},),
    ({"output_type": "error", "ename": "E", "evalue": "", "traceback": ()},),
    ({"output_type": "execute_result", "data": "2.0"}, {"output_type": ["stream"]}, {}),
    (),
]


@pytest.mark.parametrize("outputs", HOSTILE)
def test_nothing_that_a_check_cell_shows_earns_or_costs_a_point(
    task: Assignment, ready: Prepared, outcome: Outcome, outputs: tuple[dict[str, Any], ...]
) -> None:
    place = place_of(ready, "check_relu")
    wrong = Run(tuple({"values": torch.zeros(1)} for _ in task.references["relu"].cases))
    for run, deserved in (
        (wrong, 0.0),
        (None, 0.0),
        (outcome.cells[[one.place for one in outcome.cells].index(place)].run, 2.0),
    ):
        seen = changed(outcome, place, outputs=outputs, run=run)
        done = executed(ready.notebook, decide(task, ready, seen), seen)
        assert determine_grade(cell_of(done, "check_relu")) == (deserved, 2)
        assert len(cell_of(done, "check_relu").outputs) == 1


@pytest.mark.parametrize("outputs", HOSTILE)
def test_what_other_cells_show_stays_as_far_as_it_is_an_output(
    task: Assignment, ready: Prepared, outcome: Outcome, outputs: tuple[dict[str, Any], ...]
) -> None:
    seen = changed(outcome, place_of(ready, "relu"), outputs=outputs)
    result = decide(task, ready, seen)
    done = executed(ready.notebook, result, seen)
    assert result.points == 22
    good = [one for one in outputs if isinstance(one.get("data", {}), dict) and isinstance(one.get("output_type"), str)]
    assert len(cell_of(done, "relu").outputs) == len(good)


@pytest.mark.parametrize(
    "seen",
    [
        (),
        (3, None, "solved", ()),
        ({3: 4},) * 50,
        tuple({"values": Other("x" * 10**6)} for _ in range(100)),
        tuple({"values": torch.ones(1).expand(10**8)} for _ in range(20)),
        tuple({"values": float("nan"), "shape": float("inf")} for _ in range(20)),
        tuple(Raised("E" * 10**6, "m" * 10**6, "l" * 10**6, 1) for _ in range(20)),
    ],
)
def test_forged_observations_earn_nothing_and_stop_nobody(
    task: Assignment, ready: Prepared, outcome: Outcome, seen: tuple[Any, ...]
) -> None:
    forged = changed(outcome, place_of(ready, "check_relu"), run=Run(seen))
    result = decide(task, ready, forged)
    assert result.exercises["check_relu"].verdict.score == 0
    assert result.points == 20
    panel = cell_of(executed(ready.notebook, result, forged), "check_relu").outputs[0].data["text/html"]
    assert len(panel) < 2_100_000


def test_more_observations_than_cases_change_nothing(task: Assignment, ready: Prepared, outcome: Outcome) -> None:
    place = place_of(ready, "check_relu")
    run = next(one.run for one in outcome.cells if one.place == place)
    assert run is not None
    more = changed(outcome, place, run=Run((*run.seen, *run.seen)))
    assert decide(task, ready, more).points == 22


def test_torchs_own_operator_is_found_in_the_source_where_the_process_said_nothing(course: Path) -> None:
    def borrow(notebook: Any) -> None:
        cell_of(notebook, "relu").source = "def relu(x):\n    return F.relu(x)"

    hand_in_changed(course, "eve", borrow)
    task = open_classroom(course)[0].assignment(CHAPTER)
    ready = prepare(task, "eve")
    assert ready.job is not None
    seen = outcome_of(ready.job)
    silenced = replace(
        seen, cells=tuple(one if one.run is None else replace(one, run=replace(one.run, used=())) for one in seen.cells)
    )
    verdict = decide(task, ready, silenced).exercises["check_relu"].verdict
    assert (verdict.status.value, verdict.score) == ("not by hand", 0)
    assert "relu" in verdict.note


@pytest.mark.parametrize(
    ("end", "state", "says"),
    [
        (CellEnd.TIMED_OUT, State.TIMED_OUT, "took too long"),
        (CellEnd.NOT_RUN, State.TIMED_OUT, "took too long"),
        (CellEnd.CRASHED, State.CRASHED, "the Python process in which"),
        (CellEnd.OUT_OF_MEMORY, State.OUT_OF_MEMORY, "2048 MB"),
    ],
)
def test_a_check_that_was_stopped_costs_that_exercise_and_says_why(
    task: Assignment, ready: Prepared, outcome: Outcome, end: CellEnd, state: State, says: str
) -> None:
    stopped = changed(outcome, place_of(ready, "check_relu"), end=end, run=None)
    result = decide(task, ready, stopped)
    assert (result.state, result.points) == (state, 20)
    assert result.exercises["check_relu"].state is state
    assert says in result.exercises["check_relu"].verdict.note
    count = next(one.count for one in stopped.cells if one.place == place_of(ready, "check_relu"))
    whole = "the notebook's time was up before 1 more cell"
    assert result.note == (whole if end is CellEnd.NOT_RUN else f"{state} in the check of relu [{count}]")


def test_a_cell_that_was_stopped_is_named_by_its_exercise_and_by_the_number_that_jupyter_shows(
    task: Assignment, ready: Prepared, outcome: Outcome
) -> None:
    places = [one.place for one in outcome.cells]
    own = place_of(ready, "relu")
    plain = next(place for place in places if "nbgrader" not in ready.notebook.cells[place].metadata)
    counts = {one.place: one.count for one in outcome.cells}
    assert own + 1 != counts[own], "there are Markdown cells above it"
    seen = changed(changed(outcome, own, end=CellEnd.TIMED_OUT), plain, end=CellEnd.TIMED_OUT)
    assert decide(task, ready, seen).note == f"timed out in cell [{counts[plain]}], relu [{counts[own]}]"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("def relu(x):\n    # so\n    return x.clamp(min=0", 3),
        ("def relu(x):\nreturn x", 2),
        ("def relu(x)\n    return x", 1),
        ("relu(x):\n    return x", 1),
    ],
)
def test_an_answer_that_is_no_python_does_not_parse_and_says_in_which_line(
    course: Path, source: str, line: int
) -> None:
    hand_in_changed(course, "eve", lambda notebook: setattr(cell_of(notebook, "relu"), "source", source))
    task = open_classroom(course)[0].assignment(CHAPTER)
    ready = prepare(task, "eve")
    assert ready.job is not None
    result = decide(task, ready, outcome_of(ready.job))
    decided = result.exercises["check_relu"]
    assert (decided.state, decided.verdict.score) == (State.DOES_NOT_PARSE, 0)
    assert decided.verdict.note.startswith(f"Your answer does not parse, line {line}.")
    told = next(one for one in result.as_json()["exercises"] if one["exercise"] == "relu")
    assert told["status"] == "does not parse"
    assert result.note == f"relu: does not parse, line {line}"


def test_an_answer_that_runs_a_text_which_is_no_python_was_python_itself(course: Path) -> None:
    source = "exec('def relu(x')\ndef relu(x):\n    return x"
    hand_in_changed(course, "eve", lambda notebook: setattr(cell_of(notebook, "relu"), "source", source))
    task = open_classroom(course)[0].assignment(CHAPTER)
    ready = prepare(task, "eve")
    assert ready.job is not None
    decided = decide(task, ready, outcome_of(ready.job)).exercises["check_relu"]
    assert (decided.state, decided.verdict.status) == (State.GRADED, Status.CRASHED)


def test_an_answer_whose_cell_ended_in_an_error_was_attempted_and_one_that_is_untouched_was_not(course: Path) -> None:
    """By hand and by `explain`: the error is what is said, and not case by case that there is no answer."""

    def change(notebook: NotebookNode) -> None:
        cell_of(notebook, "relu").source = "import einops_of_mine\n\ndef relu(x):\n    return x.clamp(min=0)"
        cell_of(notebook, "which_api").source = "raise NotImplementedError()"

    hand_in_changed(course, "eve", change)
    task = open_classroom(course)[0].assignment(CHAPTER)
    ready = prepare(task, "eve")
    assert ready.job is not None
    outcome = outcome_of(ready.job)
    found = decide(task, ready, outcome).exercises
    relu, untouched = found["check_relu"], found["check_which_api"]
    assert (relu.state, relu.verdict.status, relu.verdict.score) == (State.GRADED, Status.CRASHED, 0)
    assert relu.verdict.note == (
        "There is no relu yet: the cell that should define it failed (ModuleNotFoundError: No module named "
        "'einops_of_mine'). Mend that, run that cell, then this one."
    )
    assert (untouched.state, untouched.verdict.status) == (State.NOT_ATTEMPTED, Status.NOT_ATTEMPTED)
    explained = {one.exercise.id: one for one in why(task, ready, outcome)}
    assert (explained["relu"].cases, explained["relu"].rule) == ((), ())


def test_an_answer_whose_time_was_up_is_told_where_it_was(task: Assignment, ready: Prepared, outcome: Outcome) -> None:
    where = Raised("KeyboardInterrupt", "", "while True: pass", 3)
    seen = Run((where,) * len(task.references["relu"].cases))
    stopped = changed(outcome, place_of(ready, "check_relu"), end=CellEnd.TIMED_OUT, run=seen)
    decided = decide(task, ready, stopped).exercises["check_relu"]
    assert (decided.state, decided.verdict.score) == (State.TIMED_OUT, 0)
    assert decided.verdict.note.endswith("It was still running in your line 3 “while True: pass”.")


def test_an_answer_that_interrupts_itself_is_judged_as_one_that_raises(
    task: Assignment, ready: Prepared, outcome: Outcome
) -> None:
    where = Raised("KeyboardInterrupt", "", "raise KeyboardInterrupt", 3)
    seen = Run((where,) * len(task.references["relu"].cases))
    broken = changed(outcome, place_of(ready, "check_relu"), end=CellEnd.ERROR, run=seen)
    decided = decide(task, ready, broken).exercises["check_relu"]
    assert (decided.verdict.status.value, decided.verdict.score) == ("crashed", 0)
    assert "in your line 3 “raise KeyboardInterrupt”" in decided.verdict.note


def test_an_answer_that_was_stopped_is_told_from_one_that_was_never_written(
    task: Assignment, ready: Prepared, outcome: Outcome
) -> None:
    stopped = changed(outcome, place_of(ready, "relu"), end=CellEnd.TIMED_OUT)
    nothing = changed(stopped, place_of(ready, "check_relu"), run=Run((), attempted=False))
    decided = decide(task, ready, nothing).exercises["check_relu"]
    assert decided.state is State.TIMED_OUT
    assert "The cell in which you answer was stopped" in decided.verdict.note
    done = executed(ready.notebook, decide(task, ready, nothing), nothing)
    assert cell_of(done, "relu").outputs[-1].ename == "CellTimeoutError"


def test_a_submission_in_which_nothing_was_tried_is_not_attempted(
    task: Assignment, ready: Prepared, outcome: Outcome
) -> None:
    blank = replace(
        outcome,
        cells=tuple(one if one.run is None else replace(one, run=Run((), attempted=False)) for one in outcome.cells),
    )
    result = decide(task, ready, blank)
    assert (result.state, result.points) == (State.NOT_ATTEMPTED, 0)


def test_an_outcome_without_a_cell_is_no_points_for_it(task: Assignment, ready: Prepared) -> None:
    result = decide(task, ready, Outcome((Ran(0, CellEnd.DONE),)))
    assert result.points == 0
    done = executed(ready.notebook, result, Outcome(()))
    assert determine_grade(cell_of(done, "check_relu")) == (0, 2)


def test_an_unreadable_submission_is_zero_for_nbgrader_and_says_why(task: Assignment, course: Path) -> None:
    path = course / "classroom" / "submitted" / "eve" / CHAPTER / f"{CHAPTER}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text("{nope")
    ready = prepare(task, "eve")
    result = not_run(task, ready)
    assert result.as_json()["status"] == "unreadable"
    assert {one["status"] for one in result.as_json()["exercises"]} == {"unreadable"}
    done = executed(ready.notebook, result)
    for name, points in task.source.points.items():
        assert determine_grade(cell_of(done, name)) == (0, points)
        assert "This submission is unreadable" in cell_of(done, name).outputs[0].data["text/html"]
