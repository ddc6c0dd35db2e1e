"""What a learner sees when JupyterLab opens: the first page, no questions, nothing of the instructor's, nothing to save."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from browser.opened import IDLE, READY, opened
from playwright.sync_api import Page

from course.chapters import CHAPTERS

pytestmark = pytest.mark.browser

DIRTY = "() => window.jupyterapp.shell.currentWidget.context.model.dirty"
TOLD = "() => window.jupyterapp.shell.currentWidget.context.model.getMetadata('language_info')?.version"


@pytest.fixture(scope="module")
def course(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the course in it and an instructor's settings."""
    folder = tmp_path_factory.mktemp("quiet") / "course"
    shutil.copytree(root / "notebooks", folder / "notebooks")
    for name in ("nbgrader_config.py", "README.md"):
        shutil.copy(root / name, folder / name)
    return folder


def commands_of_nbgrader(page: Page) -> list[str]:
    listed: list[str] = page.evaluate("() => window.jupyterapp.commands.listCommands()")
    return [name for name in listed if name.startswith("nbgrader:")]


def test_a_learner_meets_the_first_page_and_nothing_else(course: Path, chromium: str) -> None:
    with opened(course, chromium) as page:
        page.wait_for_function(READY)
        page.wait_for_function(IDLE)
        shown = page.evaluate("() => window.jupyterapp.shell.currentWidget.context.path")
        assert shown == "work/00_start_here.ipynb"
        assert commands_of_nbgrader(page) == []
        assert "Nbgrader" not in page.locator(".lm-MenuBar-itemLabel").all_inner_texts()
        assert page.get_by_title("Nbgrader Create Assignment").count() == 0
        # The news question comes with the first answer of the server on news; there is no such answer.
        assert page.evaluate("() => document.querySelectorAll('.Toastify__toast').length") == 0
        page.wait_for_function(TOLD)
        assert page.evaluate(DIRTY) is False
        # The file browser stands in the copy: what the first page's map points at is in sight.
        for chapter in CHAPTERS:
            assert page.locator(".jp-DirListing-itemText", has_text=chapter.slug).count() == 1


def test_an_instructor_has_the_menu_and_the_formgrader(course: Path, chromium: str) -> None:
    with opened(course, chromium, "--instructor") as page:
        assert "nbgrader:open-formgrader" in commands_of_nbgrader(page)
        assert "Nbgrader" in page.locator(".lm-MenuBar-itemLabel").all_inner_texts()
