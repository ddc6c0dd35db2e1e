"""What a learner can put into a notebook so that it runs in the browser of whoever opens it; and honest work that has to show.

Each hostile piece calls ``ran(kind)`` if it runs, or asks ``http://sink.invalid`` for something. Nothing else happens.
"""

from __future__ import annotations

import base64
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

__all__ = ["CHECK", "HONEST", "PNG", "notebook"]

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg=="
CHECK = "check-cell"


def _data(kind: str, text: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(text.encode()).decode()}"


def _html(kind: str) -> dict[str, str]:
    """Ways to run ``ran(kind)`` from HTML, each by its name."""
    run = f"ran(&quot;{kind}&quot;)"
    page = _data("text/html", f"<script>parent.ran('{kind}')</script>")
    ways = {
        "script": f"<script>ran('{kind}')</script>",
        "SCRIPT in pieces": f"<scr<script>ipt>ran('{kind}')</scr</script>ipt>",
        "module": f"<script type=module>ran('{kind}')</script>",
        "MathJax's settings": f'<script type="text/x-mathjax-config">ran("{kind}")</script>',
        "onerror": f'<img src="nowhere" onerror="{run}">',
        "onerror without quotes": f"<img src=nowhere onerror=ran('{kind}')>",
        "onload": f'<img src="data:image/png;base64,{PNG}" onload="{run}">',
        "ontoggle": f'<details open ontoggle="{run}"><summary>s</summary></details>',
        "onfocus": f'<input autofocus onfocus="{run}">',
        "animation": f'<style>@keyframes x{{}}</style><b style="animation-name:x" onanimationstart="{run}">a</b>',
        "link": f'<a class="hostile" href="javascript:{run}">link</a>',
        "link with a tab": f'<a class="hostile" href="java&Tab;script:{run}">link</a>',
        "link in capitals": f'<a class="hostile" href=" JaVaScRiPt:{run}">link</a>',
        "link below files": f'<a class="hostile" href="files/javascript:{run}">link</a>',
        "link to data": f'<a class="hostile" href="{page}">link</a>',
        "link to a page beside": '<a class="hostile" href="beside.html">link</a>',
        "svg script": f"<svg><script>ran('{kind}')</script></svg>",
        "svg onload": f'<svg onload="{run}"><rect width="1" height="1"/></svg>',
        "svg link": f'<svg><a xlink:href="javascript:{run}"><text y="9">link</text></a></svg>',
        "svg animation": f'<svg><a><animate attributeName="href" values="javascript:{run}"/><text y="9">x</text></a></svg>',
        "svg use": '<svg><use href="http://sink.invalid/use.svg#x"/></svg>',
        "svg foreign object": f'<svg><foreignObject><img src="nowhere" onerror="{run}"></foreignObject></svg>',
        "title in svg": f'<svg><title><a title="</title><img src=nowhere onerror={run}>"></a></title></svg>',
        "style in math": f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src onerror={run}&gt;">',
        "noscript": f'<noscript><p title="</noscript><img src=nowhere onerror={run}>"></noscript>',
        "comment": f"<!--><img src=nowhere onerror={run}>-->",
        "frame of a document": f"<iframe srcdoc=\"<script>parent.ran('{kind}')</script>\"></iframe>",
        "frame of data": f'<iframe src="{page}"></iframe>',
        "frame of script": f'<iframe src="javascript:parent.{run}"></iframe>',
        "object": f'<object data="{page}"></object>',
        "embed": f'<embed src="{page}">',
        "refresh": '<meta http-equiv="refresh" content="0;url=http://sink.invalid/refresh">',
        "base": '<base href="http://sink.invalid/base/">',
        "form": f'<form action="javascript:{run}"><button class="hostile">send</button></form>',
        "form elsewhere": f'<button class="hostile" form="f" formaction="javascript:{run}">b</button><form id="f"></form>',
        "style sheet": '<style>@import url("http://sink.invalid/sheet"); * {background: url(http://sink.invalid/all)}</style>',
        "style": '<p style="background-image: u\\72l(http://sink.invalid/style)">p</p>',
        "link to a sheet": '<link rel="stylesheet" href="http://sink.invalid/link.css">',
        "picture elsewhere": '<img src="http://sink.invalid/picture.png"><img src="//sink.invalid/picture.png">',
        "sound": f'<video src="nowhere" onerror="{run}"></video><audio src="http://sink.invalid/a" autoplay></audio>',
        "over the page": '<div id="over" style="position:fixed;inset:0;z-index:9999;background:white">100 points</div>',
        "the page's own ids": f'<input id="{CHECK}" class="score" value="99"><textarea id="{CHECK}-comment"></textarea>',
    }
    return {f"{kind}: {way}": html.replace(f"{kind}", f"{kind}: {way}") for way, html in ways.items()}


