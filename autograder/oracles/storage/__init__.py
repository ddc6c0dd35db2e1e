"""Chapter 01, storage and strides: what is right, and how it is commonly got wrong, one exercise a file."""

from __future__ import annotations

from autograder.oracles.storage.contiguous_stride import CONTIGUOUS_STRIDE
from autograder.oracles.storage.flat_index import FLAT_INDEX
from autograder.oracles.storage.predict_layout import OPERATIONS, PREDICT_LAYOUT
from autograder.oracles.storage.read_strided import READ_STRIDED
from autograder.oracles.storage.shares_storage import SHARES_STORAGE

__all__ = ["OPERATIONS", "ORACLES"]

ORACLES = (FLAT_INDEX, CONTIGUOUS_STRIDE, READ_STRIDED, SHARES_STORAGE, PREDICT_LAYOUT)
