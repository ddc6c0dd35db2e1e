"""A widget where a front end has to be asked before it draws one that is not its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from course.alive import VIEW
from course.network import slide
from course.strides import explore

MANAGER = "https://colab.example/manager.js"


@pytest.mark.parametrize(
    "make",
    [lambda: explore(torch.arange(6)), lambda: slide(torch.ones(4, 5), torch.ones(3, 3))],
    ids=["explore", "slide"],
)
def test_colab_is_asked_to_draw_the_widget(make: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from anywidget import _util

    asked: list[str] = []
    output = SimpleNamespace(
        enable_custom_widget_manager=lambda: asked.append("draw"), _widgets=SimpleNamespace(_installed_url=MANAGER)
    )
    widget = make()
    monkeypatch.setitem(sys.modules, "google.colab.output", output)
    _util.enable_custom_widget_manager_once.cache_clear()
    told: list[tuple[dict[str, Any], dict[str, Any]]] = []
    monkeypatch.setattr("course.alive.display", lambda data, metadata, **_: told.append((data, metadata)))
    widget._ipython_display_()
    _util.enable_custom_widget_manager_once.cache_clear()
    assert asked == ["draw"]
    (still, _), (alive, metadata) = told
    assert "<svg" in still["text/html"]
    assert set(alive) == {VIEW}
    assert metadata[VIEW] == {"colab": {"custom_widget_manager": {"url": MANAGER}}}
