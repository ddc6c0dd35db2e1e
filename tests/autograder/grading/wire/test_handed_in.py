"""What sort of thing was handed in comes through the wire as it was; whatever else comes is nothing."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.grading.slots.job import CellEnd, Outcome, Ran
from autograder.grading.wire.observations import handed_in_of, pack_run, run_tree, unpack_run
from autograder.observing.codec import Raised
from autograder.observing.handed_in import HandedIn
from autograder.observing.observe import Run

ABOUT = HandedIn(("class", "Net"), {"__init__": "written", "forward": "stub"}, True, (("list", ("tensor",)), ()))
RUN = Run(({"values": 1}, Raised("NotImplementedError", "", "raise", 3, "forward")), handed_in=ABOUT)


def test_it_comes_as_it_was_sent_and_as_it_was_kept() -> None:
    assert unpack_run(pack_run(RUN), cases=2) == RUN
    kept = Outcome.from_bytes(Outcome((Ran(0, CellEnd.DONE, run=RUN),)).to_bytes()).cells[0].run
    assert kept == RUN


@pytest.mark.parametrize(
    "changed",
    [
        {"form": "class"},
        {"form": (3,)},
        {"form": ("x" * 101,)},
        {"form": ((((((((("deep",),),),),),),),),)},
        {"functions": ()},
        {"functions": {"forward": 3}},
        {"functions": {3: "stub"}},
        {"prints": "yes"},
        {"returned": {"0": ()}},
        {"returned": ({},)},
    ],
    ids=str,
)
def test_whatever_else_comes_is_nothing(changed: dict[str, Any]) -> None:
    tree = run_tree(RUN)["handed in"]
    assert handed_in_of(tree) == ABOUT
    assert handed_in_of(tree | changed) == HandedIn()


def test_no_more_functions_are_kept_than_a_panel_names() -> None:
    tree = run_tree(RUN)["handed in"] | {"functions": {str(number): "stub" for number in range(1000)}}
    assert len(handed_in_of(tree).functions) == 24
