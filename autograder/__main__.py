"""The command line: ``python -m autograder COMMAND``.

Exit codes: 0 when the command did its work, 1 when it could not, 2 for wrong usage, 130 when it was stopped by Ctrl+C.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from autograder.cli import authors, classes, grading, learners
from autograder.cli.words import parser
from autograder.printing import in_words, never_fails

__all__ = ["COMMANDS", "main"]

_STOPPED = {"grade": "what was seen and recorded so far is kept, and it goes on from there when it is started again"}

COMMANDS = {**authors.COMMANDS, **classes.COMMANDS, **grading.COMMANDS, **learners.COMMANDS}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    >>> main(["progress", "--json"])  # doctest: +ELLIPSIS
    {...}
    0
    """
    # Where this package is installed, jsonschema spends three seconds on a grammar of addresses in all the world's
    # scripts. It does without, and notebooks have none.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    never_fails()
    words = parser()
    chosen = words.parse_args(arguments)
    try:
        return int(COMMANDS[chosen.command](chosen))
    except BrokenPipeError:  # whoever reads has seen enough: `… | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("autograder."):
            raise
        print(f"{words.prog} {chosen.command}: not among what learners get; it needs the repository", file=sys.stderr)
        return 1
    except (ValueError, OSError, RuntimeError) as error:
        if os.environ.get("AUTOGRADER_TRACEBACK") == "1":
            raise
        print(f"{words.prog} {chosen.command}: {in_words(error)}", file=sys.stderr)
        return 1
    except Exception as error:
        said = _of_the_gradebook(error)
        if not said or os.environ.get("AUTOGRADER_TRACEBACK") == "1":
            raise
        print(f"{words.prog} {chosen.command}: {said}", file=sys.stderr)
        return 1


def _of_the_gradebook(error: Exception) -> str:
    """What is wrong with the gradebook, where ``error`` comes from it."""
    try:
        from autograder.grading.records.broken_book import said_of
    except ModuleNotFoundError:  # a learner has no grading, and no gradebook
        return ""
    return said_of(error)


def _typed() -> int:
    """What is typed, with a line in the place of a traceback where Ctrl+C stops it."""
    try:
        return main()
    except KeyboardInterrupt:
        name = next(iter(sys.argv[1:]), "")
        print(f"python -m autograder {name}: stopped; {_STOPPED.get(name, 'start it again')}", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(_typed())
