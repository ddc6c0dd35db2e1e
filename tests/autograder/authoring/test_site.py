"""Which cells run for a page and which wait for an answer, and what the pages hold."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.authoring.site import SiteError
from autograder.authoring.site.answers import needing_answers
from autograder.authoring.site.cells import cells_to_html, has_explorer
from autograder.authoring.site.folder import _site_map, pages
from autograder.authoring.site.running import run

STUB = {"nbgrader": {"solution": True, "grade": False, "grade_id": "f"}}
CHECK = {"nbgrader": {"solution": False, "grade": True, "grade_id": "check_f"}}


def book(*cells: object) -> nbformat.NotebookNode:
    return new_notebook(
        cells=list(cells),
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )


@pytest.mark.parametrize(
    ("source", "waits"),
    [
        ("f(2)", True),
        ("y = f(2)", True),
        ("def g(x): return f(x)", True),
        ("class G:\n    call = f", True),
        ("[f(x) for x in range(3)]", True),
        ("check('f', f)", True),
        ("progress()", True),
        ("from autograder.progress import folder\nprint(folder())", True),
        ("from autograder import check", False),
        ("import f", False),
        ("print('f')", False),
        ("x.f()", False),
        ("f = len", False),
    ],
)
def test_a_cell_waits_when_it_reads_a_name_that_an_answer_binds(source: str, waits: bool) -> None:
    stub, cell = new_code_cell("def f(x):\n    raise NotImplementedError()", metadata=STUB), new_code_cell(source)
    assert needing_answers([stub, cell]) == (frozenset({cell.id}) if waits else frozenset())


def test_what_is_made_with_an_answer_waits_too_until_it_is_bound_anew() -> None:
    texts = ("y = f(1)", "y += 1", "def g(): return y", "g()", "y = 3", "y")
    cells = [new_code_cell(text) for text in texts]
    waiting = needing_answers([new_code_cell("f = None", metadata=STUB), *cells])
    assert [cell.source for cell in cells if cell.id in waiting] == list(texts[:4])


def test_a_notebook_runs_without_its_answers(tmp_path: Path) -> None:
    cells = (
        new_code_cell("print('shown')"),
        new_code_cell("print('a stub shows nothing')\ndef f(x):\n    raise NotImplementedError()", metadata=STUB),
        new_code_cell("check('f', f)", metadata=CHECK),
        new_code_cell("f(1)"),
    )
    whole = book(*cells)
    left_out = run(whole, tmp_path)
    assert left_out == {cells[2].id, cells[3].id}
    assert [cell.source for cell in whole.cells] == [cell.source for cell in cells]
    assert [len(cell.outputs) for cell in whole.cells] == [1, 0, 0, 0]
    page = cells_to_html(whole, left_out)
    assert "shown\n" in page
    assert page.count("This cell uses answers of yours") == 1
    assert page.count("For you to write") == page.count("The check") == 1
    assert not has_explorer(page)


def test_widgets_give_way_to_their_pictures_and_explorers_are_written_down(tmp_path: Path) -> None:
    whole = book(
        new_code_cell("import torch\nfrom course import network\nfrom course.strides import explore"),
        new_code_cell("explore(torch.arange(6).view(2, 3).t(), name='turned')"),
        new_code_cell("network.slide(torch.ones(4, 5), torch.ones(3, 3))"),
    )
    page = cells_to_html(whole, run(whole, tmp_path))
    assert has_explorer(page)
    (place,) = BeautifulSoup(page, "html.parser").select("[data-explorer]")
    begun = json.loads(place["data-explorer"])
    assert (begun["name"], begun["size"], begun["stride"]) == ("turned", [3, 2], [1, 3])
    assert page.count("<svg ") == 2
    assert page.count("it moves in the notebook") == 1
    assert "widget-view" not in page


def test_a_cell_that_fails_without_needing_an_answer_is_told(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match=r"a cell fails that needs no answer(.|\n)*ZeroDivisionError"):
        run(book(new_code_cell("1 / 0")), tmp_path)


def test_words_keep_their_hints_links_and_formulas() -> None:
    text = (
        "# Title\n\n[next](../02_views_and_copies/02_views_and_copies.ipynb#strides), [all](../00_start_here.ipynb)\n\n"
        "<details><summary>Hint 1</summary>\n\nTry `t`.\n\n</details>\n\n$$a \\leftarrow b$$\n"
    )
    page = cells_to_html(book(new_markdown_cell(text)), frozenset())
    assert 'href="02_views_and_copies.html#strides"' in page
    assert 'href="00_start_here.html"' in page
    assert re.search(r"<details><summary>Hint 1</summary>\s*<p>Try <code>t</code>.</p>\s*</details>", page)
    assert "<math" in page
    assert "$$" not in page


def test_there_is_a_page_for_each_notebook(root: Path) -> None:
    assert sorted(page.name for page in pages()) == sorted(path.stem for path in root.glob("notebooks/**/*.ipynb"))


def test_the_site_map_has_whole_addresses() -> None:
    assert "<loc>https://example.org/a&amp;b/explorer.html</loc>" in _site_map(
        "https://example.org/a&b/", ["explorer.html"]
    )
