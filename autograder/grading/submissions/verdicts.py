"""From what was seen of a submission to what it is worth: the controller's word, on the controller's reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from nbformat.notebooknode import NotebookNode

from autograder.grading.slots.job import CellEnd, Job, Limits, Outcome, Ran
from autograder.grading.submissions.never_there import does_not_parse, never_there
from autograder.grading.submissions.operators import operators_named
from autograder.grading.submissions.prepare import Assignment, Prepared
from autograder.grading.submissions.repair import Check
from autograder.grading.submissions.state import State, of_cell, of_verdict
from autograder.judging import sentences
from autograder.judging.judge import judge
from autograder.judging.reference import Reference
from autograder.judging.verdict import Status, Verdict
from autograder.observing.codec import Raised
from autograder.observing.exercise import Exercise, find
from autograder.observing.observe import Run, Seen

__all__ = ["Decided", "Known", "Result", "answer_of", "checks_in", "decide", "decide_one", "not_run", "run_of"]

_WORST_FIRST = (State.OUT_OF_MEMORY, State.TIMED_OUT, State.CRASHED)


@dataclass(frozen=True)
class Decided:
    """One exercise of a submission: its state, and the verdict that its learner reads."""

    state: State
    verdict: Verdict


@dataclass(frozen=True)
class Result:
    """A submission decided: its state, a word on it where there is one, and each exercise by its check's grade_id."""

    student: str
    state: State
    note: str
    exercises: Mapping[str, Decided]
    hand_in: str = ""  # "1 of 2", where it was chosen among several

    @property
    def points(self) -> float:
        """What the checks of this submission earn together."""
        return sum(one.verdict.score for one in self.exercises.values())

    def as_json(self) -> dict[str, Any]:
        """For programs: states, points and misconceptions, nothing of what was handed in."""
        return {
            "student": self.student,
            "status": self.state.value,
            "note": self.note,
            **({"hand_in": self.hand_in} if self.hand_in else {}),
            "points": self.points,
            "of": sum(one.verdict.points for one in self.exercises.values()),
            "exercises": [
                {
                    "exercise": one.verdict.exercise,
                    "status": one.state.value if one.state is not State.GRADED else one.verdict.status.value,
                    "points": one.verdict.score,
                    "of": one.verdict.points,
                    "misconception": one.verdict.misconception,
                }
                for one in self.exercises.values()
            ],
        }


# Asked for each check cell by its place, its name and what it checks, with what decides it anew.
Known = Callable[[int, str, Check, Callable[[], Decided]], Decided]


def decide(task: Assignment, ready: Prepared, outcome: Outcome, known: Known | None = None) -> Result:
    """What the submission is worth by what was seen of it, and by nothing that it said of itself.

    ``known`` may know what a check came to, and need not have it decided anew.
    """
    assert ready.job is not None, "what is not run is not decided here"
    job, ran = ready.job, {one.place: one for one in outcome.cells}
    exercises = {}
    for place, name, check in checks_in(ready.notebook, task.source.checks):
        anew = partial(decide_one, task, ready.notebook, job, ran, place, check)
        exercises[name] = anew() if known is None else known(place, name, check, anew)
    states = [of_cell(one.end) for one in outcome.cells] + [one.state for one in exercises.values()]
    state = next((one for one in _WORST_FIRST if one in states), State.GRADED)
    if state is State.GRADED and exercises and all(one.state is State.NOT_ATTEMPTED for one in exercises.values()):
        state = State.NOT_ATTEMPTED
    note = "; ".join(filter(None, [ready.note, _told(task, ready.notebook, outcome), *_no_python(exercises)]))
    return Result(ready.student, state, note, exercises, ready.hand_in)


def not_run(task: Assignment, ready: Prepared) -> Result:
    """The result of a submission that was not run: no points, and the reason on every exercise."""
    exercises = {}
    for name, check in task.source.checks.items():
        verdict = _nothing(find(check.exercise), Status.NOT_ATTEMPTED, sentences.not_run(ready.state, ready.note))
        exercises[name] = Decided(ready.state, verdict)
    return Result(ready.student, ready.state, ready.note, exercises, ready.hand_in)


