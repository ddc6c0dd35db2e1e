"""Operations worth trying next on a layout: each shows something, if only why it cannot be."""

from __future__ import annotations

from course.strides.layout import Layout

__all__ = ["suggestions"]


def suggestions(layout: Layout) -> tuple[str, ...]:
    """Operations as they are typed, made for the layout's rank and sizes.

    >>> suggestions(Layout.contiguous((2, 3)))[:6]
    ('.t()', '.view(-1)', '.reshape(-1)', '.view(3, 2)', '[1]', '[:, ::2]')
    """
    rank, size = layout.ndim, layout.size
    words: list[str] = []
    if rank == 2:
        words.append(".t()")
    if rank > 2:
        words += [".transpose(0, 1)", f".permute({', '.join(map(str, reversed(range(rank))))})"]
    if layout.numel:
        words += [".view(-1)", ".reshape(-1)"]
    factor = next((one for one in (2, 3, 5, 7) if layout.numel > one and layout.numel % one == 0), None)
    if factor is not None:
        split = (layout.numel // factor, factor)
        words.append(f".view{split}" if split != size else f".view{split[::-1]}")
    if rank and size[0] > 1:
        words.append("[1]")
    if rank and size[-1] > 2:
        words.append(f"[{':, ' * (rank - 1)}::2]")
    if rank and size[-1] > 1:
        words.append(f".flip({rank - 1})")
    if rank < 4:
        words.append(".unsqueeze(0)")
    if 1 in size:
        widened = ["3" if dim == size.index(1) else "-1" for dim in range(rank)]
        words += [f".expand({', '.join(widened)})", ".squeeze()"]
    if rank > 1 and layout.numel:
        words += [".flatten(1)" if rank > 2 else ".diagonal()"]
    if rank in (1, 2, 3) and size[-1] > 2:
        words.append(f".unfold({rank - 1}, 3, 1)")
    return (*words, ".contiguous()", ".clone()")
