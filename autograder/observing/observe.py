"""Running an answer on its cases and writing down what is seen, as plain data that no answer can bend afterwards."""

from __future__ import annotations

import contextlib
import io
import logging
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import torch

from autograder.observing.binding import Binding
from autograder.observing.case import Case
from autograder.observing.codec import Raised
from autograder.observing.compiled import as_written
from autograder.observing.handed_in import Form, HandedIn, look_at
from autograder.observing.left_alone import Earlier, Noted
from autograder.observing.patches import TorchsOwn
from autograder.observing.plain import plain, text
from autograder.observing.project import smaller
from autograder.observing.questions import InputRefused, is_refusal, refused
from autograder.observing.watch import Watch
from autograder.observing.world import OTHERS, WORLD, OtherGenerators, World, without_modes

if TYPE_CHECKING:
    from autograder.observing.exercise import Exercise

__all__ = ["LEFT_ALONE", "Interrupted", "Run", "Seen", "observe", "raised_by", "run"]

Seen = Mapping[str, Any] | Raised

# Under this name stands in what is seen of a case what the answer has changed and should have left alone.
LEFT_ALONE = "left alone"

_SEED = 20_181_031  # none that an answer would begin the generator with, so that it is seen when one does
_HERE = str(Path(__file__).parents[1])  # all of the autograder


@dataclass(frozen=True)
class Run:
    """What was seen of an answer: one entry a case, and which of torch's own operators it leaned on (✋).

    ``handed_in`` says what sort of thing it is; it has a say in words alone.
    """

    seen: tuple[Seen, ...]
    used: tuple[str, ...] = ()
    attempted: bool = True
    handed_in: HandedIn = field(default_factory=HandedIn, repr=False)


class Interrupted(KeyboardInterrupt):
    """An answer was still running when somebody interrupted it.

    ``run`` holds what was seen before; in the place of the case under way, and of those behind it, the answer's own line.
    """

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run


def observe(**aspects: Any) -> dict[str, Any]:
    """Observations by aspect, as plain data. An aspect that is ``None`` is not asked in this case.

    >>> observe(values=[1, 2], gradients=None)
    {'values': (1, 2)}
    """
    return {aspect: plain(value) for aspect, value in aspects.items() if value is not None}


def raised_by(call: Callable[[], Any], instead: Callable[[Any], str] = lambda given: "nothing") -> str:
    """The name of the exception that ``call()`` raises: for the cases that ask for an error.

    An exception that derives from a named one counts as that one; what is not built yet is passed on. Where nothing is
    raised, it is what ``instead`` says of what comes in its place.

    >>> raised_by(lambda: [][1]), raised_by(lambda: [1]), raised_by(lambda: [1], str)
    ('IndexError', 'nothing', '[1]')
    """
    try:
        given = call()
    except NotImplementedError:
        raise
    except (ValueError, IndexError, TypeError, KeyError) as error:
        kinds = (ValueError, IndexError, TypeError, KeyError)
        return next(kind.__name__ for kind in kinds if isinstance(error, kind))
    except Exception as error:
        return type(error).__name__
    return instead(given)


def run(exercise: Exercise, answer: Any, cases: Sequence[Case]) -> Run:
    """Try ``answer`` on every case with the exercise's probe. An exception costs that case only.

    The random state, torch's default dtype and the gradient mode are the same for every answer, and as before afterwards.
    Raises `Interrupted` when somebody interrupts it.
    """
    if _is_placeholder(answer):
        return Run((), attempted=False)
    watch, earlier, binding = Watch(exercise.by_hand), Earlier(), Binding()
    handed_in = look_at(answer)
    seen: list[Seen] = []
    returned: list[Form] = []
    try:
        with as_written(), _same_world() as (generators, torchs_own):
            world = World()
            for case in cases:
                fresh = case.fresh(watch, earlier, binding)
                seen.append(_run_case(exercise, answer, fresh, world))
                returned.append(fresh.returned[-1] if fresh.returned else ())
            left = torchs_own.put_back() + ((OTHERS,) if not exercise.draws and generators.changed() else ())
            if seen and left:
                seen[-1] = _with_noted(seen[-1], {"state": {WORLD: left}})
    except KeyboardInterrupt as stop:
        seen += [_raised(stop)] * (len(cases) - len(seen))
        raise Interrupted(Run(tuple(seen), tuple(watch.used))) from None
    return Run(tuple(seen), tuple(watch.used), handed_in=replace(handed_in, returned=tuple(returned)))


