"""What a class lets its submissions use, as its ``nbgrader_config.py`` says it: for our commands and nbgrader's own."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from grading_class import CHAPTER, PERFECT, InProcess, hand_in, nbgrader, outcome_of, points_in, settle
from traitlets.config import Config

from autograder.commands import commands_on_path
from autograder.grading.grade import grade
from autograder.grading.records import plugins
from autograder.grading.records.classroom import open_classroom
from autograder.grading.records.may_use import limits_of
from autograder.grading.slots.job import Job, Outcome
from autograder.grading.walls.limits import Limits
from autograder.sample import demo

LONGER = "c.SubmissionLimits.cell_seconds = 120\n"


def test_the_courses_own_settings_are_the_defaults(root: Path) -> None:
    room, config = open_classroom(root)
    assert room.limits == Limits()
    assert set(config.SubmissionLimits) == {"cell_seconds", "notebook_seconds", "memory"}
    assert config.Execute.timeout == Limits().cell_seconds


def test_another_limit_runs_everything_anew_and_goes_with_every_job(course: Path) -> None:
    hand_in(course, PERFECT)
    grade("04", course, engine=InProcess())
    settle(course, LONGER + "c.SubmissionLimits.memory = 3 << 30\n")
    engine = InProcess()
    result = grade("04", course, engine=engine)
    [job] = engine.ran
    assert (job.limits.cell_seconds, job.limits.memory) == (120, 3 << 30)
    assert result.total("ada").points == 22
    assert grade("04", course, engine=InProcess()).executed == 0


def test_nbgraders_own_autograde_goes_by_it_before_and_after_a_grade(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(course, PERFECT)
    ran: list[Job] = []

    def run(job: Job, **words: Any) -> Outcome:
        ran.append(job)
        return outcome_of(job)

    def autograde() -> None:
        with commands_on_path():
            assert demo._api(course).autograde(CHAPTER, "ada", force=True)["success"]

    monkeypatch.setattr(plugins, "run_one", run)
    settle(course, LONGER)
    autograde()
    assert [job.limits.cell_seconds for job in ran] == [120]
    assert grade("04", course, engine=InProcess()).executed == 0
    settle(course, "c.SubmissionLimits.cell_seconds = 60\n")
    autograde()
    assert [job.limits.cell_seconds for job in ran] == [120, 60]


def test_nbgraders_command_line_goes_by_it_too_and_says_what_is_wrong_in_a_line(course: Path) -> None:
    hand_in(course, PERFECT)
    settle(course, LONGER)
    grade("04", course, engine=InProcess())
    done = nbgrader(course, "autograde", CHAPTER, "--force")  # what it has seen it need not run
    assert (done.returncode, sum(points_in(course, "ada").values())) == (0, 22), done.stderr
    settle(course, "c.SubmissionLimits.cells = 3\n")
    refused = nbgrader(course, "autograde", CHAPTER, "--force")
    assert refused.returncode != 0
    assert "c.SubmissionLimits.cells in nbgrader_config.py is no limit" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("cell_seconds", 0, r"is 0; it can be seconds, from 1 to"),
        ("cell_seconds", math.nan, r"is nan; it can be seconds"),
        ("notebook_seconds", math.inf, r"is inf; it can be seconds"),
        ("notebook_seconds", "ten minutes", r"is 'ten minutes'; it can be seconds"),
        ("memory", 4, r"is 4; it can be bytes, from 268435456"),
        ("memory", "4 GB", r"is '4 GB'; it can be bytes"),
        ("cells", 4, r"cells in nbgrader_config\.py is no limit; there are cell_seconds, memory, notebook_seconds"),
    ],
)
def test_what_is_no_limit_is_refused_with_what_it_can_be(name: str, value: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        limits_of(Config({"SubmissionLimits": {name: value}}))


def test_a_cell_cannot_have_longer_than_its_notebook(course: Path) -> None:
    hand_in(course, PERFECT)
    settle(course, "c.SubmissionLimits.cell_seconds = 600\n")
    engine = InProcess()
    with pytest.raises(ValueError, match="gives a cell 600 seconds, and the whole notebook 300; set notebook_seconds"):
        grade("04", course, engine=engine)
    assert engine.ran == []
    settle(course, "c.SubmissionLimits.notebook_seconds = 900\n")
    assert grade("04", course, engine=engine).total("ada").points == 22
