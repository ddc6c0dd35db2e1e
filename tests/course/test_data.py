"""The images are those of the package: shape, dtype, values, and nobody can spoil them for the next reader."""

import colorsys
import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits, load_sample_image

from course.data import DIGITS, HELD_BACK, PARTS, PHOTOS, _file, coloured_digits, digits, ink_colour, photo, photos


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photograph_of_full_size_is_the_middle_square_of_the_package_s(name):
    pixels = load_sample_image(f"{name}.jpg")
    square = torch.from_numpy(pixels[:, 106:533].copy()).permute(2, 0, 1)
    assert pixels.shape == (427, 640, 3)
    assert torch.equal((photo(name, 427) * 255).round().to(torch.uint8), square)


@pytest.mark.parametrize("size", [1, 2, 31, 32, 64, 427])
def test_a_photograph_has_the_asked_size_and_values_from_0_to_1(size):
    image = photo(size=size)
    assert image.shape == (3, size, size)
    assert image.dtype == torch.float32
    assert image.is_contiguous()
    assert image.min() >= 0 and image.max() <= 1


def test_a_smaller_photograph_keeps_the_mean_of_the_large_one():
    assert torch.allclose(photo("china", 32).mean((1, 2)), photo("china", 427).mean((1, 2)), atol=0.01)


def test_the_flower_is_red_and_the_palace_has_a_bright_sky():
    flower, china = photo("flower"), photo("china")
    assert flower[0, 12:20, 12:20].mean() > 2 * flower[2, 12:20, 12:20].mean()
    assert china[:, :8].mean() > china[:, 24:].mean()


def test_photos_are_both_in_the_order_of_their_names():
    batch = photos(16)
    assert batch.shape == (2, 3, 16, 16)
    assert all(torch.equal(batch[place], photo(name, 16)) for place, name in enumerate(PHOTOS))


@pytest.mark.parametrize("size", [32, 427])
def test_writing_into_a_photograph_does_not_change_the_next_one(size):
    before = photo(size=size)
    photo(size=size).zero_()
    assert torch.equal(photo(size=size), before)


@pytest.mark.parametrize("size", [0, -1, 428, 32.0, True, "32"])
def test_a_photograph_of_a_size_that_cannot_be_says_which_sizes_can(size):
    with pytest.raises(ValueError, match="from 1 to 427"):
        photo(size=size)


def test_an_unknown_photograph_names_the_known_ones():
    with pytest.raises(ValueError, match="no photograph 'cat'; try one of 'china', 'flower'"):
        photo("cat")


def test_all_digits_are_those_of_the_package_each_pixel_a_block():
    bunch = load_digits()
    x, target = digits()
    assert x.shape == (DIGITS, 3, 32, 32) and x.dtype == torch.float32 and x.is_contiguous()
    assert target.shape == (DIGITS,) and target.dtype == torch.int64
    assert target.tolist() == bunch.target.tolist()
    blocks = x.view(DIGITS, 3, 8, 4, 8, 4)
    pixels = torch.from_numpy(bunch.images).to(torch.float32) / 16
    assert torch.equal(blocks, pixels[:, None, :, None, :, None].expand_as(blocks))


def test_digits_from_a_number_on_are_a_part_of_all():
    x, target = digits(20, start=100)
    everything, targets = digits()
    assert torch.equal(x, everything[100:120]) and torch.equal(target, targets[100:120])


def test_no_digits_are_an_empty_batch():
    x, target = digits(0, start=DIGITS)
    assert x.shape == (0, 3, 32, 32) and target.shape == (0,)


def test_writing_into_digits_does_not_change_the_next_ones():
    x, target = digits(3)
    kept = x.clone(), target.clone()
    x.zero_()
    target.zero_()
    again = digits(3)
    assert torch.equal(again[0], kept[0]) and torch.equal(again[1], kept[1])


def test_more_digits_than_there_are_says_how_many_are_left():
    with pytest.raises(ValueError, match="1797 digits, and 10 from number 1790 on would need 1800; try n=7"):
        digits(10, start=1790)


@pytest.mark.parametrize(("n", "start"), [(-1, 0), (1, -1), (1.0, 0), (True, 0)])
def test_digits_are_counted_in_whole_numbers(n, start):
    with pytest.raises(ValueError, match="whole numbers from 0"):
        digits(n, start)


def test_images_need_no_random_number():
    torch.manual_seed(3)
    state = torch.get_rng_state()
    photo(), digits(4), coloured_digits()
    assert torch.equal(torch.get_rng_state(), state)


def test_coloured_digits_are_every_digit_of_the_package_once():
    parts = [coloured_digits(part) for part in PARTS]
    assert [len(x) for x, _ in parts] == [DIGITS - HELD_BACK, HELD_BACK]
    order = np.random.RandomState(8).permutation(DIGITS)
    x, target = torch.cat([x for x, _ in parts]), torch.cat([target for _, target in parts])
    plain, plain_target = digits()
    colours = torch.tensor([colorsys.hsv_to_rgb(number * (5**0.5 - 1) / 2 % 1, 0.6, 1.0) for number in range(DIGITS)])
    assert x.dtype == torch.float32 and x.is_contiguous() and target.dtype == torch.int64
    assert torch.equal(x, (plain * colours[:, :, None, None])[order])
    assert torch.equal(target, plain_target[order])


@pytest.mark.parametrize("part", PARTS)
def test_every_digit_is_in_both_parts_and_about_as_often(part):
    _, target = coloured_digits(part)
    shares = target.bincount(minlength=10) / len(target)
    assert shares.min() > 0.07 and shares.max() < 0.13


def test_the_colour_of_a_digit_says_nothing_of_which_digit_it_is():
    """Who sees only the brightest pixel's colour guesses no better than who sees nothing."""
    x, target = coloured_digits("train")
    held, truth = coloured_digits("held back")
    ink, shown = (images.flatten(2).amax(2) for images in (x, held))
    guess = target[torch.cdist(shown, ink).argmin(dim=1)]
    assert (guess == truth).double().mean() < 0.2


def test_an_ink_is_bright_and_no_two_neighbours_have_the_same():
    inks = torch.tensor([ink_colour(number) for number in range(DIGITS)], dtype=torch.float64)
    assert torch.equal(inks.amax(dim=1), torch.ones(DIGITS, dtype=torch.float64))
    assert (inks.amin(dim=1) - 0.4).abs().max() < 1e-12
    assert (inks[1:] - inks[:-1]).abs().amax(dim=1).min() > 0.3


def test_writing_into_coloured_digits_does_not_change_the_next_ones():
    x, target = coloured_digits("held back")
    kept = x.clone(), target.clone()
    x.zero_(), target.zero_()
    again = coloured_digits("held back")
    assert torch.equal(again[0], kept[0]) and torch.equal(again[1], kept[1])


def test_an_unknown_part_names_the_known_ones():
    with pytest.raises(ValueError, match="no part 'test'; try one of 'train', 'held back'"):
        coloured_digits("test")


def test_looking_at_the_images_does_not_import_the_package_that_carries_them():
    words = "import sys; from course.data import coloured_digits, photos; photos(), coloured_digits(); print('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True).stdout == "False\n"


def test_images_that_are_not_there_say_what_to_install(monkeypatch):
    monkeypatch.setattr("course.data.find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="python -m pip install scikit-learn"):
        _file("images", "china.jpg")
