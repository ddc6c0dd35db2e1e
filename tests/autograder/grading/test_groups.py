"""Groups of a class: the same behaviour is one group whatever the code, a stub is none, an example names nobody."""

from __future__ import annotations

from pathlib import Path

import pytest
from grading_class import BLANK, CHAPTER, PARTLY, PERFECT, InProcess, hand_in

from autograder.__main__ import main
from autograder.grading.grade import grade
from autograder.grading.groups import groups
from autograder.grading.records.recorded import recorded
from autograder.report import write_report
from autograder.sample.learners import Answer, Submission


def _linear(student: str, source: str) -> Submission:
    return Submission(student, CHAPTER, "bias", {"linear": Answer(f"def linear(x, weight, bias=None):\n{source}", 1)})


FIVE = _linear(
    "greta",
    "    # greta's <b>answer</b>\n    label = '<i>'\n    return x @ weight.T + (0 if bias is None else 5 * bias)",
)
FIVE_AGAIN = _linear(
    "hugo",
    "    hugo = torch.einsum('...i,oi->...o', x, weight)\n    if bias is not None:\n"
    "        hugo = hugo + bias * 5\n    return hugo",
)
THRICE = _linear("ines", "    return x @ weight.T + (0 if bias is None else 3 * bias)")
ALONE = _linear("jo", "    jo = 4\n    return x @ weight.T + (0 if bias is None else jo * bias)")


def test_a_class_is_grouped_by_what_was_seen(course: Path) -> None:
    hand_in(course, THRICE, FIVE, FIVE_AGAIN, ALONE, PERFECT, PARTLY, BLANK)
    grade("04", course, engine=InProcess())
    found = groups("04", course)
    assert [(one.exercise, one.number, one.students) for one in found] == [
        ("linear", 1, ("greta", "hugo")),
        ("linear", 2, ("ines",)),
        ("linear", 3, ("jo",)),
    ]
    assert "5 * bias" in found[0].example and "greta" not in found[0].example
    assert found[2].example == "", "the learner's name stands in the code"
    assert all(one.finding and one.finding.got != one.finding.expected for one in found)

    page = write_report(CHAPTER, recorded("04", course), course / "report", groups=found)[0].read_text()
    _, _, told = page.partition('id="alike"')
    told, _, _ = told.partition('id="exercises"')
    assert "linear, group 1: 2 learners; linear, group 2: 1 learner" in told
    assert "&lt;i&gt;" in told and "<i>" not in told
    assert not [name for name in ("greta", "hugo", "ines", "jo") if f">{name}<" in told]
    assert "No code is shown" in told


def test_what_a_misconception_explains_is_in_no_group(course: Path) -> None:
    hand_in(course, PERFECT, PARTLY, BLANK)
    grade("04", course, engine=InProcess())
    assert groups("04", course) == ()


def test_work_that_was_not_run_is_in_no_group(course: Path) -> None:
    hand_in(course, THRICE)
    assert groups("04", course) == ()


def test_the_command_line_groups_them_in_the_report(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in(course, FIVE, FIVE_AGAIN)
    grade("04", course, engine=InProcess())
    monkeypatch.chdir(course)
    assert main(["report", CHAPTER]) == 0
    page = (course / "classroom" / "report" / f"{CHAPTER}.html").read_text()
    assert "linear, group 1: 2 learners" in page
