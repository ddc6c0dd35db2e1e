"""What a cell says without nbgrader's marks: which checks it calls, which names it binds.

It reads a stranger's source: of any text there is an answer, and no more of it is parsed than what looks like a call of ``check``.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache

from autograder.grading.submissions.read import words_in
from autograder.learner.names import bound_by, python_of

__all__ = ["Check", "binds", "call_of", "calls_in"]

_MOST_IN_A_CALL = 60  # words and signs of a cell or line that calls check; nobody's is longer, and parsing stays small
_SHORT = 500  # letters of a cell whose call is remembered


@dataclass(frozen=True)
class Check:
    """What a check cell of the source asks: the exercise, and what it hands over (``"linear"`` or ``"(one, two)"``)."""

    exercise: str
    answer: str

    @property
    def names(self) -> frozenset[str]:
        """The names that it hands over.

        >>> sorted(Check("both", "(one, two)").names), Check("both", "f(x)").names
        (['one', 'two'], frozenset())
        """
        return frozenset(name.strip() for name in self.answer.strip("()").split(",") if name.strip().isidentifier())


def call_of(source: str) -> Check | None:
    """What a cell asks that calls ``check`` with an exercise and an answer, and does nothing else.

    >>> call_of("# now\\ncheck('relu', relu)"), call_of("x = 1; check('relu', relu)")
    (Check(exercise='relu', answer='relu'), None)
    """
    if "check" not in source or words_in(source) > _MOST_IN_A_CALL:
        return None
    return _known_call(source) if len(source) <= _SHORT else _call(source)


def _call(source: str) -> Check | None:
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    match body:
        case [ast.Expr(ast.Call(ast.Name("check"), [ast.Constant(str() as exercise), *answers], []))] if answers:
            several = len(answers) > 1
            return Check(exercise, ast.unparse(ast.Tuple(answers, ast.Load()) if several else answers[0]))
    return None


_known_call = lru_cache(maxsize=256)(_call)  # the same checks stand in every notebook of a class


def calls_in(source: str) -> list[Check]:
    """The checks that a cell asks: its own, or those in lines of it, whose rest may be no Python.

    >>> calls_in("def relu(x)\\n  return x\\ncheck('relu', relu)")
    [Check(exercise='relu', answer='relu')]
    """
    own = call_of(source)
    lines = [line for line in source.splitlines() if line.startswith("check")] if own is None else []
    return [one for one in [own, *map(call_of, lines)] if one is not None]


@lru_cache(maxsize=256)
def binds(source: str) -> frozenset[str]:
    """The names that a cell would bind, whatever magics it holds."""
    return bound_by(python_of(source))
