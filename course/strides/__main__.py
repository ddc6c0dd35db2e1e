"""Draw a chain of operations without a notebook: its history as text, its last tensor as an SVG."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from course.strides.parse import ChainError, parse


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code: 0, 1 when the file could not be written, 2 for a chain that is refused.

    >>> main(["arange(6).view(2, 3).t()"])
    ● torch.arange(6)  tensor (6,)
    ⇄ .view(2, 3)  view (2, 3)
    ⇄ .t()  view (3, 2)
    Shape (3, 2), stride (1, 3), offset 0, over 6 slots of int64. Contiguous: no. Elements overlap: no.
    Element [1, 1] is 4 and lies in slot 4: 0 + 1·1 + 1·3 = 4.
    0
    """
    parser = argparse.ArgumentParser(prog="python -m course.strides", description=__doc__)
    parser.add_argument("chain", help='such as "arange(24).view(2,3,4).permute(2,0,1)[::2]"')
    parser.add_argument("--svg", type=Path, metavar="FILE", help="where to draw the last tensor and its storage")
    options = parser.parse_args(arguments)
    try:
        parse(options.chain)
        from course.strides.draw import describe, draw  # a text that is refused need not wait for torch
        from course.strides.reading import read
        from course.strides.trail import Trail

        trail = Trail.of(options.chain)
        scene = read(trail.tensor, trail.code)
    except (ChainError, ValueError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    print(trail)
    print(describe(scene))
    if options.svg is not None:
        try:
            draw(scene, trail.stages, trail.shown, trail.shares).save(options.svg)
        except OSError as error:
            print(f"{parser.prog}: {options.svg} cannot be written: {error.strerror}", file=sys.stderr)
            return 1
        print(f"drawn: {options.svg}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
