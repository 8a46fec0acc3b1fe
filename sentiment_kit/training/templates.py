"""Templates: many sentences with the same labels written as one line, to teach what a word alone does not tell.

``corpora/templates/<topic>/<language>.jsonl``: ``negation`` has what a negation does to a word, ``churn`` what tells
leaving from staying where the words are the same, ``people`` the same words about all kinds of people. A line is
``{"sentiment": ..., "churn": [...], "slots": [[...]]}``; one alternative of each slot is drawn, and the drawn ones
follow one another. CheckList (Ribeiro et al. 2020) tests
models with such lines; these are learnt from, and the suites are written apart from them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_kit.errors import CorpusError
from sentiment_kit.taxonomy import CHURN_KINDS, LANGUAGES, SENTIMENTS


@dataclass(frozen=True)
class Template:
    """Sentences with the same labels.

    Attributes:
        slots: The alternatives of each slot; an empty one leaves the slot out.
        between: What stands between two slots: nothing in Japanese, a space elsewhere.
        sentiment: Their sentiment, or None where it differs from one to the next.
        churn: Their kinds of churn, none for a customer who stays; None where nothing is said about it.
    """

    slots: tuple[tuple[str, ...], ...]
    between: str
    sentiment: str | None
    churn: tuple[str, ...] | None = None

    def draw(self, rng: np.random.Generator) -> str:
        """Return one of the sentences."""
        return self._join(slot[rng.integers(len(slot))] for slot in self.slots)

    def all(self) -> Iterator[str]:
        """Yield every sentence."""
        return map(self._join, product(*self.slots))

    def _join(self, parts: Iterator[str] | tuple[str, ...]) -> str:
        return self.between.join(part for part in parts if part)


def load_templates(folder: Path) -> dict[str, list[list[Template]]]:
    """Read and check the templates of every language, a list for each topic.

    Raises:
        CorpusError: Naming the first line that is not valid, or the file that is missing.
    """
    topics = sorted(path for path in folder.glob("*") if path.is_dir())
    if not topics:
        raise CorpusError("SK628", f"{folder} holds no templates; they belong in <topic>/<language>.jsonl")
    return {language: [_load(topic / f"{language}.jsonl", language) for topic in topics] for language in LANGUAGES}


def _load(file: Path, language: str) -> list[Template]:
    if not file.is_file():
        raise CorpusError("SK628", f"there is no {file}; a topic needs all of {', '.join(LANGUAGES)}")
    lines = file.read_text(encoding="utf-8").splitlines()
    if not lines:
        raise CorpusError("SK629", f"{file} is empty; see corpora/GUIDE.md")
    return [_template(line, language, f"{file}, line {number}") for number, line in enumerate(lines, 1)]


def _template(line: str, language: str, place: str) -> Template:
    try:
        raw: dict[str, Any] = json.loads(line)
        if unknown := set(raw) - {"sentiment", "churn", "slots"}:
            raise ValueError(f"unknown fields {', '.join(sorted(unknown))}")
        slots = tuple(tuple(slot) for slot in raw["slots"])
        sentiment, churn = raw["sentiment"], raw.get("churn")
        if not slots or not all(slots) or not all(isinstance(part, str) for slot in slots for part in slot):
            raise ValueError("slots are lists of strings, and none is empty")
        if sentiment not in (None, *SENTIMENTS) or not set(churn or ()) <= set(CHURN_KINDS):
            raise ValueError("a sentiment or a kind of churn that there is not")
        if sentiment is None and churn is None:
            raise ValueError("neither sentiment nor churn")
    except (KeyError, TypeError, ValueError) as error:
        raise CorpusError("SK629", f"{place}: {error!r}; see corpora/GUIDE.md") from error
    return Template(slots, "" if language == "ja" else " ", sentiment, None if churn is None else tuple(churn))
