"""The inventory as a table: a row a tensor, the same cells in HTML and in plain text."""

from __future__ import annotations

from html import escape

from course.network.inventory import Home, Inventory, Stray
from course.network.marks import shape_text
from course.network.problems import Problem
from course.picture import INK, LINE, MUTED, VERMILION

__all__ = ["caption", "html", "text"]

_SIGN = {"stale": "✗", "not stepped": "✗", "not registered": "?", "no leaf": "✗", "tied": "="}
_NONE = "–"


def caption(inventory: Inventory) -> str:
    """What the table is of, in a sentence or two."""
    count = len(inventory.homes)
    numbers = sum(home.numel for home in inventory.homes)
    words = f"{inventory.kind}: {count:,} tensor{'s' * (count != 1)}, {numbers:,} number{'s' * (numbers != 1)}."
    if not inventory.is_module:
        words += " A dictionary registers nothing."
    if inventory.optimizer:
        held = sum(home.group is not None for home in inventory.homes) + len(inventory.strays)
        words += f" {inventory.optimizer} holds {held:,} tensor{'s' * (held != 1)}"
        words += f", {len(inventory.strays):,} of them from elsewhere." if inventory.strays else "."
    return words


def _columns(inventory: Inventory) -> list[str]:
    return [
        *("name", "shape", "dtype", "device", "leaf", "requires grad"),
        *(("registered as", "in state_dict") if inventory.is_module else ()),
        *(("optimiser",) if inventory.optimizer else ()),
        "shares memory with",
    ]


def _rows(inventory: Inventory) -> list[list[str]]:
    homes = [_row(home, inventory) for home in inventory.homes]
    return homes + [_row(stray, inventory) for stray in inventory.strays]


def _row(one: Home | Stray, inventory: Inventory) -> list[str]:
    home = one if isinstance(one, Home) else None
    name = " = ".join((home.name, *home.also)) if home else "not here"
    shape = "none yet" if one.shape is None else shape_text(one.shape)
    registered = [home.registered, _yes(home.saved)] if home else [_NONE, _NONE]
    return [
        *(name, shape, one.dtype, one.device, _yes(one.leaf), _yes(one.requires_grad)),
        *(registered if inventory.is_module else ()),
        *(("no" if one.group is None else f"group {one.group}",) if inventory.optimizer else ()),
        ", ".join(one.shares) or _NONE,
    ]


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"


def text(inventory: Inventory, found: tuple[Problem, ...]) -> str:
    """The caption, the table in columns, and the problems under it, for a terminal."""
    table = [_columns(inventory), *_rows(inventory)]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    return "\n".join([caption(inventory), *lines, *(f"{_SIGN[one.kind]} {one.kind}: {one.words}" for one in found)])


def html(inventory: Inventory, found: tuple[Problem, ...]) -> str:
    """The same as an HTML table with a caption and headings, and a list. All text is escaped."""
    cell = f"padding:2px 12px 2px 0;text-align:left;vertical-align:top;border-bottom:1px solid {LINE}"
    head = "".join(f'<th scope="col" style="{cell};color:{MUTED}">{escape(one)}</th>' for one in _columns(inventory))
    body = "".join(
        f'<tr style="background:none"><th scope="row" style="{cell};font-weight:600">{escape(first)}</th>'
        + "".join(f'<td style="{cell}">{escape(one)}</td>' for one in others)
        + "</tr>"
        for first, *others in _rows(inventory)
    )
    items = "".join(
        f'<li style="border-left:4px solid {VERMILION};padding-left:10px;margin:4px 0">'
        f'<span aria-hidden="true">{_SIGN[one.kind]}</span> <b>{escape(one.kind)}</b>: {escape(one.words)}</li>'
        for one in found
    )
    listed = f'<ul style="list-style:none;padding:0;margin:8px 0">{items}</ul>' if items else ""
    return (
        f'<div style="font:13px/1.5 system-ui,sans-serif;color:{INK};overflow-x:auto">'
        f'<table style="border-collapse:collapse;font-size:13px;color:{INK}">'
        f'<caption style="text-align:left;color:{INK};caption-side:top;padding:0 0 4px">{escape(caption(inventory))}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{listed}</div>"
    )
