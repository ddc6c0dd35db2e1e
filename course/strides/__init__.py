"""See strides: which element of a tensor lies where in memory, what each operation does to that, and why."""

from course.strides.layout import Layout
from course.strides.operations import LayoutError, Outcome, apply
from course.strides.parse import ChainError, parse

__all__ = ["ChainError", "Layout", "LayoutError", "Outcome", "apply", "parse"]
