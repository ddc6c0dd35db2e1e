"""One case of an exercise: the named inputs that an answer is tried on, fresh for every run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from autograder.observing.asked_before import other_numbers
from autograder.observing.binding import Binding
from autograder.observing.codec import Drawn, Uniform
from autograder.observing.gradients import by_name
from autograder.observing.handed_in import Form, form_of
from autograder.observing.left_alone import Earlier, Look, Noted, look, running
from autograder.observing.watch import Watch
from autograder.observing.world import SEED, WORLD

__all__ = ["Case"]


@dataclass(frozen=True)
class Case:
    """The inputs of one case, by name; those named in ``arguments`` are what the answer is called with, in that order.

    ``leaves`` are the inputs that ask for gradients; those of them in ``computed`` come out of a computation, and are no
    leaves of the graph. ``shown`` says in a few words what the inputs are, ``watch`` notes torch's own operators while
    the answer runs. ``choices`` are what was chosen for this case out of what the contract lets vary. What is seen of
    a case that is ``projected``, one of many, is seen through projections where it is not small.

    >>> case = Case("two numbers", {"x": 3, "stride": 2}, arguments=("x", "padding", "stride"))
    >>> case.call(lambda x, padding=0, stride=1: x + padding + 10 * stride)
    23
    """

    name: str
    inputs: Mapping[str, Any]
    arguments: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    shown: str = ""
    watch: Watch = field(default_factory=Watch, compare=False, repr=False)
    given: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    computed: tuple[str, ...] = ()
    choices: Mapping[str, Any] = field(default_factory=dict)
    projected: bool = False
    earlier: Earlier = field(default_factory=Earlier, compare=False, repr=False)
    noted: Noted = field(default_factory=dict, compare=False, repr=False)
    returned: list[Form] = field(default_factory=list, compare=False, repr=False)
    binding: Binding = field(default_factory=Binding, compare=False, repr=False)
    seeds: list[int] = field(default_factory=list, compare=False, repr=False)

    def fresh(self, watch: Watch, earlier: Earlier | None = None, binding: Binding | None = None) -> Case:
        """The same case with nothing given out yet, of a run that has seen ``earlier`` results."""
        known: dict[str, Any] = {"earlier": earlier or Earlier(), "binding": binding or Binding()}
        return replace(self, watch=watch, given={}, noted={}, returned=[], seeds=[], **known)

    @property
    def drawn(self) -> bool:
        """Whether this case was drawn from what the contract lets vary, not picked by hand."""
        return bool(self.choices)

    def __contains__(self, name: str) -> bool:
        return name in self.inputs

    def __getitem__(self, name: str) -> Any:
        """The input called ``name``, made once a run: a tensor keeps its strides and offset but is not the stored one."""
        if name not in self.given:
            made = _copy(self.inputs[name], name in self.leaves)
            self.given[name] = _computed(made) if name in self.computed and isinstance(made, Tensor) else made
        return self.given[name]

    def get(self, name: str, default: Any = None) -> Any:
        """The input called ``name``, or ``default`` where this case has none."""
        return self[name] if name in self.inputs else default

    def call(self, answer: Callable[..., Any], **instead: Any) -> Any:
        """Call ``answer`` with this case's arguments, watched.

        Positional as far as the contract's order goes, by name behind a gap; wholly by name for an answer whose
        parameters are keyword-only. ``instead`` replaces arguments. Where it was ``asked_before``, the answer is called
        once before, while all that it is given holds other numbers; the words of that input may say what matters then.
        """
        if self.get("asked_before", False):
            given = {name: self[name] for name in self.arguments if name in self.inputs} | instead
            with other_numbers(given):
                self.prepared(answer, **instead)()
        return self.prepared(answer, **instead)()

    def called(self, answer: Callable[..., Any], **instead: Any) -> Any:
        """`call`, under ``torch.no_grad()`` where the case says so; whoever leaves gradients on there is noted."""
        if not self.get("no_grad", False):
            return self.call(answer, **instead)
        torch.set_grad_enabled(False)
        try:
            return self.call(answer, **instead)
        finally:
            if torch.is_grad_enabled():
                self._note({"state": {WORLD: ("the grad mode",)}})
            torch.set_grad_enabled(True)

    def prepared(self, answer: Callable[..., Any], **instead: Any) -> Callable[[], Any]:
        """`call`, for as many times as one likes, one right after the other: what is given stays what it is in between."""
        values = {name: self[name] for name in self.arguments if name in self.inputs} | instead
        positional, named = self.binding.arguments(answer, self.arguments, values)

        looks: list[Look] = []

        def once() -> Any:
            # What a call has left as it was is, before the next one, what that one has to leave so.
            changed = looks.pop() if looks else look(values)
            with self._noting(changed) as noted, self.watch:
                result = answer(*positional, **named)
            if not noted:
                looks.append(changed)
            self.returned[:] = [form_of(result)]
            self._note(self.earlier.shared_by(result, values))
            return result

        return once

    def reseed(self, seed: int) -> None:
        """Begin torch's global generator anew, as a probe may and an answer may not."""
        self.note_seed()
        torch.default_generator.manual_seed(seed)  # torch.manual_seed sees to every device, which takes longer
        self.seeds.append(seed)

    def note_seed(self, before: int | None = None) -> None:
        """Note if the generator was begun anew since it had the seed ``before``, or by others than `reseed`.

        Numbers may be drawn from it by whoever makes a layer; to begin it anew is nobody's business.
        """
        allowed = [before] if before is not None else self.seeds[-1:]
        if allowed and torch.default_generator.initial_seed() not in allowed:
            self._note({"state": {"the global generator": (SEED,)}})

    @contextmanager
    def left_alone(self, model: nn.Module | None = None, /, **given: Any) -> Iterator[None]:
        """Note what becomes of the tensors ``given`` to an answer that `call` does not call, and of the ``model`` whose
        forward it is.

        >>> case = Case("two numbers", {"x": torch.ones(2)})
        >>> with case.left_alone(x=case["x"]):
        ...     _ = case["x"].requires_grad_()
        >>> case.noted
        {'memory': {'x': ('requires_grad',)}}
        """
        with self._noting(look(given)), nullcontext() if model is None else self._noting(running(model)):
            yield

    @contextmanager
    def _noting(self, changed: Look) -> Iterator[Noted]:
        """Notes what has ``changed`` by the end, and gives it."""
        noted: Noted = {}
        seed = torch.default_generator.initial_seed()
        try:
            yield noted
        finally:
            noted.update(changed())
            self._note(noted)
            self.note_seed(seed)

    def _note(self, noted: Noted) -> None:
        for aspect, found in noted.items():
            self.noted.setdefault(aspect, {}).update(found)

    def unchanged(self) -> dict[str, str]:
        """For every tensor given out: ``"unchanged"`` if it still holds what it held, under the same shape."""
        return {
            name: "unchanged" if _same(_source(self.inputs[name]), value) else "changed"
            for name, value in self.given.items()
            if isinstance(value, Tensor)
        }

    def gradients(self, out: Any) -> dict[str, Any] | None:
        """The gradient of every leaf, of a fixed weighted sum over ``out``; a sentence where there is none.

        ``None`` when this case asks for no gradients.
        """
        if not self.leaves:
            return None
        names = [name for name in self.leaves if self.inputs.get(name) is not None]
        if not isinstance(out, Tensor):
            return dict.fromkeys(names, "not a tensor")
        return by_name(out, {name: self[name] for name in names})


