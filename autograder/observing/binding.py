"""How an answer takes its arguments: found out once for all cases of a run that call it alike."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Binding"]


@dataclass
class Binding:
    """Which of the answers of one run can be called with so many arguments in a row and which ones by name."""

    # The answer itself is kept beside: as long as it is there, nothing else has its id.
    signatures: dict[int, tuple[Any, inspect.Signature | None]] = field(default_factory=dict)
    known: dict[tuple[int, int, tuple[str, ...]], bool] = field(default_factory=dict)

    def arguments(
        self, answer: Callable[..., Any], order: tuple[str, ...], values: Mapping[str, Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """``values`` as positional and named arguments: in a row as far as ``order`` goes, by name behind a gap.

        Wholly by name for an answer whose parameters are keyword-only; in a row beyond a gap, filled with its own
        defaults, for one whose parameters are positional-only.

        >>> Binding().arguments(lambda x, *, y: x, ("x", "y"), {"x": 1, "y": 2})
        ([], {'x': 1, 'y': 2})
        >>> Binding().arguments(lambda x, y=5, z=0, /: x, ("x", "y", "z"), {"x": 1, "z": 2})
        ([1, 5, 2], {})
        """
        positional, named = _split(order, values)
        if self._binds(answer, len(positional), named):
            return positional, named
        if self._binds(answer, 0, values):
            return [], dict(values)
        row, rest = self._past_gaps(answer, order, values)
        return (row, rest) if self._binds(answer, len(row), rest) else (positional, named)

    def _past_gaps(
        self, answer: Callable[..., Any], order: tuple[str, ...], values: Mapping[str, Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """What is positional-only in a row, where a value is missing the answer's own default; all else by name."""
        signature = self._signature(answer)
        parameters = signature.parameters.values() if signature is not None else ()
        only = list(zip(order, (one for one in parameters if one.kind is one.POSITIONAL_ONLY), strict=False))
        while only and only[-1][0] not in values:
            only.pop()
        row = [values.get(name, one.default) for name, one in only]
        return row, {name: value for name, value in values.items() if name not in order[: len(row)]}

    def _binds(self, answer: Callable[..., Any], positional: int, named: Mapping[str, Any]) -> bool:
        key = (id(answer), positional, tuple(named))
        if key not in self.known:
            signature = self._signature(answer)
            try:
                if signature is not None:
                    signature.bind(*[None] * positional, **named)
                self.known[key] = signature is not None
            except TypeError:
                self.known[key] = False
        return self.known[key]

    def _signature(self, answer: Callable[..., Any]) -> inspect.Signature | None:
        if id(answer) not in self.signatures:
            try:
                signature = inspect.signature(answer)
            except (TypeError, ValueError):  # ValueError: a builtin without a signature
                signature = None
            self.signatures[id(answer)] = (answer, signature)
        return self.signatures[id(answer)][1]


def _split(order: tuple[str, ...], values: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    positional: list[Any] = []
    for name in order:
        if name not in values:
            break
        positional.append(values[name])
    return positional, {name: values[name] for name in order[len(positional) :] if name in values}
