"""Chapter 08, training both ways: what is right, and how it is commonly got wrong, one exercise a file."""

from __future__ import annotations

from autograder.authoring.oracles.training.checkpoint import CHECKPOINT
from autograder.authoring.oracles.training.cross_entropy import CROSS_ENTROPY
from autograder.authoring.oracles.training.diagnose import BUGS, DIAGNOSE
from autograder.authoring.oracles.training.load_partly import LOAD_PARTLY
from autograder.authoring.oracles.training.sgd_step import SGD_STEP
from autograder.authoring.oracles.training.swap_head import SWAP_HEAD
from autograder.authoring.oracles.training.train_functional import TRAIN_FUNCTIONAL
from autograder.authoring.oracles.training.train_module import TRAIN_MODULE

__all__ = ["BUGS", "ORACLES"]

ORACLES = (
    CROSS_ENTROPY,
    SGD_STEP,
    TRAIN_MODULE,
    TRAIN_FUNCTIONAL,
    DIAGNOSE,
    SWAP_HEAD,
    LOAD_PARTLY,
    CHECKPOINT,
)
