"""Right ways of saving a checkpoint: torch.save with weights only, and formats that know no code at all."""

from __future__ import annotations

import base64
import io
import json
import pickle
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import Tensor, nn


def save_by_torch(model: nn.Module, optimizer: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save([model.state_dict(), optimizer.state_dict()], buffer)
    return buffer.getbuffer().tobytes()


def load_by_torch(data: bytes, model: nn.Module, optimizer: Any) -> Any:
    weights, steps = torch.load(io.BytesIO(data), weights_only=True, map_location="cpu")
    optimizer.load_state_dict(steps)
    model.load_state_dict(weights)
    return model, optimizer


def save_old_format(*, model: nn.Module, optimizer: Any) -> bytes:
    with io.BytesIO() as file:
        state = {f"model.{name}": one.clone() for name, one in model.state_dict().items()}
        torch.save({**state, "optimizer": optimizer.state_dict()}, file, _use_new_zipfile_serialization=False)
        return file.getvalue()


def load_old_format(*, data: bytes, model: nn.Module, optimizer: Any) -> Any:
    saved = torch.load(io.BytesIO(data), weights_only=True)
    own = model.state_dict()
    for name in own:
        own[name].copy_(saved[f"model.{name}"])
    optimizer.load_state_dict(saved["optimizer"])
    return [model, optimizer]


def save_safetensors(model: nn.Module, optimizer: Any) -> bytes:
    """Tensors under names, everything else as JSON in the metadata."""
    state = optimizer.state_dict()
    tensors = {f"model/{name}": one.contiguous() for name, one in model.state_dict().items()}
    plain: dict[str, Any] = {}
    for number, entries in state["state"].items():
        for name, value in entries.items():
            if isinstance(value, Tensor):
                tensors[f"state/{number}/{name}"] = value
            else:
                plain[f"{number}/{name}"] = value
    words = {"groups": json.dumps(state["param_groups"]), "plain": json.dumps(plain)}
    return safetensors.torch.save(tensors, metadata=words)


def load_safetensors(data: bytes, model: nn.Module, optimizer: Any) -> Any:
    length = int.from_bytes(data[:8], "little")
    words = json.loads(data[8 : 8 + length])["__metadata__"]
    state: dict[int, dict[str, Any]] = {}
    weights = {}
    for name, one in safetensors.torch.load(data).items():
        if name.startswith("model/"):
            weights[name.removeprefix("model/")] = one
        else:
            _, number, entry = name.split("/")
            state.setdefault(int(number), {})[entry] = one
    for name, value in json.loads(words["plain"]).items():
        number, entry = name.split("/")
        state.setdefault(int(number), {})[entry] = value
    model.load_state_dict(weights)
    optimizer.load_state_dict({"state": state, "param_groups": json.loads(words["groups"])})
    return model, optimizer


def _packed(value: Any) -> Any:
    if isinstance(value, Tensor):
        array = value.detach().numpy()
        return {"dtype": str(array.dtype), "shape": array.shape, "data": base64.b64encode(array.tobytes()).decode()}
    if isinstance(value, dict):
        return {"items": [[key, _packed(one)] for key, one in value.items()]}
    if isinstance(value, list | tuple):
        return [_packed(one) for one in value]
    return value


def _unpacked(value: Any) -> Any:
    if isinstance(value, dict) and "items" in value:
        return {key: _unpacked(one) for key, one in value["items"]}
    if isinstance(value, dict):
        flat = np.frombuffer(base64.b64decode(value["data"]), dtype=value["dtype"])
        return torch.from_numpy(flat.copy()).view(value["shape"])
    return [_unpacked(one) for one in value] if isinstance(value, list) else value


def save_json(model: nn.Module, optimizer: Any) -> bytes:
    return json.dumps(_packed({"m": model.state_dict(), "o": optimizer.state_dict()})).encode()


def load_json(data: bytes, model: nn.Module, optimizer: Any) -> Any:
    saved = _unpacked(json.loads(data))
    model.load_state_dict(saved["m"])
    optimizer.load_state_dict(saved["o"])
    return model, optimizer


def save_npz(model: nn.Module, optimizer: Any) -> bytes:
    file = io.BytesIO()
    arrays = {f"m.{name}": one.numpy() for name, one in model.state_dict().items()}
    np.savez(
        file, **arrays, optimizer=np.frombuffer(json.dumps(_packed(optimizer.state_dict())).encode(), dtype=np.uint8)
    )
    return file.getvalue()


def load_npz(data: bytes, model: nn.Module, optimizer: Any) -> Any:
    with np.load(io.BytesIO(data), allow_pickle=False) as saved:
        weights = {name[2:]: torch.from_numpy(saved[name]) for name in saved.files if name.startswith("m.")}
        state = json.loads(saved["optimizer"].tobytes())
    model.load_state_dict(weights)
    optimizer.load_state_dict(_unpacked(state))
    return model, optimizer


class _Careful(pickle.Unpickler):
    """Knows no name but what a tensor's numbers are made of."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"{module}.{name} is not for checkpoints")


def save_plain_pickle(model: nn.Module, optimizer: Any) -> bytes:
    return pickle.dumps(_packed({"m": model.state_dict(), "o": optimizer.state_dict()}))


def load_plain_pickle(data: bytes, model: nn.Module, optimizer: Any) -> Any:
    saved = _Careful(io.BytesIO(data)).load()
    plain = json.loads(json.dumps(saved))
    model.load_state_dict(_unpacked(plain)["m"])
    optimizer.load_state_dict(_unpacked(plain)["o"])
    return model, optimizer


CHECKPOINTS = [
    (save_by_torch, load_by_torch),
    [save_old_format, load_old_format],
    (save_safetensors, load_safetensors),
    (save_json, load_json),
    (save_npz, load_npz),
    (save_plain_pickle, load_plain_pickle),
]
