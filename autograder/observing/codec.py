"""Cases and observations as bytes: a JSON tree whose tensors lie beside it in safetensors. Never pickle.

safetensors keeps neither strides nor offsets, so a tensor is written as its storage, size, stride and offset.

`from_bytes` reads a stranger's bytes: an answer's observations come out of the sandbox in this format. It gives a value or
raises `CodecError`, and takes memory in proportion to what it reads. A tensor that it gives may be strided into
more elements than were sent (`autograder.grading.wire.observations` refuses these).
"""

from __future__ import annotations

import json
import math
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import Tensor

from autograder.observing.layouts import LAYOUTS
from autograder.observing.recipes import DRAWS, Drawn, seeded

__all__ = [
    "DTYPES",
    "CodecError",
    "Drawn",
    "Listed",
    "Other",
    "Projection",
    "Raised",
    "Uniform",
    "from_bytes",
    "from_tree",
    "to_bytes",
    "to_tree",
]

Tree = Any  # what json can write
_TAG = "~"
_DEPTH = 32
_SMALL = "tree"  # the name of the tensor that is a tree, compressed
_PROJECTED = 64  # numbers of a projection that are read at most
_DIMENSIONS = 64  # torch itself computes with no more
_ALIKE = 8  # keys with one hash: a dict of many such takes the square of their number


class CodecError(ValueError):
    """Bytes or values that are not in the format."""


@dataclass(frozen=True)
class Other:
    """Stands for a value that is no data: only the name of its type is kept."""

    type: str


class Listed(tuple[Any, ...]):
    """What was a list: compared as any other tuple, and shown as the list that it was."""


@dataclass(frozen=True)
class Raised:
    """An exception that came out of an answer: its type, its message, the learner's own line and the function it is in.

    ``left_alone`` names what had been changed by then, though it has to be left alone.
    """

    type: str
    message: str
    line: str = ""
    number: int = 0
    inside: str = ""
    left_alone: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Projection:
    """A large tensor seen through a few fixed random projections: its size and dtype, and a float64 ``values (k,)``."""

    size: tuple[int, ...]
    dtype: torch.dtype
    values: Tensor


@dataclass(frozen=True)
class Uniform:
    """A large input written as its recipe: uniform in ``[-bound, bound)``, from NumPy's frozen ``RandomState``.

    >>> Uniform((2, 3), 0.5, seed=1).tensor().shape
    torch.Size([2, 3])
    """

    size: tuple[int, ...]
    bound: float
    seed: int
    dtype: torch.dtype = torch.float32

    def tensor(self) -> Tensor:
        """The tensor that the recipe makes: the same bits on every machine."""
        numbers = seeded(self.seed).random_sample(self.size) * 2 - 1
        return torch.from_numpy(np.asarray(numbers * self.bound)).to(self.dtype)


DTYPES = (  # those that safetensors holds
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.complex64),
    *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool),
)
_DTYPES = {str(dtype).removeprefix("torch."): dtype for dtype in DTYPES}


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _tagged(tag: str, **fields: Tree) -> Tree:
    return {_TAG: tag, **fields}


