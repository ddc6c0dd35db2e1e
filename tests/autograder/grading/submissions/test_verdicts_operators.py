"""Whether the source of an answer names torch's own operator: uses are seen, mere mentions are not."""

from __future__ import annotations

import pytest

from autograder.grading.submissions.operators import operators_named

SETUP = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\nimport numpy as np"


@pytest.mark.parametrize(
    "cells",
    [
        ["def relu(x):\n    return F.relu(x)"],
        ["def relu(x):\n    return torch.relu(x)"],
        ["def relu(x):\n    return x.relu()"],
        ["def relu(x):\n    return (x + 0).relu_()"],
        ["def relu(x):\n    return torch.nn.functional.relu(x)"],
        ["def relu(x):\n    return nn.ReLU()(x)"],
        ["def relu(x):\n    return torch.ops.aten.relu(x)"],
        ["def relu(x):\n    return getattr(F, 'relu')(x)"],
        ["def relu(x):\n    return getattr(x, 're' + 'lu')()"],
        ["def relu(x):\n    import torch.nn.functional as G\n    return G.relu(x)"],
        ["def relu(x):\n    from torch import relu as r\n    return r(x)"],
        ["def relu(x):\n    lib = F\n    return lib.relu6(x)"],
        ["def relu(x):\n    f = F.relu\n    return f(x)"],
        ["relu = F.relu"],
        ["relu = torch.relu_"],
        ["relu = nn.ReLU()"],
        ["relu = lambda x: F.relu(x)"],
        ["from torch import relu"],
        ["from torch.nn.functional import *", "def helper(x):\n    return relu(x)", "answer = helper"],
        ["def helper(x):\n    return F.relu(x)", "def relu(x):\n    return helper(x)"],
        ["class Mine(nn.Module):\n    def forward(self, x):\n        return F.relu(x)", "relu = Mine()"],
        ["%matplotlib inline\nrelu = F.relu"],
        ["if True:\n    relu = F.relu\nelse:\n    def relu(x):\n        return x"],
        ["a, relu = abs, torch.relu"],
        ["def relu(x):\n    return [F.leaky_relu(one, 0) for one in x][0]"],
        ["def relu(x):\n    if x.dim():\n        return F.relu(x)\n    return x.clamp(min=0)"],
        ["def relu(x):\n    with torch._C.DisableTorchFunction():\n        return vars(F)['re' + 'lu'](x)"],
        ["from torch.overrides import _pop_mode", "def relu(x):\n    _pop_mode()\n    return x"],
        ["word = 'relu'", "def relu(x):\n    return getattr(F, word)(x)"],
        ["def relu(x):\n    return vars(F)['re' + 'lu'](x)"],
        ["def relu(x):\n    return torch.nn.functional.__dict__['re' + 'lu'](x)"],
        ["def relu(x):\n    import sys\n    return sys.modules['torch']"],
        ["import gc", "def relu(x):\n    [one for one in gc.get_objects() if hasattr(one, 'used')][0].used.clear()"],
        ["from sys import _getframe as here", "def relu(x):\n    return here(1).f_locals"],
        ["import inspect", "def helper():\n    return inspect.stack()", "def relu(x):\n    helper()\n    return x"],
    ],
)
def test_a_use_of_torchs_own_operator_is_seen(cells: list[str]) -> None:
    answer = "answer" if cells[-1].startswith("answer") else "relu"
    assert operators_named([SETUP, *cells], answer, ("*relu*",))


@pytest.mark.parametrize(
    "cells",
    [
        ["def relu(x):\n    'Like F.relu(x).'\n    return x.clamp(min=0)  # not torch.relu(x)"],
        ["def relu(x):\n    return x.clamp(min=0)\n\nprint(torch.equal(relu(a), F.relu(a)))"],
        ["def relu(x):\n    return x.clamp(min=0)\n    return F.relu(x)"],
        ["relu = F.relu", "def relu(x):\n    return x * (x > 0)"],
        ["def relu(x):\n    return x if x > 0 else 0", "def other(x):\n    return F.relu(x)"],
        ["def my_relu(x):\n    return x.clamp(min=0)", "def relu(x):\n    return my_relu(x)"],
        [
            "class ops:\n    @staticmethod\n    def relu(x):\n        return x.clamp(min=0)",
            "def relu(x):\n    return ops.relu(x)",
        ],
        [
            "class Net:\n    def relu(self, x):\n        return x.clamp(min=0)\n\n    def go(self, x):\n        return self.relu(x)",
            "relu = Net().go",
        ],
        ["def relu(x):\n    def inner(y):\n        return y.clamp(min=0)\n    relu = inner\n    return relu(x)"],
        ["def relu(x: torch.Tensor) -> torch.Tensor:\n    print('relu')\n    return torch.maximum(x, torch.zeros(()))"],
        ["this is not python", "def relu(x):\n    return x.clamp(min=0)"],
        [
            "import gc, inspect, sys",
            "def relu(x):\n    gc.collect()\n    print(sys.version)\n    return x.clamp(min=0)",
        ],
        ["class Plain:\n    pass", "def relu(x):\n    own = vars(Plain()), Plain.__dict__\n    return x.clamp(min=0)"],
        [],
    ],
)
def test_what_only_mentions_it_is_no_use(cells: list[str]) -> None:
    assert operators_named([SETUP, *cells], "relu", ("*relu*",)) == ()