@lru_cache(maxsize=32)
def _large(recipe: Uniform) -> Tensor:
    """A case asks for the same large input several times; nobody else gets this tensor itself."""
    return recipe.tensor()


@lru_cache(maxsize=2048)
def _small(recipe: Drawn) -> Tensor:
    """The same for the many small ones, which every check asks for."""
    return recipe.tensor()


@lru_cache(maxsize=2048)
def _small_memory(recipe: Drawn) -> Tensor:
    """All that lies in the memory of a small one, in a row."""
    return _memory(_small(recipe))


def _memory(tensor: Tensor) -> Tensor:
    return torch.empty(0, dtype=tensor.dtype).set_(tensor.untyped_storage())


def _computed(made: Tensor) -> Tensor:
    """The same numbers in the same layout, with a history: a view of what was computed from a leaf."""
    history = _memory(made).requires_grad_(made.requires_grad) * 1
    return history.as_strided(made.size(), made.stride(), made.storage_offset())


def _source(value: Any) -> Any:
    """What a recipe makes, to be looked at only; anything else as it is."""
    match value:
        case Uniform():
            return _large(value)
        case Drawn():
            return _small(value)
    return value


def _copy(value: Any, leaf: bool) -> Any:
    source = _source(value)
    if isinstance(source, Tensor):
        memory = _small_memory(value) if isinstance(value, Drawn) else _memory(source)
        # No view: a gradient or a leaf is none, and what may be done to those, such as detach_, may not be done to a view.
        storage, offset = memory.clone().untyped_storage(), source.storage_offset()
        copy = torch.empty(0, dtype=source.dtype).set_(storage, offset, source.size(), source.stride())
        return copy.requires_grad_() if leaf else copy
    if isinstance(value, Mapping):
        return {key: _copy(item, leaf) for key, item in value.items()}
    return value


def _same(before: Tensor, after: Tensor) -> bool:
    same_form = before.shape == after.shape and before.dtype == after.dtype
    now = after.detach()
    # Not a number is equal to nothing: only then what is none is put away.
    return same_form and (torch.equal(before, now) or torch.equal(before.nan_to_num(), now.nan_to_num()))
