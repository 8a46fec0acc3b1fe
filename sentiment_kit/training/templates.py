"""Templates: many sentences of one sentiment written as one line, to teach what a negation does to a word.

``corpora/templates/<language>.jsonl``; a line is ``{"sentiment": ..., "slots": [[...], ...]}``. One alternative of each
slot is drawn, and the drawn ones follow one another. CheckList (Ribeiro et al. 2020) tests models with such lines; these
are learnt from, and the suites that test for negation are written apart from them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import product
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_kit.errors import CorpusError
from sentiment_kit.taxonomy import LANGUAGES, SENTIMENTS


@dataclass(frozen=True)
class Template:
    """Sentences of one sentiment.

    Attributes:
        sentiment: The sentiment of each of them.
        slots: The alternatives of each slot; an empty one leaves the slot out.
        between: What stands between two slots: nothing in Japanese, a space elsewhere.
    """

    sentiment: str
    slots: tuple[tuple[str, ...], ...]
    between: str

    def draw(self, rng: np.random.Generator) -> str:
        """Return one of the sentences."""
        return self._join(slot[rng.integers(len(slot))] for slot in self.slots)

    def all(self) -> Iterator[str]:
        """Yield every sentence."""
        return map(self._join, product(*self.slots))

    def _join(self, parts: Iterator[str] | tuple[str, ...]) -> str:
        return self.between.join(part for part in parts if part)


def load_templates(folder: Path) -> dict[str, list[Template]]:
    """Read and check the templates of every language.

    Raises:
        CorpusError: Naming the first line that is not valid, or the file that is missing.
    """
    templates = {}
    for language in LANGUAGES:
        file = folder / f"{language}.jsonl"
        if not file.is_file():
            raise CorpusError("SK628", f"there is no {file}; each of {', '.join(LANGUAGES)} needs its templates")
        templates[language] = [
            _template(line, language, f"{file}, line {number}")
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        ]
    return templates


def _template(line: str, language: str, place: str) -> Template:
    try:
        raw: dict[str, Any] = json.loads(line)
        slots = tuple(tuple(slot) for slot in raw["slots"])
        if raw["sentiment"] not in SENTIMENTS or not slots or not all(slots):
            raise ValueError("a sentiment that is none of the three, or a slot without alternatives")
        if not all(isinstance(part, str) for slot in slots for part in slot):
            raise ValueError("an alternative that is no string")
    except (KeyError, TypeError, ValueError) as error:
        raise CorpusError("SK629", f"{place}: {error!r}; see corpora/GUIDE.md") from error
    return Template(raw["sentiment"], slots, "" if language == "ja" else " ")
