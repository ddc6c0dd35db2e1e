"""Answers of every kind that a panel has words for: by a name, the exercise and the source of the cell that answers it."""

from __future__ import annotations

import linecache
from collections.abc import Mapping
from typing import Any

__all__ = ["KINDS", "QUESTIONS", "made"]


def made(source: str) -> Any:
    """What the source's last line stands for, defined as in a notebook's cell whose lines an error can name."""
    lines = [line + "\n" for line in source.strip().splitlines()]
    linecache.cache["<cell>"] = (len(source), None, lines, "<cell>")
    names: dict[str, Any] = {"__name__": "__main__"}
    *_, last = lines
    exec(compile("".join(lines[:-1]), "<cell>", "exec"), names)
    return eval(compile(last, "<cell>", "eval"), names)


_IMPORTS = """
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
"""

_NETWORK = """
class TinyCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1{more})
        self.fc = nn.Linear(16384, 10)
"""

_FORWARD = """
    def {name}(self, x):
        return self.fc(self.conv(x).relu().flatten(1))
"""

_STUB = """
    def {name}(self, x):
        # YOUR CODE HERE
        raise NotImplementedError()
"""

# By the kind of panel: the exercise, and a cell. The last line is what the check is given.
KINDS: Mapping[str, tuple[str, str]] = {
    "solved": ("relu", "lambda x: x.clamp(min=0)"),
    "a misconception": ("relu", "lambda x: x.abs()"),
    "an aspect about something else": (
        "flat_index",
        "lambda index, stride, offset=0: sum(i * s for i, s in zip(index, stride)) + max(offset - 1, 0)",
    ),
    "a matrix with a picture": (
        "pad2d",
        """
def pad2d(x, padding, value=0.0):
    H, W = x.shape[-2:]
    out = x.new_full((*x.shape[:-2], H + 2 * padding, W + 2 * padding), value)
    out[..., padding:padding + H, :W] = x
    return out
pad2d""",
    ),
    "far behind the comma": ("softmax", "lambda x, dim: (x - x.logsumexp(dim, keepdim=True)).exp() + 1e-6"),
    "not a number": ("relu", "lambda x: x.clamp(min=0) / (x > 0)"),
    "wrong dtype": ("relu", "lambda x: x.clamp(min=0).half()"),
    "a float for an int": ("count_parameters", "lambda module, trainable_only=False: 8.0"),
    "torch's own": ("relu", "torch.relu"),
    "a crash": ("relu", "def relu(x):\n    return x.clmap(min=0)\nrelu"),
    "an error that is asked for": (
        "infer_size",
        "lambda numel, new_size: tuple(numel if one == -1 else one for one in new_size)",
    ),
    "something else changed": ("relu", "lambda x: x.clamp(min=0) if x.requires_grad else x.clamp_(min=0)"),
    "something random": (
        "functional_cnn",
        "lambda x, p: F.linear(F.dropout(F.conv2d(x, p['conv.weight'], p['conv.bias'], padding=1).relu(), 0.1).flatten(1), "
        "p['fc.weight'], p['fc.bias'])",
    ),
    "a generator seeded": ("relu", "lambda x: (torch.manual_seed(3), x.clamp(min=0))[1]"),
    "a layer without its bias": (
        "dropout_net",
        "class DropoutNet(nn.Module):\n    def __init__(self, p):\n        super().__init__()\n"
        "        self.hidden, self.out = nn.Linear(8, 16), nn.Linear(16, 4, bias=False)\n    def forward(self, x):\n"
        "        return self.out(self.hidden(x).relu())\nDropoutNet",
    ),
    "layers under other names": (
        "hybrid_cnn",
        "class HybridCNN(nn.Module):\n    def __init__(self, p=0.25):\n        super().__init__()\n"
        "        self.conv, self.bn, self.fc = nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.Linear(4096, 10)\n"
        "        self.dropout = nn.Dropout(p)\n    def forward(self, x):\n"
        "        return self.fc(self.dropout(F.max_pool2d(self.bn(self.conv(x)).relu(), 2)).flatten(1))\nHybridCNN",
    ),
    "a buffer is missing": (
        "my_batch_norm2d",
        "class MyBatchNorm2d(nn.Module):\n    def __init__(self, num_features, eps=1e-5, momentum=0.1):\n"
        "        super().__init__()\n        self.eps, self.momentum = eps, momentum\n"
        "        self.weight, self.bias = nn.Parameter(torch.ones(num_features)), nn.Parameter(torch.zeros(num_features))\n"
        "        self.register_buffer('running_mean', torch.zeros(num_features))\n"
        "        self.register_buffer('running_var', torch.ones(num_features))\n    def forward(self, x):\n"
        "        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, self.training, "
        "self.momentum, self.eps)\nMyBatchNorm2d",
    ),
    "a dict of other things": (
        "parity_report",
        "lambda model, x, target: {(build, what): 0.0 for build in ('functional', 'by_hand') for what in ('logits', 'gradients')}",
    ),
    "nothing came back": ("relu", "def relu(x):\n    x.clamp(min=0)\nrelu"),
    "printed and not returned": ("relu", "def relu(x):\n    print(end='')\n    x.clamp(min=0)\nrelu"),
    "two results for one": ("relu", "lambda x: (x.clamp(min=0), x > 0)"),
    "values and indices": ("relu", "lambda x: x.unsqueeze(-1).max(-1)"),
    "a NumPy array": ("relu", "lambda x: np.maximum(x.tolist(), 0)"),
    "leaving torch": ("relu", "def relu(x):\n    return torch.from_numpy(np.maximum(x.numpy(), 0))\nrelu"),
    "several of them": ("linear", "lambda x, weight, bias=None: [np.ones(2), None]"),
    "a list": ("relu", "lambda x: [x.clamp(min=0)]"),
    "a generator": ("contiguous_stride", "lambda size: (1 for one in size)"),
    "a number for a tensor": ("linear", "lambda x, weight, bias=None: (x @ weight.T).sum().item()"),
    "a function given back": ("relu", "def relu(x):\n    return relu\nrelu"),
    "a class given back": ("sequential_cnn", "lambda: nn.Sequential"),
    "a module given back": ("relu", "lambda x: nn.ReLU()"),
    "nothing where a dict is asked": ("init_params", "lambda generator: None"),
    "a result for its function": ("relu", "torch.ones(2).clamp(min=0)"),
    "a class for a function": ("relu", "nn.ReLU"),
    "an object for its class": (
        "tiny_cnn",
        _NETWORK.format(more="") + _FORWARD.format(name="forward") + "TinyCNN()",
    ),
    "a function for a class": ("tiny_cnn", "def tiny_cnn(x):\n    return x\ntiny_cnn"),
    "a list for a dict": ("diagnose", "['gradients never cleared'] * 9"),
    "not attempted": ("relu", "def relu(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()\nrelu"),
    "half a class": ("tiny_cnn", _NETWORK.format(more="") + _STUB.format(name="forward") + "TinyCNN"),
    "half a class, misspelt": ("tiny_cnn", _NETWORK.format(more="") + _FORWARD.format(name="foward") + "TinyCNN"),
    "half a class, absent": ("tiny_cnn", _NETWORK.format(more="") + "TinyCNN"),
    "half of two functions": (
        "checkpoint",
        """
def save_checkpoint(model, optimizer):
    return b"" + bytes(1)
def load_checkpoint(data, model, optimizer):
    raise NotImplementedError()
(save_checkpoint, load_checkpoint)""",
    ),
    "a function begun": (
        "conv2d",
        """
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1):
    out = x.new_zeros(1)
    raise NotImplementedError()
conv2d""",
    ),
    "another function is a stub": (
        "correlate2d",
        """
def windows(x, kernel_size, stride=1):
    raise NotImplementedError()
def correlate2d(x, kernel):
    return (windows(x, kernel.shape) * kernel).sum((-1, -2))
correlate2d""",
    ),
    "a tensor is missing": (
        "tiny_cnn",
        _NETWORK.format(more=", bias=False") + _FORWARD.format(name="forward") + "TinyCNN",
    ),
    "a key is missing": (
        "params_from_module",
        "lambda model: {n.replace('bias', 'b'): p.detach().clone().requires_grad_() "
        "for n, p in model.named_parameters()}",
    ),
    "no key is missing": (
        "record_activations",
        """
def record_activations(model, names, x):
    found = {}
    for name in names:
        part = dict(model.named_modules())[name]
        part.register_forward_hook(lambda m, i, out, name=name: found.__setitem__(name, out.detach()))
    model(x)
    return found
record_activations""",
    ),
    "markup in an answer": ("relu", "lambda x: {'<script>alert(1)</script>': '<b>&\"'}"),
}
KINDS = {name: (exercise, _IMPORTS.strip() + "\n" + source.strip()) for name, (exercise, source) in KINDS.items()}

# Answers to questions, in part right, in part wrong and in part open: what is put in the place of the right entries.
QUESTIONS: Mapping[str, Mapping[Any, Any]] = {
    "predict_layout": {"x.flip(2)": ((2, 3, 4), (12, 4, -1), 3), "x[:, 1]": ..., "x[:, ::2]": ((1,), (1,), 0)},
    "which_api": {"max pooling, written in forward": "module", "batch norm with its running statistics": ...},
    "predict_registered": {"layers": "module", "act": "module", "plain": ...},
    "diagnose": {4: "an optimiser with old tensors", 1: "bad luck", 2: ...},
}
