"""The stride explorer as a person uses it: in a real JupyterLab, by pointer, by keys, in both themes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.lab import Notebook, browser_page, jupyterlab
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

CELLS = (
    "import torch\nfrom course.strides import compare, explore\nx = torch.arange(24).view(2, 3, 4)",
    "explorer = explore(x)\nexplorer",
    "compare(x[:, ::2], x.view(6, 4).t())",
    "explore('zeros(3, 40, 50).permute(1, 2, 0)')",
)


@pytest.fixture(scope="module")
def desk(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One page with a notebook of explorers on it, every cell run; every test sets the first one back."""
    folder = tmp_path_factory.mktemp("strides")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, folder / "strides.ipynb")
    # Themes are chosen here: the settings of whoever runs the tests stay as they are.
    own = {"JUPYTERLAB_SETTINGS_DIR": str(tmp_path_factory.mktemp("settings"))}
    with jupyterlab(folder, own) as address, browser_page(chromium) as page:
        page.set_viewport_size({"width": 1280, "height": 1100})
        notebook = Notebook(page, address, "strides.ipynb")
        page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
        notebook.run_all()
        expect(page.locator(".strides")).to_have_count(2)
        yield page


@pytest.fixture
def explorer(desk: Page) -> Locator:
    """The explorer on ``x``, without a history, in the light theme."""
    widget = desk.locator(".strides").first
    run(widget, "arange(24).view(2, 3, 4)")
    expect(widget.locator(".code")).to_have_text("torch.arange(24).view(2, 3, 4)")
    return widget


@pytest.fixture
def pictures(root: Path, tmp_path: Path) -> Path:
    """Where screenshots go: into the docs when UPDATE_SCREENSHOTS=1 asks for it."""
    return root / "docs" / "images" if os.environ.get("UPDATE_SCREENSHOTS") == "1" else tmp_path


def run(widget: Locator, chain: str) -> None:
    field = widget.get_by_label("Operations", exact=True)
    field.fill(chain)
    field.press("Enter")


def element(widget: Locator, *index: int) -> Locator:
    return widget.locator(f'[data-index="{",".join(map(str, index))}"]')


def slot(widget: Locator, number: int) -> Locator:
    return widget.locator(f'[data-slot="{number}"]')


def test_pointing_at_an_element_lights_its_slot_and_works_it_out(explorer: Locator) -> None:
    element(explorer, 1, 0, 2).hover()
    expect(slot(explorer, 14)).to_have_class(re.compile("here"))
    expect(explorer.locator(".where")).to_contain_text("Where is [1, 0, 2]?")
    expect(explorer.locator(".sum")).to_contain_text("= slot 14")


def test_pointing_away_goes_back_to_the_focus(explorer: Locator) -> None:
    element(explorer, 0, 0, 3).click()
    element(explorer, 1, 0, 2).hover()
    explorer.locator(".code").hover()
    expect(explorer.locator(".where")).to_contain_text("Where is [0, 0, 3]?")


def test_pointing_at_a_slot_lights_every_element_in_it(explorer: Locator) -> None:
    run(explorer, "arange(8).unfold(0, 4, 2)")
    slot(explorer, 2).hover()
    for index in ((0, 2), (1, 0)):
        expect(element(explorer, *index)).to_have_class(re.compile("shared"))
    expect(explorer.locator(".where")).to_contain_text("2 elements share this slot: [0, 2], [1, 0].")
    expect(explorer.locator(".badges")).to_contain_text("⚠ elements overlap")


def test_pointing_needs_no_kernel(explorer: Locator) -> None:
    run(explorer, "arange(512).view(16, 32)")
    element(explorer, 15, 31).wait_for()
    sent = """async widget => {
        const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
        let messages = 0;
        const count = () => { messages += 1; };
        kernel.anyMessage.connect(count);
        const frame = () => new Promise(requestAnimationFrame);
        let late = 0;
        for (let slot = 0; slot < 512; slot += 17) {
            const cell = widget.querySelector(`[data-index="${Math.floor(slot / 32)},${slot % 32}"]`);
            cell.dispatchEvent(new PointerEvent('pointerover', { bubbles: true, pointerType: 'mouse', clientX: slot }));
            await frame();
            if (Number(widget.querySelector('[data-slot].here').dataset.slot) !== slot) late += 1;
        }
        kernel.anyMessage.disconnect(count);
        return [messages, late];
    }"""
    assert explorer.evaluate(sent) == [0, 0], "by the next frame the slot is lit, without a message to the kernel"


