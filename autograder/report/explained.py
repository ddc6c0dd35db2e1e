"""Why a submission earned what it earned, as text and as one page to send on: no script, no network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from autograder.judging import panel
from autograder.plain import plain
from autograder.report.pages import template

if TYPE_CHECKING:
    from autograder.grading.explain import Explanation

__all__ = ["as_page", "as_words"]

_MANY = 8  # cases that are written out in a terminal


def as_words(one: Explanation) -> str:
    """For a terminal."""
    lines = [
        f"{one.student}, {one.chapter}: the checks give {one.points:g} of {one.of:g} points; {one.recorded}",
        f"answers were compared with {one.reference}",
        *([one.note] if one.note else []),
    ]
    for why in one.exercises:
        lines += ["", *(f"    {line}" for line in why.source.splitlines()), *([""] if why.source else [])]
        lines += panel.text(why.decided.verdict).splitlines()
        lines += [f"  {line}" for line in why.rule]
        if why.cases:
            lines.append(f"  {len(why.cases)} of {why.tried} cases fail:")
        for case in why.cases[:_MANY]:
            raised = f" ({case.raised})" if case.raised else ""
            lines.append(f"    {case.name}: {', '.join(case.fails)}{raised}")
        if len(why.cases) > _MANY:
            lines.append(f"    and {len(why.cases) - _MANY} more, all of them in the page: --html FILE")
    for said in one.written:
        lines += ["", said]
    return "\n".join(plain(line) if line.strip() else "" for line in lines)


def as_page(one: Explanation) -> str:
    """One HTML file."""
    return template("explained.html.j2", panel=lambda verdict: Markup(panel.html(verdict))).render(one=one)
