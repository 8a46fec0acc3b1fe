"""A model bundle: a folder of data files whose manifest says what they are and what their hashes must be.

``manifest.json``      format, label order, sizes, calibration, file hashes
``model.onnx``         int8 network for scoring
``tokenizer.json``     the tokenizer
``model.safetensors``  weights for retraining (not needed for scoring)
``MODEL_CARD.md``      data, recipe, figures, limits
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment_kit.errors import BundleError
from sentiment_kit.taxonomy import LANGUAGES, SENTIMENTS, THEMES
from sentiment_kit.text import NORMALISATION_VERSION

FORMAT = 2
MANIFEST = "manifest.json"
ONNX_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
WEIGHTS_FILE = "model.safetensors"
CARD_FILE = "MODEL_CARD.md"

_HINT = "Reinstall the package, or fetch the bundle again."


@dataclass(frozen=True)
class Calibration:
    """How logits become probabilities and flags in one language.

    Attributes:
        temperature: Sentiment logits are divided by it, then
        bias: this is added to the three.
        theme_temperature: Theme logits are divided by it.
        theme_thresholds: Probability over which each of the twelve themes counts.
        churn_scale: Churn logits are multiplied by it, then
        churn_shift: this is added (Platt 1999).
    """

    temperature: float
    bias: tuple[float, ...]
    theme_temperature: float
    theme_thresholds: tuple[float, ...]
    churn_scale: float
    churn_shift: float


@dataclass(frozen=True)
class Bundle:
    """A bundle whose manifest has been read and understood; its files are checked when they are asked for."""

    folder: Path
    manifest: dict[str, Any]

    @classmethod
    def open(cls, folder: Path) -> Bundle:
        """Read the manifest of a bundle.

        Raises:
            BundleError: If the folder holds no manifest, or one that this version cannot use.
        """
        file = folder / MANIFEST
        if not file.is_file():
            raise BundleError("SK311", f"no {MANIFEST} in {folder}, so it is no model bundle. {_HINT}")
        try:
            manifest = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BundleError("SK312", f"{file} cannot be read ({error}). {_HINT}") from error
        absent = {"name", "version", "tokens", "calibration", "files"} - set(
            manifest if isinstance(manifest, dict) else ()
        )
        if absent:
            raise BundleError("SK312", f"{file} holds no {', '.join(sorted(absent))}. {_HINT}")
        for key, wanted in (
            ("format", FORMAT),
            ("normalisation", NORMALISATION_VERSION),
            ("sentiments", list(SENTIMENTS)),
            ("themes", list(THEMES)),
        ):
            if manifest.get(key) != wanted:
                found = manifest.get(key)
                raise BundleError("SK313", f"{file}: {key} is {found!r}, this version of the package wants {wanted!r}")
        return cls(folder, manifest)

    def file(self, name: str) -> Path:
        """Return the path of a file after checking its size and SHA-256 against the manifest.

        Raises:
            BundleError: If the file is missing, truncated or altered, or the manifest does not list it.
        """
        path = self.folder / name
        wanted = self.manifest.get("files", {}).get(name)
        if wanted is None:
            raise BundleError("SK314", f"{self.folder / MANIFEST} does not list {name}. {_HINT}")
        if not path.is_file():
            raise BundleError("SK315", f"{path} is missing. {_HINT}")
        size = path.stat().st_size
        if size != wanted["bytes"]:
            raise BundleError("SK316", f"{path} has {size:,} bytes, the manifest says {wanted['bytes']:,}. {_HINT}")
        if sha256(path) != wanted["sha256"]:
            raise BundleError("SK317", f"{path} is not the file that the manifest describes (SHA-256 differs). {_HINT}")
        return path

    @property
    def name(self) -> str:
        """The model's name and version."""
        return f"{self.manifest['name']} {self.manifest['version']}"

    @cached_property
    def calibration(self) -> dict[str, Calibration]:
        """The calibration of each language."""
        raw: dict[str, dict[str, Any]] = self.manifest["calibration"]
        return {
            language: Calibration(
                **{
                    **raw[language],
                    "bias": tuple(raw[language]["bias"]),
                    "theme_thresholds": tuple(raw[language]["theme_thresholds"]),
                }
            )
            for language in LANGUAGES
        }

    def theme_thresholds(self, language: str) -> NDArray[np.float32]:
        """Return the probability over which each theme counts in a language."""
        return np.asarray(self.calibration[language].theme_thresholds, dtype=np.float32)


def default_folder() -> Path:
    """Return the folder of the bundled model: inside an installed package, or beside it in a checkout."""
    installed = Path(__file__).parents[1] / "models" / "default"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "models" / "default"


def bundle_folder(model: str | Path | None) -> Path | None:
    """Return the folder of the bundle that `model` means, or None where it means a Hugging Face checkpoint.

    Args:
        model: A bundle's folder, a checkpoint's folder, or its name on the hub; None for the bundled model.

    Raises:
        BundleError: If it is the path of a folder that does not exist.
    """
    folder = default_folder() if model is None else Path(model)
    if model is None or (folder / MANIFEST).is_file():
        return folder
    if folder.is_dir():
        # A folder that holds no checkpoint either was meant to be a bundle: Bundle.open says what it lacks.
        return None if (folder / "config.json").is_file() else folder
    if isinstance(model, Path) or _looks_like_a_path(model):
        raise BundleError(
            "SK318", f"there is no folder {folder}; wanted that of a model, or a name on the Hugging Face hub"
        )
    return None


def _looks_like_a_path(name: str) -> bool:
    """Tell a mistyped folder from a name on the hub: ``model`` or ``owner/model``."""
    owner = Path(name).parent
    return name.startswith((".", "~")) or owner.parent != Path() or (owner != Path() and owner.exists())


def sha256(file: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write a manifest with the sizes and hashes of the files that lie beside it."""
    names = (ONNX_FILE, TOKENIZER_FILE, WEIGHTS_FILE, CARD_FILE)
    files = {
        name: {"bytes": (folder / name).stat().st_size, "sha256": sha256(folder / name)}
        for name in names
        if (folder / name).exists()
    }
    full = {
        "format": FORMAT,
        "normalisation": NORMALISATION_VERSION,
        "languages": list(LANGUAGES),
        "sentiments": list(SENTIMENTS),
        "themes": list(THEMES),
        **manifest,
        "files": files,
    }
    (folder / MANIFEST).write_text(json.dumps(full, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
