"""Random chains on random layouts: do the model and torch say the same of every step?

    python -m course.strides.random_chains --chains 10000 --seed 7

prints how often each operation gave a view, a copy or an error, and exits 1 with the smallest disagreement.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import torch
from rich.console import Console
from rich.progress import track
from torch import Tensor

from course.strides.chain import ChainError, Disagreement, layout_of, parse, take
from course.strides.layout import Layout
from course.strides.operations import OPERATIONS

__all__ = ["Tally", "check_chains", "main", "random_start", "random_step"]

_SIZES = (0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5)
_LARGEST = 2_000  # elements: chains that grow beyond this are left


@dataclass(frozen=True)
class Tally:
    """How often each (operation, kind) came up, and the disagreements: the text of the failing step and what differs."""

    counts: Counter[tuple[str, str]]
    disagreements: tuple[str, ...]


def random_start(rng: random.Random) -> Tensor:
    """A tensor of rank 0 to 5: fresh, a window with gaps, expanded, or any strides and offset over its storage."""
    size = _random_size(rng)
    kind = rng.choice(("fresh", "permuted", "window", "expanded", "as_strided", "as_strided"))
    if kind == "fresh":
        return torch.arange(prod(size)).view(size)
    if kind == "permuted":
        return torch.arange(prod(size)).view(size).permute(rng.sample(range(len(size)), len(size)))
    if kind == "window":
        whole = [length + rng.randint(0, 2) for length in size]
        window = torch.arange(prod(whole)).view(whole)
        for dim, length in enumerate(size):
            window = window.narrow(dim, rng.randint(0, whole[dim] - length), length)
        return window
    if kind == "expanded":
        narrow = [1 if rng.random() < 0.4 else length for length in size]
        return torch.arange(prod(narrow)).view(narrow).expand(size)
    layout = Layout(size, [rng.choice((0, 1, 1, 2, 3, 4, 6, 12)) for _ in size], rng.randint(0, 3))
    slots = layout.storage_size + rng.randint(0, 3)
    return torch.arange(slots).as_strided(layout.size, layout.stride, layout.offset)


def _random_size(rng: random.Random) -> list[int]:
    size = [rng.choice(_SIZES) for _ in range(rng.randint(0, 5))]
    while prod(size) > 120:
        size.remove(max(size))
    return size


def random_step(rng: random.Random, layout: Layout) -> str:
    """The text of an operation that suits ``layout``, or, one time in six, of one that may well not."""
    name = rng.choice([*OPERATIONS, "index", "index", "view", "view", "reshape", "expand", "as_strided"])
    asked = layout if rng.random() > 1 / 6 else Layout.contiguous(_random_size(rng))
    return _write(rng, name, asked)


def _write(rng: random.Random, name: str, layout: Layout) -> str:
    ndim = layout.ndim
    match name:
        case "index":
            return f"[{_key(rng, layout)}]"
        case "T" | "mT" | "H" | "mH":
            return f".{name}"
        case "t" | "contiguous" | "clone":
            return f".{name}()"
        case "view" | "reshape":
            return f".{name}({_numbers(rng, _regrouped(rng, layout))})"
        case "permute":
            dims = [rng.choice((dim, dim - ndim)) for dim in rng.sample(range(ndim), ndim)]
            return f".permute({_numbers(rng, dims)})"
        case "transpose" | "swapdims" | "swapaxes":
            return f".{name}({_dim(rng, ndim)}, {_dim(rng, ndim)})"
        case "movedim" | "moveaxis":
            if rng.random() < 0.5:
                return f".{name}({_dim(rng, ndim)}, {_dim(rng, ndim)})"
            count = rng.randint(0, ndim)
            source, goal = (tuple(rng.sample(range(ndim), count)) for _ in range(2))
            return f".{name}({source}, {goal})"
        case "select":
            dim = _dim(rng, ndim)
            return f".select({dim}, {_place(rng, layout, dim)})"
        case "narrow":
            dim = _dim(rng, ndim)
            start = _place(rng, layout, dim)
            return f".narrow({dim}, {start}, {rng.randint(-1 if rng.random() < 0.1 else 0, 3)})"
        case "expand":
            size = [rng.choice((0, 2, 3, -1)) if length == 1 else rng.choice((length, -1)) for length in layout.size]
            front = [rng.choice((0, 1, 1, 2, 3, -1)) for _ in range(rng.choice((0, 0, 1, 2)))]
            return f".expand({_numbers(rng, front + size)})"
        case "squeeze":
            dims = [_dim(rng, ndim) for _ in range(rng.randint(0, 2))]
            return ".squeeze()" if rng.random() < 0.3 else f".squeeze({_numbers(rng, dims)})"
        case "unsqueeze":
            return f".unsqueeze({rng.randint(-ndim - 1, ndim)})"
        case "flatten":
            return rng.choice(
                (".flatten()", f".flatten({_dim(rng, ndim)})", f".flatten({_dim(rng, ndim)}, end_dim=-1)")
            )
        case "unflatten":
            dim = _dim(rng, ndim)
            length = layout.size[dim] if -ndim <= dim < ndim else 1
            parts = _regrouped(rng, Layout.contiguous((length,)))
            return f".unflatten({dim}, {tuple(parts)})"
        case "unfold":
            dim = _dim(rng, ndim)
            length = layout.size[dim] if -ndim <= dim < ndim else 1
            return f".unfold({dim}, {rng.randint(0, length + (rng.random() < 0.1))}, {rng.choice((0, 1, 1, 2, 3))})"
        case "diagonal":
            return f".diagonal({rng.randint(-4, 4)}, {_dim(rng, ndim)}, {_dim(rng, ndim)})"
        case "as_strided":
            size = _random_size(rng)
            stride = [rng.choice((0, 1, 1, 2, 3)) for _ in size]
            offset = rng.choice(("", f", {rng.randint(0, 4)}", ", storage_offset=None"))
            return f".as_strided({tuple(size)}, {tuple(stride)}{offset})"
        case "flip":
            return f".flip({_numbers(rng, rng.sample(range(-ndim, 0), rng.randint(0, ndim)))})"
    raise ValueError(f"{name} has no random arguments: write a case for it")


def _numbers(rng: random.Random, numbers: Sequence[int]) -> str:
    """Arguments as torch takes them: ``2, 3`` or ``(2, 3)`` or ``[2, 3]``."""
    if numbers and rng.random() < 0.6:
        return ", ".join(map(str, numbers))
    return str(rng.choice((list, tuple))(numbers))


def _dim(rng: random.Random, ndim: int) -> int:
    return rng.randint(-ndim, ndim - 1) if ndim and rng.random() > 0.03 else rng.randint(-ndim - 1, ndim)


def _place(rng: random.Random, layout: Layout, dim: int) -> int:
    length = layout.size[dim] if -layout.ndim <= dim < layout.ndim else 1
    return rng.randint(-length, length) if rng.random() < 0.2 else rng.randint(0, max(length - 1, 0))


def _regrouped(rng: random.Random, layout: Layout) -> list[int]:
    """A size with as many elements: neighbours multiplied or split, ones put in, perhaps a -1."""
    size = list(layout.size)
    for _ in range(rng.randint(0, 4)):
        place = rng.randint(0, len(size))
        move = rng.random()
        if move < 0.5 and place + 1 < len(size):
            size[place : place + 2] = [size[place] * size[place + 1]]
        elif move < 0.8 and place < len(size) and size[place]:
            factor = rng.choice([one for one in range(1, size[place] + 1) if size[place] % one == 0])
            size[place : place + 1] = [factor, size[place] // factor]
        elif len(size) < 6:
            size.insert(place, 1)
    if size and rng.random() < 0.2:
        size[rng.randrange(len(size))] = -1
    return size


def _key(rng: random.Random, layout: Layout) -> str:
    parts = []
    for length in layout.size[: rng.randint(0, layout.ndim)]:
        if rng.random() < 0.35:
            parts.append(str(rng.randint(-length, length if rng.random() < 0.1 else max(length - 1, 0))))
        else:
            start, stop = (rng.choice(("", str(rng.randint(-length - 1, length + 1)))) for _ in range(2))
            parts.append(f"{start}:{stop}" + rng.choice(("", "", ":1", ":2", ":3", f":{rng.choice((-1, 0, 9))}")))
    for _ in range(rng.choice((0, 0, 1, 2))):
        parts.insert(rng.randint(0, len(parts)), "None")
    if not parts or rng.random() < 0.25:
        parts.insert(rng.randint(0, len(parts)), "...")
    return ", ".join(parts) + rng.choice(("", ","))


def check_chains(chains: int, seed: int, longest: int = 8, progress: bool = False) -> Tally:
    """Run random chains of up to ``longest`` steps; an error does not end a chain, the next step is tried instead.

    >>> check_chains(20, seed=1).disagreements
    ()
    """
    rng = random.Random(seed)
    counts: Counter[tuple[str, str]] = Counter()
    disagreements = []
    console = Console(stderr=True)
    for _ in track(range(chains), "chains", console=console, disable=not (progress and console.is_terminal)):
        tensor = random_start(rng)
        for _ in range(rng.randint(1, longest)):
            layout = layout_of(tensor)
            step = parse(random_step(rng, layout)).steps[0]
            try:
                record = take(tensor, step)
            except Disagreement as difference:
                counts[step.name, "disagreement"] += 1
                disagreements.append(_reproduced(layout, step.text, difference))
                break
            except ChainError:  # a stride or a size beyond what the explorer takes
                counts[step.name, "refused"] += 1
                continue
            counts[step.name, record.kind] += 1
            if record.tensor is not None and record.tensor.numel() <= _LARGEST:
                tensor = record.tensor
    return Tally(counts, tuple(disagreements))


def _reproduced(layout: Layout, text: str, difference: Disagreement) -> str:
    start = f"torch.arange({layout.storage_size}).as_strided({layout.size}, {layout.stride}, {layout.offset})"
    return f"{start}{text}\n  {difference}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m course.strides.random_chains", description=__doc__.split("\n")[0])
    parser.add_argument("--chains", type=int, default=10_000, help="how many chains (default: 10000)")
    parser.add_argument("--seed", type=int, default=0, help="where the random numbers start (default: 0)")
    options = parser.parse_args(arguments)
    if options.chains < 1:
        parser.error(f"--chains {options.chains}: at least one chain is needed")
    tally = check_chains(options.chains, options.seed, progress=True)
    kinds = ("view", "copy", "error", "refused", "disagreement")
    print(f"{'operation':<12}" + "".join(f"{kind:>14}" for kind in kinds))
    for name in OPERATIONS:
        print(f"{name:<12}" + "".join(f"{tally.counts[name, kind]:>14}" for kind in kinds))
    print(f"{options.chains} chains, {sum(tally.counts.values())} steps, seed {options.seed}: ", end="")
    if tally.disagreements:
        print(f"{len(tally.disagreements)} disagreements. The smallest:")
        print(min(tally.disagreements, key=len))
        return 1
    print("model and torch agree on every one.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
