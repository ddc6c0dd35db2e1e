"""The explorer without a browser: what it does with a tensor, and what it tells its canvas."""

from __future__ import annotations

import json
from typing import Any

import nbformat
import pytest
import torch
from nbconvert import HTMLExporter

from course.alive import ALIVE, STILL
from course.strides import ChainError, explore
from course.strides.chain import Disagreement
from course.strides.explorer import Explorer


@pytest.fixture
def x() -> torch.Tensor:
    return torch.arange(24).view(2, 3, 4)


def hear(explorer: Explorer, **content: Any) -> None:
    """What the canvas sends, by the way it comes."""
    explorer._handle_custom_msg(content, [])


def test_operations_run_on_the_real_tensor(x: torch.Tensor) -> None:
    explorer = explore(x)
    explorer.do("[:, ::2].transpose(0, 1)")
    explorer.tensor[0, 0, 0] = 99
    assert x[0, 0, 0] == 99
    assert explorer.code == "x[:, ::2].transpose(0, 1)"


def test_a_failing_step_stays_in_the_history_and_out_of_the_code(x: torch.Tensor) -> None:
    explorer = explore(x)
    explorer.do(".transpose(0, 1).view(-1).t()")
    assert [record.kind for record in explorer.history] == ["view", "error"]
    assert explorer.code == "x.transpose(0, 1)"
    assert explorer.state["why"].startswith("no view of size (24,): dimensions 0 and 1 cannot merge")
    assert explorer.state["torch"].startswith("view size is not compatible")
    explorer.do(".reshape(-1)")
    assert [record.kind for record in explorer.history] == ["view", "error", "copy"]


def test_undo_goes_back_step_by_step_and_then_does_nothing(x: torch.Tensor) -> None:
    explorer = explore(x)
    explorer.do(".transpose(0, 1)[0]")
    explorer.do("arange(5)")
    explorer.undo()
    assert explorer.code == "x.transpose(0, 1)[0]"
    explorer.undo()
    explorer.undo()
    assert (explorer.code, explorer.state["undo"]) == ("x", False)


def test_a_stage_that_is_gone_back_to_is_gone_on_from(x: torch.Tensor) -> None:
    explorer = explore(x)
    explorer.do(".transpose(0, 1)[0]")
    explorer.go_to(1)
    assert explorer.code == "x.transpose(0, 1)"
    explorer.do("[:, 1]")
    assert explorer.code == "x.transpose(0, 1)[:, 1]"
    with pytest.raises(IndexError, match="the history has stages 0 to 2, 3 was asked for"):
        explorer.go_to(3)


def test_the_focus_stays_on_its_memory_where_it_can(x: torch.Tensor) -> None:
    explorer = explore(x)
    explorer.focus = [1, 0, 2]
    explorer.do(".permute(2, 0, 1)")
    assert explorer.focus == [2, 1, 0]
    explorer.do("[:2]")
    assert explorer.focus == [1, 1, 1], "slot 14 is read no more: the first focus of the new shape"


def test_a_copy_begins_with_a_fresh_focus(x: torch.Tensor) -> None:
    explorer = explore(x)
    explorer.focus = [0, 2, 3]
    explorer.do(".clone()")
    assert explorer.focus == [1, 1, 1]


def test_the_canvas_is_told_plain_values(x: torch.Tensor) -> None:
    state = explore(x).state
    assert json.loads(json.dumps(state)) == state
    assert (state["size"], state["stride"], state["offset"]) == ([2, 3, 4], [12, 4, 1], 0)
    assert [block["label"] for block in state["blocks"]] == ["[0, :, :]", "[1, :, :]"]
    assert state["storage"]["values"] == [str(slot) for slot in range(24)]


def test_what_the_canvas_asks_for_is_done(x: torch.Tensor) -> None:
    explorer = explore(x)
    hear(explorer, do=".view(6, 4)")
    hear(explorer, do=".t()")
    assert explorer.code == "x.view(6, 4).t()"
    hear(explorer, go_to=1)
    assert explorer.code == "x.view(6, 4)"
    hear(explorer, undo=True)
    assert explorer.code == "x.view(6, 4)"
    hear(explorer, undo=True)
    assert explorer.code == "x"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"do": "__import__('os')"}, "__import__('os') is refused at position 0"),
        ({"do": ".unsqueeze(0).unsqueeze(0).unsqueeze(0)"}, "gives 6 dimensions, 5 can be shown; nothing was done"),
        ({"do": ".expand(1000, 1000, 2, 3, 4)"}, "the limit here is 1000000"),
        ({"go_to": 7}, "the history has stages 0 to 0"),
    ],
)
def test_what_is_refused_is_answered_and_changes_nothing(x: torch.Tensor, content: Any, message: str) -> None:
    explorer = explore(x)
    hear(explorer, **content)
    assert message in explorer.state["message"]
    assert explorer.code == "x"
    hear(explorer, do=".view(-1)")
    assert explorer.state["message"] == ""


