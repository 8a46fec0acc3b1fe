"""Texts to the values of the ``sk_`` columns, by options that can be sent to another process."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentiment_kit.batch.rows import COLUMNS, columns_of
from sentiment_kit.errors import InputError, SentimentKitError

if TYPE_CHECKING:
    from sentiment_kit.analyzer import Analyzer

Scored = dict[str, Any]
"""The values of `sentiment_kit.batch.rows.COLUMNS` for one text."""


@dataclass(frozen=True)
class Options:
    """What decides the scores of a text.

    Attributes:
        model: A bundle's folder or a Hugging Face checkpoint; by default the bundled model.
        patterns: Files of churn patterns of the user's own.
        language: Language of all texts; by default each is detected.
    """

    model: str | None = None
    patterns: tuple[str, ...] = ()
    language: str | None = None

    def identity(self) -> dict[str, str]:
        """Return what must be the same for two runs to give the same scores, by names that a user knows."""
        from sentiment_kit import __version__
        from sentiment_kit.churn.patterns import FOLDER

        return {
            "version of the package": __version__,
            "model": _model_identity(self.model),
            "patterns": _digest([*sorted(FOLDER.rglob("*.jsonl")), *map(Path, self.patterns)]),
            "language": self.language or "detected",
        }


def score(options: Options, texts: Sequence[Any]) -> list[Scored]:
    """Return the ``sk_`` values of each text in order; one that cannot be scored has ``sk_error``.

    Raises:
        SentimentKitError: If the options are not usable.
    """
    analyzer = _analyzer(options.model, options.patterns)
    try:
        return [columns_of(analysis) for analysis in analyzer.analyze_many(texts, options.language)]
    except SentimentKitError:
        raise
    except Exception:
        # A text that breaks a library must not take its neighbours along.
        return [_score_alone(analyzer, text, options.language) for text in texts]


def pack(rows: list[Scored]) -> bytes:
    """Return scored rows as bytes with a check sum, to be kept or sent."""
    return zlib.compress(json.dumps(rows).encode("ascii"), 1)


def unpack(packed: bytes) -> list[Scored] | None:
    """Return the rows that `pack` was given, or None if the bytes are damaged."""
    try:
        rows: list[Scored] = json.loads(zlib.decompress(packed))
    except (zlib.error, ValueError):
        return None
    return rows


# A worker of Ray or Spark unpickles its callable for every task: the model must outlive the callable.
@lru_cache(maxsize=2)
def _analyzer(model: str | None, patterns: tuple[str, ...]) -> Analyzer:
    """Return this process's analyzer. It has one thread: processes share out the cores, and scores stay the same."""
    from sentiment_kit.analyzer import Analyzer

    return Analyzer(model, patterns=patterns, threads=1)


def _score_alone(analyzer: Analyzer, text: Any, language: str | None) -> Scored:  # noqa: ANN401  any cell
    try:
        return columns_of(analyzer.analyze_many([text], language)[0])
    except Exception as error:
        problem = InputError("SK107", f"the text could not be scored: {type(error).__name__}: {error}")
        return {**dict.fromkeys(COLUMNS), "sk_error": str(problem)}


def _model_identity(model: str | None) -> str:
    from sentiment_kit.encoder.bundle import MANIFEST, default_folder

    folder = default_folder() if model is None else Path(model)
    if (folder / MANIFEST).is_file():
        return _digest([folder / MANIFEST])  # it holds the hashes of the other files, which loading checks
    if folder.is_dir():
        states = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in sorted(folder.iterdir())]
        return hashlib.sha256(repr(states).encode()).hexdigest()
    return str(model)


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes() if file.is_file() else b""  # loading says what is missing
        digest.update(len(content).to_bytes(8) + content)
    return digest.hexdigest()
