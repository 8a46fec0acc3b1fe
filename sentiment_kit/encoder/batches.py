"""Windows of like length together, under a budget of tokens: one long text neither slows nor swells a batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray


def length_buckets(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Yield positions in groups of like length, longest first.

    Args:
        lengths: Tokens of each window.
        budget: Most tokens of a group once each is padded to its longest; a single longer window goes alone.
    """
    order = sorted(range(len(lengths)), key=lambda position: -lengths[position])
    start = 0
    while start < len(order):
        count = max(1, budget // lengths[order[start]])
        yield order[start : start + count]
        start += count


def pad(windows: Sequence[Sequence[int]], padding: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return ids and mask of windows padded on the right, both of shape (windows, longest)."""
    width = max(map(len, windows))
    ids = np.full((len(windows), width), padding, dtype=np.int64)
    mask = np.zeros((len(windows), width), dtype=np.int64)
    for row, window in enumerate(windows):
        ids[row, : len(window)] = window
        mask[row, : len(window)] = 1
    return ids, mask
