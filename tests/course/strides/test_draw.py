"""The pictures of strides: what is in sight, what is marked, and that the words say the same."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course.picture import Picture
from course.strides import compare, parse, show
from course.strides.__main__ import main
from course.strides.badges import badges, storage_words
from course.strides.draw import Stage, draw
from course.strides.draw_storage import next_slots
from course.strides.layout import Layout
from course.strides.reading import read, value_text
from course.strides.scene import MOST_SHOWN, count_read, cut, element_window, read_slots, slot_window
from course.strides.suggest import suggestions
from course.strides.trail import Trail

SVG = "{http://www.w3.org/2000/svg}"

layouts = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=5).flatmap(
    lambda dims: st.integers(0, 7).map(lambda offset: Layout([n for n, _ in dims], [step for _, step in dims], offset))
)


def marks(picture: Picture, kind: str) -> list[ET.Element]:
    """The boxes of one kind; the picture is read as a browser reads it."""
    return [mark for mark in ET.fromstring(picture.svg()).iter(f"{SVG}rect") if kind in mark.get("class", "").split()]


def words(picture: Picture) -> list[str]:
    return [mark.text or "" for mark in ET.fromstring(picture.svg()).iter(f"{SVG}text")]


@given(layouts)
def test_a_slot_counts_as_read_when_an_element_lies_there(layout: Layout) -> None:
    slots = range(layout.offset + 40)
    assert read_slots(layout, slots) == tuple(bool(layout.elements_at(slot)) for slot in slots)
    assert count_read(layout) == len(set(layout.slots()))


@given(st.lists(st.integers(0, 40), max_size=5), st.integers(1, 30), st.data())
def test_blocks_show_every_element_in_sight_once_and_the_focus_is_in_sight(
    size: list[int], longest_row: int, data: st.DataObject
) -> None:
    empty = 0 in size
    focus = None if empty else tuple(data.draw(st.integers(0, length - 1)) for length in size)
    window = element_window(size, focus)
    shown = [
        block.index(row, column)
        for block in cut(size, window, longest_row)
        for row in block.rows
        for column in block.columns
    ]
    assert len(set(shown)) == len(shown) <= MOST_SHOWN
    assert empty or focus in shown
    if torch.Size(size).numel() <= MOST_SHOWN:
        assert len(shown) == torch.Size(size).numel()


@given(st.integers(1, 3000), st.data())
def test_the_slots_in_sight_hold_the_focus(count: int, data: st.DataObject) -> None:
    focus = data.draw(st.integers(0, count - 1))
    slots = slot_window(Layout.contiguous((count,)), (focus,))
    assert focus in slots
    assert len(slots) == count if count <= MOST_SHOWN else len(slots) == 128


@pytest.mark.parametrize("rank", range(6))
def test_every_rank_is_drawn_with_one_cell_for_every_element_and_slot(rank: int) -> None:
    x = torch.arange(2.0**rank).view((2,) * rank)
    picture = show(x)
    assert len(marks(picture, "element")) == 2**rank - 1
    assert len(marks(picture, "slot")) == 2**rank - 1
    assert len(marks(picture, "focus")) == 2, "the element that is looked at, and its slot"


def test_the_focused_element_its_slot_and_the_arithmetic_are_marked() -> None:
    picture = show(torch.arange(24).view(2, 3, 4)[:, ::2].transpose(0, 1), focus=(1, 0, 2))
    assert {"Where is [1, 0, 2]?", "1·8", "0·12", "2·1", "= slot 10"} <= set(words(picture))
    assert "Element [1, 0, 2] is 10 and lies in slot 10: 0 + 1·8 + 0·12 + 2·1 = 10." in picture.description
    assert len(marks(picture, "unread")) == 8


def test_a_negative_focus_counts_from_the_end() -> None:
    assert "Element [1, 2] is 5" in show(torch.arange(6).view(2, 3), focus=(-1, -1)).description


def test_elements_that_share_the_slot_are_marked_too() -> None:
    picture = show(torch.arange(5).unfold(0, 3, 1), focus=(1, 1))
    assert len(marks(picture, "shared")) == 2
    assert "⚠ elements overlap" in words(picture)


def test_steps_along_the_dimensions_lead_to_the_slots_of_the_neighbours() -> None:
    scene = read(torch.arange(24).view(2, 3, 4), focus=(1, 0, 3))
    assert next_slots(scene) == {0: 3, 1: 19, 2: 14}
    assert next_slots(read(torch.arange(3).view(3, 1), focus=(0, 0))) == {0: 1}


def test_a_storage_of_512_slots_is_shown_in_full_and_a_larger_one_in_part() -> None:
    assert len(marks(show(torch.arange(512).view(2, 256)), "slot")) == 511
    picture = show(torch.zeros(3, 40, 50), focus=(2, 39, 49))
    assert len(marks(picture, "slot")) == 127
    assert "Slots 5872 to 5999 are shown." in picture.description
    assert any("shown here: slots 5,872 to 5,999" in line for line in words(picture))
    assert "6,000 elements · shown here: [1:3, 32:40, 34:50]" in words(picture)


def test_a_huge_expanded_tensor_is_drawn_at_once() -> None:
    picture = show(torch.zeros(1).expand(1000, 1000))
    assert "Elements overlap: yes." in picture.description


def test_empty_tensors_have_words_in_place_of_cells() -> None:
    picture = show(torch.empty(3, 0))
    assert "no elements: a size of 0 leaves nothing to lie anywhere" in words(picture)
    assert "no slots: the storage is empty" in words(picture)


@pytest.mark.parametrize(
    ("tensor", "texts"),
    [
        (torch.tensor([True, False]), ("True", "False")),
        (torch.tensor([1, -2], dtype=torch.int8), ("1", "-2")),
        (torch.tensor([0.5, float("nan")]), ("0.5", "nan")),
        (torch.tensor([1.0, -30000.0], dtype=torch.bfloat16), ("1.", "-29952.")),
        (torch.tensor([1 + 2j, -1j]), ("1+2j", "-0-1j")),
        (torch.tensor([1.0, 2.0]).to(torch.float8_e4m3fn), ("1.", "2.")),
        (torch.tensor([1, 255], dtype=torch.uint8).view(torch.bits8), ("1", "255")),
    ],
)
def test_any_dtype_that_prints_is_shown(tensor: torch.Tensor, texts: tuple[str, ...]) -> None:
    assert read(tensor).stored == texts


def test_a_lazy_conjugate_differs_from_what_lies_in_its_slots_and_says_so() -> None:
    scene = read(torch.tensor([[1 + 2j]]).H)
    assert (scene.elements, scene.stored) == (("1-2j",), ("1+2j",))
    assert "A lazy conjugate" in draw(scene).description


def test_parameters_are_shown_without_touching_them() -> None:
    weight = torch.nn.Parameter(torch.ones(2, 2))
    assert "Shape (2, 2)" in show(weight).description
    assert weight.grad is None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: torch.empty(2, device="meta"),
            TypeError,
            r"a meta tensor has a layout but no values; try torch.empty",
        ),
        (lambda: torch.eye(2).to_sparse(), TypeError, r"this one's layout is torch.sparse_coo; try .to_dense\(\)"),
        (lambda: torch.zeros(1, 1, 1, 1, 1, 1, 1), ValueError, r"has 7 dimensions, 5 can be shown; .*: t\[0\]\[0\]$"),
        (lambda: torch.quantize_per_tensor(torch.ones(1), 1, 0, torch.qint8), TypeError, r"try t.int_repr\(\)"),
        (lambda: torch.nested.nested_tensor([torch.ones(1)]), TypeError, r"show one of t.unbind\(\)"),
        (lambda: [1, 2], TypeError, r"this is a list; try torch.as_tensor"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_what_to_try(make, error, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=message):
        show(make())


def test_a_tensor_whose_storage_was_freed_is_refused() -> None:
    x = torch.ones(4)
    x.untyped_storage().resize_(0)
    with pytest.raises(
        ValueError, match="storage was made smaller than the tensor: element \\(3,\\) would lie in slot 3"
    ):
        show(x)


def test_a_focus_outside_of_the_tensor_is_refused() -> None:
    with pytest.raises(IndexError, match="index 3 lies outside dimension 1, which has size 3"):
        show(torch.zeros(2, 3), focus=(0, 3))


def test_the_history_is_drawn_with_marks_and_the_reason() -> None:
    trail = Trail.of("arange(24).view(2, 3, 4)[:, ::2].transpose(0, 1).flip(0).t()")
    picture = draw(read(trail.tensor, trail.code), trail.stages, trail.shown, trail.shares)
    shown = words(picture)
    captions = ["⇄ view · (2, 3, 4)", "⇄ view · (2, 2, 4)", "❐ copy · (2, 2, 4)", "✕ error", "❐ own storage"]
    assert set(captions) <= set(shown)
    assert len(marks(picture, "stage")) == 6
    assert len(marks(picture, "shown")) == 1
    assert ".t() (error)" in picture.description


def test_texts_in_a_picture_are_escaped() -> None:
    picture = show(torch.zeros(2), name="<b>&")
    assert "<b>&" in words(picture)
    assert picture.title.startswith("<b>&")


def test_badges_give_the_reason_with_the_fact() -> None:
    said = {badge.words: badge for badge in badges(read(torch.arange(3).expand(2, 3)))}
    assert said["⚠ elements overlap"].warns
    assert "Dimension 0 has stride 0" in said["⚠ elements overlap"].why
    assert said["48 bytes"].why == "6 elements of int64, 8 bytes each."
    assert storage_words(read(torch.arange(6)[::2])) == "6 slots · int64 · 48 bytes · 3 read, the others struck through"


def test_two_tensors_over_one_storage_meet_in_a_slot() -> None:
    x = torch.arange(24).view(2, 3, 4)
    picture = compare(x[:, ::2], x.view(6, 4).t(), names=("rows", "columns"))
    assert picture.description.startswith(
        "rows and columns read one storage: writing to rows[0, 0, 1] changes columns[1, 0]."
    )
    assert len(marks(picture, "focus")) == 3, "an element of each, and the one slot"
    assert "rows columns" in words(picture)


def test_two_storages_are_told_apart() -> None:
    x = torch.arange(4)
    assert "have two storages" in compare(x, x.clone()).description
    assert len([line for line in words(compare(x, x.clone())) if line.startswith("Storage of")]) == 2


def test_one_storage_without_a_common_slot() -> None:
    x = torch.arange(4)
    picture = compare(x[:2], x[2:])
    assert picture.description.startswith("a and b read one storage, in no common slot.")
    assert marks(picture, "focus") == []


def test_one_memory_read_as_two_dtypes() -> None:
    x = torch.zeros(2)
    assert (
        "the same memory, counted off in slots of float32 and of uint8" in compare(x, x.view(torch.uint8)).description
    )


def test_numbers_keep_their_point_and_few_digits() -> None:
    assert [value_text(value) for value in (1e7, 123456.0, 0.25, 0.004, float("inf"))] == [
        "1e+07",
        "123456.",
        "0.25",
        "4.0e-03",
        "inf",
    ]


@given(st.lists(st.integers(0, 4), max_size=5))
def test_every_suggestion_can_be_typed(size: list[int]) -> None:
    trail = Trail(torch.zeros(size), "x")
    for text in suggestions(Layout.contiguous(size)):
        (record,) = trail.then(parse(text).steps).records
        assert record.kind in ("view", "copy"), f"{text} on a fresh tensor of size {size}: {record.explanation}"


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "course.strides", *arguments], capture_output=True, text=True, check=False
    )


def test_the_command_draws_and_prints_the_history(tmp_path: Path) -> None:
    out = tmp_path / "out.svg"
    done = command("arange(24).view(2,3,4).permute(2,0,1)[::2]", "--svg", str(out))
    assert (done.returncode, done.stderr) == (0, "")
    assert "⇄ .permute(2,0,1)  view (4, 2, 3)" in done.stdout
    assert ET.fromstring(out.read_text(encoding="utf-8")).find(f"{SVG}title") is not None


def test_the_command_refuses_code_without_a_traceback() -> None:
    done = command("__import__('os')")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("python -m course.strides: __import__('os') is refused at position 0")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        (".view(3)", "begin with one, as in arange"),
        ("arange(4).foo()", ".foo is refused at position 10"),
        ("zeros(1000000, 1000000)", "the limit here is 1000000"),
        ("arange(4).view(1, 1, 1, 1, 1, 4)", "gives 6 dimensions, 5 can be shown"),
        ("zeros(1, 1, 1, 1, 1, 1)", "has 6 dimensions, 5 can be shown"),
        ("", "the chain is empty"),
    ],
)
def test_the_command_refuses_what_is_no_chain(chain: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([chain]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert message in said.err


def test_the_command_says_when_the_file_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["arange(4)", "--svg", str(tmp_path / "missing" / "out.svg")]) == 1
    assert "cannot be written: No such file or directory" in capsys.readouterr().err


def test_a_stage_without_a_size_is_an_error() -> None:
    assert Stage(".t()", "error").caption == "✕ error"
