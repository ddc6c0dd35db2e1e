"""Chapter 10, the capstone: what is right, and how it is commonly got wrong, one exercise a file."""

from __future__ import annotations

from autograder.authoring.oracles.capstone.ensemble_logits import ENSEMBLE_LOGITS
from autograder.authoring.oracles.capstone.hybrid_cnn import HYBRID_CNN
from autograder.authoring.oracles.capstone.parity_report import PARITY_REPORT
from autograder.authoring.oracles.capstone.per_sample_gradients import PER_SAMPLE_GRADIENTS

__all__ = ["ORACLES"]

ORACLES = (HYBRID_CNN, PARITY_REPORT, ENSEMBLE_LOGITS, PER_SAMPLE_GRADIENTS)
