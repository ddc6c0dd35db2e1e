"""The pages as a reader has them: from a disk, without a network, in both themes, enlarged, and by keyboard."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.lab import browser_page
from playwright.sync_api import Locator, Page, expect

from autograder.authoring.site import build_site
from autograder.authoring.site.answers import is_answer

pytestmark = pytest.mark.browser

CHAPTERS = ("00_start_here", "01_storage_and_strides", "07_train_and_eval")
NAMES = ("index", "explorer", *CHAPTERS)


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    build_site(folder, root, CHAPTERS, "https://example.org/course")
    return folder


@pytest.fixture(scope="module")
def window(chromium: str) -> Iterator[Page]:
    with browser_page(chromium) as page:
        yield page


@pytest.fixture
def reader(window: Page) -> Iterator[Page]:
    """A page that fails the test for each request to anywhere but the disk, and for each error of a script."""
    page, wrong = window.context.browser.new_page(viewport={"width": 1280, "height": 900}), []
    page.on("request", lambda one: one.url.startswith(("file:", "data:")) or wrong.append(one.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    page.close()
    assert wrong == []


def opened(page: Page, site: Path, name: str, end: str = "") -> Page:
    page.goto(f"{(site / f'{name}.html').as_uri()}{end}")
    return page


@pytest.mark.parametrize("name", NAMES)
def test_a_page_says_what_it_is_and_every_link_leads_somewhere(reader: Page, site: Path, name: str) -> None:
    opened(reader, site, name)
    assert reader.locator("html").get_attribute("lang") == "en"
    assert "One CNN, Two Ways" in reader.title()
    assert len(reader.locator("meta[name=description]").get_attribute("content") or "") > 40
    end = "" if name == "index" else f"{name}.html"
    assert reader.locator("link[rel=canonical]").get_attribute("href") == f"https://example.org/course/{end}"
    expect(reader.locator("h1")).to_have_count(1)
    assert f"<loc>https://example.org/course/{end}</loc>" in (site / "sitemap.xml").read_text()
    built = {f"{one}.html" for one in NAMES}
    for link in reader.locator("a[href]").all():
        href = link.get_attribute("href") or ""
        page, _, _ = href.partition("#")
        known = page in built or re.fullmatch(r"\d\d_\w+\.html", page)  # chapters that this test does not build
        assert not page or page.startswith("https://") or known, href


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_is_accessible(reader: Page, site: Path, name: str, scheme: str) -> None:
    reader.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    opened(reader, site, name)
    for hint in reader.locator("details").all():
        hint.evaluate("node => { node.open = true; }")
    said = Axe().run(reader).response
    assert {"color-contrast", "document-title", "html-has-lang"} <= {one["id"] for one in said["passes"]}
    grave = [one for one in said["violations"] if one["impact"] in ("serious", "critical")]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"]][:3]) for one in grave] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_page_fits_when_it_is_enlarged_or_narrow(reader: Page, site: Path, name: str) -> None:
    opened(reader, site, name)
    long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    reader.evaluate("word => { document.querySelector('main p').append(' ' + word); }", long)
    for width in (640, 320):  # 1280 at 200 %, and the narrowest that WCAG speaks of
        reader.set_viewport_size({"width": width, "height": 800})
        assert reader.evaluate("document.documentElement.scrollWidth") <= width


def test_no_model_answer_comes_near_a_page(root: Path, site: Path) -> None:
    for name in CHAPTERS[1:]:
        page = (site / f"{name}.html").read_text(encoding="utf-8")
        text = re.sub(r"<[^>]+>", "", page)
        solved = nbformat.read(root / "solutions" / name / f"{name}.ipynb", as_version=4)
        handed = nbformat.read(root / "notebooks" / name / f"{name}.ipynb", as_version=4)
        known = "\n".join(cell.source for cell in handed.cells)  # hints come near the line
        lines = [line.strip() for cell in solved.cells if is_answer(cell) for line in cell.source.splitlines()]
        secret = {line for line in lines if len(line) > 25 and line not in known and not line.startswith("#")}
        assert len(secret) > 10
        assert [line for line in secret if line in text] == []


def test_a_page_shows_pictures_hints_and_stubs(reader: Page, site: Path, root: Path) -> None:
    opened(reader, site, "01_storage_and_strides")
    assert reader.locator(".output svg[role=img]").count() >= 4
    assert reader.locator("details summary", has_text="Hint 1").count() >= 5
    expect(reader.locator(".answer").first).to_contain_text("YOUR CODE HERE")
    expect(reader.locator(".check .output, .answer .output")).to_have_count(0)
    assert str(root) not in reader.content()


def test_the_formula_of_chapter_07_is_drawn_without_a_script(reader: Page, site: Path) -> None:
    opened(reader, site, "07_train_and_eval")
    expect(reader.locator("math")).to_contain_text("momentum")


@pytest.fixture
def explorer(reader: Page, site: Path) -> Locator:
    return opened(reader, site, "explorer").locator(".strides")


def run(widget: Locator, chain: str) -> None:
    field = widget.get_by_label("Operations", exact=True)
    field.fill(chain)
    field.press("Enter")


def test_an_explorer_of_a_lesson_lives_in_the_page(reader: Page, site: Path) -> None:
    widget = opened(reader, site, "01_storage_and_strides").locator(".strides").first
    expect(widget.locator(".code")).to_have_text("x")
    run(widget, "[:, ::2].transpose(0, 1).view(4, 4)")
    expect(widget.get_by_role("alert")).to_contain_text("dimensions 0 and 1 cannot merge: stride 8 ≠ 2 × 12")
    widget.locator('[data-index="1,0,2"]').click()
    expect(widget.locator(".where")).to_contain_text("Where is [1, 0, 2]?")


def test_what_is_looked_at_stands_in_the_address_and_a_link_shows_it(
    explorer: Locator, reader: Page, site: Path
) -> None:
    run(explorer, ".permute(2, 0, 1)[::2]")
    explorer.locator('[data-index="1,0,2"]').click()
    end = reader.evaluate("location.hash")
    assert unquote(end.replace("+", " ")) == "#chain=torch.arange(24).view(2, 3, 4).permute(2, 0, 1)[::2]&at=1,0,2"
    run(explorer, ".view(-1)")
    failed = reader.evaluate("location.hash")
    for link, focus, code in ((end, "[1, 0, 2]", "[::2]"), (failed, "[1, 0, 2]", "[::2]")):
        reader.goto("about:blank")
        opened(reader, site, "explorer", link)
        expect(explorer.locator(".where")).to_contain_text(f"Where is {focus}?")
        expect(explorer.locator(".code")).to_have_text(f"torch.arange(24).view(2, 3, 4).permute(2, 0, 1){code}")
    expect(explorer.get_by_role("alert")).to_contain_text(".view(-1) cannot be done")


def test_any_size_stride_and_offset_can_be_given(explorer: Locator, reader: Page) -> None:
    for label, words in (("Slots", "7"), ("Size", "3,3"), ("Stride", "(1, 2)"), ("Offset", "0")):
        reader.get_by_label(label, exact=True).fill(words)
    reader.get_by_role("button", name="Show this layout").click()
    expect(explorer.locator(".badges")).to_contain_text("⚠ elements overlap")
    reader.get_by_label("Offset", exact=True).fill("5")
    reader.keyboard.press("Enter")
    expect(explorer.get_by_role("alert")).to_contain_text("element (2, 2) would lie in slot 11")
    reader.get_by_label("Offset", exact=True).fill("five")
    reader.keyboard.press("Enter")
    expect(reader.locator("[data-explorer-said]")).to_contain_text("only whole numbers, written out, can stand here")


def test_an_address_that_cannot_be_read_is_told_and_leaves_an_explorer(reader: Page, site: Path) -> None:
    opened(reader, site, "explorer", "#chain=alert(1)&at=0")
    expect(reader.locator("[data-explorer-said]")).to_contain_text(
        "The chain in the address is refused: alert(1) is refused"
    )
    expect(reader.locator(".strides .code")).to_have_text("torch.arange(24).view(2, 3, 4)")


def test_what_an_address_holds_is_text_and_never_markup(reader: Page, site: Path) -> None:
    opened(reader, site, "explorer", "#chain=arange(4)%3Cimg%20src=x%20onerror=window.hit=1%3E")
    expect(reader.locator("[data-explorer-said]")).to_contain_text("<img")
    assert reader.evaluate("window.hit === undefined && !document.querySelector('main img')")


def test_without_scripts_there_is_the_picture(window: Page, site: Path) -> None:
    context = window.context.browser.new_context(java_script_enabled=False)
    page = context.new_page()
    opened(page, site, "01_storage_and_strides")
    stored = page.locator("[data-explorer]").first
    assert json.loads(stored.get_attribute("data-explorer") or "")["size"] == [2, 3, 4]
    expect(stored.locator("svg[role=img]")).to_be_visible()
    context.close()


def test_all_is_reached_by_keyboard(reader: Page, site: Path) -> None:
    opened(reader, site, "explorer")
    reader.keyboard.press("Tab")
    expect(reader.get_by_role("link", name="To the text")).to_be_focused()
    reader.keyboard.press("Enter")
    expect(reader.locator("main")).to_be_focused()
    seen = set()
    for _ in range(40):
        reader.keyboard.press("Tab")
        seen.add(
            reader.evaluate(
                "document.activeElement.getAttribute('name') || document.activeElement.getAttribute('role') || document.activeElement.className || document.activeElement.tagName"
            )
        )
    assert {"slots", "size", "stride", "offset", "copy", "undo", "gridcell"} <= seen
