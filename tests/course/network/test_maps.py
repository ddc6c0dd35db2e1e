"""The pictures of images, filters and maps show the values they were given, each pixel a value."""

import pytest
import torch
import torch.nn.functional as F

from course.data import photo
from course.network import draw_feature_maps, draw_filters, draw_image

BLUE, WHITE, ORANGE, PURPLE = (0, 114, 178), (255, 255, 255), (230, 159, 0), (204, 121, 167)


def test_a_photograph_is_drawn_pixel_for_pixel(images):
    image = photo("china", 24)
    (shown,) = images(draw_image(image))
    assert torch.equal(torch.tensor(shown), (image * 255).round().to(torch.uint8).permute(1, 2, 0))


@pytest.mark.parametrize("shape", [(5, 7), (1, 5, 7), (1, 1, 5, 7), (1, 3, 5, 7)])
def test_an_image_may_be_grey_or_a_batch_of_one(images, words, shape):
    picture = draw_image(torch.zeros(shape))
    assert images(picture)[0].shape == (5, 7, 3)
    assert any(str(shape) in line for line in words(picture))


def test_bytes_are_an_image_too(images):
    (shown,) = images(draw_image(torch.tensor([[0, 128, 255]], dtype=torch.uint8)))
    assert shown[0, :, 0].tolist() == [0, 128, 255]


def test_a_normalised_image_is_spread_from_its_smallest_to_its_largest_and_says_so(images, words):
    picture = draw_image(torch.tensor([[-2.0, 0.0, 2.0]]))
    assert images(picture)[0][0, :, 0].tolist() == [0, 128, 255]
    assert any("−2.00 is dark, 2.00 is bright" in line for line in words(picture))


def test_a_permuted_image_is_told_where_channels_belong():
    with pytest.raises(ValueError, match=r"got \(32, 32, 3\); channels come first"):
        draw_image(photo().permute(1, 2, 0))


@pytest.mark.parametrize("draw", [draw_image, draw_filters, draw_feature_maps])
def test_what_has_no_real_values_cannot_be_drawn(draw):
    with pytest.raises(TypeError, match=r"must be a torch.Tensor; got list"):
        draw([1.0])
    with pytest.raises(TypeError, match=r"real numbers; got torch.complex64"):
        draw(torch.zeros(1, 1, 2, 2, dtype=torch.complex64))
    with pytest.raises(ValueError, match=r"is empty: its shape is \(1, 0, 2, 2\)"):
        draw(torch.zeros(1, 0, 2, 2))
    with pytest.raises(ValueError, match="on the meta device"):
        draw(torch.zeros(1, 1, 2, 2, device="meta"))
    with pytest.raises(TypeError, match=r"must be dense.*to_dense"):
        draw(torch.zeros(1, 1, 2, 2).to_sparse())


def test_every_filter_is_drawn_for_every_input_channel(images, words):
    weight = torch.randn(5, 2, 3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    picture = draw_filters(weight)
    _, *tiles = images(picture)
    assert [tile.shape for tile in tiles] == [(3, 4, 3)] * 10
    said = words(picture)
    assert {"0", "1", "2", "3", "4", "in 0", "in 1", "weight (5, 2, 3, 4), float64"} <= set(said)


def test_the_largest_value_has_the_full_colour_and_zero_is_white(images):
    weight = torch.tensor([[[[-2.0, 0.0, 2.0]]]])
    _, tile = images(draw_filters(weight))
    assert [tuple(pixel) for pixel in tile[0].tolist()] == [BLUE, WHITE, ORANGE]


def test_a_sign_marks_every_weight_below_zero(read):
    weight = torch.tensor([[[[-2.0, 0.0, 2.0], [-1.0, -0.1, 1.0]]]])
    signs = [mark.get("d") for mark in read(draw_filters(weight)).iter() if mark.get("stroke") == "#1b1f24"]
    assert "".join(signs).count("M") == 3


def test_the_range_of_the_weight_is_printed(words, drawn):
    weight = torch.randn(4, 3, 3, 3, generator=torch.Generator().manual_seed(1))
    assert f"values {drawn(weight.min())} to {drawn(weight.max())}" in words(draw_filters(weight))


def test_of_many_filters_the_picture_says_how_many_it_draws(words, images):
    picture = draw_filters(torch.ones(20, 17, 3, 3))
    assert "the first 16 of 20 filters are drawn" in picture.description
    assert "the first 16 of 17 input channels are drawn" in picture.description
    assert len(images(picture)) == 1 + 16 * 16


def test_a_parameter_is_drawn_without_leaving_a_trace():
    weight = torch.nn.Parameter(torch.ones(2, 3, 3, 3))
    draw_filters(weight)
    assert weight.grad is None and weight.requires_grad


def test_weights_that_are_all_zero_say_so(words):
    assert "every value is 0" in words(draw_filters(torch.zeros(1, 1, 3, 3)))


def test_a_weight_of_a_linear_layer_is_no_filter():
    with pytest.raises(ValueError, match=r"four dimensions; got \(10, 16384\)"):
        draw_filters(torch.zeros(10, 16384))


def test_feature_maps_show_each_channel_with_its_own_range(words, images, drawn):
    image, weight = photo(), torch.randn(16, 3, 3, 3, generator=torch.Generator().manual_seed(2))
    maps = F.conv2d(image[None], weight, padding=1)
    picture = draw_feature_maps(maps, image)
    said = words(picture)
    for channel, values in enumerate(maps[0]):
        span = f"{drawn(values.min(), 2)} to {drawn(values.max(), 2)}"
        assert span in said
        assert f"{channel}: {span}" in picture.description
    assert len(images(picture)) == 1 + 16 + 1  # the scale, the maps, the image
    assert "(3, 32, 32)" in said


def test_after_a_relu_no_blue_is_left(images):
    maps = F.relu(torch.randn(4, 6, 6, generator=torch.Generator().manual_seed(3)))
    for shown in images(draw_feature_maps(maps)):
        assert (shown[..., 0] >= shown[..., 2]).all()


def test_what_is_not_finite_is_counted_and_has_a_colour_of_its_own(words, images):
    picture = draw_feature_maps(torch.tensor([[[1.0, float("nan"), float("-inf")]]]))
    assert "1.00 to 1.00, 2 not finite" in words(picture)
    assert [tuple(pixel) for pixel in images(picture)[1][0].tolist()] == [ORANGE, PURPLE, PURPLE]


def test_maps_with_nothing_finite_are_drawn_all_the_same(words):
    assert "no value is finite" in words(draw_feature_maps(torch.full((1, 2, 2), float("nan"))))


def test_of_many_maps_the_picture_says_how_many_it_draws(words):
    assert "the first 32 of 40 maps are drawn" in words(draw_feature_maps(torch.ones(40, 2, 2)))


def test_a_batch_of_maps_asks_for_one():
    with pytest.raises(ValueError, match=r"got \(2, 16, 8, 8\); pick one image of the batch"):
        draw_feature_maps(torch.zeros(2, 16, 8, 8))