def checks_in(notebook: NotebookNode, checks: Mapping[str, Check]) -> list[tuple[int, str, Check]]:
    """The check cells of ``notebook`` in its order: where each stands, its name, and what it checks."""
    names = [
        (place, str((cell.metadata.get("nbgrader") or {}).get("grade_id"))) for place, cell in enumerate(notebook.cells)
    ]
    return [(place, name, checks[name]) for place, name in names if name in checks]


def decide_one(
    task: Assignment, notebook: NotebookNode, job: Job, ran: Mapping[int, Ran], place: int, check: Check
) -> Decided:
    """What one check came to, by what was seen at its ``place``."""
    exercise = find(check.exercise)
    one = ran.get(place)
    if one is None:
        state, words = _elsewhere(task, notebook, ran, check) or (State.NOT_ATTEMPTED, "")
        return Decided(
            state,
            _nothing(exercise, Status.NOT_ATTEMPTED, words or sentences.write(exercise.contract, exercise.needed)),
        )
    state_of_cell = of_cell(one.end)
    if state_of_cell is not None or one.run is None:
        state = state_of_cell or State.CRASHED
        said = _said(state, job.limits) if state_of_cell else sentences.BROKE_OFF
        if state is State.TIMED_OUT and one.run is not None:
            said += sentences.running_out_of_time(_where(_as_data(one.run, len(one.run.seen))))
        return Decided(state, _nothing(exercise, Status.CRASHED, said))
    reference = task.references[check.exercise]
    run = run_of(task, job, ran, place, check)
    assert run is not None
    verdict = _judged(exercise, reference, run)
    if verdict.status is Status.CRASHED and any(map(_took_too_much, run.seen)):
        return Decided(State.OUT_OF_MEMORY, replace(verdict, note=_said(State.OUT_OF_MEMORY, job.limits)))
    if verdict.status is Status.NOT_ATTEMPTED and (found := _elsewhere(task, notebook, ran, check)):
        return Decided(found[0], replace(verdict, note=found[1]))
    if not run.attempted:
        own = answer_of(task, notebook, place)
        words, failed = never_there(job, ran, place, check.answer, own)
        line = does_not_parse(job, ran, place, check.answer, own)
        if line is not None:
            note = f"{sentences.does_not_parse(line)} {words}".rstrip()
            return Decided(State.DOES_NOT_PARSE, replace(verdict, status=Status.CRASHED, note=note))
        if failed:
            return Decided(State.GRADED, replace(verdict, status=Status.CRASHED, note=words))
        verdict = replace(verdict, note=words or verdict.note)
    return Decided(of_verdict(verdict.status), verdict)


def run_of(task: Assignment, job: Job, ran: Mapping[int, Ran], place: int, check: Check) -> Run | None:
    """What was seen of the answer that is checked at ``place``, as it is judged; ``None`` where nothing was."""
    one = ran.get(place)
    if one is None or one.run is None:
        return None
    cases = len(task.references[check.exercise].cases)
    return _with_source(_as_data(one.run, cases), find(check.exercise), check, job, place)


def _judged(exercise: Exercise, reference: Reference, run: Run) -> Verdict:
    """The judge's verdict. What it cannot make sense of is worth nothing, and stops nobody."""
    try:
        verdict = judge(exercise, reference, run)
    except Exception as error:  # what comes out of a sandbox may be anything
        return _nothing(exercise, Status.CRASHED, sentences.not_comparable(type(error).__name__))
    sound = isinstance(verdict.score, int | float) and 0 <= verdict.score <= exercise.points
    assert sound, f"the judge gave {verdict.score} of {exercise.points} points"
    return verdict


def _as_data(run: Run, cases: int) -> Run:
    """``run`` with nothing in it but what a probe can have written: one entry a case, names as text, errors cut short."""
    seen = tuple(_seen(one) for one in run.seen[:cases])
    return Run(seen, tuple(str(name)[:100] for name in run.used[:20]), bool(run.attempted), run.handed_in)


def _seen(one: Any) -> Seen:
    if isinstance(one, Raised):
        return replace(
            one, type=one.type[:100], message=one.message[:2000], line=one.line[:200], inside=one.inside[:100]
        )
    if isinstance(one, Mapping) and all(isinstance(key, str) for key in one):
        return one
    return Raised("NoObservation", "the check sent back something else than observations")