def to_tree(value: Any, tensors: dict[str, Tensor]) -> Tree:
    """Write ``value`` as a JSON tree, and put every tensor's storage into ``tensors`` under a new name.

    Raises `CodecError` for a value that is no data.

    >>> store = {}
    >>> to_tree({"x": torch.arange(6).view(2, 3).t()}, store)["x"]["stride"]
    [1, 3]
    >>> store["t0"]
    tensor([0, 1, 2, 3, 4, 5])
    """
    match value:
        case None | bool() | str():
            return value
        case int():
            return int(value)
        case float():
            return float(value) if math.isfinite(value) else _tagged("float", value=repr(float(value)))
        case list() | tuple():
            kind = {"list": True} if isinstance(value, Listed) else {}
            return _tagged("seq", items=[to_tree(item, tensors) for item in value], **kind)
        case bytes():
            return _tagged("bytes", hex=value.hex())
        case torch.dtype():
            return _tagged("dtype", name=_name(value))
        case Tensor():
            return _tensor_tree(value, tensors)
        case Projection():
            # A few numbers: as text they take less room than as a tensor with a name and strides.
            values = [to_tree(number, tensors) for number in value.values.tolist()]
            return _tagged("projection", size=list(value.size), dtype=_name(value.dtype), values=values)
        case Drawn():
            size, dtype = list(value.size), _name(value.dtype)
            how = {"draw": value.draw, "scale": value.scale, "layout": value.layout}
            return _tagged("drawn", size=size, seed=value.seed, **how, dtype=dtype)
        case Uniform():
            size, dtype = list(value.size), _name(value.dtype)
            return _tagged("uniform", size=size, bound=value.bound, seed=value.seed, dtype=dtype)
        case Raised():
            place = {"line": value.line, "number": value.number} | ({"inside": value.inside} if value.inside else {})
            left = {"left alone": to_tree(value.left_alone, tensors)} if value.left_alone else {}
            return _tagged("raised", type=value.type, message=value.message, **place, **left)
        case Other():
            return _tagged("other", type=value.type)
        case Mapping():
            items = [[to_tree(key, tensors), to_tree(item, tensors)] for key, item in value.items()]
            if all(isinstance(key, str) and key != _TAG for key in value):
                return dict(items)
            return _tagged("map", items=items)
    raise CodecError(f"a {type(value).__name__} cannot be written; use tensors, numbers, text, sequences and dicts")


def _tensor_tree(value: Tensor, tensors: dict[str, Tensor]) -> Tree:
    plain = value.detach()
    storage = torch.empty(0, dtype=plain.dtype).set_(plain.untyped_storage())
    name = f"t{len(tensors)}"
    tensors[name] = storage.clone()
    size, stride, offset = list(plain.size()), list(plain.stride()), plain.storage_offset()
    return _tagged("tensor", name=name, size=size, stride=stride, offset=offset)


def from_tree(tree: Tree, tensors: Mapping[str, Tensor]) -> Any:
    """Read back what `to_tree` wrote. Sequences come back as tuples.

    Raises `CodecError` for anything that `to_tree` does not write.

    >>> store = {}
    >>> tree = to_tree({"x": torch.arange(6).view(2, 3).t()}, store)
    >>> from_tree(tree, store)["x"].stride()
    (1, 3)
    """
    try:
        return _read(tree, dict(tensors), 0)
    except CodecError:
        raise
    except (LookupError, TypeError, AttributeError, RuntimeError, ValueError, OverflowError, MemoryError) as error:
        raise CodecError(f"the tree is not well formed: {type(error).__name__} {str(error)[:200]}") from None


def _read(tree: Tree, left: dict[str, Tensor], depth: int) -> Any:
    if depth > _DEPTH:
        raise CodecError("the tree is too deep")
    if tree is None or isinstance(tree, bool | int | float):
        return tree
    if isinstance(tree, str):
        return _text(tree)
    if not isinstance(tree, dict):
        raise CodecError(f"a bare {type(tree).__name__} in the tree")
    if _TAG in tree:
        return _read_tagged(_text(tree[_TAG]), tree, left, depth + 1)
    return {_text(key): _read(item, left, depth + 1) for key, item in tree.items()}


def _read_tagged(tag: str, tree: dict[str, Tree], left: dict[str, Tensor], depth: int) -> Any:
    match tag:
        case "float":
            return float(_text(tree["value"]))
        case "seq":
            items = [_read(item, left, depth) for item in _list(tree["items"])]
            return Listed(items) if "list" in tree else tuple(items)
        case "map":
            return _dict([(_read(key, left, depth), _read(item, left, depth)) for key, item in _list(tree["items"])])
        case "bytes":
            return bytes.fromhex(tree["hex"])
        case "dtype":
            return _DTYPES[tree["name"]]
        case "tensor":  # taken away, since no two are written with one storage: else a few bytes would stand for many
            return left.pop(tree["name"]).as_strided(_size(tree["size"]), tree["stride"], tree["offset"])
        case "projection":
            size = _size(tree["size"])
            numbers = [_read(one, left, depth) for one in _list(tree["values"])[:_PROJECTED]]
            if not all(isinstance(one, float) for one in numbers):
                raise CodecError("a projection of something else than numbers")
            return Projection(size, _DTYPES[tree["dtype"]], torch.tensor(numbers, dtype=torch.float64))
        case "drawn":
            draw, layout = _text(tree["draw"]), _text(tree["layout"])
            if draw not in DRAWS or layout not in LAYOUTS:
                raise CodecError(f"no tensor is drawn as {draw[:40]!r} and laid out as {layout[:40]!r}")
            scale = float(_number(tree["scale"]))
            return Drawn(_size(tree["size"]), int(_number(tree["seed"])), draw, scale, layout, _DTYPES[tree["dtype"]])
        case "uniform":
            bound, seed = _number(tree["bound"]), _number(tree["seed"])
            return Uniform(_size(tree["size"]), bound, int(seed), _DTYPES[tree["dtype"]])
        case "raised":
            words = (_text(tree["type"]), _text(tree["message"]), _text(tree["line"]))
            number, inside = int(_number(tree["number"])), _text(tree.get("inside", ""))
            return Raised(*words, number, inside, _changed(_read(tree.get("left alone", {}), left, depth)))
        case "other":
            return Other(_text(tree["type"]))
    raise CodecError(f"unknown tag {tag[:40]!r}")


