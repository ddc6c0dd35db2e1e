"""A verdict as people read it: an HTML panel without script, and the same in plain text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape
from itertools import zip_longest

from autograder.judging import sentences
from autograder.judging.judgement import Aspect, Entry, Finding, Judgement, Picture

__all__ = ["html", "text"]

# Every state has a sign and a word, so that nothing is said by colour alone (colours: Okabe and Ito).
_SIGNS = {
    "solved": ("✓", "#009E73"),
    "partly right": ("◐", "#E69F00"),
    "not right yet": ("✕", "#D55E00"),
    "not attempted": ("○", "#8b949e"),
    "crashed": ("!", "#D55E00"),
    "interrupted": ("■", "#8b949e"),
    "not by hand": ("✋", "#CC79A7"),
}
# The only sign that many fonts do not have: a raised hand, drawn. In plain text it stays a letter.
_HAND = (
    '<svg viewBox="0 0 16 16" width="16" height="16" style="vertical-align:-2px" fill="none" stroke="currentColor" '
    'stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"><path d="M4.5 9V3.6M7 8V1.8M9.5 8V2.2M12 9V4'
    'M4.5 8.6 2.6 7.4M4.5 9v2.2C4.5 13.6 6 15 8.2 15S12 13.6 12 11.2V9"/></svg>'
)
_DRAWN = {"✋": _HAND}
_ENTRIES = {"right": "✓", "wrong": "✕", "open": "○"}
# From low to high after the map cividis, whose order is seen by everybody; each with an ink that is read on it.
_CELLS = {
    "0": ("#00224e", "#fff"),
    "1": ("#35456c", "#fff"),
    "2": ("#666970", "#fff"),
    "3": ("#b1a570", "#000"),
    "4": ("#fee838", "#000"),
    "+": ("#E69F00", "#000"),
    "-": ("#0072B2", "#fff"),
    "×": ("#CC79A7", "#000"),
}
_INK = "var(--jp-ui-font-color1,#1b1f24)"
_MUTED = "var(--jp-ui-font-color2,#57606a)"
_LINE = "var(--jp-border-color1,#d0d7de)"
_GROUND = "var(--jp-layout-color2,#f3f4f6)"
_CODE = "font-family:var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace);font-size:13px"
_CELL = "padding:2px 14px 2px 0;text-align:left;vertical-align:top;font-weight:400;white-space:pre-wrap"


def _rows(finding: Finding) -> list[tuple[str, str]]:
    rows = [("tried", finding.tried), ("about", finding.about), ("got", finding.got), ("expected", finding.expected)]
    return [(name, value) for name, value in rows if value or name != "about"]


def _points(verdict: Judgement) -> str:
    return sentences.points(verdict.score, verdict.points, verdict.on_public_cases)


def _tally(entries: Sequence[Entry]) -> str:
    states = Counter(one.state for one in entries)
    return sentences.tally(states["right"], states["wrong"], states["open"])


def html(verdict: Judgement) -> str:
    """The panel: what it is worth, what holds, the misconception by name, the smallest counterexample, where to go next.

    All text is escaped; the colours follow JupyterLab's theme and have a light fallback.
    """
    sign, colour = _SIGNS[verdict.status]
    name, points = escape(verdict.exercise), _points(verdict)
    parts = [
        f'<div role="group" aria-label="{escape(sentences.verdict(verdict.exercise, verdict.status, points))}" '
        f'style="border:1px solid {_LINE};border-left:5px solid {colour};border-radius:10px;padding:12px 18px;'
        f'max-width:760px;overflow-wrap:anywhere;font:15px/1.5 system-ui,sans-serif;color:{_INK}">',
        # A status: where a screen reader follows what comes in, it reads this line when the check is done.
        '<div role="status" style="display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 18px;font-weight:600">'
        f'<span><span aria-hidden="true">{_DRAWN.get(sign, sign)}</span> <code style="{_CODE};font-size:15px">{name}</code> '
        f"{escape(verdict.status)}</span><span>{points}</span></div>",
    ]
    if verdict.aspects:
        parts.append('<ul style="list-style:none;padding:0;margin:8px 0;display:flex;gap:4px 18px;flex-wrap:wrap">')
        parts += [
            f'<li style="color:{_MUTED}">{"✓" if aspect.holds else "✕"} '
            f'<b style="color:{_INK};font-weight:600">{escape(aspect.name)}</b> {escape(_how(aspect))}</li>'
            for aspect in verdict.aspects
        ]
        parts.append("</ul>")
    if verdict.before:
        parts.append(f'<div style="margin:6px 0">{escape(verdict.before)}</div>')
    if verdict.advice:
        parts.append(f'<div style="margin:6px 0">{escape(verdict.advice)}</div>')
    if verdict.misconception:
        parts.append(
            f'<div style="background:{_GROUND};border-radius:8px;padding:8px 14px;margin:10px 0">'
            f"<b>{escape(sentences.misconception(verdict.misconception, verdict.again))}</b><br>{escape(verdict.says)}</div>"
        )
    if verdict.entries:
        parts.append(_entries(verdict))
    if verdict.finding is not None:
        parts.append(_finding(verdict.finding))
    if verdict.where:
        parts.append(f'<div style="margin:6px 0">{escape(verdict.where)}</div>')
    if verdict.note:
        parts.append(f'<div style="color:{_MUTED};font-size:13px">{escape(verdict.note)}</div>')
    return "".join([*parts, "</div>"])


def _how(aspect: Aspect) -> str:
    """In a word, what the sign says of an aspect that does not hold, where no note says more."""
    return aspect.note or ("" if aspect.holds else "not right")


def _entries(verdict: Judgement) -> str:
    items = "".join(
        f'<li>{_ENTRIES[one.state]} <code style="{_CODE}">{escape(one.name)}</code> '
        f"{escape(sentences.entry(one.state, _unsaid(one, verdict)))}</li>"
        for one in verdict.entries
    )
    return (
        f'<div style="margin:6px 0">{escape(_tally(verdict.entries))}</div>'
        f'<ul style="list-style:none;padding:0;margin:4px 0">{items}</ul>'
    )


def _unsaid(one: Entry, verdict: Judgement) -> str:
    """Why an entry is wrong, where the panel has not said it above."""
    return "" if one.why == verdict.says else one.why


def _finding(finding: Finding) -> str:
    rows = "".join(
        f'<tr style="background:none"><th scope="row" style="{_CELL};color:{_MUTED};white-space:nowrap">{name}</th>'
        f'<td style="{_CELL};overflow-wrap:anywhere">{escape(value)}</td></tr>'
        for name, value in _rows(finding)
    )
    caption = (
        f'<caption style="caption-side:top;text-align:left;padding:0;color:{_MUTED};font:13px/1.5 system-ui,sans-serif">'
        f"{escape(sentences.case(finding.case))}</caption>"
    )
    parts = [
        f'<table style="border-collapse:collapse;min-width:min(100%,28em);{_CODE};margin:4px 0;color:{_INK}">{caption}{rows}</table>'
    ]
    if finding.off:
        parts.append(f'<div style="margin:6px 0">{escape(finding.off)}</div>')
    if finding.pictures:
        drawn = "".join(map(_picture, finding.pictures))
        parts.append(f'<div style="display:flex;gap:6px 22px;flex-wrap:wrap;margin:6px 0">{drawn}</div>')
    return "".join(parts)


def _picture(picture: Picture) -> str:
    rows = "".join(
        '<tr style="background:none">' + "".join(_cell(one.text, one.level) for one in row) + "</tr>"
        for row in picture.rows
    )
    return (
        f'<div><div aria-hidden="true" style="color:{_MUTED};font-size:13px">{escape(picture.title)}</div>'
        f'<table role="img" aria-label="{escape(picture.says)}" title="{escape(picture.says)}" '
        f'style="border-collapse:collapse;{_CODE};margin:0;color:{_INK}">{rows}</table></div>'
    )


def _cell(text: str, level: str) -> str:
    ground, ink = _CELLS.get(level, ("none", "inherit"))
    return f'<td style="background:{ground};color:{ink};padding:0 5px;text-align:center">{escape(text)}</td>'


def text(verdict: Judgement) -> str:
    """The same for a terminal.

    >>> from autograder.judging.judgement import Aspect, Judgement, Status
    >>> print(text(Judgement("relu", "relu(x)", 2, 2.0, Status.SOLVED, (Aspect("values", True),))))
    ✓ relu solved: 2 of 2 points
      ✓ values
    """
    points = _points(verdict)
    lines = [f"{_SIGNS[verdict.status][0]} {verdict.exercise} {verdict.status}: {points}"]
    lines += [f"  {'✓' if one.holds else '✕'} {one.name} {_how(one)}".rstrip() for one in verdict.aspects]
    if verdict.before:
        lines.append(f"  {verdict.before}")
    if verdict.advice:
        lines.append(f"  {verdict.advice}")
    if verdict.misconception:
        lines.append(f"  {sentences.misconception(verdict.misconception, verdict.again)} {verdict.says}")
    if verdict.entries:
        lines.append(f"  {_tally(verdict.entries)}")
        lines += [
            f"    {_ENTRIES[one.state]} {one.name} {sentences.entry(one.state, _unsaid(one, verdict))}"
            for one in verdict.entries
        ]
    if verdict.finding is not None:
        lines.append(f"  {sentences.case(verdict.finding.case)}")
        lines += [f"    {name:9}{value}" for name, value in _rows(verdict.finding)]
        if verdict.finding.off:
            lines.append(f"  {verdict.finding.off}")
        lines += [f"    {line}".rstrip() for line in _side_by_side(verdict.finding.pictures)]
    if verdict.where:
        lines.append(f"  {verdict.where}")
    if verdict.note:
        lines.append(f"  {verdict.note}")
    return "\n".join(lines)


def _side_by_side(pictures: Sequence[Picture]) -> list[str]:
    """Pictures in lines, each column of numbers as wide as its widest."""
    columns = []
    for picture in pictures:
        width = max((len(cell.text) for row in picture.rows for cell in row), default=1)
        rows = [" ".join(cell.text.rjust(width) for cell in row) for row in picture.rows]
        whole = max([len(picture.title), *map(len, rows)])
        columns.append([line.ljust(whole) for line in (picture.title, *rows)])
    return ["    ".join(line) for line in zip_longest(*columns, fillvalue="")]
