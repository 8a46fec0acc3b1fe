"""What a run counts while it writes, and the surest examples of customers who leave."""

from __future__ import annotations

import json
from bisect import insort
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from sentiment_kit.results import Analysis, ChurnPhrase, ChurnRisk, LanguageGuess
from sentiment_kit.taxonomy import CHURN_LEVELS

_EXAMPLES = 12

Flagged = tuple[tuple[int, float], int, str, Mapping[str, Any]]


@dataclass
class Summary:
    """Counts of a run, and the surest examples of customers who leave.

    Attributes:
        rows: Number of rows read and written.
        resumed: Those of them that an interrupted run had scored.
        text: Name of the column with the text.
        encoding: Encoding of the input, where its format has one.
        notes: What a user should know about how the input was read and what became of an interrupted run.
        languages: Rows by language code.
        sentiments: Rows by (language, sentiment).
        themes: Rows by complaint theme.
        levels: Rows by churn level.
        kinds: Rows by churn kind.
        errors: Rows that could not be scored, by the code of the error.
        messages: The first message of each code.
        leaving: The flagged rows with the highest churn scores of each language, highest first, as (order, number of
            the row, text, values).
    """

    rows: int = 0
    resumed: int = 0
    text: str = ""
    encoding: str | None = None
    notes: list[str] = field(default_factory=list)
    languages: Counter[str] = field(default_factory=Counter)
    sentiments: Counter[tuple[str, str]] = field(default_factory=Counter)
    themes: Counter[str] = field(default_factory=Counter)
    levels: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    messages: dict[str, str] = field(default_factory=dict)
    leaving: dict[str, list[Flagged]] = field(default_factory=dict)

    def add(self, text: Any, scored: Mapping[str, Any]) -> None:  # noqa: ANN401  any cell
        """Count one row by the values of its ``sk_`` columns."""
        self.rows += 1
        if scored["sk_error"] is not None:
            code = scored["sk_error"].partition(":")[0]
            self.errors[code] += 1
            self.messages.setdefault(code, scored["sk_error"])
            return
        self.languages[scored["sk_language"]] += 1
        if scored["sk_sentiment"] is not None:
            self.sentiments[scored["sk_language"], scored["sk_sentiment"]] += 1
        self.themes.update(_names(scored["sk_themes"]))
        self.kinds.update(_names(scored["sk_churn_kinds"]))
        if scored["sk_churn_level"] is not None:
            self.levels[scored["sk_churn_level"]] += 1
        if scored["sk_churn_kinds"]:
            self._flag(text, scored)

    def examples(self) -> list[Analysis]:
        """Return the surest examples, the languages in turn; of each the language and the churn risk are filled in."""
        rounds = zip_longest(*self.leaving.values())
        return [_analysis(*flagged[-2:]) for turn in rounds for flagged in turn if flagged is not None][:_EXAMPLES]

    def _flag(self, text: str, scored: Mapping[str, Any]) -> None:
        order = -CHURN_LEVELS.index(scored["sk_churn_level"]), -scored["sk_churn_score"]
        surest = self.leaving.setdefault(scored["sk_language"], [])
        insort(surest, (order, self.rows, text, scored))  # the number of the row comes before what has no order
        del surest[_EXAMPLES:]


def _analysis(text: str, scored: Mapping[str, Any]) -> Analysis:
    phrases = tuple(ChurnPhrase(**phrase) for phrase in json.loads(scored["sk_churn_phrases"]))
    return Analysis(
        text=text,
        language=LanguageGuess(scored["sk_language"], scored["sk_language_confidence"]),
        churn=ChurnRisk(scored["sk_churn_level"], scored["sk_churn_score"], phrases),
    )


def _names(joined: str | None) -> list[str]:
    return joined.split(";") if joined else []
