"""Customer feedback in Japanese, Ukrainian, Persian and English: sentiment, complaint themes, silent churn.

>>> from sentiment_kit import Analyzer
>>> analysis = Analyzer().analyze("Third email, still no answer. I won't be ordering here again.")
>>> analysis.churn.level
'high'

Names load on first use (PEP 562), so importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentiment_kit.analyzer import Analyzer
    from sentiment_kit.errors import (
        BundleError,
        CorpusError,
        FileFormatError,
        InputError,
        MissingExtraError,
        ModelError,
        PatternError,
        SentimentKitError,
    )
    from sentiment_kit.results import Analysis, ChurnPhrase, ChurnRisk, LanguageGuess, Sentiment, ThemeScore

__version__ = "0.1.0"

__all__ = [
    "Analysis",
    "Analyzer",
    "BundleError",
    "ChurnPhrase",
    "ChurnRisk",
    "CorpusError",
    "FileFormatError",
    "InputError",
    "LanguageGuess",
    "MissingExtraError",
    "ModelError",
    "PatternError",
    "Sentiment",
    "SentimentKitError",
    "ThemeScore",
    "__version__",
]

_HOME = {
    "Analyzer": "analyzer",
    **dict.fromkeys(["Analysis", "ChurnPhrase", "ChurnRisk", "LanguageGuess", "Sentiment", "ThemeScore"], "results"),
    **dict.fromkeys(
        [
            "BundleError",
            "CorpusError",
            "FileFormatError",
            "InputError",
            "MissingExtraError",
            "ModelError",
            "PatternError",
            "SentimentKitError",
        ],
        "errors",
    ),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  the type depends on the name
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
