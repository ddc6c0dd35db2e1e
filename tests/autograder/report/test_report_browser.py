"""The page in Chromium: light, dark, on a phone and on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from autograder.report import write_report

pytestmark = pytest.mark.browser

SLUG = "04_the_same_cnn_with_functional"


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1200, "dark")])
def test_it_is_readable_by_everybody(
    browser: Browser, a_class: Callable[..., list[dict[str, Any]]], tmp_path: Path, scheme: Any, width: int
) -> None:
    html, _ = write_report(SLUG, a_class(30), tmp_path)
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(html.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == width, "nothing sticks out"
    found = Axe().run(page).response
    assert len(found["passes"]) > 15, "axe looked at the page"
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    assert said == []
    page.emulate_media(media="print")
    paper = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--paper')")
    assert paper == "#fff", "a dark page is printed light"
    context.close()
