"""Label maps: what the labels of a data set mean in this project's taxonomies.

A card is one JSON file, ``corpora/cards/<language>/<set>.json``; `Card` documents its fields. Cards hold names, maps
and licences, never text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sentiment_kit.errors import CorpusError
from sentiment_kit.taxonomy import LANGUAGES, SENTIMENTS, THEMES

SENTIMENT_SOURCES = ("label", "stars", "nps", "aspects", "constant", "none")
_PASSIVE = 8
"""Net promoter score: 9 and 10 promote, 7 and 8 are passive, the rest detract."""

THEME_CONDITIONS = ("always", "row_negative", "aspect_negative")

_STARS: dict[str, str | None] = {"1": "negative", "2": "negative", "3": None, "4": "positive", "5": "positive"}

Row = dict[str, Any]


@dataclass(frozen=True)
class ThemeMap:
    """How a set's own theme labels become complaint themes.

    Attributes:
        when: ``"always"`` (a label is a complaint), ``"row_negative"`` (where the row's sentiment is negative) or
            ``"aspect_negative"`` (where the label's own polarity is negative).
        patterns: Regular expressions over the set's labels, each with the themes that it gives.
        covers: Themes that the set's annotators would have marked, so that no mark means no complaint. All other
            themes stay unknown and are masked out of the loss.
        field: Where the labels stand: ``"themes"``, or a dotted path such as ``"aspects.subcategory"``.
    """

    when: str
    patterns: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]
    covers: frozenset[str]
    field: str = "themes"

    def themes_of(self, label: str) -> set[str]:
        """Return the complaint themes that one of the set's labels stands for."""
        return {theme for pattern, themes in self.patterns if pattern.search(label) for theme in themes}


@dataclass(frozen=True)
class Card:
    """One data set: where it comes from, what it may be used for, what its labels mean.

    Attributes:
        name: File name of the set without suffixes.
        language: Its language code.
        tier: ``open``, ``unstated`` or ``restricted``; the last is never trained on.
        licence: The licence as found.
        weight: How often its rows are drawn, against other sets of the language; 0 for text without labels.
        sentiment: Where the sentiment comes from, one of `SENTIMENT_SOURCES`.
        sentiment_map: From the set's value (or ``"*"``) to a sentiment, or None to leave the row unlabelled.
        positive_is_no_complaint: Whether a positive row complains about nothing.
        themes: The theme map, or None.
        churn_field: Field that says whether the writer leaves, or None.
        drop: Fields and regular expressions; a row in which one matches is left out.
        group: Dotted path of a key whose rows stay on one side of the split, or None.
        remark: What a reader should know of the set.
    """

    name: str
    language: str
    tier: str
    licence: str
    weight: float
    sentiment: str
    sentiment_map: dict[str, str | None] = field(default_factory=dict)
    positive_is_no_complaint: bool = True
    themes: ThemeMap | None = None
    churn_field: str | None = None
    drop: tuple[tuple[str, re.Pattern[str]], ...] = ()
    group: str | None = None
    remark: str = ""

    def dropped(self, row: Row) -> bool:
        """Say whether the card leaves the row out."""
        return any(pattern.search(str(row.get(name) or "")) for name, pattern in self.drop)

    def sentiment_of(self, row: Row) -> str | None:
        """Return the row's sentiment, or None where it has no usable one (``mixed`` included)."""
        if self.sentiment == "none":
            return None
        if self.sentiment == "constant":
            return self.sentiment_map["*"]
        if self.sentiment == "stars":
            return (self.sentiment_map or _STARS).get(str(row.get("stars")))
        if self.sentiment == "nps":
            score = look_up(row, "aspects.nps_score")
            return None if score in (None, "", 7, 8) else "positive" if int(score) > _PASSIVE else "negative"
        if self.sentiment == "aspects":
            polarities = {target.get("polarity") for target in look_up(row, "aspects.targets") or []}
            found = polarities.pop() if len(polarities) == 1 else None
        else:
            found = row.get("sentiment")
        return found if found in SENTIMENTS else None

    def theme_targets(self, row: Row, sentiment: str | None) -> list[int | None]:
        """Return 1 (complains), 0 (does not) or None (unknown) for each of the twelve themes, in their order."""
        found: set[str] = set()
        known: frozenset[str] | set[str] = frozenset()
        if self.themes is not None:
            labels = list(_complaint_labels(self.themes, row, sentiment))
            found = {theme for label in labels for theme in self.themes.themes_of(label)}
            if row.get("themes") or row.get("aspects"):
                known = self.themes.covers
        if sentiment == "positive" and self.positive_is_no_complaint:
            known = frozenset(THEMES)
        return [1 if theme in found else 0 if theme in known else None for theme in THEMES]


def look_up(row: Row, path: str) -> Any:  # noqa: ANN401  a row holds any JSON value
    """Return the value at a dotted path, or None."""
    value: Any = row
    for part in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def _complaint_labels(themes: ThemeMap, row: Row, sentiment: str | None) -> Iterator[str]:
    if themes.when == "aspect_negative":
        aspects = row.get("aspects")
        for aspect in aspects if isinstance(aspects, list) else []:
            # Sets write "polarity": "negative" or "Polarity": "NEG".
            values = {name.lower(): str(value).lower() for name, value in aspect.items()}
            if values.get("polarity", "").startswith("neg"):
                yield values.get("category", "")
    elif themes.when == "always" or sentiment == "negative":
        value = look_up(row, themes.field)
        yield from value if isinstance(value, list) else [value] if value else []


def load_cards(folder: Path) -> list[Card]:
    """Read every card under `folder`, sorted by language and name.

    Raises:
        CorpusError: If there is none, or one of them is not valid.
    """
    files = sorted(folder.glob("*/*.json"))
    if not files:
        raise CorpusError("SK601", f"no cards under {folder}; wanted <language>/<set>.json files")
    return [_load_card(file) for file in files]


def _load_card(file: Path) -> Card:
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
        themes = raw.get("themes")
        card = Card(
            name=raw["set"],
            language=raw["language"],
            tier=raw["tier"],
            licence=raw["licence"],
            weight=float(raw["weight"]),
            sentiment=raw["sentiment"],
            sentiment_map=raw.get("sentiment_map", {}),
            positive_is_no_complaint=raw["positive_is_no_complaint"],
            themes=_theme_map(themes) if themes else None,
            churn_field=raw.get("churn", {}).get("field"),
            drop=tuple((name, re.compile(pattern)) for name, pattern in raw.get("drop", {}).items()),
            group=raw.get("group"),
            remark=raw.get("remark", ""),
        )
    except (OSError, KeyError, TypeError, ValueError, re.error) as error:
        raise CorpusError("SK602", f"card {file} is not valid: {error!r}") from error
    problem = _problem(card)
    if problem:
        raise CorpusError("SK602", f"card {file} is not valid: {problem}")
    return card


def _theme_map(raw: dict[str, Any]) -> ThemeMap:
    patterns = tuple((re.compile(pattern, re.IGNORECASE), tuple(themes)) for pattern, themes in raw["map"])
    return ThemeMap(raw["when"], patterns, frozenset(raw["covers"]), raw.get("field", "themes"))


def _problem(card: Card) -> str | None:
    if card.language not in LANGUAGES:
        return f"language {card.language!r} is none of {', '.join(LANGUAGES)}"
    if card.sentiment not in SENTIMENT_SOURCES:
        return f"sentiment {card.sentiment!r} is none of {', '.join(SENTIMENT_SOURCES)}"
    if card.themes is None:
        return None
    if card.themes.when not in THEME_CONDITIONS:
        return f"themes.when {card.themes.when!r} is none of {', '.join(THEME_CONDITIONS)}"
    named = {theme for _, themes in card.themes.patterns for theme in themes} | card.themes.covers
    unknown = sorted(named - set(THEMES))
    return f"unknown themes {', '.join(unknown)}" if unknown else None