def test_a_touch_moves_the_focus(explorer: Locator) -> None:
    element(explorer, 0, 2, 1).dispatch_event("pointerover", {"pointerType": "touch"})
    element(explorer, 0, 2, 1).dispatch_event("click")
    expect(slot(explorer, 9)).to_have_class(re.compile("here"))
    expect(element(explorer, 0, 2, 1)).to_be_focused()


def test_arrow_keys_walk_through_the_tensor_and_the_storage(explorer: Locator, desk: Page) -> None:
    element(explorer, 0, 0, 3).click()
    for key, index in (
        ("ArrowRight", (0, 1, 0)),
        ("ArrowDown", (0, 2, 0)),
        ("ArrowDown", (1, 0, 0)),
        ("PageUp", (0, 0, 0)),
        ("End", (0, 0, 3)),
        ("Control+End", (1, 2, 3)),
        ("ArrowRight", (1, 2, 3)),
        ("ArrowUp", (1, 1, 3)),
    ):
        desk.keyboard.press(key)
        expect(element(explorer, *index)).to_be_focused()
    expect(explorer.locator(".live")).to_have_text("Element [1, 1, 3] is in slot 19: 0 + 1·12 + 1·4 + 3·1 = 19.")
    desk.keyboard.press("Tab")
    expect(slot(explorer, 19)).to_be_focused()
    desk.keyboard.press("ArrowLeft")
    expect(slot(explorer, 18)).to_be_focused()
    desk.keyboard.press("Enter")
    expect(element(explorer, 1, 1, 2)).to_be_focused()


def test_there_is_one_stop_for_tab_in_the_tensor_and_one_in_the_storage(explorer: Locator) -> None:
    expect(explorer.locator('[data-index][tabindex="0"]')).to_have_count(1)
    expect(explorer.locator('[data-slot][tabindex="0"]')).to_have_count(1)


def test_a_typed_chain_is_marked_step_by_step(explorer: Locator) -> None:
    run(explorer, "[:, ::2].transpose(0, 1).flip(2)")
    expect(explorer.locator(".history button")).to_have_count(5)
    marks = ["● tensor · (24,)", "⇄ view · (2, 3, 4)", "⇄ view · (2, 2, 4)", "⇄ view · (2, 2, 4)", "❐ copy · (2, 2, 4)"]
    expect(explorer.locator(".history span")).to_have_text(marks)
    expect(explorer.get_by_label("Operations", exact=True)).to_have_value("")
    expect(explorer.locator(".badges")).to_contain_text("❐ own storage")


def test_a_view_that_cannot_be_is_explained_and_can_be_undone(explorer: Locator, pictures: Path) -> None:
    run(explorer, "[:, ::2].transpose(0, 1).view(4, 4)")
    why = explorer.get_by_role("alert")
    expect(why).to_contain_text("dimensions 0 and 1 cannot merge: stride 8 ≠ 2 × 12")
    expect(why).to_contain_text("reshape(4, 4) would copy 16 elements")
    field = explorer.get_by_label("Operations", exact=True).bounding_box()
    said = why.bounding_box()
    assert field and said and 0 < said["y"] - field["y"] - field["height"] < 40, "right below the field"
    expect(explorer.locator(".history .error")).to_contain_text("✕ error")
    expect(explorer.locator(".code")).to_have_text("torch.arange(24).view(2, 3, 4)[:, ::2].transpose(0, 1)")
    expect(explorer.get_by_label("Operations", exact=True)).to_have_value(".view(4, 4)")
    element(explorer, 1, 0, 2).click()
    explorer.screenshot(path=pictures / "explorer-light.png")
    explorer.get_by_role("button", name="Undo").click()
    expect(explorer.locator(".code")).to_have_text("torch.arange(24).view(2, 3, 4)")
    expect(explorer.locator(".history button")).to_have_count(2)


def test_what_is_no_chain_is_refused_beside_the_field(explorer: Locator) -> None:
    run(explorer, "__import__('os')")
    expect(explorer.get_by_role("alert")).to_contain_text("__import__('os') is refused at position 0")
    expect(explorer.locator(".history button")).to_have_count(2)


