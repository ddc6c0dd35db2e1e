"""Where a widget is not alive its picture is: in a saved notebook under another kernel, and in an exported page."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.lab import Notebook, browser_page, jupyterlab
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

SOURCES = (
    "import torch\nfrom course import network\nfrom course.strides import explore",
    "explore(torch.arange(24).view(2, 3, 4))",
    "network.slide(torch.ones(4, 5), torch.ones(3, 3))",
)
ALIVE = ".one-cnn-alive"
STILL = ".one-cnn-still svg[role=img]"


def book() -> nbformat.NotebookNode:
    cells = [nbformat.v4.new_code_cell(source) for source in SOURCES]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


@pytest.fixture(scope="module")
def saved(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, str]]:
    """A page of a JupyterLab in which a notebook with two widgets was run and saved."""
    folder = tmp_path_factory.mktemp("still")
    nbformat.write(book(), folder / "still.ipynb")
    # Themes are chosen here: the settings of whoever runs the tests stay as they are.
    own = {"JUPYTERLAB_SETTINGS_DIR": str(tmp_path_factory.mktemp("settings"))}
    with jupyterlab(folder, own) as address, browser_page(chromium) as page:
        notebook = Notebook(page, address, "still.ipynb")
        notebook.run_all()
        expect(page.locator(ALIVE)).to_have_count(2)
        page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        yield page, address


def test_a_live_widget_stands_alone(saved: tuple[Page, str]) -> None:
    page, _ = saved
    for alive in page.locator(ALIVE).all():
        expect(alive).to_be_visible()
    expect(page.locator(STILL)).to_have_count(2)
    for still in page.locator(STILL).all():
        expect(still).to_be_hidden()


def test_the_slider_has_a_name_says_its_step_and_moves_with_the_keys(saved: tuple[Page, str]) -> None:
    page, _ = saved
    slider = page.get_by_role("slider", name="Step")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "Step 1 of 0 to 5: output[0, 1] = 9.000")
    expect(page.locator(f"{ALIVE} svg title", has_text="Output cell (0, 1)")).to_have_count(1)
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
        expect(page.locator(f'body[data-jp-theme-name="{theme}"]')).to_be_attached()
        said = Axe().run(page, context=ALIVE).response
        assert {"label", "color-contrast"} <= {one["id"] for one in said["passes"]}
        grave = [one for one in said["violations"] if one["impact"] in ("serious", "critical")]
        assert [(one["id"], one["nodes"][0]["html"]) for one in grave] == []


def test_a_saved_notebook_under_a_new_kernel_shows_the_pictures(saved: tuple[Page, str]) -> None:
    page, address = saved
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    Notebook(page, address, "still.ipynb")
    expect(page.locator(STILL)).to_have_count(2)
    for still in page.locator(STILL).all():
        expect(still).to_be_visible()
    errors = page.get_by_text("Error displaying widget")
    expect(errors).to_have_count(2)  # JupyterLab's own words: still said, and out of sight
    for error in errors.all():
        expect(error).to_be_hidden()


def test_an_exported_page_shows_the_pictures_without_flags_or_network(saved: tuple[Page, str], tmp_path: Path) -> None:
    nbformat.write(book(), tmp_path / "page.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--execute", "--to", "html", str(tmp_path / "page.ipynb")]
    subprocess.run(command, check=True, capture_output=True)
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "application/vnd.jupyter.widget-state+json" in html, "the state is kept: no flag was given"
    page = saved[0].context.browser.new_page()
    page.route("**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort())
    page.goto((tmp_path / "page.html").as_uri(), wait_until="domcontentloaded")
    expect(page.locator(STILL)).to_have_count(2)
    for still in page.locator(STILL).all():
        expect(still).to_be_visible()
    page.close()
