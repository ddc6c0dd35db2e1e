"""Every sentence that a panel says of an answer, in one place: what is wrong, in which of its lines, and where to go next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

__all__ = [
    "BROKE_OFF",
    "DIFFERENCE",
    "EXPECTED",
    "GOT",
    "LEFT_ALONE",
    "NEXT",
    "NEXT_HINT",
    "PROCESS_ENDED",
    "STAY_IN_TORCH",
    "Place",
    "about",
    "absent",
    "aspect_note",
    "begun",
    "between_the_cases",
    "case",
    "cell_stopped",
    "changed",
    "constant",
    "defined_elsewhere",
    "differ",
    "differences_in",
    "empty",
    "entries_since",
    "entry",
    "error",
    "fails_where",
    "furthest",
    "given_back",
    "handed_in",
    "interrupted",
    "its_tensors",
    "keys",
    "lacking",
    "misconception",
    "names_missing",
    "never_came",
    "not_by_hand",
    "not_comparable",
    "not_run",
    "not_there",
    "not_written",
    "nothing_new",
    "of_before",
    "off",
    "part_of",
    "picture_of",
    "points",
    "printed_more",
    "raised",
    "running_out_of_time",
    "since",
    "still_stub",
    "tally",
    "thing",
    "to_be_run",
    "too_long",
    "too_many_to_say",
    "too_much",
    "verdict",
    "where",
    "write",
    "written",
]

Place = tuple[int, str]  # a line's number and its text; 0 where there is none to name

NEXT = "Next: the hints above."
NEXT_HINT = "Next: one hint further than last time."
YOUR_ANSWER = "Your answer "
BROKE_OFF = "Your answer broke off its own check."
PROCESS_ENDED = "This check was stopped: the Python process in which your answer ran has ended."
STAY_IN_TORCH = "Stay in torch: what NumPy computes has no gradient. Torch has the same operations."
LEFT_ALONE = "left alone"
DRAWS = "Random numbers are drawn in it, as dropout does, or making a layer. Nothing is random here."
GOT, EXPECTED, DIFFERENCE = "got", "expected", "difference"


_LETTERS = 200  # of a name that an answer chose
_REACHING = ("getattr", "vars", "__dict__")  # for a name of torch's that is found at run time only
_AGAIN = "Mend that, run that cell, then this one."


def aspect_note(holds: Sequence[bool], disturbed: Mapping[str, Sequence[str]] = MappingProxyType({})) -> str:
    """Beside an aspect's name, in how many cases it holds, nothing where it is the same in all; and what was not left alone.

    Under no thing's name stand torch's own settings, each of which has a name of its own.

    >>> aspect_note([True, False, False]), aspect_note([False, False])
    ('holds in 1 of 3 cases', '')
    >>> aspect_note([False], {"x": ["its numbers"], "": ["the grad mode"]})
    'not left alone: x (numbers), the grad mode'
    >>> aspect_note([False], {"x": ["its numbers, which were written to and written back", "its numbers"]})
    'not left alone: x (numbers)'
    """
    counted = "" if all(holds) or not any(holds) else f"holds in {sum(holds)} of {len(holds)} cases"
    told = []
    for thing, changes in disturbed.items():
        seen = [one.removeprefix("its ") for one in changes]
        words = _some([one for one in seen if not ("numbers" in seen and one.startswith("numbers,"))], 2)
        told.append(f"{thing[:_LETTERS]} ({words})" if thing else words)
    return "; ".join(filter(None, [counted, f"not {LEFT_ALONE}: {_some(told, 4)}" if told else ""]))


def differ(wrong: int, cases: int) -> str:
    """In how many cases something else came out.

    >>> differ(2, 9)
    '2 of 9 cases differ.'
    """
    return f"{wrong} of {cases} case{'s' if cases != 1 else ''} differ{'s' if wrong == 1 else ''}."


def fails_where(cases: int, wrong: int, kind: str) -> str:
    """On which kind of drawn cases it fails.

    >>> fails_where(64, 5, "the stride is 5")
    'Of 64 cases drawn from the contract it fails in 5: exactly where the stride is 5.'
    """
    return f"Of {cases} cases drawn from the contract it fails in {wrong}: exactly where {kind}."


def raised(times: int, cases: int, kind: str, message: str, place: Place) -> str:
    """In how many cases it ended with an error, and where.

    >>> raised(3, 3, "KeyError", "'w'", (2, "return p['w']"))
    "Every case raised KeyError “'w'” in your line 2 “return p['w']”."
    """
    which = "Every case" if times == cases else f"{times} of {cases} cases"
    words = " ".join(message.split())
    return f"{which} raised {kind}" + (f" “{words[:300]}”" if words else "") + f"{where(place)}."


def write(contract: str, needed: Sequence[str] = ()) -> str:
    """Nothing was written yet; ``needed`` are the aspects without which half of the points are earned at most.

    >>> write("relu(x)")
    'Write relu(x) in the cell above, run that cell, then this one.'
    >>> write("relu(x)", ["values", "gradients"]).partition("one. ")[2]
    'More than half of the points takes values and gradients that are right.'
    """
    said = f"Write {contract} in the cell above, run that cell, then this one."
    *others, last = needed or ("",)
    listed = f"{', '.join(others)} and {last}" if others else last
    return said + (f" More than half of the points takes {listed} that are right." if last else "")


def constant(aspect: str = "") -> str:
    """An answer that is the same in all cases, or in all that ask for one ``aspect``.

    >>> constant(), constant("values")
    ('Your answer is the same, whatever it is given.', 'Your answer is the same in every case that asks for values.')
    """
    return (
        f"{YOUR_ANSWER}is the same{f' in every case that asks for {aspect}' if aspect else ', whatever it is given'}."
    )


def does_not_parse(line: int) -> str:
    """The answer is no Python; ``line`` is 0 where Python cannot say where.

    >>> does_not_parse(3), does_not_parse(0)
    ('Your answer does not parse, line 3.', 'Your answer does not parse.')
    """
    return f"{YOUR_ANSWER}does not parse{f', line {line}' if line else ''}."


def not_by_hand(used: Sequence[str]) -> str:
    """Torch's own operators did the work, or may have done it where nobody can see.

    >>> not_by_hand(["relu"])
    "Your answer calls relu. That is torch's own; here you build it. Everything else is free."
    >>> not_by_hand(["vars"])
    "Your answer reaches for vars, through which torch's own operators can be called unseen. Nothing here needs it."
    """
    hidden = [name for name in used if name in _REACHING or ("." in name and not name.startswith(("nn.", "optim.")))]
    if len(hidden) == len(used):
        words = ", ".join(hidden)
        return f"Your answer reaches for {words}, through which torch's own operators can be called unseen. Nothing here needs it."
    used = [name for name in used if name not in hidden]
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


def too_long(cell: float, notebook: float) -> str:
    """An answer was stopped at its time limit, in seconds."""
    return (
        f"This check was stopped: your answer took too long. A cell has {cell:g} seconds, and the "
        f"whole notebook {notebook:g}."
    )


def too_much(memory: int) -> str:
    """An answer was stopped at its memory limit, in bytes."""
    return f"This check was stopped: your answer needed more than the {memory >> 20} MB that there are."


def cell_stopped(state: str) -> str:
    """The cell that defines an answer was stopped."""
    return f"The cell in which you answer was stopped: {state}. So there is nothing to check."


def not_run(state: str, why: str) -> str:
    """A submission was not run at all."""
    return f"This submission is {state}: {why}"


def not_comparable(error: str) -> str:
    """What was seen of an answer is nothing that can be judged."""
    return f"What your answer returned could not be compared ({error})."


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


def still_stub(name: str, similar: Sequence[str]) -> str:
    """Nothing is written under the name that a check looks at, and something is under names that look like it.

    >>> still_stub("relu", ["my_relu"])
    'This check looks at relu, which is still the untouched cell. There is my_relu: if that is your answer, call it relu.'
    """
    there = " and ".join(similar)
    return f"This check looks at {name}, which is still the untouched cell. There is {there}: if that is your answer, call it {name}."


def names_missing(names: Sequence[str], cell: str = "the first code cell") -> str:
    """Names that are not there, and that a ``cell`` of the chapter brings along.

    >>> names_missing(["torch"])
    'The name torch comes from the first code cell of this notebook: run that one, then this one.'
    >>> names_missing(["relu", "linear"], "other cells")
    'The names relu and linear come from other cells of this notebook: run those first, then this one.'
    """
    s = "" if len(names) > 1 else "s"
    run = "those first" if cell.endswith("s") else "that one"
    return f"The name{'' if s else 's'} {' and '.join(names)} come{s} from {cell} of this notebook: run {run}, then this one."


def defined_elsewhere(names: Sequence[str]) -> str:
    """Names that are not there, and that cells of the chapter behind the first one define.

    >>> defined_elsewhere(["relu"])
    'The name relu comes from another cell of this notebook: run that one, then this one.'
    """
    return names_missing(names, "other cells" if len(names) > 1 else "another cell")


def to_be_run(said: str) -> str:
    """In the notebook itself, behind the word that a check found no name.

    >>> to_be_run("This check looks for the name relu, and there is none.")
    'This check looks for the name relu, and there is none. Run the cell that should define it, then this one.'
    """
    return f"{said} Run the cell that should define it, then this one."


def printed_more(lines: int) -> str:
    """How many lines of what an answer printed are not shown.

    >>> printed_more(391)
    '… and 391 more lines. A check tries your answer on many cases; one of them alone prints less.'
    """
    return f"… and {lines} more line{'s' if lines != 1 else ''}. A check tries your answer on many cases; one of them alone prints less."


def points(score: float, of: int, public: bool = False) -> str:
    """What was earned, and whether it was on the ``public`` cases.

    >>> points(0.5, 1), points(2, 3), points(2, 3, public=True)
    ('0.5 of 1 point', '2 of 3 points', '2 of 3 points on the public cases')
    """
    return f"{score:g} of {of} point{'s' if of != 1 else ''}{' on the public cases' if public else ''}"


def verdict(exercise: str, status: str, earned: str) -> str:
    """The name of a panel, for those who do not see it."""
    return f"Verdict on {exercise}: {status}, {earned}"


def misconception(name: str, again: bool = False) -> str:
    """What an answer was recognised as, and whether the try before was recognised as the same.

    >>> misconception("bias forgotten"), misconception("bias forgotten", again=True)
    ('This is what happens with: bias forgotten.', 'Still, as in the try before: bias forgotten.')
    """
    return f"Still, as in the try before: {name}." if again else f"This is what happens with: {name}."


def nothing_new() -> str:
    """The same came out as in the try before."""
    return "Nothing has changed: in every case the same comes out as in the try before. Has the changed cell been run?"


def since(gained: Sequence[str], still: Sequence[str], lost: Sequence[str]) -> str:
    """Which aspects of an answer hold since the try before it, which still do not, and which do no longer.

    >>> since(["values"], ["gradients"], []), since([], [], [])
    ('Since the try before: now right: values; still not right: gradients.', '')
    """
    said = [("now right", gained), ("still not right", still), ("no longer right", lost)]
    parts = [f"{words}: {', '.join(names)}" for words, names in said if names]
    return f"Since the try before: {'; '.join(parts)}." if parts else ""


def entries_since(right: int, before: int) -> str:
    """How many entries of an answer to a question are right, and how many were.

    >>> entries_since(5, 3), entries_since(3, 3)
    ('Entries that are right: 5, and 3 in the try before.', 'Entries that are right: 3, as many as in the try before.')
    """
    if right == before:
        return f"Entries that are right: {right}, as many as in the try before."
    return f"Entries that are right: {right}, and {before} in the try before."


def case(name: str) -> str:
    """Above what was tried."""
    return f"Smallest case that shows it: {name}"


def about(path: str) -> str:
    """What was looked at, by the path of an observation; nothing where it is what the answer gave.

    >>> about("values"), about("values|conv.bias"), about("gradients|weight"), about("offset")
    ('', 'conv.bias', 'gradients, of weight', 'offset')
    """
    aspect, *rest = path[:_LETTERS].split("|")
    name = " · ".join(rest)
    if aspect == "values":
        return name
    return f"{aspect}, of {name}" if name else aspect


def changed(what: Sequence[str]) -> str:
    """Something was changed that was to be left alone."""
    return f"changed: {_some(what)}"


def error(name: Any) -> str:
    """What was raised where an error is asked for.

    >>> error("nothing"), error("ValueError")
    ('no error', 'ValueError')
    """
    return "no error" if name == "nothing" else str(name)


def too_many_to_say(numbers: int) -> str:
    """A large tensor is compared as a whole."""
    return f"The {numbers:,} numbers are compared as a whole here, so no place is named."


def furthest(wrong: int, numbers: int, place: Sequence[int], got: Any, expected: Any, by: float | None) -> str:
    """Where two tensors differ most, and by how much.

    >>> furthest(3, 9, (0, 2), 2.5, 2.0, 0.5)
    '3 of 9 numbers differ. The largest difference is 0.5, at [0, 2]: 2.5 instead of 2.'
    >>> furthest(1, 2, (1,), float("nan"), 2.0, None)
    '1 of 2 numbers differs. At [1]: nan instead of 2.'
    """
    many = f"{wrong:,} of {numbers:,} numbers differ{'s' if wrong == 1 else ''}."
    for digits in (6, 9, 12, 17):
        texts = [repr(one) if isinstance(one, bool) else f"{one:.{digits}g}" for one in (got, expected)]
        if by is None or abs(abs(float(texts[0]) - float(texts[1])) - by) <= by / 10:
            break  # the difference is seen in what is written
    most = f" The largest difference is {by:.3g}, at {[*place]}" if by is not None else f" At {[*place]}"
    return f"{many}{most}: {texts[0]} instead of {texts[1]}."


def off(by: float) -> str:
    """By how much a number is off.

    >>> off(-1e-6)
    'It is 1e-06 too small.'
    """
    return f"It is {abs(by):.3g} too {'small' if by < 0 else 'large'}."


def part_of(place: Sequence[int], rows: tuple[int, int], columns: tuple[int, int], size: tuple[int, ...]) -> str:
    """Which part of a tensor a picture shows; nothing where it shows all of it.

    >>> part_of((0, 2), (4, 16), (0, 5), (1, 3, 20, 5))
    '[0, 2, 4:16, 0:5]'
    >>> part_of((), (0, 3), (0, 3), (3, 3))
    ''
    """
    whole = (rows, columns) == ((0, size[-2]), (0, size[-1]))
    if whole and not place:
        return ""
    ends = [":", ":"] if whole else [f"{rows[0]}:{rows[1]}", f"{columns[0]}:{columns[1]}"]
    return "[" + ", ".join([*map(str, place), *ends]) + "]"


def picture_of(title: str, part: str, low: float, high: float) -> str:
    """A picture of numbers, in words."""
    return f"{title}{' at ' if part else ''}{part}: numbers from {low:.4g} to {high:.4g}"


def differences_in(part: str, wrong: int, cells: int) -> str:
    """The picture of the difference, in words, which explain its signs, too."""
    at = f" at {part}" if part else ""
    return f"difference{at}: {wrong} of {cells} differ; + is too large, − too small, × not finite, · right"


def tally(right: int, wrong: int, open_: int) -> str:
    """How the entries of an answer to a question stand.

    >>> tally(3, 1, 4)
    '3 entries are right, 1 is wrong, 4 are open.'
    """
    parts = [
        f"{many} {'is' if many == 1 else 'are'} {word}"
        for many, word in ((right, "right"), (wrong, "wrong"), (open_, "open"))
        if many
    ]
    first = parts[0].split(" ", 1) if parts else ["0", "are there"]
    return f"{first[0]} {'entry' if first[0] == '1' else 'entries'} {', '.join([first[1], *parts[1:]])}."


def entry(state: str, why: str) -> str:
    """Behind the name of an entry of an answer to a question.

    >>> entry("wrong", "A list is no module."), entry("open", "")
    ('is wrong. A list is no module.', 'is open.')
    """
    return f"is {state}." + (f" {why}" if why else "")


def written(names: Sequence[str]) -> str:
    """What of an answer is there.

    >>> written(["__init__", "encode"])
    '__init__ and encode are written.'
    """
    return f"{_listed(names)} {'are' if len(names) > 1 else 'is'} written."


def not_written(names: Sequence[str]) -> str:
    """What is a stub still.

    >>> not_written(["forward"])
    'forward is still to be written: it only raises NotImplementedError.'
    """
    if len(names) > 1:
        return f"{_listed(names)} are still to be written: they only raise NotImplementedError."
    return f"{names[0]} is still to be written: it only raises NotImplementedError."


def empty(names: Sequence[str]) -> str:
    """What does nothing."""
    return f"{_listed(names)} {'do' if len(names) > 1 else 'does'} nothing yet."


def absent(name: str, similar: Sequence[str]) -> str:
    """A method is not there, or there under another name.

    >>> absent("forward", ["foward"]), absent("forward", [])
    ('There is no forward, but there is foward: is that it? Then call it forward.', 'There is no forward yet.')
    """
    if similar:
        return f"There is no {name}, but there is {similar[0]}: is that it? Then call it {name}."
    return f"There is no {name} yet."


def begun(name: str, own: bool, place: Place) -> str:
    """Something that is written still raises ``NotImplementedError``; ``own`` if it is a part of the answer itself."""
    what = (f"{name} is begun, and" if own else f"Your answer calls {name}, which") if name else "It"
    return f"{what} still raises NotImplementedError{where(place)}."


_THINGS = {
    "nothing": "nothing (None)",
    "tensor": "a tensor",
    "array": "a NumPy array",
    "numpy": "a NumPy number",
    "bool": "a bool",
    "int": "a number",
    "float": "a number",
    "str": "text",
    "bytes": "bytes",
    "list": "a list",
    "tuple": "a tuple",
    "dict": "a dict",
    "generator": "a generator",
    "coroutine": "a coroutine",
    "function": "a function",
    "class": "a class",
    "module": "a module",
}


_PLURALS = {"tensor": "tensors", "array": "NumPy arrays", "int": "numbers", "float": "numbers", "str": "texts"}


def thing(form: Sequence[Any], deep: bool = True) -> str:
    """What sort of thing it is.

    >>> thing(("tuple", ("tensor",), ("array",))), thing(("function", "relu")), thing(("module", "Linear"))
    ('a tuple (of a tensor, a NumPy array)', 'the function relu', 'an object of the class Linear')
    """
    kind, *rest = form or ("",)
    name = rest[0] if rest and isinstance(rest[0], str) else ""
    if kind in ("function", "class") and name.isidentifier():
        return f"the {kind} {name}"
    if kind in ("module", "object") and name:
        return f"an object of the class {name}"
    what = _THINGS.get(kind, "something else")
    kinds = {one[0] for one in rest if isinstance(one, tuple) and one}
    if kind in ("list", "tuple") and len(rest) > 1 and len(kinds) == 1 and kinds <= _PLURALS.keys():
        return f"{what} of {_PLURALS[kinds.pop()]}"
    if kind in ("list", "tuple") and rest and deep:
        return f"{what} (of {', '.join(thing(one, deep=False) for one in rest[:4])})"
    return what


def handed_in(form: Sequence[Any], asked: str, name: str) -> str:
    """Another sort of thing was handed in than the check takes.

    >>> handed_in(("tensor",), "function", "relu")
    'You gave the check a tensor. It takes the function itself: relu, without calling it.'
    >>> handed_in(("module", "TinyCNN"), "class", "TinyCNN")
    'You gave the check an object of the class TinyCNN. It takes the class itself: TinyCNN, without making an object of it.'
    """
    takes = {
        "function": f"the function itself: {name}, without calling it",
        "class": f"the class itself: {name}, without making an object of it",
        "dict": f"a dict: {name} with an answer under each name",
    }
    return f"You gave the check {thing(form)}. It takes {takes[asked]}."


_ASKED = {"tensor": "one tensor", "tuple": "a tuple", "list": "a list", "dict": "a dict", "module": "a module"}
_ASKED |= {"int": "a whole number", "bool": "True or False", "bytes": "bytes"}
_ASKED |= {"list of numbers": "a list of numbers", "dict of tensors": "a dict of tensors"}


def given_back(form: Sequence[Any], asked: str, prints: bool, or_none: bool = False) -> str:
    """A call gave another sort of thing than is asked for, and what is likely to be missing.

    >>> given_back(("nothing",), "tensor", False)
    'What came back is nothing (None), and one tensor is asked for. Is a return missing?'
    >>> given_back(("tuple", ("tensor",), ("array",)), "tensor", False).partition(" Stay")[0]
    'What came back is a tuple (of a tensor, a NumPy array), and one tensor is asked for.'
    >>> given_back(("nothing",), "dict of tensors", False)
    'What came back is a dict with nothing (None) in it, and a dict of tensors is asked for.'
    >>> given_back(("bool",), "tuple", False, or_none=True)
    'What came back is a bool, and a tuple or None is asked for.'
    """
    inside = {one[0] for one in form[1:] if isinstance(one, tuple) and one}
    came = f"a dict with {thing(form)} in it" if asked == "dict of tensors" else thing(form)
    parts = [f"What came back is {came}, and {_ASKED[asked]}{' or None' * or_none} is asked for."]
    match form[0]:
        case "nothing" if asked != "dict of tensors":
            parts.append("Is a return missing?" + " It calls print: that shows a value, and gives none back." * prints)
        case "generator":
            parts.append("A generator gives nothing until it is asked: collect what it gives.")
        case "coroutine":
            parts.append("An async function has computed nothing yet: leave the async out.")
        case "function" | "class":
            parts.append("Call it, and return what it gives." if form[0] == "function" else "Make an object of it.")
        case "module" if asked == "tensor":
            parts.append("Call it, and return what it gives.")
        case "int" | "float" | "bool" | "numpy" if asked == "tensor":
            parts.append("Keep it a tensor: a Python number has no gradient.")
        case "list" | "tuple" if asked == "tensor" and inside == {"tensor"}:
            parts.append("Give back the one that is asked for, or make one of them all, say with torch.stack.")
    if "array" in (form[0], *inside) and asked in ("tensor", "dict", "dict of tensors", "list", "module"):
        parts.append(STAY_IN_TORCH)
    return " ".join(parts)


def keys(missing: Sequence[str], others: Sequence[str]) -> str:
    """Names that a dict lacks, and names in it that nobody asked for.

    >>> keys(["conv.bias"], ["bias"])
    'Missing: conv.bias. Not asked for: bias.'
    """
    lacks = f"Missing: {_some(missing)}." if missing else ""
    return " ".join(filter(None, [lacks, f"Not asked for: {_some(others)}." if others else ""]))


def lacking(asked: Mapping[str, tuple[int, ...]], there: Mapping[str, Any]) -> str:
    """What the tensors of a network lack, by name and size.

    >>> lacking({"conv.bias": (4,), "fc.bias": (2,)}, {"fc.bias": (3,)})
    'Missing: conv.bias. Of another size: fc.bias is (3,), and (2,) is asked for.'
    """
    sizes = [
        f"{name} is {str(there[name])[:_LETTERS]}, and {size} is asked for"
        for name, size in asked.items()
        if name in there and there[name] != size
    ]
    parts = [keys([name for name in asked if name not in there], [name for name in there if name not in asked])]
    return " ".join(filter(None, [*parts, f"Of another size: {'; '.join(sizes[:4])}." if sizes else ""]))


def its_tensors(there: Sequence[tuple[str, str]], missing: Sequence[str] = (), again: Sequence[str] = ()) -> str:
    """The tensors that a module has, by name and size, the names that are asked for and not among them, and those it has ``again``.

    >>> its_tensors([("w", "(3, 2)")], ["b"]), its_tensors([])
    ('Missing: b. It has these tensors: w (3, 2).', 'It has no tensors: nothing is registered.')
    >>> its_tensors([("v", "(2,)"), ("w", "(2,)")], again=["w is v"])
    'It has these tensors: v (2,), w (2,). Some are one tensor under two names: w is v.'
    """
    if not there:
        return "It has no tensors: nothing is registered."
    has = f"It has these tensors: {_some([f'{name} {size}'.strip() for name, size in there])}."
    twice = f"Some are one tensor under two names: {_some(again)}." if again else ""
    return " ".join(filter(None, [keys(missing, ()), has, twice]))


def _listed(names: Sequence[str]) -> str:
    if len(names) > 8:
        return _some(names)
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _some(names: Sequence[str], at_most: int = 8) -> str:
    more = f" and {len(names) - at_most} more" if len(names) > at_most else ""
    return ", ".join(name[:_LETTERS] for name in names[:at_most]) + more