def _show(**more: Any) -> NotebookNode:
    return new_output("display_data", **more)


def _markdown() -> list[NotebookNode]:
    cells = [new_markdown_cell(html) for html in _html("markdown").values()]
    cells += [new_markdown_cell(f"words {html} words") for html in _html("inline markdown").values()]
    for way in (
        "[link](javascript:ran('md'))",
        "[link](<java\nscript:ran('md')>)",
        "[link](files/javascript:ran('md'))",
        "![x](nowhere\"onerror=\"ran('md'))",
        '[x]: javascript:ran("md") "t"\n\n[x]',
        "<javascript:ran('md')>",
        "```mermaid\n</pre><img src=nowhere onerror=ran('mermaid')>\n```",
        "# head <img src=nowhere onerror=ran('heading')>",
        "$\\text{<img src=nowhere onerror=ran('math')>}$ $$</script><script>ran('math')</script>$$",
        "\\begin{x<img src=nowhere onerror=ran('environment')>}1\\end{x<img src=nowhere onerror=ran('environment')>}",
        "```python<img/src=nowhere/onerror=ran('fence')>\nx\n```",
        "![none](attachment:none) <img src=nowhere onerror=ran('missing')>",
    ):
        cells.append(new_markdown_cell(way))
    page = {"text/html": base64.b64encode(b"<script>ran('attachment')</script>").decode()}
    svg = {"image/svg+xml": base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg' onload='ran(1)'/>").decode()}
    attached = {"a": page, "b": svg, "c": {'image/png"onerror="ran(2)': PNG}, 'd"onerror="ran(3)': {"image/png": PNG}}
    cells.append(new_markdown_cell("![a](attachment:a) ![b](attachment:b) ![c](attachment:c)", attachments=attached))
    return cells


def _outputs() -> list[NotebookNode]:
    script = "<script>ran('%s')</script><img src=nowhere onerror=ran('%s')>"
    svg = (
        "<svg xmlns='http://www.w3.org/2000/svg' onload='parent.ran(1)'><script>parent.ran('svg output')</script></svg>"
    )
    found = [_show(data={"text/html": html}) for html in _html("html").values()]
    found += [_show(data={"text/markdown": html}) for html in _html("markdown output").values()]
    isolated = {"text/html": {"isolated": True}}
    found += [_show(data={"text/html": script % ("isolated", "isolated")}, metadata=isolated)]
    found += [_show(data={kind: "ran('javascript')"}) for kind in ("application/javascript", "text/javascript")]
    found += [_show(data={"image/svg+xml": svg})]
    found += [
        _show(data={kind: script % (kind, kind)}) for kind in ("text/latex", "text/vnd.mermaid", "text/plain", "x/y")
    ]
    found += [_show(data={"text/latex": "$\\href{javascript:ran('latex')}{x}$"})]
    found += [_show(data={kind: f'{PNG}" onload="ran(4)'}) for kind in ("image/png", "image/jpeg")]
    for name in ("width", "height", "alt"):
        sized = {"image/png": {name: "1 onload=ran('size') \"onload=\"ran('size')"}}
        found += [_show(data={"image/png": PNG}, metadata=sized)]
    named = {"filenames": {"image/png": "x.png\" onerror=\"ran('file')"}}
    found += [_show(data={"image/png": PNG}, metadata=named)]
    view = {"version_major": 2, "version_minor": 0, "model_id": "</script><script>ran('view')</script>"}
    found += [_show(data={"application/vnd.jupyter.widget-view+json": view, "text/plain": "a widget"})]
    found += [new_output("stream", name=name, text=script % (name, name)) for name in ("stdout", "stderr")]
    said = script % ("traceback", "traceback")
    found += [new_output("error", ename=said, evalue=said, traceback=[said, f"\x1b[31m{said}\x1b[0m"])]
    return found


def _marks(name: str, **more: Any) -> dict[str, Any]:
    kept = {"grade_id": name, "grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    return {"nbgrader": {**kept, **more}}


# What a learner honestly shows: text that has to stand on every page, and elements that have to be drawn.
HONEST = ("honest bold", "honest cell of a table", "honest stream", "honest error", "honest in a drawing")


def _honest() -> list[NotebookNode]:
    styled = (
        '<style type="text/css">#T_a_row0_col0 {background-color: #fee838; color: #000} #T_a th {text-align: left}</style>'
        '<table id="T_a"><thead><tr><th class="col_heading">a</th></tr></thead><tbody><tr>'
        '<td id="T_a_row0_col0" class="data row0 col0">honest cell of a table</td></tr></tbody></table>'
    )
    drawing = (
        '<svg viewBox="0 0 120 20" width="240" height="40" role="img" aria-labelledby="t"><title id="t">a drawing</title>'
        '<defs><linearGradient id="g"><stop offset="0" stop-color="#0072B2"/></linearGradient></defs>'
        '<rect class="drawn" width="120" height="20" fill="url(#g)"/><text y="14" fill="#fff">honest in a drawing</text></svg>'
    )
    plain = "<svg xmlns='http://www.w3.org/2000/svg' width='30' height='20'><rect width='30' height='20' fill='green'/></svg>"
    shown = [
        _show(data={"text/html": styled}),
        _show(data={"text/html": drawing}),
        _show(data={"image/svg+xml": plain, "text/plain": "a picture"}),
        _show(data={"image/png": PNG}, metadata={"image/png": {"width": 50, "height": 50}}),
        new_output("stream", name="stdout", text="honest stream \x1b[32mgreen\x1b[0m"),
        new_output("error", ename="E", evalue="v", traceback=["\x1b[31mhonest error\x1b[0m"]),
    ]
    attached = {"p.png": {"image/png": PNG}}
    words = "# Honest\n\n**honest bold** [outside](https://example.org) $x^2$\n\n![words](attachment:p.png)"
    return [
        new_markdown_cell(words, attachments=attached),
        new_code_cell("honest = 1", execution_count=1, outputs=shown),
    ]


def notebook(panel: str) -> NotebookNode:
    """All of it in one submission whose check shows ``panel``, HTML."""
    tag = "\"><img src=nowhere onerror=ran('tag')>"
    marked = new_markdown_cell("marked", metadata={"tags": [tag]} | _marks(tag, locked=True))
    counted = new_code_cell(
        "1", execution_count=None, outputs=_outputs(), metadata={"tags": [tag], "magics_language": tag}
    )
    check = new_code_cell("check(...)", execution_count=1, metadata=_marks(CHECK, grade=True, locked=True, points=2))
    check.metadata.nbgrader.cell_type = "code"
    check.outputs = [_show(data={"text/html": panel})]
    raw = [new_raw_cell(html, metadata={"raw_mimetype": "text/html"}) for html in _html("raw").values()]
    state = {"state": {"</script><script>ran('state')</script>": {}}, "version_major": 2, "version_minor": 0}
    metadata = {
        "title": "<script>ran('title')</script>",
        "language_info": {"name": "python", "pygments_lexer": "<script>ran('lexer')</script>"},
        "widgets": {"application/vnd.jupyter.widget-state+json": state},
    }
    cells = [*_honest(), check, marked, *_markdown(), *raw, counted]
    whole = new_notebook(cells=cells, metadata=metadata)
    counted["execution_count"] = "<img src=nowhere onerror=ran('count')>"  # nbformat says so in its log, and reads it
    return whole
