"""Which of a learner's hand-ins counts: what a class says of it in its ``nbgrader_config.py``."""

from __future__ import annotations

from traitlets import Enum, TraitError
from traitlets.config import Config, Configurable

__all__ = ["HandIns", "which_counts"]


class HandIns(Configurable):
    """``c.HandIns.counts = "best"``: a later hand-in that earns less does not cost the better score."""

    counts = Enum(("latest", "best"), "latest", help="which of a learner's hand-ins of a chapter counts").tag(
        config=True
    )


def which_counts(config: Config) -> str:
    """What the settings ``config`` say, "latest" or "best". Raises ``ValueError`` for another word.

    >>> which_counts(Config()), which_counts(Config({"HandIns": {"counts": "best"}}))
    ('latest', 'best')
    """
    try:
        return str(HandIns(config=config).counts)
    except TraitError:
        said = config.HandIns.get("counts")
        raise ValueError(f"c.HandIns.counts in nbgrader_config.py is {said!r}; it can be 'latest' or 'best'") from None
