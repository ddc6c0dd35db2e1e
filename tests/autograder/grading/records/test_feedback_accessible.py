"""A feedback page with all that can stand in it, read by axe."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.lab import browser_page
from grading_class import CHAPTER, PARTLY, PERFECT, InProcess, hand_in, settle

from autograder.grading.grade import grade
from autograder.grading.records.export import feedback

pytestmark = pytest.mark.browser


def test_a_feedback_page_has_no_serious_finding(course: Path, chromium: str) -> None:
    hand_in(course, PERFECT, PARTLY)
    grade("04", course, engine=InProcess())
    settle(course, 'c.FeedbackNotes.model_answers = "always"\n')
    pages = feedback("04", course)
    with browser_page(chromium) as page:
        for student in ("ada", "carl"):
            page.goto((pages / student / CHAPTER / f"{CHAPTER}.html").as_uri())
            said = Axe().run(page).response
            assert len(said["passes"]) > 15, "axe looked at the page"
            found = [one for one in said["violations"] if one["impact"] in ("serious", "critical")]
            assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
            assert page.get_by_text("Model answer of linear").count()
