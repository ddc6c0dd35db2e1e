"""The sizes of TinyCNN's four tensors, and the bounds within which torch draws them."""

from __future__ import annotations

__all__ = ["BOUNDS", "SIZES"]

SIZES = {"conv.weight": (16, 3, 3, 3), "conv.bias": (16,), "fc.weight": (10, 16 * 32 * 32), "fc.bias": (10,)}
BOUNDS = {name: (27 if name.startswith("conv") else 16 * 32 * 32) ** -0.5 for name in SIZES}