def test_the_newest_reason_stands_alone(explorer: Locator) -> None:
    run(explorer, ".transpose(0, 1).view(24)")
    expect(explorer.get_by_role("alert")).to_contain_text("cannot merge")
    run(explorer, ".sum()")
    expect(explorer.get_by_role("alert")).to_have_text(
        ".sum is refused at position 1: that computes new numbers; here are only layouts"
    )
    run(explorer, ".t()")
    expect(explorer.get_by_role("alert")).to_contain_text("t() takes 2 at most")
    expect(explorer.get_by_role("alert")).not_to_contain_text("sum")
    run(explorer, ".view(-1)")
    run(explorer, ".reshape(-1)")
    expect(explorer.locator(".failed")).to_be_empty()


def test_an_operation_is_clicked_and_a_stage_gone_back_to(explorer: Locator) -> None:
    explorer.get_by_role("button", name=".transpose(0, 1)", exact=True).click()
    expect(explorer.locator(".badges")).to_contain_text("shape (3, 2, 4)")
    explorer.locator(".history button").nth(1).click()
    expect(explorer.locator(".badges")).to_contain_text("shape (2, 3, 4)")
    expect(explorer.locator(".history button")).to_have_count(3)


def test_the_code_is_copied(explorer: Locator, desk: Page) -> None:
    desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    run(explorer, ".permute(2, 0, 1)")
    expect(explorer.locator(".code")).to_contain_text("permute")
    explorer.get_by_role("button", name="Copy code").click()
    expect(explorer.get_by_role("button", name="✓ Copied")).to_be_visible()
    assert desk.evaluate("navigator.clipboard.readText()") == "torch.arange(24).view(2, 3, 4).permute(2, 0, 1)"


def test_what_is_out_of_sight_comes_into_sight_with_the_keys(desk: Page) -> None:
    large = desk.locator(".strides").nth(1)
    expect(large.locator(".elements-words")).to_have_text("6,000 elements · shown here: [0:10, 0:8, 0:3]")
    element(large, 0, 7, 2).click()
    desk.keyboard.press("ArrowDown")
    expect(element(large, 0, 8, 2)).to_be_focused()
    expect(slot(large, 4008)).to_have_class(re.compile("here"))
    slot(large, 4008).click()
    desk.keyboard.press("PageDown")
    expect(slot(large, 4136)).to_be_focused()


def test_compare_shows_two_tensors_over_one_storage(desk: Page, pictures: Path) -> None:
    picture = desk.locator(".jp-OutputArea-output svg[role=img]:visible").first
    picture.scroll_into_view_if_needed()
    expect(desk.locator("svg title", has_text="a beside b")).to_have_count(1)
    picture.screenshot(path=pictures / "compare.png")


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_both_themes_are_accessible(explorer: Locator, desk: Page, theme: str, pictures: Path) -> None:
    choose = "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })"
    desk.evaluate(choose, theme)
    expect(desk.locator(f'body[data-jp-theme-name="{theme}"]')).to_be_attached()
    run(explorer, "[:, 1].unsqueeze(1).expand(2, 2, 4).view(16)")
    explorer.locator(".failed p").first.wait_for()
    element(explorer, 1, 0, 2).click()
    try:
        said = Axe().run(desk, context=".strides").response
        if theme == "JupyterLab Dark":
            explorer.screenshot(path=pictures / "explorer-dark.png")
            ground = explorer.evaluate("node => getComputedStyle(node).backgroundColor")
            assert max(map(int, re.findall(r"\d+", ground)[:3])) < 60, "the ground follows the dark theme"
    finally:
        desk.evaluate(choose, "JupyterLab Light")
    assert {"color-contrast", "aria-required-children"} <= {one["id"] for one in said["passes"]}, (
        "axe looked at the widget"
    )
    grave = [one for one in said["violations"] if one["impact"] in ("serious", "critical")]
    assert [(one["id"], one["nodes"][0]["html"]) for one in grave] == []


def test_nothing_moves_where_no_motion_is_asked_for(explorer: Locator, desk: Page) -> None:
    desk.emulate_media(reduced_motion="reduce")
    assert element(explorer, 0, 0, 0).evaluate("node => getComputedStyle(node).transitionDuration") == "0s"
    desk.emulate_media(reduced_motion="no-preference")


def test_the_saved_notebook_holds_the_picture_too(desk: Page) -> None:
    still, alive = desk.evaluate(
        "() => window.jupyterapp.shell.currentWidget.content.widgets[1].model.sharedModel.toJSON().outputs.map(o => o.data)"
    )
    assert set(still) == {"text/html", "image/svg+xml", "text/plain"}
    assert "x and its storage" in "".join(still["image/svg+xml"])
    assert set(alive) == {"application/vnd.jupyter.widget-view+json"}
