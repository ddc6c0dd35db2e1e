"""The explorer of a page without a kernel: its JavaScript says what Python and torch say, on thousands of layouts."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
import torch
from browser.lab import browser_page
from hypothesis import HealthCheck, given, settings
from playwright.sync_api import Page

from course import marks
from course.picture import Picture
from course.strides import bundle, compare
from course.strides.bundle import script
from course.strides.chain import ChainError, Record, layout_of, parse, take
from course.strides.explorer import Explorer
from course.strides.layout import Layout
from course.strides.random_chains import random_start, random_step
from course.strides.trail import Trail

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def blank(chromium: str) -> Iterator[Page]:
    """An empty page with the explorer's script."""
    with browser_page(chromium) as page:
        page.set_content("<!doctype html><html lang=en><title>explorer</title><body></body>")
        page.add_script_tag(content=script())
        yield page


def plain(layout: Layout) -> list[Any]:
    return [list(layout.size), list(layout.stride), layout.offset, layout.storage_size]


def taken(tensor: torch.Tensor, text: str) -> tuple[Record | None, list[Any]]:
    """What torch and the model do with one step, as plain values; a refusal is its sentence."""
    try:
        record = take(tensor, parse(text).steps[0])
    except ChainError as error:
        return None, ["refused", str(error)]
    return record, [record.kind, plain(record.layout), record.explanation, record.text]


TAKE = """cases => cases.map(([[size, stride, offset, slots], text]) => {
    const { Layout, parse, take } = strides;
    try {
        const tensor = { layout: new Layout(size, stride, offset, slots), dtype: "int64", itemsize: 8, stored: String };
        const { kind, layout, explanation, text: said } = take(tensor, parse(text).steps[0]);
        return [kind, [layout.size, layout.stride, layout.offset, layout.storageSize], explanation, said];
    } catch (error) { return ["refused", error.message]; }
})"""


def test_every_step_of_thousands_of_random_chains_is_torchs_in_numbers_and_in_words(blank: Page) -> None:
    rng = random.Random(11)
    cases, expected = [], []
    for _ in range(2500):
        tensor = random_start(rng)
        for _ in range(rng.randint(1, 5)):
            layout = layout_of(tensor)
            text = random_step(rng, layout)
            record, said = taken(tensor, text)
            cases.append([plain(layout), text])
            expected.append(said)
            if record is not None and record.tensor is not None and record.tensor.numel() <= 2000:
                tensor = record.tensor
    answers = blank.evaluate(TAKE, cases)
    different = [one for one in zip(cases, expected, answers, strict=True) if one[1] != one[2]]
    assert different == []
    assert {kind for kind, *_ in expected} >= {"view", "copy", "error"}
    assert len(cases) > 5000


def explored(start: dict[str, Any], sent: list[dict[str, Any]], explorer: Explorer) -> list[dict[str, Any]]:
    """The states that Python's explorer sends after each message of the canvas."""
    states = [explorer.state]
    for message in sent:
        if "focus" in message:
            explorer.focus = message["focus"]
        else:
            explorer._handle_custom_msg(message, [])
        states.append(explorer.state)
    return [{**state, "torch": ""} for state in json.loads(json.dumps(states))]


EXPLORE = """([start, sent]) => {
    const model = typeof start === "string" ? strides.Model.of(start) : strides.Model.from(start);
    const states = [model.state];
    for (const message of sent) {
        if ("focus" in message) model.set("focus", message.focus); else model.send(message);
        states.push(model.state);
    }
    return states;
}"""


def begun(tensor: torch.Tensor) -> dict[str, Any]:
    """A start as a page has it written down; value k lies in slot k."""
    size, stride, offset, slots = plain(layout_of(tensor))
    said = {"name": "x", "size": size, "stride": stride, "offset": offset, "slots": slots}
    return {**said, "dtype": "int64", "itemsize": 8, "stored": [str(slot) for slot in range(slots)]}


def test_what_the_canvas_is_told_is_what_python_tells_it(blank: Page) -> None:
    rng = random.Random(5)
    for _ in range(60):
        tensor = random_start(rng)
        explorer = Explorer(Trail(tensor, "x"))
        sent: list[dict[str, Any]] = []
        for _ in range(rng.randint(1, 6)):
            layout = layout_of(explorer.tensor)
            message = rng.choice(
                [
                    {"do": random_step(rng, layout)},
                    {"do": random_step(rng, layout) + random_step(rng, layout)},
                    {"do": random_step(rng, layout)},
                    {"undo": True},
                    {"go_to": rng.randint(0, len(explorer.history))},
                    {"focus": [rng.randrange(length) for length in layout.size] if 0 not in layout.size else []},
                    {"slot": rng.randint(0, 30)},
                ]
            )
            sent.append(message)
            explored({}, [message], explorer)  # so that the next message suits where it leads
        said = explored({}, sent, Explorer(Trail(tensor, "x")))
        assert blank.evaluate(EXPLORE, [begun(tensor), sent]) == said, sent


