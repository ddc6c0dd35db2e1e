"""What `check` has to know of the kernel it runs in: who asks, and which names the learner has defined."""

from __future__ import annotations

import ast
import os
import sys
from typing import Any

__all__ = ["UntrustedKernel", "grading", "let_missing_names_pass", "refuse_untrusted"]

TRUST = "AUTOGRADER_TRUST_KERNEL"


class UntrustedKernel(RuntimeError):
    """Points were asked for in a kernel where the submission's own code could award itself any."""

    def _render_traceback_(self) -> list[str]:
        return [f"UntrustedKernel: {self}"]


def grading() -> bool:
    """Whether nbgrader is grading a submission in this kernel."""
    return os.environ.get("NBGRADER_EXECUTION", "validate") != "validate"


def refuse_untrusted() -> None:
    """Raise `UntrustedKernel` when a submission is being graded in its own kernel without the instructor's word for it.

    A learner's kernel and nbgrader's Validate button pass.
    """
    if grading() and os.environ.get(TRUST) != "1":
        raise UntrustedKernel(
            "no points are given here. nbgrader is running this submission in its own kernel, where its code could "
            f"award itself points. If you trust this class's submissions, grade with {TRUST}=1 in the environment."
        )


class _MissingAnswers(ast.NodeTransformer):
    """Turns ``check("id", name)`` into ``check("id", None)`` where the notebook holds no such name yet."""

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names

    def visit_Module(self, node: ast.Module) -> ast.Module:
        match node.body:
            case [ast.Expr(value=ast.Call(func=ast.Name(id="check"), args=[ast.Constant(), answer]) as call)]:
                parts = answer.elts if isinstance(answer, ast.Tuple) else [answer]
                if any(isinstance(part, ast.Name) and part.id not in self._names for part in parts):
                    call.args[1] = ast.copy_location(ast.Constant(None), answer)
        return node


def let_missing_names_pass() -> None:
    """In IPython, let a check cell whose answer was never defined say "not attempted" instead of a NameError.

    A cell that is one call ``check("id", name)`` and nothing else is meant; every other NameError stays one.
    """
    if "IPython" not in sys.modules:
        return
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is not None and not any(isinstance(one, _MissingAnswers) for one in shell.ast_transformers):
        shell.ast_transformers.append(_MissingAnswers(shell.user_ns))