def _changed(noted: Any) -> dict[str, dict[str, tuple[str, ...]]]:
    """What an answer has changed, by aspect and name: text alone."""
    for things in noted.values():
        for changes in things.values():
            if not isinstance(changes, tuple) or not all(isinstance(one, str) for one in changes):
                raise CodecError("changes that are not told in text")
    return dict(noted)


def _dict(items: list[tuple[Any, Any]]) -> dict[Any, Any]:
    alike = Counter(hash(key) for key, _ in items)
    if alike and max(alike.values()) > _ALIKE:
        raise CodecError("a map of keys that are made to hash alike")
    return dict(items)


def _text(word: Any) -> str:
    if not isinstance(word, str):
        raise CodecError(f"a {type(word).__name__} where a word is written")
    word.encode()  # half a surrogate pair is text for JSON, and could not be written again
    return word


def _number(number: Any) -> float:
    if not isinstance(number, int | float) or not math.isfinite(number):
        raise CodecError(f"a {type(number).__name__} where a finite number is written")
    return number


def _list(items: Any) -> list[Any]:
    if not isinstance(items, list):  # text would be read letter by letter, and grow
        raise CodecError(f"a {type(items).__name__} where a list is written")
    return items


def _size(numbers: Any) -> tuple[int, ...]:
    if not isinstance(numbers, list) or not all(type(one) is int and 0 <= one < 1 << 63 for one in numbers):
        raise CodecError("a size that is none")
    if len(numbers) > _DIMENSIONS:
        raise CodecError(f"a size of {len(numbers)} dimensions; at most {_DIMENSIONS} are read")
    return tuple(numbers)


def to_bytes(value: Any, *, small: bool = False) -> bytes:
    """``value`` as one block of bytes: a safetensors file whose metadata holds the tree.

    ``small`` keeps the tree compressed, in a tensor of its own: for files, never for what a stranger sends.

    >>> from_bytes(to_bytes({"size": (2, 3), "x": torch.ones(2)}))
    {'size': (2, 3), 'x': tensor([1., 1.])}
    """
    tensors: dict[str, Tensor] = {}
    tree = json.dumps(to_tree(value, tensors), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # An empty safetensors file is not allowed everywhere: keep one empty tensor. One metadata key keeps the bytes stable.
    tensors["end"] = torch.zeros(0)
    if not small:
        return safetensors.torch.save(tensors, metadata={"tree": tree})
    tensors[_SMALL] = torch.frombuffer(bytearray(zlib.compress(tree.encode(), 9)), dtype=torch.uint8)
    return safetensors.torch.save(tensors)


def from_bytes(data: bytes, *, small: bool = False) -> Any:
    """Read back what `to_bytes` wrote; `CodecError` when it is something else.

    ``small`` must be said of a file that was written so: a few bytes may unpack to any number, and who reads must know
    who wrote them.
    """
    try:
        length = int.from_bytes(data[:8], "little")
        tensors = safetensors.torch.load(data)
        if small:
            tree = json.loads(zlib.decompress(tensors[_SMALL].numpy().tobytes()))
        else:
            tree = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["tree"])
    except Exception as error:  # the library raises its own types for every kind of damage
        raise CodecError(f"not a reference file: {str(error)[:200]}") from None
    return from_tree(tree, tensors)
