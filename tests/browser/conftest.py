"""The course as it is handed out, served by a real JupyterLab."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.lab import browser_page, jupyterlab
from playwright.sync_api import Page


@pytest.fixture(scope="session")
def course_folder(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the released notebooks and nbgrader's config, where a learner may write."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copytree(root / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    shutil.copy(root / "nbgrader_config.py", folder)
    return folder


@pytest.fixture(scope="session")
def lab(course_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab on the course."""
    with jupyterlab(course_folder, {"ONE_CNN_PROGRESS": str(tmp_path_factory.mktemp("progress"))}) as address:
        yield address


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    with browser_page(chromium) as page:
        yield page
