"""One step of the sliding kernel: every number in the picture is the one that torch's convolution uses."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from course.data import photo
from course.network import draw_sliding_step
from course.network.windowing import slide_of


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(
    ("channels", "kernel", "stride", "padding"),
    [(1, (3, 3), 1, 0), (3, (3, 3), 2, 1), (1, (5, 2), 1, 2), (4, (1, 5), 3, 0), (2, (1, 1), 1, 1)],
)
def test_the_sum_is_the_cell_of_torch_s_convolution(words, drawn, channels, kernel, stride, padding):
    image, weight = random(channels, 9, 12), random(channels, *kernel, seed=1)
    output = F.conv2d(image[None], weight[None], stride=stride, padding=padding)[0, 0]
    rows, columns = output.shape
    for row, column in ((0, 0), (rows - 1, columns - 1), (rows // 2, columns // 3)):
        said = words(draw_sliding_step(image, weight, row, column, stride, padding))
        result = drawn(output[row, column].item())
        assert f"output[{row}, {column}] = {result}" in said
        assert any(line.endswith(f" = {result}") for line in said)
        assert f"output {rows} × {columns}" in said
        window = F.unfold(image[None], kernel, padding=padding, stride=stride)[0, :, row * columns + column]
        for value in [*window, *weight.flatten(), *(window * weight.flatten())]:
            assert drawn(value.item()) in said


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_window_times_the_weights_is_the_output(data):
    channels, height, width = (data.draw(st.integers(1, most)) for most in (4, 5, 5))
    stride, padding = data.draw(st.integers(1, 3)), data.draw(st.integers(0, 3))
    rows = data.draw(st.integers(max(1, height - 2 * padding), 10))
    columns = data.draw(st.integers(max(1, width - 2 * padding), 10))
    slide = slide_of(random(channels, rows, columns), random(channels, height, width, seed=1), stride, padding)
    for step in range(slide.steps):
        row, column = slide.place(step)
        expected = (slide.window(row, column) * slide.weight).sum()
        assert torch.allclose(expected, slide.output[row, column])


def test_the_products_in_the_sum_are_added_up_with_their_signs(words):
    image = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    weight = torch.tensor([[1.0, -1.0], [0.5, 0.0]])
    assert "output[0, 0] = 1.000 − 2.000 + 1.500 + 0.000 = 0.500" in words(draw_sliding_step(image, weight, 0, 0))


def test_each_channel_has_its_own_sum(words):
    image, weight = torch.ones(2, 2, 2), torch.tensor([[[1.0, 2.0]], [[-3.0, -4.0]]])
    said = words(draw_sliding_step(image, weight, 1, 0))
    assert "channel 0: 1.000 + 2.000 = 3.000" in said
    assert "channel 1: −3.000 − 4.000 = −7.000" in said
    assert "output[1, 0] = 3.000 − 7.000 = −4.000" in said


def test_a_long_sum_is_broken_into_lines_that_fit(words):
    said = words(draw_sliding_step(random(4, 5, 5), random(4, 5, 5, seed=1), 0, 0))
    assert max(map(len, said)) <= 126


def test_the_frame_lies_on_the_window_and_on_the_cell(read):
    frames = [
        mark
        for mark in read(draw_sliding_step(torch.ones(11, 11), torch.ones(3, 2), 1, 4, stride=2)).iter()
        if mark.get("stroke-width") == "3"
    ]
    window, cell = ([float(mark.get(name)) for name in ("x", "y", "width", "height")] for mark in frames)
    # An image of 330 pixels on the page has 30 for each of its 11; the output is 5 × 5 cells of at most 40.
    assert window == [12 + 8 * 30 - 1, 60 + 2 * 30 - 1, 2 * 30 + 2, 3 * 30 + 2]
    assert cell == [500 + 4 * 40 - 1, 60 + 1 * 40 - 1, 42, 42]


def test_padding_is_in_the_image_that_is_drawn(images):
    image, output = images(draw_sliding_step(torch.ones(4, 5), torch.ones(3, 3), 0, 0, padding=1))
    assert image.shape == (6, 7, 3) and output.shape == (4, 5, 3)
    assert (image[0] == 0).all() and (image[1:-1, 1:-1] == 255).all()


def test_both_meanings_of_stride_are_told_apart():
    image = photo()[:, :10, :12]
    description = draw_sliding_step(image, torch.ones(3, 3, 3), 0, 1, stride=2).description
    assert '"stride" of the kernel = 2: from one output cell to the next, the window moves 2 pixels' in description
    assert "image.stride() = (1024, 32, 1)" in description
    assert "1024 to the next channel, 32 to the next row, 1 to the next column" in description


def test_a_transposed_image_is_convolved_and_says_its_own_memory_stride(words, drawn):
    image = random(6, 9).t()
    weight = random(3, 2, seed=1)
    picture = draw_sliding_step(image, weight, 2, 1)
    expected = F.conv2d(image[None, None], weight[None, None])[0, 0, 2, 1].item()
    assert f"output[2, 1] = {drawn(expected)}" in words(picture)
    assert "image.stride() = (1, 9)" in picture.description


@pytest.mark.parametrize("dtype", [torch.int64, torch.float16, torch.bfloat16, torch.bool])
def test_any_real_dtype_is_drawn(words, dtype):
    picture = draw_sliding_step(torch.ones(3, 3).to(dtype), torch.ones(2, 2), 0, 0)
    assert "output[0, 0] = 4.000" in words(picture)


def test_drawing_changes_neither_image_nor_weight():
    image, weight = random(5, 5), random(3, 3).requires_grad_()
    kept = image.clone(), weight.detach().clone()
    draw_sliding_step(image, weight, 0, 0)
    assert torch.equal(image, kept[0]) and torch.equal(weight, kept[1]) and weight.grad is None


@pytest.mark.parametrize(("row", "column"), [(-1, 0), (3, 0), (0, 2), (0, -1)])
def test_a_cell_outside_of_the_output_says_which_there_are(row, column):
    with pytest.raises(IndexError, match="the output is 3 × 2, so row is 0 to 2 and column 0 to 1"):
        draw_sliding_step(torch.ones(5, 4), torch.ones(3, 3), row, column)


def test_a_row_is_a_whole_number():
    with pytest.raises(TypeError, match=r"whole numbers; got 0.5 and 0"):
        draw_sliding_step(torch.ones(5, 4), torch.ones(3, 3), 0.5, 0)


@pytest.mark.parametrize(
    ("image", "weight", "options", "message"),
    [
        ((4,), (3, 3), {}, r"the image is \(H, W\) or \(C, H, W\); got \(4,\)"),
        ((4, 4), (16, 3, 3, 3), {}, r"one kernel.*got \(16, 3, 3, 3\); pick one filter"),
        ((3, 4, 4), (3, 3), {}, "got 1 in the weight .* and 3 in the image"),
        ((4, 4), (5, 3), {}, "a kernel of 5 × 3 has no place in an image of 4 × 4 with padding 0"),
        ((0, 4), (3, 3), {}, r"the image is empty: its shape is \(0, 4\)"),
        ((4, 4), (0, 3), {}, "the weight is empty"),
        ((4, 4), (3, 3), {"stride": 0}, "stride is a whole number from 1; got 0"),
        ((4, 4), (3, 3), {"padding": -1}, "padding is a whole number from 0; got -1"),
        ((4, 4), (3, 3), {"padding": "same"}, "padding is a whole number from 0; got 'same'"),
        ((9, 9), (7, 7), {}, "up to 4 channels of 5 × 5; got 1 of 7 × 7"),
        ((64, 65), (3, 3), {}, "up to 64 × 64 with padding; got 64 × 65; try a crop"),
    ],
)
def test_what_cannot_be_drawn_says_why(image, weight, options, message):
    with pytest.raises(ValueError, match=message):
        draw_sliding_step(torch.ones(image), torch.ones(weight), 0, 0, **options)


def test_a_list_is_no_image():
    with pytest.raises(TypeError, match=r"the image must be a torch.Tensor; got list"):
        draw_sliding_step([[1.0]], torch.ones(1, 1), 0, 0)
