"""Chapter 01, storage and strides: what is right, and how it is commonly got wrong, one exercise a file."""

from __future__ import annotations

from autograder.authoring.oracles.storage.contiguous_stride import CONTIGUOUS_STRIDE
from autograder.authoring.oracles.storage.flat_index import FLAT_INDEX
from autograder.authoring.oracles.storage.predict_layout import OPERATIONS, PREDICT_LAYOUT
from autograder.authoring.oracles.storage.read_strided import READ_STRIDED
from autograder.authoring.oracles.storage.shares_storage import SHARES_STORAGE

__all__ = ["OPERATIONS", "ORACLES"]

ORACLES = (FLAT_INDEX, CONTIGUOUS_STRIDE, READ_STRIDED, SHARES_STORAGE, PREDICT_LAYOUT)
