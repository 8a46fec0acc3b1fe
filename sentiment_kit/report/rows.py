"""One row of a scored table as the report reads it: typed, and held to the taxonomy's names."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sentiment_kit.errors import FileFormatError
from sentiment_kit.taxonomy import CHURN_KINDS, CHURN_LEVELS, LANGUAGES, SENTIMENTS, THEMES, UNDETERMINED

NEEDED = ("sk_language", "sk_sentiment", "sk_themes", "sk_churn_level", "sk_churn_score", "sk_churn_phrases")
"""Columns without which a table was not scored."""

_CODES = frozenset({*LANGUAGES, UNDETERMINED})
_NOBODY = frozenset("- – — . ? n/a na none null nan unknown anonymous anonym guest 匿名 名無し анонім ناشناس".split())
_LONGEST_NAME = 200


@dataclass(frozen=True)
class Roles:
    """Which columns of the user's own hold what; all but the text may be None."""

    text: str
    id: str | None = None
    date: str | None = None
    rating: str | None = None
    customer: str | None = None


@dataclass(frozen=True, slots=True)
class Phrase:
    """A churn phrase: its kind and its place in the text."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ScoredRow:
    """A row of a scored table.

    Attributes:
        number: Its place in the table, from 1.
        id: What the user knows it by: the id column, else the number.
        customer: The customer, or None where there is none or only a placeholder such as "guest".
        text: The text; empty where there is none.
        error: Why it was not scored, or None.
        language: One of the four codes or ``und``; empty where `error` is set.
        sentiment: One of the three, or empty where it was not scored.
        negative: Probability of the negative.
        positive: Probability of the positive.
        themes: Complaint themes, surest first.
        level: Churn level.
        score: Churn score.
        phrases: Churn phrases in the order of the text.
    """

    number: int
    id: str
    customer: str | None
    text: str
    error: str | None
    language: str
    sentiment: str
    negative: float
    positive: float
    themes: tuple[str, ...]
    level: str
    score: float
    phrases: tuple[Phrase, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of its phrases, each once."""
        return tuple(dict.fromkeys(phrase.kind for phrase in self.phrases))

    @property
    def is_complaint(self) -> bool:
        """Whether the customer is displeased or complains about something."""
        return self.sentiment == "negative" or bool(self.themes)


def check_columns(columns: Sequence[str], roles: Roles) -> None:
    """Refuse a table that was not scored, or that lacks a column that the user named.

    Raises:
        FileFormatError: With the columns that are missing and those that there are.
    """
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise FileFormatError(
            "SK241", f"this is no scored table: it lacks {', '.join(missing)}. Run 'sentiment-kit score' on it first"
        )
    for role, name in vars(roles).items():
        if name is not None and name not in columns:
            there = ", ".join(repr(column) for column in columns if not column.startswith("sk_"))
            raise FileFormatError("SK242", f"there is no column {name!r} for the {role}; the columns are {there}")


def read_row(number: int, row: Mapping[str, Any], roles: Roles) -> ScoredRow:
    """Return a row of the table as the report reads it. Names that the taxonomy lacks are left out."""
    text = row.get(roles.text)
    error = row.get("sk_error") or None
    language = str(row.get("sk_language") or UNDETERMINED)
    sentiment = row.get("sk_sentiment")
    level = row.get("sk_churn_level")
    return ScoredRow(
        number=number,
        id=_name(row.get(roles.id) if roles.id else None) or f"row {number}",
        customer=_customer(row.get(roles.customer) if roles.customer else None),
        text="" if text is None else _printable(str(text)),
        error=error if error is None else str(error),
        language="" if error else language if language in _CODES else UNDETERMINED,
        sentiment=sentiment if sentiment in SENTIMENTS else "",
        negative=_number(row.get("sk_negative")),
        positive=_number(row.get("sk_positive")),
        themes=tuple(name for name in str(row.get("sk_themes") or "").split(";") if name in THEMES),
        level=level if level in CHURN_LEVELS else "none",
        score=_number(row.get("sk_churn_score")),
        phrases=_phrases(row.get("sk_churn_phrases"), text),
    )


def is_blank(value: Any) -> bool:  # noqa: ANN401  any value of a table
    """Return whether a cell holds nothing: None, NaN or white space."""
    return value is None or str(value).strip().lower() in {"", "nan", "nat"}


def _name(value: Any) -> str:  # noqa: ANN401  any value of a table
    return "" if value is None else _printable(str(value)).strip()[:_LONGEST_NAME]


def _customer(value: Any) -> str | None:  # noqa: ANN401  any value of a table
    name = _name(value)
    return name if name and name.lower() not in _NOBODY else None


def _printable(text: str) -> str:
    """Return a text that UTF-8 and a page can hold, of the same length, so that offsets stay."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _number(value: Any) -> float:  # noqa: ANN401  a CSV has its numbers as text
    try:
        number = float(value or 0)
    except (TypeError, ValueError):
        return 0.0
    return min(max(number, 0.0), 1.0) if math.isfinite(number) else 0.0


def _phrases(value: Any, text: Any) -> tuple[Phrase, ...]:  # noqa: ANN401  any value of a table
    """Return the phrases that are where they say they are, or elsewhere in the text, without overlaps."""
    try:
        found = json.loads(value) if isinstance(value, str) and value else []
        places = [
            _placed(str(item["kind"]), str(item["text"]), int(item["start"]), str(text or ""))
            for item in found
            if item["kind"] in CHURN_KINDS
        ]
    except (ValueError, TypeError, KeyError):
        return ()
    kept: list[Phrase] = []
    for phrase in sorted(places, key=lambda phrase: phrase.start):
        if not kept or phrase.start >= kept[-1].end:
            kept.append(phrase)
    return tuple(kept)


def _placed(kind: str, words: str, start: int, text: str) -> Phrase:
    """Return a phrase at its place; a table edited since then may have moved it, or have lost its words."""
    if not text.startswith(words, max(start, 0)):
        start = text.find(words)
    return Phrase(kind, start, start + len(words)) if words and start >= 0 else Phrase(kind, 0, 0)
