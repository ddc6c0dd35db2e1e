"""Right answers of chapter 07 by exercise."""

from __future__ import annotations

from answers.modes.dropping import DROPOUT, DROPOUT_NET
from answers.modes.looking import EVALUATE, RECORD_ACTIVATIONS
from answers.modes.normed import BATCH_NORM, MY_BATCH_NORM2D

RIGHT = {
    "dropout": DROPOUT,
    "dropout_net": DROPOUT_NET,
    "batch_norm": BATCH_NORM,
    "my_batch_norm2d": MY_BATCH_NORM2D,
    "record_activations": RECORD_ACTIVATIONS,
    "evaluate": EVALUATE,
}
