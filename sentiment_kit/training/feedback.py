"""The project's own labels as corpora/GUIDE.md describes them: ``feedback``, ``extra``, ``churn``, ``labels``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment_kit.errors import CorpusError
from sentiment_kit.taxonomy import CHURN_KINDS, SENTIMENTS, THEMES

DOMAINS = (
    "shop",
    "delivery",
    "restaurant",
    "hotel",
    "transport",
    "bank",
    "telecom",
    "app",
    "game",
    "clinic",
    "public",
    "school",
    "repair",
    "subscription",
)


@dataclass(frozen=True)
class Span:
    """A labelled churn phrase: `text` stands at ``[start, end)`` of its feedback."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Feedback:
    """One labelled text of the project's own."""

    id: str
    text: str
    language: str
    domain: str
    register: str
    sentiment: str
    themes: tuple[str, ...]
    churn: tuple[Span, ...]


def load_feedback(file: Path) -> list[Feedback]:
    """Read and check a file of labelled feedback; its language is the file's name.

    Raises:
        CorpusError: Naming the first line that is not valid.
    """
    records: list[Feedback] = []
    seen: set[str] = set()
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                record = _record(json.loads(line), file.stem)
            except (KeyError, TypeError, ValueError) as error:
                raise CorpusError("SK611", f"{file}, line {number}: {error}; see corpora/GUIDE.md") from error
            if record.id in seen:
                raise CorpusError("SK612", f"{file}, line {number}: id {record.id!r} stands in the file already")
            seen.add(record.id)
            records.append(record)
    return records


@dataclass(frozen=True)
class ReaderLabel:
    """What a reader of the project says of a row of somebody else's data set, which is named and not repeated."""

    set: str
    id: str
    sentiment: str
    themes: tuple[str, ...]
    churn: tuple[str, ...]


def load_labels(file: Path) -> list[ReaderLabel]:
    """Read and check a file of labels of other sets' rows; its language is the file's name.

    Raises:
        CorpusError: Naming the first line that is not valid.
    """
    labels = []
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                raw = json.loads(line)
                _check(raw["sentiment"], SENTIMENTS, "sentiment")
                for theme in raw["themes"]:
                    _check(theme, THEMES, "theme")
                for kind in raw["churn"]:
                    _check(kind, CHURN_KINDS, "churn kind")
                label = ReaderLabel(raw["set"], raw["id"], raw["sentiment"], tuple(raw["themes"]), tuple(raw["churn"]))
            except (KeyError, TypeError, ValueError) as error:
                raise CorpusError("SK611", f"{file}, line {number}: {error}; see corpora/GUIDE.md") from error
            labels.append(label)
    return labels


def _record(raw: dict[str, Any], language: str) -> Feedback:
    _check(raw["domain"], DOMAINS, "domain")
    _check(raw["sentiment"], SENTIMENTS, "sentiment")
    for theme in raw["themes"]:
        _check(theme, THEMES, "theme")
    return Feedback(
        id=raw["id"],
        text=raw["text"],
        language=language,
        domain=raw["domain"],
        register=raw["register"],
        sentiment=raw["sentiment"],
        themes=tuple(raw["themes"]),
        churn=tuple(_span(phrase, raw["text"]) for phrase in raw["churn"]),
    )


def _span(phrase: dict[str, str], text: str) -> Span:
    _check(phrase["kind"], CHURN_KINDS, "churn kind")
    start = text.find(phrase["text"])
    if start < 0 or not phrase["text"]:
        raise ValueError(f"churn phrase {phrase['text']!r} is not in the text")
    return Span(phrase["kind"], phrase["text"], start, start + len(phrase["text"]))


def _check(value: str, wanted: tuple[str, ...], what: str) -> None:
    if value not in wanted:
        raise ValueError(f"{what} {value!r} is none of {', '.join(wanted)}")
