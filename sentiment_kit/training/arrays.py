"""Arrays by name in a file that appears when it is complete."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def save_arrays(file: Path, arrays: Mapping[str, ArrayLike]) -> None:
    """Write arrays to an ``.npz`` file."""
    partial = file.with_suffix(".partial.npz")
    np.savez(partial, **arrays)  # type: ignore[arg-type]  # numpy takes any name but its own option's
    partial.replace(file)


def load_arrays(file: Path) -> dict[str, NDArray[Any]]:
    """Read what `save_arrays` wrote."""
    with np.load(file, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}
