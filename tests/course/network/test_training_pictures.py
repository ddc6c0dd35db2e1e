"""The pictures of a training show what they were given: every loss a point, every image, every answer a count."""

import re

import pytest
import torch

from course.network import draw_confusion, draw_images, draw_losses

SVG = "{http://www.w3.org/2000/svg}"


def points(read, picture):
    """The points of the three curves: the first build's, the second's, the difference's."""
    paths = [mark.get("d") for mark in read(picture).iter() if mark.get("stroke-linejoin") == "round"]
    return [[tuple(map(float, point.split())) for point in re.split("[ML]", path)[1:]] for path in paths]


def test_every_loss_is_a_point_and_a_higher_one_lies_higher(read):
    first, second, apart = points(read, draw_losses({"a": [3.0, 2.0, 2.5, 1.0], "b": [3.0, 2.0, 2.0, 1.0]}))
    assert [len(first), len(second), len(apart)] == [4, 4, 4]
    assert [x for x, _ in first] == sorted({x for x, _ in first}) == [x for x, _ in second]
    heights = [-y for _, y in first]
    assert heights[0] > heights[2] > heights[1] > heights[3]
    assert first[:2] == second[:2] and first[2] != second[2] and first[3] == second[3]
    assert apart[0][1] == apart[1][1] == apart[3][1] > apart[2][1], "a positive difference lies above the zero line"


def test_heights_are_in_proportion(read):
    first, _, _ = points(read, draw_losses({"a": [4.0, 3.0, 1.0], "b": [4.0, 3.0, 1.0]}))
    (_, top), (_, middle), (_, low) = first
    assert (low - top) == pytest.approx(3 * (middle - top), abs=0.3)


def test_equal_losses_are_said_to_be_equal_and_others_how_far_apart(words):
    same = draw_losses({"modules": [2.0, 1.0], "functions": [2.0, 1.0]})
    assert any("equal at every step, to the last bit" in line for line in words(same))
    apart = draw_losses({"modules": [2.0, 1.0, 0.5], "functions": [2.0, 1.0 + 2e-8, 0.5]})
    assert any("2.0e-08 apart at most, at step 1" in line for line in words(apart))
    assert "2.0e-08 apart at most, at step 1" in apart.description
    assert any(line == "2.0e−08" for line in words(apart))


def test_both_curves_are_named_and_told_apart_without_colour(read, words):
    picture = draw_losses({"modules": [2.0, 1.0], "functions": [2.0, 1.0]})
    assert {"modules", "functions", "modules − functions"} <= set(words(picture))
    curves = [mark for mark in read(picture).iter() if mark.get("stroke-linejoin") == "round"]
    assert [bool(curve.get("stroke-dasharray")) for curve in curves[:2]] == [False, True]


def test_one_step_is_drawn_too(read):
    assert [len(set(curve)) for curve in points(read, draw_losses({"a": [1.0], "b": [1.0]}))] == [1, 1, 1]


@pytest.mark.parametrize(
    ("losses", "message"),
    [
        ({"a": [1.0]}, "two lists of losses are compared; got 1"),
        ({"a": [1.0], "b": [1.0, 2.0]}, "got 1 of a and 2 of b"),
        ({"a": [], "b": []}, "at least one"),
        ({"a": [1.0, float("nan")], "b": [1.0, 2.0]}, "a has a loss of nan at step 1"),
    ],
)
def test_losses_that_cannot_be_compared_say_why(losses, message):
    with pytest.raises(ValueError, match=message):
        draw_losses(losses)


def test_every_image_of_a_batch_is_drawn_pixel_for_pixel_with_its_words(images, words):
    batch = torch.rand(12, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    picture = draw_images(batch, torch.arange(12))
    drawn = images(picture)
    assert len(drawn) == 12
    for image, one in zip(batch, drawn, strict=True):
        assert torch.equal(torch.tensor(one), (image * 255).round().to(torch.uint8).permute(1, 2, 0))
    assert words(picture)[1:] == [str(number) for number in range(12)]
    assert picture.description == "12 images (3, 4, 5): 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11."


def test_of_many_images_the_first_forty_are_drawn_and_it_is_said(images):
    picture = draw_images(torch.zeros(50, 1, 2, 2))
    assert len(images(picture)) == 40
    assert picture.description == "50 images (1, 2, 2); the first 40 are drawn."


def test_images_of_another_shape_or_with_too_few_words_are_refused():
    with pytest.raises(ValueError, match=r"got \(3, 4, 4\); for one image there is draw_image"):
        draw_images(torch.zeros(3, 4, 4))
    with pytest.raises(ValueError, match="2 images and 1 captions"):
        draw_images(torch.zeros(2, 3, 4, 4), ["a"])


def test_a_confusion_counts_every_answer_in_its_row_and_column(read, words):
    guess, target = torch.tensor([2, 2, 1, 0, 2, 2]), torch.tensor([2, 2, 1, 1, 0, 1])
    picture = draw_confusion(guess, target, classes=3)
    said = words(picture)
    assert said[0] == "3 of 6 are right, 50.0 %"
    assert [line for line in said if " of " in line and "right" not in line] == ["0 of 1", "1 of 3", "2 of 2"]
    drawn = read(picture)
    cells = {
        (int(float(mark.get("y"))), int(float(mark.get("x")))): mark.text
        for mark in drawn.iter(f"{SVG}text")
        if mark.get("text-anchor") == "middle" and float(mark.get("y")) > 104
    }
    rows, columns = sorted({row for row, _ in cells}), sorted({column for _, column in cells})
    counts = {(rows.index(row), columns.index(column)): count for (row, column), count in cells.items()}
    assert counts == {(0, 2): "1", (1, 0): "1", (1, 1): "1", (1, 2): "1", (2, 2): "2"}
    assert picture.description.endswith("Mistakes: 0 taken for 2 (once), 1 taken for 0 (once), 1 taken for 2 (once).")


def test_a_mistake_is_bold_and_has_a_broken_frame(read):
    picture = draw_confusion(torch.tensor([0, 1]), torch.tensor([0, 0]), classes=2)
    broken = [mark for mark in read(picture).iter() if mark.get("stroke-dasharray")]
    assert len(broken) == 1


def test_no_mistake_is_said_and_the_most_frequent_comes_first():
    every = torch.arange(10)
    assert draw_confusion(every, every).description == "10 of 10 are right, 100.0 %. There is no mistake."
    guess, target = torch.tensor([1, 5, 5, 4]), torch.tensor([0, 6, 6, 4])
    assert "Mistakes: 6 taken for 5 (2 times), 0 taken for 1 (once)." in draw_confusion(guess, target).description


def test_what_is_no_class_is_refused_with_what_to_try():
    with pytest.raises(TypeError, match=r"guess must be a tensor of whole numbers.*torch.float32; try .argmax\(1\)"):
        draw_confusion(torch.zeros(3, 10), torch.zeros(3, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"of the same length; got \(3,\) and \(2,\)"):
        draw_confusion(torch.zeros(3, dtype=torch.int64), torch.zeros(2, dtype=torch.int64))
    with pytest.raises(ValueError, match="classes are 0 to 9; got 0 to 10"):
        draw_confusion(torch.tensor([10]), torch.tensor([0]))
