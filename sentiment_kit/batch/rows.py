"""An analysis as the columns of a table: the ``sk_`` columns that scoring adds to a file."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from sentiment_kit.results import Analysis
from sentiment_kit.taxonomy import SENTIMENTS

COLUMNS: dict[str, pa.DataType] = {
    "sk_language": pa.string(),
    "sk_language_confidence": pa.float64(),
    "sk_sentiment": pa.string(),
    "sk_negative": pa.float64(),
    "sk_neutral": pa.float64(),
    "sk_positive": pa.float64(),
    "sk_themes": pa.string(),
    "sk_churn_level": pa.string(),
    "sk_churn_score": pa.float64(),
    "sk_churn_kinds": pa.string(),
    "sk_churn_phrases": pa.string(),
    "sk_error": pa.string(),
}
"""Names and types of the added columns.

``sk_themes`` and ``sk_churn_kinds`` hold names separated by a semicolon; ``sk_churn_phrases`` holds a JSON list of
objects with kind, text, start, end and source. All but ``sk_language*`` and ``sk_error`` are empty where the language
is ``und`` or the row could not be scored.
"""

_DIGITS = 4


def columns_of(analysis: Analysis) -> dict[str, Any]:
    """Return the values of `COLUMNS` for one analysis; probabilities are rounded to four digits."""
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row["sk_error"] = analysis.error
    if analysis.error is None:
        row["sk_language"] = analysis.language.code
        row["sk_language_confidence"] = round(analysis.language.confidence, _DIGITS)
    if analysis.sentiment is not None:
        row["sk_sentiment"] = analysis.sentiment.label
        row.update({f"sk_{name}": round(analysis.sentiment.scores[name], _DIGITS) for name in SENTIMENTS})
        row["sk_themes"] = ";".join(theme.name for theme in analysis.themes)
    if analysis.churn is not None:
        phrases = analysis.churn.phrases
        row["sk_churn_level"] = analysis.churn.level
        row["sk_churn_score"] = round(analysis.churn.score, _DIGITS)
        row["sk_churn_kinds"] = ";".join(dict.fromkeys(phrase.kind for phrase in phrases))
        row["sk_churn_phrases"] = json.dumps([phrase.to_dict() for phrase in phrases], ensure_ascii=False)
    return row
