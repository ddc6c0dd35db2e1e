"""What a check says of the cells behind an answer: one of before, one that never came, one under another name."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from played import Seen, played

from autograder.learner.cells import Cells

RIGHT = "def relu(x):\n    return x.clamp(min=0)"
CHECK = 'check("relu", relu)'
STUB = "def relu(x):\n    raise NotImplementedError()"
LINEAR = (
    "def linear(x, weight, bias=None):\n    out = product(x, weight)\n    return out if bias is None else out + bias"
)
PRODUCT = "def product(x, weight):\n    return x @ weight.T"

BEFORE = "This is relu as it was before. The cell that should define it anew failed in your line "
AGAIN = " Mend that, run that cell, then this one."

# What is played, by name: cells, and what the last of them has to say. "" stands for: nothing of the cells.
NOTEBOOKS: dict[str, tuple[list[str], str, str]] = {
    "a colon is missing": (
        [RIGHT, "def relu(x)\n    return x.abs()", CHECK],
        "solved",
        BEFORE + "1 “def relu(x)” (SyntaxError: expected ':')." + AGAIN,
    ),
    "a bracket is open": (
        [RIGHT, "import torch\n\ndef relu(x):\n    return torch.where(x > 0, x, 0\n", CHECK],
        "solved",
        BEFORE + "4 “return torch.where(x > 0, x, 0” (SyntaxError: incomplete input)." + AGAIN,
    ),
    "a line is indented by chance": (
        [RIGHT, "def relu(x):\n    y = x\n      return y", CHECK],
        "solved",
        BEFORE + "3 “return y” (IndentationError: unexpected indent)." + AGAIN,
    ),
    "a line before the definition raises": (
        [RIGHT, "import torch\nprint(torch.nothing_of_that_name)\ndef relu(x):\n    return x", CHECK],
        "solved",
        BEFORE + "2 “print(torch.nothing_of_that_name)” (AttributeError: module 'torch' has no attribute "
        "'nothing_of_that_name')." + AGAIN,
    ),
    "its own decorator raises": (
        [RIGHT, "@undefined\ndef relu(x):\n    return x", CHECK],
        "solved",
        BEFORE + "1 “@undefined” (NameError: name 'undefined' is not defined)." + AGAIN,
    ),
    "its own default raises": (
        [RIGHT, "def relu(x, low=1 / 0):\n    return x", CHECK],
        "solved",
        BEFORE + "1 “def relu(x, low=1 / 0):” (ZeroDivisionError: division by zero)." + AGAIN,
    ),
    "the error is deep in another function": (
        ["def deep():\n    return [][1]", RIGHT, "deep()\nrelu = lambda x: x", CHECK],
        "solved",
        BEFORE + "1 “deep()” (IndexError: list index out of range)." + AGAIN,
    ),
    "under %%time": (
        [RIGHT, "%%time\n1 / 0\ndef relu(x):\n    return x", CHECK],
        "solved",
        BEFORE + "2 “1 / 0” (ZeroDivisionError: division by zero)." + AGAIN,
    ),
    "under %%time, no Python": (
        [RIGHT, "%%time\ndef relu(x)\n    return x", CHECK],
        "solved",
        BEFORE + "2 “def relu(x)” (SyntaxError: expected ':')." + AGAIN,
    ),
    "behind a line magic": (
        [RIGHT, "%precision 3\n1 / 0\ndef relu(x):\n    return x", CHECK],
        "solved",
        BEFORE + "2 “1 / 0” (ZeroDivisionError: division by zero)." + AGAIN,
    ),
    "the stub is still what there is": (
        ["def relu(x):\n    raise NotImplementedError()", "def relu(x):\n    return x.clamp(min=0", CHECK],
        "crashed",
        BEFORE + "2 “return x.clamp(min=0” (SyntaxError: incomplete input)." + AGAIN,
    ),
    "a piece that the answer uses": (
        [PRODUCT, LINEAR, "def product(x, weight):\n    return x @ weight.T)", 'check("linear", linear)'],
        "solved",
        "linear uses product, and this is product as it was before. The cell that should define it anew failed in your "
        "line 2 “return x @ weight.T)” (SyntaxError: unmatched ')')." + AGAIN,
    ),
    "a piece of a piece, in a class": (
        [
            PRODUCT,
            LINEAR,
            "class Linear:\n    def __call__(self, *args, **kwargs):\n        return linear(*args, **kwargs)",
            "1 / 0\nproduct = 3",
            'check("linear", Linear())',
        ],
        "solved",
        "your answer uses product, and this is product as it was before. The cell that should define it anew failed in "
        "your line 1 “1 / 0” (ZeroDivisionError: division by zero)." + AGAIN,
    ),
    "it never came": (
        ["def relu(x):\n    return x.clamp(min=0", CHECK],
        "crashed",
        "There is no relu yet: the cell that should define it failed in your line 2 “return x.clamp(min=0” "
        "(SyntaxError: incomplete input)." + AGAIN,
    ),
    "it is spelled otherwise": (
        ["def rellu(x):\n    return x.clamp(min=0)", CHECK],
        "not attempted",
        "This check looks for the name relu, and there is none. There is rellu: if that is your answer, call it relu.",
    ),
    "it is in capitals": (
        ["class TinyCnn:\n    pass", 'check("tiny_cnn", TinyCNN)'],
        "not attempted",
        "This check looks for the name TinyCNN, and there is none. There is TinyCnn: if that is your answer, call it "
        "TinyCNN.",
    ),
    "a dictionary is spelled otherwise": (
        ["wich_api = {'dropout': 'module'}", 'check("which_api", which_api)'],
        "not attempted",
        "This check looks for the name which_api, and there is none. There is wich_api: if that is your answer, call it "
        "which_api.",
    ),
    "it has a longer name": (
        ["def my_linear_layer(x, weight, bias=None):\n    return x @ weight.T", 'check("linear", linear)'],
        "not attempted",
        "This check looks for the name linear, and there is none. There is my_linear_layer: if that is your answer, call it "
        "linear.",
    ),
    "it is under another name, and the stub was run before": (
        [STUB, "def my_relu(x):\n    return x.clamp(min=0)", CHECK],
        "not attempted",
        "This check looks at relu, which is still the untouched cell. There is my_relu: if that is your answer, call it relu.",
    ),
    "what is like it is a stub, too": (
        [STUB, "def my_relu(x):\n    raise NotImplementedError()", CHECK],
        "not attempted",
        "Write relu(x) in the cell above, run that cell, then this one. More than half of the points takes values and gradients that "
        "are right.",
    ),
    "what is like it is another exercise": (
        [
            "def conv2d(x):\n    raise NotImplementedError()",
            "def conv1d(x):\n    return x * 1",
            CHECK.replace("relu)", "conv2d)"),
        ],
        "not attempted",
        "This check looks at conv2d, which is still the untouched cell. There is conv1d: if that is your answer, call it conv2d.",
    ),
    "nothing is like it": (
        ["from torch.nn.functional import relu6\ndef mine(x):\n    return x", CHECK],
        "not attempted",
        "This check looks for the name relu, and there is none. Run the cell that should define it, then this one.",
    ),
    "two answers in one check, one of them there": (
        ["def one(x):\n    return x", 'check("relu", (one, tow))'],
        "not attempted",
        "This check looks for the name tow, and there is none. Run the cell that should define it, then this one.",
    ),
    "mended": ([RIGHT, "def relu(x)\n    return x", "def relu(x):\n    return x.clamp(min=0)", CHECK], "solved", ""),
    "it failed behind the definition": ([RIGHT + "\nrelu(3)", CHECK], "solved", ""),
    "it failed, and something else has defined it since": (
        [RIGHT, "def relu(x)\n    return x", "globals()['relu'] = lambda x: x.clamp(min=0)", CHECK],
        "solved",
        "",
    ),
    "another name failed": ([RIGHT, "def other(x)\n    return relu(x)", CHECK], "solved", ""),
    "a method of that name is used": (
        [PRODUCT, "def relu(x):\n    return x.clamp(min=0).product if 0 else x.clamp(min=0)", "def product(", CHECK],
        "solved",
        "",
    ),
    "another language's cell failed": ([RIGHT, "%%no_such_magic\nrelu = 1", CHECK], "solved", ""),
}


# Notebooks that are looked at one by one.
ENDLESS = """import signal
signal.signal(signal.SIGALRM, signal.default_int_handler)

