"""A verdict as people read it: an HTML panel without script, and the same in plain text."""

from __future__ import annotations

from html import escape

from autograder.judging.judgement import Finding, Judgement

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
_INK = "var(--jp-ui-font-color1,#1b1f24)"
_MUTED = "var(--jp-ui-font-color2,#57606a)"
_LINE = "var(--jp-border-color1,#d0d7de)"
_GROUND = "var(--jp-layout-color2,#f3f4f6)"
_CODE = "font-family:var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace);font-size:13px"


def _points(verdict: Judgement) -> str:
    return f"{verdict.score:g} of {verdict.points} point{'s' if verdict.points != 1 else ''}"


def _rows(finding: Finding) -> list[tuple[str, str]]:
    return [("tried", finding.tried), ("got", finding.got), ("expected", finding.expected)]


def html(verdict: Judgement) -> str:
    """The panel: what it is worth, what holds, the misconception by name, the smallest counterexample, where to go next.

    All text is escaped; the colours follow JupyterLab's theme and have a light fallback.
    """
    sign, colour = _SIGNS[verdict.status]
    name = escape(verdict.exercise)
    parts = [
        f'<div role="group" aria-label="{escape(f"Verdict on {verdict.exercise}: {verdict.status}, {_points(verdict)}")}" '
        f'style="border:1px solid {_LINE};border-left:5px solid {colour};border-radius:10px;padding:12px 18px;'
        f'max-width:760px;font:15px/1.5 system-ui,sans-serif;color:{_INK}">',
        '<div style="display:flex;justify-content:space-between;gap:18px;font-weight:600">'
        f'<span><span aria-hidden="true">{sign}</span> <code style="{_CODE};font-size:15px">{name}</code> '
        f"{escape(verdict.status)}</span><span>{_points(verdict)}</span></div>",
    ]
    if verdict.aspects:
        parts.append('<ul style="list-style:none;padding:0;margin:8px 0;display:flex;gap:4px 18px;flex-wrap:wrap">')
        parts += [
            f'<li style="color:{_MUTED}">{"✓" if aspect.holds else "✕"} '
            f'<b style="color:{_INK};font-weight:600">{escape(aspect.name)}</b> {escape(aspect.note)}</li>'
            for aspect in verdict.aspects
        ]
        parts.append("</ul>")
    if verdict.misconception:
        parts.append(
            f'<div style="background:{_GROUND};border-radius:8px;padding:8px 14px;margin:10px 0">'
            f"<b>This is what happens with: {escape(verdict.misconception)}.</b><br>{escape(verdict.says)}</div>"
        )
    if verdict.finding is not None:
        cell = "padding:2px 14px 2px 0;text-align:left;vertical-align:top;font-weight:400;white-space:pre-wrap"
        rows = "".join(
            f'<tr style="background:none"><th scope="row" style="{cell};color:{_MUTED}">{name}</th>'
            f'<td style="{cell}">{escape(value)}</td></tr>'
            for name, value in _rows(verdict.finding)
        )
        case = f"Smallest case that shows it: {escape(verdict.finding.case)}"
        parts.append(f'<div style="color:{_MUTED};font-size:13px">{case}</div>')
        parts.append(f'<table style="border-collapse:collapse;{_CODE};margin:4px 0;color:{_INK}">{rows}</table>')
    if verdict.where:
        parts.append(f'<div style="margin:6px 0">{escape(verdict.where)}</div>')
    if verdict.note:
        parts.append(f'<div style="color:{_MUTED};font-size:13px">{escape(verdict.note)}</div>')
    return "".join(parts) + "</div>"


def text(verdict: Judgement) -> str:
    """The same for a terminal.

    >>> from autograder.judging.judgement import Aspect, Judgement, Status
    >>> print(text(Judgement("relu", "relu(x)", 2, 2.0, Status.SOLVED, (Aspect("values", True),))))
    ✓ relu solved: 2 of 2 points
      ✓ values
    """
    lines = [f"{_SIGNS[verdict.status][0]} {verdict.exercise} {verdict.status}: {_points(verdict)}"]
    lines += [f"  {'✓' if one.holds else '✕'} {one.name} {one.note}".rstrip() for one in verdict.aspects]
    if verdict.misconception:
        lines.append(f"  This is what happens with: {verdict.misconception}. {verdict.says}")
    if verdict.finding is not None:
        lines.append(f"  {verdict.finding.case}")
        lines += [f"    {name:9}{value}" for name, value in _rows(verdict.finding)]
    if verdict.where:
        lines.append(f"  {verdict.where}")
    if verdict.note:
        lines.append(f"  {verdict.note}")
    return "\n".join(lines)
