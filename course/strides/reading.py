"""A real tensor read into a scene: its layout, and the values in sight as text."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor

from course.strides.chain import layout_of
from course.strides.explain import why_out_of_bounds
from course.strides.layout import Layout
from course.strides.scene import Scene, element_window, first_focus, slot_window

__all__ = ["MOST_DIMENSIONS", "read", "stored_in", "value_text"]

MOST_DIMENSIONS = 5


def read(tensor: Tensor, name: str = "x", focus: Sequence[int] | None = None) -> Scene:
    """The scene of ``tensor``, rank 0 to 5; ``focus`` is an index, else an element that every stride counts for.

    Raises ``TypeError`` for what has no strides or no values to show (sparse, nested, quantized and meta tensors),
    ``ValueError`` for more than five dimensions and ``IndexError`` for a focus outside of the tensor.

    >>> scene = read(torch.arange(6.0).view(2, 3).t())
    >>> scene.elements, scene.stored, scene.focus
    (('0.', '3.', '1.', '4.', '2.', '5.'), ('0.', '1.', '2.', '3.', '4.', '5.'), (1, 1))
    """
    layout = _layout(tensor)
    if focus is None:
        place = first_focus(layout.size)
    else:
        layout.slot(focus)  # an index outside of the tensor is refused in the layout's words
        place = tuple(int(at) % length for at, length in zip(focus, layout.size, strict=True))
    window = element_window(layout.size, place)
    shown = tensor.detach()[tuple(slice(part.start, part.stop) for part in window)]
    slots = slot_window(layout, place)
    remarks = []
    if tensor.is_conj():
        remarks.append("A lazy conjugate: the slots hold the numbers, reading them turns the imaginary part's sign.")
    if tensor.is_neg():
        remarks.append("A lazy negative: the slots hold the numbers, reading them turns the sign.")
    if _as_bytes(tensor.dtype):
        remarks.append(f"torch has no numbers for {_dtype_name(tensor.dtype)}: each value is shown as its byte.")
    return Scene(
        name=name,
        layout=layout,
        dtype=_dtype_name(tensor.dtype),
        itemsize=tensor.element_size(),
        window=window,
        elements=_texts(shown.resolve_conj().resolve_neg()),
        slots=slots,
        stored=stored_in(tensor, slots),
        focus=place,
        remark=" ".join(remarks),
    )


def stored_in(tensor: Tensor, slots: range) -> tuple[str, ...]:
    """What lies in these slots of the tensor's storage, as text, whether the tensor reads them or not.

    >>> stored_in(torch.arange(6)[::2], range(1, 4))
    ('1', '2', '3')
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls complex32 experimental; looking at it is no use of it
        plain = torch.empty(0, dtype=tensor.dtype, device=tensor.device)
    return _texts(plain.set_(tensor.untyped_storage(), slots.start, (len(slots),), (1,)))


def value_text(value: object) -> str:
    """A number in few letters; as torch prints it, a point tells floating from whole numbers.

    >>> value_text(3), value_text(30000.0), value_text(-1 / 3), value_text(12.346), value_text(1e-9)
    ('3', '30000.', '-0.333', '12.35', '1.0e-09')
    >>> value_text(True), value_text(1 - 2j), value_text(float("-inf"))
    ('True', '1-2j', '-inf')
    """
    if isinstance(value, complex):
        return f"{value.real:.3g}{value.imag:+.3g}j"
    if not isinstance(value, float):
        return str(value)
    if value.is_integer() and abs(value) < 1e7:
        return f"{value:.0f}."
    if 0.01 <= abs(value) < 1:
        return f"{value:.3f}".rstrip("0")
    return f"{value:.1e}" if abs(value) < 0.01 else f"{value:.4g}"


def _layout(tensor: Tensor) -> Layout:
    if not isinstance(tensor, Tensor):
        return layout_of(tensor)  # which says what is wrong
    kind = type(tensor).__name__
    if tensor.is_nested:
        raise TypeError(f"a nested {kind} is several tensors of their own sizes; show one of t.unbind()")
    if tensor.is_quantized:
        raise TypeError(f"a quantized {kind} stores codes, not its values; try t.int_repr() or t.dequantize()")
    layout = layout_of(tensor)
    if tensor.is_meta:
        raise TypeError("a meta tensor has a layout but no values; try torch.empty_like(t, device='cpu')")
    if layout.ndim > MOST_DIMENSIONS:
        raise ValueError(
            f"the tensor has {layout.ndim} dimensions, {MOST_DIMENSIONS} can be shown; "
            f"look at a part of it: t{'[0]' * (layout.ndim - MOST_DIMENSIONS)}"
        )
    if not layout.fits:
        raise ValueError(f"the tensor's storage was made smaller than the tensor: {why_out_of_bounds(layout)}")
    return layout


def _dtype_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _as_bytes(dtype: torch.dtype) -> bool:
    """Whether torch cannot turn this dtype into Python's numbers, though one byte can be shown (``uint4``, ``bits8``)."""
    try:
        torch.empty(1, dtype=torch.uint8).expand(dtype.itemsize).clone().view(dtype).tolist()
    except (RuntimeError, NotImplementedError):
        return dtype.itemsize == 1
    return False


def _texts(values: Tensor) -> tuple[str, ...]:
    if values.dtype.itemsize == 1 and _as_bytes(values.dtype):
        values = values.contiguous().view(torch.uint8)
    try:
        return tuple(value_text(value) for value in values.reshape(-1).cpu().tolist())
    except (RuntimeError, NotImplementedError) as error:
        raise TypeError(f"the values of dtype {_dtype_name(values.dtype)} cannot be read: {error}") from None