def relu(x):
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    while True: pass"""
OTHERS: dict[str, list[str]] = {
    "other NameErrors": [CHECK + "; 1", "print(check('relu', rleu))"],
    "no imports": ["def relu(x):\n    return torch.clamp(x, min=0)", CHECK, "import torch", CHECK],
    "a name of nobody's": ["def relu(x):\n    return no_such_name(x)", CHECK],
    "another exercise's name": ["def relu(x):\n    return linear(out, torch)", CHECK],
    "wrong before": ["def relu(x):\n    return x.abs()", "def relu(x) return x", CHECK],
    "endless": [ENDLESS, CHECK, "1", f"{ENDLESS}\n{CHECK}", CHECK],
    "raises it": ["def relu(x):\n    raise KeyboardInterrupt", CHECK],
}


@pytest.fixture(scope="module")
def seen() -> Callable[[str], list[Seen]]:
    """What the cells of a notebook came to. All are played at once."""
    every = {name: cells for name, (cells, _, _) in NOTEBOOKS.items()} | OTHERS
    told = played([["from autograder import check", *cells] for cells in every.values()])
    return {name: cells[1:] for name, cells in zip(every, told, strict=True)}.__getitem__


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_what_happened_to_the_cells_is_said_and_nothing_else(name: str, seen: Callable[[str], list[Seen]]) -> None:
    _, status, says = NOTEBOOKS[name]
    last = seen(name)[-1]
    assert (last.status, last.error) == (status, "")
    assert last.note == says
    assert says in last.text, "the panel, where no notebook shows it"


def test_where_no_answer_came_no_case_is_promised(seen: Callable[[str], list[Seen]]) -> None:
    text = seen("it never came")[-1].text
    assert "relu crashed: 0 of 2 points" in text
    assert "failing case" not in text and "The untouched cell" not in text


def test_other_name_errors_stay_what_they_are(seen: Callable[[str], list[Seen]]) -> None:
    assert [one.error for one in seen("other NameErrors")] == ["NameError", "NameError"]


def test_a_name_of_the_first_cell_that_was_not_run_is_told_so(seen: Callable[[str], list[Seen]]) -> None:
    _, check, _, again = seen("no imports")
    assert check.status == "crashed"
    assert check.note.startswith(
        "The name torch comes from the first code cell of this notebook: run that one, then this one. Every case raised NameError"
    )
    assert again.status == "solved" and "first code cell" not in again.note


def test_a_function_of_another_cell_that_was_not_run_is_told_so(seen: Callable[[str], list[Seen]]) -> None:
    note = seen("another exercise's name")[-1].note
    assert note.startswith(
        "The name linear comes from another cell of this notebook: run that one, then this one. Every case raised NameError"
    )


def test_of_any_other_name_that_is_missing_nothing_is_claimed(seen: Callable[[str], list[Seen]]) -> None:
    assert seen("a name of nobody's")[-1].note.startswith("Every case raised NameError")


def test_the_panel_of_a_wrong_answer_of_before_says_both(seen: Callable[[str], list[Seen]]) -> None:
    note = seen("wrong before")[-1].note
    assert note.startswith(BEFORE + "1 “def relu(x) return x”")
    assert "cases differ" in note


def test_of_a_cell_that_is_another_now_it_is_not_said_how_it_failed() -> None:
    names: dict[str, object] = {"relu": len}
    listener = Cells(names)

    def ran(source: str, error: Exception | None, cell: str) -> str:
        info = SimpleNamespace(raw_cell=source, cell_id=cell)
        listener.begin(info)
        listener.end(SimpleNamespace(info=info, error_before_exec=error, error_in_exec=None))
        return listener.say(names["relu"])

    assert ran("def relu(x", SyntaxError("invalid syntax"), "one").startswith("This is relu as it was before.")
    assert ran("other = 1", None, "two").startswith("This is relu as it was before.")
    assert ran("def my_relu(x): return x", None, "one") == ""


def test_an_interrupted_answer_has_a_panel_with_its_line(seen: Callable[[str], list[Seen]]) -> None:
    _, check, after, both, again = seen("endless")
    assert "■ relu interrupted: 0 of 2 points" in check.text
    says = r"It was still running after \d+\.\d seconds, in your line 6 “while True: pass”\. "
    says += r"You stopped it at case 1 of \d+: x = \[-2\., 3\.\]\. "
    for one in (check, both, again):
        assert re.match(says, one.note)
        assert one.error == "KeyboardInterrupt", "to the frontend it has failed: what is queued behind it is not run"
        assert "Traceback" not in one.text + one.err
    assert after.error == ""


def test_an_answer_that_interrupts_itself_says_where(seen: Callable[[str], list[Seen]]) -> None:
    assert "in your line 2 “raise KeyboardInterrupt”" in seen("raises it")[-1].note