def _run_case(exercise: Exercise, answer: Any, case: Case, world: World) -> Seen:
    case.reseed(_SEED)
    # Whatever one case has left on is no matter of the next.
    with world.kept(exercise.draws) as changed:
        seen = _seen(exercise, answer, case)
        case.note_seed()
    noted = _not_asked_for(case.noted, exercise.may_change)
    if changed:
        noted["state"] = {**noted.get("state", {}), WORLD: tuple(changed)}
    return _with_noted(seen, noted) if noted else seen


def _with_noted(seen: Seen, noted: Noted) -> Seen:
    """What was seen, with what is ``noted`` beside what has been noted before."""
    before = seen.left_alone if isinstance(seen, Raised) else seen.get(LEFT_ALONE, {})
    both: Noted = {}
    for things in (before, noted):
        for aspect, changes in things.items():
            known = both.setdefault(aspect, {})
            known.update({thing: (*known.get(thing, ()), *words) for thing, words in changes.items()})
    return replace(seen, left_alone=both) if isinstance(seen, Raised) else {**seen, LEFT_ALONE: both}


def _seen(exercise: Exercise, answer: Any, case: Case) -> Seen:
    try:
        seen = exercise.probe(answer, case)
        return smaller(seen) if case.projected else seen
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit of an answer is a crash of that answer, not the end of the notebook
        return _raised(error)


def _not_asked_for(noted: Noted, allowed: tuple[str, ...]) -> Noted:
    """What was changed though the contract does not ask for it; ``allowed`` is ``"params"`` or ``"model: .grad"``."""
    found: Noted = {}
    for aspect, things in noted.items():
        for thing, changes in things.items():
            name = thing.partition("[")[0]
            left = tuple(
                change
                for change in changes
                if name not in allowed
                and not f"{name}: {change}".startswith(tuple(one for one in allowed if ":" in one))
            )
            if left:
                found.setdefault(aspect, {})[thing] = left
    return found


def _is_placeholder(answer: Any) -> bool:
    """``None``, ``...``, or a dict that still holds nothing else: the stub as the lesson hands it out."""
    if isinstance(answer, Mapping):
        return all(value is None or value is Ellipsis for value in answer.values())
    return answer is None or answer is Ellipsis


def _raised(error: BaseException) -> Raised:
    """The exception with the deepest line that is neither ours nor a library's: the learner's own."""
    if is_refusal(error):
        error = InputRefused("input()").with_traceback(error.__traceback__)
    line, number, inside = _deepest(error.__traceback__)
    try:
        message = str(error)
    except Exception:  # a broken __str__ is the answer's fault, not the end of the check
        message = ""
    name, message, line, inside = type(error).__name__[:100], message[:2000], line.strip()[:200], inside[:100]
    return Raised(text(name), text(message), text(line), number, text(inside))


def _deepest(trace: TracebackType | None) -> tuple[str, int, str]:
    """The learner's own line in which ``trace`` ends, its number and its function. An endless recursion has a thousand frames
    in every case: no other's source is looked up.
    """
    own = None
    while trace is not None:
        own = trace if _is_own(trace.tb_frame.f_code.co_filename) else own
        trace = trace.tb_next
    if own is None:
        return "", 0, ""
    (frame,) = traceback.extract_tb(own, limit=1)
    return frame.line or "", frame.lineno or 0, frame.name


@lru_cache(maxsize=256)
def _is_own(filename: str) -> bool:
    # Compiled code names its files by no full path, and a cell stands between < and >.
    known = filename.startswith("<") or Path(filename).is_absolute()
    library = not known or "site-packages" in filename or filename.startswith((_HERE, "<frozen"))
    return not library and not filename.startswith(str(Path(contextlib.__file__).parent))


@contextlib.contextmanager
def _same_world() -> Iterator[tuple[OtherGenerators, TorchsOwn]]:
    """The world every answer is tried in: fixed random state, float32, gradients on, no mode, no word on stderr,
    nobody at the keyboard.
    """
    dtype, disabled = torch.get_default_dtype(), logging.root.manager.disable
    generators, torchs_own = OtherGenerators(), TorchsOwn()
    with (
        without_modes(),
        torch.random.fork_rng(devices=[]),
        torch.inference_mode(False),
        torch.set_grad_enabled(True),
        warnings.catch_warnings(),
        contextlib.redirect_stderr(io.StringIO()),
        refused(),
    ):
        warnings.simplefilter("ignore")
        torch.set_default_dtype(torch.float32)
        logging.disable(logging.CRITICAL)
        try:
            yield generators, torchs_own
        finally:
            torch.set_default_dtype(dtype)
            logging.disable(disabled)
            generators.put_back()
            torchs_own.put_back()
