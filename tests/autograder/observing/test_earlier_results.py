"""Results of two calls share nothing; what was moved in between has left its memory."""

from __future__ import annotations

from torch import nn

from autograder.observing.left_alone import Earlier


def test_memory_that_a_moved_parameter_has_left_may_be_the_next_results() -> None:
    earlier = Earlier()
    for _ in range(50):  # whoever asks for memory next might get what the last one has left
        layer = nn.Linear(3, 2)
        assert earlier.shared_by(layer, {}) == {}
        layer.double()


def test_a_parameter_that_was_not_moved_still_shares_its_memory() -> None:
    earlier = Earlier()
    layer = nn.Linear(3, 2)
    earlier.shared_by(layer, {})
    assert earlier.shared_by(layer.weight.detach(), {}) == {
        "memory": {"the result": ("its memory, which an earlier result has too",)}
    }
