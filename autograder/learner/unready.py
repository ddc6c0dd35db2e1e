"""An IPython extension for the course's kernels: a name that a cell of the chapter brings along, used before that cell was run.

It is loaded with the kernel, before anything of the course is imported, and imports the rest when such a name is missing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from types import TracebackType
from typing import Any

__all__ = ["advice", "load_ipython_extension"]

_CHECKED = re.compile(r"""\bcheck\(\s*["'](\w+)["']""")


def load_ipython_extension(shell: Any) -> None:
    """Called by IPython, as `autograder/workbench/ipython/ipython_config.json` says."""
    shell.set_custom_exc((NameError,), _told)


def _told(
    shell: Any, kind: type[NameError], error: NameError, trace: TracebackType, tb_offset: int | None = None
) -> None:
    words = advice(error, shell.history_manager.input_hist_raw[-1], shell.user_ns, os.environ)
    if words:
        error.add_note(words)
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset, running_compiled_code=True)


def advice(error: NameError, cell: str, names: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    """What to do about ``error`` in ``cell``; nothing where the notebook is no chapter, or none of its cells makes that name.

    What a function of the learner's own lacks may be a name of its own: there only functions and classes are spoken of.

    >>> advice(NameError("", name="check"), 'check("relu", relu)', {}, {})
    'The name check comes from the first code cell of this notebook: run that one, then this one.'
    >>> advice(NameError("", name="check"), "check", {}, {})
    ''
    """
    if type(error) is not NameError or not error.name:
        return ""
    from autograder.judging.sentences import defined_elsewhere, names_missing
    from autograder.learner.contents import contents
    from autograder.learner.names import bound_by, python_of

    chapters = [contents(slug) for slug in _chapters(cell, names, environment)]
    if any(error.name in one.imports for one in chapters):
        return names_missing([error.name])
    if error.name in bound_by(python_of(cell)):  # it comes from this very cell, only later
        return ""
    made = any(error.name in one.made for one in chapters) and _in_the_cell_itself(error)
    return defined_elsewhere([error.name]) if made or any(error.name in one.defined for one in chapters) else ""


def _in_the_cell_itself(error: NameError) -> bool:
    """Whether it was raised by a line of a cell, and not by one of a function."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code.co_name == "<module>"


def _chapters(cell: str, names: Mapping[str, Any], environment: Mapping[str, str]) -> Iterator[str]:
    """The chapter whose notebook this is: by the exercise that the cell checks, by what Jupyter or VS Code calls the file."""
    from autograder.learner.contents import place_of

    if (checked := _CHECKED.search(cell)) and (found := place_of(checked[1])):
        yield found[0].slug
    for file in (environment.get("JPY_SESSION_NAME"), names.get("__vsc_ipynb_file__")):
        if isinstance(file, str):
            yield PurePath(file.replace("\\", "/")).stem
