"""Chapter 09, where functions shine: what is right, and how it is commonly got wrong, one exercise a file."""

from __future__ import annotations

from autograder.authoring.oracles.shining.attention import ATTENTION
from autograder.authoring.oracles.shining.call_with import CALL_WITH
from autograder.authoring.oracles.shining.dynamic_conv import DYNAMIC_CONV
from autograder.authoring.oracles.shining.self_attention import SELF_ATTENTION
from autograder.authoring.oracles.shining.split_heads import SPLIT_HEADS
from autograder.authoring.oracles.shining.symmetric_linear import SYMMETRIC_LINEAR
from autograder.authoring.oracles.shining.tied_autoencoder import TIED_AUTOENCODER

__all__ = ["ORACLES"]

ORACLES = (
    CALL_WITH,
    ATTENTION,
    SPLIT_HEADS,
    SELF_ATTENTION,
    DYNAMIC_CONV,
    TIED_AUTOENCODER,
    SYMMETRIC_LINEAR,
)
