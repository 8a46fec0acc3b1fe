"""Pattern files: what a churn phrase looks like, and the context in which it is none.

``patterns/<language>.jsonl`` holds one pattern a line in the format that spaCy's SpanRuler and Prodigy read (``label``,
``pattern``, ``id``), with a weight and two examples beside it. ``context/<language>.jsonl`` holds one rule a line.
Both are matched on `sentiment_kit.text.for_matching`: lower case, one spelling of apostrophes, quotes and dashes,
Persian without half-spaces and with its prefixes and suffixes joined.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sentiment_kit.errors import PatternError
from sentiment_kit.taxonomy import CHURN_KINDS

FOLDER = Path(__file__).parent

PLACES = ("before", "after", "sentence", "text")
"""Where a context rule looks: before or after the phrase in its sentence, in the sentence, in the whole text."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class Pattern:
    """One churn phrase pattern.

    Attributes:
        id: Unique name, ``<language>.<kind>.<what>``.
        kind: A name from `sentiment_kit.taxonomy.CHURN_KINDS`; ``label`` in the file.
        tokens: spaCy token pattern (list of token descriptions), or a phrase that the language's tokenizer splits.
        weight: How surely the phrase alone means churn, in 0..1.
        positive: A sentence in which the pattern must be found.
        negative: A sentence close to it in which it must not be found.
    """

    id: str
    kind: str
    tokens: list[dict[str, Any]] | str
    weight: float
    positive: str
    negative: str


@dataclass(frozen=True)
class ContextRule:
    """A context in which phrases do not count.

    Attributes:
        id: Unique name, ``<language>.<what>``.
        place: One of `PLACES`; `before` and `after` reach 300 characters.
        expression: What to look for there. `before` text ends where the phrase begins, `after` text begins at its end.
        kinds: The kinds that the rule cancels.
        cancels: A sentence whose phrase the rule cancels.
    """

    id: str
    place: str
    expression: re.Pattern[str]
    kinds: frozenset[str]
    cancels: str


def load_patterns(file: Path) -> list[Pattern]:
    """Read and check a pattern file.

    Raises:
        PatternError: Naming the first line that is not valid.
    """
    return list(_read(file, _pattern))


def load_context(file: Path) -> list[ContextRule]:
    """Read and check a file of context rules.

    Raises:
        PatternError: Naming the first line that is not valid.
    """
    return list(_read(file, _rule))


def _read(file: Path, make: Callable[[dict[str, Any]], _T]) -> Iterator[_T]:
    seen: set[str] = set()
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PatternError("SK501", f"cannot read pattern file {file}: {error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            raw = json.loads(line)
            if raw["id"] in seen:
                raise ValueError(f"id {raw['id']!r} stands in the file already")
            seen.add(raw["id"])
            yield make(raw)
        except (KeyError, TypeError, ValueError, re.error) as error:
            raise PatternError(
                "SK502", f"{file}, line {number}: {error!r}; see docs/churn.md for the format"
            ) from error


def _pattern(raw: dict[str, Any]) -> Pattern:
    tokens = raw["pattern"]
    if not tokens or not isinstance(tokens, str | list):
        raise ValueError("'pattern' is empty, or neither a list of tokens nor a phrase")
    for token in tokens if isinstance(tokens, list) else []:
        for wanted in token.values() if isinstance(token, dict) else [[]]:
            if isinstance(wanted, dict) and "REGEX" in wanted:
                re.compile(wanted["REGEX"])
            elif isinstance(wanted, list):
                raise TypeError(f"token {token!r} is no description such as {{'LOWER': 'never'}}")
    weight = float(raw.get("weight", 0.8))
    if not 0 < weight <= 1:
        raise ValueError(f"weight {weight} is not in 0..1")
    positive, negative = raw.get("positive", ""), raw.get("negative", "")
    return Pattern(raw["id"], _kind(raw["label"]), tokens, weight, positive, negative)


def _rule(raw: dict[str, Any]) -> ContextRule:
    if raw["where"] not in PLACES:
        raise ValueError(f"where {raw['where']!r} is none of {', '.join(PLACES)}")
    kinds = frozenset(map(_kind, raw.get("kinds") or CHURN_KINDS))
    return ContextRule(raw["id"], raw["where"], re.compile(raw["regex"]), kinds, raw.get("cancels", ""))


def _kind(name: str) -> str:
    if name not in CHURN_KINDS:
        raise ValueError(f"kind {name!r} is none of {', '.join(CHURN_KINDS)}")
    return name
