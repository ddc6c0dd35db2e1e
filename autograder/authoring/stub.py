"""A stub of a misconception, from a wrong answer that a class has given: code to read, and words still to be written."""

from __future__ import annotations

import ast
import builtins
import json
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.listing import listed, parsed
from autograder.authoring.unfinished import mark
from autograder.files import write_whole

__all__ = ["Stub", "write_stub"]

HOME = Path(__file__).resolve().parent / "oracles"

_IMPORTS = {
    "math": "import math",
    "np": "import numpy as np",
    "torch": "import torch",
    "F": "import torch.nn.functional as F",
    "nn": "from torch import nn",
}
_LONGEST = 60
_FILE = '''\
"""`{exercise}`, a wrong answer that a class has given: {name}."""

from __future__ import annotations

from typing import Any

{imports}from autograder.authoring.oracles import Misconception

__all__ = ["{constant}"]


def _answer() -> Any:
    raise NotImplementedError("{todo}: {path} holds code of a learner's that nobody has read; read it, then take this line away")
{code}
    return {answer}


{constant} = Misconception(
    {quoted},
    _answer(),
    says="{todo}: what does a learner who had this idea read? Why it fails, not what would be right.",
)
'''


@dataclass(frozen=True)
class Stub:
    """What was written: the file of the misconception, the oracle that names it now, and names that the code takes from elsewhere."""

    path: Path
    oracle: Path
    constant: str
    exercise: str
    topic: str
    elsewhere: tuple[str, ...]

    def text(self) -> str:
        """In lines, with what to do next."""
        steps = [
            f"read the code in {self.path}: it is a learner's, and runs on your machine once the line that raises is gone",
            *([f"give it what it takes from other cells: {', '.join(self.elsewhere)}"] if self.elsewhere else []),
            f"write its words for a learner where {mark(self.exercise)} stands, and a second variant in other words if you can",
            f"python -m autograder reference {self.topic}",
            f"python -m pytest tests/autograder/authoring/test_catalogue.py -k {self.exercise}",
        ]
        head = [
            f"misconception: {self.path}",
            f"named in:      {self.oracle}",
            "Until it is filled in, tests fail. Next:",
        ]
        return "\n".join([*head, *(f"  {number}. {step}" for number, step in enumerate(steps, 1))])


def write_stub(exercise: str, name: str, code: str, answer: str, home: Path | None = None) -> Stub:
    """Write a misconception called ``name`` of ``exercise``, whose answer is the expression ``answer`` after ``code``.

    It gets a file of its own beside the oracle, below ``home`` (the course's own), and the oracle's list names it. The code does not run before
    its author has taken a line away. Raises ``ValueError`` for a name that is none or that is taken, for code that cannot stand
    in a function, and where there is no such oracle; then nothing is written, and no file is ever overwritten.
    """
    words = re.findall(r"[a-z0-9]+", name.casefold())
    if not words or len(name) > _LONGEST or not name.isprintable() or name != name.strip():
        raise ValueError(f"{name!r} is no name of a misconception: a few words, at most {_LONGEST} letters in one line")
    oracle, found = _oracle(exercise, home or HOME)
    content = oracle.read_text(encoding="utf-8")
    if json.dumps(name, ensure_ascii=False) in content or repr(name) in content:
        raise ValueError(f"{exercise} has a misconception called {name!r} already, in {oracle}")
    path = oracle.with_name(f"{exercise}_{'_'.join(words)}.py")
    constant = path.stem.upper()
    written = _file(exercise, name, code, answer, constant, path.name)
    module = f"autograder.authoring.oracles.{oracle.parent.name}.{path.stem}"
    named = listed(content, found, module, constant)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(written)
    except FileExistsError:
        raise ValueError(f"{path} is there already, and is not overwritten; choose another name") from None
    write_whole(oracle, named.encode())
    return Stub(path, oracle, constant, exercise, oracle.parent.name, _elsewhere(code))


def _oracle(exercise: str, home: Path) -> tuple[Path, ast.List]:
    """The file of the exercise's oracle, and the list of misconceptions in it."""
    for path in sorted(home.glob("*/*.py")):
        for node in ast.walk(parsed(path)[1]):
            match node:
                case ast.Call(ast.Name("Oracle"), [ast.Constant(value), _, _, ast.List() as known, *_]) if (
                    value == exercise
                ):
                    return path, known
    raise ValueError(f"there is no oracle of {exercise!r} with a list of misconceptions in {home}")


def _file(exercise: str, name: str, code: str, answer: str, constant: str, path: str) -> str:
    used = {node.id for node in ast.walk(_parsed(code)) if isinstance(node, ast.Name)} - _bound(code)
    imports = "".join(f"{line}\n" for short, line in _IMPORTS.items() if short in used)
    written = _FILE.format(
        exercise=exercise,
        name=name.replace("\\", "").replace('"', ""),
        imports=f"{imports}\n" if imports else "",
        constant=constant,
        todo=mark(exercise),
        path=path,
        code=textwrap.indent(ast.unparse(_parsed(code)), "    "),
        answer=answer,
        quoted=json.dumps(name, ensure_ascii=False),
    )
    # The code is a stranger's: in the file it has to be what it was by itself, behind the line that raises, and nothing else.
    try:
        tree = ast.parse(written)
        compile(written, path, "exec")
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"this code cannot stand in a function: {error}; write {path} by hand") from None
    made = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    _, *body, _ = made.body
    if len(tree.body) != len(used & {*_IMPORTS}) + 7 or ast.unparse(ast.Module(body, [])) != ast.unparse(_parsed(code)):
        raise ValueError(f"this code is another one when it stands in a function; write {path} by hand")
    return written


def _parsed(code: str) -> ast.Module:
    try:
        compile(
            code, "answer", "exec"
        )  # what is Python and cannot stand in a module, a return say, is told by this alone
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"this is no Python: {error}") from None


def _bound(code: str) -> set[str]:
    """All names that the code binds somewhere."""
    found: set[str] = set()
    for node in ast.walk(_parsed(code)):
        match node:
            case ast.Name(name, ast.Store() | ast.Del()) | ast.arg(name) | ast.ExceptHandler(name=str() as name):
                found.add(name)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found.add(node.name)
            case ast.Import() | ast.ImportFrom():
                found |= {(one.asname or one.name).partition(".")[0] for one in node.names}
    return found


def _elsewhere(code: str) -> tuple[str, ...]:
    """Names that the code reads and that neither it nor the file brings along.

    >>> _elsewhere("def f(x):\\n    return relu(torch.abs(x)) + len(K)")
    ('K', 'relu')
    """
    read = {node.id for node in ast.walk(_parsed(code)) if isinstance(node, ast.Name)}
    return tuple(sorted(read - _bound(code) - {*_IMPORTS, *dir(builtins)}))