@pytest.mark.parametrize(
    ("start", "sent"),
    [
        ("arange(6000).view(3, 40, 50)", [{"focus": [2, 39, 49]}, {"slot": 300}, {"do": ".permute(2, 0, 1)"}]),
        ("zeros(3, 40, 50).permute(1, 2, 0)", [{"do": ".flatten(1)"}, {"focus": [39, 149]}]),
        ("ones(1000)[::3]", [{"do": ".unfold(0, 5, 2)"}, {"do": ".clone().flip(0)"}]),
        ("torch.arange(5, 90, 3).unfold(0, 9, 2)", [{"do": ".flip(1)"}, {"do": "zeros((0, 3))"}, {"undo": True}]),
        ("arange(1).view(1, 1, 1)", [{"do": ".expand(100000, 1000, 999)"}, {"do": "[::1000000]" * 4}]),
        ("arange(0)", [{"do": ".view(0, 1000000, 1000000, 999999)"}, {"do": ".view(1000000, 999999, 999999)"}]),
        ("arange(12)", [{"do": "zeros(1, 1, 1, 1, 1, 1)"}, {"do": ".view(1, 1, 1, 1, 1, 12)"}, {"do": ".view(5, -1)"}]),
    ],
)
def test_large_and_other_starts_are_told_alike(blank: Page, start: str, sent: list[dict[str, Any]]) -> None:
    said = explored({}, sent, Explorer(Trail.of(start)))
    assert blank.evaluate(EXPLORE, [start, sent]) == said


TEXTS = """
.view(3, 8)
.view(3,8) [ : , ::2 ]
. view ( 3 , 8 )
.view((3, 8,))
.view([3, 8])
.view(size=(3, 8))
.view(shape=3)
.view(size=24)
.view(3, 8, size=(3, 8))
.view()
.view(None)
.view(2, None)
.view((2, None))
.view(1_000, 0x10, 0b11)
.view(007)
.view(2.5)
.view(2+3)
.view(2 + 3, 4)
.view((2 + 3), 4)
.view((3), (8))
.view(3)(8)
.view(- 1)
.view(--1)
.view(+1)
.view(~1)
.view(True)
.view('3')
.view("a, b", 3)
.view(n)
.view(*(3, 8))
.view(**{"size": 3})
.view(**size)
.view(size=)
.view(3,,8)
.view(,)
.view(3
.view(3))
.view(1000001)
.view(-1000001)
.view((1, (2, 3)))
.view([1, [2]])
.view(...)
.view(lambda: 3)
.transpose(0, dim1=1)
.transpose(dim0=0, dim1=1)
.transpose(dim0=0, 1)
.transpose(0, dim2=1)
.transpose(0, dim0=1)
.transpose(0, 1, 2)
.transpose(layout=3)
.transpose((0, 1))
.squeeze(None)
.squeeze(dim=None)
.as_strided((2,), (1,), None)
.as_strided((2,), (1,), storage_offset=None)
.as_strided([2], [1, 1])
.as_strided((2,), (-1,))
.T
.T()
.t
.t()
.mT.mH.H
.sum()
.sum(0).view(3)
.sum
.add_(1)
.relu()
.numpy()
.foo(1)
.foo
.__class__
.toString()
.constructor
.hasOwnProperty(1)
.view.__globals__
[0]
[]
[,]
[0,]
[0, 1]
[(0, 1)]
[((0, 1),)]
[[0, 1]]
[[0], 1]
[0][1]
[:]
[::]
[:::]
[1:2:3]
[1:2:3:4]
[None:None:2]
[-1:]
[..., 0]
[Ellipsis]
[..., ..., 0]
[..., None, ...]
[None]
[x]
[x > 0]
[1 + 1]
[1:n]
[1:2 + 3]
[True]
['a']
[1.5]
[::-1]
[::0]
.view(24) + 1
.view(24) +
.t() * 2 + 3
.t() @ .t()
.t() > 0
.t() == 1
.t() and 1
.t() in y
.t() if y
.t(), .t()
+ 1
* 2
-1
== 3
x + 1
x.view(3)
view(3)
arange(6)
arange(6) + 1
arange(6) . view(2, 3)
(arange(6)).view(2, 3)
((arange(6)).view(2, 3)).t()
(arange(6) + 1).view(2, 3)
(arange(6)) + 1
-arange(6)
arange(6).view(2, 3)(1)
arange(6)(1)
torch.arange(6)
torch . arange ( 6 )
torch.arange
torch.foo(6)
torch.T
torch
np.arange(6)
arange
arange.view(3)
arange[0]
arange(n=6)
arange(end=6)
arange(6)x
arange(6) x
6
'a'
[1, 2].view(2)
{1: 2}
(
()
__import__('os')
__import__('os').system('ls')
.view(3); .t()
.view(3) # no
.view(\\3)
.größe(3)
.sumé(3)
größe(3)
x😀.view(3)
.😀
.view(😀)
"""