@pytest.mark.parametrize("content", [{}, {"do": 3}, {"undo": "yes"}, {"eval": "1"}, {"slot": -1}, {"slot": 24}])
def test_what_means_nothing_is_let_pass(x: torch.Tensor, content: Any) -> None:
    explorer = explore(x)
    before = explorer.state
    hear(explorer, **content)
    assert explorer.state == before


def test_a_disagreement_with_torch_is_never_hidden(x: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    def disagree(*_: object) -> None:
        raise Disagreement("the model says view, torch gives copy")

    monkeypatch.setattr("course.strides.chain._compare", disagree)
    explorer = explore(x)
    hear(explorer, do=".t()")
    assert explorer.state["message"] == "the model says view, torch gives copy"


def test_a_large_tensor_is_sent_in_part_and_follows_the_focus() -> None:
    explorer = explore(torch.arange(6000).view(3, 40, 50))
    assert len(explorer.state["values"]) <= 512
    assert len(explorer.state["storage"]["values"]) == 128
    explorer.focus = [2, 39, 49]
    assert explorer.state["values"][-1] == "5999"
    assert explorer.state["storage"]["values"][-1] == "5999"
    hear(explorer, slot=300)
    assert explorer.state["storage"]["values"][0] == "256"


def test_a_focus_from_another_shape_is_let_pass(x: torch.Tensor) -> None:
    explorer = explore(x)
    explorer.focus = [5, 5]
    assert explorer.picture.title == "x and its storage"


def test_a_text_is_a_start(x: torch.Tensor) -> None:
    explorer = explore("torch.zeros(2, 3).t()")
    assert explorer.code == "torch.zeros(2, 3).t()"
    assert not explorer.state["undo"]
    with pytest.raises(ChainError, match=r"begin with one, as in arange\(24\).view\(3\)"):
        explore(".view(3)")


def test_refresh_reads_what_was_written(x: torch.Tensor) -> None:
    explorer = explore(x)
    x[0, 0, 0] = 77
    explorer.refresh()
    assert explorer.state["values"][0] == "77"


@pytest.mark.parametrize("size", [(), (0,), (3, 0, 2), (1, 1, 1, 1, 1), (600,), (2, 2, 2, 2, 2)])
def test_every_shape_can_be_explored(size: tuple[int, ...]) -> None:
    explorer = explore(torch.zeros(size))
    explorer.do(".clone()")
    assert explorer.state["size"] == list(size)


def test_without_a_kernel_there_is_the_picture_and_the_history(x: torch.Tensor) -> None:
    explorer = explore(x, name="image")
    explorer.do(".transpose(1, 2).view(24)")
    bundle, _ = explorer._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<svg ")
    assert "cannot merge" in bundle["image/svg+xml"]
    assert bundle["text/plain"].startswith(
        "● image  tensor (2, 3, 4)\n⇄ .transpose(1, 2)  view (2, 4, 3)\n✕ .view(24)  error:"
    )
    assert "application/vnd.jupyter.widget-view+json" in bundle


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The bundles that are displayed, one output each."""
    bundles: list[dict[str, Any]] = []
    monkeypatch.setattr("course.alive.display", lambda data, **_: bundles.append(data))
    return bundles


def test_a_cell_leaves_the_picture_and_behind_it_the_widget(x: torch.Tensor, shown: list[dict[str, Any]]) -> None:
    explorer = explore(x)
    explorer._ipython_display_()
    still, alive = shown
    assert set(still) == {"text/html", "image/svg+xml", "text/plain"}
    assert still["text/plain"] == repr(explorer)
    assert set(alive) == {"application/vnd.jupyter.widget-view+json"}, "no text: a terminal would print a second one"
    assert ALIVE in explorer._dom_classes
    assert f'class="{STILL}"' in still["text/html"]


def test_a_static_page_shows_the_picture(x: torch.Tensor, shown: list[dict[str, Any]]) -> None:
    explore(x)._ipython_display_()
    outputs = [nbformat.v4.new_output("display_data", data=data) for data in shown]
    cell = nbformat.v4.new_code_cell("explore(x)", outputs=outputs)
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert "Element [1, 1, 1] is 17 and lies in slot 17" in page


def test_what_cannot_be_shown_is_refused() -> None:
    with pytest.raises(ValueError, match="has 6 dimensions, 5 can be shown"):
        explore(torch.zeros(1, 1, 1, 1, 1, 1))
    with pytest.raises(TypeError, match="this is a list"):
        explore([1])  # type: ignore[arg-type]
