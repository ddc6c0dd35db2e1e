"""See strides: which element of a tensor lies where in memory, what each operation does to that, and why.

``explore``, ``show`` and ``compare`` take real tensors; torch is imported when one of them is first asked for.
"""

from typing import TYPE_CHECKING, Any

from course.strides.layout import Layout
from course.strides.operations import LayoutError, Outcome, apply
from course.strides.parse import ChainError, parse

if TYPE_CHECKING:
    from course.strides.explorer import explore
    from course.strides.showing import compare, show

__all__ = ["ChainError", "Layout", "LayoutError", "Outcome", "apply", "compare", "explore", "parse", "show"]


def __getattr__(name: str) -> Any:
    if name == "explore":
        from course.strides.explorer import explore

        return explore
    if name in ("show", "compare"):
        from course.strides import showing

        return getattr(showing, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
