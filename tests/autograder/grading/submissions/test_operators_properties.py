"""A stranger's text, read for torch's own operators: of any text there is an answer, and honest cells are read as IPython does."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest
import torch.nn.functional as F
from hypothesis import example, given, settings
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager
from strangers import grows_evenly, peak, steps, torn

from autograder.grading.submissions import bindings
from autograder.grading.submissions.bindings import bindings_of_cell
from autograder.grading.submissions.magics import without_magics
from autograder.grading.submissions.operators import operators_named

SETUP = "import torch\nfrom torch import nn\nimport torch.nn.functional as F"
RELU = "def relu(x):\n    return F.relu(x)"
HONEST = '''
%matplotlib inline
files = !ls
def helper(x, *more, scale=1.0, **named):
    """Like F.relu(x)."""
    with torch.no_grad() as _, open("file") as file:
        text = f"{x!r} {scale:.2f}"
    return [one for one in x if (y := one) > 0] or getattr(x, "clamp" + "_")(min=0)
class Mine(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        a, (b, *c) = self.relu, (F, 1)
        lib = torch.nn
        match x:
            case [first, *_] if first:
                return lib.functional.pad(first, (0, 1))
        return lambda z=F.relu: helper(z)
relu, linear = Mine(), helper
x, y = y, x
'''
WORDS = [
    "torch",
    ".relu",
    "(",
    ")",
    "=",
    "F",
    "x",
    "\n",
    "\n    ",
    "def relu(x):",
    "import ",
    ",",
    "%",
    "!",
    "'''",
    '"',
    "\\",
]


def named(*cells: str, answer: str = "relu", forbidden: tuple[str, ...] = ("*relu*",)) -> tuple[str, ...]:
    """What is found; each call reads the cells anew."""
    found = operators_named([SETUP, *cells], answer, forbidden)
    assert all(isinstance(one, str) and len(one) <= 200 for one in found)
    return found


@settings(deadline=None)
@given(st.text(max_size=100) | st.lists(st.sampled_from(WORDS), max_size=30).map("".join))
def test_of_any_text_there_is_an_answer(text: str) -> None:
    named(text, "relu = helper")
    named(text + "\n" + RELU)


@settings(deadline=None, max_examples=300)
@given(torn(HONEST.encode()))
def test_of_a_right_cell_with_a_few_letters_changed_there_is_an_answer(text: bytes) -> None:
    for answer in ("relu", "linear", "(relu, linear)"):
        named(text.decode("utf-8", "replace"), answer=answer)


def nested(before: str, after: str, depth: int = 2000, inside: str = "x") -> str:
    return before * depth + inside + after * depth


DEEP = {
    "sum": f"def relu(x):\n    return x{' + x' * 900} + F.relu(x)",
    "calls": f"def relu(x):\n    return F.relu(x){'()' * 900}",
    "attributes": f"def relu(x):\n    return F.relu(x){'.a' * 900}",
    "subscripts": f"def relu(x):\n    return F.relu(x){'[0]' * 900}",
    "elif": "def relu(x):\n    if x: pass\n" + "    elif x: pass\n" * 500 + "    return F.relu(x)",
    "lambdas": "relu = " + nested("lambda: ", "", 90, "F.relu(x)"),
    "aliases": "a0 = F\n"
    + "".join(f"a{n + 1} = a{n}\n" for n in range(2000))
    + "def relu(x):\n    return a2000.relu(x)",
    "helpers": "def f0(x): return F.relu(x)\n"
    + "".join(f"def f{n + 1}(x): return f{n}(x)\n" for n in range(2000))
    + "relu = f2000",
    "words": "def relu(x):\n    return getattr(F, 'r'" + " + ''" * 500 + " + 'elu')(x)",
}


@pytest.mark.parametrize("source", DEEP.values(), ids=DEEP)
def test_text_that_is_nested_deep_is_read_all_the_same(source: str) -> None:
    assert named(source) == ("relu",)


@pytest.mark.parametrize(
    "piece",
    ["a.", "-", "not ", "(", "[", "lambda: ", "f'{", "if x:\n ", "x if x else ", "a = ", "@a\n", "a(", "*", "'''"],
)
def test_text_that_python_itself_cannot_read_says_nothing(piece: str) -> None:
    assert named(piece * 50_000) == ()
    assert named(piece * 50_000, RELU) == ("relu",)


def test_names_that_lead_in_a_circle_stand_for_nothing() -> None:
    assert named("a, b = 1, 2\na, b = b, a\ndef relu(x):\n    return a(b.c(x))") == ()
    assert named("a = b\nb = c.d\nc = a.e\ndef relu(x):\n    return a.f(x) + F.relu(x)") == ("relu",)
    assert named("relu = relu") == ()
    assert named("def relu(x):\n    F = F.x\n    return F.relu(x)") == ("relu",)  # as a method of some tensor


@pytest.mark.parametrize(
    "name",
    [
        *("torch.backends.cuda.cufft_plan_cache.max_size", "torch.classes.a.b", "torch.ops.a.b", "torch.onnx.nothing"),
        *("torch.distributed.a", "torch.backends.mkl.verbose.x", "torch." + "a" * 10_000, "torch" + ".nn" * 10_000),
    ],
)
def test_names_of_torchs_that_are_not_there_or_not_on_this_machine_say_nothing(name: str) -> None:
    assert named(f"def relu(x):\n    return {name}(x)") == ()


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (
            ["def relu(x):\n    def inner():\n        F = 3\n    return F.relu(x)"],
            "another function's names are its own",
        ),
        (["match 1:\n    case 1:\n        relu = F.relu"], "a case is a branch"),
        (["def relu(x):\n    if x.dim():\n        return x\n    else:\n        return F.relu(x)"], "so is an else"),
        ([">>> relu = F.relu"], "a pasted prompt"),
        (["%%time\n!ls\nrelu = F.relu"], "a magic that runs its cell"),
        (["    relu = F.relu\n    !ls"], "an indented cell"),
        (["text = '''\n!x \\'''\n''' ; y = \"'''\"\n!ls ''' \"\nrelu = F.relu"], "strings hold no magics"),
        (["x = (1\n% 2)\n%time\nrelu = F.relu"], "nor do brackets"),
    ],
)
def test_what_is_used_is_found(cells: list[str], why: str) -> None:
    assert named(*cells) == ("relu",), why


LINES = st.sampled_from(
    [
        *(
            "%matplotlib inline",
            "!ls -l 'a b",
            "!!ls",
            "files = !ls \\\n  *.py",
            "y = %time 1 + 1",
            "sum?",
            "?sum",
            "torch.nn??",
        ),
        *(
            "import torch",
            "from torch import nn as n",
            "a, b = 1, 7 % 2",
            "def f(x):\n    return x  # %x",
            "text = '''\n%x\n'''",
        ),
        *(
            "x = [\n    1,\n\n    2]",
            "if a != b:\n    !ls\n    c = 3",
            "class C:\n    %time x\n    y = 2",
            "# !x",
            "",
            "s = 'it\\'s'",
        ),
        *(",f a b", ";f a b", "/f a"),
    ]
)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(LINES, min_size=1, max_size=6).map("\n".join),
    st.sampled_from(["", "\n\n", ">>> ", "In [3]: ", "%%time\n"]),
)
@example("x = 1\ny = 2", "  ")
def test_honest_cells_bind_the_names_that_they_bind_in_ipython(source: str, before: str) -> None:
    try:
        # What %%time runs is Python; to IPython's reader it is a text.
        tree = ast.parse(TransformerManager().transform_cell(before.removeprefix("%%time\n") + source)).body
    except SyntaxError:
        return
    by_ipython = {
        *(node.name for node in tree if isinstance(node, ast.FunctionDef | ast.ClassDef)),
        *(
            alias.asname or alias.name
            for node in tree
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        ),
        *(
            name.id
            for node in ast.walk(ast.Module([one for one in tree if isinstance(one, ast.Assign | ast.If)], []))
            if isinstance(node, ast.Assign)
            for name in ast.walk(node.targets[0])
            if isinstance(name, ast.Name)
        ),
    }
    assert set(bindings_of_cell(before + source)) == by_ipython


FLOODS = {
    "statements": "a\n",
    "bindings": "a = 1\n",
    "shell": "!x\n",
    "help": "x?\n",
    "quotes": "''",
    "escapes": "\\'''",
    "stars": "from torch import *\n",
    "functions": "def relu(x): return x.y(a)\n",
    "strings": "'a' ",
    "brackets": "[],",
    "chains": f"a{'.b' * 300}\n",
    "getattr": "getattr(F, 'a' 'b' + 'c')\n",
}


@pytest.mark.parametrize("piece", FLOODS.values(), ids=FLOODS)
@pytest.mark.parametrize(
    "before", ["", "%x\n", "a = F\ndef relu(x):\n    return a(x)\n"], ids=["plain", "magic", "used"]
)
def test_time_grows_with_the_text_and_not_with_its_square(piece: str, before: str) -> None:
    def cost(count: int) -> int:
        source = before + piece * count
        return steps(lambda: (bindings._Recent().of(source), named(source), named(f"relu = [{piece * count}]")))

    assert grows_evenly(cost, 4000 // len(piece) + 1)


def test_what_torch_would_have_to_import_for_a_name_is_not_imported() -> None:
    program = f"""