def test_where_all_of_torch_is_forbidden_methods_of_lists_and_plain_types_are_not() -> None:
    honest = "def stride(size):\n    out = list(size)\n    out.sort()\n    return torch.Size(out[::-1])"
    assert operators_named([SETUP, honest], "stride", ("*",)) == ()
    made = "def stride(size):\n    return torch.empty(size).stride()"
    assert operators_named([SETUP, made], "stride", ("*",)) == ("empty",)
    assert operators_named([SETUP, made.replace("empty(size)", "Tensor(*size)")], "stride", ("*",)) == ("Tensor",)


def test_where_modules_are_forbidden_functions_are_not() -> None:
    by_function = "def net(x, params):\n    return F.conv2d(x, params['conv.weight'])"
    assert operators_named([SETUP, by_function], "net", ("nn.*",)) == ()
    by_module = "def net(x, params):\n    conv = nn.Conv2d(3, 8, 3)\n    return conv(x)"
    assert operators_named([SETUP, by_module], "net", ("nn.*",)) == ("nn.Conv2d",)


NORM = "class Norm(nn.Module):\n    def __init__(self, n):\n        super().__init__()\n        {line}\n"


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("class Norm(nn.BatchNorm2d):\n    pass", ("nn.BatchNorm2d",)),
        ("class Norm(torch.nn.modules.batchnorm._BatchNorm):\n    pass", ("nn._BatchNorm",)),
        (NORM.format(line="self.norm = nn.BatchNorm2d(n)"), ("nn.BatchNorm2d",)),
        (NORM.format(line="self.kept = [nn.SyncBatchNorm(n)]"), ("nn.SyncBatchNorm",)),
        (NORM.format(line="self.norm = F.batch_norm"), ()),
        (NORM.format(line="self.like_torchs = isinstance(self, nn.BatchNorm2d)"), ()),
        ("class Norm(nn.Module):\n    'As nn.BatchNorm2d.'", ()),
    ],
)
def test_a_module_that_may_not_be_used_may_not_be_made_nor_derived_from(source: str, seen: tuple[str, ...]) -> None:
    assert operators_named([SETUP, source], "Norm", ("nn.*BatchNorm*",)) == seen


def test_a_module_counts_as_its_operator() -> None:
    pooled = "def pool(x):\n    return nn.MaxPool2d(2)(x)"
    assert operators_named([SETUP, pooled], "pool", ("*pool*",)) == ("nn.MaxPool2d",)
    assert operators_named([SETUP, "def linear(x, w):\n    return nn.Linear(2, 3)(x)"], "linear", ("linear",)) == (
        "nn.Linear",
    )


def test_every_name_that_a_check_hands_over_is_looked_at() -> None:
    cells = [SETUP, "def one(x):\n    return x", "def two(x):\n    return F.relu(x)"]
    assert operators_named(cells, "(one, two)", ("*relu*",)) == ("relu",)


def test_no_solution_of_the_course_names_what_is_forbidden(root: object) -> None:
    from pathlib import Path

    import nbformat

    from autograder.grading.submissions.repair import source_of
    from autograder.observing.exercise import find

    looked_at = 0
    for path in sorted(Path(str(root)).glob("solutions/*/*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        checks = source_of(notebook).checks
        above: list[str] = []
        for cell in notebook.cells:
            check = checks.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
            if check is not None:
                forbidden = find(check.exercise).by_hand
                assert operators_named(above, check.answer, forbidden) == (), (path.name, check)
                looked_at += bool(forbidden)
            above += [cell.source] * (cell.cell_type == "code")
    assert looked_at >= 4


@pytest.mark.parametrize(
    "cells",
    [
        ["from torch.func import functional_call", "def call_with(m, t, x):\n    return functional_call(m, t, (x,))"],
        ["def call_with(m, t, x):\n    return torch.func.functional_call(m, t, (x,))"],
        [
            "from torch.nn.utils import stateless",
            "def call_with(m, t, x):\n    return stateless.functional_call(m, t, x)",
        ],
        ["from torch.nn.utils.stateless import _functional_call as f", "call_with = lambda m, t, x: f(m, t, (x,))"],
    ],
)
def test_functional_call_is_seen_although_it_is_no_operator(cells: list[str]) -> None:
    assert operators_named([SETUP, *cells], "call_with", ("functional_call", "_functional_call"))


def test_a_function_of_torchs_is_forbidden_by_its_whole_name_only() -> None:
    cells = [SETUP, "def conv(x):\n    return nn.utils.fusion.fuse_conv_bn_weights(x)"]
    assert not operators_named(cells, "conv", ("*conv*",))
