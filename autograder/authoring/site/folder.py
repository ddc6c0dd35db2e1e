"""The folder of pages: the chapters, the contents, the explorer, and what search engines read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import nbformat
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from autograder.authoring.build import ROOT, START
from autograder.authoring.site.cells import cells_to_html, has_explorer
from autograder.authoring.site.running import SiteError, run
from autograder.files import write_whole
from course.chapters import CHAPTERS
from course.strides.bundle import script
from course.strides.explorer import explore
from course.strides.operations import ATTRIBUTES, METHODS

__all__ = ["ADDRESS", "SiteError", "build_site"]

ADDRESS = "https://one-cnn-two-ways.github.io/one-cnn-two-ways/"
REPOSITORY = "https://github.com/one-cnn-two-ways/one-cnn-two-ways"
_COURSE = "One CNN, Two Ways"
_ABOUT = (
    "A course on PyTorch: build one small CNN from torch.nn modules and from functions and tensors, and prove the two "
    "equal. With strides, views and convolutions in pictures of real tensors."
)
_EXPLORER = (
    "See which element of a PyTorch tensor lies in which slot of memory: any size, stride, offset and chain of view, "
    "permute, slicing and more, with the reason where a view cannot be."
)
_TEMPLATE = Path(__file__).parent / "template"


@dataclass(frozen=True)
class Page:
    """One page: its file's name without ``.html``, its title, and what it is about in a sentence."""

    name: str
    title: str
    description: str


def pages() -> tuple[Page, ...]:
    """A page for each notebook, in order."""
    start = Page(
        START, "00 Start here", "Whether everything is there, how an exercise works and what a check tells you."
    )
    return (
        start,
        *(Page(one.slug, one.label, f"{one.teaches[0].upper()}{one.teaches[1:]}.") for one in CHAPTERS),
    )


def build_site(
    output: Path, root: Path = ROOT, chapters: Iterable[str] | None = None, address: str = ADDRESS
) -> list[Path]:
    """Write the pages of ``chapters`` (slugs; all unless told), contents and explorer into ``output``; return the files.

    ``address`` is where they will be found, for the site map and the canonical links. The released notebooks below
    ``root`` are run. Raises ``SiteError`` when one of them is missing or cannot be run.
    """
    address = address.rstrip("/") + "/"
    chosen = [page for page in pages() if chapters is None or page.name in set(chapters)]
    frames = Environment(
        loader=FileSystemLoader(_TEMPLATE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    always = {"course": _COURSE, "address": address, "repository": REPOSITORY, "before": None, "after": None}
    files: dict[str, str] = {
        "style.css": (_TEMPLATE / "style.css").read_text(encoding="utf-8"),
        "explorer.js": script(),
        "index.html": frames.get_template("contents.html.j2").render(
            always, name="index", title=_COURSE, description=_ABOUT, chapters=chosen, explorer=False
        ),
        "explorer.html": frames.get_template("explorer.html.j2").render(
            always,
            name="explorer",
            title="Stride explorer",
            description=_EXPLORER,
            operations=[*METHODS, *ATTRIBUTES],
            picture=Markup(explore("arange(24).view(2, 3, 4)").picture.svg()),
            explorer=True,
        ),
        "sitemap.xml": _site_map(address, ["", "explorer.html", *(f"{page.name}.html" for page in chosen)]),
    }
    for place, page in enumerate(chosen):
        body = _body(root, page)
        neighbours: Mapping[str, Any] = {
            "before": chosen[place - 1] if place else None,
            "after": chosen[place + 1] if place + 1 < len(chosen) else None,
        }
        files[f"{page.name}.html"] = frames.get_template("frame.html.j2").render(
            {**always, **neighbours},
            name=page.name,
            title=page.title,
            description=page.description,
            body=Markup(body),
            explorer=has_explorer(body),
        )
    for name, text in files.items():
        write_whole(output / name, text.encode())
    return [output / name for name in files]


def _body(root: Path, page: Page) -> str:
    folder = root / "notebooks" if page.name == START else root / "notebooks" / page.name
    path = folder / f"{page.name}.ipynb"
    if not path.is_file():
        raise SiteError(f"there is no {path.relative_to(root)}: python -m autograder build makes it")
    book = nbformat.read(path, as_version=4)
    try:
        left_out = run(book, folder)
    except SiteError as error:
        raise SiteError(f"{page.name}: {error}") from None
    return cells_to_html(book, left_out)


def _site_map(address: str, names: Iterable[str]) -> str:
    lines = "".join(f"<url><loc>{escape(address + name)}</loc></url>\n" for name in names)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{lines}</urlset>\n'
    )