def _took_too_much(one: Seen) -> bool:
    """Whether an answer was refused memory: by Python, or by torch, whose error has no type of its own."""
    return isinstance(one, Raised) and (one.type == "MemoryError" or "can't allocate memory" in one.message)


def _where(run: Run) -> sentences.Place:
    """The answer's own line that was running when it was interrupted."""
    stopped = [one for one in run.seen if isinstance(one, Raised) and one.type == "KeyboardInterrupt"]
    return (stopped[0].number, stopped[0].line) if stopped else (0, "")


def _with_source(run: Run, exercise: Exercise, check: Check, job: Job, place: int) -> Run:
    """✋: where the child saw no forbidden operator, the source is asked."""
    if run.used or not exercise.by_hand or not run.attempted:
        return run
    above = [cell.source for cell in job.cells if cell.place < place]
    return replace(run, used=operators_named(above, check.answer, exercise.by_hand))


def answer_of(task: Assignment, notebook: NotebookNode, place: int) -> int:
    """The place of the answer that the check at ``place`` grades, -1 where no cell is marked so."""
    name = _marked(notebook, place)
    after = task.source.cells[name].after if name in task.source.cells else ""
    return next((one for one in range(place) if after and _marked(notebook, one) == after), -1)


def _marked(notebook: NotebookNode, place: int) -> str:
    return str((notebook.cells[place].metadata.get("nbgrader") or {}).get("grade_id", ""))


def _elsewhere(
    task: Assignment, notebook: NotebookNode, ran: Mapping[int, Ran], check: Check
) -> tuple[State, str] | None:
    """Why there is no answer, when the learner's own cell was stopped before it could define one."""
    for place, cell in enumerate(notebook.cells):
        marks = cell.metadata.get("nbgrader") or {}
        if marks.get("grade_id") == check.exercise and place in ran and (state := of_cell(ran[place].end)):
            return state, sentences.cell_stopped(state)
    return None


def _nothing(exercise: Exercise, status: Status, note: str) -> Verdict:
    return Verdict(exercise.id, exercise.contract, exercise.points, 0.0, status, note=note)


def _said(state: State, limits: Limits) -> str:
    match state:
        case State.TIMED_OUT:
            return sentences.too_long(limits.cell_seconds, limits.notebook_seconds)
        case State.OUT_OF_MEMORY:
            return sentences.too_much(limits.memory)
    return sentences.PROCESS_ENDED


def _no_python(exercises: Mapping[str, Decided]) -> list[str]:
    """Which answers do not parse, and where: the first sentence that their learner reads."""
    notes = [
        (one.verdict.exercise, one.verdict.note) for one in exercises.values() if one.state is State.DOES_NOT_PARSE
    ]
    return [f"{name}: {note.partition('.')[0].removeprefix(sentences.YOUR_ANSWER)}" for name, note in notes]


def _told(task: Assignment, notebook: NotebookNode, outcome: Outcome) -> str:
    """What happened to the cells that were stopped, in a line: by exercise, and by the number that Jupyter shows."""
    parts = []
    for state in _WORST_FIRST:
        ended = [one for one in outcome.cells if of_cell(one.end) is state and one.end is not CellEnd.NOT_RUN]
        if ended:
            parts.append(f"{state} in {_cells([_cell(task, notebook, one) for one in ended])}")
    if left := sum(one.end is CellEnd.NOT_RUN for one in outcome.cells):
        parts.append(f"the notebook's time was up before {left} more cell{'s' if left > 1 else ''}")
    return "; ".join(parts)


def _cell(task: Assignment, notebook: NotebookNode, one: Ran) -> str:
    """A cell as a person finds it: the exercise that it answers or checks, and its ``[n]``."""
    name = _marked(notebook, one.place)
    number = f"[{one.count}]" if one.count is not None else ""
    if name in task.source.checks:
        return f"the check of {task.source.checks[name].exercise} {number}".rstrip()
    if name in task.source.cells:
        return f"{name} {number}".rstrip()
    return f"cell {number}" if number else f"the cell at place {one.place + 1}"


def _cells(names: Sequence[str]) -> str:
    """The first of them, and how many more.

    >>> _cells(["relu [3]"]), _cells(["relu [3]", "cell [5]", "cell [6]", "cell [7]", "cell [8]"])
    ('relu [3]', 'relu [3], cell [5], cell [6] and 2 more')
    """
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}"
