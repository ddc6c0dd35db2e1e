"""Recipes of tensors: the same numbers wherever they lie in memory, the same bits wherever they are made."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.observing.codec import CodecError, Drawn, from_bytes, from_tree, to_bytes
from autograder.observing.layouts import LAYOUTS, WRITTEN, fits, laid_out
from autograder.observing.recipes import DRAWS

SIZES = [(), (3,), (1,), (2, 3), (1, 3), (4, 1, 2), (2, 3, 4, 5), (1, 2, 1, 3), (2, 1, 3, 4, 2, 3), (0,), (2, 0, 3)]
FITTING = [(layout, size) for layout in LAYOUTS for size in SIZES if fits(layout, size)]


@pytest.mark.parametrize(("layout", "size"), FITTING)
def test_a_layout_moves_numbers_in_memory_and_nothing_else(layout: str, size: tuple[int, ...]) -> None:
    values = torch.randn(size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    if layout == "expanded":
        values = values[:1].expand(size).clone()
    made = laid_out(values, layout)
    assert torch.equal(made, values)
    assert made.untyped_storage().data_ptr() != values.untyped_storage().data_ptr() or values.numel() == 0


@pytest.mark.parametrize(("layout", "size"), [one for one in FITTING if one[0] != "contiguous"])
def test_a_layout_that_fits_is_not_the_one_of_a_fresh_tensor(layout: str, size: tuple[int, ...]) -> None:
    made = laid_out(torch.zeros(size), layout)
    assert (made.stride(), made.storage_offset()) != (torch.zeros(size).stride(), 0)


@pytest.mark.parametrize("layout", WRITTEN)
def test_where_it_may_be_written_to_no_two_numbers_share_a_slot(layout: str) -> None:
    made = laid_out(torch.zeros(2, 3, 1, 4), layout)
    made.copy_(torch.arange(24.0).view(2, 3, 1, 4))
    assert made.flatten().tolist() == list(range(24))


@pytest.mark.parametrize(
    ("layout", "size"), [("channels last", (2, 3)), ("expanded", (1, 3)), ("every second row", ())]
)
def test_a_layout_that_does_not_fit_is_refused(layout: str, size: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=f"no tensor of size .* lies in memory as '{layout}'"):
        laid_out(torch.zeros(size), layout)


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.int64])
def test_a_recipe_survives_the_way_through_bytes(draw: str, dtype: torch.dtype) -> None:
    recipe = Drawn((2, 3), 5, draw, 4.0, "dimensions in another order", dtype)
    again = from_bytes(to_bytes(recipe))
    assert again == recipe
    made, remade = recipe.tensor(), again.tensor()
    assert torch.equal(made, remade)
    assert (made.stride(), made.dtype) == (remade.stride(), dtype)


def test_distinct_numbers_are() -> None:
    numbers = Drawn((4, 25), 3, "distinct", 10.0).tensor()
    assert len(numbers.unique()) == 100
    assert 9 < float(numbers.abs().max()) <= 10
    assert bool((numbers != 0).all())


@pytest.mark.parametrize(
    "change",
    [{"draw": "free"}, {"layout": "on the moon"}, {"size": "ab"}, {"size": [[]]}, {"seed": None}, {"dtype": "qint"}],
)
def test_a_recipe_that_nobody_wrote_is_refused(change: dict[str, Any]) -> None:
    tree = {"~": "drawn", "size": [2], "seed": 1, "draw": "normal", "scale": 1.0, "layout": "contiguous"}
    with pytest.raises(CodecError):
        from_tree({**tree, "dtype": "float64", **change}, {})


def test_a_small_file_is_the_same_in_fewer_bytes_and_read_only_where_it_is_expected() -> None:
    value = {"cases": [{"name": "case", "x": torch.arange(3)} for _ in range(50)]}
    small = to_bytes(value, small=True)
    assert len(small) < len(to_bytes(value)) / 2
    found = from_bytes(small, small=True)
    assert isinstance(found["cases"][0]["x"], Tensor)
    with pytest.raises(CodecError, match="not a reference file"):
        from_bytes(small)
