"""Chapter 07, train and eval: what is right, and how it is commonly got wrong, one exercise a file."""

from __future__ import annotations

from autograder.authoring.oracles.modes.batch_norm import BATCH_NORM
from autograder.authoring.oracles.modes.dropout import DROPOUT
from autograder.authoring.oracles.modes.dropout_net import DROPOUT_NET
from autograder.authoring.oracles.modes.evaluate import EVALUATE
from autograder.authoring.oracles.modes.my_batch_norm2d import MY_BATCH_NORM2D
from autograder.authoring.oracles.modes.record_activations import RECORD_ACTIVATIONS

__all__ = ["ORACLES"]

ORACLES = (DROPOUT, DROPOUT_NET, BATCH_NORM, MY_BATCH_NORM2D, RECORD_ACTIVATIONS, EVALUATE)