import sys
from autograder.grading.submissions.operators import operators_named
operators_named([{SETUP!r}, "def relu(x):\\n    return torch._inductor.a(torch._dynamo.b(x), torch.onnx.c)"], "relu", ("*",))
print([name for name in ("torch._inductor", "torch._dynamo.eval_frame", "torch.onnx") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_names_that_are_bound_often_and_used_often_are_followed_once() -> None:
    def cost(times: int) -> int:
        body = "    a, b.c\n" * times
        source = "if 1:\n" + "    a = 1\n    b = a\n" * times + "def relu(x):\n" + body
        nested_functions = "def relu(x):\n" + "    def f(): return a\n" * times
        return steps(lambda: (named(source), named("a = 1", nested_functions)))

    assert grows_evenly(cost, 300)


def test_reading_takes_memory_in_proportion_to_the_text_and_keeps_little_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bindings, "_LETTERS", 20_000)
    recent = bindings._Recent()
    dense = [f"a{number}\n" + "a\n" * 2000 for number in range(12)]
    assert peak(lambda: bindings._Recent().of(dense[0])) < 1200 * len(dense[0])
    for source in (*dense, dense[-2], dense[-1]):
        recent.of(source)
    assert list(recent._kept) == dense[-4:]
    assert recent.of("a\n" * 20_000) == {}
    assert list(recent._kept) == []


def test_the_star_of_a_module_brings_in_what_it_has() -> None:
    assert named("from torch.nn.functional import *\nrelu = 3\nfrom torch.nn.functional import *") == ("relu",)
    assert named("from torch.nn.functional import *\nrelu = abs") == ()
    assert hasattr(F, "relu")


def test_what_is_no_magic_stays_as_it_is() -> None:
    source = "x = 7 % 2\ny = a != b\nz = (1\n    % 2)\nw = '''\n%x\n!y\n'''\nv = f'{x!r}'"
    assert without_magics(source) == source
