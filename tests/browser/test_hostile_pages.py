"""A submission that tries to run script in each kind of output and in Markdown, on every page that shows a learner's work."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import hostile_pages
import pytest
from browser.lab import jupyterlab
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from playwright.sync_api import Page, expect
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder import check
from autograder.grading.records import export
from autograder.report.write import write_report

pytestmark = pytest.mark.browser

CHAPTER = "04_the_same_cnn_with_functional"
LEARNER = "eve<img src=nowhere onerror=ran('folder')>"


@pytest.fixture(scope="module")
def hostile_class(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class of one, as grading leaves it: the gradebook, and the submission as it ran."""
    folder = tmp_path_factory.mktemp("class")
    shutil.copy(root / "nbgrader_config.py", folder)
    (folder / "classroom").mkdir()
    with Gradebook(f"sqlite:///{folder / 'classroom' / 'gradebook.db'}", "one_cnn_two_ways") as gradebook:
        gradebook.add_assignment(CHAPTER)
        gradebook.add_notebook(CHAPTER, CHAPTER)
        gradebook.add_grade_cell(hostile_pages.CHECK, CHAPTER, CHAPTER, max_score=2, cell_type="code")
        gradebook.add_student(LEARNER)
        gradebook.add_submission(CHAPTER, LEARNER)
    panel = check("relu", lambda x: x)._repr_html_()
    path = folder / "classroom" / "autograded" / LEARNER / CHAPTER / f"{CHAPTER}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(hostile_pages.notebook(panel)))
    (path.parent / "beside.html").write_text("<script>ran('beside')</script>")
    (folder / "source" / CHAPTER).mkdir(parents=True)
    return folder


@pytest.fixture
def ran(page: Page) -> Iterator[list[str]]:
    """What ran on the page, and what it asked the outside for; MathJax is not there."""
    seen: list[str] = []
    page.expose_function("ran", lambda kind: seen.append(str(kind)))
    page.on("dialog", lambda dialog: (seen.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda asked: seen.append(asked.url) if "sink.invalid" in asked.url else None)
    page.route("https://**", lambda route: route.abort())
    page.route("http://sink.invalid/**", lambda route: route.abort())
    yield seen


def config_of(folder: Path) -> Config:
    return Config(PyFileConfigLoader("nbgrader_config.py", str(folder)).load_config())


def by_nbgrader(folder: Path, config: Config) -> Path:
    """The page that plain ``nbgrader generate_feedback`` writes."""
    told = NbGraderAPI(CourseDirectory(config=config), config=config).generate_feedback(
        CHAPTER, student_id="*", force=True
    )
    assert told["success"], told
    return folder / "classroom" / "feedback" / LEARNER / CHAPTER / f"{CHAPTER}.html"


def use(page: Page) -> None:
    """Do what a reader does to a page: press whatever can be pressed in the submission, and wait until all is loaded."""
    page.wait_for_load_state("load")
    page.evaluate(
        """() => { for (const one of document.querySelectorAll('.rendered_html a, .rendered_html button, .rendered_html input')) {
            if (!/^https?:/.test(one.getAttribute('href') || '')) { one.focus?.(); for (const what of ['mouseover', 'click']) one.dispatchEvent(new MouseEvent(what, {bubbles: true, cancelable: true})) }
        } }"""
    )
    page.wait_for_load_state("networkidle")


def see_honest_work(page: Page) -> None:
    for text in hostile_pages.HONEST:
        expect(page.get_by_text(text).first).to_be_visible()
    cell = page.get_by_text("honest cell of a table").first
    assert cell.evaluate("one => getComputedStyle(one).backgroundColor") == "rgb(254, 232, 56)"
    panel = page.get_by_role("group", name="relu")
    expect(panel).to_contain_text("of 2 points")
    assert panel.evaluate("one => getComputedStyle(one).borderLeftWidth") == "5px"
    assert page.get_by_role("img", name="a drawing").first.bounding_box()["width"] == 240
    widths = page.locator(".output_png img, .output_svg img").evaluate_all("all => all.map(one => one.naturalWidth)")
    assert 5 in widths and 30 in widths
    expect(page.get_by_alt_text("words", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="outside")).to_have_attribute("href", "https://example.org")
    expect(page.get_by_text("ran('javascript')").first).to_be_visible()


def test_stock_nbgrader_would_run_it(page: Page, hostile_class: Path, ran: list[str]) -> None:
    """Otherwise the tests below would show nothing."""
    config = config_of(hostile_class)
    del config.HTMLExporter, config.GenerateFeedback
    path = hostile_class / "classroom" / "autograded" / LEARNER / CHAPTER / f"{CHAPTER}.ipynb"
    whole = path.read_text()
    try:
        readable = json.loads(whole)
        readable["cells"] = [one for one in readable["cells"] if "attachment:none" not in "".join(one["source"])]
        readable["cells"][-1]["execution_count"] = None  # these two stop stock nbgrader with a traceback
        path.write_text(json.dumps(readable))
        page.goto(by_nbgrader(hostile_class, config).as_uri())
        page.wait_for_load_state("load")
    finally:
        path.write_text(whole)
    assert {"html: script", "markdown: onerror", "html: frame of a document"} <= set(ran)


@pytest.mark.parametrize("command", ["autograder feedback", "nbgrader generate_feedback"])
def test_in_feedback_nothing_runs_and_honest_work_shows(
    page: Page, hostile_class: Path, ran: list[str], command: str, root: Path, tmp_path: Path
) -> None:
    if command == "autograder feedback":
        path = export.feedback(CHAPTER, hostile_class) / LEARNER / CHAPTER / f"{CHAPTER}.html"
    else:
        path = by_nbgrader(hostile_class, config_of(hostile_class))
    page.goto(path.as_uri())
    use(page)
    assert ran == []
    assert page.title() == CHAPTER
    see_honest_work(page)
    page.evaluate(
        "() => { const one = document.createElement('script'); one.text = 'ran(5)'; document.body.append(one) }"
    )
    assert ran == [], "the page's policy lets no script in the page run"


def test_in_the_formgrader_nothing_runs_and_honest_work_shows(page: Page, hostile_class: Path, ran: list[str]) -> None:
    with jupyterlab(hostile_class) as address:
        for place in (
            "manage_assignments",
            f"manage_submissions/{CHAPTER}",
            "manage_students",
            f"gradebook/{CHAPTER}/{CHAPTER}",
        ):
            page.goto(f"{address}formgrader/{place}")
            use(page)
        page.get_by_role("link", name="Submission #1").click()
        use(page)
        assert ran == []
        see_honest_work(page)
        expect(page.locator(f"#{hostile_pages.CHECK}")).to_have_count(1)
        page.locator(".name-hidden .glyphicon, .glyphicon.name-hidden").first.click()
        expect(page.locator("a.name-shown")).to_contain_text(LEARNER)
        assert ran == []


def test_in_the_report_nothing_runs(page: Page, hostile_class: Path, ran: list[str], tmp_path: Path) -> None:
    said = "<img src=nowhere onerror=ran('report')>"
    one = {"student": LEARNER, "status": "unreadable", "points": 0, "of": 2, "note": said, "exercises": []}
    path, _ = write_report(CHAPTER, [one], tmp_path, title=said)
    page.goto(path.as_uri())
    page.wait_for_load_state("networkidle")
    expect(page.locator("h1")).to_contain_text(said)
    expect(page.get_by_text(LEARNER).first).to_be_visible()
    assert ran == []
