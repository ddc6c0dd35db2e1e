"""What a learner sees when JupyterLab opens: the first page, no questions, nothing of the instructor's, nothing to save."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from browser.lab import PATIENCE, browser_page
from playwright.sync_api import Page

from course.chapters import CHAPTERS

pytestmark = pytest.mark.browser

RESTORED = "() => window.jupyterapp?.restored.then(() => true)"
READY = "() => window.jupyterapp?.shell.currentWidget?.context?.isReady"
IDLE = "() => window.jupyterapp.shell.currentWidget.sessionContext?.session?.kernel?.status === 'idle'"
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


@contextmanager
def opened(course: Path, chromium: str, *words: str) -> Iterator[Page]:
    """The page that `python -m autograder lab` opens, in an account that has no settings yet."""
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    account = {name: str(course.parent / name.lower()) for name in places}
    command = [sys.executable, "-m", "autograder", "lab", *words, "--no-browser", "--ServerApp.ip=127.0.0.1"]
    command += ["--ServerApp.port=0", "--IdentityProvider.token=", "--expose-app-in-browser"]
    with (course.parent / "said.txt").open("w+") as said:
        server = subprocess.Popen(command, cwd=course, env=os.environ | account, stderr=said, start_new_session=True)
        try:
            with browser_page(chromium) as page:
                page.goto(_address(server, Path(said.name)))
                page.wait_for_function(RESTORED)
                yield page
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait()


def _address(server: subprocess.Popen[bytes], said: Path) -> str:
    for _ in range(PATIENCE // 100):
        if found := re.search(r"http://127\.0\.0\.1:\S+", said.read_text()):
            return found.group()
        try:
            server.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        break
    raise RuntimeError("JupyterLab did not start:\n" + said.read_text())


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
