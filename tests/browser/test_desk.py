"""A learner's desk in a real JupyterLab: by keyboard, with nothing lost."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.lab import Notebook, browser_page, jupyterlab
from playwright.sync_api import Page, expect

from autograder.learner.contents import place_of

pytestmark = pytest.mark.browser

SLUG = "04_the_same_cnn_with_functional"
PATH = f"notebooks/{SLUG}/{SLUG}.ipynb"
CHECK = 'check("relu", relu)'
OWN = "def relu(x):\n    return x.abs()"


@pytest.fixture
def desk(root: Path, tmp_path: Path, chromium: str) -> Iterator[Page]:
    """A page, and a JupyterLab of its own on one chapter and its solutions."""
    for side in ("notebooks", "solutions"):
        shutil.copytree(root / side / SLUG, tmp_path / "course" / side / SLUG, ignore=shutil.ignore_patterns(".*"))
    progress = {"ONE_CNN_PROGRESS": str(tmp_path / "progress")}
    with jupyterlab(tmp_path / "course", progress) as address, browser_page(chromium) as page:
        Notebook(page, address, PATH).run("from autograder import check")
        yield page


class Open(Notebook):
    """The notebook that the page shows already."""

    def __init__(self, page: Page) -> None:
        self.page = page


def source(page: Page, text: str) -> list[str]:
    """The sources of the code cells that have ``text`` in them."""
    script = """text => window.jupyterapp.shell.currentWidget.content.widgets
        .map(cell => cell.model.sharedModel.getSource()).filter(source => source.includes(text))"""
    return list(page.evaluate(script, text))


def untouched(exercise: str) -> str:
    there = place_of(exercise)
    assert there is not None
    return there[1].stub


def test_try_reset_go_back_solve_compare_and_go_on(desk: Page) -> None:
    notebook = Open(desk)
    notebook.write("def relu(", OWN)
    panel = notebook.run(CHECK)
    expect(panel).to_contain_text("absolute value")

    # The folded line opens by keyboard alone.
    folded = panel.locator("summary")
    folded.focus()
    desk.keyboard.press("Enter")
    expect(panel).to_contain_text("The model answer is shown here once this is solved.")
    expect(panel).to_contain_text("relu(**case.inputs)")
    found = Axe().run(desk, context=".jp-OutputArea-output details").response["violations"]
    assert not [one["id"] for one in found if one["impact"] in ("serious", "critical")]

    expect(notebook.run(CHECK)).to_contain_text("Nothing has changed")

    notebook.write("def relu(", f'{OWN}\n\nfrom autograder import reset; reset("relu")')
    expect(notebook.cell("def relu(")).to_contain_text("is kept")
    assert source(desk, "def relu(") == [untouched("relu")]
    notebook.write("def relu(", f'{untouched("relu")}\nfrom autograder import reset; reset("relu", back=True)')
    expect(notebook.cell("def relu(")).to_contain_text("Your answer is put into this cell")
    assert source(desk, "def relu(") == [OWN]

    notebook.write("def relu(", "def relu(x):\n    return x * (x > 0)")
    panel = notebook.run(CHECK)
    expect(panel).to_contain_text("Since the try before: now right: values, gradients.")
    panel.locator("summary").first.click()
    panel.get_by_text("The model answer, beside yours").click()
    expect(panel).to_contain_text("Only the model answer has: clamp(). Only yours has: *.")

    panel.get_by_role("link", name="Exercise: linear (3 points)").click()
    heading = desk.get_by_role("heading", name="Exercise: linear")
    expect(heading).to_be_in_viewport()


def test_handing_in_gives_a_file_to_download_and_says_what_is_open(desk: Page) -> None:
    notebook = Open(desk)
    notebook.write("def relu(", "from autograder import handin; handin()")
    output = notebook.cell("handin()").locator(".jp-OutputArea-output").first
    expect(output).to_contain_text("relu: untouched")
    with desk.expect_download() as download:
        output.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == f"{SLUG}.zip"
