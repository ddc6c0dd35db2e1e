"""The slider shows the step's picture, and leaves a picture where no widget can be."""

from unittest.mock import ANY

import pytest
import torch
import torch.nn.functional as F

from course.data import photo
from course.network import draw_sliding_step, slide

EDGE = torch.tensor([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]])


def sliding(**options):
    return slide(photo()[0], EDGE, **options)


def test_a_step_goes_along_the_rows_of_the_output():
    kernel = sliding(stride=2, padding=1)
    kernel.step = 16 + 3
    assert kernel.picture.title == draw_sliding_step(photo()[0], EDGE, 1, 3, 2, 1).title
    assert kernel.picture.description == draw_sliding_step(photo()[0], EDGE, 1, 3, 2, 1).description


def test_moving_the_slider_shows_and_says_the_new_step():
    kernel = sliding()
    slider, said, view = kernel.children
    slider.value = 31
    expected = F.conv2d(photo()[:1], EDGE[None, None])[0, 1, 1].item()
    assert f"output[1, 1] = {expected:.3f}" in said.value and slider.words in said.value
    assert "Output cell (1, 1)" in view.value and view.value.startswith("<svg")


def test_the_slider_holds_exactly_the_steps_there_are():
    slider = sliding().children[0]
    assert (slider.label, slider.last, slider.value) == ("Step", 30 * 30 - 1, 0)


def test_an_output_of_one_cell_has_one_step():
    assert slide(torch.ones(3, 3), torch.ones(3, 3)).children[0].last == 0


def test_a_page_without_a_kernel_gets_the_picture_of_the_present_step(read):
    kernel = sliding(step=40)
    bundle = kernel._repr_mimebundle_()
    assert "Output cell (1, 10)" in bundle["image/svg+xml"]
    assert bundle["text/plain"] == repr(kernel.picture)
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == kernel.model_id


def test_a_cell_leaves_the_picture_and_behind_it_the_slider(monkeypatch):
    shown = []
    monkeypatch.setattr("course.alive.display", lambda data, **_: shown.append(data))
    kernel = sliding(step=40)
    kernel._ipython_display_()
    still, alive = shown
    assert "Output cell (1, 10)" in still["text/html"]
    assert still["text/plain"] == repr(kernel.picture)
    assert alive == {"application/vnd.jupyter.widget-view+json": ANY}


@pytest.mark.parametrize("step", [-1, 900, 1.0, True])
def test_a_step_that_is_none_is_refused_at_once_and_later(step):
    with pytest.raises(ValueError, match="steps 0 to 899 over this image"):
        sliding(step=step)
    kernel = sliding(step=7)
    with pytest.raises(ValueError, match="steps 0 to 899"):
        kernel.step = step
    assert kernel.step == 7


def test_wrong_shapes_are_refused_before_any_widget_is_made():
    with pytest.raises(ValueError, match="has no place in an image"):
        slide(torch.ones(2, 2), EDGE)
