"""The page: whole, well formed, with everybody and everything on it, and nobody's words taken for markup."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from autograder.judging.reference import load
from autograder.observing.exercise import exercises_of, find
from autograder.plain import plain
from autograder.report import write_report
from autograder.report.learner import read_learners
from autograder.report.numbers import misconceptions

Results = Callable[..., list[dict[str, Any]]]
One = Callable[..., dict[str, Any]]

SLUG = "04_the_same_cnn_with_functional"
VOID = {"meta", "link", "wbr", "br"}  # never closed


class Reader(HTMLParser):
    """Reads a page strictly: every element closed in order; keeps texts, ids, links, tags and attributes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.cells: list[list[str]] = []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._see(tag, attrs)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._see(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self.cells[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.texts.append(data)
        if {"td", "th"} & set(self.open):
            self.cells[-1][-1] += data

    def _see(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if tag == "a" and name == "href":
                self.links.append(value or "")

    @property
    def text(self) -> str:
        """All text, with each run of blanks as one."""
        return " ".join("".join(self.texts).split())

    @property
    def rows(self) -> list[list[str]]:
        """The rows of all tables, cell by cell."""
        return [[" ".join(cell.split()) for cell in row] for row in self.cells]


def read(path: Path) -> Reader:
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def sound() -> Callable[[Reader], None]:
    """What holds of every page."""

    def look(page: Reader) -> None:
        assert not {"script", "iframe", "img", "link", "i"} & set(page.tags)
        assert not [name for name in page.attributes if name.startswith("on")]
        assert len(page.ids) == len(set(page.ids))
        assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
        assert not [link for link in page.links if ":" in link]

    return look


def test_everybody_and_everything_is_on_it(a_class: Results, tmp_path: Path, sound: Callable[[Reader], None]) -> None:
    results = a_class(30)
    html, _ = write_report(SLUG, results, tmp_path)
    page = read(html)
    sound(page)
    rows = {row[0]: row for row in page.rows if row}
    for one in results:
        name = " ".join(plain(one["student"]).split())
        assert one["status"] in rows[name][1]
        assert [one["status"] in cell for one, cell in zip(one["exercises"], rows[name][3:], strict=True)] == [True] * 7
        assert " ".join(one["note"].split()) in rows[name][1]
    for exercise in exercises_of("functional"):
        assert rows[exercise.id][1].count(" of ") == 1
    held = misconceptions(read_learners(results))
    assert len(held) > 5
    for one in held:
        known = {misconception.name: misconception.says for misconception in load(find(one.exercise)).misconceptions}
        assert f"{one.name} in {one.exercise}" in page.text
        assert " ".join(known[one.name].split()) in page.text
        who = ", ".join(" ".join(plain(name).split()) for name in one.students)
        assert who in page.text.replace(" ,", ",")
    for status, count in Counter(one["status"] for one in results).items():
        assert re.search(rf"\b{count} \S+ {status}\b", page.text)


def test_other_peoples_words_are_only_words(
    a_class: Results, tmp_path: Path, hostile: tuple[str, ...], sound: Callable[[Reader], None]
) -> None:
    results = a_class(30)
    results[0]["exercises"][0] |= {"exercise": "<b>$x_1$</b>", "misconception": "<script>1</script>"}
    results[1]["note"] = "<script>2</script>"
    html, _ = write_report(SLUG, results, tmp_path, title="<script>3</script>")
    page = read(html)
    sound(page)
    for word in ("<script>1</script>", "<script>2</script>", "<script>3</script>", "<b>$x_1$</b>"):
        assert word in page.text
    first_cells = [row[0] for row in page.rows if row]
    for name in hostile:
        assert plain(name).strip() in first_cells
    assert "\u202e" not in page.text


def test_pictures_say_in_words_what_they_show(result: One, tmp_path: Path) -> None:
    class_ = [result("a", relu=(2, 2)), result("b", relu=(1, 2)), result("c", "missing", relu=(0, 2, "missing"))]
    page = write_report(SLUG, class_, tmp_path)[0].read_text()
    pictures = [ElementTree.fromstring(one) for one in re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)]
    space = "{http://www.w3.org/2000/svg}"
    assert [one.findtext(f"{space}title") for one in pictures] == ["How points are spread", "How each exercise went"]
    points, exercises = (one.findtext(f"{space}desc") or "" for one in pictures)
    assert points.startswith("2 learners by tenths of the points: 0 to 10 percent: 0,")
    assert "50 to 60 percent: 1" in points and points.endswith("90 to 100 percent: 1.")
    assert exercises == "relu: 1 solved, 1 partly right, 1 nothing there."
    for one in pictures:
        named = one.attrib["aria-labelledby"].split()
        assert [one[0].attrib["id"], one[1].attrib["id"]] == named
        assert one.attrib["role"] == "img"


def test_the_same_class_gives_the_same_bytes(a_class: Results, tmp_path: Path) -> None:
    one, other = (write_report(SLUG, a_class(12), tmp_path / name) for name in ("one", "other"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]


def test_a_file_that_is_nobodys_has_a_row_and_is_no_learner(a_class: Results, tmp_path: Path) -> None:
    one, other = a_class(2)
    nobodys = {**other, "status": "nobody's", "note": "a file", "student": "=2+2", "points": 0.0}
    nobodys["exercises"] = [{**each, "status": "nobody's", "points": 0.0} for each in other["exercises"]]
    page = read(write_report(SLUG, [one, nobodys], tmp_path)[0])
    assert "1 learner, 1 with something to mark" in page.text
    assert any(row and row[0] == "=2+2" and "nobody's" in row[1] for row in page.rows)


def test_it_stands_alone(a_class: Results, tmp_path: Path) -> None:
    page = write_report(SLUG, a_class(5), tmp_path)[0].read_text()
    outside = set(re.findall(r"https?://[^\s\"'<]+", page))
    assert outside == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}  # names, not addresses
    assert "@import" not in page
    assert str(tmp_path) not in page


@pytest.mark.parametrize("results", [[], None], ids=["nobody", "one with no exercise"])
def test_a_class_with_nothing_to_show_says_so(
    results: list[Any] | None, result: One, tmp_path: Path, sound: Callable[[Reader], None]
) -> None:
    html, _ = write_report(SLUG, [result("ada")] if results is None else results, tmp_path)
    page = read(html)
    sound(page)
    assert "svg" not in page.tags
    assert "There are no exercises to show." in page.text
    assert ("There are no learners yet." in page.text) == (results == [])


def test_one_learner_is_a_class(result: One, tmp_path: Path, sound: Callable[[Reader], None]) -> None:
    page = read(write_report(SLUG, [result("ada", relu=(2, 2), linear=(0, 3, "", "bias forgotten"))], tmp_path)[0])
    sound(page)
    assert "1 learner, 1 with something to mark" in page.text
    assert ["relu", "1 of 1 (100 %)", "100 %", "not enough learners", "–"] in page.rows


def test_all_missing_is_a_class(result: One, tmp_path: Path, sound: Callable[[Reader], None]) -> None:
    class_ = [result(name, "missing", relu=(0, 2, "missing")) for name in "abc"]
    page = read(write_report(SLUG, class_, tmp_path)[0])
    sound(page)
    assert page.tags["svg"] == 1, "no scores to draw"
    assert ["relu", "0 of 0", "–", "not enough learners", "–"] in page.rows


def test_three_hundred_learners_have_a_row_each(
    a_class: Results, tmp_path: Path, sound: Callable[[Reader], None]
) -> None:
    html, table = write_report(SLUG, a_class(300), tmp_path)
    page = read(html)
    sound(page)
    assert sum(name.startswith("learner-") for name in page.ids) == 300
    assert len(table.read_text().splitlines()) == 301
    assert html.stat().st_size < 1_000_000


def test_a_misconception_that_the_reference_does_not_know_is_named_without_words(result: One, tmp_path: Path) -> None:
    class_ = [result("ada", relu=(0, 2, "", "unheard of"), own=(0, 1, "", "of my own"))]
    page = read(write_report("my_own_chapter", class_, tmp_path)[0])
    assert "unheard of in relu" in page.text and "of my own in own" in page.text
    assert "my_own_chapter: class report" in page.text


def test_files_are_called_after_the_chapter_and_titled_with_its_title(result: One, tmp_path: Path) -> None:
    html, table = write_report(SLUG, [result("ada")], tmp_path / "new" / "folder")
    assert (html.name, table.name) == (f"{SLUG}.html", f"{SLUG}.csv")
    assert html.parent == table.parent == tmp_path / "new" / "folder"
    assert "The same CNN with functions: class report" in read(html).text
    assert "Week 4: class report" in read(write_report(SLUG, [result("ada")], tmp_path, title="Week 4")[0]).text


def test_feedback_is_linked_where_it_is(result: One, tmp_path: Path) -> None:
    names = ["ada", "<i> #?%", "林宗義", "bytes\udcff"]
    for name in (*names, "."):
        page = tmp_path / "classroom" / "feedback" / name / SLUG / f"{SLUG}.html"
        page.parent.mkdir(parents=True)
        page.touch()
    results = [result(name, relu=(1, 2)) for name in [*names, "bob", "../feedback/ada", ".", "n" * 3000, "nul\0"]]
    html, _ = write_report(SLUG, results, tmp_path / "classroom" / "report")
    links = [link for link in read(html).links if not link.startswith("#")]
    assert len(links) == len(names)
    for link in links:
        assert (html.parent / unquote(link, errors="surrogateescape")).is_file()
        assert link.startswith("../feedback/")


def test_feedback_elsewhere_is_found_when_named(result: One, tmp_path: Path) -> None:
    page = tmp_path / "elsewhere" / "ada" / SLUG / f"{SLUG}.html"
    page.parent.mkdir(parents=True)
    page.touch()
    html, _ = write_report(SLUG, [result("ada")], tmp_path / "a" / "b", feedback=tmp_path / "elsewhere")
    assert f"../../elsewhere/ada/{SLUG}/{SLUG}.html" in read(html).links


def test_points_by_hand_extra_and_late_are_said_beside_the_points_they_make(result: One, tmp_path: Path) -> None:
    one = result("ada", relu=(1.5, 2))
    one["exercises"][0] |= {"status": "not right yet", "by_hand": 1.0, "extra": 0.5}
    one |= {"points": 1.0, "parts": {"automatic": 0, "by_hand": 1, "extra": 0.5, "late": 0.5}}
    page = write_report(SLUG, [one], tmp_path)[0].read_text()
    assert "1 of 2" in page and "0 automatic + 1 by hand + 0.5 extra − 0.5 late" in page
    assert "1.5 of 2, by hand, 0.5 extra" in page
