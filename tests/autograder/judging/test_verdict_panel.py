"""The panel: every state is a sign and a word, all text is escaped, and the number is what nbgrader reads."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from judging import verdict_on

from autograder import check
from autograder.judging.verdict import Aspect, Finding, Status, Verdict
from autograder.observing.exercise import find

HOSTILE = '<script>alert("x")</script>&'


def verdict(status: Status, score: float = 0.0) -> Verdict:
    finding = Finding(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    aspects = (Aspect("values", True), Aspect(HOSTILE, False, HOSTILE))
    return Verdict(HOSTILE, "f(x)", 3, score, status, aspects, HOSTILE, HOSTILE, finding, HOSTILE)


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("status", Status)
def test_every_state_is_said_in_words_and_well_formed(status: Status) -> None:
    html = verdict(status)._repr_html_()
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    assert "script" not in reader.tags
    assert status.value in html
    assert 'role="group"' in html
    assert "0 of 3 points" in html


@pytest.mark.parametrize(("score", "text"), [(0.0, "0.0"), (1.5, "1.5"), (3, "3.0")])
def test_the_number_is_one_finite_float(score: float, text: str) -> None:
    assert repr(verdict(Status.PARTLY, score)) == text
    assert float(verdict(Status.PARTLY, score)) == score


def test_the_plain_text_says_the_same() -> None:
    text = str(check("relu", lambda x: x.abs()))
    assert "✕ relu not right yet: 0 of 2 points" in text
    assert "This is what happens with: absolute value." in text
    assert "tried    x = [-2., 3.]" in text
    assert "got      [2., 3.]" in text
    assert "expected [0., 3.]" in text


def test_a_panel_at_home_says_that_its_points_are_those_of_the_public_cases() -> None:
    for answer, said in ((lambda x: x.clamp(min=0), "2 of 2 points"), (lambda x: x.abs(), "0 of 2 points")):
        found = check("relu", answer)
        assert f"{said} on the public cases\n" in str(found)
        assert found._repr_html_().count(f"{said} on the public cases") == 2, "what is seen, and the panel's name"


def test_of_what_was_not_tried_on_cases_no_panel_says_so() -> None:
    untouched, question = check("relu"), check("predict_layout", {})
    assert "public" not in str(untouched) + untouched._repr_html_()
    assert "public" not in str(question) + question._repr_html_()


def test_a_verdict_that_grades_does_not_say_so() -> None:
    graded = verdict_on(find("relu"), lambda x: x.abs())
    assert "0 of 2 points" in str(graded)
    assert "public" not in str(graded) + graded._repr_html_()
