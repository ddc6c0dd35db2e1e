"""Every kind of panel in a page of its own: read by axe in both themes, enlarged, and with a very long word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from browser.lab import browser_page
from playwright.sync_api import Page

from autograder import check
from autograder.judging.verdict import Aspect, Finding, Status, Verdict

pytestmark = pytest.mark.browser

# JupyterLab's colours in both themes, as far as a panel asks for them.
THEMES = {
    "light": "--jp-ui-font-color1:#212121;--jp-ui-font-color2:#616161;--jp-layout-color1:#fff;--jp-layout-color2:#eee",
    "dark": "--jp-ui-font-color1:#fff;--jp-ui-font-color2:#bdbdbd;--jp-layout-color1:#111;--jp-layout-color2:#212121",
}
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


@pytest.fixture(scope="module")
def window(chromium: str) -> Iterator[Page]:
    with browser_page(chromium) as page:
        yield page


def show(page: Page, bodies: list[str], theme: str = "light") -> None:
    style = f":root{{{THEMES[theme]}}}body{{margin:8px;background:var(--jp-layout-color1)}}"
    page.set_content(
        f"<!doctype html><html lang=en><head><title>Panels</title><style>{style}</style></head>"
        f"<body><main><h1 style='color:var(--jp-ui-font-color1)'>Panels</h1>{'<br>'.join(bodies)}</main></body></html>"
    )


@pytest.mark.parametrize("theme", THEMES)
def test_every_kind_of_panel_is_accessible(window: Page, root: Path, theme: str) -> None:
    kept = sorted((root / "tests/autograder/judging/__snapshots__/test_panels").glob("*.html"))
    assert len(kept) > 40
    show(window, [path.read_text(encoding="utf-8") for path in kept], theme)
    said = Axe().run(window).response
    assert "color-contrast" in {one["id"] for one in said["passes"]}
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in said["violations"]] == []


def long_panel() -> str:
    return Verdict(
        LONG.lower(),
        f"{LONG.lower()}(x)",
        points=3,
        score=2.4,
        status=Status.PARTLY,
        aspects=(Aspect("values", True), Aspect(LONG, False)),
        misconception=LONG,
        says=f"{LONG} {LONG}",
        finding=Finding(LONG, tried=f"x = {LONG}", got=f"x: '{LONG}'", expected=LONG),
        note=LONG,
    )._repr_html_()


@pytest.mark.parametrize("width", [640, 320])
def test_a_panel_fits_when_it_is_enlarged_whatever_its_words(window: Page, root: Path, width: int) -> None:
    kept = (root / "tests/autograder/judging/__snapshots__/test_panels").glob("*.html")
    show(window, [long_panel(), *(path.read_text(encoding="utf-8") for path in kept)])
    window.set_viewport_size({"width": width, "height": 800})
    beyond = """width => [...document.querySelectorAll('main *')].filter(one => one.getBoundingClientRect().right > width + 1)
        .map(one => one.outerHTML.slice(0, 160))"""
    assert window.evaluate(beyond, width) == []


def test_what_does_not_hold_is_said_in_a_word_and_the_table_has_its_caption(window: Page) -> None:
    panel = long_panel()
    show(window, [panel])
    assert window.locator("li", has_text=LONG).inner_text() == f"✕ {LONG} not right"
    assert window.get_by_role("status").inner_text().endswith("2.4 of 3 points")
    assert window.locator("caption").inner_text() == f"Smallest case that shows it: {LONG}"
    assert not re.search(r"<(script|style)", panel)


@pytest.mark.parametrize("answer", [torch.relu, torch.abs, lambda x: None])
def test_a_panel_is_read_on_a_dark_page_that_knows_nothing_of_jupyter(
    window: Page, answer: Callable[[torch.Tensor], object]
) -> None:
    panel = check("relu", answer)._repr_html_()
    style = "body{background:#1e1e1e;color:#ccc}"  # as in VS Code and in Colab
    window.set_content(
        f"<!doctype html><html lang=en><head><title>Panel</title><style>{style}</style></head>"
        f"<body><main><h1>Panel</h1>{panel}</main></body></html>"
    )
    for folded in window.locator("details").all():
        folded.evaluate("node => { node.open = true }")
    said = Axe().run(window).response
    assert "color-contrast" in {one["id"] for one in said["passes"]}
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in said["violations"]] == []
