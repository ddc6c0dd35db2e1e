"""The picture of attention shows the weights that it was given, in numbers as well as in colours."""

import pytest
import torch

from course.network import draw_attention

MASKED = torch.tensor([[1.0, 0.0, 0.0], [0.25, 0.75, 0.0]])


def test_every_weight_is_a_number_in_its_cell_and_a_dot_is_exactly_0(words):
    numbers = [text for text in words(draw_attention(MASKED)) if text in ("1.00", "0.25", "0.75", "·")]
    assert numbers == ["1.00", "1.00", "·", "·", "1.00", "0.25", "0.75", "·"]  # a row's sum, then the row


def test_every_weight_is_a_pixel(images):
    (shown,) = images(draw_attention(MASKED))
    assert shown.shape == (2, 3, 3)
    assert tuple(shown[0, 0]) == (230, 159, 0)
    assert tuple(shown[0, 1]) == (255, 255, 255)


def test_rows_and_columns_have_their_words(words):
    texts = words(draw_attention(MASKED, ("he", "she"), ("here", "there", "nowhere")))
    assert {"he", "she", "here", "there", "nowhere"} <= set(texts)


def test_the_description_says_it_all_without_the_picture(read):
    picture = draw_attention(MASKED, keys=("a", "b", "c"))
    read(picture)
    assert "Query 1: a 0.25, b 0.75, c 0; sum 1.00." in picture.description


def test_what_is_no_number_is_said(words):
    assert "NaN" in words(draw_attention(torch.tensor([[float("nan"), 1.0]])))


def test_attention_in_more_dimensions_is_told_to_pick_a_head():
    with pytest.raises(ValueError, match=r"got \(1, 2, 3, 3\); pick one image and one head"):
        draw_attention(torch.zeros(1, 2, 3, 3))


def test_too_many_keys_are_refused():
    with pytest.raises(ValueError, match=r"at most 16 .* got \(2, 17\)"):
        draw_attention(torch.zeros(2, 17))


def test_words_have_to_be_as_many_as_rows():
    with pytest.raises(ValueError, match=r"there are 2 queries; got 3 words"):
        draw_attention(MASKED, ("a", "b", "c"))