def test_what_is_typed_is_taken_or_refused_alike(blank: Page) -> None:
    typed = [line for line in TEXTS.split("\n") if line]
    typed += [f"  {line}  " for line in typed] + [line.replace(" ", "\n") for line in typed if " " in line.strip()]
    typed += [
        ".t()" * 50,
        ".t()" * 51,
        ".view(" + "1, " * 400 + ")",
        "",
        "   ",
        "." + "f" * 90 + "(1)",
        ".t() +" + "1" * 90,
    ]
    answers = blank.evaluate(
        """texts => texts.map((text) => {
            const plain = (one) => one && [one.name, one.args.length, one.kwargs.map(([name]) => name), one.text];
            try { const { start, steps } = strides.parse(text); return [plain(start), steps.map(plain)]; }
            catch (error) { return error.message; }
        })""",
        typed,
    )
    different = []
    for text, answer in zip(typed, answers, strict=True):
        try:
            chain = parse(text)
        except ChainError as error:
            expected: Any = str(error)
            if expected.startswith("not readable"):  # no Python at all: refused, in words of its own
                if not isinstance(answer, str):
                    different.append((text, expected, answer))
                continue
        else:
            said = [
                None if one is None else [one.name, len(one.args), [name for name, _ in one.kwargs], one.text]
                for one in (chain.start, *chain.steps)
            ]
            expected = [said[0], said[1:]]
        if answer != expected:
            different.append((text, expected, answer))
    assert different == []


@given(st.text(alphabet=".()[],:-+*= 012aTtNviewsum_'\"#😀", max_size=24))
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_python_refuses_the_page_refuses_too(blank: Page, text: str) -> None:
    try:
        parse(text)
        taken = True
    except ChainError:
        taken = False
    script = "text => { try { strides.parse(text); return null; } catch (error) { return [error.constructor.name, error.message]; } }"
    refused = blank.evaluate(script, text)
    assert refused is None or refused[0] == "ChainError", refused
    assert (refused is None) == taken, refused


def test_the_methods_that_compute_are_named_alike() -> None:
    from course.strides.computing import _COMPUTING

    source = (Path(bundle.__file__).parent / "page" / "computing.js").read_text(encoding="utf-8")
    assert set(source.split("`")[1].split()) == _COMPUTING


BEYOND = """svg => {
    const place = document.body.appendChild(document.createElement("div"));
    place.innerHTML = svg;
    const { width } = place.querySelector("svg").viewBox.baseVal;
    const beyond = [...place.querySelectorAll("text")].filter((one) => {
        const box = one.getBBox();
        return box.x < 0 || box.x + box.width > width;
    }).map((one) => one.textContent);
    place.remove();
    return beyond;
}"""


def test_the_lines_of_a_picture_break_at_what_fits(blank: Page) -> None:
    x = torch.arange(24).view(2, 3, 4)
    explorer = Explorer(Trail(x, "measurements" * 8))
    explorer.do(".expand(2, 3, 4)[:, ::2].transpose(0, 1).view(16)")
    assert blank.evaluate(BEYOND, explorer.picture.svg()) == []
    assert blank.evaluate(BEYOND, compare(x[:, ::2], x.view(6, 4).t()).svg()) == []
    lines = marks.wrapped("WWWW immeasurable mmmm " + "Schifffahrtsgesellschaft" * 9, 860, 17, bold=True)
    drawn = "".join(marks.text(20, 30 * place, line, size=17, bold=True) for place, line in enumerate(lines))
    assert len(lines) > 2
    assert blank.evaluate(BEYOND, Picture("Lines", "Long ones.", 900, 99, drawn).svg()) == []
    wide = Trail.of("arange(24).as_strided((4, 5, 5), (1, 1, 1)).as_strided((3, 3), (1, 1)).unfold(0, 2, 1)")
    assert blank.evaluate(BEYOND, Explorer(wide).picture.svg()) == []
