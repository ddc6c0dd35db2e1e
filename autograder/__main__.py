"""The command line: ``python -m autograder COMMAND``.

Exit codes: 0 when the command did its work, 1 when it could not, 2 for wrong usage.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from autograder.cli import authors, classes, grading, learners
from autograder.cli.words import parser
from autograder.printing import never_fails

__all__ = ["COMMANDS", "main"]

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
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("autograder."):
            raise
        print(f"{words.prog} {chosen.command}: not among what learners get; it needs the repository", file=sys.stderr)
        return 1
    except (ValueError, OSError, RuntimeError) as error:
        if os.environ.get("AUTOGRADER_TRACEBACK") == "1":
            raise
        print(f"{words.prog} {chosen.command}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
