"""A learner's first half hour, and an instructor's look at a graded class, in a real JupyterLab."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from browser.lab import Notebook, browser_page, jupyterlab
from playwright.sync_api import Page, expect

from autograder.commands import commands_on_path
from autograder.observing.exercise import exercises_of
from autograder.sample import demo
from autograder.sample.learners import Answer, Submission

pytestmark = pytest.mark.browser

CHAPTER = "04_the_same_cnn_with_functional"
PATH = f"notebooks/{CHAPTER}/{CHAPTER}.ipynb"


def screenshot(page: Page, name: str, root: Path, tmp_path: Path) -> None:
    """Keep a picture of the page: for the docs with UPDATE_SCREENSHOTS=1, otherwise only for whoever looks."""
    folder = root / "docs" / "images" if os.environ.get("UPDATE_SCREENSHOTS") == "1" else tmp_path
    page.screenshot(path=folder / f"{name}.png")


def test_a_learner_runs_all_errs_reads_and_solves(page: Page, lab: str, root: Path, tmp_path: Path) -> None:
    notebook = Notebook(page, lab, PATH)
    notebook.run_all()
    panels = page.locator(".jp-OutputArea-output [role=group][aria-label^='Verdict on']")
    expect(panels).to_have_count(len(exercises_of("functional")))
    for panel in panels.all():
        expect(panel).to_contain_text("not attempted")

    wrong = "def linear(x, weight, bias=None):\n    return x @ weight + (0 if bias is None else bias)"
    notebook.write("def linear(", wrong)
    panel = notebook.run('check("linear", linear)')
    expect(panel).to_contain_text("This is what happens with: weight not transposed.")
    expect(panel).to_contain_text("0 of 3 points")
    expect(panel).to_contain_text("[[5., 11.]]")
    notebook.cell('check("linear", linear)')
    screenshot(page, "verdict", root, tmp_path)

    notebook.write("def linear(", wrong.replace("@ weight", "@ weight.T"))
    panel = notebook.run('check("linear", linear)')
    expect(panel).to_contain_text("solved")
    expect(panel).to_contain_text("3 of 3 points")

    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.get_by_role("button", name="Validate").click()
    dialog = page.locator(".jp-Dialog, dialog[open]")
    expect(dialog).to_contain_text("Validation Results", ignore_case=True)
    expect(dialog).to_contain_text('check("relu", relu)')
    expect(dialog).to_contain_text("relu not attempted: 0 of 2 points")
    expect(dialog).not_to_contain_text("Partial credit")
    expect(dialog).not_to_contain_text('check("linear", linear)')


def test_start_here_shows_that_all_works_and_what_is_solved(page: Page, lab: str) -> None:
    notebook = Notebook(page, lab, "notebooks/00_start_here.ipynb")
    notebook.run_all()
    expect(page.locator(".jp-OutputArea-output pre").first).to_contain_text("A first computation")
    expect(page.locator(".jp-OutputArea-output caption", has_text="exercises solved")).to_be_visible()
    expect(page.locator("caption").get_by_role("link", name="Exercise: ")).to_be_attached()
    expect(page.get_by_role("link", name="04 The same CNN with functions").nth(1)).to_be_attached()


def test_a_panel_is_readable_in_the_dark_theme(chromium: str, lab: str, root: Path, tmp_path: Path) -> None:
    with browser_page(chromium, dark=True) as page:
        notebook = Notebook(page, lab, PATH)
        page.evaluate("() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
        expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
        notebook.run("from autograder import check")
        notebook.write("def relu(", "def relu(x):\n    return x.abs()")
        panel = notebook.run('check("relu", relu)').locator("[role=group]")
        expect(panel).to_contain_text("absolute value")
        screenshot(page, "verdict_dark", root, tmp_path)
        for element in (panel, panel.get_by_text("Smallest case")):
            assert contrast(page, element) > 4.5


def contrast(page: Page, element: object) -> float:
    """The contrast of an element's text with the page behind it (WCAG 2: 4.5 is readable)."""
    script = """element => {
        const light = colour => {
            const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map(one => one / 255)
                .map(one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        let ground = element;
        while (/rgba\\(.*, 0\\)|transparent/.test(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
        const [text, behind] = [getComputedStyle(element).color, getComputedStyle(ground).backgroundColor].map(light);
        return (Math.max(text, behind) + 0.05) / (Math.min(text, behind) + 0.05);
    }"""
    return float(element.evaluate(script))  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def graded_class(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = demo.prepare(root, tmp_path_factory.mktemp("class") / "course")
    relu = Answer("def relu(x):\n    return x.abs()", 0, "absolute value")
    submission = Submission("emmy", CHAPTER, "one misconception", {"relu": relu}, rest="STUB")
    with commands_on_path():
        demo.release(folder, CHAPTER)
        demo.hand_in(folder, submission)
        [graded] = demo.grade_in_kernels(folder, [submission])
    assert not graded.wrong
    return folder


def test_the_formgrader_shows_a_graded_submission(page: Page, graded_class: Path, root: Path, tmp_path: Path) -> None:
    with jupyterlab(graded_class) as address:
        page.goto(f"{address}formgrader/manage_submissions/{CHAPTER}")
        row = page.get_by_role("row").filter(has_text="emmy")
        expect(row).to_contain_text("graded")
        page.goto(f"{address}formgrader/gradebook/{CHAPTER}/{CHAPTER}")
        page.get_by_role("link", name="Submission #1").click()
        shown = page.frame_locator("iframe") if page.locator("iframe").count() else page
        expect(shown.get_by_text("absolute value").first).to_be_visible()
