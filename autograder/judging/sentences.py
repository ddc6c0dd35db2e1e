"""Every sentence that a panel says of an answer, in one place: what is wrong, in which of its lines, and where to go next."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "NEXT",
    "Place",
    "aspect_note",
    "between_the_cases",
    "differ",
    "interrupted",
    "never_came",
    "not_by_hand",
    "not_there",
    "of_before",
    "raised",
    "running_out_of_time",
    "where",
    "write",
]

Place = tuple[int, str]  # a line's number and its text; 0 where there is none to name

NEXT = "Next: the hints above."

_AGAIN = "Mend that, run that cell, then this one."


def aspect_note(holds: Sequence[bool]) -> str:
    """Beside an aspect's name, in how many cases it holds; nothing where it is the same in all.

    >>> aspect_note([True, False, False]), aspect_note([False, False])
    ('holds in 1 of 3 cases', '')
    """
    return "" if all(holds) or not any(holds) else f"holds in {sum(holds)} of {len(holds)} cases"


def differ(wrong: int, cases: int) -> str:
    """In how many cases something else came out.

    >>> differ(2, 9)
    '2 of 9 cases differ.'
    """
    return f"{wrong} of {cases} case{'s' if cases != 1 else ''} differ{'s' if wrong == 1 else ''}."


def raised(times: int, cases: int, kind: str, message: str, place: Place) -> str:
    """In how many cases it ended with an error, and where.

    >>> raised(3, 3, "KeyError", "'w'", (2, "return p['w']"))
    "Every case raised KeyError “'w'” in your line 2 “return p['w']”."
    """
    which = "Every case" if times == cases else f"{times} of {cases} cases"
    words = " ".join(message.split())
    return f"{which} raised {kind}" + (f" “{words[:300]}”" if words else "") + f"{where(place)}."


def write(contract: str) -> str:
    """Nothing was written yet.

    >>> write("relu(x)")
    'Write relu(x) in the cell above, run that cell, then this one.'
    """
    return f"Write {contract} in the cell above, run that cell, then this one."


def not_by_hand(used: Sequence[str]) -> str:
    """Torch's own operators did the work."""
    return f"Your answer calls {', '.join(used)}. That is torch's own; here you build it. Everything else is free."


def where(place: Place) -> str:
    """The learner's own line, in the middle of a sentence.

    >>> where((3, "while True:")), where((3, "")), where((0, ""))
    (' in your line 3 “while True:”', ' in your line 3', '')
    """
    number, line = place
    return f" in your line {number}" + (f" “{line}”" if line else "") if number else ""


def interrupted(seconds: float, place: Place, case: str, number: int, cases: int) -> str:
    """Somebody interrupted an answer that was at the ``number``-th of so many cases.

    >>> print(interrupted(12.3, (3, "while i < n:"), "x = [1., 2.]", 1, 10))
    It was still running after 12 seconds, in your line 3 “while i < n:”. You stopped it at case 1 of 10:
    x = [1., 2.]. Try it on that one by itself: does it come to an end?
    """
    at = where(place)
    return (
        f"It was still running after {_seconds(seconds)}{',' if at else ''}{at}. You stopped it at case {number} of {cases}: "
        f"{case}. Try it on that one by itself: does it come to an end?"
    )


def running_out_of_time(place: Place) -> str:
    """Where an answer was when its time was up; nothing where no line of it can be named.

    >>> running_out_of_time((3, "while i < n:")), running_out_of_time((0, ""))
    (' It was still running in your line 3 “while i < n:”.', '')
    """
    return f" It was still running{where(place)}." if place[0] else ""


def between_the_cases(seconds: float) -> str:
    """Somebody interrupted the check while no line of the answer was running."""
    return f"You stopped the check after {_seconds(seconds)}, between two of its cases. Run it again."


def _seconds(seconds: float) -> str:
    whole = f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.1f}"
    return f"{whole} second{'' if whole == '1.0' else 's'}"


def of_before(name: str, place: Place, error: str, user: str = "") -> str:
    """What was judged is what ``name`` was before its cell last failed; ``user`` is the answer that uses it.

    >>> print(of_before("relu", (2, "return x.clamp(min=0"), "SyntaxError: '(' was never closed"))
    This is relu as it was before. The cell that should define it anew failed in your line 2 “return x.clamp(min=0”
    (SyntaxError: '(' was never closed). Mend that, run that cell, then this one.
    """
    this = f"{user} uses {name}, and this is {name} as it was before" if user else f"This is {name} as it was before"
    return f"{this}. The cell that should define it anew failed{where(place)} ({error}). {_AGAIN}"


def never_came(name: str, place: Place, error: str) -> str:
    """There is no ``name``: the cell that should define it failed.

    >>> print(never_came("relu", (1, "def relu(x)"), "SyntaxError: expected ':'"))
    There is no relu yet: the cell that should define it failed in your line 1 “def relu(x)” (SyntaxError: expected ':').
    Mend that, run that cell, then this one.
    """
    return f"There is no {name} yet: the cell that should define it failed{where(place)} ({error}). {_AGAIN}"


def not_there(names: Sequence[str], similar: Sequence[str]) -> str:
    """The names that a check looked for in vain, and those of the learner's own that look like them.

    >>> not_there(["relu"], ["rellu"])
    'This check looks for the name relu, and there is none. There is rellu: if that is your answer, call it relu.'
    """
    looked = f"This check looks for the name{'s' if len(names) > 1 else ''} {' and '.join(names)}, and there is none."
    if not similar:
        return looked
    call = f"call it {names[0]}" if len(names) == 1 else "give it the name that is looked for"
    return f"{looked} There is {' and '.join(similar)}: if that is your answer, {call}."
